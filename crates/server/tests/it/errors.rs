//! Problems: RFC 9457, which status when, and what they must not say.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Room, Server, random_id};

async fn post_text(client: &Client, room: &Room, kind: Option<&str>, body: &str) -> Answer {
    let request = client
        .request(Method::POST, &room.at("messages/"))
        .body(body.to_owned());
    client
        .dispatch(match kind {
            Some(kind) => request.header("Content-Type", kind),
            None => request,
        })
        .await
}

#[tokio::test]
async fn what_is_no_json_is_400() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let head = room.head().await;
    for body in [
        "",
        "{",
        "hello",
        "{'content':'a'}",
        "{\"content\":\"a\",}",
        "{\"content\":\"a\"} x",
        "{\"content\":\"\\x\"}",
        "{\"content\":\"a\n\"}",
        "{\"content\":\"\\ud800\"}",
        "{\"content\":NaN}",
        "\u{feff}{\"content\":\"a\"}",
    ] {
        let answer = post_text(&room.customer, &room, Some("application/json"), body).await;
        answer.refused(400);
    }
    assert_eq!(room.head().await, head);
}

#[tokio::test]
async fn a_key_given_twice_is_400() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for body in [
        r#"{"content":"a","content":"b"}"#,
        r#"{"content":"a","content":"a"}"#,
        r#"{"content":"a","c\u006fntent":"b"}"#,
        r#"{"content":"a","metadata":{"x":1,"x":2}}"#,
        r#"{"content":"a","metadata":{"x":[{"y":1,"y":1}]}}"#,
    ] {
        post_text(&room.customer, &room, Some("application/json"), body)
            .await
            .refused(400);
    }
}

#[tokio::test]
async fn unknown_fields_are_named_by_a_pointer() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let draft = json!({ "content": "a", "colour": "red" });
    let problem = room.customer.send(&room, draft).await.refused(422);
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| error["pointer"].clone())
        .collect();
    assert_eq!(pointers, ["/colour"], "{problem}");

    for (path, body) in [
        (room.at("close/"), json!({ "why": "done" })),
        (
            room.at("participants/"),
            json!({ "user": "kim", "is_muted": true }),
        ),
        (
            "/api/chat/rooms/".to_owned(),
            json!({ "order": room.order, "status": "closed" }),
        ),
    ] {
        room.admin.post(&path, body).await.refused(422);
    }
    assert_eq!(room.seen_by(&room.admin).await["status"], "open");
}

#[tokio::test]
async fn only_json_is_read_as_json() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let body = r#"{"content":"a"}"#;
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonp"),
        Some("text/json-but-not"),
        Some("application/xml"),
        Some(""),
    ] {
        post_text(&room.customer, &room, kind, body)
            .await
            .refused(415);
    }
    for kind in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
    ] {
        post_text(&room.customer, &room, Some(kind), body)
            .await
            .ok(201);
    }
}

#[tokio::test]
async fn bodies_are_at_most_128_kib() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let body = format!(r#"{{"content":"{}"}}"#, "a".repeat(128 * 1024));
    post_text(&room.customer, &room, Some("application/json"), &body)
        .await
        .refused(413);
    let padded = format!(r#"{{"content":"a"}}{}"#, " ".repeat(100 * 1024));
    post_text(&room.customer, &room, Some("application/json"), &padded)
        .await
        .ok(201);
}

#[tokio::test]
async fn wrong_types_are_422_whatever_the_field() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for body in ["[]", "null", "7", "\"content\"", "[{\"content\":\"a\"}]"] {
        let answer = post_text(&room.customer, &room, Some("application/json"), body).await;
        assert!(
            [400, 422].contains(&answer.status),
            "{body}: {}",
            answer.text
        );
        answer.problem();
    }
    for wrong in [
        json!({ "content": "a", "reply_to": 7 }),
        json!({ "content": "a", "message_type": null, "metadata": "x" }),
        json!({ "content": { "$gt": "" } }),
        json!({ "content": 1e30 }),
    ] {
        room.customer.send(&room, wrong).await.refused(422);
    }
}

#[tokio::test]
async fn what_does_not_exist_looks_the_same_everywhere() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let stranger = server.customer("stranger");
    let (one, two) = (random_id(), random_id());
    for path in [
        "rooms/{}/",
        "rooms/{}/messages/",
        "messages/{}/",
        "participants/{}/",
    ] {
        let of = |id: &str| format!("/api/chat/{}", path.replace("{}", id));
        let first = stranger.get(&of(&one)).await;
        first.refused(404);
        let second = stranger.get(&of(&two)).await;
        assert_eq!(first.fingerprint(), second.fingerprint(), "{path}");
        assert!(
            !first.text.contains(&one),
            "the id is not repeated: {}",
            first.text
        );
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    }
    assert_eq!(room.customer.get("/api/chat/nothing/").await.status, 404);
    room.customer.get("/api/chat/nothing/").await.problem();
    room.customer.get("/nothing").await.refused(404);
}

#[tokio::test]
async fn other_verbs_than_those_of_the_route_are_refused() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for (method, path) in [
        (Method::DELETE, "/api/chat/rooms/".to_owned()),
        (Method::GET, room.at("close/")),
        (Method::PUT, room.at("messages/")),
        (Method::PATCH, room.at("participants/")),
        (Method::DELETE, "/api/chat/me/".into()),
    ] {
        let answer = room.admin.dispatch(room.admin.request(method, &path)).await;
        answer.refused(405);
        assert!(
            answer.header("allow").is_some(),
            "{} tells what is allowed",
            answer.request
        );
    }
}

#[tokio::test]
async fn problems_do_not_repeat_what_people_wrote() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let canary = "canary-7391";
    let answers = [
        room.customer
            .send(&room, json!({ "content": format!("{canary}\u{0}") }))
            .await,
        room.customer
            .send(&room, json!({ "content": 1, "note": canary }))
            .await,
        room.customer
            .send(&room, json!({ "content": "a", "message_type": canary }))
            .await,
        room.customer
            .send(
                &room,
                json!({ "content": "a", "client_message_id": format!("{canary}é") }),
            )
            .await,
        room.customer
            .post(&room.at("close/"), json!({ "reason": canary }))
            .await,
        post_text(
            &room.customer,
            &room,
            Some("application/json"),
            &format!("{{\"content\":{canary}"),
        )
        .await,
        room.service
            .put("/api/users/x/", json!({ "name": 1, "role": canary }))
            .await,
    ];
    for answer in answers {
        let problem: Value = answer.problem();
        assert!(!problem.to_string().contains(canary), "{problem}");
    }
}

#[tokio::test]
async fn a_problem_names_what_was_wrong_and_what_to_do() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.close().await;
    let problem = room
        .customer
        .send(&room, json!({ "content": "a" }))
        .await
        .refused(409);
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("closed")),
        "{problem}"
    );
    assert!(problem["type"].is_string());
}
