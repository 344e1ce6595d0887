//! A1–A4: rooms, messages, participants and receipts of others.

use serde_json::json;

use crate::harness::{
    Answer, Client, Fields, Room, Server, message_path, participant_path, random_id,
};

/// Every verb on every path under these ids, with bodies that would be accepted.
async fn try_everything(
    client: &Client,
    room: &str,
    message: &str,
    participant: &str,
) -> Vec<Answer> {
    let room = format!("/api/chat/rooms/{room}/");
    let message = format!("/api/chat/messages/{message}/");
    let participant = participant_path(participant, "");
    let text = json!({ "content": "a" });
    let mut answers = Vec::new();
    for path in [
        room.clone(),
        format!("{room}messages/"),
        format!("{room}participants/"),
        format!("{room}events/"),
        message.clone(),
        participant.clone(),
    ] {
        answers.push(client.get(&path).await);
    }
    for action in ["close/", "archive/", "reopen/", "join/", "leave/", "read/"] {
        answers.push(client.act(&format!("{room}{action}")).await);
    }
    for action in ["mute/", "unmute/", "block/", "unblock/"] {
        answers.push(client.act(&format!("{participant}{action}")).await);
    }
    for action in ["read/", "delivered/"] {
        answers.push(client.act(&format!("{message}{action}")).await);
    }
    answers.push(client.post(&format!("{message}reply/"), text.clone()).await);
    answers.push(client.post(&format!("{room}messages/"), text.clone()).await);
    answers.push(
        client
            .post(&format!("{room}participants/"), json!({ "user": "kim" }))
            .await,
    );
    for (path, body) in [
        (&room, json!({ "title": "a" })),
        (&message, text),
        (&participant, json!({ "role": "customer" })),
    ] {
        answers.push(client.put(path, body.clone()).await);
        answers.push(client.patch(path, body).await);
        answers.push(client.delete(path).await);
    }
    answers
}

#[tokio::test]
async fn a1_nothing_of_a_room_one_is_not_in_can_be_told_from_what_does_not_exist() {
    let server = Server::start().await;
    let room = server.open_room().await;
    server.service().make_known("kim", "customer").await;
    let message = room.customer.say(&room, "private").await.string("id");
    let participant = room.participant(&room.customer).await.string("id");
    let head = room.head().await;

    let strangers = [
        server.customer("stranger"),
        server.rider("stranger"),
        server.pharmacy("stranger", "ph2"),
        server.pharmacy("stranger", "ph3"),
    ];
    for stranger in &strangers {
        for id in [&room.id, &room.code] {
            let real = try_everything(stranger, id, &message, &participant).await;
            let unreal = try_everything(stranger, &random_id(), &random_id(), &random_id()).await;
            for (real, unreal) in real.iter().zip(&unreal) {
                assert_eq!(real.status, 404, "{} by {}", real.request, stranger.user);
                assert_eq!(real.fingerprint(), unreal.fingerprint(), "{}", real.request);
            }
        }
    }
    assert_eq!(room.head().await, head, "nothing has happened in the room");
}

#[tokio::test]
async fn a1_ids_of_other_kinds_open_nothing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = room.customer.say(&room, "private").await.string("id");
    let participant = room.participant(&room.customer).await.string("id");
    for (room_id, message_id, participant_id) in [
        (message.as_str(), participant.as_str(), room.id.as_str()),
        (participant.as_str(), room.id.as_str(), message.as_str()),
        (
            room.order.as_str(),
            room.code.as_str(),
            room.customer.user.as_str(),
        ),
    ] {
        for path in [
            format!("/api/chat/rooms/{room_id}/"),
            format!("/api/chat/messages/{message_id}/"),
            participant_path(participant_id, ""),
        ] {
            room.admin.get(&path).await.refused(404);
        }
    }
}

#[tokio::test]
async fn a2_my_room_does_not_carry_me_into_anothers() {
    let server = Server::start().await;
    let mine = server.open_room().await;
    let other = server.open_room().await;
    let theirs = other.customer.say(&other, "private").await;
    let heads = (mine.head().await, other.head().await);

    let reply = json!({ "content": "a", "reply_to": theirs["id"] });
    let answer = mine.customer.send(&mine, reply).await;
    assert!([404, 422].contains(&answer.status), "{}", answer.text);
    assert!(!answer.text.contains("private"));
    mine.customer
        .post(&message_path(&theirs, "reply/"), json!({ "content": "a" }))
        .await
        .refused(404);

    let page = other
        .customer
        .get(&other.at("messages/?limit=1"))
        .await
        .ok(200);
    if let Some(previous) = page["previous"].as_str() {
        let query = previous.split('?').nth(1).unwrap_or_default();
        let crossed = mine
            .customer
            .get(&mine.at(&format!("messages/?{query}")))
            .await;
        assert!(!crossed.text.contains(&other.id), "{}", crossed.text);
    }
    assert_eq!((mine.head().await, other.head().await), heads);
}

#[tokio::test]
async fn a3_receipts_for_what_one_cannot_see_are_not_found() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let early = room.customer.say(&room, "before the new rider").await;
    room.rider_is("next").await;
    let stranger = server.customer("stranger");
    let next = server.rider("next");

    for rest in ["read/", "delivered/"] {
        for client in [&stranger, &next, &room.rider] {
            let answer = client.act(&message_path(&early, rest)).await;
            answer.refused(404);
            let unreal = format!("/api/chat/messages/{}/{rest}", random_id());
            assert_eq!(
                answer.fingerprint(),
                client.act(&unreal).await.fingerprint()
            );
        }
    }
    stranger.act(&room.at("read/")).await.refused(404);
    let seen = room.customer.get(&message_path(&early, "")).await.ok(200);
    assert_eq!(seen["status"], "sent");
}

#[tokio::test]
async fn a4_access_to_the_room_is_not_access_to_others_messages() {
    let server = Server::start().await;
    let room: Room = server.open_room().await;
    let sent = room.customer.say(&room, "mine").await;
    let path = message_path(&sent, "");
    for client in [&room.rider, &room.pharmacist, &room.support, &room.admin] {
        client
            .put(&path, json!({ "content": "yours" }))
            .await
            .refused(403);
    }
    for client in [&room.rider, &room.pharmacist] {
        client.delete(&path).await.refused(403);
    }
    let seen = room.customer.get(&path).await.ok(200);
    assert_eq!(
        (&seen["content"], &seen["is_deleted"]),
        (&json!("mine"), &json!(false))
    );
}
