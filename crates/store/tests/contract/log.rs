//! The room log: appended, numbered, chained; what people wrote apart from it.

use std::sync::{Arc, Mutex};

use orderchat_domain::event::EventKind;
use orderchat_domain::message::MessageType;
use orderchat_domain::news::{Fresh, News};
use orderchat_domain::{Millis, Role};
use orderchat_store::log::{self, Actor, Appender};
use orderchat_store::sends::{self, Lookups};
use orderchat_store::{Patience, Result, Store, StoreError, Tx, actors, messages, orders, rooms};

use crate::chain::breaks;
use crate::database::Database;
use crate::fixture::{
    Given, NOW, acting, append, entries, event, message, message_id, participant, person, read,
    room, say, write,
};
use crate::harness::tests;

tests! {
    BOTH: entries_count_from_1_and_the_chain_follows_from_the_rows,
        the_room_keeps_the_head_of_its_log,
        a_changed_row_breaks_the_chain,
        times_never_run_backwards_when_the_clock_does,
        texts_lie_apart_and_erasing_one_leaves_the_chain_whole,
        equal_texts_have_unequal_digests,
        a_range_goes_on_after_a_seq,
        ordinals_count_what_counts_as_unread,
        a_key_is_good_once_for_a_sender_in_a_room,
        a_message_has_an_id_of_its_own,
        an_actor_is_shown_in_their_role_in_the_room,
        what_one_transaction_does_to_a_room_is_heard_as_one;
}

/// Two rooms with entries of many kinds, written in three transactions, two of them over both.
async fn two_rooms(store: &Store) -> [i64; 2] {
    write(store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        let mut pair = [
            room(tx, 1, Given::default())?,
            room(tx, 2, Given::default())?,
        ];
        for kinds in [
            &[EventKind::RoomCreated, EventKind::ParticipantJoined][..],
            &[EventKind::OrderUpdated, EventKind::RoomUpdated],
        ] {
            let mut appender = Appender::default();
            for kind in kinds {
                for room in &mut pair {
                    let entry = event(room, *kind, Actor::SERVER, 0);
                    appender.append(room, NOW, entry);
                    let entry = message(room, acting(&ann, Role::Customer), "hello");
                    appender.append(room, NOW.plus(5), entry);
                }
            }
            for room in &pair {
                appender.finish(room);
            }
            appender.flush(tx)?;
        }
        let mut entry = message(&pair[0], acting(&ann, Role::Customer), "here it is");
        entry.text.metadata = Some(r#"{"shelf":3}"#.to_owned());
        append(tx, &mut pair[0], NOW.plus(9), entry)?;
        Ok(pair.map(|room| room.record.key))
    })
    .await
}

async fn entries_count_from_1_and_the_chain_follows_from_the_rows(database: &Database) {
    let store = database.open().await;
    let [first, second] = two_rooms(&store).await;
    for (room, length) in [(first, 9), (second, 8)] {
        let entries = read(&store, move |tx| entries(tx, room, 0, 100)).await;
        let seqs: Vec<u64> = entries.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=length).collect::<Vec<_>>());
    }
    assert_eq!(breaks(&database.raw().await).await, []);
}

async fn the_room_keeps_the_head_of_its_log(database: &Database) {
    let store = database.open().await;
    let [first, _] = two_rooms(&store).await;
    let room = read(&store, move |tx| rooms::by_key(tx, first)).await;
    let room = room.expect("a room");
    assert_eq!((room.record.seq, room.last_message), (9, Some(9)));
    assert_eq!((room.record.message_count, room.record.ordinal), (5, 5));
    assert_eq!(room.record.last_activity, NOW.plus(9));
}

/// The control of the others: what proves the chain must be able to fail.
async fn a_changed_row_breaks_the_chain(database: &Database) {
    let store = database.open().await;
    let [first, second] = two_rooms(&store).await;
    let raw = database.raw().await;
    let tampered = [
        (
            format!("UPDATE log SET at = at + 1 WHERE room = {first} AND seq = 3"),
            (first, 3),
        ),
        (
            format!("UPDATE log SET actor_role = 'admin' WHERE room = {second} AND seq = 2"),
            (second, 2),
        ),
        (
            format!(
                "UPDATE entry_text SET body = 'bye' WHERE g =
                (SELECT g FROM log WHERE room = {first} AND seq = 2)"
            ),
            (first, 2),
        ),
        (
            format!("DELETE FROM log WHERE room = {second} AND seq >= 1"),
            (second, 8),
        ),
    ];
    for (sql, place) in tampered {
        raw.execute(&sql).await;
        let found = breaks(&raw).await;
        assert!(found.contains(&place), "{sql}: {found:?}");
    }
}

