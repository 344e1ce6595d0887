//! Every command with `ref` is answered once, in the order sent; without there is only `error`.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::live::fits;
use crate::harness::{Fields, Live, Room, Server, random_id, shape};

#[tokio::test]
async fn answers_come_in_the_order_sent_whatever_they_answer() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let own = live.send(&room, "to be edited").await.string("id");
    let begin = live.received.len();
    let commands = [
        json!({ "type": "send", "room": room.id, "content": "one" }),
        json!({ "type": "ping" }),
        json!({ "type": "edit", "message": own, "content": "edited" }),
        json!({ "type": "send", "room": random_id(), "content": "nowhere" }),
        json!({ "type": "read", "room": room.id, "seq": 1 }),
        json!({ "type": "nonsense" }),
        json!({ "type": "subscribe", "room": room.id }),
        json!({ "type": "send", "room": room.id, "content": "two" }),
        json!({ "type": "typing", "room": room.id }),
        json!({ "type": "auth", "token": room.customer.token() }),
        json!({ "type": "delete", "message": own }),
        json!({ "type": "delivered", "room": room.id, "seq": 1 }),
        json!({ "type": "unsubscribe", "room": room.id }),
        json!({ "type": "send", "room": room.id, "content": "" }),
        json!({ "type": "ping" }),
    ];
    let mut refs = Vec::new();
    for command in commands {
        refs.push(live.command(command).await);
    }
    for reference in &refs {
        live.answer(reference).await;
    }
    let answered: Vec<_> = live.received[begin..]
        .iter()
        .filter_map(|frame| frame["ref"].as_str())
        .collect();
    assert_eq!(answered, refs, "{live:?}");
    let types: Vec<_> = live.received[begin..]
        .iter()
        .filter(|frame| frame["ref"].is_string())
        .map(|frame| frame.string("type"))
        .collect();
    assert_eq!(
        types,
        [
            "ok", "pong", "ok", "error", "ok", "error", "ok", "ok", "ok", "ok", "ok", "ok", "ok",
            "error", "pong"
        ]
    );
}

#[rstest]
#[case::by_id(|room: &Room| room.id.clone())]
#[case::by_code(|room: &Room| room.code.clone())]
#[tokio::test]
async fn two_hundred_sends_in_one_go_keep_their_order(#[case] name: fn(&Room) -> String) {
    let server = Server::start().await;
    let room = server.open_room().await;
    let name = name(&room);
    let mut witness = Live::following(&room.pharmacist, &room).await;
    let mut live = Live::following(&room.customer, &room).await;
    let mut refs = Vec::new();
    for number in 0..200 {
        let send = json!({ "type": "send", "room": name, "content": format!("m{number}") });
        refs.push(live.command(send).await);
    }
    let mut seqs = Vec::new();
    for (number, reference) in refs.iter().enumerate() {
        let message = live.answer(reference).await["message"].clone();
        assert_eq!(message["content"], format!("m{number}"));
        seqs.push(message.number("seq"));
    }
    assert!(seqs.is_sorted(), "{seqs:?}");
    witness.event_at(&room, seqs[199]).await;
    let told: Vec<_> = witness.events_of(&room);
    let told = told
        .iter()
        .map(|event| event["data"]["message"].string("content"));
    assert!(told.eq((0..200).map(|number| format!("m{number}"))));
}

#[tokio::test]
async fn without_ref_nothing_is_answered_but_errors() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let message = live.send(&room, "mine").await;
    let begin = live.received.len();
    for frame in [
        json!({ "type": "send", "room": room.id, "content": "quiet" }),
        json!({ "type": "edit", "message": message["id"], "content": "quieter" }),
        json!({ "type": "delete", "message": message["id"] }),
        json!({ "type": "delivered", "room": room.id, "seq": 1 }),
        json!({ "type": "read", "room": room.id, "seq": 1 }),
        json!({ "type": "typing", "room": room.id }),
        json!({ "type": "unsubscribe", "room": room.id }),
        json!({ "type": "auth", "token": room.customer.token() }),
        json!({ "type": "edit", "message": random_id(), "content": "x" }),
    ] {
        live.say(frame).await;
    }
    live.say(json!({ "type": "ping" })).await;
    live.expect(json!({ "type": "pong" })).await;
    let answers: Vec<&Value> = live.received[begin..]
        .iter()
        .filter(|frame| {
            ["ok", "error", "pong"]
                .iter()
                .any(|kind| frame["type"] == *kind)
        })
        .collect();
    assert_eq!(answers.len(), 2, "{answers:?}");
    assert_eq!(answers[0]["problem"]["status"], 404);
    assert!(answers.iter().all(|frame| frame.get("ref").is_none()));
}

