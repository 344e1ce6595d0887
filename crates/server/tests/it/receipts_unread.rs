//! `/read/`, `/delivered/`, unread counts and the status of messages.

use serde_json::{Value, json};

use crate::harness::{Client, Fields, Room, Server, message_path, shape};

async fn unread(room: &Room, client: &Client) -> Value {
    room.seen_by(client).await["unread_count"].clone()
}

#[tokio::test]
async fn what_others_wrote_is_unread_until_read() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.act(&room.at("read/")).await.ok(200);
    room.customer.say(&room, "my own").await;
    assert_eq!(
        unread(&room, &room.customer).await,
        0,
        "one's own is never unread"
    );
    let first = room.rider.say(&room, "one").await;
    room.rider.say(&room, "two").await;
    let third = room.pharmacist.say(&room, "three").await;
    assert_eq!(unread(&room, &room.customer).await, 3);

    room.customer
        .act(&message_path(&first, "read/"))
        .await
        .ok(200);
    assert_eq!(
        unread(&room, &room.customer).await,
        2,
        "read is everything up to it"
    );
    room.customer
        .act(&message_path(&third, "delivered/"))
        .await
        .ok(200);
    assert_eq!(
        unread(&room, &room.customer).await,
        2,
        "received is not read"
    );
    room.customer.say(&room, "writing is not reading").await;
    assert_eq!(unread(&room, &room.customer).await, 2);
    room.customer.act(&room.at("read/")).await.ok(200);
    assert_eq!(unread(&room, &room.customer).await, 0);
}

#[tokio::test]
async fn deleting_lowers_editing_does_not_raise() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.act(&room.at("read/")).await.ok(200);
    let first = room.rider.say(&room, "one").await;
    let second = room.rider.say(&room, "two").await;

    room.rider.delete(&message_path(&first, "")).await.ok(204);
    assert_eq!(unread(&room, &room.customer).await, 1);
    room.rider
        .patch(&message_path(&second, ""), json!({ "content": "2" }))
        .await
        .ok(200);
    assert_eq!(unread(&room, &room.customer).await, 1);
    room.customer.act(&room.at("read/")).await.ok(200);
    room.rider
        .patch(&message_path(&second, ""), json!({ "content": "II" }))
        .await
        .ok(200);
    room.rider.delete(&message_path(&second, "")).await.ok(204);
    assert_eq!(unread(&room, &room.customer).await, 0);
}

#[tokio::test]
async fn updates_of_the_order_count_and_system_messages_do_not() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.act(&room.at("read/")).await.ok(200);
    let note = json!({ "message_type": "system", "content": "A note." });
    room.service.send(&room, note).await.ok(201);
    assert_eq!(unread(&room, &room.customer).await, 0);
    room.order_is("preparing").await;
    assert_eq!(unread(&room, &room.customer).await, 1);
}

#[tokio::test]
async fn only_who_is_in_the_room_counts() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.rider.say(&room, "hello").await;
    for outside in [&room.support, &room.admin, &room.service] {
        assert_eq!(unread(&room, outside).await, Value::Null);
    }
    assert_eq!(unread(&room, &room.customer).await, 1);
    room.archive().await;
    assert_eq!(unread(&room, &room.customer).await, 0);
}

#[tokio::test]
async fn marks_only_grow() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let first = room.customer.say(&room, "one").await;
    let second = room.customer.say(&room, "two").await;

    room.rider
        .act(&message_path(&second, "read/"))
        .await
        .ok(200);
    room.rider.act(&message_path(&first, "read/")).await.ok(200);
    room.rider
        .act(&message_path(&first, "delivered/"))
        .await
        .ok(200);
    let rider = room.participant(&room.rider).await;
    assert_eq!(rider["read_seq"], second["seq"]);
    assert_eq!(
        rider["delivered_seq"], second["seq"],
        "reading implies delivery"
    );
    assert_eq!(unread(&room, &room.rider).await, 0);
}

#[tokio::test]
async fn status_follows_the_others_and_never_falls_back() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.customer.say(&room, "hello").await;
    let path = message_path(&sent, "");
    let status = || async { room.customer.get(&path).await.ok(200) };

    room.customer
        .act(&message_path(&sent, "read/"))
        .await
        .ok(200);
    assert_eq!(
        status().await["status"],
        "sent",
        "one's own reading is nobody else's"
    );
    room.rider
        .act(&message_path(&sent, "delivered/"))
        .await
        .ok(200);
    let delivered = status().await;
    assert_eq!(
        (&delivered["status"], &delivered["read_at"]),
        (&json!("delivered"), &Value::Null)
    );
    let delivered_at = delivered.string("delivered_at");
    shape::is_time(&delivered_at);

    room.pharmacist
        .act(&message_path(&sent, "read/"))
        .await
        .ok(200);
    let read = status().await;
    assert_eq!(
        (&read["status"], &read["delivered_at"]),
        (&json!("read"), &json!(delivered_at))
    );
    shape::is_time(&read.string("read_at"));

    room.remove(&room.pharmacist).await;
    room.remove(&room.rider).await;
    assert_eq!(
        status().await["status"],
        "read",
        "whoever leaves takes nothing back"
    );
    assert_eq!(status().await["read_at"], read["read_at"]);
}

