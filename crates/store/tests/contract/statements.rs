//! Every SQL text of the crate, on the migrated schema.

use crate::database::Database;
use crate::harness::tests;

tests! {
    BOTH: every_text_prepares, a_text_that_does_not_fit_the_schema_is_named;
}

async fn every_text_prepares(database: &Database) {
    let store = database.open().await;
    assert!(orderchat_store::statements().len() > 50);
    store.prepare_all().await.expect("all prepare");
}

async fn a_text_that_does_not_fit_the_schema_is_named(database: &Database) {
    let store = database.open().await;
    let raw = database.raw().await;
    raw.execute("ALTER TABLE audit RENAME COLUMN detail TO details")
        .await;
    let refused = store.prepare_all().await.expect_err("a column is missing");
    assert!(
        refused.to_string().contains("INSERT INTO audit"),
        "{refused}"
    );
}
