//! G5: every room has one total order that agrees with real time.

use std::time::Instant;

use futures_util::future::join_all;

use crate::harness::{Client, Fields, Server};

/// An acknowledged send: when it began and returned, and the seq it got.
struct Acked {
    began: Instant,
    returned: Instant,
    seq: i64,
}

#[tokio::test]
async fn g5_a_room_has_one_order_that_agrees_with_real_time() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let writers = [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.colleague,
    ];
    let write = async |writer: &Client, number: usize| {
        let mut acked = Vec::new();
        for round in 0..40 {
            let began = Instant::now();
            let message = writer.say(&room, &format!("{number} {round}")).await;
            acked.push(Acked {
                began,
                returned: Instant::now(),
                seq: message.number("seq"),
            });
        }
        acked
    };
    let running = (0..8).map(|number| write(writers[number % writers.len()], number));
    let mut acked: Vec<Acked> = join_all(running).await.into_iter().flatten().collect();

    acked.sort_by_key(|send| send.seq);
    let mut latest_begin: Option<Instant> = None;
    for send in &acked {
        if let Some(latest) = latest_begin {
            assert!(
                send.returned >= latest,
                "seq {} was acked before a lower one began",
                send.seq
            );
        }
        latest_begin = latest_begin.max(Some(send.began));
    }
    let log = room.log_seen_by(&room.admin).await;
    let seqs: Vec<_> = log.iter().map(|event| event.number("seq")).collect();
    assert_eq!(seqs, (1..=room.head().await).collect::<Vec<_>>());
    for viewer in writers {
        let messages = room.messages_seen_by(viewer).await;
        let seen: Vec<_> = messages
            .iter()
            .filter(|message| message["message_type"] == "text")
            .map(|message| message.number("seq"))
            .collect();
        assert_eq!(seen, acked.iter().map(|send| send.seq).collect::<Vec<_>>());
    }
}