async fn times_never_run_backwards_when_the_clock_does(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| {
        let mut room = room(tx, 1, Given::default())?;
        for now in [100, 50, -3_600_000, 200, 199] {
            let entry = event(&room, EventKind::OrderUpdated, Actor::SERVER, 0);
            append(tx, &mut room, NOW.plus(now), entry)?;
        }
        Ok(room.record.key)
    })
    .await;
    let (entries, room) = read(&store, move |tx| {
        Ok((entries(tx, key, 0, 10)?, rooms::by_key(tx, key)?))
    })
    .await;
    let times: Vec<Millis> = entries.iter().map(|entry| entry.at).collect();
    assert_eq!(times, [100, 100, 100, 200, 200].map(|ms| NOW.plus(ms)));
    assert_eq!(room.expect("a room").record.last_activity, NOW.plus(200));
}

async fn texts_lie_apart_and_erasing_one_leaves_the_chain_whole(database: &Database) {
    const SECRET: &str = "the insulin is for Zebedee";
    let store = database.open().await;
    let seq = write(&store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        let mut room = room(tx, 1, Given::default())?;
        say(tx, &mut room, &ann, Role::Customer, "hello")?;
        let seq = say(tx, &mut room, &ann, Role::Customer, SECRET)?;
        say(tx, &mut room, &ann, Role::Customer, "bye")?;
        Ok(seq)
    })
    .await;
    let raw = database.raw().await;
    for table in ["log", "room", "room_word", "message_state"] {
        let rows = raw.rows(&format!("SELECT * FROM {table}")).await;
        assert!(
            !format!("{rows:?}").contains(SECRET),
            "{table} holds what was written"
        );
    }
    let of_entry = format!("(SELECT g FROM log WHERE seq = {seq})");
    raw.execute(&format!("DELETE FROM entry_text WHERE g = {of_entry}"))
        .await;
    assert_eq!(breaks(&raw).await, []);
    let message = read(&store, move |tx| {
        let room = rooms::by_key(tx, 1)?.expect("the room");
        let located = messages::locate(tx, message_id(1, seq))?;
        assert_eq!(located, Some((room.record.id, seq)));
        messages::by_seq(tx, &room, seq)
    })
    .await;
    assert_eq!(message.expect("a message").content, "");
}

async fn equal_texts_have_unequal_digests(database: &Database) {
    let store = database.open().await;
    two_rooms(&store).await;
    let raw = database.raw().await;
    let of_equal = "FROM log l JOIN entry_text t ON t.g = l.g WHERE t.body = 'hello'";
    let texts = raw.int(&format!("SELECT COUNT(*) {of_equal}")).await;
    let salts = raw.int("SELECT COUNT(DISTINCT salt) FROM entry_text").await;
    let digests = raw.int("SELECT COUNT(DISTINCT digest) FROM log").await;
    assert_eq!(texts, 8);
    assert_eq!(digests, salts);
}

async fn a_range_goes_on_after_a_seq(database: &Database) {
    let store = database.open().await;
    let [room, _] = two_rooms(&store).await;
    let seqs = |after, limit| {
        read(&store, move |tx| {
            Ok(entries(tx, room, after, limit)?
                .into_iter()
                .map(|entry| entry.seq)
                .collect::<Vec<_>>())
        })
    };
    assert_eq!(seqs(0, 3).await, [1, 2, 3]);
    assert_eq!(seqs(3, 3).await, [4, 5, 6]);
    assert_eq!(seqs(8, 3).await, [9]);
    assert_eq!(seqs(9, 3).await, [0; 0]);
}

async fn ordinals_count_what_counts_as_unread(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        let mut room = room(tx, 1, Given::default())?;
        let created = event(&room, EventKind::RoomCreated, Actor::SERVER, 0);
        append(tx, &mut room, NOW, created)?;
        say(tx, &mut room, &ann, Role::Customer, "one")?;
        system_message(tx, &mut room, MessageType::System)?;
        system_message(tx, &mut room, MessageType::OrderUpdate)?;
        Ok(room.record.key)
    })
    .await;
    for (seq, ordinal) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (99, 2)] {
        let found = read(&store, move |tx| log::ordinal_at(tx, key, seq)).await;
        assert_eq!(found, ordinal, "at seq {seq}");
    }
}

fn system_message(
    tx: &mut Tx<'_>,
    room: &mut rooms::StoredRoom,
    message_type: MessageType,
) -> Result<u64> {
    let mut entry = message(room, Actor::SERVER, "news");
    if let Some(message) = &mut entry.message {
        message.message_type = message_type;
    }
    append(tx, room, NOW, entry).map(|appended| appended.seq)
}

