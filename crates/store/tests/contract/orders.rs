//! Our copy of the shop's orders.

use orderchat_domain::Role;
use orderchat_domain::order::{Order, Sequences};
use orderchat_store::orders::Found;
use orderchat_store::{StoreError, Tx, orders};
use serde_json::json;

use crate::database::Database;
use crate::fixture::{NOW, order, order_id, person, read, write};
use crate::harness::tests;

tests! {
    BOTH: an_order_reads_back_as_it_was_saved,
        an_order_that_is_there_already_is_not_made_again,
        staff_are_kept_in_the_order_of_the_list,
        an_event_that_was_kept_is_known_again,
        only_new_events_are_looked_through_for_their_order,
        old_events_are_forgotten_so_many_at_once,
        reports_are_kept_as_they_came;
}

/// An order with everything, and its people: customer, rider.
fn full(tx: &mut Tx<'_>) -> Result<(Order, orders::People), StoreError> {
    let (ann, ravi) = (
        person(tx, "ann", Role::Customer)?,
        person(tx, "ravi", Role::Rider)?,
    );
    let metadata = json!({"shelf": 3, "note": "it's \"cold\" ❄"});
    let full = Order {
        delivery_status: Some("assigned".to_owned()),
        rider: Some(ravi.user),
        eta: Some(NOW.plus(900_000)),
        language: Some("de".to_owned()),
        metadata: metadata.as_object().cloned(),
        sequences: Sequences {
            newest: Some(9),
            status: Some(1),
            delivery_status: Some(2),
            rider: Some(3),
            eta: Some(4),
            number: Some(5),
            customer: Some(6),
            pharmacy: Some(7),
            staff: Some(8),
            language: Some(9),
            metadata: Some(10),
        },
        final_at: Some(NOW.plus(3)),
        ..order("10%42", &ann, "corner")
    };
    let people = orders::People {
        customer: ann.key,
        rider: Some(ravi.key),
        staff: Vec::new(),
    };
    Ok((full, people))
}

async fn an_order_reads_back_as_it_was_saved(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let id = order_id("o/1 é");
        let (full, people) = full(tx)?;
        orders::save(tx, &id, &full, &people, None, NOW)?;
        let stored = orders::by_id(tx, &id)?.expect("an order");
        assert_eq!((&stored.order, stored.created_at), (&full, NOW));

        let ann = person(tx, "ann", Role::Customer)?;
        let bare = order("1042", &ann, "corner");
        let no_rider = orders::People {
            rider: None,
            ..people
        };
        orders::save(tx, &id, &bare, &no_rider, Some(stored.key), NOW.plus(5))?;
        orders::set_version(tx, stored.key, 17)?;
        let again = orders::by_key(tx, stored.key)?.expect("an order");
        assert_eq!(again.order, bare);
        assert_eq!((again.created_at, again.updated_at), (NOW, NOW.plus(5)));
        assert_eq!((again.version, again.rider), (17, None));
        Ok(())
    })
    .await;
    let unknown = read(&store, |tx| orders::by_id(tx, &order_id("o/2"))).await;
    assert_eq!(unknown, None);
}

async fn an_order_that_is_there_already_is_not_made_again(database: &Database) {
    let store = database.open().await;
    let answer = write(&store, |tx| {
        let (full, people) = full(tx)?;
        orders::save(tx, &order_id("o1"), &full, &people, None, NOW)?;
        orders::lock(tx, &order_id("o1"))?;
        Ok(orders::save(tx, &order_id("o1"), &full, &people, None, NOW))
    })
    .await;
    assert!(matches!(answer, Err(StoreError::Conflict)), "{answer:?}");
}

async fn staff_are_kept_in_the_order_of_the_list(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let names = ["zoe", "bob", "mia"];
        let mut keys = Vec::new();
        for name in names {
            keys.push(person(tx, name, Role::Pharmacy)?.key);
        }
        let (full, people) = full(tx)?;
        orders::save(tx, &order_id("o1"), &full, &people, None, NOW)?;
        let key = orders::by_id(tx, &order_id("o1"))?.expect("an order").key;
        let staff = |tx: &mut Tx<'_>| {
            let order = orders::by_key(tx, key)?.expect("an order");
            Ok::<_, StoreError>(
                order
                    .order
                    .staff
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>(),
            )
        };
        orders::set_staff(tx, key, &keys)?;
        assert_eq!(staff(tx)?, names);
        orders::set_staff(tx, key, &keys[1..2])?;
        assert_eq!(staff(tx)?, ["bob"]);
        orders::set_staff(tx, key, &[])?;
        assert_eq!(staff(tx)?, [""; 0]);
        Ok(())
    })
    .await;
}

