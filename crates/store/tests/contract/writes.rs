//! Single commands in transactions: all or nothing, whatever their neighbours do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{join_all, poll_immediate};
use orderchat_domain::Role;
use orderchat_store::{Store, StoreError, meta, orders, rooms};

use crate::chain::breaks;
use crate::database::Database;
use crate::fixture::{
    Given, NOW, acting, append, entries, message, panic_quietly, person, read, room, say, write,
};
use crate::harness::tests;

tests! {
    BOTH: of_500_writes_at_once_the_refused_leave_nothing_and_the_others_are_all_there,
        a_write_that_panics_takes_nobody_with_it,
        a_read_that_panics_gives_its_connection_back,
        a_read_whose_caller_has_gone_keeps_its_connection_until_it_ends,
        what_was_answered_is_there_for_another_process,
        a_lock_with_a_long_answer_holds_up_nothing_that_is_sent_with_it,
        a_look_sees_what_is_committed,
        a_look_that_asks_twice_or_writes_is_refused;
    SQLITE: the_write_ahead_log_stays_short_under_a_steady_load;
}

async fn of_500_writes_at_once_the_refused_leave_nothing_and_the_others_are_all_there(
    database: &Database,
) {
    const WRITES: usize = 500;
    let store = database.open().await;
    let key = write(&store, |tx| Ok(room(tx, 1, Given::default())?.record.key)).await;
    let send = |n: usize| {
        store.write(Some(key), move |tx| {
            rooms::lock(tx, &[key])?;
            let ann = person(tx, "ann", Role::Customer)?;
            let mut room = rooms::by_key(tx, key)?.expect("the room");
            let entry = message(&room, acting(&ann, Role::Customer), &format!("message {n}"));
            let appended = append(tx, &mut room, NOW, entry)?;
            if n.is_multiple_of(3) {
                return Err(StoreError::Busy("refused after it wrote"));
            }
            Ok(appended.seq)
        })
    };
    let answers = join_all((0..WRITES).map(send)).await;

    let mut answered = Vec::new();
    for (n, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(seq) => answered.push((seq, format!("message {n}"))),
            Err(error) => assert!(n.is_multiple_of(3), "message {n} was not written: {error}"),
        }
    }
    answered.sort_unstable();
    let raw = database.raw().await;
    let rows = raw
        .rows("SELECT l.seq, t.body FROM log l JOIN entry_text t ON t.g = l.g ORDER BY l.seq")
        .await;
    let stored: Vec<_> = rows
        .iter()
        .map(|row| (row[0].int().unsigned_abs(), row[1].text().to_owned()))
        .collect();
    assert_eq!(stored, answered);
    assert_eq!(stored.len(), WRITES - WRITES.div_ceil(3));
    assert_eq!(breaks(&raw).await, []);
    assert_eq!(
        raw.int("SELECT COUNT(*) FROM entry_text").await,
        raw.int("SELECT COUNT(*) FROM log").await
    );
}

async fn a_write_that_panics_takes_nobody_with_it(database: &Database) {
    let store = database.open().await;
    let put = |n: usize| {
        store.write::<_, StoreError, _>(None, move |tx| {
            let value = meta::get_or_put(tx, &format!("write {n}"), "done")?;
            if n % 10 == 5 {
                panic_quietly();
            }
            Ok(value)
        })
    };
    for (n, answer) in join_all((0..50).map(put)).await.into_iter().enumerate() {
        let stored = read(&store, move |tx| meta::get(tx, &format!("write {n}"))).await;
        if n % 10 == 5 {
            assert!(matches!(answer, Err(StoreError::Failed(_))), "{answer:?}");
            assert_eq!(stored, None, "write {n} panicked");
        } else {
            assert_eq!(answer.expect("a write beside one that panics"), "done");
            assert_eq!(stored.as_deref(), Some("done"), "write {n}");
        }
    }
    write(&store, |tx| meta::get_or_put(tx, "afterwards", "done")).await;
}

/// More than any engine has connections.
const MORE_THAN_CONNECTIONS: usize = 30;

async fn a_read_that_panics_gives_its_connection_back(database: &Database) {
    let store = database.open().await;
    for _ in 0..MORE_THAN_CONNECTIONS {
        let answer = store
            .read::<(), StoreError, _>(|tx| {
                meta::probe(tx)?;
                panic_quietly()
            })
            .await;
        assert!(matches!(answer, Err(StoreError::Failed(_))), "{answer:?}");
    }
    all_connections_read_and_write(&store).await;
}

