//! `GET /api/audit/`: what no room shows, for admins.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::server::Options;
use crate::harness::{Client, Fields as _, Identity, Live, Server, encode, random_id};

async fn audit(admin: &Client, query: &str) -> Vec<Value> {
    admin.all(&format!("/api/audit/?limit=2{query}")).await
}

fn actions(entries: &[Value]) -> Vec<String> {
    entries.iter().map(|entry| entry.string("action")).collect()
}

#[tokio::test]
async fn an_entry_says_who_did_what_where_when_and_from_where() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let read = room.support.get(&room.at("messages/")).await;
    let request = read.header("x-request-id").map(str::to_owned);
    let entries = audit(&room.admin, "").await;
    let [entry] = entries.as_slice() else {
        panic!("one entry, not {entries:?}")
    };
    assert_eq!(entry["actor"], "support-1");
    assert_eq!(entry["actor_role"], "support");
    assert_eq!(entry["action"], "room.read");
    assert_eq!(entry["room"], room.id);
    assert_eq!(entry["request_id"].as_str(), request.as_deref());
    assert_eq!(entry["ip"], "127.0.0.1");
    assert!(entry.string("at").ends_with('Z'));
}

#[tokio::test]
async fn the_list_is_newest_first_and_goes_both_ways() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for n in 0..5 {
        let reader = server.support(&format!("reader-{n}"));
        reader.get(&room.at("messages/")).await.ok(200);
    }
    let all = audit(&room.admin, "").await;
    let actors: Vec<_> = all.iter().map(|entry| entry.string("actor")).collect();
    assert_eq!(
        actors,
        ["reader-4", "reader-3", "reader-2", "reader-1", "reader-0"]
    );
    let first = room.admin.get("/api/audit/?limit=2").await.ok(200);
    assert_eq!(first["previous"], Value::Null);
    let second = room.admin.get(&first.string("next")).await.ok(200);
    assert_eq!(second.results(), all[2..4]);
    let back = room.admin.get(&second.string("previous")).await.ok(200);
    assert_eq!(back.results(), all[..2]);
    let again = room.admin.get(&back.string("next")).await.ok(200);
    assert_eq!(again.results(), all[2..4]);
}

#[tokio::test]
async fn it_is_filtered_by_actor_action_room_and_time() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    room.support.get(&room.at("messages/")).await.ok(200);
    room.admin.get(&room.at("messages/")).await.ok(200);
    room.admin.get(&other.at("messages/")).await.ok(200);
    let user = encode(&room.customer.user);
    let revoke = format!("/api/users/{user}/revoke/");
    room.service.act(&revoke).await.ok(200);

    let of = async |query: &str| actions(&audit(&room.admin, query).await).len();
    assert_eq!(of("").await, 4);
    assert_eq!(of("&actor=admin-1").await, 2);
    assert_eq!(of("&actor=shop").await, 1, "the service is an actor, too");
    assert_eq!(of("&actor=nobody").await, 0);
    assert_eq!(of("&action=room.read").await, 3);
    assert_eq!(of(&format!("&room={}", room.id)).await, 2);
    assert_eq!(of(&format!("&room={}", other.code)).await, 1);
    assert_eq!(of(&format!("&room={}", random_id())).await, 0);
    let both = format!("&room={}&actor=admin-1&action=room.read", room.id);
    assert_eq!(of(&both).await, 1);

    let all = audit(&room.admin, "").await;
    let second = all[1].string("at");
    let before = all
        .iter()
        .filter(|entry| entry.string("at") < second)
        .count();
    assert_eq!(of(&format!("&to={}", encode(&second))).await, before);
    assert_eq!(of(&format!("&from={}", encode(&second))).await, 4 - before);
    assert_eq!(of("&from=2100-01-01T00:00:00Z").await, 0);
    assert_eq!(of("&to=2000-01-01T00:00:00Z").await, 0);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let server = Server::start().await;
    let admin = server.admin("admin-1");
    for (query, pointer) in [
        ("from=yesterday", "from"),
        ("to=1", "to"),
        ("room=x", "room"),
        ("actor=", "actor"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("colour=red", "colour"),
    ] {
        let refused = admin.get(&format!("/api/audit/?{query}")).await;
        let problem = refused.refused(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}");
    }
}

