//! The first frame, and what the server says to it.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::live::Cursor;
use crate::harness::{Client, Fields, Live, Server, random_id};

#[tokio::test]
async fn welcome_names_the_epoch_the_user_and_the_heartbeat() {
    let server = Server::with("ORDERCHAT_HEARTBEAT", "7s").start().await;
    let room = server.open_room().await;
    let mut live = Live::of(&room.customer).await;
    let welcome = live.received[0].clone();
    assert_eq!(welcome["type"], "welcome", "it is the first frame");
    assert_eq!(welcome["user"], room.customer.user.as_str());
    assert_eq!(welcome["heartbeat"], 7);
    assert!(!welcome.string("epoch").is_empty());
    let other = Live::of(&room.rider).await;
    assert_eq!(other.epoch(), live.epoch(), "the epoch is the database's");
    live.fence().await;
}

#[tokio::test]
async fn customers_and_riders_follow_their_open_and_closed_rooms_at_once() {
    let server = Server::start().await;
    let (open, closed, archived) = (
        server.open_room().await,
        server.open_room().await,
        server.open_room().await,
    );
    for room in [&closed, &archived] {
        room.add(&open.customer, "customer").await;
    }
    closed.close().await;
    archived.archive().await;
    let mut live = Live::of(&open.customer).await;
    for room in [&open, &closed] {
        let caught_up = live.caught_up(room).await;
        assert_eq!(caught_up["seq"], room.head().await);
        assert!(caught_up["capabilities"].is_object());
    }
    live.fence().await;
    assert!(live.frames_of(&archived).is_empty(), "{live:?}");
    assert!(live.events_of(&open).is_empty(), "from the head on");
}

#[tokio::test]
async fn staff_follow_what_they_subscribe_to() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for client in [&room.pharmacist, &room.support, &room.admin] {
        let mut live = Live::of(client).await;
        live.fence().await;
        assert!(live.frames_of(&room).is_empty(), "{live:?}");
        live.follow(&room).await;
    }
}

#[tokio::test]
async fn whatever_comes_before_hello_ends_the_connection() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let early = [
        json!({ "type": "ping", "ref": "x" }),
        json!({ "type": "subscribe", "ref": "x", "room": room.id }),
        json!({ "type": "send", "ref": "x", "room": room.id, "content": "early" }),
        json!({ "type": "auth", "ref": "x", "token": room.customer.token() }),
    ];
    for frame in early {
        let mut live = Live::open(server.url()).await;
        live.say(frame).await;
        let error = live.expect(json!({ "type": "error", "ref": "x" })).await;
        assert_eq!(error["problem"]["status"], 422);
        live.closed_with(4401).await;
    }
    let mut live = Live::open(server.url()).await;
    live.say_raw("{").await;
    let error = live.expect(json!({ "type": "error" })).await;
    assert_eq!(error["problem"]["status"], 400);
    live.closed_with(4401).await;
}

#[tokio::test]
async fn a_token_that_is_no_good_ends_the_connection() {
    let server = Server::start().await;
    let expired = server
        .identity("customer", "c")
        .with("exp", 1)
        .with("iat", 0);
    let foreign = server.identity("customer", "c").with("aud", "another");
    for token in ["", "x.y.z"]
        .map(str::to_owned)
        .into_iter()
        .chain([server.secret.sign(&expired), server.secret.sign(&foreign)])
    {
        let mut live = Live::open(server.url()).await;
        live.say(json!({ "type": "hello", "ref": "h", "token": token }))
            .await;
        let error = live.expect(json!({ "type": "error", "ref": "h" })).await;
        assert_eq!(error["problem"]["status"], 401, "{error}");
        let bye = live.closed_with(4401).await;
        assert!(bye["retry_after"].is_null(), "coming back does not help");
    }
}

#[tokio::test]
async fn hello_is_read_as_strictly_as_a_body() {
    let server = Server::start().await;
    let customer = server.customer("c");
    let token = customer.token();
    let wrong = [
        json!({ "type": "hello", "token": token, "user": "eve" }),
        json!({ "type": "hello" }),
        json!({ "type": "hello", "token": 7 }),
        json!({ "type": "hello", "token": token, "resume": {} }),
        json!({ "type": "hello", "token": token, "resume": { "epoch": "e", "rooms": [] } }),
        json!({ "type": "hello", "token": token, "resume": { "epoch": "e", "rooms": { "a": -1 } } }),
        json!({ "type": "hello", "token": token, "resume": { "epoch": "e", "rooms": { "a": "1" } } }),
    ];
    for frame in wrong {
        let mut live = Live::open(server.url()).await;
        live.say(frame.clone()).await;
        let error = live.expect(json!({ "type": "error" })).await;
        assert_eq!(error["problem"]["status"], 422, "{frame} {error}");
        live.closed_with(4401).await;
    }
}

