//! The schema: made once, never by a version that does not know it.

use orderchat_store::{Migrated, Store, StoreError, newest_schema};

use crate::database::Database;
use crate::harness::tests;

tests! {
    BOTH: a_fresh_database_is_brought_to_the_newest_schema,
        a_migrated_database_is_left_as_it_is,
        a_schema_of_a_newer_version_is_refused,
        a_migration_that_reads_otherwise_today_is_refused,
        nodes_that_start_together_migrate_once;
}

async fn a_fresh_database_is_brought_to_the_newest_schema(database: &Database) {
    let migrated = database.open().await.migrated();
    let newest = newest_schema();
    assert!(newest >= 1);
    assert_eq!(
        migrated,
        Migrated {
            applied: newest,
            version: newest
        }
    );
    let raw = database.raw().await;
    let versions = raw
        .int("SELECT COUNT(*) FROM refinery_schema_history")
        .await;
    assert_eq!(versions.unsigned_abs() as usize, newest);
}

async fn a_migrated_database_is_left_as_it_is(database: &Database) {
    drop(database.open().await);
    let again = database.open().await.migrated();
    assert_eq!(
        again,
        Migrated {
            applied: 0,
            version: newest_schema()
        }
    );
}

async fn a_schema_of_a_newer_version_is_refused(database: &Database) {
    drop(database.open().await);
    let newer = newest_schema() + 1;
    let raw = database.raw().await;
    raw.execute(&format!(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
         VALUES ({newer}, 'from_the_future', '2027-01-01T00:00:00Z', '1')"
    ))
    .await;
    let refused = refusal(database).await;
    assert!(
        refused.contains(&format!("V{newer}__from_the_future")),
        "{refused}"
    );
    assert!(refused.contains("newer"), "{refused}");
}

async fn a_migration_that_reads_otherwise_today_is_refused(database: &Database) {
    drop(database.open().await);
    let raw = database.raw().await;
    raw.execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1")
        .await;
    let refused = refusal(database).await;
    assert!(refused.contains("V1__first"), "{refused}");
}

async fn nodes_that_start_together_migrate_once(database: &Database) {
    let open = || Store::open(database.options());
    let (one, other) = tokio::join!(open(), open());
    let applied = [one, other].map(|store| store.expect("a store").migrated().applied);
    assert_eq!(
        applied.iter().sum::<usize>(),
        newest_schema(),
        "{applied:?}"
    );
}

/// Why the database cannot be opened; it must be for good.
async fn refusal(database: &Database) -> String {
    match Store::open(database.options()).await {
        Err(StoreError::Unusable(reason)) => reason,
        other => panic!("{other:?} where the schema should be refused"),
    }
}
