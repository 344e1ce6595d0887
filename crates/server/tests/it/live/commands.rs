//! What is sent live is the same command as by REST, with the same checks and answers.

use serde_json::{Value, json};

use crate::harness::{Client, Fields, Live, Room, Server, message_path, shape};

/// The message as REST shows it, without what only its own page has.
async fn by_rest(client: &Client, message: &Value) -> Value {
    let mut shown = client.get(&message_path(message, "")).await.ok(200);
    shown["receipts"] = Value::Null;
    shown
}

fn send(room: &Room, content: &str) -> Value {
    json!({ "type": "send", "room": room.id, "content": content })
}

#[tokio::test]
async fn a_send_is_answered_with_the_message_as_rest_shows_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let mut frame = send(&room, "  card 4111 1111 1111 1111\r\nhello ");
    frame["client_message_id"] = json!("k1");
    frame["metadata"] = json!({ "a": 1 });
    let ok = live.done(frame).await;
    let message = &ok["message"];
    shape::message(message);
    assert_eq!(message["content"], "card 4111 11** **** 1111\nhello");
    assert_eq!(ok.list("notices").len(), 1, "{ok}");
    assert_eq!(*message, by_rest(&room.customer, message).await);

    let ok = live.done(send(&room, "plain")).await;
    assert_eq!(ok.list("notices"), Vec::<Value>::new());

    let mut reply = send(&room, "an answer");
    reply["reply_to"] = message["id"].clone();
    let reply = live.done(reply).await["message"].clone();
    assert_eq!(reply["reply_to"]["id"], message["id"]);
}

#[tokio::test]
async fn edits_and_deletes_are_those_of_rest() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let message = live.send(&room, "first").await;
    let edit = json!({ "type": "edit", "message": message["id"], "content": "second" });
    let edited = live.done(edit).await["message"].clone();
    assert_eq!(edited["content"], "second");
    assert_eq!(edited, by_rest(&room.customer, &message).await);

    let ok = live
        .done(json!({ "type": "delete", "message": message["id"] }))
        .await;
    assert!(ok.get("message").is_none(), "{ok}");
    let deleted = by_rest(&room.customer, &message).await;
    assert_eq!(
        (&deleted["is_deleted"], &deleted["content"]),
        (&json!(true), &json!(""))
    );

    let foreign = room.rider.say(&room, "not yours").await;
    let edit = json!({ "type": "edit", "message": foreign["id"], "content": "mine" });
    live.refused(edit, 403).await;
    live.refused(json!({ "type": "delete", "message": foreign["id"] }), 403)
        .await;

    let mut staff = Live::of(&room.support).await;
    let without = json!({ "type": "delete", "message": foreign["id"] });
    staff.refused(without.clone(), 422).await;
    let mut with = without;
    with["reason"] = json!("unfriendly");
    staff.done(with).await;
}

#[tokio::test]
async fn marks_move_as_by_rest() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let seq = room.rider.say(&room, "read me").await.number("seq");
    live.done(json!({ "type": "delivered", "room": room.id, "seq": seq }))
        .await;
    let own = room.participant(&room.customer).await;
    assert_eq!(
        (own.number("delivered_seq"), own.number("read_seq")),
        (seq, 0)
    );
    live.done(json!({ "type": "read", "room": room.code, "seq": seq }))
        .await;
    live.done(json!({ "type": "read", "room": room.id, "seq": 1 }))
        .await;
    let own = room.participant(&room.customer).await;
    assert_eq!(
        (own.number("delivered_seq"), own.number("read_seq")),
        (seq, seq)
    );
    assert_eq!(room.seen_by(&room.customer).await["unread_count"], 0);
}

#[tokio::test]
async fn refusals_are_those_of_rest() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let mut refuse = async |frame: Value, by_rest: crate::harness::Answer| {
        let mut expected = by_rest.problem();
        let mut problem = live.refused(frame, by_rest.status).await;
        for problem in [&mut expected, &mut problem] {
            // The request id is REST's own.
            problem
                .as_object_mut()
                .expect("an object")
                .shift_remove("instance");
        }
        assert_eq!(problem, expected);
    };
    refuse(
        send(&room, "\u{200b}"),
        room.customer
            .send(&room, json!({ "content": "\u{200b}" }))
            .await,
    )
    .await;
    room.mute(&room.customer).await;
    refuse(
        send(&room, "muted"),
        room.customer
            .send(&room, json!({ "content": "muted" }))
            .await,
    )
    .await;
    room.close().await;
    refuse(
        send(&room, "closed"),
        room.customer
            .send(&room, json!({ "content": "closed" }))
            .await,
    )
    .await;
}

#[tokio::test]
async fn staff_who_send_where_they_are_not_join() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut customer = Live::following(&room.customer, &room).await;
    let mut support = Live::following(&room.support, &room).await;
    let message = support.send(&room, "may I help?").await;
    let joined = customer.event(&room, "participant.joined").await;
    assert_eq!(joined.number("seq") + 1, message.number("seq"));
    customer.event_at(&room, message.number("seq")).await;
    support.event_at(&room, message.number("seq")).await;
    let seqs: Vec<_> = support
        .events_of(&room)
        .iter()
        .map(|e| e.number("seq"))
        .collect();
    assert_eq!(seqs, [message.number("seq") - 1, message.number("seq")]);
}

#[tokio::test]
async fn limits_are_counted_together_with_rest() {
    let server = Server::with("ORDERCHAT_SEND_RATE", "1/min burst 4")
        .with_rate_limits()
        .start()
        .await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let mut keyed = send(&room, "once");
    keyed["client_message_id"] = json!("k");
    let first = live.done(keyed.clone()).await["message"].clone();
    room.customer.say(&room, "two").await;
    live.send(&room, "three").await;
    room.customer.say(&room, "four").await;
    let answer = live.ask(send(&room, "five")).await;
    assert_eq!(answer["problem"]["status"], 429, "{answer}");
    assert!(answer.number("retry_after") >= 1, "{answer}");
    room.customer
        .send(&room, json!({ "content": "six" }))
        .await
        .refused(429);
    let again = live.done(keyed).await["message"].clone();
    assert_eq!(again["id"], first["id"], "a retry is not limited");
}

#[tokio::test]
async fn the_service_sends_its_messages_live_too() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut customer = Live::following(&room.customer, &room).await;
    let mut service = Live::of(&room.service).await;
    let mut text = send(&room, "a person's text");
    text["message_type"] = json!("text");
    service.refused(text, 422).await;
    let mut update = send(&room, "Packed");
    update["message_type"] = json!("system");
    let message = service.done(update).await["message"].clone();
    let told = customer.event_at(&room, message.number("seq")).await;
    assert_eq!(told["data"]["message"]["sender_role"], "system");
}
