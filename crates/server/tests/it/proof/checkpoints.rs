//! The checkpoints themselves, and what they cover.

use std::time::Duration;

use serde_json::json;

use super::Record;
use crate::harness::Server;
use crate::harness::sql::Sql;

#[tokio::test]
async fn a_changed_checkpoint_is_named() {
    for change in [
        "at = at + 1",
        "epoch = 'other'",
        "rooms = 1",
        "audit_chain = root",
    ] {
        let record = Record::stopped().await;
        record
            .tamper(&format!("UPDATE checkpoint SET {change}"))
            .await;
        let output = record.verify(&[]).await.output;
        assert!(
            output.contains("checkpoint 1: was changed: its signature is not good"),
            "{change}: {output}"
        );
    }
}

#[tokio::test]
async fn a_room_taken_out_of_a_checkpoint_is_noticed() {
    let record = Record::stopped().await;
    let id: uuid::Uuid = record.room.id.parse().expect("an id");
    let id = record.sql.literal(id.as_bytes());
    record
        .tamper(&format!("DELETE FROM checkpoint_room WHERE room = {id}"))
        .await;
    record
        .finds(&["checkpoint 1: its rooms were changed or removed"])
        .await;
}

#[tokio::test]
async fn a_removed_checkpoint_is_named() {
    let mut record = Record::stopped().await;
    record.server.start_again();
    record.server.open_room().await;
    record.server.stop().await;
    record
        .sql
        .execute(
            "DELETE FROM checkpoint WHERE number = 1;
             DELETE FROM checkpoint_room WHERE checkpoint = 1;",
        )
        .await;
    record.finds(&["checkpoint 1: was removed"]).await;
}

#[tokio::test]
async fn nothing_new_makes_no_checkpoint() {
    let mut record = Record::stopped().await;
    let count = "SELECT COUNT(*) FROM checkpoint";
    let before = record.sql.int(count).await;
    record.server.start_again();
    record.server.stop().await;
    assert_eq!(record.sql.int(count).await, before);
}

/// Several nodes sign under one lock: each change is covered, and the checkpoints are one chain.
#[tokio::test]
async fn what_is_written_while_checkpoints_are_signed_is_covered_by_the_next() {
    let mut server = Server::with("ORDERCHAT_CHECKPOINT_EVERY", "1s")
        .start()
        .await;
    let room = server.open_room().await;
    let sql = Sql::connect(server.database_url()).await;
    let mut sent = 0;
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while sql.int("SELECT COUNT(*) FROM checkpoint").await < 3 {
        assert!(
            std::time::Instant::now() < deadline,
            "no three checkpoints in 30 s"
        );
        sent += 1;
        let said = json!({ "content": format!("message {sent}") });
        room.customer
            .post(&room.at("messages/"), said)
            .await
            .ok(201);
    }
    server.stop().await;
    let verified = server.run(&["audit", "verify"], &[]).await;
    assert!(verified.status.success(), "{}", verified.output);
    assert!(
        verified
            .output
            .contains("; 0 rooms have entries that it does not cover yet"),
        "{}",
        verified.output
    );
}
