//! `/rooms/{id}/events/`: the room log.

use serde_json::{Value, json};

use crate::harness::{Client, Fields, Room, Server, message_path, shape};

/// One of each kind of event that this surface can make.
async fn a_busy_room(server: &Server) -> Room {
    let room = server.open_room().await;
    let first = room.customer.say(&room, "hello").await;
    room.customer
        .patch(&message_path(&first, ""), json!({ "content": "hello!" }))
        .await
        .ok(200);
    let second = room.rider.say(&room, "oops").await;
    room.rider.delete(&message_path(&second, "")).await.ok(204);
    room.admin
        .patch(&room.at(""), json!({ "title": "Busy" }))
        .await
        .ok(200);
    let guest = server.customer(&format!("guest-of-{}", room.order));
    let guest =
        crate::harness::participant_path(&room.add(&guest, "customer").await.string("id"), "");
    for action in ["mute/", "unmute/", "block/", "unblock/"] {
        room.admin.act(&format!("{guest}{action}")).await.ok(200);
    }
    room.colleague.act(&room.at("leave/")).await.ok(200);
    let own = room.participant_at(&room.customer, "").await;
    let quiet = json!({ "notification_preferences": { "sound": false } });
    room.customer.patch(&own, quiet).await.ok(200);
    room.order_is("preparing").await;
    room.close().await;
    room.admin.act(&room.at("reopen/")).await.ok(200);
    room.admin.act(&room.at("archive/")).await.ok(200);
    room
}

#[tokio::test]
async fn the_log_is_one_two_three_without_a_gap() {
    let server = Server::start().await;
    let room = a_busy_room(&server).await;
    let log = room.log_seen_by(&room.admin).await;
    let seqs: Vec<_> = log.iter().map(|event| event.number("seq")).collect();
    assert_eq!(seqs, (1..=room.head().await).collect::<Vec<_>>());
    for event in &log {
        shape::event(event);
        assert_eq!(event["room"], room.id.as_str());
    }

    let kinds: Vec<_> = log.iter().map(|event| event.string("kind")).collect();
    for kind in [
        "room.created",
        "participant.joined",
        "message.created",
        "message.edited",
        "message.deleted",
        "room.updated",
        "participant.muted",
        "participant.unmuted",
        "participant.blocked",
        "participant.unblocked",
        "participant.ended",
        "order.updated",
        "room.closed",
        "room.reopened",
        "room.archived",
    ] {
        assert!(
            kinds.iter().any(|known| known == kind),
            "{kind} is missing in {kinds:?}"
        );
    }
}

#[tokio::test]
async fn every_event_carries_the_thing_it_is_about() {
    let server = Server::start().await;
    let room = a_busy_room(&server).await;
    for event in room.log_seen_by(&room.admin).await {
        let kind = event.string("kind");
        let (what, check): (_, fn(&Value)) = match kind.split('.').next() {
            Some("message") => ("message", shape::message),
            Some("room") => ("room", shape::room),
            Some("participant") => ("participant", shape::participant),
            Some("order") => ("order", shape::order),
            _ => panic!("{kind} is no kind of event that an admin sees"),
        };
        check(&event["data"][what]);
        let actor = &event["actor"];
        assert!(
            actor.is_null() || (actor["role"].is_string() && actor["name"].is_string()),
            "{event}"
        );
    }
}

#[tokio::test]
async fn an_event_shows_nothing_that_depends_on_who_asks() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let draft = json!({ "content": "hello", "client_message_id": "mine" });
    room.customer.send(&room, draft).await.ok(201);
    room.admin
        .patch(&room.at(""), json!({ "title": "T" }))
        .await
        .ok(200);
    let own = ["can_be_edited", "can_be_deleted", "receipts"];
    let of_participant = ["can_send_messages", "can_receive_messages", "is_online"];
    let of_room = [
        "my_participant",
        "unread_count",
        "message_count",
        "last_message",
        "last_message_preview",
    ];
    for event in room.log_seen_by(&room.customer).await {
        for (what, fields) in [
            ("message", &own[..]),
            ("participant", &of_participant[..]),
            ("room", &of_room[..]),
        ] {
            let Some(object) = event["data"].get(what) else {
                continue;
            };
            for field in fields {
                assert_eq!(object[*field], Value::Null, "{field} in {event}");
            }
        }
    }
    for event in room.log_seen_by(&room.rider).await {
        let key = &event["data"]["message"]["client_message_id"];
        assert_eq!(*key, Value::Null, "the key is the sender's own");
    }
}

