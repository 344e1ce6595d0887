//! A3, A7, A8: what those who may not know a room can do with a connection.

use serde_json::{Value, json};

use crate::harness::live::Cursor;
use crate::harness::{Client, Fields, Live, Room, Server, random_id};

/// Every command about a room and a message.
fn commands(room: &str, message: &str) -> Vec<Value> {
    vec![
        json!({ "type": "subscribe", "room": room }),
        json!({ "type": "subscribe", "room": room, "after": 0 }),
        json!({ "type": "send", "room": room, "content": "x" }),
        json!({ "type": "edit", "message": message, "content": "x" }),
        json!({ "type": "delete", "message": message }),
        json!({ "type": "delivered", "room": room, "seq": 1 }),
        json!({ "type": "read", "room": room, "seq": 1 }),
        json!({ "type": "read", "room": room, "seq": 1_000_000 }),
        json!({ "type": "typing", "room": room }),
    ]
}

/// Every command is refused just as for ids that nothing has.
async fn is_shut_out(client: &Client, room: &Room, message: &Value) {
    let mut live = Live::of(client).await;
    let (none, message) = (random_id(), message.string("id"));
    for name in [&room.id, &room.code] {
        let real = commands(name, &message);
        let made_up = commands(&none, &none);
        for (real, made_up) in real.into_iter().zip(made_up) {
            let expected = live.refused(made_up, 404).await;
            let problem = live.refused(real, 404).await;
            assert_eq!(problem, expected);
        }
    }
    live.fence().await;
    assert!(live.frames_of(room).is_empty(), "{live:?}");
}

#[tokio::test]
async fn a3_commands_about_a_room_that_one_cannot_see_change_nothing_and_tell_nothing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = room.customer.say(&room, "private").await;
    let mut inside = Live::following(&room.pharmacist, &room).await;
    for outsider in [
        server.customer("stranger"),
        server.rider("stranger-rider"),
        server.pharmacy("staff-else", "ph2"),
    ] {
        is_shut_out(&outsider, &room, &message).await;
    }
    inside.fence().await;
    let told: Vec<_> = inside
        .frames_of(&room)
        .into_iter()
        .filter(|frame| frame["type"] != "caught_up" && frame["type"] != "room_summary")
        .collect();
    assert_eq!(told, Vec::<Value>::new(), "nobody inside hears of it");
}

#[tokio::test]
async fn a7_a_rider_after_the_hand_over_or_the_closing_has_no_room() {
    let server = Server::start().await;
    for closes in [false, true] {
        let room = server.open_room().await;
        let message = room.customer.say(&room, "private").await;
        let live = Live::following(&room.rider, &room).await;
        let cursor = live.cursor();
        drop(live);
        if closes {
            room.close().await;
        } else {
            room.rider_is("another-rider").await;
        }
        is_shut_out(&room.rider, &room, &message).await;
        for cursor in [cursor.clone(), Cursor::of(&cursor.epoch, &room.id, 0)] {
            let mut live = Live::resume(&room.rider, &cursor).await;
            let resync = live
                .expect(json!({ "type": "resync", "room": room.id }))
                .await;
            assert_eq!(
                (&resync["reason"], &resync["seq"]),
                (&json!("gone"), &Value::Null)
            );
            live.fence().await;
            assert_eq!(live.frames_of(&room).len(), 1, "{live:?}");
        }
    }
}

#[tokio::test]
async fn a7_a_rider_sees_nothing_of_before_the_assignment_whatever_is_asked() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "canary of before").await;
    room.rider_is("rider-two").await;
    let rider = server.rider("rider-two");
    let visible = room.log_seen_by(&rider).await;
    let first = visible[0].number("seq");
    let mut live = Live::of(&rider).await;
    let epoch = live.epoch();
    live.caught_up(&room).await;
    for after in [0, 1, first - 1] {
        let begin = live.received.len();
        live.ask(json!({ "type": "subscribe", "room": room.id, "after": after }))
            .await;
        live.caught_up(&room).await;
        let earlier = live.received[begin..]
            .iter()
            .filter(|frame| frame["type"] == "event" && frame.number("seq") < first);
        assert_eq!(earlier.count(), 0, "after {after}: {live:?}");
    }
    let mut resumed = Live::resume(&rider, &Cursor::of(&epoch, &room.id, 1)).await;
    resumed.caught_up(&room).await;
    for live in [&live, &resumed] {
        assert!(!format!("{live:?}").contains("canary"), "{live:?}");
    }
}

#[tokio::test]
async fn a8_a_blocked_user_gets_nothing_after_the_block() {
    let server = Server::start().await;
    for role in ["customer", "rider", "pharmacy"] {
        let room = server.open_room().await;
        let blocked = match role {
            "customer" => &room.customer,
            "rider" => &room.rider,
            _ => &room.colleague,
        };
        let mut live = Live::following(blocked, &room).await;
        let path = room.participant_at(blocked, "block/").await;
        room.admin.act(&path).await.ok(200);
        let own = live.event(&room, "participant.blocked").await;
        let mut cursor = live.cursor();
        cursor.rooms.insert(room.id.clone(), own.number("seq"));
        let message = room.pharmacist.say(&room, "canary of after").await;
        live.fence().await;
        let last = live.events_of(&room).pop();
        assert_eq!(last, Some(own), "{live:?}");
        is_shut_out(blocked, &room, &message).await;
        let mut resumed = Live::resume(blocked, &cursor).await;
        resumed
            .expect(json!({ "type": "resync", "reason": "gone", "seq": null }))
            .await;
        resumed.fence().await;
        assert_eq!(resumed.events_of(&room), Vec::<Value>::new());
        let stream = format!("/api/chat/events/?room={}", room.id);
        blocked.get(&stream).await.refused(404);
        blocked.get(&room.at("events/?after=0")).await.refused(404);
        let hits = blocked.get("/api/chat/search/?q=canary").await.ok(200);
        let hits = hits.results();
        let of_room = hits.iter().filter(|hit| hit["room"] == room.id.as_str());
        assert_eq!(of_room.count(), 0, "{hits:?}");
        for live in [&live, &resumed] {
            assert!(!format!("{live:?}").contains("canary"), "{live:?}");
        }
    }
}
