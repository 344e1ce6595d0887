//! Checkpoints: no room that changed is left out, whoever commits when.

use orderchat_domain::checkpoint::{Checkpoint, Head, Root};
use orderchat_domain::{Millis, Role, RoomId};
use orderchat_store::checkpoints::{self, Changes, Signed};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Result, Store, Tx, rooms};

use crate::database::Database;
use crate::fixture::{Given, NOW, person, read, room, say, write};
use crate::harness::tests;

tests! {
    BOTH: what_changed_since_the_newest_checkpoint_is_found,
        a_forged_note_of_how_far_was_looked_keeps_nothing_from_being_signed,
        of_many_rooms_some_are_left_to_the_next,
        a_room_that_has_vanished_is_still_named_by_its_checkpoints;
    POSTGRES: an_entry_that_is_committed_late_is_not_missed,
        of_many_rooms_all_are_signed_while_somebody_writes,
        a_restored_database_goes_on_from_the_newest_checkpoint;
}

/// Says something in the `n`th room, which is made if need be.
async fn speak(store: &Store, n: u32) -> RoomId {
    write(store, move |tx| {
        let mut room = match by_number(tx, n)? {
            Some(room) => room,
            None => room_of(tx, n)?,
        };
        let ann = person(tx, "ann", Role::Customer)?;
        say(tx, &mut room, &ann, Role::Customer, "said")?;
        Ok(room.record.id)
    })
    .await
}

fn by_number(tx: &mut Tx<'_>, n: u32) -> Result<Option<StoredRoom>> {
    let order = crate::fixture::order_id(&format!("order-{n}"));
    match rooms::key_of_order(tx, &order)? {
        Some(key) => rooms::by_key(tx, key),
        None => Ok(None),
    }
}

fn room_of(tx: &mut Tx<'_>, n: u32) -> Result<StoredRoom> {
    room(tx, n, Given::default())
}

async fn changes(store: &Store) -> Changes {
    read(store, checkpoints::changes).await
}

/// Signs what has changed, with no key at all: the store does not look at signatures.
async fn sign(store: &Store) -> Vec<RoomId> {
    let found = changes(store).await;
    let rooms = found.rooms.keys().copied().collect();
    write(store, move |tx| {
        let (newest, audit) = checkpoints::lock(tx)?;
        let mut root = Root::default();
        for (room, head) in &found.rooms {
            root.push(*room, *head);
        }
        let (count, root) = root.finish();
        let checkpoint = Checkpoint {
            number: found.after + 1,
            epoch: "e".to_owned(),
            at: Millis(NOW.0),
            previous: newest.map_or([0; 32], |newest| newest.checkpoint.hash()),
            audit,
            rooms: count,
            root,
            key: [0; 32],
        };
        let signed = Signed {
            checkpoint,
            signature: vec![0; 64],
        };
        checkpoints::insert(tx, &signed, &found)
    })
    .await;
    rooms
}

async fn what_changed_since_the_newest_checkpoint_is_found(database: &Database) {
    let store = database.open().await;
    let (one, two) = (speak(&store, 1).await, speak(&store, 2).await);
    let head = changes(&store).await.rooms[&one];
    assert_eq!(head.seq, 1);
    let mut both = vec![one, two];
    both.sort();
    assert_eq!(sign(&store).await, both);
    assert!(changes(&store).await.rooms.is_empty());
    speak(&store, 2).await;
    let found = changes(&store).await.rooms;
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [two]);
    assert_eq!(found[&two].seq, 2);
}

async fn a_forged_note_of_how_far_was_looked_keeps_nothing_from_being_signed(database: &Database) {
    let store = database.open().await;
    let one = speak(&store, 1).await;
    speak(&store, 2).await;
    sign(&store).await;
    let unsigned = speak(&store, 1).await;
    speak(&store, 3).await;
    let raw = database.raw().await;
    for forged in ["(SELECT MAX(g) FROM log)", "4000000000000", "0"] {
        raw.execute(&format!("UPDATE checkpoint SET scanned = {forged}"))
            .await;
        let found = changes(&store).await.rooms;
        assert_eq!(found.len(), 2, "{forged}");
        assert!(unsigned == one && found[&one].seq == 2, "{forged}");
    }
}

