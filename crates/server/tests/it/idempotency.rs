//! Repeating a send: the same sender, room and key give the same message, for ever.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Fields, Identity, Room, Server, message_path};

fn draft(content: &str, key: &str) -> Value {
    json!({ "content": content, "client_message_id": key })
}

async fn with_header(client: &Client, room: &Room, key: &str, body: Value) -> Answer {
    let request = client.request(Method::POST, &room.at("messages/"));
    client
        .dispatch(request.header("Idempotency-Key", key).json(&body))
        .await
}

#[tokio::test]
async fn the_same_key_gives_the_same_message() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let first = room
        .customer
        .send(&room, draft("one box", "k"))
        .await
        .ok(201);
    let head = room.head().await;

    let again = room
        .customer
        .send(&room, draft("one box", "k"))
        .await
        .ok(200);
    assert_eq!(again, first);
    let trimmed = room
        .customer
        .send(&room, draft("  one box\n", "k"))
        .await
        .ok(200);
    assert_eq!(
        trimmed["id"], first["id"],
        "compared is the request after trimming"
    );
    let by_header = with_header(&room.customer, &room, "k", json!({ "content": "one box" })).await;
    assert_eq!(by_header.ok(200)["id"], first["id"]);
    let by_both = with_header(&room.customer, &room, "k", draft("one box", "k")).await;
    assert_eq!(by_both.ok(200)["id"], first["id"]);
    assert_eq!(room.head().await, head, "repeating leaves no trace");
}

#[tokio::test]
async fn other_content_under_the_same_key_is_refused() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let other = room.rider.say(&room, "a message to answer").await;
    room.customer
        .send(&room, draft("one box", "k"))
        .await
        .ok(201);
    let head = room.head().await;

    for different in [
        draft("two boxes", "k"),
        json!({ "content": "one box", "client_message_id": "k", "metadata": { "a": 1 } }),
        json!({ "content": "one box", "client_message_id": "k", "reply_to": other["id"] }),
    ] {
        room.customer.send(&room, different).await.refused(422);
    }
    assert_eq!(room.head().await, head);
}

#[tokio::test]
async fn in_which_order_fields_come_again_says_nothing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let send = |metadata: Value| {
        let draft = json!({ "content": "x", "client_message_id": "k", "metadata": metadata });
        room.customer.send(&room, draft)
    };
    let first = send(json!({ "a": 1, "b": { "c": 2, "d": 3 } }))
        .await
        .ok(201);
    let again = send(json!({ "b": { "d": 3, "c": 2 }, "a": 1 }))
        .await
        .ok(200);
    assert_eq!(again["id"], first["id"]);
    send(json!({ "a": 1, "b": { "c": 3, "d": 2 } }))
        .await
        .refused(422);
}

#[tokio::test]
async fn a_masked_card_number_is_compared_as_it_was_sent() {
    let server = Server::start().await;
    let room = server.open_room().await;
    // Both pass the Luhn check and become 411111******1111.
    let first = room
        .customer
        .send(&room, draft("4111111111111111", "card"))
        .await
        .ok(201);
    let again = room
        .customer
        .send(&room, draft("4111111111111111", "card"))
        .await
        .ok(200);
    assert_eq!(again["id"], first["id"]);
    room.customer
        .send(&room, draft("4111111012111111", "card"))
        .await
        .refused(422);
}

#[tokio::test]
async fn header_and_field_must_agree() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let head = room.head().await;
    with_header(&room.customer, &room, "one", draft("a", "two"))
        .await
        .refused(422);
    assert_eq!(room.head().await, head);
}

#[tokio::test]
async fn a_key_is_printable_ascii_of_1_to_128_characters() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let too_long = "k".repeat(129);
    for wrong in ["", "é", "a\tb", "a\u{7f}", "a\nb", too_long.as_str()] {
        room.customer
            .send(&room, draft("a", wrong))
            .await
            .refused(422);
    }
    for wrong in [json!(7), json!(["k"]), json!({})] {
        let body = json!({ "content": "a", "client_message_id": wrong });
        room.customer.send(&room, body).await.refused(422);
    }
    with_header(&room.customer, &room, &too_long, json!({ "content": "a" }))
        .await
        .refused(422);
    room.customer
        .send(&room, draft("a", &"k".repeat(128)))
        .await
        .ok(201);
    room.customer
        .send(&room, draft("b", "~ !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}"))
        .await
        .ok(201);
}

