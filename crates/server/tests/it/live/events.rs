//! Events: the room log as `/rooms/{id}/events/` shows it, pushed to everybody who may know.

use serde_json::{Value, json};

use crate::harness::{Client, Fields, Live, Room, Server, message_path, participant_path, shape};

/// A frame as an entry of the log: without its `type`.
fn entry(mut frame: Value) -> Value {
    let fields = frame.as_object_mut().expect("an object");
    fields.shift_remove("type");
    frame
}

/// Makes one event of each kind that one who stays in the room sees, deletion left out.
async fn every_kind(room: &Room, guest: &Client) {
    let first = room.customer.say(room, "hello").await;
    let edit = json!({ "content": "hello!" });
    room.customer
        .patch(&message_path(&first, ""), edit)
        .await
        .ok(200);
    let reply = json!({ "content": "answer", "reply_to": first["id"] });
    room.pharmacist.send(room, reply).await.ok(201);
    let second = room.rider.say(room, "oops").await;
    room.rider.delete(&message_path(&second, "")).await.ok(204);
    let title = json!({ "title": "Busy", "description": "very", "is_public": true });
    room.admin.patch(&room.at(""), title).await.ok(200);
    let guest_id = room.add(guest, "customer").await.string("id");
    for action in ["mute/", "unmute/", "block/", "unblock/"] {
        let path = participant_path(&guest_id, action);
        room.admin.act(&path).await.ok(200);
    }
    room.colleague.act(&room.at("leave/")).await.ok(200);
    room.colleague.act(&room.at("join/")).await.ok(200);
    let own = room.participant_at(&room.customer, "").await;
    let quiet = json!({ "notification_preferences": { "sound": false } });
    room.customer.patch(&own, quiet).await.ok(200);
    room.order_is("preparing").await;
    let busy = room.report.clone().with("status", "preparing");
    for (field, value) in [
        ("eta", json!("2026-12-01T10:00:00Z")),
        ("delivery_status", json!("accepted")),
        ("metadata", json!({ "shelf": 3, "bag": "blue" })),
        ("language", json!("de")),
    ] {
        let report = busy.clone().with(field, value);
        room.service.report(&report).await.ok(200);
    }
    room.close().await;
    room.admin.act(&room.at("reopen/")).await.ok(200);
}

#[tokio::test]
async fn every_kind_of_event_reaches_each_role_as_the_log_shows_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let guest = server.customer("guest-1");
    let before = room.head().await;
    let viewers = room.one_of_each_role();
    let mut lives = Vec::new();
    for viewer in viewers {
        lives.push(Live::following(viewer, &room).await);
    }
    every_kind(&room, &guest).await;
    let head = room.head().await;
    for (viewer, live) in viewers.into_iter().zip(&mut lives) {
        live.event_at(&room, head).await;
        live.fence().await;
        let told: Vec<Value> = live.events_of(&room).into_iter().map(entry).collect();
        let seqs: Vec<_> = told.iter().map(|event| event.number("seq")).collect();
        assert_eq!(
            seqs,
            (before + 1..=head).collect::<Vec<_>>(),
            "{}",
            viewer.user
        );
        let log = room.log_seen_by(viewer).await;
        let log = log.iter().filter(|event| event.number("seq") > before);
        for (told, logged) in told.iter().zip(log) {
            shape::event(told);
            assert_same_event(told, logged);
        }
    }
    let kinds: Vec<_> = lives[4]
        .events_of(&room)
        .iter()
        .map(|e| e.string("kind"))
        .collect();
    for kind in [
        "message.created",
        "message.edited",
        "message.deleted",
        "room.updated",
        "room.closed",
        "room.reopened",
        "participant.joined",
        "participant.ended",
        "participant.updated",
        "participant.muted",
        "participant.unmuted",
        "participant.blocked",
        "participant.unblocked",
        "order.updated",
    ] {
        assert!(
            kinds.iter().any(|known| known == kind),
            "{kind} is missing in {kinds:?}"
        );
    }
}

/// Equal in what never changes and in their fields; where the thing is of the same version, in all
/// of it but what moves without an event.
fn assert_same_event(told: &Value, logged: &Value) {
    for field in ["room", "seq", "kind", "at", "actor"] {
        assert_eq!(told[field], logged[field], "{told} {logged}");
    }
    let things = |event: &Value| event["data"].as_object().cloned().unwrap_or_default();
    let (told_things, logged_things) = (things(told), things(logged));
    assert!(
        told_things.keys().eq(logged_things.keys()),
        "{told} {logged}"
    );
    for (name, told_thing) in &told_things {
        let logged_thing = &logged_things[name];
        let keys = |thing: &Value| -> Vec<String> {
            let fields = thing.as_object().into_iter().flatten();
            fields.map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(keys(told_thing), keys(logged_thing));
        if told_thing["version"] == logged_thing["version"] {
            if name == "order" {
                // Nothing of an order moves by itself.
                assert_eq!(told_thing, logged_thing);
            }
            assert_eq!(still(told_thing), still(logged_thing), "{told}");
        } else {
            assert!(told_thing.number("version") < logged_thing.number("version"));
        }
    }
}

/// A thing without what changes by itself or with other things' events.
fn still(thing: &Value) -> Value {
    let mut thing = thing.clone();
    let fields = thing.as_object_mut().expect("a thing is an object");
    for moving in [
        "last_seen",
        "last_activity",
        "seq",
        "participant_count",
        "reply_count",
        "order_status",
        "delivery_status",
        "status",
        "status_display",
        "delivered_at",
        "read_at",
        "delivered_seq",
        "read_seq",
        "updated_at",
    ] {
        fields.shift_remove(moving);
    }
    thing
}

#[tokio::test]
async fn fields_of_the_caller_are_null_in_events() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let send = json!({ "type": "send", "room": room.id, "content": "x", "client_message_id": "k" });
    let ok = live.done(send).await;
    assert_eq!(ok["message"]["client_message_id"], "k");
    assert_eq!(ok["message"]["can_be_edited"], true);
    room.mute(&room.rider).await;
    room.close().await;
    let created = live.event(&room, "message.created").await["data"]["message"].clone();
    let muted = live.event(&room, "participant.muted").await["data"]["participant"].clone();
    let closed = live.event(&room, "room.closed").await["data"]["room"].clone();
    for (thing, fields) in [
        (created, "can_be_edited can_be_deleted receipts"),
        (muted, "can_send_messages can_receive_messages is_online"),
        (
            closed,
            "my_participant unread_count message_count last_message last_message_preview",
        ),
    ] {
        for field in fields.split(' ') {
            assert!(thing[field].is_null(), "{field} in {thing}");
        }
    }
}

