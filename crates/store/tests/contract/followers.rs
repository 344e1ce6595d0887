//! Who follows the log takes every entry once: however often it is cut off, however many are at it,
//! and whatever the order is in which transactions commit.

use std::time::Duration;

use orderchat_domain::Role;
use orderchat_domain::statistics::RoomStatistics;
use orderchat_store::follow::{self, Follower, Position, Step};
use orderchat_store::statistics::{self, Statistics};
use orderchat_store::{Result, Store, StoreError, Tx, rooms};

use crate::database::Database;
use crate::fixture::{Given, NOW, participant, person, read, room, say, write};
use crate::harness::tests;

tests! {
    BOTH: what_a_follower_kept_is_what_the_log_says,
        a_step_that_fails_is_taken_again,
        followers_at_once_count_nothing_twice,
        statistics_are_those_of_the_newest_message,
        statistics_go_by_the_role_that_a_sender_had_then,
        followers_that_begin_anew_count_nothing_twice;
    POSTGRES: an_entry_that_commits_late_is_not_passed_over,
        a_room_whose_entries_come_out_of_order_is_counted_in_order;
}

async fn two_rooms(store: &Store) {
    write(store, |tx| {
        room(tx, 1, Given::default())?;
        room(tx, 2, Given::default()).map(drop)
    })
    .await;
}

/// Ann asks in the room, Sam answers.
async fn talk(store: &Store, key: i64, times: u64) {
    write(store, move |tx| {
        let mut room = rooms::by_key(tx, key)?.expect("a room");
        let (ann, sam) = (
            person(tx, "ann", Role::Customer)?,
            person(tx, "sam", Role::Support)?,
        );
        for _ in 0..times {
            say(tx, &mut room, &ann, Role::Customer, "where is it?")?;
            say(tx, &mut room, &sam, Role::Support, "on its way")?;
        }
        Ok(())
    })
    .await;
}

/// Until every entry is taken.
async fn follow_to_the_end(store: &Store) {
    while read(store, |tx| follow::lag(tx, Statistics::NAME)).await > 0 {
        step(store).await;
    }
}