async fn of_many_rooms_some_are_left_to_the_next(database: &Database) {
    let store = database.open().await;
    let most = u32::try_from(checkpoints::MOST_ROOMS).expect("a small number");
    write(&store, move |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        for n in 0..most + 5 {
            let mut room = room_of(tx, n)?;
            say(tx, &mut room, &ann, Role::Customer, "said")?;
        }
        Ok(())
    })
    .await;
    let first = changes(&store).await;
    assert_eq!(
        (first.rooms.len(), first.more),
        (checkpoints::MOST_ROOMS, true)
    );
    assert_eq!(sign(&store).await.len(), checkpoints::MOST_ROOMS);
    let second = changes(&store).await;
    assert_eq!((second.rooms.len(), second.more), (5, false));
}

/// While a transaction is open every scan begins before what was signed since.
async fn of_many_rooms_all_are_signed_while_somebody_writes(database: &Database) {
    let store = database.open().await;
    speak(&store, 0).await;
    sign(&store).await;
    let most = u32::try_from(checkpoints::MOST_ROOMS).expect("a small number");
    let open = database.raw().await;
    open.execute("BEGIN; SELECT pg_current_xact_id()").await;
    write(&store, move |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        for n in 1..=most + 5 {
            let mut room = room_of(tx, n)?;
            say(tx, &mut room, &ann, Role::Customer, "said")?;
        }
        Ok(())
    })
    .await;
    let signed = sign(&store).await.len() + sign(&store).await.len();
    assert_eq!(signed, checkpoints::MOST_ROOMS + 5);
    assert!(changes(&store).await.rooms.is_empty());
    open.execute("COMMIT").await;
    assert!(changes(&store).await.rooms.is_empty());
}

async fn a_room_that_has_vanished_is_still_named_by_its_checkpoints(database: &Database) {
    let store = database.open().await;
    let room = speak(&store, 1).await;
    sign(&store).await;
    let raw = database.raw().await;
    raw.execute(
        "DELETE FROM log; DELETE FROM room_word; DELETE FROM participant; DELETE FROM room_head; DELETE FROM room",
    )
    .await;
    let covered = read(&store, |tx| checkpoints::rooms_of(tx, 1, None, 10)).await;
    let of: Vec<_> = covered.iter().map(|one| (one.room, one.exists)).collect();
    assert_eq!(of, [(room, false)]);
}

/// PostgreSQL gives numbers of the log in the order they are asked for, and shows them in the order
/// of the commits.
async fn an_entry_that_is_committed_late_is_not_missed(database: &Database) {
    let store = database.open().await;
    let (slow, quick) = (speak(&store, 1).await, speak(&store, 2).await);
    sign(&store).await;

    let late = database.raw().await;
    late.execute(
        "BEGIN; SELECT room FROM room_head WHERE room = 1 FOR UPDATE;
         INSERT INTO log (room, seq, kind, at, actor, actor_role, subject, ordinal, digest, chain)
         SELECT room, seq + 1, kind, at, actor, actor_role, subject, ordinal, digest, chain
         FROM log WHERE room = 1",
    )
    .await;
    speak(&store, 2).await;
    assert_eq!(sign(&store).await, [quick]);
    // While it is open nothing is found twice.
    assert!(changes(&store).await.rooms.is_empty());
    late.execute("COMMIT").await;
    let found = changes(&store).await.rooms;
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [slow]);
    assert_eq!(
        found[&slow],
        Head {
            seq: 2,
            ..found[&slow]
        }
    );
    assert_eq!(sign(&store).await, [slow]);
    assert!(changes(&store).await.rooms.is_empty());
}

/// In another server transaction ids begin anew: what hung on them is forgotten.
async fn a_restored_database_goes_on_from_the_newest_checkpoint(database: &Database) {
    let store = database.open().await;
    speak(&store, 1).await;
    sign(&store).await;
    let raw = database.raw().await;
    raw.execute("INSERT INTO meta (name, value) VALUES ('epoch', 'before')")
        .await;
    raw.execute("UPDATE checkpoint SET horizon = 4000000000")
        .await;
    let before = write(&store, |tx| orderchat_store::restore::adopt(tx, "after")).await;
    assert_eq!(before.as_deref(), Some("before"));
    assert_eq!(raw.int("SELECT MAX(horizon) FROM checkpoint").await, 0);
    let two = speak(&store, 2).await;
    assert_eq!(sign(&store).await, [two]);
}
