//! Transactions that do not begin.

use orderchat_domain::{Millis, Role};
use orderchat_store::{Result, Store, StoreError, Tx, meta, users};

use crate::database::Database;
use crate::fixture::person;
use crate::harness::tests;
use crate::proxy::Proxy;

tests! {
    POSTGRES: what_follows_a_begin_that_fails_is_not_written;
}

type Write = fn(&mut Tx<'_>, i64) -> Result<()>;

/// Whatever a command begins with: a write whose answer nobody waits for, one that is waited for, a
/// read with a write behind it.
const COMMANDS: [Write; 3] = [
    |tx, user| users::seen(tx, &[(user, Millis(7))]),
    |tx, _| meta::get_or_put(tx, "begun", "no").map(drop),
    |tx, user| {
        meta::get(tx, "epoch")?;
        users::seen(tx, &[(user, Millis(7))])
    },
];

async fn what_follows_a_begin_that_fails_is_not_written(database: &Database) {
    let proxy = Proxy::before(database).await;
    let store = Store::open(proxy.options()).await.expect("an open store");
    let ann = run(&store, |tx| Ok(person(tx, "ann", Role::Customer)?.key)).await;
    let ann = ann.expect("a write");
    let raw = database.raw().await;
    for (round, command) in COMMANDS.into_iter().enumerate() {
        assert_eq!(proxy.connections(), 1 + round, "the last one was given up");
        proxy.spoil_begin();
        let answer = run(&store, move |tx| command(tx, ann)).await;
        assert!(proxy.has_spoilt());
        assert!(
            matches!(answer, Err(StoreError::Statement(_))),
            "{answer:?}"
        );
        let seen = format!("SELECT COUNT(*) FROM app_user WHERE k = {ann} AND last_seen = 7");
        assert_eq!(raw.int(&seen).await, 0, "command {round}");
        let begun = "SELECT COUNT(*) FROM meta WHERE name = 'begun'";
        assert_eq!(raw.int(begun).await, 0, "command {round}");
        // Another connection takes the next command.
        run(&store, |tx| meta::get(tx, "epoch").map(drop))
            .await
            .expect("a transaction");
    }
    for command in COMMANDS {
        run(&store, move |tx| command(tx, ann))
            .await
            .expect("a write");
    }
    assert_eq!(proxy.connections(), 1 + COMMANDS.len());
}

async fn run<T: Send + 'static>(
    store: &Store,
    write: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    store.write::<T, StoreError, _>(None, write).await
}
