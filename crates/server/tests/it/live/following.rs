//! Which rooms a connection follows, from where, and until when.

use serde_json::{Value, json};

use crate::harness::live::Cursor;
use crate::harness::orders::an_event;
use crate::harness::{Client, Fields, Live, Room, Server, an_order, random_id};

fn seqs(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event.number("seq")).collect()
}

fn subscribe(room: &Room, after: i64) -> Value {
    json!({ "type": "subscribe", "room": room.id, "after": after })
}

#[tokio::test]
async fn subscribing_after_a_seq_gives_the_log_from_there() {
    let server = Server::start().await;
    let room = server.open_room().await;
    // More than one page of the log.
    for number in 0..230 {
        room.customer.say(&room, &format!("m{number}")).await;
    }
    let head = room.head().await;
    let mut live = Live::of(&room.support).await;
    for after in [0, 5, 201, head - 1, head] {
        let begin = live.received.len();
        live.done(subscribe(&room, after)).await;
        let caught_up = live.caught_up(&room).await;
        assert_eq!(caught_up["seq"], head);
        let events: Vec<Value> = live.received[begin..].to_vec();
        let events: Vec<_> = events
            .into_iter()
            .filter(|f| f["type"] == "event")
            .collect();
        assert_eq!(seqs(&events), (after + 1..=head).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_room_that_is_left_sends_nothing_more_and_can_be_followed_again() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    let mut live = Live::following(&room.support, &room).await;
    live.follow(&other).await;
    live.done(json!({ "type": "unsubscribe", "room": room.code }))
        .await;
    let begin = live.received.len();
    room.customer.say(&room, "unheard").await;
    let seq = other.customer.say(&other, "heard").await.number("seq");
    live.event_at(&other, seq).await;
    let about = live.received[begin..]
        .iter()
        .filter(|f| f["room"] == room.id.as_str() && f["type"] != "room_summary");
    assert_eq!(about.count(), 0, "{live:?}");
    live.follow(&room).await;
    let seq = room.customer.say(&room, "heard").await.number("seq");
    live.event_at(&room, seq).await;
    // Not following it is no mistake.
    for name in [random_id(), other.id.clone()] {
        live.done(json!({ "type": "unsubscribe", "room": name }))
            .await;
    }
}

#[tokio::test]
async fn a_room_of_ones_own_that_is_left_stays_so_until_one_comes_into_it_again() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    live.done(json!({ "type": "unsubscribe", "room": room.id }))
        .await;
    let begin = live.received.len();
    room.close().await;
    room.admin.act(&room.at("reopen/")).await.ok(200);
    room.customer.say(&room, "unheard").await;
    // Whoever came into another room since has heard of this one's.
    let theirs = json!({ "id": room.customer.user, "name": "Amina" });
    let other = Room::of(&server, an_order("other").with("customer", theirs)).await;
    live.caught_up(&other).await;
    let heard = live.received[begin..].iter();
    let heard = heard.filter(|frame| frame["room"] == room.id.as_str());
    assert_eq!(heard.count(), 0, "{live:?}");

    let head = room.head().await;
    room.customer.act(&room.at("leave/")).await.ok(200);
    room.customer.act(&room.at("join/")).await.ok(200);
    live.caught_up(&room).await;
    let seqs = seqs(&live.events_of(&room));
    assert!(
        seqs.contains(&head) && seqs.is_sorted_by(|a, b| a < b),
        "{seqs:?}"
    );
}

#[tokio::test]
async fn a_room_that_is_left_while_it_is_caught_up_with_goes_on_where_it_was() {
    let server = Server::start().await;
    let room = server.open_room().await;
    // Three pages of the log.
    for number in 0..420 {
        room.support.say(&room, &format!("m{number}")).await;
    }
    let epoch = Live::of(&room.support).await.epoch();
    for heard in [0, 1, 199, 201] {
        let head = room.head().await;
        let start = Cursor::of(&epoch, &room.id, 0);
        let mut live = Live::resume(&room.customer, &start).await;
        if heard > 0 {
            live.event_at(&room, heard).await;
        }
        live.done(json!({ "type": "unsubscribe", "room": room.id }))
            .await;
        let left = live.events_of(&room).len();
        room.support.say(&room, "unheard").await;
        live.fence().await;
        assert_eq!(live.events_of(&room).len(), left, "after {heard}");
        room.customer.act(&room.at("leave/")).await.ok(200);
        room.customer.act(&room.at("join/")).await.ok(200);
        // The word, the leaving and the coming back.
        live.event_at(&room, head + 3).await;
        let all = seqs(&live.events_of(&room));
        assert_eq!(all, (1..=head + 3).collect::<Vec<_>>(), "after {heard}");
    }
}

/// A new policy updates many rooms: staff are not to be sent them all.
#[tokio::test]
async fn staff_who_are_in_a_room_follow_it_only_when_they_ask() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    let mut live = Live::following(&room.pharmacist, &other).await;
    let title = json!({ "title": "Changed" });
    room.admin.patch(&room.at(""), title).await.ok(200);
    room.close().await;
    room.admin.act(&room.at("reopen/")).await.ok(200);
    let seq = other.customer.say(&other, "heard").await.number("seq");
    live.event_at(&other, seq).await;
    let heard = live.frames_of(&room).into_iter();
    let heard = heard.filter(|frame| frame["type"] != "room_summary");
    assert_eq!(heard.count(), 0, "{live:?}");
}