#[tokio::test]
async fn receipts_show_who_and_when_to_the_sender_and_to_staff() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.customer.say(&room, "hello").await;
    room.rider.act(&message_path(&sent, "read/")).await.ok(200);
    let path = message_path(&sent, "");
    for entitled in [&room.customer, &room.pharmacist, &room.support] {
        let seen = entitled.get(&path).await.ok(200);
        assert!(
            !seen.list("receipts").is_empty(),
            "{} sees receipts",
            entitled.user
        );
    }
    assert_eq!(room.rider.get(&path).await.ok(200)["receipts"], Value::Null);
}

#[tokio::test]
async fn marks_and_presence_stay_out_of_the_room_log() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.customer.say(&room, "hello").await;
    let head = room.head().await;
    room.rider
        .act(&message_path(&sent, "delivered/"))
        .await
        .ok(200);
    room.rider.act(&message_path(&sent, "read/")).await.ok(200);
    room.pharmacist.act(&room.at("read/")).await.ok(200);
    assert_eq!(room.head().await, head);
}

#[tokio::test]
async fn only_participants_leave_marks() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.customer.say(&room, "hello").await;
    let stranger = server.customer("other");
    for rest in ["read/", "delivered/"] {
        stranger.act(&message_path(&sent, rest)).await.refused(404);
        let outside = room.support.act(&message_path(&sent, rest)).await;
        if outside.status == 200 {
            let seen = room.customer.get(&message_path(&sent, "")).await.ok(200);
            assert_eq!(
                seen["status"], "sent",
                "whoever is not in it delivers to nobody"
            );
        }
    }
}

#[tokio::test]
async fn who_joins_late_has_unread_what_they_see_and_was_not_deleted() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "one").await;
    room.customer.say(&room, "two").await;
    let gone = room.customer.say(&room, "three").await;
    let path = crate::harness::message_path(&gone, "");
    room.customer.delete(&path).await.ok(204);
    let joined = room.support.act(&room.at("join/")).await.ok(200);
    assert_eq!(joined["unread_count"], 2);
    room.support.say(&room, "mine does not count").await;
    assert_eq!(room.seen_by(&room.support).await["unread_count"], 2);
}

#[tokio::test]
async fn a_removed_guest_whom_staff_add_has_everything_they_now_see_unread() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "before").await;
    room.make_public().await;
    let guest = server.pharmacy("visitor", "ph-elsewhere");
    guest.act(&room.at("join/")).await.ok(200);
    room.customer.say(&room, "while they are a guest").await;
    room.remove(&guest).await;
    let back = json!({ "user": guest.user });
    room.admin
        .post(&room.at("participants/"), back)
        .await
        .ok(200);
    let seen = room.seen_by(&guest).await;
    let counted = room
        .messages_seen_by(&guest)
        .await
        .iter()
        .filter(|message| message["message_type"] != "system")
        .count();
    assert_eq!(seen["unread_count"], counted);
}

#[tokio::test]
async fn a_rider_who_came_later_has_not_read_what_was_said_before() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let before = room.customer.say(&room, "before they came").await;
    room.rider_is("rider-two").await;
    let rider = server.rider("rider-two");
    let after = room.customer.say(&room, "after").await;
    rider.act(&room.at("read/")).await.ok(200);
    for (message, status) in [(&before, "sent"), (&after, "read")] {
        let path = message_path(message, "");
        let seen = room.customer.get(&path).await.ok(200);
        assert_eq!(seen["status"], status, "{seen}");
    }
    room.pharmacist.act(&room.at("read/")).await.ok(200);
    let path = message_path(&before, "");
    let seen = room.customer.get(&path).await.ok(200);
    assert_eq!(
        seen["status"], "read",
        "the pharmacy saw it from the beginning"
    );
}

/// A rider who came later has read further than a message that they cannot see.
#[tokio::test]
async fn a_search_says_of_a_message_what_the_message_says_itself() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let said = room.customer.say(&room, "an unread aardvark").await;
    room.rider_is("rider-two").await;
    room.customer.say(&room, "for the new one").await;
    let rider = server.rider("rider-two");
    rider.act(&room.at("read/")).await.ok(200);
    let alone = room.customer.get(&message_path(&said, "")).await.ok(200);
    let found = room.customer.all("/api/chat/search/?q=aardvark").await;
    let of =
        |message: &Value| ["status", "delivered_at", "read_at"].map(|field| message[field].clone());
    assert_eq!(alone["status"], "sent");
    assert_eq!(of(&found[0]), of(&alone));
}
