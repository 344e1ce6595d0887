//! Timers: one a room, those due first first.

use orderchat_domain::room::RoomStatus;
use orderchat_domain::{Millis, Role};
use orderchat_store::{orders, rooms, timers};

use crate::database::Database;
use crate::fixture::{Given, NOW, order, order_id, person, read, room, write};
use crate::harness::tests;

tests! {
    BOTH: those_due_first_come_first,
        a_room_has_one_timer_and_the_last_one_set_counts,
        what_is_put_off_does_not_hold_up_the_others,
        what_is_undone_leaves_the_timer_as_it_was,
        rooms_from_before_the_table_are_looked_at;
}

/// Rooms and when their timers are due, in minutes from now.
async fn soonest(store: &orderchat_store::Store) -> Vec<(i64, i64)> {
    let timers = read(store, |tx| timers::soonest(tx, 10)).await;
    let minutes = |due: Millis| (due.0 - NOW.0) / 60_000;
    timers
        .iter()
        .map(|timer| (timer.room, minutes(timer.due_at)))
        .collect()
}

fn minutes(minutes: i64) -> Option<Millis> {
    Some(NOW.plus(minutes * 60_000))
}

async fn those_due_first_come_first(database: &Database) {
    let store = database.open().await;
    let keys = write(&store, |tx| {
        let mut keys = Vec::new();
        for (n, due) in [(1, 30), (2, -5), (3, 30)] {
            let room = room(tx, n, Given::default())?;
            timers::set(tx, room.record.key, minutes(due))?;
            keys.push(room.record.key);
        }
        Ok(keys)
    })
    .await;
    assert_eq!(
        soonest(&store).await,
        [(keys[1], -5), (keys[0], 30), (keys[2], 30)]
    );
    let first = read(&store, |tx| timers::soonest(tx, 1)).await;
    assert_eq!(first.len(), 1);
    let key = first[0].room;
    let room = read(&store, move |tx| rooms::by_key(tx, key)).await;
    assert_eq!(room.expect("the room").record.id, first[0].id);
}

async fn a_room_has_one_timer_and_the_last_one_set_counts(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| {
        let key = room(tx, 1, Given::default())?.record.key;
        timers::set(tx, key, minutes(1))?;
        timers::set(tx, key, minutes(7))?;
        Ok(key)
    })
    .await;
    assert_eq!(soonest(&store).await, [(key, 7)]);
    write(&store, move |tx| timers::set(tx, key, None)).await;
    assert_eq!(soonest(&store).await, []);
    // Clearing what is not there is nothing.
    write(&store, move |tx| timers::set(tx, key, None)).await;
}

async fn what_is_put_off_does_not_hold_up_the_others(database: &Database) {
    let store = database.open().await;
    let (one, other) = write(&store, |tx| {
        let one = room(tx, 1, Given::default())?.record.key;
        let other = room(tx, 2, Given::default())?.record.key;
        timers::set(tx, one, minutes(-9))?;
        timers::set(tx, other, minutes(-8))?;
        timers::postpone(tx, one, NOW)?;
        Ok((one, other))
    })
    .await;
    assert_eq!(soonest(&store).await, [(other, -8), (one, 0)]);
    write(&store, move |tx| {
        timers::set(tx, one, minutes(20))?;
        timers::postpone(tx, one, NOW)
    })
    .await;
    assert_eq!(soonest(&store).await, [(other, -8), (one, 20)]);
}

async fn what_is_undone_leaves_the_timer_as_it_was(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| {
        let key = room(tx, 1, Given::default())?.record.key;
        timers::set(tx, key, minutes(3))?;
        Ok(key)
    })
    .await;
    let refused = store
        .write::<(), orderchat_store::StoreError, _>(None, move |tx| {
            timers::set(tx, key, None)?;
            Err(orderchat_store::StoreError::Busy("not now"))
        })
        .await;
    assert!(refused.is_err());
    assert_eq!(soonest(&store).await, [(key, 3)]);
}

/// What the migration fills the table with.
fn backfill() -> String {
    let migration = include_str!("../../migrations/V4__timers_and_cards.sql");
    let (_, select) = migration
        .split_once("INSERT INTO timer")
        .expect("the migration fills the table");
    let (select, _) = select.split_once(';').expect("a statement ends");
    format!("INSERT INTO timer {select}")
}

async fn rooms_from_before_the_table_are_looked_at(database: &Database) {
    let store = database.open().await;
    let keys = write(&store, |tx| {
        let customer = person(tx, "ann", Role::Customer)?;
        let mut keys = Vec::new();
        let cases = [
            (RoomStatus::Open, false),
            (RoomStatus::Open, true),
            (RoomStatus::Closed, false),
            (RoomStatus::Archived, true),
        ];
        for (n, (status, is_final)) in (1..).zip(cases) {
            let mut room = room(tx, n, Given::default())?;
            let mut of = order("1042", &customer, "corner");
            of.final_at = is_final.then_some(NOW.plus(-60_000));
            let people = orders::People {
                customer: customer.key,
                rider: None,
                staff: Vec::new(),
            };
            orders::save(
                tx,
                &order_id(&format!("order-{n}")),
                &of,
                &people,
                Some(room.record.order.key),
                NOW,
            )?;
            room.record.status = status;
            room.record.closed_at = (status != RoomStatus::Open).then_some(NOW.plus(-120_000));
            rooms::update(tx, &room)?;
            keys.push(room.record.key);
        }
        Ok(keys)
    })
    .await;
    database.raw().await.execute(&backfill()).await;
    assert_eq!(soonest(&store).await, [(keys[2], -2), (keys[1], -1)]);
}
