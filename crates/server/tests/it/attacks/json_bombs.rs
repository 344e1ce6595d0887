//! A31: JSON that is deep, wide, doubled or not text.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::harness::Server;

#[tokio::test]
async fn a31_hostile_json_is_refused_quickly() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let many_keys = (0..9_000)
        .map(|n| format!("\"{n}\":1"))
        .collect::<Vec<_>>()
        .join(",");
    let million_keys = (0..1_000_000)
        .map(|n| format!("\"{n}\":1"))
        .collect::<Vec<_>>()
        .join(",");
    let of_metadata = |inner: &str| format!(r#"{{"content":"a","metadata":{inner}}}"#);
    let bodies = [
        ("depth", "[".repeat(10_000)),
        (
            "closed depth",
            format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        ),
        (
            "depth in metadata",
            of_metadata(&format!("{}{}", "{\"a\":".repeat(10_000), "1")),
        ),
        (
            "depth that ends",
            of_metadata(&format!(
                "{}1{}",
                "{\"a\":".repeat(9_000),
                "}".repeat(9_000)
            )),
        ),
        ("many keys", format!("{{{many_keys}}}")),
        (
            "many keys in metadata",
            of_metadata(&format!("{{{many_keys}}}")),
        ),
        ("a million keys", format!("{{{million_keys}}}")),
        (
            "doubled keys",
            r#"{"content":"a","content":"b"}"#.to_owned(),
        ),
        ("lone surrogate", r#"{"content":"\ud800"}"#.to_owned()),
        (
            "reversed surrogates",
            r#"{"content":"\udc00\ud800"}"#.to_owned(),
        ),
        ("escaped NUL", r#"{"content":"a\u0000b"}"#.to_owned()),
        ("raw NUL", "{\"content\":\"a\0b\"}".to_owned()),
        ("infinite number", of_metadata(r#"{"n":1e999}"#)),
        (
            "endless digits",
            of_metadata(&format!(r#"{{"n":{}}}"#, "9".repeat(10_000))),
        ),
    ];
    for (what, body) in bodies {
        let request = room
            .customer
            .request(Method::POST, &room.at("messages/"))
            .header("Content-Type", "application/json")
            .body(body);
        let begun = Instant::now();
        let answer = room.customer.dispatch(request).await;
        let took = begun.elapsed();
        assert!(
            [400, 413, 422].contains(&answer.status),
            "{what}: {}",
            answer.text
        );
        answer.problem();
        // The promise is 10 ms of CPU; a test on shared cores can only tell an order of magnitude.
        assert!(took < Duration::from_secs(1), "{what} took {took:?}");
    }
    let bytes = room
        .customer
        .request(Method::POST, &room.at("messages/"))
        .header("Content-Type", "application/json")
        .body(b"{\"content\":\"\xff\xfe\"}".to_vec());
    room.customer.dispatch(bytes).await.refused(400);
}
