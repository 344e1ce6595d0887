//! G23: a clock that jumps an hour changes no order and loses nothing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use orderchat_domain::Millis;
use serde_json::{Value, json};

use crate::harness::wall_clock::{HOUR, can_move_clocks};
use crate::harness::{Client, Fields, Room, Server, eventually};

/// Sends between two jumps, over all writers.
const BETWEEN: usize = 60;
const JUMPS: [i64; 6] = [HOUR, -HOUR, -HOUR, HOUR, HOUR, -HOUR];

/// Says one thing after the other until stopped, and counts what was acknowledged; the texts.
async fn write(
    client: &Client,
    room: &Room,
    name: usize,
    acked: &AtomicUsize,
    stop: &AtomicBool,
) -> Vec<(i64, String)> {
    let mut sent = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let text = format!("{name}-{}", sent.len());
        let draft = json!({ "content": text, "client_message_id": text });
        let message = client.send(room, draft).await.ok(201);
        sent.push((message.number("seq"), text));
        acked.fetch_add(1, Ordering::SeqCst);
    }
    sent
}

/// Clients of the room whose tokens are good before, between and after all jumps.
fn long_lived(server: &Server, room: &Room) -> [Client; 3] {
    let token = |role: &str, user: &str| {
        let now = server.now_s();
        let identity = server.identity(role, user);
        server.client(
            &identity
                .with("iat", now - 3 * HOUR)
                .with("exp", now + 9 * HOUR),
        )
    };
    [
        token("customer", &room.customer.user),
        token("rider", &room.rider.user),
        token("support", &room.support.user),
    ]
}

fn check_times(log: &[Value]) {
    let times: Vec<_> = log
        .iter()
        .map(|event| Millis::parse(&event.string("at")).expect("a time"))
        .collect();
    assert!(
        times.is_sorted(),
        "times of a room run backwards: {times:?}"
    );
}

#[tokio::test]
async fn g23_a_clock_that_jumps_an_hour_either_way_changes_no_order_and_loses_nothing() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let rooms = [server.open_room().await, server.open_room().await];
    let ended = server.open_room().await;
    ended.order_is("delivered").await;
    let acked = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let writers: Vec<_> = rooms
        .iter()
        .flat_map(|room| long_lived(&server, room).map(|client| (client, room)))
        .collect();
    let writing = join_all(
        writers
            .iter()
            .enumerate()
            .map(|(name, (client, room))| write(client, room, name, &acked, &stop)),
    );
    let jumping = async {
        for by in JUMPS {
            let until = acked.load(Ordering::SeqCst) + BETWEEN;
            eventually("the writers get on", async || {
                (acked.load(Ordering::SeqCst) >= until).then_some(())
            })
            .await;
            server.jump(by);
        }
        stop.store(true, Ordering::SeqCst);
    };
    let (sent, ()) = tokio::join!(writing, jumping);

    for room in &rooms {
        let admin = room.renewed(&server).admin;
        let log = room.log_seen_by(&admin).await;
        check_times(&log);
        let seqs: Vec<_> = log.iter().map(|event| event.number("seq")).collect();
        assert!(seqs.iter().copied().eq(1..=seqs.len() as i64), "{seqs:?}");
        let messages = room.messages_seen_by(&admin).await;
        let found: HashSet<_> = messages
            .iter()
            .filter(|message| message["message_type"] == "text")
            .map(|message| (message.number("seq"), message.string("content")))
            .collect();
        let expected: Vec<_> = writers
            .iter()
            .zip(&sent)
            .filter(|((_, of), _)| of.id == room.id)
            .flat_map(|(_, sent)| sent.iter().cloned())
            .collect();
        assert_eq!(found.len(), expected.len());
        for sent in expected {
            assert!(found.contains(&sent), "{sent:?} is lost");
        }
    }

    // A timer that a jump made due fires once; nothing else does.
    let ended = ended.renewed(&server);
    assert_eq!(ended.seen_by(&ended.admin).await["status"], "open");
    server.jump(2 * HOUR);
    let ended = ended.renewed(&server);
    eventually("the room closes", async || {
        (ended.seen_by(&ended.admin).await["status"] == "closed").then_some(())
    })
    .await;
    server.jump(-HOUR);
    let ended = ended.renewed(&server);
    let log = ended.log_seen_by(&ended.admin).await;
    check_times(&log);
    let closings = log.iter().filter(|event| event["kind"] == "room.closed");
    assert_eq!(closings.count(), 1);
}
