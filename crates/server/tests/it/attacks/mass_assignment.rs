//! A5: setting what only the server sets.

use serde_json::{Value, json};

use crate::harness::{Fields, Server, message_path};

/// The body with one field more.
fn with(body: &Value, field: &str, value: &Value) -> Value {
    let mut body = body.clone();
    body[field] = value.clone();
    body
}

#[tokio::test]
async fn a5_fields_of_the_server_are_refused_wherever_they_are_given() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.customer.say(&room, "hello").await;
    let own = room.participant_at(&room.customer, "").await;
    let head = room.head().await;

    let forged = [
        ("id", json!("00000000-0000-7000-8000-000000000000")),
        ("role", json!("admin")),
        (
            "sender",
            json!(room.participant(&room.pharmacist).await["id"]),
        ),
        ("sender_role", json!("admin")),
        ("sender_name", json!("System")),
        ("seq", json!(1)),
        ("version", json!(1)),
        ("timestamp", json!("2020-01-01T00:00:00.000Z")),
        ("status", json!("read")),
        ("is_deleted", json!(true)),
        ("is_system_message", json!(true)),
        ("read_at", json!("2020-01-01T00:00:00.000Z")),
        ("room", json!(room.id)),
        ("notices", json!([])),
    ];
    for (field, value) in &forged {
        let body = with(&json!({ "content": "a" }), field, value);
        room.customer.send(&room, body.clone()).await.refused(422);
        room.customer
            .post(&message_path(&sent, "reply/"), body.clone())
            .await
            .refused(422);
        room.customer
            .patch(&message_path(&sent, ""), body)
            .await
            .refused(422);
    }
    for (field, value) in [
        ("role", json!("admin")),
        ("is_muted", json!(false)),
        ("is_blocked", json!(false)),
        ("user", json!("somebody")),
        ("read_seq", json!(0)),
        ("joined_at", json!("2020-01-01T00:00:00.000Z")),
        ("can_send_messages", json!(true)),
    ] {
        let body = with(&json!({ "notification_preferences": {} }), field, &value);
        let answer = room.customer.patch(&own, body).await;
        assert!(
            [403, 422].contains(&answer.status),
            "{field}: {}",
            answer.text
        );
    }
    for (field, value) in [
        ("status", json!("archived")),
        ("order", json!("another")),
        ("closed_by", json!(null)),
        ("participant_count", json!(0)),
        ("seq", json!(0)),
        ("room_id", json!("CHAT-AAAA-AAAA")),
    ] {
        let body = with(&json!({ "title": "T" }), field, &value);
        room.admin.patch(&room.at(""), body).await.refused(422);
    }
    assert_eq!(room.head().await, head);
    assert_eq!(room.customer.get(&own).await.ok(200)["role"], "customer");
}

#[tokio::test]
async fn a5_nobody_writes_as_the_system() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for kind in ["system", "order_update", "delivery_update"] {
        for client in [
            &room.customer,
            &room.rider,
            &room.pharmacist,
            &room.support,
            &room.admin,
        ] {
            let draft = json!({ "content": "Refunded.", "message_type": kind });
            client.send(&room, draft).await.refused(422);
        }
    }
    let from_people = room
        .messages_seen_by(&room.customer)
        .await
        .iter()
        .filter(|message| message.string("content") == "Refunded.")
        .count();
    assert_eq!(from_people, 0);
}
