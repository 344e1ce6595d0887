//! G8, live and by REST mixed: the same sender, room and key make one message.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::seed::rounds;
use crate::harness::{Fields, Live, Room, Server};

fn send(room: &Room, content: &str, key: &str) -> Value {
    json!({ "type": "send", "room": room.id, "content": content, "client_message_id": key })
}

#[tokio::test]
async fn g8_sixteen_parallel_duplicates_by_rest_and_live_make_one_message() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut lives = Vec::new();
    for _ in 0..8 {
        lives.push(Live::following(&room.customer, &room).await);
    }
    let mut witness = Live::following(&room.rider, &room).await;
    let keys = rounds("ORDERCHAT_TEST_KEYS", 40);
    for key in 0..keys {
        let (content, key) = (format!("text {key}"), format!("k{key}"));
        let draft = json!({ "content": content, "client_message_id": key });
        let by_rest = join_all((0..8).map(|_| room.customer.send(&room, draft.clone())));
        let by_live = join_all(
            lives
                .iter_mut()
                .map(|live| live.done(send(&room, &content, &key))),
        );
        let (by_rest, by_live) = tokio::join!(by_rest, by_live);
        let mut ids = BTreeSet::new();
        for answer in &by_rest {
            assert!([200, 201].contains(&answer.status), "{}", answer.text);
            ids.insert(answer.json().string("id"));
        }
        ids.extend(by_live.iter().map(|ok| ok["message"].string("id")));
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
    witness.event_at(&room, room.head().await).await;
    let told = witness.events_of(&room);
    assert_eq!(told.len(), keys, "each is told once");
}

#[tokio::test]
async fn g8_other_content_under_the_same_key_is_refused_on_either_way() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let first = live.done(send(&room, "one", "k")).await["message"].clone();
    live.refused(send(&room, "two", "k"), 422).await;
    let draft = json!({ "content": "two", "client_message_id": "k" });
    room.customer.send(&room, draft).await.refused(422);
    // As it now is: a tombstone, in a room that closed meanwhile.
    live.done(json!({ "type": "delete", "message": first["id"] }))
        .await;
    room.close().await;
    let again = live.done(send(&room, "one", "k")).await["message"].clone();
    assert_eq!(
        (&again["id"], &again["is_deleted"]),
        (&first["id"], &json!(true))
    );
    // Another sender's key is another key.
    room.admin.act(&room.at("reopen/")).await.ok(200);
    let mut rider = Live::of(&room.rider).await;
    let other = rider.done(send(&room, "one", "k")).await["message"].clone();
    assert_ne!(other["id"], first["id"]);
}

#[tokio::test]
async fn g8_a_send_whose_answer_was_lost_is_repeated_after_a_restart() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let first = live.done(send(&room, "once", "k")).await["message"].clone();
    server.restart_after_kill();
    let mut live = Live::of(&room.customer.asking(server.url())).await;
    let again = live.done(send(&room, "once", "k")).await["message"].clone();
    assert_eq!((&again["id"], &again["seq"]), (&first["id"], &first["seq"]));
}