async fn an_event_that_was_kept_is_known_again(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (full, people) = full(tx)?;
        let key = orders::save(tx, &order_id("o1"), &full, &people, None, NOW)?;
        let told = orders::Told {
            kind: "order.status_changed",
            event: Some(("shop", "7")),
            sequence: None,
            body: "{}",
        };
        let known = Found::Order(Box::new(orders::by_key(tx, key)?.expect("an order")));
        let found = |tx: &mut Tx<'_>, order, source, event| {
            orders::for_event(tx, &order_id(order), (source, event))
        };
        assert_eq!(found(tx, "o1", "shop", "7")?, known);
        orders::keep(tx, key, told, NOW)?;
        assert_eq!(found(tx, "o1", "shop", "7")?, Found::Repeated);
        assert_eq!(found(tx, "o1", "shop", "8")?, known);
        assert_eq!(found(tx, "o1", "depot", "7")?, known);
        orders::wait(tx, &order_id("o2"), ("shop", "9"), "{}", NOW)?;
        assert_eq!(
            found(tx, "o1", "shop", "9")?,
            Found::Repeated,
            "it waits for another order"
        );
        assert_eq!(found(tx, "o2", "shop", "10")?, Found::NoOrder);
        Ok(())
    })
    .await;
}

async fn only_new_events_are_looked_through_for_their_order(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (full, people) = full(tx)?;
        for id in ["a", "b", "c"] {
            orders::save(tx, &order_id(id), &full, &people, None, NOW)?;
        }
        for (n, (id, at)) in [("a", 0), ("b", 5), ("b", 6), ("c", 9), ("unknown", 9)]
            .into_iter()
            .enumerate()
        {
            let name = format!("{n}");
            orders::wait(tx, &order_id(id), ("shop", &name), "{}", NOW.plus(at))?;
        }
        Ok(())
    })
    .await;
    let arrived = async |since: i64, after: Option<&str>, limit: u32| {
        let after = after.map(order_id);
        let found = read(&store, move |tx| {
            orders::arrived(tx, NOW.plus(since), after.as_ref(), limit)
        })
        .await;
        let ids: Vec<_> = found.iter().map(ToString::to_string).collect();
        ids.join(" ")
    };
    assert_eq!(arrived(0, None, 10).await, "a b c");
    assert_eq!(arrived(0, None, 2).await, "a b");
    assert_eq!(arrived(0, Some("b"), 2).await, "c");
    assert_eq!(arrived(1, None, 10).await, "b c");
    assert_eq!(arrived(10, None, 10).await, "");
}

async fn old_events_are_forgotten_so_many_at_once(database: &Database) {
    let store = database.open().await;
    let forget = async || {
        write(&store, |tx| {
            orders::expire_waiting(tx, NOW.plus(3), 2)?;
            orders::has_waited_since(tx, NOW.plus(3))
        })
        .await
    };
    write(&store, |tx| {
        for n in 0..4 {
            let name = format!("{n}");
            orders::wait(tx, &order_id("o1"), ("shop", &name), "{}", NOW.plus(n))?;
        }
        Ok(())
    })
    .await;
    assert!(forget().await, "one is left of the three that are old");
    assert!(!forget().await);
    let left = read(&store, |tx| orders::has_waited_since(tx, NOW.plus(4)));
    assert!(left.await, "what is not old waits on");
}

async fn reports_are_kept_as_they_came(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (full, people) = full(tx)?;
        orders::save(tx, &order_id("o1"), &full, &people, None, NOW)?;
        let key = orders::by_id(tx, &order_id("o1"))?.expect("an order").key;
        let keep = |tx: &mut Tx<'_>, sequence, body| {
            let told = orders::Told {
                kind: "order.reported",
                event: None,
                sequence,
                body,
            };
            orders::keep(tx, key, told, NOW)
        };
        keep(tx, Some(9), r#"{"status":"accepted"}"#)?;
        keep(tx, Some(4), r#"{"status":"late"}"#)?;
        keep(tx, None, r#"{"status":"accepted"}"#)
    })
    .await;
    let raw = database.raw().await;
    let rows = raw.rows("SELECT body FROM order_report ORDER BY k").await;
    let bodies: Vec<&str> = rows.iter().map(|row| row[0].text()).collect();
    let accepted = r#"{"status":"accepted"}"#;
    assert_eq!(bodies, [accepted, r#"{"status":"late"}"#, accepted]);
}
