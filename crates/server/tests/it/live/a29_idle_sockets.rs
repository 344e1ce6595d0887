//! A29: who does not say who they are does not hold a connection.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::harness::frames::{PING, RawSocket, TEXT, frame};
use crate::harness::{Live, Server};

/// SPEC 12 gives five seconds; what is above is the test machine's.
const LATEST: Duration = Duration::from_secs(9);

#[tokio::test]
async fn a29_sockets_without_auth_are_closed_after_five_seconds_and_others_go_on() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let opened = Instant::now();
    let mut idle = join_all((0..60).map(|_| RawSocket::open(server.url()))).await;
    // A text that never ends is no hello either.
    for socket in idle.iter_mut().skip(40) {
        socket.put(&frame(TEXT, b"{\"type\"").more()).await;
    }
    let seq = live.send(&room, "served meanwhile").await["seq"].clone();
    assert!(seq.is_i64());
    let codes = join_all(idle.iter_mut().map(|socket| async {
        let code = socket.close_code().await;
        (code, opened.elapsed())
    }))
    .await;
    for (code, after) in codes {
        assert_eq!(code, Some(4401));
        assert!(
            after >= Duration::from_millis(4_500),
            "closed after {after:?}"
        );
        assert!(after <= LATEST, "closed after {after:?}");
    }
    assert!(live.is_alive().await);
}

#[tokio::test]
async fn a29_pings_are_no_hello() {
    let server = Server::start().await;
    let opened = Instant::now();
    let mut socket = RawSocket::open(server.url()).await;
    socket.put(&frame(PING, b"are you there")).await;
    assert_eq!(socket.close_code().await, Some(4401));
    assert!(opened.elapsed() <= LATEST);
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_closed_to_be_resumed() {
    let server = Server::with("ORDERCHAT_HEARTBEAT", "1s").start().await;
    let room = server.open_room().await;
    let mut silent = RawSocket::open(server.url()).await;
    let hello = serde_json::json!({ "type": "hello", "token": room.customer.token() });
    silent.put(&frame(TEXT, hello.to_string().as_bytes())).await;
    let mut live = Live::of(&room.rider).await;
    assert_eq!(silent.close_code().await, Some(4000));
    assert!(live.is_alive().await, "who answers stays");
}

#[tokio::test]
async fn a29_one_address_holds_a_hundred_sockets_without_auth_and_no_more() {
    let server = Server::start_limited().await;
    let mut idle = join_all((0..100).map(|_| RawSocket::open(server.url()))).await;
    let (_, refused) = RawSocket::ask(server.url(), "").await;
    assert_eq!(refused.status, 429, "{}", refused.head);
    assert!(
        refused.head.to_ascii_lowercase().contains("retry-after: "),
        "{}",
        refused.head
    );
    // Those who went, or were closed, leave their places.
    idle[0].close_code().await;
    let (_, taken) = RawSocket::ask(server.url(), "").await;
    assert_eq!(taken.status, 101, "{}", taken.head);
}
