//! Reports of messages: `/messages/{id}/report/`.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Fields, Server, message_path, random_id, shape};

#[tokio::test]
async fn whoever_reads_a_message_may_report_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.rider.say(&room, "an insult").await;
    let path = message_path(&sent, "report/");
    let reasons = ["abuse", "spam", "privacy", "other"];
    let reporters = [&room.customer, &room.pharmacist, &room.support, &room.admin];
    for (reporter, reason) in reporters.into_iter().zip(reasons) {
        let body = json!({ "reason": reason, "note": "look at this" });
        let report = reporter.post(&path, body).await.ok(201);
        assert_eq!(report["message"], sent["id"]);
        assert_eq!(report["reason"], reason);
        shape::is_time(&report.string("reported_at"));
    }
    room.service
        .post(&path, json!({ "reason": "spam" }))
        .await
        .refused(403);
    let unknown = format!("/api/chat/messages/{}/report/", random_id());
    let stranger = server.customer("stranger");
    let refused = stranger.post(&path, json!({ "reason": "spam" })).await;
    let nothing = stranger.post(&unknown, json!({ "reason": "spam" })).await;
    assert_eq!(refused.fingerprint(), nothing.fingerprint());
    refused.refused(404);
}

#[tokio::test]
async fn a_message_is_reported_once_by_each() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.rider.say(&room, "an insult").await;
    let path = message_path(&sent, "report/");
    let first = json!({ "reason": "abuse" });
    let kept = room.customer.post(&path, first).await.ok(201);
    let other = json!({ "reason": "spam", "note": "changed my mind" });
    assert_eq!(room.customer.post(&path, other).await.ok(200), kept);

    let other = room.rider.say(&room, "another").await;
    let path = message_path(&other, "report/");
    let answers =
        join_all((0..16).map(|_| room.customer.post(&path, json!({ "reason": "spam" })))).await;
    let new = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(new, 1);
    for answer in &answers {
        assert_eq!(answer.json(), answers[0].json());
    }
}

#[tokio::test]
async fn a_report_is_taken_in_every_state_of_the_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.pharmacist.say(&room, "an insult").await;
    let path = message_path(&sent, "report/");
    room.close().await;
    room.customer
        .post(&path, json!({ "reason": "abuse" }))
        .await
        .ok(201);
    room.archive().await;
    room.colleague
        .post(&path, json!({ "reason": "abuse" }))
        .await
        .ok(201);
    room.admin.delete(&room.at("")).await.ok(204);
    room.support
        .post(&path, json!({ "reason": "abuse" }))
        .await
        .refused(404);
}

#[tokio::test]
async fn a_report_says_what_is_wrong_with_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let path = message_path(&room.rider.say(&room, "a").await, "report/");
    for wrong in [
        json!({}),
        json!({ "reason": "boring" }),
        json!({ "reason": "abuse", "note": "x".repeat(1_001) }),
        json!({ "reason": "abuse", "note": "a\u{7}" }),
        json!({ "reason": "abuse", "reporter": "somebody" }),
    ] {
        room.customer.post(&path, wrong).await.refused(422);
    }
    room.customer
        .post(&path, json!({ "reason": "abuse", "note": " " }))
        .await
        .ok(201);
}

/// Neither in the room nor in the log of the process.
#[tokio::test]
async fn what_is_written_with_a_report_is_shown_to_nobody_in_the_room() {
    let server = Server::with("ORDERCHAT_LOG", "trace").start().await;
    let room = server.open_room().await;
    let sent = room.rider.say(&room, "an insult").await;
    let head = room.head().await;
    let body = json!({ "reason": "abuse", "note": "canary-note" });
    let report = room
        .customer
        .post(&message_path(&sent, "report/"), body)
        .await;
    assert!(!report.text.contains("canary-note"));
    report.ok(201);
    assert_eq!(room.head().await, head, "the room says nothing of it");
    for viewer in [&room.rider, &room.customer, &room.pharmacist, &room.support] {
        for path in [
            room.at("events/?after=0&limit=200"),
            message_path(&sent, ""),
        ] {
            let answer = viewer.get(&path).await;
            assert!(!answer.text.contains("canary-note"), "{}", answer.request);
        }
    }
    assert!(!server.log().contains("canary-note"));
}