#[tokio::test]
async fn a_key_belongs_to_one_sender_in_one_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let other_room = server.open_room().await;
    let first = room
        .pharmacist
        .send(&room, draft("same", "k"))
        .await
        .ok(201);
    let of_other = room.colleague.send(&room, draft("same", "k")).await.ok(201);
    let elsewhere = room
        .pharmacist
        .send(&other_room, draft("same", "k"))
        .await
        .ok(201);
    assert!(first["id"] != of_other["id"] && first["id"] != elsewhere["id"]);
}

#[tokio::test]
async fn the_services_keys_are_per_sub() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let second_service = server.client(&Identity::new("service", "warehouse"));
    let news =
        json!({ "content": "Packed.", "message_type": "system", "client_message_id": "pack" });

    let first = room.service.send(&room, news.clone()).await.ok(201);
    assert_eq!(
        room.service.send(&room, news.clone()).await.ok(200)["id"],
        first["id"]
    );
    let other = second_service.send(&room, news).await.ok(201);
    assert_ne!(other["id"], first["id"]);
}

#[tokio::test]
async fn a_repeat_answers_with_the_message_as_it_now_is() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.customer.send(&room, draft("first", "k")).await.ok(201);
    room.customer
        .patch(&message_path(&sent, ""), json!({ "content": "changed" }))
        .await
        .ok(200);
    let again = room.customer.send(&room, draft("first", "k")).await.ok(200);
    assert_eq!(
        (&again["content"], &again["is_edited"]),
        (&json!("changed"), &json!(true))
    );

    room.customer.delete(&message_path(&sent, "")).await.ok(204);
    let tombstone = room.customer.send(&room, draft("first", "k")).await.ok(200);
    assert_eq!(
        (&tombstone["id"], &tombstone["content"]),
        (&sent["id"], &json!(""))
    );
    assert_eq!(tombstone["is_deleted"], true);
}

#[tokio::test]
async fn a_repeat_of_an_accepted_send_succeeds_whatever_came_between() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room
        .customer
        .send(&room, draft("accepted", "k"))
        .await
        .ok(201);

    room.mute(&room.customer).await;
    assert_eq!(
        room.customer
            .send(&room, draft("accepted", "k"))
            .await
            .ok(200)["id"],
        sent["id"]
    );
    room.customer
        .send(&room, draft("new", "other"))
        .await
        .refused(403);
    room.close().await;
    assert_eq!(
        room.customer
            .send(&room, draft("accepted", "k"))
            .await
            .ok(200)["id"],
        sent["id"]
    );
    room.archive().await;
    assert_eq!(
        room.customer
            .send(&room, draft("accepted", "k"))
            .await
            .ok(200)["id"],
        sent["id"]
    );

    room.remove(&room.customer).await;
    room.customer
        .send(&room, draft("accepted", "k"))
        .await
        .refused(404);
}

#[tokio::test]
async fn a_refused_send_does_not_use_its_key_up() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.send(&room, draft("", "k")).await.refused(422);
    room.close().await;
    room.customer
        .send(&room, draft("later", "k"))
        .await
        .refused(409);
    room.admin.act(&room.at("reopen/")).await.ok(200);
    room.customer.send(&room, draft("later", "k")).await.ok(201);
}

#[tokio::test]
async fn replies_repeat_like_sends() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let question = room.customer.say(&room, "where?").await;
    let reply = message_path(&question, "reply/");
    let first = room.rider.post(&reply, draft("here", "k")).await.ok(201);
    assert_eq!(
        room.rider.post(&reply, draft("here", "k")).await.ok(200)["id"],
        first["id"]
    );
    let as_send = json!({
        "content": "here", "client_message_id": "k", "reply_to": question["id"],
    });
    assert_eq!(
        room.rider.send(&room, as_send).await.ok(200)["id"],
        first["id"]
    );
    room.rider
        .send(&room, draft("here", "k"))
        .await
        .refused(422);
}

#[tokio::test]
async fn keys_outlive_a_kill_of_the_server() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let sent = room
        .customer
        .send(&room, draft("durable", "k"))
        .await
        .ok(201);
    server.restart_after_kill();
    let customer = server.customer(&room.customer.user);
    let again = customer.send(&room, draft("durable", "k")).await.ok(200);
    assert_eq!(again["id"], sent["id"]);
    assert_eq!(again.number("seq"), sent.number("seq"));
    customer.send(&room, draft("other", "k")).await.refused(422);
}