/// A request that ran out of time is dropped; the read it waited for goes on until it ends, and
/// until then nobody else may count on its connection.
async fn a_read_whose_caller_has_gone_keeps_its_connection_until_it_ends(database: &Database) {
    /// As many as SQLite has readers.
    const ABANDONED: usize = 4;
    let store = database.open().await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    for _ in 0..ABANDONED {
        let released = Arc::clone(&released);
        let (started, has_started) = tokio::sync::oneshot::channel();
        let mut reading = Box::pin(store.read::<(), StoreError, _>(move |tx| {
            meta::probe(tx)?;
            let _ = started.send(());
            let released = released.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = released.recv();
            Ok(())
        }));
        tokio::select! {
            answer = &mut reading => panic!("{answer:?} before it was released"),
            begun = has_started => begun.expect("the read begins"),
        }
        drop(reading);
    }
    let mut others = Box::pin(all_connections_read_and_write(&store));
    let early = poll_immediate(&mut others).await;
    assert!(early.is_none(), "nothing is read at once");
    drop(release);
    others.await;
}

async fn all_connections_read_and_write(store: &Store) {
    write(store, |tx| meta::get_or_put(tx, "first", "x")).await;
    let reads = (0..MORE_THAN_CONNECTIONS).map(|_| read(store, meta::probe));
    join_all(reads).await;
    let write_one = |n: usize| write(store, move |tx| meta::get_or_put(tx, &format!("n{n}"), "x"));
    join_all((0..MORE_THAN_CONNECTIONS).map(write_one)).await;
}

async fn what_was_answered_is_there_for_another_process(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        let mut room = room(tx, 1, Given::default())?;
        let entry = message(&room, acting(&ann, Role::Customer), "hello");
        append(tx, &mut room, NOW, entry)?;
        Ok(room.record.key)
    })
    .await;
    let other = database.open().await;
    let entries = read(&other, move |tx| entries(tx, key, 0, 10)).await;
    assert_eq!(entries.len(), 1);
}

/// More than the connection keeps of an answer that nobody has begun to read.
async fn a_lock_with_a_long_answer_holds_up_nothing_that_is_sent_with_it(database: &Database) {
    const ROOMS: u32 = 1_000;
    let store = database.open().await;
    let ids: Vec<_> = write(&store, |tx| {
        (1..=ROOMS)
            .map(|n| Ok(room(tx, n, Given::default())?.record.id))
            .collect()
    })
    .await;
    let found = write(&store, move |tx| {
        rooms::lock_ids(tx, &ids)?;
        rooms::by_ids(tx, &ids)
    });
    let found = tokio::time::timeout(Duration::from_secs(20), found).await;
    let found = found.expect("the database and we wait for each other");
    assert_eq!(found.len(), ROOMS as usize);
}

async fn a_look_sees_what_is_committed(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| Ok(room(tx, 1, Given::default())?.record.key)).await;
    let look = store.look(move |tx| rooms::by_key(tx, key)).await;
    let found: Option<_> = look.expect("one statement");
    assert_eq!(found.map(|room| room.record.key), Some(key));
}

/// Between its statements others could commit, and nothing would undo what it wrote. After it the
/// connection serves the next.
async fn a_look_that_asks_twice_or_writes_is_refused(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| Ok(room(tx, 1, Given::default())?.record.key)).await;
    let twice = store.look(move |tx| {
        rooms::by_key(tx, key)?;
        rooms::by_key(tx, key)
    });
    let twice = twice.await;
    assert!(matches!(twice, Err(StoreError::Statement(_))), "{twice:?}");
    let writes = store.look(|tx| meta::get_or_put(tx, "look", "x")).await;
    assert!(
        matches!(writes, Err(StoreError::Statement(_))),
        "{writes:?}"
    );
    let unsent = store.look(|tx| orders::set_version(tx, 1, 2)).await;
    assert!(
        matches!(unsent, Err(StoreError::Statement(_))),
        "{unsent:?}"
    );
    let put = read(&store, |tx| meta::get(tx, "look")).await;
    assert_eq!(put, None);
    all_connections_read_and_write(&store).await;
}

async fn the_write_ahead_log_stays_short_under_a_steady_load(database: &Database) {
    const MIB: usize = 1024 * 1024;
    const WRITERS: usize = 8;
    const WRITTEN: usize = 128 * MIB;
    const BODY: usize = 64 * 1024;
    let store = database.open().await;
    let key = write(&store, |tx| Ok(room(tx, 1, Given::default())?.record.key)).await;
    let body = "x".repeat(BODY);
    let writer = async || {
        for _ in 0..WRITTEN / BODY / WRITERS {
            let body = body.clone();
            write(&store, move |tx| {
                let ann = person(tx, "ann", Role::Customer)?;
                let mut room = rooms::by_key(tx, key)?.expect("the room");
                say(tx, &mut room, &ann, Role::Customer, &body)
            })
            .await;
        }
    };
    join_all((0..WRITERS).map(|_| writer())).await;

    let mut wal = store.file().expect("a file").as_os_str().to_owned();
    wal.push("-wal");
    let length = std::fs::metadata(&wal).expect("a log").len() as usize;
    assert!(
        length < WRITTEN * 3 / 4,
        "the log of {} MiB of texts is {} MiB long",
        WRITTEN / MIB,
        length / MIB
    );
}