async fn sees_every_seq_from(room: &Room, viewer: &Client, from: i64) {
    let log = room.log_seen_by(viewer).await;
    let seqs: Vec<_> = log.iter().map(|event| event.number("seq")).collect();
    let head = room.head().await;
    assert_eq!(
        seqs,
        (from..=head).collect::<Vec<_>>(),
        "{} sees from {from}",
        viewer.user
    );
}

#[tokio::test]
async fn everybody_gets_every_seq_from_where_they_see() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "before").await;
    room.rider_is("next").await;
    let assigned = room
        .log_seen_by(&room.admin)
        .await
        .iter()
        .rfind(|event| event["kind"] == "participant.joined")
        .expect("the new rider joined")
        .number("seq");
    room.make_public().await;
    let guest = server.customer("guest");
    let joining = room.head().await + 1;
    guest.act(&room.at("join/")).await;
    room.service
        .report(
            &room
                .report
                .clone()
                .with("status", "preparing")
                .with_rider("next"),
        )
        .await
        .ok(200);
    room.customer.say(&room, "after").await;

    for viewer in [
        &room.customer,
        &room.pharmacist,
        &room.support,
        &room.admin,
        &room.service,
    ] {
        sees_every_seq_from(&room, viewer, 1).await;
    }
    sees_every_seq_from(&room, &server.rider("next"), assigned).await;
    sees_every_seq_from(&room, &guest, joining).await;

    for event in room.log_seen_by(&guest).await {
        let kind = event.string("kind");
        assert_ne!(kind, "order.updated", "guests see no order data");
        let message_type = &event["data"]["message"]["message_type"];
        assert!(*message_type != "order_update", "{event}");
    }
    let hidden = room
        .log_seen_by(&guest)
        .await
        .iter()
        .filter(|e| e["kind"] == "hidden")
        .count();
    assert!(
        hidden >= 1,
        "what a guest may not know is hidden, not missing"
    );
}

#[tokio::test]
async fn polling_clients_read_on_after_the_last_seq_they_have() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut known = room.head().await;
    let path = |after: i64| room.at(&format!("events/?after={after}"));
    assert_eq!(
        room.customer.get(&path(known)).await.ok(200).results(),
        Vec::<Value>::new()
    );
    for text in ["one", "two", "three"] {
        room.rider.say(&room, text).await;
        let fresh = room.customer.get(&path(known)).await.ok(200).results();
        assert_eq!(fresh.len(), 1);
        assert_eq!(fresh[0].number("seq"), known + 1);
        assert_eq!(fresh[0]["data"]["message"]["content"], text);
        known += 1;
    }
    for wrong in ["after=x", "after=-1", "after=1.5", "limit=0", "limit=201"] {
        room.customer
            .get(&room.at(&format!("events/?{wrong}")))
            .await
            .refused(422);
    }
    let page = room
        .customer
        .get(&room.at("events/?after=0&limit=2"))
        .await
        .ok(200);
    assert_eq!(page.results().len(), 2);
    assert!(
        page.string("next").starts_with("/api/chat/rooms/"),
        "{page}"
    );
}

#[tokio::test]
async fn seq_and_time_are_the_same_for_everybody() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "hello").await;
    room.pharmacist.say(&room, "good day").await;
    let of = |log: Vec<Value>| -> Vec<(i64, String, Value)> {
        log.iter()
            .map(|event| {
                (
                    event.number("seq"),
                    event.string("kind"),
                    event["at"].clone(),
                )
            })
            .collect()
    };
    let truth = of(room.log_seen_by(&room.admin).await);
    for viewer in [&room.customer, &room.pharmacist, &room.support] {
        assert_eq!(of(room.log_seen_by(viewer).await), truth);
    }
}
