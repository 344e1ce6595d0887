//! G3: if a write fails, nothing is acknowledged that is not there after a restart: what was under way
//! is refused, and the process ends, because SQLite's state is unknown then.
//!
//! The system refuses to write behind a place in the write-ahead log, another one in each round:
//! `ORDERCHAT_TEST_ROUNDS` says how many. PostgreSQL's files are not ours.

use futures_util::future::join_all;
use proptest::prelude::RngExt as _;
use reqwest::Method;
use serde_json::json;

use crate::harness::seed::{rng, rounds, seed};
use crate::harness::server::Options;
use crate::harness::{Client, Fields as _, Room, Server};

const WRITERS: usize = 8;
/// Pages of the write-ahead log that are written before it fails, at most.
const PAGES: u64 = 200;

/// A server whose writes can be made to fail, if there are files of its own to write.
async fn on_sqlite() -> Option<Server> {
    let server = Options::default().with_failing_writes().start().await;
    server.is_sqlite().then_some(server)
}

/// Bytes of the write-ahead log, to which all that is committed is appended until it is copied.
fn log_size(server: &Server) -> u64 {
    let file = server.database_url().trim_start_matches("sqlite:");
    let log = std::fs::metadata(format!("{file}-wal"));
    log.expect("there is a write-ahead log").len()
}

/// Sends until something else than 201 is the answer, or none; what was acknowledged.
async fn write_on(client: &Client, room: &Room, name: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        let content = format!("{name} said {}", acknowledged.len());
        let request = client.request(Method::POST, &room.at("messages/"));
        let answer = request.json(&json!({ "content": content })).send().await;
        match answer.map(|answer| answer.status().as_u16()) {
            Ok(201) => acknowledged.push(content),
            Ok(503) | Err(_) => return acknowledged,
            Ok(status) => panic!("a write that fails is answered {status}"),
        }
    }
}

#[tokio::test]
async fn g3_after_a_write_that_failed_everything_acknowledged_is_there_and_the_record_is_whole() {
    let mut random = rng(seed());
    for round in 0..rounds("ORDERCHAT_TEST_ROUNDS", 5) {
        let Some(mut server) = on_sqlite().await else {
            return;
        };
        let room = server.open_room().await;
        let more = random.random_range(0..PAGES * 4096);
        server.fail_writes_beyond(log_size(&server) + more);
        let people = [&room.customer, &room.rider, &room.pharmacist, &room.admin];
        let writers = people.iter().cycle().take(WRITERS).enumerate();
        let writing = writers.map(|(name, client)| write_on(client, &room, name));
        let acknowledged = join_all(writing).await.concat();
        assert_eq!(server.ended().await.code(), Some(1), "round {round}");
        let log = server.log();
        assert!(log.contains("could not be written"), "{log}");

        server.start_again();
        let reader = room.admin.asking(server.url());
        let mut there: Vec<_> = reader
            .all(&room.at("messages/?after=0&limit=200"))
            .await
            .iter()
            .map(|message| message.string("content").to_owned())
            .filter(|content| content.contains(" said "))
            .collect();
        let all = there.len();
        there.sort_unstable();
        there.dedup();
        assert_eq!(there.len(), all, "round {round}: something is there twice");
        for content in &acknowledged {
            assert!(
                there.binary_search(content).is_ok(),
                "round {round}, {more} bytes: {content:?} was acknowledged and is gone"
            );
        }
        // What was being written when it failed may be there or not; nothing else.
        assert!(all <= acknowledged.len() + WRITERS, "round {round}: {all}");
        let verified = server.run(&["audit", "verify"], &[]).await;
        assert!(verified.output.starts_with("good"), "{}", verified.output);
    }
}

/// Who is told by a service manager that a stop was in good order may copy the file.
#[tokio::test]
async fn g3_a_stop_whose_last_writes_fail_is_none_in_good_order() {
    let Some(mut server) = on_sqlite().await else {
        return;
    };
    let room = server.open_room().await;
    room.customer.say(&room, "under the last signature").await;
    // Behind what the server logs, before the end of what it has written.
    let bytes = 64 * 1024;
    assert!(log_size(&server) > bytes);
    server.fail_writes_beyond(bytes);
    server.ask_to_stop();
    let status = server.ended().await;
    let log = server.log();
    assert_eq!(status.code(), Some(1), "{log}");
    server.start_again();
    let reader = room.customer.asking(server.url());
    let messages = reader.all(&room.at("messages/")).await;
    let said = messages
        .iter()
        .any(|message| message["content"] == "under the last signature");
    assert!(said, "{messages:?}");
}
