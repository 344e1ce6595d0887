//! What opening a database checks, sets and says.

use orderchat_store::{Options, Store, StoreError, meta};

use crate::database::{Database, Engine, postgres};
use crate::fixture::{read, write};
use crate::harness::tests;

tests! {
    BOTH: the_engine_says_its_version, what_is_put_first_stays, readers_cannot_write;
    SQLITE: sqlite_writes_with_wal_and_full_sync,
        a_folder_that_is_not_there_is_named,
        a_file_that_is_no_database_is_named;
    POSTGRES: an_address_that_cannot_be_read_is_not_repeated,
        a_server_that_is_not_there_is_unusable_without_saying_the_password;
}

async fn the_engine_says_its_version(database: &Database) {
    let store = database.open().await;
    let engine = store.engine().await.expect("an engine");
    let major: Vec<u32> = engine
        .version
        .split(['.', ' '])
        .map_while(|part| part.parse().ok())
        .collect();
    match database.engine() {
        // Older ones can corrupt a database on a WAL-reset race.
        Engine::Sqlite => assert!(
            engine.name == "SQLite" && major >= vec![3, 51, 3],
            "{engine:?}"
        ),
        Engine::Postgres => assert!(engine.name == "PostgreSQL" && major[0] >= 13, "{engine:?}"),
    }
    assert_eq!(store.file().is_some(), database.engine() == Engine::Sqlite);
    read(&store, meta::probe).await;
}

async fn what_is_put_first_stays(database: &Database) {
    let store = database.open().await;
    let put = |value: &'static str| write(&store, move |tx| meta::get_or_put(tx, "epoch", value));
    assert_eq!(read(&store, |tx| meta::get(tx, "epoch")).await, None);
    assert_eq!(put("first").await, "first");
    assert_eq!(put("second").await, "first");
}

/// With `synchronous=NORMAL` a power loss takes commits that were acknowledged. It is a setting of
/// the connection, so the one that writes is asked.
async fn sqlite_writes_with_wal_and_full_sync(database: &Database) {
    const FULL: i64 = 2;
    let store = database.open().await;
    let settings = write(&store, |tx| {
        let connection = tx.as_sqlite().expect("SQLite");
        let journal: String = connection.pragma_query_value(None, "journal_mode", |r| r.get(0))?;
        let number = |name| connection.pragma_query_value(None, name, |r| r.get::<_, i64>(0));
        Ok((
            journal,
            number("synchronous")?,
            number("foreign_keys")?,
            number("secure_delete")?,
        ))
    })
    .await;
    assert_eq!(settings, ("wal".to_owned(), FULL, 1, 1));
}

async fn readers_cannot_write(database: &Database) {
    let store = database.open().await;
    let refused = store
        .read::<_, StoreError, _>(|tx| meta::get_or_put(tx, "epoch", "x"))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Statement(_))),
        "{refused:?}"
    );
}

async fn a_folder_that_is_not_there_is_named(database: &Database) {
    let path = database.folder().join("nowhere").join("orderchat.db");
    let refused = Store::open(&Options::Sqlite(path.clone())).await;
    let reason = refused.expect_err("no folder").to_string();
    assert!(reason.contains(&path.display().to_string()), "{reason}");
}

async fn a_file_that_is_no_database_is_named(database: &Database) {
    let path = database.folder().join("notes.txt");
    std::fs::write(&path, "remember the milk\n".repeat(100)).expect("a file");
    let refused = Store::open(&Options::Sqlite(path.clone())).await;
    let reason = refused.expect_err("no database").to_string();
    assert!(reason.contains(&path.display().to_string()), "{reason}");
}

async fn an_address_that_cannot_be_read_is_not_repeated(_: &Database) {
    let address = "postgres://shop:hunter2@host:not-a-port/orderchat";
    let refused = Store::open(&postgres(address)).await;
    let reason = refused.expect_err("no address").to_string();
    assert!(
        reason.contains("postgres://user:password@host/database"),
        "{reason}"
    );
    assert!(!reason.contains("hunter2"), "{reason}");
}

async fn a_server_that_is_not_there_is_unusable_without_saying_the_password(_: &Database) {
    // Nothing listens on port 1 of this machine.
    let address = "postgres://shop:hunter2@127.0.0.1:1/orderchat";
    let refused = Store::open(&postgres(address)).await;
    let error = refused.expect_err("no server");
    assert!(matches!(error, StoreError::Unusable(_)), "{error:?}");
    let error = error.to_string();
    assert!(error.contains("127.0.0.1:1"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}