#[tokio::test]
async fn only_admins_read_it_and_not_with_a_token_for_one_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for client in [&room.customer, &room.rider, &room.pharmacist, &room.support] {
        client.get("/api/audit/").await.refused(403);
    }
    room.service.get("/api/audit/").await.refused(403);
    let one_room = Identity::new("admin", "admin-1").with("room", room.id.as_str());
    server
        .client(&one_room)
        .get("/api/audit/")
        .await
        .refused(403);
}

#[tokio::test]
async fn who_tries_what_their_role_may_not_is_recorded_once() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for _ in 0..3 {
        room.customer.act(&room.at("close/")).await.refused(403);
        room.customer.act(&room.at("archive/")).await.refused(403);
    }
    let support = room.add(&room.support, "support").await;
    let block = format!("/api/chat/participants/{}/block/", support.string("id"));
    room.pharmacist.act(&block).await.refused(403);
    let entries = audit(&room.admin, "&action=attempt.forbidden").await;
    let of: Vec<_> = entries
        .iter()
        .map(|entry| (entry.string("actor"), entry.string("target")))
        .collect();
    let expected = [
        (
            room.pharmacist.user.clone(),
            "POST /api/chat/participants/{participant}/block/".to_owned(),
        ),
        (
            room.customer.user.clone(),
            "POST /api/chat/rooms/{room}/archive/".to_owned(),
        ),
        (
            room.customer.user.clone(),
            "POST /api/chat/rooms/{room}/close/".to_owned(),
        ),
    ];
    assert_eq!(of, expected);
    assert_eq!(entries[1]["room"], room.id);
}

#[tokio::test]
async fn who_tries_ids_until_they_are_stopped_is_recorded() {
    let server = Options::default()
        .with("ORDERCHAT_NOT_FOUND_RATE", "3/min burst 3")
        .with_rate_limits()
        .start()
        .await;
    let rider = server.rider("rider-x");
    for _ in 0..5 {
        let path = format!("/api/chat/rooms/{}/", random_id());
        rider.get(&path).await;
    }
    let entries = audit(&server.admin("admin-1"), "&action=attempt.probing").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["actor"], "rider-x");
    assert_eq!(entries[0]["target"], "GET /api/chat/rooms/{room}/");
}

#[tokio::test]
async fn whichever_way_ids_are_tried_there_is_an_end_to_it() {
    let server = Options::default()
        .with("ORDERCHAT_NOT_FOUND_RATE", "3/min burst 3")
        .with("ORDERCHAT_ORIGINS", "https://shop.example")
        .with_rate_limits()
        .start()
        .await;
    let then = [404, 404, 404, 429];

    // Also where nobody waits for the answer.
    let mut live = Live::of(&server.rider("by-mute-subscribe")).await;
    for status in then {
        let begin = live.received.len();
        live.say(json!({ "type": "subscribe", "room": random_id() }))
            .await;
        let told = live.next_after(begin).await.expect("an answer");
        assert_eq!(told["problem"]["status"], status, "{told}");
    }

    let mut live = Live::of(&server.rider("by-subscribe")).await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        let subscribe = json!({ "type": "subscribe", "room": random_id(), "after": 0 });
        let answer = live.ask(subscribe).await;
        answers.push(answer["problem"]["status"].as_i64().expect("a status"));
    }
    assert_eq!(answers, then, "subscribe");

    // The page of a shop may read that it has to wait, too.
    let from_a_page = server.rider("by-rest");
    let mut answers = Vec::new();
    for _ in 0..4 {
        let path = format!("/api/chat/rooms/{}/", random_id());
        let asked = from_a_page.request(Method::GET, &path);
        let asked = asked.header("Origin", "https://shop.example");
        let answer = from_a_page.dispatch(asked).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("https://shop.example")
        );
        answers.push(i64::from(answer.status));
    }
    assert_eq!(answers, then, "by REST");

    let by_rest = server.rider("by-stream");
    let mut answers = Vec::new();
    for _ in 0..4 {
        let path = format!("/api/chat/events/?room={}", random_id());
        answers.push(i64::from(by_rest.get(&path).await.status));
    }
    assert_eq!(answers, then, "a stream");

    let resuming = server.rider("by-resume");
    let rooms = (0..4).map(|_| (random_id(), json!(1))).collect();
    let cursor = Value::Object(rooms);
    let mut live = Live::open(server.url()).await;
    let epoch = Live::of(&server.rider("another")).await.epoch();
    let resume = json!({ "epoch": epoch, "rooms": cursor });
    live.say(json!({ "type": "hello", "token": resuming.token(), "resume": resume }))
        .await;
    for _ in 0..4 {
        live.expect(json!({ "type": "resync", "reason": "gone" }))
            .await;
    }
    live.refused(json!({ "type": "subscribe", "room": random_id() }), 429)
        .await;

    // Without a token the address is whose limit it is: ten.
    let mut answers = Vec::new();
    for _ in 0..11 {
        let path = format!("/api/chat/attachments/{}/?link=guessed", random_id());
        answers.push(server.anonymous().get(&path).await.status);
    }
    assert_eq!(answers[..10], [404; 10]);
    assert_eq!(answers[10], 429);
}

