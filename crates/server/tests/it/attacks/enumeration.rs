//! A9, A10: what can be learned by asking again and again.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::sql::Sql;
use crate::harness::{
    Answer, Client, Server, eventually, message_path, participant_path, random_id,
};

/// A path from an id.
type PathOf = fn(&str) -> String;

/// Tries per pair of a real and an unreal id; together with the reversed order, 2,000 a kind.
const TRIES: usize = 500;

async fn timed(client: &Client, path: &str) -> (Answer, Duration) {
    let begun = Instant::now();
    let answer = client.get(path).await;
    (answer, begun.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test]
async fn a9_neither_body_nor_headers_nor_time_tell_a_room_from_a_random_id() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = room.customer.say(&room, "private").await;
    let participant = room.participant(&room.customer).await;
    let stranger = server.customer("stranger");
    let participant = participant["id"].as_str().unwrap_or_default().to_owned();
    let kinds: [(String, PathOf); 4] = [
        (room.at(""), |id| format!("/api/chat/rooms/{id}/")),
        (room.at("messages/"), |id| {
            format!("/api/chat/rooms/{id}/messages/")
        }),
        (message_path(&message, ""), |id| {
            format!("/api/chat/messages/{id}/")
        }),
        (participant_path(&participant, ""), |id| {
            participant_path(id, "")
        }),
    ];
    for (real, unreal) in kinds {
        let (mut of_real, mut of_unreal) = (Vec::new(), Vec::new());
        for _ in 0..TRIES {
            let (first, first_time) = timed(&stranger, &real).await;
            let (second, second_time) = timed(&stranger, &unreal(&random_id())).await;
            assert_eq!(first.status, 404);
            assert_eq!(first.fingerprint(), second.fingerprint(), "{real}");
            of_real.push(first_time);
            of_unreal.push(second_time);
        }
        let (of_real, of_unreal) = (median(of_real), median(of_unreal));
        let apart = of_real.abs_diff(of_unreal);
        // Coarse on purpose: two shared cores. A lock, a second query or a log line would show.
        let allowed = Duration::from_millis(1).max(of_real.min(of_unreal));
        assert!(
            apart <= allowed,
            "{real}: {of_real:?} real, {of_unreal:?} random"
        );
    }
}

#[tokio::test]
async fn a10_orders_cannot_be_enumerated() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let waiting = crate::harness::an_order("waiting").with("status", "pending");
    room.service.report(&waiting).await.ok(201);
    let strangers = [
        server.customer("eve"),
        server.rider("eve"),
        server.pharmacy("eve", "ph2"),
    ];
    for stranger in strangers {
        let unreal = stranger.get("/api/orders/no-such-order/").await;
        unreal.refused(404);
        let by_filter = stranger.get("/api/chat/rooms/?order=no-such-order").await;
        let making = stranger
            .post("/api/chat/rooms/", json!({ "order": "no-such-order" }))
            .await;
        for order in [room.order.as_str(), "waiting"] {
            let real = stranger.get(&format!("/api/orders/{order}/")).await;
            assert_eq!(real.fingerprint(), unreal.fingerprint());
            let filtered = stranger
                .get(&format!("/api/chat/rooms/?order={order}"))
                .await;
            assert_eq!(filtered.fingerprint(), by_filter.fingerprint());
            let made = stranger
                .post("/api/chat/rooms/", json!({ "order": order }))
                .await;
            assert_eq!(made.fingerprint(), making.fingerprint(), "{order}");
        }
    }
}

