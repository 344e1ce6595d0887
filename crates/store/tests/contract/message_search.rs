//! The index of the search leaves every message that has what is searched for, wherever it stands:
//! in the log alone, in a unit, in a merged segment.

use std::collections::BTreeSet;
use std::time::Duration;

use orderchat_domain::event::EventKind;
use orderchat_domain::search::{Gram, Query};
use orderchat_domain::{Millis, Role};
use orderchat_store::follow::{self, Follower, Position, Step};
use orderchat_store::search::{Indexer, Sieve, Walk, active_rooms, merge};
use orderchat_store::{Store, messages, rooms};

use crate::database::{Database, Engine};
use crate::fixture::{Given, NOW, acting, append, event, person, read, room, say, text, write};
use crate::harness::tests;
use crate::raw::Raw;

tests! {
    BOTH: what_was_indexed_is_found_and_nothing_else,
        an_edited_text_is_found_and_the_earlier_and_deleted_ones_are_not,
        a_merge_that_was_cut_off_is_done_again,
        rooms_give_their_newest_messages,
        the_latest_rooms_are_as_many_as_it_takes;
}

/// Enough for a merged segment, some units and some entries that are in none.
const MESSAGES: i64 = 36_000;
const ROOMS: i64 = 3;

/// Writes messages 1 to [`MESSAGES`] into three rooms, and gives the room of each by turns.
async fn fill(database: &Database) -> (Store, Raw) {
    let store = database.open().await;
    write(&store, |tx| {
        for n in 1..=ROOMS {
            room(
                tx,
                u32::try_from(n).expect("a small number"),
                Given::default(),
            )?;
        }
        Ok(())
    })
    .await;
    let raw = database.raw().await;
    let id = match database.engine() {
        Engine::Sqlite => "unhex(printf('%032x', i))",
        Engine::Postgres => "decode(lpad(to_hex(i), 32, '0'), 'hex')",
    };
    let now = NOW.0;
    // As several transactions: on PostgreSQL each has an id of its own.
    for first in (1..=MESSAGES).step_by(5_000) {
        let last = (first + 4_999).min(MESSAGES);
        let n = format!(
            "WITH RECURSIVE n (i) AS
                (SELECT CAST({first} AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
        );
        raw.execute(&format!(
            "INSERT INTO log (g, room, seq, kind, at, actor, actor_role, subject, ordinal,
                message_id, message_type, digest, chain)
             {n} SELECT i, (i - 1) % {ROOMS} + 1, (i - 1) / {ROOMS} + 1, 'message.created', {now} + i,
                1, 'customer', (i - 1) / {ROOMS} + 1, (i - 1) / {ROOMS} + 1, {id}, 'text', {id}, {id}
             FROM n"
        ))
        .await;
        raw.execute(&format!(
            "INSERT INTO entry_text (g, salt, body) {n} SELECT i, {id}, 'order ' || i || ' at ' ||
                substr('the quick brown fox jumps over the lazy dog and runs away home now',
                    CAST(i % 50 AS INTEGER) + 1, 14) FROM n"
        ))
        .await;
    }
    if database.engine() == Engine::Postgres {
        raw.execute("SELECT setval(pg_get_serial_sequence('log', 'g'), 36000)")
            .await;
    }
    raw.execute(&format!(
        "UPDATE room_head SET seq = {MESSAGES}, last_message = {MESSAGES}, message_count = {MESSAGES}"
    ))
    .await;
    (store, raw)
}

/// Until no unit can be made. On PostgreSQL transactions of other databases hold a follower up, and
/// nothing tells when they have ended.
async fn follow(store: &Store) {
    while read(store, |tx| follow::lag(tx, Indexer::NAME)).await >= 1_024 {
        if store.follow(&Indexer).await.expect("a step") == Step::Idle {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn index(store: &Store) {
    follow(store).await;
    while merge(store).await.expect("a merge") == Step::Moved {}
}

/// The places of the messages found, walked to the end.
async fn found(store: &Store, query: &str, room: Option<i64>) -> BTreeSet<i64> {
    let query = Query::parse(query).expect("a query");
    read(store, move |tx| {
        let sieve = Sieve {
            all: query.grams(8),
            any: room.map(Gram::room).into_iter().collect(),
            besides: Vec::new(),
        };
        let mut walk = Walk::sieved(tx, sieve, i64::MIN..i64::MAX, Position::END)?;
        let (mut found, mut last) = (BTreeSet::new(), Position::END);
        while let Some(chunk) = walk.next(tx)? {
            assert!(chunk.reached <= last, "a walk goes one way");
            for document in chunk.documents {
                assert!(document.at < last && document.at >= chunk.reached);
                let wanted = room.is_none_or(|room| room == document.room);
                if wanted && query.is_in(&document.body) {
                    assert!(found.insert(document.at.g), "nothing is found twice");
                }
            }
            last = chunk.reached;
        }
        Ok(found)
    })
    .await
}

/// The same by looking at every message.
async fn meant(raw: &Raw, query: &str, room: Option<i64>) -> BTreeSet<i64> {
    let query = Query::parse(query).expect("a query");
    let all = raw
        .rows("SELECT l.g, l.room, t.body FROM log l JOIN entry_text t ON t.g = l.g")
        .await;
    all.iter()
        .filter(|row| room.is_none_or(|room| room == row[1].int()) && query.is_in(row[2].text()))
        .map(|row| row[0].int())
        .collect()
}

async fn what_was_indexed_is_found_and_nothing_else(database: &Database) {
    let (store, raw) = fill(database).await;
    let queries = [
        "order 35999 at",
        "357",
        "BROWN fox",
        "12345",
        "r 100",
        "nowhere",
        "lazy dog and",
    ];
    // Before anything is indexed, and after.
    for query in ["order 35999 at", "lazy dog and"] {
        assert_eq!(
            found(&store, query, None).await,
            meant(&raw, query, None).await
        );
    }
    index(&store).await;
    let lag = read(&store, |tx| follow::lag(tx, "search")).await;
    assert!(lag < 1_024, "{lag} entries are in no unit");
    let merged = read(&store, |tx| follow::position(tx, "search.merge")).await;
    assert_eq!(merged.g, 1, "a segment was merged");
    for query in queries {
        for room in [None, Some(2)] {
            let found = found(&store, query, room).await;
            assert_eq!(
                found,
                meant(&raw, query, room).await,
                "{query:?} in {room:?}"
            );
        }
    }
}

async fn an_edited_text_is_found_and_the_earlier_and_deleted_ones_are_not(database: &Database) {
    let (store, _raw) = fill(database).await;
    index(&store).await;
    let edited = write(&store, |tx| {
        let mut room = rooms::by_key(tx, 1)?.expect("the first room");
        let ann = person(tx, "ann", Role::Customer)?;
        for (seq, kind) in [
            (34, EventKind::MessageEdited),
            (67, EventKind::MessageDeleted),
        ] {
            let mut entry = event(&room, kind, acting(&ann, Role::Customer), seq);
            entry.text = text("penicillin instead", room.record.seq + 1);
            let written = append(tx, &mut room, NOW, entry)?;
            let (key, at) = (room.record.key, Millis(NOW.0 + 1));
            if kind == EventKind::MessageEdited {
                messages::edited(tx, key, seq, written.seq, written.g, at)?;
            } else {
                messages::deleted(tx, key, seq, written.seq, written.g, at)?;
            }
        }
        say(tx, &mut room, &ann, Role::Customer, "Penicillin, please")
    })
    .await;
    assert_eq!(edited, 36_003);
    // Messages 100 and 200 were the 34th and the 67th of the first room.
    assert_eq!(found(&store, "order 100 at", None).await, BTreeSet::new());
    assert_eq!(found(&store, "order 199 at", None).await, BTreeSet::new());
    assert_eq!(
        found(&store, "penicillin", None).await,
        BTreeSet::from([36_001, 36_003])
    );
}

async fn a_merge_that_was_cut_off_is_done_again(database: &Database) {
    let (store, raw) = fill(database).await;
    follow(&store).await;
    // Some rows of the segment were written, with whatever bits.
    raw.execute(
        "INSERT INTO search_bits (k, bits) SELECT 4096 + k, bits FROM search_bits WHERE k < 64",
    )
    .await;
    assert_eq!(merge(&store).await.expect("a merge"), Step::Moved);
    assert_eq!(merge(&store).await.expect("a merge"), Step::Idle);
    let found = found(&store, "order 357", None).await;
    assert_eq!(found, meant(&raw, "order 357", None).await);
    let left = raw
        .int("SELECT COUNT(*) FROM search_bits WHERE k < 64")
        .await;
    assert_eq!(left, 0, "the units that were merged are gone");
}

async fn rooms_give_their_newest_messages(database: &Database) {
    let (store, _raw) = fill(database).await;
    let places = read(&store, |tx| {
        let mut walk = Walk::of_rooms(tx, &[(1, 2), (3, 1), (9, 5)], Position::END)?;
        let chunk = walk.next(tx)?.expect("some messages");
        assert!(walk.next(tx)?.is_none());
        Ok(chunk
            .documents
            .iter()
            .map(|one| (one.room, one.seq))
            .collect::<Vec<_>>())
    })
    .await;
    assert_eq!(places, [(3, 12_000), (1, 12_000), (1, 11_999)]);
}

async fn the_latest_rooms_are_as_many_as_it_takes(database: &Database) {
    let store = database.open().await;
    let (ann, rooms) = write(&store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        let mut keys = Vec::new();
        for n in 1..=6 {
            let pharmacy = if n % 2 == 0 { "north" } else { "south" };
            let given = Given {
                pharmacy,
                ..Given::default()
            };
            let room = room(tx, n, given)?;
            keys.push(room.record.key);
        }
        Ok((ann.key, keys))
    })
    .await;
    let raw = database.raw().await;
    // Of the six rooms the last is the latest; each has as many messages as its place says.
    for (place, key) in rooms.iter().enumerate() {
        let place = place + 1;
        raw.execute(&format!(
            "UPDATE room_head SET message_count = {place}, last_at = {place} WHERE room = {key}"
        ))
        .await;
    }
    let asked = async |pharmacies: &'static [&'static str], least, messages| {
        read(&store, move |tx| {
            active_rooms(tx, ann, pharmacies, least, messages)
        })
        .await
    };
    let of = |places: &[usize]| -> Vec<(i64, u64)> {
        let room = |place: &usize| (rooms[place - 1], *place as u64);
        places.iter().map(room).collect()
    };
    assert_eq!(asked(&[], 1, 100).await, []);
    assert_eq!(asked(&["north"], 1, 100).await, of(&[6, 4, 2]));
    assert_eq!(asked(&["north"], 1, 7).await, of(&[6, 4]));
    assert_eq!(asked(&["north"], 1, 6).await, of(&[6]));
    assert_eq!(asked(&["north", "south"], 2, 1).await, of(&[6, 5]));
    assert_eq!(asked(&["north", "south"], 1, 12).await, of(&[6, 5, 4]));
    assert_eq!(
        asked(&["north", "south"], 1, 100).await,
        of(&[6, 5, 4, 3, 2, 1])
    );
}