#[tokio::test]
async fn rooms_that_one_may_not_read_cannot_be_followed() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let elsewhere = server.pharmacy("staff-else", "ph2");
    let mut bodies = Vec::new();
    for client in [
        server.customer("stranger"),
        server.rider("stranger-2"),
        elsewhere,
    ] {
        let mut live = Live::of(&client).await;
        for name in [room.id.clone(), room.code.clone(), random_id(), "x".into()] {
            let frame = json!({ "type": "subscribe", "room": name, "after": 0 });
            bodies.push(live.refused(frame, 404).await.to_string());
        }
        live.fence().await;
        assert!(live.frames_of(&room).is_empty());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "the same answer for every id: {bodies:?}");
}

#[tokio::test]
async fn a_room_that_opens_while_connected_is_followed_from_its_beginning() {
    let server = Server::start().await;
    server.service().make_known("customer-o1", "customer").await;
    let mut live = Live::of(&server.customer("customer-o1")).await;
    live.fence().await;
    let room = server.open_room().await;
    assert_eq!(room.customer.user, "customer-o1");
    let caught_up = live.caught_up(&room).await;
    let events = live.events_of(&room);
    assert_eq!(
        seqs(&events),
        (1..=caught_up.number("seq")).collect::<Vec<_>>()
    );
    assert_eq!(events[0]["kind"], "room.created");
    let seq = room.rider.say(&room, "hello").await.number("seq");
    live.event_at(&room, seq).await;
}

#[tokio::test]
async fn a_rider_who_is_assigned_while_connected_follows_from_the_assignment() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let rider = server.rider("rider-two");
    let mut live = Live::of(&rider).await;
    live.fence().await;
    room.customer.say(&room, "before").await;
    room.rider_is("rider-two").await;
    let caught_up = live.caught_up(&room).await;
    let told = seqs(&live.events_of(&room));
    let visible: Vec<_> = seqs(&room.log_seen_by(&rider).await);
    assert_eq!(told, visible);
    assert_eq!(told.last().copied(), caught_up["seq"].as_i64());
    assert!(!format!("{live:?}").contains("before"));
    // Whoever was handed over has their own end as the last.
    let seq = room.customer.say(&room, "after").await.number("seq");
    live.event_at(&room, seq).await;
}

#[tokio::test]
async fn a_guest_who_joins_while_connected_follows_what_comes_after() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.make_public().await;
    room.customer.say(&room, "before").await;
    let guest = server.customer("guest-1");
    let mut live = Live::of(&guest).await;
    guest.act(&room.at("join/")).await.ok(200);
    live.caught_up(&room).await;
    assert_eq!(
        seqs(&live.events_of(&room)),
        seqs(&room.log_seen_by(&guest).await)
    );
    assert!(!format!("{live:?}").contains("before"));
}

#[tokio::test]
async fn ones_own_end_is_the_last_of_the_room_and_the_connection_stays_for_others() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    for gone in [&room.customer, &room.colleague] {
        if gone.user == room.customer.user {
            other.add(gone, "customer").await;
        }
        let mut live = Live::following(gone, &room).await;
        live.follow(&other).await;
        gone.act(&room.at("leave/")).await.ok(200);
        let own = live.event(&room, "participant.ended").await;
        room.pharmacist.say(&room, "they are gone").await;
        let seq = other.rider.say(&other, "still here").await.number("seq");
        live.event_at(&other, seq).await;
        live.fence().await;
        if gone.user == room.customer.user {
            let last = live.events_of(&room).pop().expect("events");
            assert_eq!(last, own, "{live:?}");
        } else {
            // Staff keep what their role reaches.
            live.event_at(&room, own.number("seq") + 1).await;
        }
    }
}

#[tokio::test]
async fn who_comes_back_after_leaving_is_told_what_they_missed() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    room.customer.act(&room.at("leave/")).await.ok(200);
    let own = live.event(&room, "participant.ended").await.number("seq");
    let away = room.rider.say(&room, "while away").await.number("seq");
    room.customer.act(&room.at("join/")).await.ok(200);
    live.caught_up(&room).await;
    let back = live.event_at(&room, away).await;
    assert_eq!(back["data"]["message"]["content"], "while away");
    let all = seqs(&live.events_of(&room));
    assert!(
        all.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{all:?} after {own}"
    );
}

