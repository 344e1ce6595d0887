//! Transactions that meet: repeated by the store, as long as that can help.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orderchat_domain::Role;
use orderchat_store::{StoreError, meta, participants, rooms};

use crate::database::Database;
use crate::fixture::{Given, participant, person, room, write};
use crate::harness::tests;

tests! {
    POSTGRES: who_loses_a_race_for_one_row_is_run_again_and_finds_it,
        who_is_ended_by_a_deadlock_is_run_again,
        transactions_that_always_meet_are_given_up,
        commands_of_one_room_wait_before_they_hold_a_connection,
        a_command_whose_caller_has_gone_keeps_its_turn;
}

/// A signal that each side of a race gives once and awaits for at most ten seconds.
struct Signal(Sender<()>, Mutex<Receiver<()>>);

impl Signal {
    fn new() -> Arc<Self> {
        let (send, receive) = channel();
        Arc::new(Self(send, Mutex::new(receive)))
    }

    fn give(&self) {
        self.0.send(()).expect("both ends live");
    }

    fn wait(&self) {
        let receive = self.1.lock().expect("nobody panics");
        receive
            .recv_timeout(Duration::from_secs(10))
            .expect("the other side gives the signal");
    }
}

async fn who_loses_a_race_for_one_row_is_run_again_and_finds_it(database: &Database) {
    let store = database.open().await;
    let (room, ravi) = write(&store, |tx| {
        Ok((
            room(tx, 1, Given::default())?,
            person(tx, "ravi", Role::Rider)?,
        ))
    })
    .await;
    // Both look before either writes; the second to write has to wait for the first to commit.
    let looked = [Signal::new(), Signal::new()];
    let join = |own: usize| {
        let (mine, other) = (Arc::clone(&looked[own]), Arc::clone(&looked[1 - own]));
        let (room, ravi) = (room.clone(), ravi.clone());
        let mut runs = 0;
        store.write::<_, StoreError, _>(None, move |tx| {
            runs += 1;
            let found = participants::of_user(tx, room.record.key, ravi.key)?;
            if runs == 1 {
                mine.give();
                other.wait();
            }
            let (participant, made) = match found {
                Some(found) => (found, false),
                None => (participant(tx, &room, &ravi, Role::Rider)?, true),
            };
            Ok((participant.key, made, runs))
        })
    };
    let (one, other) = tokio::join!(join(0), join(1));
    let (one, other) = (one.expect("a participant"), other.expect("a participant"));
    assert_eq!(one.0, other.0, "they are one participant");
    assert_ne!(one.1, other.1, "one of them made it");
    assert_eq!(one.2 + other.2, 3, "one of them ran twice");
}

async fn who_is_ended_by_a_deadlock_is_run_again(database: &Database) {
    let store = database.open().await;
    let keys = write(&store, |tx| {
        let pair = [
            room(tx, 1, Given::default())?,
            room(tx, 2, Given::default())?,
        ];
        Ok(pair.map(|room| room.record.key))
    })
    .await;
    let locked = [Signal::new(), Signal::new()];
    let cross = |own: usize| {
        let (mine, other) = (Arc::clone(&locked[own]), Arc::clone(&locked[1 - own]));
        let (first_key, second_key) = (keys[own], keys[1 - own]);
        let mut runs = 0;
        store.write::<_, StoreError, _>(None, move |tx| {
            runs += 1;
            rooms::lock(tx, &[first_key])?;
            // A lock goes out with the next query.
            rooms::by_key(tx, first_key)?;
            if runs == 1 {
                mine.give();
                other.wait();
            }
            rooms::lock(tx, &[second_key])?;
            Ok(runs)
        })
    };
    let (one, other) = tokio::join!(cross(0), cross(1));
    // Usually the one that PostgreSQL ends runs twice; it may lock its row again at once, and be
    // ended once more.
    let runs = [one.expect("a write"), other.expect("a write")];
    assert!(
        runs.iter().sum::<u32>() > 2,
        "{runs:?}: there was no deadlock"
    );
}

async fn transactions_that_always_meet_are_given_up(database: &Database) {
    let store = database.open().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let answer = store
        .write::<(), StoreError, _>(None, move |tx| {
            let run = counter.fetch_add(1, Ordering::Relaxed);
            meta::get_or_put(tx, &format!("run {run}"), "was here")?;
            Err(StoreError::Conflict)
        })
        .await;
    assert!(matches!(answer, Err(StoreError::Busy(_))), "{answer:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 5);
    let left = database.raw().await.int("SELECT COUNT(*) FROM meta").await;
    assert_eq!(left, 0, "no run left anything");
}

/// One hot room must not keep the others from the database: its commands queue before the pool.
async fn commands_of_one_room_wait_before_they_hold_a_connection(database: &Database) {
    const HOT: usize = 60;
    let store = database.open().await;
    let (hot, cold) = write(&store, |tx| {
        let pair = [
            room(tx, 1, Given::default())?,
            room(tx, 2, Given::default())?,
        ];
        Ok((pair[0].record.key, pair[1].record.key))
    })
    .await;
    let (holds, release) = (Signal::new(), Signal::new());
    let held = {
        let (holds, release) = (Arc::clone(&holds), Arc::clone(&release));
        store.write::<_, StoreError, _>(Some(hot), move |tx| {
            rooms::lock(tx, &[hot])?;
            holds.give();
            release.wait();
            Ok(())
        })
    };
    let hot_ones = (0..HOT)
        .map(|_| store.write::<_, StoreError, _>(Some(hot), move |tx| rooms::lock(tx, &[hot])));
    let hot_ones = futures_util::future::join_all(hot_ones);
    let cold_one = async {
        // Polled after the others: they wait by now.
        tokio::task::spawn_blocking(move || holds.wait())
            .await
            .expect("the room is held");
        let answer = store
            .write::<_, StoreError, _>(Some(cold), move |tx| rooms::lock(tx, &[cold]))
            .await;
        release.give();
        answer
    };
    let (held, hot_ones, cold_one) = tokio::join!(held, hot_ones, cold_one);
    cold_one.expect("another room is not held up");
    held.expect("a write");
    for answer in hot_ones {
        answer.expect("each has its turn");
    }
}

/// A request that ran out of time is dropped while its transaction goes on.
async fn a_command_whose_caller_has_gone_keeps_its_turn(database: &Database) {
    let store = database.open().await;
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let (mut began, release) = (Some(began), Signal::new());
    let held = Arc::clone(&release);
    let mut first = Box::pin(store.write::<_, StoreError, _>(Some(1), move |_| {
        if let Some(began) = began.take() {
            began.send(()).expect("the test goes on");
        }
        held.wait();
        Ok(())
    }));
    tokio::select! {
        answer = &mut first => panic!("{answer:?} before it was released"),
        begun = has_begun => begun.expect("the first begins"),
    }
    drop(first);
    let second_runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&second_runs);
    let mut second = Box::pin(store.write::<_, StoreError, _>(Some(1), move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }));
    // Another room's command is done meanwhile: the second has its chance to begin too soon.
    let other = store.write::<_, StoreError, _>(Some(2), meta::probe);
    tokio::select! {
        _ = &mut second => panic!("the second ran before the first had ended"),
        answer = other => answer.expect("another room is not held up"),
    }
    assert_eq!(second_runs.load(Ordering::Relaxed), 0);
    release.give();
    second.await.expect("its turn comes");
    assert_eq!(second_runs.load(Ordering::Relaxed), 1);
}