#[tokio::test]
async fn a_second_hello_is_refused_and_the_connection_stays() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::of(&room.customer).await;
    let hello = json!({ "type": "hello", "token": room.rider.token() });
    live.refused(hello, 422).await;
    let message = live.send(&room, "it is still me").await;
    let sender = room.participant(&room.customer).await;
    assert_eq!(message["sender"], sender["id"]);
}

#[tokio::test]
async fn one_connection_too_many_is_closed_with_4009() {
    let server = Server::with("ORDERCHAT_USER_CONNECTIONS", "2")
        .with("ORDERCHAT_STAFF_CONNECTIONS", "3")
        .start()
        .await;
    for (client, most) in [(server.customer("c"), 2), (server.support("s"), 3)] {
        let mut open = Vec::new();
        for _ in 0..most {
            open.push(Live::of(&client).await);
        }
        let mut surplus = Live::open(server.url()).await;
        surplus
            .say(json!({ "type": "hello", "token": client.token() }))
            .await;
        let bye = surplus.closed_with(4009).await;
        assert!(bye["retry_after"].is_u64(), "{bye}");
        for live in &mut open {
            assert!(live.is_alive().await, "the others stay");
        }
    }
}

#[tokio::test]
async fn a_resumed_room_goes_on_where_the_client_was_and_others_from_their_head() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    other.add(&room.customer, "customer").await;
    let epoch = Live::of(&room.customer).await.epoch();
    let head = room.head().await;
    for number in 0..3 {
        room.rider.say(&room, &format!("missed {number}")).await;
        other.rider.say(&other, "not asked for").await;
    }
    let cursor = Cursor::of(&epoch, &room.id, head);
    let mut live = Live::resume(&room.customer, &cursor).await;
    let caught_up = live.caught_up(&room).await;
    assert_eq!(caught_up["seq"], head + 3);
    live.caught_up(&other).await;
    let seqs: Vec<_> = live
        .events_of(&room)
        .iter()
        .map(|e| e.number("seq"))
        .collect();
    assert_eq!(seqs, [head + 1, head + 2, head + 3]);
    assert!(live.events_of(&other).is_empty());
}

#[tokio::test]
async fn a_room_may_be_resumed_by_its_code() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let epoch = Live::of(&room.customer).await.epoch();
    let cursor = Cursor::of(&epoch, &room.code, 2);
    let mut live = Live::resume(&room.customer, &cursor).await;
    live.caught_up(&room).await;
    let first = live.events_of(&room)[0].number("seq");
    assert_eq!(first, 3);
    let cursor = Cursor::of(&epoch, &random_id(), 2);
    let mut live = Live::resume(&room.customer, &cursor).await;
    live.expect(json!({ "type": "resync", "reason": "gone" }))
        .await;
}

/// As after a restart: the server reads for many of a room at once, and each has what is theirs.
#[tokio::test]
async fn everybody_who_comes_back_at_once_is_told_what_is_theirs() {
    const DEVICES: usize = 5;
    let server = Server::start().await;
    let room = server.open_room().await;
    let epoch = Live::of(&room.customer).await.epoch();
    room.customer.say(&room, "for the first rider").await;
    room.rider_is("rider-two").await;
    room.make_public().await;
    let (rider, guest) = (server.rider("rider-two"), server.customer("a-guest"));
    guest.act(&room.at("join/")).await.ok(200);
    let path = room.participant_at(&room.colleague, "block/").await;
    room.admin.act(&path).await.ok(200);
    for number in 0..5 {
        rider.say(&room, &format!("missed {number}")).await;
    }
    let (head, stranger) = (room.head().await, server.customer("a-stranger"));
    let people = [
        (&room.customer, 1),
        (&room.customer, head - 2),
        (&rider, head - 3),
        (&guest, head - 1),
        (&room.pharmacist, 2),
        (&room.admin, head),
    ];
    let comes_back = async |client: &Client, after: i64| {
        let mut live = Live::resume(client, &Cursor::of(&epoch, &room.id, after)).await;
        assert_eq!(live.caught_up(&room).await["seq"], head);
        live.events_of(&room)
    };
    let is_shut_out = async |client: &Client| {
        let mut live = Live::resume(client, &Cursor::of(&epoch, &room.id, 1)).await;
        live.expect(json!({ "type": "resync", "reason": "gone" }))
            .await;
        live.fence().await;
        assert_eq!(live.frames_of(&room).len(), 1, "{live:?}");
    };
    let all = || people.iter().cycle().take(people.len() * DEVICES);
    let come = join_all(all().map(|(client, after)| comes_back(client, *after)));
    let shut = [&room.rider, &room.colleague, &stranger].repeat(DEVICES);
    let (told, _) = tokio::join!(come, join_all(shut.into_iter().map(is_shut_out)));
    for ((client, after), told) in all().zip(told) {
        let mut log = room.log_seen_by(client).await;
        log.retain(|event| event.number("seq") > *after);
        for event in &mut log {
            event["type"] = json!("event");
        }
        assert_eq!(told, log, "{} after {after}", client.user);
    }
}