#[tokio::test]
async fn a_rider_loses_a_closed_room_and_gets_it_back_when_it_reopens() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.rider, &room).await;
    room.close().await;
    let closed = live.event(&room, "room.closed").await;
    let word = json!({ "content": "a word among us", "message_type": "system" });
    room.service.send(&room, word).await.ok(201);
    live.fence().await;
    assert_eq!(live.events_of(&room).pop(), Some(closed.clone()));
    let mut another = Live::of(&room.rider).await;
    another.refused(subscribe(&room, 0), 404).await;
    room.pharmacist.act(&room.at("reopen/")).await.ok(200);
    live.caught_up(&room).await;
    let seq = room.customer.say(&room, "open again").await.number("seq");
    live.event_at(&room, seq).await;
    let all = seqs(&live.events_of(&room));
    let first = all[0];
    assert_eq!(
        all,
        (first..=seq).collect::<Vec<_>>(),
        "nothing is missing or repeated"
    );
}

#[tokio::test]
async fn a_deleted_room_ends_for_everybody() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut lives = Vec::new();
    for client in [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.support,
        &room.admin,
    ] {
        lives.push(Live::following(client, &room).await);
    }
    room.admin.delete(&room.at("")).await.ok(204);
    for live in &mut lives {
        live.event(&room, "room.deleted").await;
        live.fence().await;
        let last = live.events_of(&room).pop().expect("events");
        assert_eq!(last["kind"], "room.deleted");
        live.refused(subscribe(&room, 0), 404).await;
        assert!(live.is_alive().await);
    }
}

#[tokio::test]
async fn a_token_for_one_room_follows_that_room_and_is_closed_when_it_is_gone() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    other.add(&room.customer, "customer").await;
    let identity = server.identity("customer", &room.customer.user);
    let bound: Client = server.client(&identity.with("room", room.id.as_str()));
    let mut live = Live::of(&bound).await;
    live.caught_up(&room).await;
    live.refused(subscribe(&other, 0), 404).await;
    let seq = room.rider.say(&room, "hello").await.number("seq");
    live.event_at(&room, seq).await;
    assert!(live.frames_of(&other).is_empty());
    room.remove(&room.customer).await;
    live.closed_with(4403).await;
    let last = live.events_of(&room).pop().expect("events");
    assert_eq!(
        last["kind"], "participant.ended",
        "their end is told: {live:?}"
    );
}

#[tokio::test]
async fn the_end_of_the_room_that_a_token_is_for_is_told_before_the_connection_closes() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut lives = Vec::new();
    for (role, client) in [("customer", &room.customer), ("support", &room.support)] {
        let identity = server.identity(role, &client.user);
        let bound = server.client(&identity.with("room", room.code.as_str()));
        lives.push(Live::following(&bound, &room).await);
    }
    room.admin.delete(&room.at("")).await.ok(204);
    for live in &mut lives {
        live.closed_with(4403).await;
        let last = live.events_of(&room).pop().expect("events");
        assert_eq!(last["kind"], "room.deleted", "{live:?}");
    }
}

#[tokio::test]
async fn a_token_for_one_room_that_replaces_another_ends_the_other_rooms_alone() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    other.add(&room.customer, "customer").await;
    let mut live = Live::of(&room.customer).await;
    live.caught_up(&room).await;
    live.caught_up(&other).await;
    let identity = server.identity("customer", &room.customer.user);
    let bound = server.client(&identity.with("room", room.id.as_str()));
    live.done(json!({ "type": "auth", "token": bound.token() }))
        .await;
    live.expect(json!({ "type": "resync", "room": other.id, "reason": "gone" }))
        .await;
    other.rider.say(&other, "not for them").await;
    let seq = room.rider.say(&room, "for them").await.number("seq");
    live.event_at(&room, seq).await;
    let heard = live.events_of(&other);
    assert!(
        heard.iter().all(|event| event["kind"] != "message.created"),
        "{heard:?}"
    );
    room.remove(&room.customer).await;
    live.closed_with(4403).await;
}

#[tokio::test]
async fn a_wider_token_follows_the_rooms_that_it_is_good_for_too() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    other.add(&room.customer, "customer").await;
    let identity = server.identity("customer", &room.customer.user);
    let bound = server.client(&identity.with("room", room.id.as_str()));
    let mut live = Live::following(&bound, &room).await;
    live.done(json!({ "type": "auth", "token": room.customer.token() }))
        .await;
    live.caught_up(&other).await;
    let seq = other.rider.say(&other, "for them, too").await.number("seq");
    live.event_at(&other, seq).await;
}

/// Who is called back before their end was told follows the room again.
#[tokio::test]
async fn a_rider_who_is_handed_the_order_back_at_once_hears_what_comes() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.rider, &room).await;
    for round in 0..10 {
        let events = ["another-rider", &room.rider.user].map(|rider| {
            let data = json!({ "rider": { "id": rider, "name": "A Rider" } });
            let mut event = an_event(&room.order, "delivery.reassigned", data);
            event["id"] = json!(format!("{round} {rider}"));
            event
        });
        room.service.tell(&json!(events)).await.ok(202);
        let said = room.customer.say(&room, &format!("after {round}")).await;
        live.event_at(&room, said.number("seq")).await;
    }
}
