//! A16, A28: bodies of other kinds, and syntax in filters, searches and cursors.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fields, Server, encode};

#[tokio::test]
async fn a16_json_that_comes_as_a_form_or_as_text_is_415() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let head = room.head().await;
    let forms = [
        ("text/plain", r#"{"content":"a"}"#),
        ("text/plain;application/json", r#"{"content":"a"}"#),
        ("application/x-www-form-urlencoded", r#"{"content":"a"}"#),
        ("application/x-www-form-urlencoded", "content=a"),
        ("text/html", r#"{"content":"a"}"#),
    ];
    for (kind, body) in forms {
        for (method, path) in [
            (Method::POST, room.at("messages/")),
            (Method::PATCH, room.at("")),
            (Method::POST, "/api/chat/rooms/".to_owned()),
        ] {
            let request = room
                .pharmacist
                .request(method, &path)
                .header("Content-Type", kind)
                .body(body);
            room.pharmacist.dispatch(request).await.refused(415);
        }
    }
    assert_eq!(room.head().await, head);
}

const SYNTAX: [&str; 16] = [
    "' OR '1'='1",
    "'; DROP TABLE room; --",
    "\" OR 1=1 --",
    "1) OR (1=1",
    "%",
    "_",
    "%25",
    "[a-z]",
    "*",
    "a* OR b*",
    "NEAR(a b)",
    "\\",
    "$1",
    "?1",
    "\u{0}",
    "x' UNION SELECT 1 --",
];

#[tokio::test]
async fn a28_syntax_in_filters_is_taken_literally_or_refused() {
    let server = Server::start().await;
    let room = server.open_room().await;
    server.open_room().await;
    for syntax in SYNTAX {
        let value = encode(syntax);
        for name in [
            "search",
            "order",
            "status",
            "role",
            "scope",
            "ordering",
            "cursor",
            "limit",
            "is_public",
        ] {
            let path = format!("/api/chat/rooms/?{name}={value}");
            let answer = room.customer.get(&path).await;
            match answer.status {
                200 => {
                    let found = answer.json().results();
                    assert!(found.is_empty() || name == "search", "{path}: {found:?}");
                    assert!(found.len() <= 1, "{path} found rooms of others: {found:?}");
                }
                status => {
                    assert!([400, 422].contains(&status), "{path}: {}", answer.text);
                    answer.problem();
                }
            }
        }
        for name in ["type", "before", "after", "around", "limit"] {
            let answer = room
                .customer
                .get(&room.at(&format!("messages/?{name}={value}")))
                .await;
            assert!(
                [400, 422].contains(&answer.status),
                "{name}={syntax}: {}",
                answer.text
            );
        }
    }
    assert_eq!(
        room.customer
            .get("/api/chat/rooms/")
            .await
            .ok(200)
            .results()
            .len(),
        1
    );
}

#[tokio::test]
async fn a28_wildcards_find_what_they_are_and_nothing_else() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let other = server.open_room().await;
    room.admin
        .patch(&room.at(""), json!({ "title": "50% off_all" }))
        .await
        .ok(200);
    other
        .admin
        .patch(&other.at(""), json!({ "title": "50 offers" }))
        .await
        .ok(200);
    let found = |term: &str| {
        let (admin, path) = (
            room.admin.clone(),
            format!("/api/chat/rooms/?scope=all&search={}", encode(term)),
        );
        async move { admin.get(&path).await.ok(200).results() }
    };
    let ids =
        |rooms: Vec<Value>| -> Vec<String> { rooms.iter().map(|room| room.string("id")).collect() };
    assert_eq!(ids(found("50%").await), [room.id.as_str()]);
    assert_eq!(ids(found("off_").await), [room.id.as_str()]);
    assert_eq!(found("5_").await.len(), 0);
    assert_eq!(found("%off").await.len(), 0);
    assert_eq!(found("50").await.len(), 2);
}

#[tokio::test]
async fn a28_syntax_in_texts_is_text() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for syntax in SYNTAX
        .into_iter()
        .filter(|syntax| !syntax.contains('\u{0}'))
    {
        let sent = room.customer.say(&room, syntax).await;
        assert_eq!(sent["content"], syntax.trim());
    }
    let odd = "o'--; DROP TABLE message";
    room.service
        .report(&crate::harness::an_order(odd))
        .await
        .ok(201);
    let path = format!("/api/orders/{}/", encode(odd));
    assert_eq!(room.service.get(&path).await.ok(200)["id"], odd);
}
