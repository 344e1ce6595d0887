//! Rate limits: 429 with `Retry-After`, per user and per room, and what they do not touch.

use std::fmt::Display;

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::raw::Connection;
use crate::harness::{Answer, Client, Fields, Server, eventually, message_path, random_id};

/// Repeats a request until it is refused with 429; how often it went through before that.
async fn until_refused<F>(most: usize, mut request: F) -> (usize, Answer)
where
    F: AsyncFnMut() -> Answer,
{
    for through in 0..most {
        let answer = request().await;
        if answer.status == 429 {
            answer.refused(429);
            answer.retry_after_s();
            return (through, answer);
        }
        assert!(answer.status < 500, "{}: {}", answer.request, answer.text);
    }
    panic!("{most} requests in a row and no 429");
}

#[tokio::test]
async fn sends_of_a_user_are_limited_to_a_burst_of_30() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let (through, _) = until_refused(100, async || {
        room.customer.send(&room, json!({ "content": "a" })).await
    })
    .await;
    assert!(
        through >= 30,
        "the burst is 30, only {through} went through"
    );
    room.rider.say(&room, "others are not touched").await;
    room.customer.get(&room.at("messages/")).await.ok(200);
}

#[tokio::test]
async fn edits_and_deletes_count_with_sends() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let path = message_path(&room.customer.say(&room, "a").await, "");
    let (through, _) = until_refused(100, async || {
        room.customer.patch(&path, json!({ "content": "b" })).await
    })
    .await;
    assert!(through >= 29, "{through}");
    assert_eq!(
        room.customer
            .send(&room, json!({ "content": "c" }))
            .await
            .status,
        429
    );
    assert_eq!(room.customer.delete(&path).await.status, 429);
}

#[tokio::test]
async fn a_repeat_of_an_accepted_send_is_not_limited() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let accepted = json!({ "content": "once", "client_message_id": "k" });
    let sent = room.customer.send(&room, accepted.clone()).await.ok(201);
    until_refused(100, async || {
        room.customer.send(&room, json!({ "content": "a" })).await
    })
    .await;
    let again = room.customer.send(&room, accepted).await.ok(200);
    assert_eq!(again["id"], sent["id"]);
}

#[tokio::test]
async fn reads_of_a_user_are_limited_to_a_burst_of_200() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let (through, _) = until_refused(5_000, async || room.customer.get(&room.at("")).await).await;
    assert!(through >= 200, "{through}");
    room.rider.get(&room.at("")).await.ok(200);
}

#[tokio::test]
async fn receipts_of_a_user_are_limited_to_a_burst_of_100() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let message = room.customer.say(&room, "a").await;
    let read = message_path(&message, "read/");
    let (through, _) = until_refused(2_000, async || room.rider.act(&read).await).await;
    assert!(through >= 100, "{through}");
    room.rider.say(&room, "sends have their own limit").await;
}

#[tokio::test]
async fn a_room_takes_a_burst_of_60_from_all_together() {
    let server = Server::with("ORDERCHAT_SEND_RATE", "1000/s burst 1000")
        .with_rate_limits()
        .start()
        .await;
    let room = server.open_room().await;
    let other = server.open_room().await;
    let writers = [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.colleague,
    ];
    let mut turn = writers.iter().cycle();
    let (through, _) = until_refused(2_000, async || {
        let writer: &Client = turn.next().expect("a cycle has no end");
        writer.send(&room, json!({ "content": "a" })).await
    })
    .await;
    assert!(through >= 60, "{through}");
    other
        .customer
        .say(&other, "other rooms are not touched")
        .await;
}

#[tokio::test]
async fn whoever_guesses_ids_gets_429_after_30_misses() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let guesser = server.customer("guesser");
    let (through, _) = until_refused(200, async || {
        guesser
            .get(&format!("/api/chat/rooms/{}/", random_id()))
            .await
    })
    .await;
    assert!(
        (30..=60).contains(&through),
        "{through} misses went through"
    );
    room.customer.get(&room.at("")).await.ok(200);
}

#[tokio::test]
async fn requests_without_a_token_are_limited_by_address() {
    let server = Server::start_limited().await;
    let nobody = server.anonymous();
    let (through, _) = until_refused(1_000, async || nobody.get("/api/chat/rooms/").await).await;
    assert!(through >= 10, "{through}");
    // Were an address taken on trust, each of these would have a bucket of its own.
    let mut hosts = 0..;
    until_refused(1_000, async || {
        let host = hosts.next().unwrap_or(0);
        let address = format!("203.0.{}.{}", host / 250, host % 250 + 1);
        let spoofed = nobody
            .request(reqwest::Method::GET, "/api/chat/rooms/")
            .header("X-Forwarded-For", address);
        nobody.dispatch(spoofed).await
    })
    .await;
    server.customer("kim").get("/api/chat/rooms/").await.ok(200);
}

#[tokio::test]
async fn streams_asked_for_without_a_token_are_limited_by_address() {
    let server = Server::start_limited().await;
    let nobody = server.anonymous();
    let stream = format!("/api/chat/events/?room={}", random_id());
    let (through, _) = until_refused(1_000, async || nobody.get(&stream).await).await;
    assert!(through >= 10, "{through}");
}

#[tokio::test]
async fn the_service_reports_orders_without_limit_and_sends_50_a_second() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    for _ in 0..300 {
        room.service.report(&room.report).await.ok(200);
    }
    let draft = json!({ "message_type": "system", "content": "a" });
    let answers = join_all((0..200).map(|_| room.service.send(&room, draft.clone()))).await;
    let accepted = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(accepted >= 50, "{accepted}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused(429);
    }
}

#[tokio::test]
async fn a_flood_in_parallel_is_limited_like_one_in_a_row() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let begun = std::time::Instant::now();
    let sends = (0..200).map(|_| room.customer.send(&room, json!({ "content": "a" })));
    let answers = join_all(sends).await;
    let accepted = answers.iter().filter(|answer| answer.status == 201).count();
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap_or(usize::MAX);
    assert!(
        accepted >= 30 && accepted <= 32 + seconds,
        "{accepted} of 200 were accepted"
    );
    let texts = room
        .messages_seen_by(&room.rider)
        .await
        .iter()
        .filter(|message| message.string("message_type") == "text")
        .count();
    assert_eq!(texts, accepted);
}

/// Who asks slowly takes no place from others: a request whose body does not come counts from its head on.
#[tokio::test]
async fn one_person_has_so_many_requests_under_way_and_others_have_theirs() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    let headers: [(_, &dyn Display); 2] = [
        ("Content-Type", &"application/json"),
        ("Content-Length", &100),
    ];
    let mut held = Vec::new();
    // One more each time: what looks is one of them, too, and may be in the way of another.
    let refused = eventually("they have as many as one may have", async || {
        held.push(Connection::begin(&room.customer, "PATCH /api/chat/me/", &headers).await);
        let answer = room.customer.get("/api/chat/me/").await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    assert!(held.len() >= 32, "{}", held.len());
    assert_eq!(refused.retry_after_s(), 1);
    room.rider.get("/api/chat/me/").await.ok(200);
    drop(held);
    eventually("they are let in again", async || {
        let answer = room.customer.get("/api/chat/me/").await;
        (answer.status == 200).then_some(())
    })
    .await;
}