/// What one may not know and what is not there are looked for by the same statements: PostgreSQL counts how
/// often each table is read. `ask` asks for an order, whose room is then looked for.
async fn looks_for_a_room_each_time(server: &Server, orders: &[&str], ask: impl AsyncFn(&str)) {
    const ASKED: i64 = 200;
    let sql = Sql::connect(server.database_url()).await;
    let reads = async || {
        let reads = "SELECT (seq_scan + COALESCE(idx_scan, 0))::bigint FROM pg_stat_user_tables
            WHERE relname = 'participant'";
        sql.int(reads).await
    };
    for order in orders {
        let before = reads().await;
        for _ in 0..ASKED {
            ask(order).await;
        }
        let what = format!("{ASKED} reads of {order} are counted");
        eventually(&what, async || {
            (reads().await - before >= ASKED).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a10_a_list_looks_for_an_unknown_order_as_for_a_hidden_one() {
    let server = Server::start().await;
    if !server.database_url().starts_with("postgres") {
        return;
    }
    let room = server.open_room().await;
    let eve = server.customer("eve");
    let orders = [room.order.as_str(), "no-such-order"];
    looks_for_a_room_each_time(&server, &orders, async |order| {
        let path = format!("/api/chat/rooms/?order={order}");
        eve.get(&path).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a10_making_a_room_looks_for_an_unknown_order_as_for_a_hidden_one() {
    let server = Server::start().await;
    if !server.database_url().starts_with("postgres") {
        return;
    }
    let room = server.open_room().await;
    let waiting = crate::harness::an_order("waiting").with("status", "pending");
    room.service.report(&waiting).await.ok(201);
    let eve = server.pharmacy("eve", "ph2");
    let orders = [room.order.as_str(), "waiting", "no-such-order"];
    looks_for_a_room_each_time(&server, &orders, async |order| {
        let draft = json!({ "order": order });
        eve.post("/api/chat/rooms/", draft).await.refused(404);
    })
    .await;
}

#[tokio::test]
async fn a10_codes_and_ids_that_are_guessed_end_in_429() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let eve = server.customer("eve");
    let mut refused = 0;
    for guess in 0..120 {
        let code = format!("CHAT-{guess:04}-AAAA");
        let path = match guess % 3 {
            0 => format!("/api/chat/rooms/{code}/"),
            1 => format!("/api/orders/{guess}/"),
            _ => format!("/api/chat/messages/{}/", random_id()),
        };
        let answer = eve.get(&path).await;
        match answer.status {
            429 => {
                answer.retry_after_s();
                refused += 1;
            }
            status => assert_eq!(status, 404),
        }
    }
    assert!(refused >= 60, "only {refused} of 120 guesses were stopped");
    let real = eve.get(&room.at("")).await;
    assert_eq!(real.status, 429, "what exists is no exception");
}

/// By whatever route an id is guessed: none answers 404 for ever.
#[tokio::test]
async fn a10_guesses_end_in_429_on_every_route_that_takes_an_id() {
    let server = Server::start_limited().await;
    server.open_room().await;
    let routes = [
        ("GET", "rooms/ID/", ""),
        ("POST", "rooms/ID/messages/", r#"{"content":"a"}"#),
        ("POST", "rooms/ID/read/", "{}"),
        ("POST", "rooms/ID/join/", "{}"),
        ("GET", "participants/ID/", ""),
        ("DELETE", "participants/ID/", ""),
        ("PATCH", "messages/ID/", r#"{"content":"a"}"#),
        ("POST", "messages/ID/reply/", r#"{"content":"a"}"#),
        ("POST", "messages/ID/report/", r#"{"reason":"spam"}"#),
        ("POST", "messages/ID/delivered/", "{}"),
        ("GET", "messages/ID/thread/", ""),
        ("GET", "messages/ID/history/", ""),
    ];
    for (n, (method, path, body)) in routes.into_iter().enumerate() {
        let eve = server.customer(&format!("eve-{n}"));
        let mut missed = 0;
        loop {
            let path = format!("/api/chat/{}", path.replace("ID", &random_id()));
            let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
            let request = eve.request(method, &path);
            let request = request
                .header("Content-Type", "application/json")
                .body(body);
            let answer = eve.dispatch(request).await;
            if answer.status == 429 {
                answer.retry_after_s();
                break;
            }
            answer.refused(404);
            missed += 1;
            assert!(missed < 60, "{} goes on and on", answer.request);
        }
    }
}
