//! G12, A13: a token's end is the connection's, within five seconds.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::live::Cursor;
use crate::harness::sse::Sse;
use crate::harness::{Client, Fields, Live, Room, Server, encode, now_s};

/// SPEC 12 promises five seconds; what is above is the test machine's.
const WITHIN: Duration = Duration::from_secs(7);

/// Waits for the close while the room goes on, and checks that what came after `deadline` seconds
/// of the clock was nothing.
pub(super) async fn is_closed_in_time(live: &mut Live, room: &Room, since: Instant) {
    let mut said = 0;
    let ended = {
        let talking = async {
            loop {
                room.pharmacist
                    .say(room, &format!("meanwhile {said}"))
                    .await;
                said += 1;
            }
        };
        tokio::select! {
            ended = live.ended() => ended,
            () = talking => unreachable!("it goes on for ever"),
        }
    };
    assert_eq!(ended.code, Some(4401), "{live:?}");
    let after = ended.at.saturating_duration_since(since);
    assert!(after <= WITHIN, "closed after {after:?}");
    let last = live.received.last().cloned().unwrap_or_default();
    assert_eq!(
        (&last["type"], &last["code"]),
        (&json!("bye"), &json!(4401))
    );
    assert!(last["retry_after"].is_null(), "{last}");
}

/// The token of this connection resumes nothing.
async fn does_not_resume(client: &Client, cursor: &Cursor) {
    let mut live = Live::open(client.url()).await;
    let resume = json!({ "epoch": cursor.epoch, "rooms": cursor.rooms });
    live.say(json!({ "type": "hello", "token": client.token(), "resume": resume }))
        .await;
    live.closed_with(4401).await;
    let told: Vec<&Value> = live.received.iter().collect();
    assert_eq!(told.len(), 2, "an error and a bye: {live:?}");
}

/// Long enough to connect on a busy machine.
const BRIEF_S: i64 = 3;

/// The same person with a token that expires soon, and when it does, in seconds since 1970.
fn brief(server: &Server, client: &Client, role: &str) -> (Client, i64) {
    let expires_s = server.now_s() + BRIEF_S;
    let identity = server.identity(role, &client.user);
    (server.client(&identity.with("exp", expires_s)), expires_s)
}

/// When that is by this machine's clock.
fn instant(expires_s: i64) -> Instant {
    let left_s = u64::try_from(expires_s - now_s()).unwrap_or(0);
    Instant::now() + Duration::from_secs(left_s)
}

#[tokio::test]
async fn g12_an_expired_token_ends_the_connection() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let (brief, expires_s) = brief(&server, &room.customer, "customer");
    let expires = instant(expires_s);
    let mut live = Live::following(&brief, &room).await;
    let mut stream = Sse::open(&brief, &[&room], None).await;
    is_closed_in_time(&mut live, &room, expires).await;
    does_not_resume(&brief, &live.cursor()).await;
    let bye = stream.expect(json!({ "type": "bye" })).await.frame;
    assert_eq!(bye["code"], 4401);
    assert!(stream.next().await.is_none(), "the stream is over");
    assert!(expires.elapsed() <= WITHIN + Duration::from_secs(3));
}

#[tokio::test]
async fn g12_no_frame_is_sent_after_the_expiry() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let (brief, expires_s) = brief(&server, &room.customer, "customer");
    let mut live = Live::following(&brief, &room).await;
    is_closed_in_time(&mut live, &room, instant(expires_s)).await;
    // What an event says of its time is the server's clock, which is this machine's.
    let late: Vec<_> = live
        .events_of(&room)
        .into_iter()
        .filter(|event| {
            let at = orderchat_domain::Millis::parse(&event.string("at")).expect("a time");
            at.0 >= expires_s * 1_000
        })
        .collect();
    assert_eq!(late, Vec::<Value>::new());
}

#[tokio::test]
async fn g12_a_revoked_token_ends_every_connection() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut first = Live::following(&room.customer, &room).await;
    let mut second = Live::following(&room.customer, &room).await;
    let mut stream = Sse::open(&room.customer, &[&room], None).await;
    let mut other = Live::following(&room.rider, &room).await;
    let path = format!("/api/users/{}/revoke/", encode(&room.customer.user));
    room.service.act(&path).await;
    let revoked = Instant::now();
    is_closed_in_time(&mut first, &room, revoked).await;
    is_closed_in_time(&mut second, &room, revoked).await;
    let bye = stream.expect(json!({ "type": "bye" })).await.frame;
    assert_eq!(bye["code"], 4401);
    does_not_resume(&room.customer, &first.cursor()).await;
    assert!(other.is_alive().await, "others stay");
}

#[tokio::test]
async fn g12_another_role_ends_the_connection() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.rider, &room).await;
    let path = format!("/api/users/{}/", encode(&room.rider.user));
    let role = json!({ "name": "Ravi", "role": "customer" });
    room.service.put(&path, role).await.ok(200);
    is_closed_in_time(&mut live, &room, Instant::now()).await;
    does_not_resume(&room.rider, &live.cursor()).await;
}

#[tokio::test]
async fn g12_a_revocation_on_another_node_ends_the_connection() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let Some(node) = server.another_node() else {
        return;
    };
    let mut live = Live::following(&room.customer, &room).await;
    let path = format!("/api/users/{}/revoke/", encode(&room.customer.user));
    room.service.asking(node.url()).act(&path).await;
    is_closed_in_time(&mut live, &room, Instant::now()).await;
}

#[tokio::test]
async fn auth_renews_the_token_and_the_connection_outlives_the_first() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let (soon, _) = brief(&server, &room.customer, "customer");
    let (as_soon, _) = brief(&server, &room.rider, "rider");
    let mut live = Live::following(&soon, &room).await;
    let mut not_renewed = Live::following(&as_soon, &room).await;
    let caught_up = |live: &Live| {
        let told = live
            .received
            .iter()
            .filter(|frame| frame["type"] == "caught_up");
        told.count()
    };
    let before = caught_up(&live);
    live.done(json!({ "type": "auth", "token": room.customer.token() }))
        .await;
    // The other one's end says that the first token's time is over.
    not_renewed.closed_with(4401).await;
    let seq = live.send(&room, "still here").await.number("seq");
    live.event_at(&room, seq).await;
    assert_eq!(
        caught_up(&live),
        before,
        "nothing is followed anew: {live:?}"
    );
}

#[tokio::test]
async fn auth_of_somebody_else_or_with_no_good_token_ends_the_connection() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let expired = server.identity("customer", &room.customer.user);
    let expired = server.secret.sign(&expired.with("iat", 1).with("exp", 2));
    for token in [
        room.rider.token(),
        room.admin.token(),
        "x.y.z",
        "",
        &expired,
    ] {
        let mut live = Live::following(&room.customer, &room).await;
        live.refused(json!({ "type": "auth", "token": token }), 401)
            .await;
        let begin = live.received.len();
        live.closed_with(4401).await;
        let answers = live.received[begin..]
            .iter()
            .filter(|frame| frame["type"] == "ok");
        assert_eq!(answers.count(), 0);
    }
}
