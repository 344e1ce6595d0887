//! What one may do in a room, told when it changes.

use serde_json::{Value, json};

use crate::harness::{Fields, Live, Room, Server, shape};

/// The next `capabilities` of the room, which say `write`.
async fn writing(live: &mut Live, room: &Room, write: bool) -> Value {
    let told = json!({ "type": "capabilities", "room": room.id, "write": write });
    live.expect(told).await
}

#[tokio::test]
async fn caught_up_says_what_one_may_do() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::of(&room.customer).await;
    let told = live.caught_up(&room).await["capabilities"].clone();
    assert_eq!(
        (&told["read"], &told["write"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (&told["edit_s"], &told["delete_s"]),
        (&json!(900), &json!(900))
    );
    assert!(told["why_not"].is_null());
    let fields: Vec<_> = told.as_object().expect("an object").keys().collect();
    let all = [
        "read", "write", "attach", "edit_s", "delete_s", "why_not", "until",
    ];
    assert_eq!(fields, all);
    let mut admin = Live::of(&room.admin).await;
    admin
        .done(json!({ "type": "subscribe", "room": room.id }))
        .await;
    let told = admin.caught_up(&room).await["capabilities"].clone();
    assert!(told["edit_s"].is_null(), "without an end: {told}");
}

#[tokio::test]
async fn a_mute_is_told_to_who_is_muted_and_so_is_its_end() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let mut other = Live::following(&room.rider, &room).await;
    let path = room.participant_at(&room.customer, "mute/").await;
    room.admin
        .post(&path, json!({ "duration": 3600 }))
        .await
        .ok(200);
    let muted = live.event(&room, "participant.muted").await;
    let told = writing(&mut live, &room, false).await;
    shape::is_time(&told.string("until"));
    assert!(told.string("why_not").contains("mute"), "{told}");
    let send = json!({ "type": "send", "room": room.id, "content": "x" });
    live.refused(send, 403).await;
    let path = room.participant_at(&room.customer, "unmute/").await;
    room.admin.act(&path).await.ok(200);
    writing(&mut live, &room, true).await;
    live.send(&room, "again").await;

    other.event_at(&room, muted.number("seq") + 1).await;
    other.fence().await;
    let capabilities = |frame: &&Value| frame["type"] == "capabilities";
    assert_eq!(
        other.received.iter().filter(capabilities).count(),
        0,
        "{other:?}"
    );
}

#[tokio::test]
async fn closing_takes_writing_away_and_reopening_gives_it_back() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    room.close().await;
    live.event(&room, "room.closed").await;
    let told = writing(&mut live, &room, false).await;
    assert!(told.string("why_not").contains("closed"), "{told}");
    assert_eq!(told["read"], true);
    room.admin.act(&room.at("reopen/")).await.ok(200);
    live.event(&room, "room.reopened").await;
    writing(&mut live, &room, true).await;
    room.archive().await;
    live.event(&room, "room.archived").await;
    writing(&mut live, &room, false).await;
}

#[tokio::test]
async fn the_orders_final_status_says_until_when_one_may_write() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut rider = Live::following(&room.rider, &room).await;
    let mut customer = Live::following(&room.customer, &room).await;
    room.order_is("delivered").await;
    for live in [&mut rider, &mut customer] {
        live.event(&room, "order.updated").await;
        let told = writing(live, &room, true).await;
        shape::is_time(&told.string("until"));
    }
    let until = |live: &Live| {
        let told = live
            .received
            .iter()
            .rfind(|frame| frame["type"] == "capabilities");
        told.expect("it was told").string("until")
    };
    assert!(until(&rider) < until(&customer), "30 minutes and two hours");
}
