//! How answers are served: headers, slashes, CORS, load, health, the end of the process.

use std::fmt::Display;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::harness::raw::Connection;
use crate::harness::shape::steady;
use crate::harness::{Fields, Live, Room, Server, an_order, random_id};

/// Larger than what lies between two sockets.
const LARGE: usize = 8 << 20;

#[tokio::test]
async fn who_is_refused_while_still_writing_reads_why() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let large = vec![b'a'; LARGE];
    let (nobody, known) = (&server.bearer("no.token.atall", ""), &room.customer);
    let form = "multipart/form-data; boundary=b";
    for (path, kind, client, status) in [
        (room.at("messages/"), form, nobody, 401),
        (room.at("attachments/"), form, nobody, 401),
        (room.at("messages/"), form, known, 413),
        (room.at("attachments/"), "text/plain", known, 415),
        (room.at("messages/"), "application/json", known, 413),
        ("/api/chat/uploads/".to_owned(), "text/plain", known, 412),
    ] {
        let headers: [(_, &dyn Display); 2] = [("Content-Type", &kind), ("Content-Length", &LARGE)];
        let post = format!("POST {path}");
        let mut connection = Connection::begin(client, &post, &headers).await;
        connection.write_bytes(&large).await;
        let answer = connection.read_head().await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{path}: {answer}");
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_is_not_stored() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let answers = [
        room.customer.get(&room.at("")).await,
        room.customer.send(&room, json!({ "content": "a" })).await,
        room.customer.send(&room, json!({})).await,
        room.customer
            .get(&format!("/api/chat/rooms/{}/", random_id()))
            .await,
        server.anonymous().get("/api/chat/rooms/").await,
        server.anonymous().get("/nothing").await,
    ];
    let mut ids = Vec::new();
    for answer in answers {
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{}",
            answer.request
        );
        ids.push(
            answer
                .header("x-request-id")
                .expect("an answer has a request id")
                .to_owned(),
        );
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
}

#[tokio::test]
async fn a_path_answers_with_and_without_its_last_slash() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for path in [
        "/api/chat/rooms/".to_owned(),
        room.at(""),
        room.at("messages/"),
        room.at("participants/"),
        room.at("events/"),
        format!("/api/orders/{}/", room.order),
    ] {
        let with = room.customer.get(&path).await.ok(200);
        let without = room.customer.get(path.trim_end_matches('/')).await.ok(200);
        assert_eq!(steady(with), steady(without), "{path}");
    }
    let bare = room.at("messages");
    room.customer
        .post(&bare, json!({ "content": "a" }))
        .await
        .ok(201);
    let page = room.customer.get(&format!("{bare}?limit=1")).await.ok(200);
    assert_eq!(page.results().len(), 1);
}

#[tokio::test]
async fn listed_origins_may_read_answers_and_others_may_not() {
    let server = Server::with("ORDERCHAT_ORIGINS", "https://shop.example")
        .start()
        .await;
    let nobody = server.anonymous();
    let preflight = |origin: &str| {
        nobody
            .request(Method::OPTIONS, "/api/chat/rooms/")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header(
                "Access-Control-Request-Headers",
                "authorization,content-type,idempotency-key",
            )
    };
    let allowed = nobody.dispatch(preflight("https://shop.example")).await;
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://shop.example")
    );
    let headers = allowed
        .header("access-control-allow-headers")
        .unwrap_or_default()
        .to_lowercase();
    for needed in [
        "authorization",
        "content-type",
        "idempotency-key",
        "last-event-id",
    ] {
        assert!(headers.contains(needed), "{needed} in {headers}");
    }
    assert!(allowed.headers.get_all("vary").iter().any(|vary| {
        vary.to_str()
            .is_ok_and(|vary| vary.to_lowercase().contains("origin"))
    }));
    assert_eq!(allowed.header("access-control-allow-credentials"), None);

    let get = nobody
        .request(Method::GET, "/api/chat/rooms/")
        .header("Origin", "https://shop.example");
    let answer = nobody.dispatch(get).await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://shop.example")
    );
}

#[tokio::test]
async fn metrics_are_on_their_own_listener_only() {
    let server = Server::start().await;
    server.open_room().await;
    let public = server.anonymous().get("/metrics").await;
    assert_eq!(public.status, 404, "{}", public.text);
    let metrics = server.metrics().get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(
        metrics
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/plain"))
    );
    assert!(metrics.text.contains("# TYPE"), "{}", metrics.text);
    let other = server.metrics().get("/healthz").await;
    assert_eq!(
        other.status, 404,
        "nothing but metrics there: {}",
        other.text
    );
}

#[tokio::test]
async fn live_commands_and_the_database_have_their_metrics() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::of(&room.customer).await;
    live.send(&room, "hello").await;
    let nowhere = json!({ "type": "send", "room": random_id(), "content": "x" });
    live.refused(nowhere, 404).await;
    server.anonymous().get("/readyz").await.ok(200);
    let metrics = server.metrics().get("/metrics").await.text;
    for line in [
        r#"orderchat_live_commands_total{command="send",status="ok"} 1"#,
        r#"orderchat_live_commands_total{command="send",status="refused"} 1"#,
        r#"orderchat_live_command_seconds_count{command="send"} 2"#,
        "orderchat_database_up 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn health_needs_no_token_and_tells_no_details() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = server.anonymous().get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        for detail in ["sqlite", "postgres", "127.0.0.1", "/tmp", "version"] {
            assert!(
                !answer.text.to_lowercase().contains(detail),
                "{path}: {}",
                answer.text
            );
        }
    }
}

