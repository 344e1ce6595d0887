//! A32: floods of messages, rooms, receipts, edits, reports and reads from one user leave the others
//! alone.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Server, message_path};

#[tokio::test]
async fn a32_floods_are_answered_429_and_others_go_on() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let path = message_path(&room.customer.say(&room, "a").await, "");
    let read = message_path(&room.rider.say(&room, "b").await, "read/");

    let sends =
        join_all((0..100).map(|_| room.customer.send(&room, json!({ "content": "a" })))).await;
    let edits =
        join_all((0..100).map(|_| room.customer.patch(&path, json!({ "content": "a" })))).await;
    let receipts = join_all((0..300).map(|_| room.customer.act(&read))).await;
    let reads = join_all((0..600).map(|_| room.customer.get("/api/chat/rooms/"))).await;
    for flood in [sends, edits, receipts, reads] {
        let refused: Vec<_> = flood.iter().filter(|answer| answer.status == 429).collect();
        assert!(
            !refused.is_empty(),
            "{} was never refused",
            flood[0].request
        );
        for answer in refused {
            answer.refused(429);
            answer.retry_after_s();
        }
        assert!(
            flood
                .iter()
                .all(|answer| answer.status < 500 || answer.status == 503),
            "a flood is no fault of ours"
        );
    }
    room.rider.say(&room, "undisturbed").await;
    room.rider.get(&room.at("messages/")).await.ok(200);
    room.pharmacist.say(&room, "undisturbed").await;
}

/// What makes something counts with the sends, also where nothing new comes of it.
#[tokio::test]
async fn a32_floods_of_rooms_orders_users_and_reports_are_answered_429() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let report = message_path(&room.rider.say(&room, "a").await, "report/");
    let floods = [
        (
            &room.pharmacist,
            reqwest::Method::POST,
            "/api/chat/rooms/",
            json!({ "order": room.order }),
        ),
        (
            &room.customer,
            reqwest::Method::POST,
            report.as_str(),
            json!({ "reason": "spam" }),
        ),
        (
            &room.rider,
            reqwest::Method::PUT,
            "/api/orders/of-mine/",
            room.report.body(),
        ),
        (
            &room.colleague,
            reqwest::Method::PUT,
            "/api/users/colleague/",
            json!({ "name": "Me", "role": "admin" }),
        ),
        (
            &room.support,
            reqwest::Method::POST,
            "/api/users/other/revoke/",
            json!({}),
        ),
    ];
    for (client, method, path, body) in floods {
        let asked =
            (0..100).map(|_| client.dispatch(client.request(method.clone(), path).json(&body)));
        let answers = join_all(asked).await;
        let refused: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == 429)
            .collect();
        assert!(refused.len() >= 60, "{path}: {} of 100", refused.len());
        for answer in refused {
            answer.refused(429);
            answer.retry_after_s();
        }
        assert!(answers.iter().all(|answer| answer.status < 500), "{path}");
    }
    let twice = server.rider("nobody-flooded");
    twice.get("/api/chat/rooms/").await.ok(200);
}

#[tokio::test]
async fn a32_requests_in_flight_are_bounded() {
    let server = Server::with("ORDERCHAT_MAX_IN_FLIGHT", "4").start().await;
    let room = server.open_room().await;
    let answers =
        join_all((0..300).map(|_| room.customer.send(&room, json!({ "content": "a" })))).await;
    let accepted = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(accepted >= 4, "{accepted}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused(503);
        answer.retry_after_s();
    }
    let stored = room.messages_seen_by(&room.rider).await;
    let texts = stored
        .iter()
        .filter(|message| message["message_type"] == "text")
        .count();
    assert_eq!(
        texts, accepted,
        "what was refused is not there, what was accepted is"
    );
}