#[tokio::test]
async fn frames_are_read_as_strictly_as_bodies() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let id = room.id.as_str();
    let wrong = [
        json!({ "type": "send", "room": id, "content": "x", "sender": "eve" }),
        json!({ "type": "send", "room": id, "content": "x", "seq": 9 }),
        json!({ "type": "send", "room": id }),
        json!({ "type": "send", "room": id, "content": 7 }),
        json!({ "type": "send", "room": id, "content": "x", "message_type": "system" }),
        json!({ "type": "send", "room": id, "content": "x", "client_message_id": "" }),
        json!({ "type": "edit", "message": id }),
        json!({ "type": "read", "room": id, "seq": -1 }),
        json!({ "type": "read", "room": id, "seq": 1.5 }),
        json!({ "type": "read", "room": id, "seq": "1" }),
        json!({ "type": "read", "room": id, "seq": 1_000_000 }),
        json!({ "type": "subscribe", "room": [id] }),
        json!({ "type": "subscribe", "room": id, "after": -1 }),
        json!({ "type": "typing" }),
        json!({ "type": "ping", "at": "now" }),
        json!({ "type": "SEND", "room": id, "content": "x" }),
        json!({ "type": null }),
        json!({}),
    ];
    for frame in wrong {
        let problem = live.refused(frame.clone(), 422).await;
        assert!(problem["detail"].is_string(), "{problem}");
        let errors = problem.list("errors");
        assert!(!errors.is_empty(), "{frame} {problem}");
        assert!(errors[0]["pointer"].is_string(), "{problem}");
    }
    assert!(live.events_of(&room).is_empty(), "nothing was done");
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_and_the_connection_stays() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (text, status) in [
        ("", 400),
        ("{", 400),
        ("ping", 400),
        (r#"{"type":"ping","type":"ping"}"#, 400),
        (r#"{"type":"ping"} {"type":"ping"}"#, 400),
        (r#"{"type":"ping","ref":1e999}"#, 400),
        (r#"{"type":"ping","ref":"\ud800"}"#, 400),
        (deep.as_str(), 400),
        ("[]", 422),
        ("null", 422),
        (r#""ping""#, 422),
        (r#"{"type":"ping","ref":7}"#, 422),
        (r#"{"type":"ping","ref":""}"#, 422),
    ] {
        live.say_raw(text).await;
        let error = live.expect(json!({ "type": "error" })).await;
        let shown: String = text.chars().take(60).collect();
        assert_eq!(error["problem"]["status"], status, "{shown} {error}");
        assert!(error.get("ref").is_none(), "{error}");
    }
    let long = "r".repeat(129);
    live.say(json!({ "type": "ping", "ref": long })).await;
    let error = live.expect(json!({ "type": "error" })).await;
    assert_eq!(error["problem"]["errors"][0]["pointer"], "/ref");
    assert!(live.is_alive().await);
}

#[tokio::test]
async fn pong_says_the_time() {
    let server = Server::start().await;
    let mut live = Live::of(&server.customer("c")).await;
    live.say(json!({ "type": "ping" })).await;
    let pong = live.expect(json!({ "type": "pong" })).await;
    shape::is_time(&pong.string("at"));
    assert!(pong.get("ref").is_none());
    let pong = live.ask(json!({ "type": "ping" })).await;
    assert!(fits(&json!({ "type": "pong" }), &pong), "{pong}");
}