/// A send whose body is not there yet: it is in flight until the test goes on writing.
async fn half_a_send(room: &Room, body: &str) -> Connection {
    let (first, _) = body.split_at(body.len() / 2);
    let post = format!("POST {}", room.at("messages/"));
    let headers: [(_, &dyn Display); 3] = [
        ("Content-Type", &"application/json"),
        ("Content-Length", &body.len()),
        ("Connection", &"close"),
    ];
    let mut connection = Connection::begin(&room.customer, &post, &headers).await;
    connection.write(first).await;
    connection
}

#[tokio::test]
async fn more_requests_in_flight_than_allowed_are_503_at_once() {
    let server = Server::with("ORDERCHAT_MAX_IN_FLIGHT", "2").start().await;
    let room = server.open_room().await;
    let body = r#"{"content":"slow"}"#;
    let mut slow = Vec::new();

    // A send is counted once the server has read its head, and is itself refused when the question
    // below has its place just then: add one and ask, until two fill the limit.
    let deadline = Instant::now() + Duration::from_secs(8);
    let refused = loop {
        slow.push(half_a_send(&room, body).await);
        let answer = room.rider.get(&room.at("")).await;
        if answer.status == 503 {
            break answer;
        }
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(
            Instant::now() < deadline,
            "two slow requests do not fill a limit of two"
        );
    };
    refused.refused(503);
    refused.retry_after_s();
    assert_eq!(
        server.anonymous().get("/healthz").await.status,
        200,
        "health has no such limit"
    );

    let mut sent = 0;
    for connection in &mut slow {
        let answer = connection.finish(&body[body.len() / 2..]).await;
        sent += usize::from(answer.starts_with("HTTP/1.1 201"));
    }
    assert_eq!(sent, 2, "who had a place keeps it");
    room.rider.get(&room.at("")).await.ok(200);
}

#[tokio::test]
async fn a_request_that_does_not_get_on_is_ended_by_the_deadline() {
    let server = Server::with("ORDERCHAT_REQUEST_DEADLINE", "1s")
        .start()
        .await;
    let room = server.open_room().await;
    let mut slow = half_a_send(&room, r#"{"content":"x"}"#).await;
    let answer = slow.read_to_end().await;
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    let texts = room.messages_seen_by(&room.customer).await;
    assert!(
        texts.iter().all(|message| message["content"] != "x"),
        "{texts:?}"
    );
}

#[tokio::test]
async fn headers_that_do_not_come_are_not_waited_for() {
    let server = Server::with("ORDERCHAT_HEADER_TIMEOUT", "1s").start().await;
    let mut connection = Connection::open(server.url()).await;
    connection
        .write("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await;
    let answer = connection.read_to_end().await;
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
}

#[tokio::test]
async fn after_sigterm_accepted_requests_are_answered_and_the_process_ends_well() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let body = r#"{"content":"said before the end"}"#;
    let mut slow = half_a_send(&room, body).await;
    // A connection made later has been answered, so the first one has been accepted.
    assert_eq!(server.anonymous().get("/readyz").await.status, 200);

    server.ask_to_stop();
    slow.write(&body[body.len() / 2..]).await;
    let answer = slow.read_to_end().await;
    assert!(
        answer.starts_with("HTTP/1.1 201") || answer.starts_with("HTTP/1.1 503"),
        "answered, not cut: {answer}"
    );
    let begun = Instant::now();
    let status = server.ended().await;
    assert!(status.success(), "{status}");
    assert!(begun.elapsed() < Duration::from_secs(25));
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let mut sent = Vec::new();
    for number in 0..20 {
        sent.push(room.customer.say(&room, &format!("{number}")).await);
    }
    server.restart_after_kill();
    let customer = server.customer(&room.customer.user);
    let messages = room.messages_seen_by(&customer).await;
    for message in sent {
        assert!(
            messages.iter().any(|there| there["id"] == message["id"]),
            "{message}"
        );
    }
    let again = server.service().report(&an_order(&room.order)).await;
    again.ok(200);
}

#[tokio::test]
async fn proxies_are_believed_only_when_configured() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let get = room
        .customer
        .request(Method::GET, &room.at(""))
        .header("X-Forwarded-For", "203.0.113.7, 198.51.100.1")
        .header("X-Forwarded-Host", "evil.example")
        .header("X-Forwarded-Proto", "https");
    let answer = room.customer.dispatch(get).await;
    answer.ok(200);
    assert!(!answer.text.contains("evil.example"));
    let page = room
        .customer
        .request(Method::GET, "/api/chat/rooms/?limit=1")
        .header("Host", "evil.example");
    let answer = room.customer.dispatch(page).await;
    assert!(
        !answer.text.contains("evil.example"),
        "paths in answers are absolute paths only"
    );
}

#[tokio::test]
async fn the_page_may_be_framed_by_the_sites_that_are_named() {
    let server = Server::with("ORDERCHAT_FRAME_ANCESTORS", "https://shop.example")
        .start()
        .await;
    let anonymous = server.anonymous();
    let config = anonymous.get("/app/config.json").await.ok(200);
    assert_eq!(config["demo"], false);
    assert_eq!(config["frame_ancestors"], json!(["https://shop.example"]));
    for path in ["/", "/app", "/app/rooms/x", "/embed"] {
        let page = anonymous.get(path).await;
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(
            policy.contains("frame-ancestors 'self' https://shop.example;"),
            "{path}: {policy}"
        );
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
    }
    anonymous.get("/app/assets/none.js").await.refused(404);
    anonymous.get("/app/../Cargo.toml").await.refused(404);
    anonymous
        .get("/app/%2e%2e/%2e%2e/%2e%2e/%2e%2e/Cargo.toml")
        .await
        .refused(404);
}
