//! G13, in small: who stops reading costs little and holds up nobody.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::frames::{CLOSE, RawSocket, TEXT, frame};
use crate::harness::{Fields, Live, Server, eventually};

const STALLED: usize = 10;
/// Far more than the buffers of the kernel and of the server take.
const MESSAGES: usize = 220;
/// SPEC 13 lets 1 MiB wait for each; the rest of this is the server's work at full load.
const MOST_KIB: u64 = STALLED as u64 * 1_024 + 64 * 1_024;

/// As many bytes as a message can have.
fn long_text() -> String {
    "\u{1f4e6}".repeat(7_900)
}

async fn connections(server: &Server) -> Option<u64> {
    let text = server.metrics().get("/metrics").await.text;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("orderchat_live_connections "));
    line.and_then(|count| count.trim().parse().ok())
}

#[tokio::test]
async fn g13_a_client_that_stops_reading_is_closed_and_others_go_on() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let mut socket = RawSocket::open_narrow(server.url()).await;
        let hello = json!({ "type": "hello", "token": room.customer.token() });
        socket.put(&frame(TEXT, hello.to_string().as_bytes())).await;
        socket.next().await.expect("a welcome");
        stalled.push(socket);
    }
    let mut reader = Live::following(&room.rider, &room).await;
    let mut writer = Live::following(&room.pharmacist, &room).await;
    let text = long_text();
    for number in 0..20 {
        writer.send(&room, &format!("{number} {text}")).await;
    }
    let before = server.resident_kib();
    let (mut worst, mut highest) = (Duration::ZERO, before);
    let mut last = 0;
    for number in 0..MESSAGES {
        let sent = Instant::now();
        last = writer
            .send(&room, &format!("{number} {text}"))
            .await
            .number("seq");
        reader.event_at(&room, last).await;
        worst = worst.max(sent.elapsed());
        if number % 10 == 0 {
            highest = highest.max(server.resident_kib());
        }
    }
    println!("worst delivery {worst:?}, memory {before} to {highest} KiB");
    assert!(
        worst < Duration::from_secs(2),
        "others wait for who does not read: {worst:?}"
    );
    assert!(highest < before + MOST_KIB, "{before} to {highest} KiB");
    eventually("those who do not read are closed", async || {
        (connections(&server).await == Some(2)).then_some(())
    })
    .await;
    assert!(reader.is_alive().await && writer.is_alive().await);

    // Whoever reads again finds what was sent before, in order, and then the end.
    for socket in &mut stalled {
        let mut next = None;
        while let Some((opcode, payload)) = socket.next().await {
            if opcode == CLOSE {
                assert_eq!(payload[..2], 4008_u16.to_be_bytes());
                break;
            }
            let told: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
            if told["type"] == "event" {
                let seq = told.number("seq");
                assert!(next.is_none_or(|next| next == seq), "{next:?} {seq}");
                next = Some(seq + 1);
            }
        }
        assert!(
            next.is_some_and(|next| next <= last),
            "not all was sent: {next:?} {last}"
        );
    }
}

#[tokio::test]
async fn a_client_that_reads_late_but_does_catches_up_from_the_log() {
    reads_late(180, &long_text()).await;
}

/// Many frames wait then, which go out in several turns: what is read of the log comes after them.
#[tokio::test]
async fn what_is_caught_up_with_never_overtakes_what_waits() {
    reads_late(1_500, &long_text()[..3_000]).await;
}

/// Somebody sends so many texts to a room while another one in it reads nothing, and then reads on.
async fn reads_late(texts: usize, text: &str) {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut slow = RawSocket::open_narrow(server.url()).await;
    let hello = json!({ "type": "hello", "token": room.customer.token() });
    slow.put(&frame(TEXT, hello.to_string().as_bytes())).await;
    slow.next().await.expect("a welcome");
    let first = room.head().await + 1;
    let mut writer = Live::following(&room.pharmacist, &room).await;
    // More than may wait, in less time than who takes nothing is given.
    let mut refs = Vec::new();
    for number in 0..texts {
        let content = format!("{number} {text}");
        let send = json!({ "type": "send", "room": room.id, "content": content });
        refs.push(writer.command(send).await);
    }
    let mut last = 0;
    for reference in &refs {
        last = writer.answer(reference).await["message"].number("seq");
    }
    let mut expected = first;
    while expected <= last {
        let (opcode, payload) = slow.next().await.expect("it goes on, or is told 4008");
        if opcode == CLOSE {
            assert_eq!(payload[..2], 4008_u16.to_be_bytes());
            return;
        }
        let told: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
        if told["type"] == "event" {
            assert_eq!(told.number("seq"), expected);
            expected += 1;
        }
    }
}
