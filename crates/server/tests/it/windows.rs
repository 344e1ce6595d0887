//! What ends by the clock, checked when it is used: edits, deletions, writing, mutes, tokens.

use serde_json::json;

use crate::harness::wall_clock::{HOUR, MINUTE, can_move_clocks};
use crate::harness::{Server, message_path};

#[tokio::test]
async fn customers_and_riders_edit_and_delete_their_own_for_15_minutes() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let mut messages = Vec::new();
    for client in [&room.customer, &room.rider, &room.pharmacist] {
        let text = message_path(&client.say(&room, "first").await, "");
        let other = message_path(&client.say(&room, "second").await, "");
        messages.push((client, text, other));
    }
    server.jump(15 * MINUTE - 30);
    for (client, text, _) in &messages {
        assert_eq!(client.get(text).await.ok(200)["can_be_edited"], true);
        let better = json!({ "content": "better" });
        client.patch(text, better).await.ok(200);
    }
    server.jump(MINUTE);
    for (client, text, other) in &messages {
        let is_staff = client.user == room.pharmacist.user;
        let seen = client.get(text).await.ok(200);
        assert_eq!(seen["can_be_edited"], is_staff);
        assert_eq!(seen["can_be_deleted"], is_staff);
        let edited = client.patch(text, json!({ "content": "late" })).await;
        let deleted = client.delete(other).await;
        if is_staff {
            edited.ok(200);
            deleted.ok(204);
        } else {
            edited.refused(403);
            deleted.refused(403);
        }
    }
}

#[tokio::test]
async fn a_message_may_be_deleted_until_the_window_ends() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let path = message_path(&room.customer.say(&room, "a slip").await, "");
    server.jump(15 * MINUTE - 30);
    room.customer.delete(&path).await.ok(204);
}

#[tokio::test]
async fn after_the_end_riders_write_for_30_minutes_and_customers_until_the_room_closes() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    room.order_is("delivered").await;
    server.jump(30 * MINUTE - 30);
    room.rider.say(&room, "still here").await;
    server.jump(MINUTE);
    let late = room.rider.send(&room, json!({ "content": "late" })).await;
    let detail = late.refused(403)["detail"].to_string();
    assert!(detail.contains("policy"), "says why: {detail}");
    room.rider.get(&room.at("messages/")).await.ok(200);
    room.customer.say(&room, "where is the second box?").await;
    server.jump(89 * MINUTE);
    let room = room.renewed(&server);
    room.customer.say(&room, "thank you").await;
    assert_eq!(room.seen_by(&room.admin).await["status"], "open");
    room.pharmacist.say(&room, "you are welcome").await;
}

#[tokio::test]
async fn a_mute_ends_when_its_duration_has_passed() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let mute = room.participant_at(&room.customer, "mute/").await;
    let for_half_an_hour = json!({ "duration": 30 * MINUTE });
    room.pharmacist.post(&mute, for_half_an_hour).await.ok(200);
    let text = json!({ "content": "hello?" });
    server.jump(30 * MINUTE - 30);
    room.customer.send(&room, text.clone()).await.refused(403);
    assert_eq!(room.participant(&room.customer).await["is_muted"], true);
    server.jump(MINUTE);
    room.customer.send(&room, text).await.ok(201);
    let unmuted = room.participant(&room.customer).await;
    assert_eq!(unmuted["is_muted"], false);
    assert_eq!(unmuted["muted_until"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_token_ends_when_it_says_so() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    // Seen before and not: what is remembered of a token does not outlive it.
    let unseen = server.customer(&room.customer.user);
    room.customer.get(&room.at("")).await.ok(200);
    server.jump(HOUR);
    for client in [&room.customer, &unseen] {
        client.get(&room.at("")).await.refused(401);
    }
    let renewed = room.renewed(&server);
    renewed.customer.get(&room.at("")).await.ok(200);
}

#[tokio::test]
async fn what_was_revoked_stays_dead_when_the_clock_is_put_back() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let revoke = format!("/api/users/{}/revoke/", room.customer.user);
    server.jump(2 * HOUR);
    let later = room.renewed(&server);
    later.service.act(&revoke).await.ok(200);
    later.customer.get(&room.at("")).await.refused(401);

    server.jump(-HOUR);
    let service = room.renewed(&server).service;
    service.act(&revoke).await.ok(200);
    later.customer.get(&room.at("")).await.refused(401);
    server.jump(HOUR);
    later.customer.get(&room.at("")).await.refused(401);
    server.jump(MINUTE);
    let anew = room.renewed(&server);
    anew.customer.get(&room.at("")).await.ok(200);
}