async fn a_key_is_good_once_for_a_sender_in_a_room(database: &Database) {
    let store = database.open().await;
    let (rooms, people) = write(&store, |tx| {
        let rooms = [
            room(tx, 1, Given::default())?,
            room(tx, 2, Given::default())?,
        ];
        let people = [
            person(tx, "ann", Role::Customer)?,
            person(tx, "ravi", Role::Rider)?,
        ];
        Ok((rooms, people))
    })
    .await;
    let key = [7; 32];
    let send = |room: usize, sender: usize, hash: [u8; 32]| {
        let (room, person) = (rooms[room].record.key, people[sender].clone());
        store.write::<u64, StoreError, _>(Some(room), move |tx| {
            let mut room = rooms::by_key(tx, room)?.expect("the room");
            let mut entry = message(&room, acting(&person, Role::Customer), "hello");
            entry.message.as_mut().expect("a message").key_hash = Some(hash);
            entry.text.request = Some([9; 32]);
            append(tx, &mut room, NOW, entry).map(|appended| appended.seq)
        })
    };
    assert_eq!(send(0, 0, key).await.expect("a new key"), 1);
    send(0, 0, key).await.expect_err("the same key again");
    assert_eq!(send(0, 1, key).await.expect("another sender"), 2);
    assert_eq!(send(1, 0, key).await.expect("another room"), 1);
    assert_eq!(send(0, 0, [8; 32]).await.expect("another key"), 3);

    let (room, ann) = (rooms[0].record.id, people[0].key);
    let earlier = read(&store, move |tx| {
        let asked = Lookups {
            keys: vec![
                (0, room, ann, &[1; 32]),
                (1, room, ann, &[7; 32]),
                (2, room, 0, &[7; 32]),
            ],
            ..Lookups::default()
        };
        Ok(sends::lock_and_look_up(tx, &asked, Patience::None)?.earlier)
    })
    .await;
    assert_eq!(earlier.len(), 1, "{earlier:?} where one send has the key");
    let found = &earlier[&1];
    assert_eq!(found.seq, 1);
    let (salt, request) = found.request.as_ref().expect("its text is there");
    assert_eq!((salt.len(), request.as_slice()), (16, &[9; 32][..]));
}

async fn a_message_has_an_id_of_its_own(database: &Database) {
    let store = database.open().await;
    two_rooms(&store).await;
    let again = store
        .write::<_, StoreError, _>(None, |tx| {
            let ann = person(tx, "ann", Role::Customer)?;
            let mut room = room(tx, 3, Given::default())?;
            let mut entry = message(&room, acting(&ann, Role::Customer), "hello");
            entry.message.as_mut().expect("a message").id = message_id(1, 2);
            append(tx, &mut room, NOW, entry)
        })
        .await;
    again.expect_err("the id is taken");
    let (room, located) = read(&store, |tx| {
        let room = rooms::by_key(tx, 1)?.expect("the room");
        Ok((room.record.id, messages::locate(tx, message_id(1, 2))?))
    })
    .await;
    assert_eq!(located, Some((room, 2)));
    let unknown = read(&store, |tx| messages::locate(tx, message_id(9, 9))).await;
    assert_eq!(unknown, None);
}

async fn an_actor_is_shown_in_their_role_in_the_room(database: &Database) {
    let store = database.open().await;
    let (ravi, sam, found) = write(&store, |tx| {
        let room = room(tx, 1, Given::default())?;
        let ravi = person(tx, "ravi", Role::Rider)?;
        let sam = person(tx, "sam", Role::Support)?;
        participant(tx, &room, &ravi, Role::Customer)?;
        let key = room.record.key;
        let found = actors::of(tx, [(key, ravi.key), (key, sam.key), (key, ravi.key)])?;
        Ok((ravi, sam, (key, found)))
    })
    .await;
    let (room, found) = found;
    let shown = |user, acted_as| found.record(room, user, acted_as);
    let ravi = shown(ravi.key, "rider").expect("a participant");
    assert_eq!(
        (ravi.role, ravi.participant.is_some()),
        (Role::Customer, true)
    );
    let sam = shown(sam.key, "support").expect("staff outside the room");
    assert_eq!((sam.role, sam.participant), (Role::Support, None));
    assert_eq!(shown(Actor::SERVER.user, Actor::SERVER.role), None);
    assert_eq!(shown(7_777, "service"), None);
}

/// Two reports of an order in one transaction: nobody hears of the order as it was between.
async fn what_one_transaction_does_to_a_room_is_heard_as_one(database: &Database) {
    let store = database.open().await;
    let [first, second] = two_rooms(&store).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearer = Arc::clone(&heard);
    store.on_commit(move |news| hearer.lock().expect("nobody panics here").extend(news));
    write(&store, move |tx| {
        for (key, version) in [(first, 1), (second, 2), (first, 3)] {
            let mut room = rooms::by_key(tx, key)?.expect("a room");
            let mut order = orders::by_key(tx, room.record.order.key)?.expect("its order");
            order.version = version;
            let mut appender = Appender::default();
            let entry = event(&room, EventKind::OrderUpdated, Actor::SERVER, 0);
            appender.append(&mut room, NOW, entry);
            appender.show(Fresh::Order(Arc::new(order)));
            appender.finish(&room);
            appender.flush(tx)?;
        }
        Ok(())
    })
    .await;
    let heard = std::mem::take(&mut *heard.lock().expect("nobody panics here"));
    let told: Vec<_> = heard
        .iter()
        .map(|news| {
            let News::Log(news) = news else {
                panic!("{news:?}")
            };
            let entries = news.entries.iter().map(|entry| match &entry.fresh {
                Some(Fresh::Order(order)) => (entry.seq, order.version),
                other => panic!("{other:?}"),
            });
            (news.room.key, news.room.seq, entries.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(
        told,
        [
            (first, 11, vec![(10, 3), (11, 3)]),
            (second, 9, vec![(9, 2)])
        ]
    );
}
