//! What other nodes committed: every entry is found once, whoever commits when.

use orderchat_domain::Role;
use orderchat_store::Store;
use orderchat_store::live::{self, Growth, Seen};

use crate::database::Database;
use crate::fixture::{Given, person, read, room, say, write};
use crate::harness::tests;
use crate::raw::Raw;

tests! {
    SQLITE: nobody_else_writes;
    POSTGRES: an_entry_that_is_committed_late_is_found_once,
        while_there_is_more_nobody_slow_is_passed_over;
}

/// Two rooms in which something was said, and from where on to look.
async fn begin(store: &Store) -> Option<Seen> {
    write(store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        for n in 1..=2 {
            let mut room = room(tx, n, Given::default())?;
            say(tx, &mut room, &ann, Role::Customer, "said")?;
        }
        Ok(())
    })
    .await;
    grown(store, None).await.seen
}

async fn grown(store: &Store, since: Option<Seen>) -> Growth {
    read(store, move |tx| live::grown(tx, since.as_ref())).await
}

/// Puts so many entries into a room's log, as another node does, in a transaction that stays open.
async fn write_as_another(raw: &Raw, room: u32, count: u32) {
    raw.execute(&format!(
        "BEGIN; SELECT room FROM room_head WHERE room = {room} FOR UPDATE;
         INSERT INTO log (room, seq, kind, at, actor, actor_role, subject, ordinal, digest, chain)
         SELECT room, seq + n, kind, at, actor, actor_role, subject, ordinal, digest, chain
         FROM log, generate_series(1, {count}) AS n WHERE room = {room} AND seq = 1"
    ))
    .await;
}

fn seqs(growth: &Growth) -> Vec<u64> {
    growth.entries.iter().map(|entry| entry.seq).collect()
}

async fn nobody_else_writes(database: &Database) {
    let store = database.open().await;
    assert_eq!(begin(&store).await, None);
}

async fn an_entry_that_is_committed_late_is_found_once(database: &Database) {
    let store = database.open().await;
    let since = begin(&store).await;
    let (late, quick) = (database.raw().await, database.raw().await);
    write_as_another(&late, 1, 1).await;
    write_as_another(&quick, 2, 2).await;
    quick.execute("COMMIT").await;
    let first = grown(&store, since).await;
    assert_eq!((seqs(&first), first.more), (vec![2, 3], false));
    let second = grown(&store, first.seen).await;
    assert_eq!(second.entries, []);
    late.execute("COMMIT").await;
    let third = grown(&store, second.seen).await;
    assert_eq!(seqs(&third), [2]);
    assert_eq!(grown(&store, third.seen).await.entries, []);
}

async fn while_there_is_more_nobody_slow_is_passed_over(database: &Database) {
    let store = database.open().await;
    let since = begin(&store).await;
    let (slow, quick) = (database.raw().await, database.raw().await);
    write_as_another(&slow, 1, 1).await;
    write_as_another(&quick, 2, 10_500).await;
    quick.execute("COMMIT").await;
    let first = grown(&store, since).await;
    assert_eq!((first.entries.len(), first.more), (10_000, true));
    slow.execute("COMMIT").await;
    let second = grown(&store, first.seen).await;
    let mut rest: Vec<u64> = vec![2];
    rest.extend(10_002..=10_501);
    assert_eq!((seqs(&second), second.more), (rest, false));
}