#[tokio::test]
async fn who_comes_with_a_revoked_token_is_recorded() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.rider.get(&room.at("")).await.ok(200);
    let revoke = format!("/api/users/{}/revoke/", encode(&room.rider.user));
    room.service.post(&revoke, json!({})).await.ok(200);
    for _ in 0..3 {
        room.rider.get(&room.at("")).await.refused(401);
    }
    let entries = audit(&room.admin, "&action=attempt.revoked_token").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["actor"], room.rider.user.as_str());
}

#[tokio::test]
async fn who_connects_with_a_revoked_token_is_recorded() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for client in [&room.rider, &room.customer] {
        client.get(&room.at("")).await.ok(200);
        let revoke = format!("/api/users/{}/revoke/", encode(&client.user));
        room.service.post(&revoke, json!({})).await.ok(200);
    }
    for _ in 0..2 {
        let mut live = Live::open(room.rider.url()).await;
        live.say(json!({ "type": "hello", "token": room.rider.token() }))
            .await;
        live.closed_with(4401).await;
        let stream = format!("/api/chat/events/?room={}", room.id);
        room.customer.get(&stream).await.refused(401);
    }
    let entries = audit(&room.admin, "&action=attempt.revoked_token").await;
    let of = |client: &Client| {
        let mut of = entries.iter().filter(|entry| entry["actor"] == client.user);
        let entry = of.next().expect("an entry").string("target");
        assert!(of.next().is_none(), "{entries:?}");
        entry
    };
    assert_eq!(of(&room.rider), "live hello");
    assert_eq!(of(&room.customer), "GET /api/chat/events/");
}

/// Every answer shows the room, also to who asked for a change and made none.
#[tokio::test]
async fn who_changes_nothing_has_read_the_room_all_the_same() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let customer = room.participant_at(&room.customer, "").await;
    let unmute = room.participant_at(&room.customer, "unmute/").await;
    let (room_path, people) = (room.at(""), room.at("participants/"));
    let again = json!({ "user": room.customer.user });
    let asked: [(&str, Method, &str, Value); 4] = [
        ("support-a", Method::PATCH, &room_path, json!({})),
        (
            "support-b",
            Method::PATCH,
            &customer,
            json!({ "role": "customer" }),
        ),
        ("support-c", Method::POST, &unmute, json!({})),
        ("support-d", Method::POST, &people, again),
    ];
    for (who, method, path, body) in asked {
        let support = server.support(who);
        let request = support.request(method, path).json(&body);
        support.dispatch(request).await.ok(200);
        let read = audit(&room.admin, &format!("&action=room.read&actor={who}")).await;
        assert_eq!(read.len(), 1, "{who}");
    }
}