#[tokio::test]
async fn ones_own_key_is_in_ones_own_events_alone() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut own = Live::following(&room.customer, &room).await;
    let mut others = Vec::new();
    for client in [&room.rider, &room.pharmacist, &room.admin] {
        others.push(Live::following(client, &room).await);
    }
    let send = json!({ "type": "send", "room": room.id, "content": "x", "client_message_id": "k" });
    own.done(send).await;
    let event = own.event(&room, "message.created").await;
    assert_eq!(event["data"]["message"]["client_message_id"], "k");
    for other in &mut others {
        let event = other.event(&room, "message.created").await;
        assert!(
            event["data"]["message"]["client_message_id"].is_null(),
            "{event}"
        );
    }
}

#[tokio::test]
async fn what_one_may_not_know_arrives_hidden_with_its_seq() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.make_public().await;
    let guest = server.customer("guest-1");
    guest.act(&room.at("join/")).await.ok(200);
    let mut live = Live::following(&guest, &room).await;
    let mut staff = Live::following(&room.pharmacist, &room).await;
    // Guests are in the room without order data.
    room.order_is("preparing").await;
    let head = room.head().await;
    room.customer.say(&room, "and now to the guest").await;
    live.event_at(&room, head + 1).await;
    staff.event_at(&room, head + 1).await;
    let hidden = live.event(&room, "hidden").await;
    let log = room.log_seen_by(&guest).await;
    let logged = log.iter().find(|event| event["seq"] == hidden["seq"]);
    assert_eq!(Some(&entry(hidden.clone())), logged);
    let seqs = |live: &Live| -> Vec<i64> {
        live.events_of(&room)
            .iter()
            .map(|e| e.number("seq"))
            .collect()
    };
    assert_eq!(seqs(&live), seqs(&staff), "every seq is there");
    let shown = hidden.to_string();
    assert!(
        !shown.contains("preparing") && !shown.contains(&room.order),
        "{shown}"
    );
}

#[tokio::test]
async fn a_replayed_message_is_as_it_is_now() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let edited = room.customer.say(&room, "canary-one").await;
    let deleted = room.customer.say(&room, "canary-two").await;
    let edit = json!({ "content": "after" });
    room.customer
        .patch(&message_path(&edited, ""), edit)
        .await
        .ok(200);
    room.customer
        .delete(&message_path(&deleted, ""))
        .await
        .ok(204);
    let mut live = Live::of(&room.rider).await;
    live.caught_up(&room).await;
    live.done(json!({ "type": "subscribe", "room": room.id, "after": 0 }))
        .await;
    live.caught_up(&room).await;
    let first = live.event_at(&room, edited.number("seq")).await["data"]["message"].clone();
    assert_eq!(first["content"], "after");
    assert_eq!(first.number("version"), deleted.number("seq") + 1);
    let second = live.event_at(&room, deleted.number("seq")).await["data"]["message"].clone();
    assert_eq!(
        (&second["is_deleted"], &second["content"]),
        (&json!(true), &json!(""))
    );
    assert!(!format!("{live:?}").contains("canary"), "{live:?}");
}

/// Every value of a field by this name, however deep it stands.
fn fields<'a>(name: &str, of: &'a Value, found: &mut Vec<&'a Value>) {
    match of {
        Value::Object(object) => {
            found.extend(object.get(name));
            object.values().for_each(|value| fields(name, value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| fields(name, item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_customer_and_a_rider_learn_nobodys_id_from_frames() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut customer = Live::following(&room.customer, &room).await;
    let mut rider = Live::following(&room.rider, &room).await;
    every_kind(&room, &server.customer("guest-1")).await;
    let head = room.head().await;
    for (live, own) in [(&mut customer, &room.customer), (&mut rider, &room.rider)] {
        // The closing took the room from the rider for a while.
        live.event_at(&room, head).await;
        let (mut ids, mut mails) = (Vec::new(), Vec::new());
        for frame in &live.received {
            fields("user", frame, &mut ids);
            fields("user_email", frame, &mut mails);
        }
        assert!(ids.len() > 5, "there were participants: {live:?}");
        let theirs = json!(own.user);
        let is_theirs = |id: &&Value| id.is_null() || **id == theirs;
        assert!(ids.iter().all(is_theirs), "{ids:?}");
        let foreign = if own.user == room.rider.user {
            "amina@example.com"
        } else {
            "-"
        };
        assert!(
            mails.iter().all(|mail| **mail != json!(foreign)),
            "{mails:?}"
        );
    }
}
