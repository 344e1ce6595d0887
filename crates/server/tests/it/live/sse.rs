//! Server-Sent Events: the same frames, for those who only listen.

use reqwest::Method;
use serde_json::json;

use crate::harness::sse::Sse;
use crate::harness::{Fields, Live, Server, random_id};

#[tokio::test]
async fn a_stream_has_the_frames_of_a_socket() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let mut stream = Sse::open(&room.customer, &[&room], None).await;
    let told = stream.expect(json!({ "type": "caught_up" })).await;
    assert!(told.frame["capabilities"].is_object());
    let seq = room.rider.say(&room, "to both").await.number("seq");
    let told = stream.expect(json!({ "type": "event" })).await;
    assert_eq!(told.frame, live.event_at(&room, seq).await);
    let id = told.id.expect("an event has an id");
    assert_eq!(id, format!("{}.{}:{seq}", live.epoch(), room.id));
}

#[tokio::test]
async fn a_stream_goes_on_after_its_last_event_id() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    let client = &room.support;
    let mut stream = Sse::open(client, &[&room, &other], None).await;
    for _ in 0..2 {
        stream.expect(json!({ "type": "caught_up" })).await;
    }
    room.rider.say(&room, "heard").await;
    let last = stream.expect(json!({ "type": "event" })).await;
    let id = last.id.expect("an id");
    assert_eq!(id.matches(':').count(), 2, "it names both rooms: {id}");
    drop(stream);
    let missed = [
        room.rider.say(&room, "missed").await,
        other.rider.say(&other, "missed too").await,
        room.rider.say(&room, "and this").await,
    ];
    let mut stream = Sse::open(client, &[&room, &other], Some(&id)).await;
    let mut seen = Vec::new();
    while seen.len() < missed.len() {
        seen.push(stream.expect(json!({ "type": "event" })).await.frame);
    }
    for message in missed {
        let told = seen
            .iter()
            .filter(|event| event["data"]["message"]["id"] == message["id"]);
        assert_eq!(told.count(), 1, "{seen:?}");
    }
}

#[tokio::test]
async fn event_ids_that_are_not_ours_get_resync() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let epoch = Live::of(&room.customer).await.epoch();
    let head = room.head().await;
    for (id, reason) in [
        (format!("other.{}:{head}", room.id), "epoch"),
        ("17".into(), "epoch"),
        ("nonsense".into(), "epoch"),
        (format!("{epoch}.{}:{}", room.id, head + 1), "future"),
    ] {
        let mut stream = Sse::open(&room.customer, &[&room], Some(&id)).await;
        let told = stream.expect(json!({ "type": "resync" })).await.frame;
        assert_eq!(told["reason"], reason, "{id}");
        assert_eq!(told["seq"], head);
    }
}

#[tokio::test]
async fn what_cannot_be_streamed_is_said_before_the_stream_begins() {
    let server = Server::start().await;
    let mut rooms = Vec::new();
    for _ in 0..9 {
        rooms.push(server.open_room().await);
    }
    let room = &rooms[0];
    let path = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| format!("room={name}")).collect();
        format!("/api/chat/events/?{}", names.join("&"))
    };
    let ids: Vec<&str> = rooms.iter().map(|room| room.id.as_str()).collect();
    let admin = &room.admin;
    admin.get(&path(&ids)).await.refused(422);
    admin.get(&path(&[])).await.refused(422);
    let unknown = format!("{}&since=1", path(&ids[..1]));
    admin.get(&unknown).await.refused(422);
    let none = random_id();
    admin.get(&path(&[ids[0], &none])).await.refused(404);
    room.customer.get(&path(&ids[1..2])).await.refused(404);
    room.customer.get(&path(&ids[..2])).await.refused(404);
    server.anonymous().get(&path(&ids[..1])).await.refused(401);
    let bearer = server.bearer("x.y.z", "eve");
    bearer.get(&path(&ids[..1])).await.refused(401);
    // A token in the URL is no token.
    let in_url = format!("{}&token={}", path(&ids[..1]), room.admin.token());
    server.anonymous().get(&in_url).await.problem();

    let eight: Vec<_> = rooms[..8].iter().collect();
    let mut stream = Sse::open(admin, &eight, None).await;
    for _ in 0..8 {
        stream.expect(json!({ "type": "caught_up" })).await;
    }
}

#[tokio::test]
async fn a_stream_is_not_to_be_kept_or_held_back_by_others() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let path = format!("/api/chat/events/?room={}", room.id);
    let answer = room
        .customer
        .request(Method::GET, &path)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
}

#[tokio::test]
async fn streams_count_as_connections() {
    let server = Server::with("ORDERCHAT_USER_CONNECTIONS", "2")
        .start()
        .await;
    let room = server.open_room().await;
    let _socket = Live::of(&room.customer).await;
    let _stream = Sse::open(&room.customer, &[&room], None).await;
    let path = format!("/api/chat/events/?room={}", room.id);
    let refused = room.customer.get(&path).await;
    refused.refused(429);
    assert!(refused.retry_after_s() >= 1);
}

#[tokio::test]
async fn ones_own_end_is_the_last_of_a_stream_too() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    other.add(&room.customer, "customer").await;
    let mut stream = Sse::open(&room.customer, &[&room, &other], None).await;
    for _ in 0..2 {
        stream.expect(json!({ "type": "caught_up" })).await;
    }
    room.remove(&room.customer).await;
    let ended = stream.expect(json!({ "type": "event" })).await.frame;
    assert_eq!(ended["kind"], "participant.ended");
    room.rider.say(&room, "unheard").await;
    let seq = other.rider.say(&other, "heard").await.number("seq");
    let next = stream.next().await.expect("the stream stays").frame;
    assert_eq!(
        (&next["room"], next.number("seq")),
        (&json!(other.id), seq),
        "{next}"
    );
}

/// The rooms come one after the other; who is cut in between has the place of each.
#[tokio::test]
async fn a_stream_that_is_cut_before_all_rooms_came_goes_on_in_each() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    let epoch = Live::of(&room.customer).await.epoch();
    let (first, second) = (room.head().await, other.head().await);
    room.rider.say(&room, "missed in the one").await;
    other.rider.say(&other, "missed in the other").await;
    let rooms = [&room, &other];
    let last = format!("{epoch}.{}:{first},{}:{second}", room.id, other.id);
    let mut stream = Sse::open(&room.support, &rooms, Some(&last)).await;
    let told = stream.expect(json!({ "type": "event" })).await;
    let id = told.id.expect("an event has an id");
    drop(stream);
    let mut stream = Sse::open(&room.support, &rooms, Some(&id)).await;
    let missing = [(&room, first), (&other, second)]
        .into_iter()
        .find(|(room, _)| told.frame["room"] != room.id.as_str());
    let (missing, head) = missing.expect("an event is of one of them");
    let event = json!({ "type": "event", "room": missing.id, "seq": head + 1 });
    stream.expect(event).await;
}

#[tokio::test]
async fn who_comes_by_a_stream_is_online_to_those_who_may_know() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let rider = room.participant(&room.rider).await.string("id");
    let _stream = Sse::open(&room.rider, &[&room], None).await;
    let online = json!({ "type": "presence", "participant": rider, "is_online": true });
    live.expect(online).await;
}
