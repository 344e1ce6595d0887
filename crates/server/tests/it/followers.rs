//! Search and statistics go on where they were, whatever the server was doing when it was killed.

use futures_util::future::join_all;

use crate::harness::{Client, Fields, Room, Server};

/// More than a unit of the index has entries.
const ROUNDS: usize = 48;
const AT_ONCE: usize = 50;

async fn talk(client: &Client, room: &Room, round: usize) {
    let says = (0..AT_ONCE).map(|n| {
        let text = format!("canary {round}-{n} sings");
        async move { client.say(room, &text).await }
    });
    join_all(says).await;
}

#[tokio::test]
async fn a_server_killed_while_it_indexes_loses_nothing() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let mut client = room.customer.clone();
    for round in 0..ROUNDS {
        if round % 12 == 11 {
            server.restart_after_kill();
            client = server.customer(&room.customer.user);
        }
        talk(&client, &room, round).await;
    }
    server.restart_after_kill();
    let client = server.customer(&room.customer.user);
    let found = client.all("/api/chat/search/?q=canary&limit=200").await;
    assert_eq!(found.len(), ROUNDS * AT_ONCE);
    for (round, n) in [(0, 0), (17, 49), (47, 3)] {
        let path = format!("/api/chat/search/?q=canary%20{round}-{n}%20sings");
        let found = client.all(&path).await;
        assert_eq!(found.len(), 1, "message {round}-{n}");
    }
    let admin = server.admin("admin-1");
    let stats = admin.get(&room.at("stats/")).await.ok(200);
    let count = admin
        .get(&room.at(""))
        .await
        .ok(200)
        .number("message_count");
    assert_eq!(stats["total_messages"], count);
    assert_eq!(stats["by_message_type"]["text"], ROUNDS * AT_ONCE);
}

#[tokio::test]
async fn how_far_followers_are_behind_is_a_metric() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "hello").await;
    for follower in ["search", "statistics"] {
        let name = format!("orderchat_follower_lag_entries{{follower=\"{follower}\"}}");
        // The gauge is set by a loop that nothing tells of; it runs every second at least.
        let mut metrics = String::new();
        for _ in 0..1_000 {
            metrics = server.metrics().get("/metrics").await.text;
            if metrics.contains(&name) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(metrics.contains(&name), "{metrics}");
    }
}
