//! The audit: A34.

use super::Record;
use crate::harness::process::Stopped;

/// The number of the audit's entry in this place, from 0.
async fn number(record: &Record, place: usize) -> i64 {
    record
        .sql
        .int(&format!(
            "SELECT g FROM audit ORDER BY g LIMIT 1 OFFSET {place}"
        ))
        .await
}

#[tokio::test]
async fn a34_an_edited_row_is_named() {
    for change in [
        "actor = 0",
        "action = 'room.deleted'",
        "target = NULL",
        "ip = '192.0.2.1'",
        "user_agent = 'other'",
        "request_id = 'other'",
        "at = at - 1",
    ] {
        let record = Record::stopped().await;
        let second = number(&record, 1).await;
        record
            .tamper(&format!("UPDATE audit SET {change} WHERE g = {second}"))
            .await;
        record
            .finds(&[&format!("audit: entry {second} does not follow")])
            .await;
    }
}

#[tokio::test]
async fn a34_an_edited_reason_is_named() {
    let record = Record::stopped().await;
    let second = number(&record, 1).await;
    record
        .tamper(&format!(
            "UPDATE audit SET detail = 'nobody asked' WHERE g = {second}"
        ))
        .await;
    record
        .finds(&[&format!("audit: entry {second} was changed: its text")])
        .await;
}

#[tokio::test]
async fn a34_a_deleted_row_is_named_by_the_one_after() {
    let record = Record::stopped().await;
    let (second, third) = (number(&record, 1).await, number(&record, 2).await);
    record
        .tamper(&format!("DELETE FROM audit WHERE g = {second}"))
        .await;
    record
        .finds(&[&format!("audit: entry {third} does not follow")])
        .await;
}

#[tokio::test]
async fn a34_reordered_rows_are_named() {
    let record = Record::stopped().await;
    let (second, third) = (number(&record, 1).await, number(&record, 2).await);
    record
        .tamper(&format!(
            "UPDATE audit SET g = -1 WHERE g = {second};
             UPDATE audit SET g = {second} WHERE g = {third};
             UPDATE audit SET g = {third} WHERE g = -1;"
        ))
        .await;
    record
        .finds(&[&format!(
            "audit: entry {second} was swapped with entry {third}"
        )])
        .await;
}

#[tokio::test]
async fn a34_a_truncated_audit_is_named() {
    let record = Record::stopped().await;
    let (third, last) = (number(&record, 2).await, number(&record, 3).await);
    record
        .tamper(&format!("DELETE FROM audit WHERE g >= {third}"))
        .await;
    record
        .finds(&[&format!("audit: entry {last} was cut off")])
        .await;
}

#[tokio::test]
async fn a34_an_older_copy_is_told_by_an_exported_head() {
    let mut record = Record::stopped().await;
    let head = record.server.run(&["audit", "head"], &[]).await;
    assert!(head.status.success(), "{}", head.output);
    let first = record.server.folder().join("first.json");
    std::fs::write(&first, &head.stdout).expect("the head is kept");
    record.server.start_again();
    record.server.open_room().await;
    record.server.stop().await;
    let head = record.server.run(&["audit", "head"], &[]).await;
    let second = record.server.folder().join("second.json");
    std::fs::write(&second, &head.stdout).expect("the head is kept");

    let against = |file: &std::path::Path| file.to_str().expect("a path in UTF-8").to_owned();
    for file in [&first, &second] {
        let verified = record.verify(&["--against", &against(file)]).await;
        assert!(verified.status.success(), "{}", verified.output);
    }

    // What a copy of before the second room would look like.
    record
        .sql
        .execute(
            "DELETE FROM checkpoint WHERE number > 1;
             DELETE FROM checkpoint_room WHERE checkpoint > 1;",
        )
        .await;
    let still = record.verify(&["--against", &against(&first)]).await;
    assert!(still.status.success(), "{}", still.output);
    let Stopped { status, output, .. } = record.verify(&["--against", &against(&second)]).await;
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(
        output.contains("exported head: checkpoint 2 of ") && output.contains("an older copy"),
        "{output}"
    );
}
