//! Heads that were exported.

use super::Record;

#[tokio::test]
async fn a_head_says_what_was_signed_and_names_the_database() {
    let record = Record::stopped().await;
    let head = record.server.run(&["audit", "head"], &[]).await;
    let head: serde_json::Value = serde_json::from_str(&head.stdout).expect("a head is JSON");
    let epoch = record
        .sql
        .text("SELECT value FROM meta WHERE name = 'epoch'")
        .await;
    assert_eq!(head["format"], "orderchat-head-1");
    assert_eq!(head["number"], 1);
    assert_eq!(head["epoch"], epoch);
    assert_eq!(head["rooms"], 2);
}

#[tokio::test]
async fn a_forged_head_is_refused() {
    let record = Record::stopped().await;
    let head = record.server.run(&["audit", "head"], &[]).await.stdout;
    let file = record.server.folder().join("head.json");
    let path = file.to_str().expect("a path in UTF-8");
    for (forged, reason) in [
        (
            head.replace("\"rooms\": 2", "\"rooms\": 3"),
            "its signature is not good",
        ),
        (head.replace("orderchat-head-1", "other"), "its format is"),
        ("{}".to_owned(), "is no head"),
    ] {
        std::fs::write(&file, forged).expect("the head is kept");
        let verified = record.verify(&["--against", path]).await;
        assert_eq!(verified.status.code(), Some(1), "{}", verified.output);
        assert!(verified.output.contains(reason), "{}", verified.output);
    }
}
