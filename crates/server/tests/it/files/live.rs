//! A send by a live connection names a file by the rules of REST.

use serde_json::{Value, json};

use crate::harness::tus::{begin, id_of};
use crate::harness::upload::{Form, pdf};
use crate::harness::{Client, Fields, Live, Room, Server, random_id};

async fn uploaded(client: &Client, room: &Room) -> Value {
    let form = Form::file("leaflet.pdf", "application/pdf", &pdf(3_000));
    client.upload(room, form).await.ok(201)["id"].clone()
}

fn send(room: &Room, attachment: &Value) -> Value {
    json!({ "type": "send", "room": room.id, "attachment": attachment })
}

#[tokio::test]
async fn a_file_is_named_live_and_everybody_sees_it_at_once() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut sender = Live::following(&room.customer, &room).await;
    let mut other = Live::following(&room.rider, &room).await;
    let attachment = uploaded(&room.customer, &room).await;
    let mut frame = send(&room, &attachment);
    frame["client_message_id"] = json!("k1");
    let message = sender.done(frame.clone()).await["message"].clone();
    assert_eq!(
        (&message["message_type"], &message["content"]),
        (&json!("file"), &json!(""))
    );
    assert_eq!(message["file"]["attachment"], attachment);
    let heard = other.event(&room, "message.created").await;
    assert_eq!(heard["data"]["message"]["file"], message["file"]);
    let served = room.rider.download(message.str("file_path")).await.ok();
    assert_eq!(served, pdf(3_000));

    // By either way it is the same send.
    let again = sender.done(frame.clone()).await;
    assert_eq!(again["message"]["id"], message["id"]);
    let draft = json!({ "attachment": attachment, "client_message_id": "k1" });
    let again = room.customer.send(&room, draft).await.ok(200);
    assert_eq!(again["id"], message["id"]);
    // So is one with the same bytes, uploaded again.
    frame["attachment"] = uploaded(&room.customer, &room).await;
    let again = sender.done(frame).await;
    assert_eq!(again["message"]["id"], message["id"]);
}

#[tokio::test]
async fn a_file_that_waits_for_the_scanner_is_sent_and_waits_in_its_message() {
    // Nobody listens there.
    let options = Server::with("ORDERCHAT_CLAMAV", "unix:/nowhere/clamd.ctl");
    let server = options.start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let attachment = uploaded(&room.customer, &room).await;
    let message = live.done(send(&room, &attachment)).await["message"].clone();
    assert_eq!(message["file"]["pending"], true);
    room.rider.get(message.str("file_path")).await.refused(409);
}

#[tokio::test]
async fn what_rest_refuses_of_a_file_is_refused_live_in_the_same_words() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let elsewhere = server.open_room().await;
    let used = uploaded(&room.customer, &room).await;
    let draft = json!({ "attachment": used });
    room.customer.send(&room, draft).await.ok(201);
    let own = uploaded(&room.customer, &room).await;
    let unfinished = begin(&room.customer, &room, 1_000).await;
    let mut customer = Live::following(&room.customer, &room).await;
    let mut support = Live::of(&room.support).await;
    for (case, by, attachment, more) in [
        ("used up", &room.customer, used, json!({})),
        (
            "another's",
            &room.customer,
            uploaded(&room.rider, &room).await,
            json!({}),
        ),
        (
            "another room's",
            &room.support,
            uploaded(&room.support, &elsewhere).await,
            json!({}),
        ),
        ("unknown", &room.customer, json!(random_id()), json!({})),
        ("no id", &room.customer, json!("x"), json!({})),
        (
            "not whole",
            &room.customer,
            json!(id_of(&unfinished)),
            json!({}),
        ),
        (
            "another type",
            &room.customer,
            own,
            json!({ "message_type": "image" }),
        ),
    ] {
        let (mut draft, mut frame) = (
            json!({ "attachment": attachment }),
            send(&room, &attachment),
        );
        for (field, value) in more.as_object().expect("fields") {
            draft[field] = value.clone();
            frame[field] = value.clone();
        }
        let mut by_rest = by.send(&room, draft).await.refused(422);
        let live = if by.user == room.support.user {
            &mut support
        } else {
            &mut customer
        };
        let problem = live.refused(frame, 422).await;
        // The request's id is REST's own.
        by_rest
            .as_object_mut()
            .expect("an object")
            .shift_remove("instance");
        assert_eq!(problem, by_rest, "{case}");
    }
}
