//! Staff are told of all rooms that they reach, followed or not.

use serde_json::json;

use crate::harness::{Fields, Live, Server, shape};

#[tokio::test]
async fn staff_are_told_of_rooms_that_they_do_not_follow() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut pharmacist = Live::of(&room.pharmacist).await;
    let mut support = Live::of(&room.support).await;
    let mut elsewhere = Live::of(&server.pharmacy("staff-else", "ph2")).await;
    let mut customer = Live::of(&room.customer).await;
    let message = room.customer.say(&room, "is anybody there?").await;
    let summary = json!({ "type": "room_summary", "room": room.id, "seq": message["seq"] });
    let told = pharmacist.expect(summary.clone()).await;
    assert_eq!(told["status"], "open");
    assert_eq!(told["last_message"]["id"], message["id"]);
    assert_eq!(told["unread_count"], 1);
    shape::is_time(&told.string("last_activity"));
    let told = support.expect(summary).await;
    assert!(told["unread_count"].is_null(), "they are not in it: {told}");
    for live in [&mut elsewhere, &mut customer] {
        live.fence().await;
        let summaries = live.received.iter().filter(|f| f["type"] == "room_summary");
        assert_eq!(summaries.count(), 0, "{live:?}");
    }
}

#[tokio::test]
async fn every_connection_of_a_user_is_shown_the_same() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut lives = Vec::new();
    for _ in 0..3 {
        lives.push(Live::of(&room.pharmacist).await);
    }
    let message = room.customer.say(&room, "is anybody there?").await;
    for live in &mut lives {
        let summary = json!({ "type": "room_summary", "room": room.id, "seq": message["seq"] });
        let told = live.expect(summary).await;
        assert_eq!(told["unread_count"], 1);
        assert_eq!(told["last_message"]["id"], message["id"]);
    }
}

#[tokio::test]
async fn reading_and_closing_change_the_summary() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::of(&room.pharmacist).await;
    let seq = room.customer.say(&room, "one").await.number("seq");
    live.expect(json!({ "type": "room_summary", "unread_count": 1 }))
        .await;
    live.done(json!({ "type": "read", "room": room.id, "seq": seq }))
        .await;
    live.expect(json!({ "type": "room_summary", "unread_count": 0 }))
        .await;
    room.close().await;
    live.expect(json!({ "type": "room_summary", "status": "closed" }))
        .await;
    let opened = server.open_room().await;
    live.expect(json!({ "type": "room_summary", "room": opened.id }))
        .await;
}

#[tokio::test]
async fn of_a_room_that_is_deleted_those_learn_who_do_not_follow_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut watching = Live::of(&room.pharmacist).await;
    let mut following = Live::following(&room.support, &room).await;
    let blocked = server.support("sid");
    let place = room.add(&blocked, "support").await.string("id");
    let block = format!("/api/chat/participants/{place}/block/");
    room.admin.act(&block).await.ok(200);
    let mut blocked = Live::of(&blocked).await;
    let mut elsewhere = Live::of(&server.pharmacy("staff-else", "ph2")).await;
    room.admin.delete(&room.at("")).await.ok(204);
    let gone = json!({ "type": "resync", "room": room.id, "reason": "gone", "seq": null });
    watching.expect(gone).await;
    // Who follows it has its last event, and nothing behind it.
    following.event(&room, "room.deleted").await;
    following.fence().await;
    let told = following.frames_of(&room);
    assert!(
        told.iter().all(|frame| frame["type"] != "resync"),
        "{following:?}"
    );
    for live in [&mut elsewhere, &mut blocked] {
        live.fence().await;
        assert!(live.frames_of(&room).is_empty(), "{live:?}");
    }
}