/// On PostgreSQL transactions of other databases hold a follower up, and nothing tells when they
/// have ended.
async fn step(store: &Store) {
    if store.follow(&Statistics).await.expect("a step") == Step::Idle {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What the follower has kept of the room, and nothing after it.
async fn kept(database: &Database, room: i64) -> RoomStatistics {
    let raw = database.raw().await;
    let rows = raw
        .rows(&format!(
            "SELECT state FROM room_statistics WHERE room = {room}"
        ))
        .await;
    rows.first().map_or_else(RoomStatistics::default, |row| {
        serde_json::from_str(row[0].text()).expect("the state is JSON")
    })
}

async fn what_a_follower_kept_is_what_the_log_says(database: &Database) {
    let store = database.open().await;
    two_rooms(&store).await;
    talk(&store, 1, 700).await;
    talk(&store, 2, 800).await;
    follow_to_the_end(&store).await;
    for (room, count) in [(1, 1_400), (2, 1_600)] {
        let kept = kept(database, room).await;
        assert_eq!(kept.total(), count);
        assert_eq!((kept.responses.len(), kept.waiting_since), (100, None));
    }
    let lag = read(&store, |tx| follow::lag(tx, Statistics::NAME)).await;
    assert_eq!(lag, 0);
}

/// Fails the first time it stores.
#[derive(Clone)]
struct Failing(Statistics);

impl Follower for Failing {
    const NAME: &'static str = Statistics::NAME;
    type Work = <Statistics as Follower>::Work;

    fn load(&self, tx: &mut Tx<'_>, from: Position) -> Result<Option<(Self::Work, Position)>> {
        self.0.load(tx, from)
    }

    fn save(&self, tx: &mut Tx<'_>, work: &Self::Work) -> Result<()> {
        self.0.save(tx, work)?;
        Err(StoreError::Busy("the disk was slow"))
    }
}

async fn a_step_that_fails_is_taken_again(database: &Database) {
    let store = database.open().await;
    two_rooms(&store).await;
    talk(&store, 1, 5).await;
    // On PostgreSQL a transaction of another test may hold followers up for a while.
    let failed = loop {
        match store.follow(&Failing(Statistics)).await {
            Ok(Step::Idle) => tokio::time::sleep(Duration::from_millis(5)).await,
            other => break other,
        }
    };
    assert!(failed.is_err());
    assert_eq!(kept(database, 1).await, RoomStatistics::default());
    follow_to_the_end(&store).await;
    assert_eq!(kept(database, 1).await.total(), 10);
}

async fn followers_at_once_count_nothing_twice(database: &Database) {
    let (one, other) = (database.open().await, database.open().await);
    two_rooms(&one).await;
    let writing = async {
        for _ in 0..30 {
            talk(&one, 1, 5).await;
            talk(&one, 2, 3).await;
        }
    };
    let following = |store: Store| async move {
        for _ in 0..60 {
            store.follow(&Statistics).await.expect("a step");
        }
    };
    tokio::join!(
        writing,
        following(one.clone()),
        following(one.clone()),
        following(other)
    );
    follow_to_the_end(&one).await;
    assert_eq!(kept(database, 1).await.total(), 300);
    assert_eq!(kept(database, 2).await.total(), 180);
}

async fn statistics_are_those_of_the_newest_message(database: &Database) {
    let store = database.open().await;
    two_rooms(&store).await;
    talk(&store, 1, 5).await;
    follow_to_the_end(&store).await;
    talk(&store, 1, 2).await;
    let now = read(&store, |tx| statistics::of_room(tx, 1, 14)).await;
    assert_eq!(now.total(), 14);
    assert_eq!(
        kept(database, 1).await.total(),
        10,
        "the follower was not asked"
    );
}

async fn statistics_go_by_the_role_that_a_sender_had_then(database: &Database) {
    let store = database.open().await;
    two_rooms(&store).await;
    write(&store, |tx| {
        let mut room = rooms::by_key(tx, 1)?.expect("a room");
        let ann = person(tx, "ann", Role::Customer)?;
        participant(tx, &room, &ann, Role::Customer)?;
        say(tx, &mut room, &ann, Role::Customer, "where is it?").map(drop)
    })
    .await;
    let raw = database.raw().await;
    raw.execute("UPDATE participant SET role = 'support'").await;
    let now = read(&store, |tx| statistics::of_room(tx, 1, 1)).await;
    assert_eq!(now.waiting_since, Some(NOW.0), "a customer waits");
    follow_to_the_end(&store).await;
    assert_eq!(kept(database, 1).await, now);
}

async fn followers_that_begin_anew_count_nothing_twice(database: &Database) {
    let store = database.open().await;
    two_rooms(&store).await;
    talk(&store, 1, 5).await;
    follow_to_the_end(&store).await;
    write(&store, follow::restart).await;
    let lag = read(&store, |tx| follow::lag(tx, Statistics::NAME)).await;
    assert_eq!(lag, 10);
    talk(&store, 1, 1).await;
    follow_to_the_end(&store).await;
    assert_eq!(kept(database, 1).await.total(), 12);
}

/// An entry as a command writes it, by hand: its transaction stays open.
fn insert(room: i64, seq: u64) -> String {
    format!(
        "INSERT INTO log (room, seq, kind, at, actor, actor_role, subject, ordinal, message_type,
            digest, chain)
         VALUES ({room}, {seq}, 'message.created', {}, 1, 'customer', {seq}, {seq}, 'text', '', '')",
        NOW.0
    )
}

async fn an_entry_that_commits_late_is_not_passed_over(database: &Database) {
    let (one, other) = (database.open().await, database.open().await);
    two_rooms(&one).await;
    talk(&one, 1, 1).await;
    let slow = database.raw().await;
    slow.execute(&format!("BEGIN; {}", insert(2, 1))).await;
    // Later ids, committed earlier, on another node.
    talk(&other, 1, 4).await;
    while kept(database, 1).await.total() == 0 {
        step(&other).await;
    }
    step(&one).await;
    assert_eq!(
        kept(database, 1).await.total(),
        2,
        "what came after the open transaction waits for it"
    );
    slow.execute("COMMIT").await;
    follow_to_the_end(&other).await;
    follow_to_the_end(&one).await;
    assert_eq!(kept(database, 1).await.total(), 10);
    assert_eq!(kept(database, 2).await.total(), 1);
}

async fn a_room_whose_entries_come_out_of_order_is_counted_in_order(database: &Database) {
    let store = database.open().await;
    two_rooms(&store).await;
    // The older transaction writes into the room after the younger one.
    let (older, younger) = (database.raw().await, database.raw().await);
    older.execute("BEGIN; SELECT pg_current_xact_id()").await;
    younger.execute(&insert(1, 1)).await;
    older.execute(&format!("{}; COMMIT", insert(1, 2))).await;
    follow_to_the_end(&store).await;
    assert_eq!(kept(database, 1).await.total(), 2);
}
