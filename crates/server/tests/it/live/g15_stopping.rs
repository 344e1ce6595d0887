//! G15: a server that is asked to stop says goodbye on every connection, answers what it took, and
//! loses nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::live::Cut;
use crate::harness::seed::rounds;
use crate::harness::sse::Sse;
use crate::harness::{Client, Fields, Live, Room, Server, eventually};

const SENDERS: usize = 6;
/// Sends of one connection that are under way at once.
const PIPELINE: usize = 8;
/// Acknowledged before the server is asked to stop.
const BEFORE: usize = 60;
/// SPEC's G15.
const STOPS_WITHIN: Duration = Duration::from_secs(25);

/// What one sender knows of its sends: by text, the seq of those that were acknowledged.
type Sent = BTreeMap<String, Option<i64>>;

/// Sends until the connection ends.
async fn send(live: &mut Live, room: &Room, name: usize, acked: &AtomicUsize) -> Sent {
    let mut sent = Sent::new();
    loop {
        let mut under_way = Vec::new();
        for _ in 0..PIPELINE {
            let text = format!("{name}-{}", sent.len());
            let frame = json!({ "type": "send", "ref": text, "room": room.id, "content": text });
            sent.insert(text.clone(), None);
            if live.try_say(frame).await.is_ok() {
                under_way.push(text);
            }
        }
        if under_way.is_empty() {
            return sent;
        }
        for text in under_way {
            match live.try_expect(&json!({ "ref": text })).await {
                Ok(answer) => {
                    assert_eq!(answer["type"], "ok", "{answer}");
                    sent.insert(text, Some(answer["message"].number("seq")));
                    acked.fetch_add(1, Ordering::SeqCst);
                }
                Err(Cut) => return sent,
            }
        }
    }
}

async fn round(server: &mut Server, rooms: &[Room; 2]) {
    let rooms = rooms.each_ref().map(|room| room.renewed(server));
    let mut senders = Vec::new();
    for number in 0..SENDERS {
        let room = &rooms[number % rooms.len()];
        let client = [&room.customer, &room.rider, &room.pharmacist][number % 3];
        senders.push((Live::following(client, room).await, room));
    }
    let mut idle = Live::of(&rooms[0].support).await;
    let mut stream = Sse::open(&rooms[0].admin, &[&rooms[0]], None).await;
    let acked = AtomicUsize::new(0);
    let sending = senders
        .iter_mut()
        .enumerate()
        .map(|(name, (live, room))| send(live, room, name, &acked));
    let stopping = async {
        eventually("sends are acknowledged", async || {
            (acked.load(Ordering::SeqCst) >= BEFORE).then_some(())
        })
        .await;
        server.ask_to_stop();
        Instant::now()
    };
    let (sent, asked) = tokio::join!(join_all(sending), stopping);
    for (live, _) in &mut senders {
        says_goodbye(live).await;
    }
    says_goodbye(&mut idle).await;
    let bye = stream.expect(json!({ "type": "bye" })).await.frame;
    assert_eq!(bye["code"], 1001);
    let status = server.ended().await;
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() < STOPS_WITHIN, "{:?}", asked.elapsed());

    server.start_again();
    let cursors: Vec<_> = senders.iter().map(|(live, _)| live.cursor()).collect();
    for (((_, room), sent), cursor) in senders.iter().zip(&sent).zip(cursors) {
        nothing_is_lost(room, &room.admin.asking(server.url()), sent).await;
        let customer = room.customer.asking(server.url());
        let mut live = Live::resume(&customer, &cursor).await;
        let end = live.caught_up(room).await.number("seq");
        let seqs: Vec<_> = live
            .events_of(room)
            .iter()
            .map(|e| e.number("seq"))
            .collect();
        assert!(seqs.into_iter().eq(cursor.rooms[&room.id] + 1..=end));
    }
}

async fn says_goodbye(live: &mut Live) {
    let bye = live.closed_with(1001).await;
    let retry_after = bye["retry_after"].as_u64();
    assert!(retry_after.is_some_and(|after| after <= 5), "{bye}");
}

/// What was acknowledged is there once with its seq; what was not, at most once.
async fn nothing_is_lost(room: &Room, admin: &Client, sent: &Sent) {
    let messages = room.messages_seen_by(admin).await;
    for (text, seq) in sent {
        let found = messages
            .iter()
            .filter(|message| message["content"] == text.as_str());
        let found: Vec<_> = found.map(|message| message.number("seq")).collect();
        match seq {
            Some(seq) => assert_eq!(found, [*seq], "{text} was acknowledged"),
            None => assert!(found.len() <= 1, "{text} is there {found:?}"),
        }
    }
}

#[tokio::test]
async fn g15_sigterm_under_load_says_goodbye_answers_and_loses_nothing() {
    let mut server = Server::start().await;
    for _ in 0..rounds("ORDERCHAT_TEST_ROUNDS", 2) {
        let rooms = [server.open_room().await, server.open_room().await];
        round(&mut server, &rooms).await;
    }
}

#[tokio::test]
async fn g15_a_socket_without_hello_is_told_too() {
    let mut server = Server::start().await;
    let mut live = Live::open(server.url()).await;
    server.ask_to_stop();
    says_goodbye(&mut live).await;
    assert!(server.ended().await.success());
}
