//! A read sees one moment of the database, however long it takes.

use std::sync::mpsc;
use std::time::Duration;

use orderchat_domain::Role;
use orderchat_store::{Result, StoreError, Tx, rooms};

use crate::database::Database;
use crate::fixture::{Given, entries, person, read, room, say, write};
use crate::harness::tests;

tests! {
    BOTH: a_read_goes_on_seeing_the_moment_it_began;
}

/// Head and length of the log, which would differ if they were of two moments.
fn look(tx: &mut Tx<'_>, key: i64) -> Result<(u64, usize)> {
    let room = rooms::by_key(tx, key)?.expect("the room");
    Ok((room.record.seq, entries(tx, key, 0, 100)?.len()))
}

async fn a_read_goes_on_seeing_the_moment_it_began(database: &Database) {
    const PATIENCE: Duration = Duration::from_secs(10);
    let store = database.open().await;
    let speak = || {
        write(&store, |tx| {
            let ann = person(tx, "ann", Role::Customer)?;
            let mut room = match rooms::by_key(tx, 1)? {
                Some(room) => room,
                None => room(tx, 1, Given::default())?,
            };
            say(tx, &mut room, &ann, Role::Customer, "hello")?;
            Ok(room.record.key)
        })
    };
    let key = speak().await;
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let (wrote, has_written) = mpsc::channel();
    let reading = store.read::<_, StoreError, _>(move |tx| {
        let before = look(tx, key)?;
        began.send(()).expect("the test goes on");
        has_written.recv_timeout(PATIENCE).expect("the write ends");
        Ok((before, look(tx, key)?))
    });
    let writing = async {
        has_begun.await.expect("the read begins");
        speak().await;
        wrote.send(()).expect("the read goes on");
    };
    let (seen, ()) = tokio::join!(reading, writing);
    assert_eq!(seen.expect("a read"), ((1, 1), (1, 1)));
    assert_eq!(read(&store, move |tx| look(tx, key)).await, (2, 2));
}
