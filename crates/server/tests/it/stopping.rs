//! What an orderly stop leaves of an SQLite database.

use serde_json::json;

use crate::harness::Server;

/// Who stops, copies and starts again has all of it in one file, as docs/OPERATIONS.md says; also what was
/// under way.
#[tokio::test]
async fn after_an_orderly_stop_the_database_is_one_file() {
    let mut server = Server::start().await;
    if !server.is_sqlite() {
        return;
    }
    let room = server.open_room().await;
    let sends = (0..20).map(|n| {
        let said = json!({ "content": format!("is number {n} in the file?") });
        let (writer, path) = (room.customer.clone(), room.at("messages/"));
        tokio::spawn(async move { writer.post(&path, said).await })
    });
    let sends: Vec<_> = sends.collect();
    for send in sends {
        send.await.expect("an answer").ok(201);
    }
    server.stop().await;
    let file = server
        .database_url()
        .trim_start_matches("sqlite:")
        .to_owned();
    let log = std::fs::metadata(format!("{file}-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "something is in the write-ahead log");
    let before = server.run(&["audit", "verify"], &[]).await;
    let copied = server.folder().join("copied.db");
    std::fs::copy(file, &copied).expect("the file alone");
    let copied = format!("sqlite:{}", copied.display());
    let after = server
        .run(&["audit", "verify"], &[("ORDERCHAT_DATABASE", &copied)])
        .await;
    assert!(
        before.output.starts_with("good: 1 rooms"),
        "{}",
        before.output
    );
    assert_eq!(after.output, before.output);
}

/// A backup, or a shell, may read while the server stops: then its end stays beside it, and it says so.
#[tokio::test]
async fn a_database_that_is_read_while_the_server_stops_keeps_its_log_and_that_is_said() {
    let mut server = Server::start().await;
    if !server.is_sqlite() {
        return;
    }
    let file = server
        .database_url()
        .trim_start_matches("sqlite:")
        .to_owned();
    let reader = rusqlite::Connection::open(file).expect("the database");
    reader
        .execute_batch("BEGIN; SELECT COUNT(*) FROM log")
        .expect("a snapshot");
    let room = server.open_room().await;
    server.stop().await;
    let log = server.log();
    let said = "the end of the database is in the write-ahead log beside it";
    assert!(log.contains(said), "{log}");
    reader.execute_batch("COMMIT").expect("the end");
    server.start_again();
    let reader = room.customer.asking(server.url());
    reader.get(&room.at("")).await.ok(200);
}
