//! The audit: one chain, whoever writes at once.

use futures_util::future::join_all;
use orderchat_domain::Role;
use orderchat_domain::event::{GENESIS, salted_digest};
use orderchat_store::{StoreError, audit};

use crate::database::Database;
use crate::fixture::{Given, NOW, person, room, write};
use crate::harness::tests;
use crate::raw::{Cell, Raw};

tests! {
    BOTH: entries_written_at_once_form_one_chain,
        a_changed_entry_breaks_the_chain,
        what_was_recorded_lately_is_found;
}

/// The place of the first entry that does not follow from the one before.
async fn first_break(raw: &Raw) -> Option<usize> {
    let rows = raw
        .rows(
            "SELECT at, actor, actor_role, action, room, target, salt, detail, digest, chain,
                request_id, ip, user_agent
             FROM audit ORDER BY g",
        )
        .await;
    let mut previous = GENESIS;
    for (place, row) in rows.iter().enumerate() {
        let digest = salted_digest(row[6].bytes(), &[row[7].text().as_bytes()]);
        let room = if row[4] == Cell::Null {
            0
        } else {
            row[4].int()
        };
        let parts = [
            &row[0].int().to_be_bytes()[..],
            &row[1].int().to_be_bytes(),
            row[2].text().as_bytes(),
            row[3].text().as_bytes(),
            &room.to_be_bytes(),
            row[5].text_or_empty().as_bytes(),
            &digest,
            row[10].text_or_empty().as_bytes(),
            row[11].text_or_empty().as_bytes(),
            row[12].text_or_empty().as_bytes(),
        ];
        let chain = salted_digest(&previous, &parts);
        if digest != row[8].hash() || chain != row[9].hash() {
            return Some(place);
        }
        previous = chain;
    }
    None
}

fn entry(action: &str, n: u8) -> audit::Entry<'_> {
    audit::Entry {
        actor: i64::from(n),
        actor_role: "admin",
        action,
        room: n.is_multiple_of(2).then_some(i64::from(n)),
        target: n.is_multiple_of(3).then_some("user-1"),
        request_id: Some("r-1"),
        ip: Some("127.0.0.1"),
        user_agent: None,
        salt: [n; 16],
        detail: "asked to",
    }
}

async fn entries_written_at_once_form_one_chain(database: &Database) {
    const AT_ONCE: u8 = 40;
    let store = database.open().await;
    let append = |n: u8| {
        store.write::<_, StoreError, _>(None, move |tx| {
            audit::append(tx, &entry("room.read", n), NOW.plus(i64::from(n)))
        })
    };
    for answer in join_all((0..AT_ONCE).map(append)).await {
        answer.expect("an entry");
    }
    let raw = database.raw().await;
    assert_eq!(
        raw.int("SELECT COUNT(*) FROM audit").await,
        i64::from(AT_ONCE)
    );
    assert_eq!(first_break(&raw).await, None);
}

async fn a_changed_entry_breaks_the_chain(database: &Database) {
    let store = database.open().await;
    for n in 0..5 {
        write(&store, move |tx| {
            audit::append(tx, &entry("room.deleted", n), NOW)
        })
        .await;
    }
    let raw = database.raw().await;
    for (sql, place) in [
        (
            "UPDATE audit SET detail = 'nobody asked' WHERE actor = 4",
            4,
        ),
        ("UPDATE audit SET action = 'room.read' WHERE actor = 3", 3),
        ("DELETE FROM audit WHERE actor = 1", 1),
        ("UPDATE audit SET target = 'user-2' WHERE actor = 0", 0),
    ] {
        raw.execute(sql).await;
        assert_eq!(first_break(&raw).await, Some(place), "{sql}");
    }
}

/// Reading a room one is not in is recorded once a while, not at every page.
async fn what_was_recorded_lately_is_found(database: &Database) {
    let store = database.open().await;
    let (sam, key) = write(&store, |tx| {
        let sam = person(tx, "sam", Role::Support)?.key;
        Ok((sam, room(tx, 1, Given::default())?.record.key))
    })
    .await;
    let raw = database.raw().await;
    for (actor, room, action, since, expected, target) in [
        (sam, key, "room.read", NOW.plus(-1), 1, "a"),
        (sam, key, "room.read", NOW.plus(-1), 1, "a"),
        (sam, key, "room.read", NOW.plus(-1), 2, "b"),
        (sam, key, "room.exported", NOW.plus(-1), 3, "a"),
        (sam, key + 1, "room.read", NOW.plus(-1), 4, "a"),
        (sam + 1, key, "room.read", NOW.plus(-1), 5, "a"),
        (sam, key, "room.read", NOW, 6, "a"),
    ] {
        write(&store, move |tx| {
            let once = audit::Entry {
                actor,
                room: Some(room),
                target: Some(target),
                ..entry(action, 2)
            };
            audit::append_once(tx, &once, since, NOW)
        })
        .await;
        let found = raw.int("SELECT COUNT(*) FROM audit").await;
        assert_eq!(found, expected, "{actor} {room} {action} {since}");
    }
}
