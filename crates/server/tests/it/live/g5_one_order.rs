//! G5, live: every subscriber sees the same order, and it agrees with real time.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Client, Fields, Live, Room, Server};

const WRITERS: usize = 8;
const ROUNDS: usize = 30;

/// An acknowledged send: when it began and returned, and the seq it got.
struct Acked {
    began: Instant,
    returned: Instant,
    seq: i64,
}

/// Sends one after the other, live if `number` is even, else by REST.
async fn write(client: &Client, room: &Room, number: usize) -> Vec<Acked> {
    let mut live = Live::following(client, room).await;
    let mut acked = Vec::new();
    for round in 0..ROUNDS {
        let text = format!("{number} {round}");
        let began = Instant::now();
        let message = match number % 2 {
            0 => live.send(room, &text).await,
            _ => client.say(room, &text).await,
        };
        acked.push(Acked {
            began,
            returned: Instant::now(),
            seq: message.number("seq"),
        });
    }
    acked
}

/// No send that was acked before another began comes after it.
fn agrees_with_real_time(mut acked: Vec<Acked>) {
    acked.sort_by_key(|send| send.seq);
    let mut latest_begin: Option<Instant> = None;
    for send in &acked {
        if let Some(latest) = latest_begin {
            assert!(send.returned >= latest, "seq {} overtook", send.seq);
        }
        latest_begin = latest_begin.max(Some(send.began));
    }
}

#[tokio::test]
async fn g5_every_subscriber_sees_one_order_that_agrees_with_real_time() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let first = room.head().await + 1;
    let viewers = [&room.customer, &room.rider, &room.pharmacist, &room.admin];
    let mut lives = Vec::new();
    for viewer in viewers {
        lives.push(Live::following(viewer, &room).await);
    }
    // Where it is possible, one follows on another node and two write there.
    let node = server.another_node();
    if let Some(node) = &node {
        let there = room.support.asking(node.url());
        lives.push(Live::following(&there, &room).await);
    }
    let people = [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.colleague,
    ];
    let writing = (0..WRITERS).map(|number| {
        let here = people[number % people.len()];
        let client = match &node {
            Some(node) if number < 2 => here.asking(node.url()),
            _ => here.clone(),
        };
        let room = &room;
        async move { write(&client, room, number).await }
    });
    let acked: Vec<Acked> = join_all(writing).await.into_iter().flatten().collect();
    let head = room.head().await;
    assert_eq!(acked.len(), WRITERS * ROUNDS);
    agrees_with_real_time(acked);

    let mut orders = Vec::new();
    for live in &mut lives {
        live.event_at(&room, head).await;
        let order: Vec<_> = live
            .events_of(&room)
            .iter()
            .map(|event| {
                (
                    event.number("seq"),
                    event.string("at"),
                    event["kind"].clone(),
                )
            })
            .collect();
        let seqs = order.iter().map(|(seq, ..)| *seq);
        assert!(
            seqs.eq(first..=head),
            "a gap, a repetition or another order: {order:?}"
        );
        orders.push(order);
    }
    orders.dedup();
    assert_eq!(orders.len(), 1, "the same on every connection");
}

#[tokio::test]
async fn what_another_node_wrote_comes_within_two_seconds_without_a_bus() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let Some(node) = server.another_node() else {
        return;
    };
    let mut live = Live::following(&room.customer, &room).await;
    let there = room.rider.asking(node.url());
    let seq = there.say(&room, "from elsewhere").await.number("seq");
    let acked = Instant::now();
    live.event_at(&room, seq).await;
    let took = acked.elapsed();
    // Two seconds are promised; what is above is the test machine's.
    assert!(took < Duration::from_secs(5), "{took:?}");
    let back = live.send(&room, "and back").await;
    let mut other = Live::of(&there).await;
    other
        .done(json!({ "type": "subscribe", "room": room.id, "after": seq }))
        .await;
    other.event_at(&room, back.number("seq")).await;
}
