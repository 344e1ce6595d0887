//! G6: resume from any cursor after any disconnect gives every later event exactly once, in order,
//! then `caught_up`; a snapshot and the events make a fresh snapshot.
//!
//! A writer does every kind of action in a room, while readers behind a network that cuts at random
//! bytes come back again and again. `ORDERCHAT_TEST_RESUMES` says how often.

mod reader;
mod snapshot;
mod writer;

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::harness::fault_proxy::FaultProxy;
use crate::harness::live::Cursor;
use crate::harness::seed::{rounds, seed};
use crate::harness::{Fields, Live, Server};
use reader::{Broken, Reader};
use snapshot::Snapshot;
use writer::Writer;

/// The longest that a connection lives, in bytes from and to the server.
const MOST_DOWN: u64 = 12_000;
const MOST_UP: u64 = 1_500;
/// Who reads behind it.
const READERS: usize = 4;

#[tokio::test]
async fn g6_readers_that_are_cut_at_random_bytes_miss_and_repeat_nothing() {
    let seed = seed();
    let resumes = rounds("ORDERCHAT_TEST_RESUMES", 30);
    let server = Server::start().await;
    let room = server.open_room().await;
    let proxy = FaultProxy::start(server.address(), seed, MOST_DOWN, MOST_UP).await;
    let mut writer = Writer::new(&server, &room, seed);
    writer.prepare().await;

    let epoch = Live::of(&room.customer).await.epoch();
    let mut readers = Vec::new();
    for client in [&room.customer, &room.pharmacist, &room.support, &room.rider] {
        readers.push(Reader::new(client, &room, &epoch).await);
    }
    let reading = try_join_all(readers.iter_mut().map(|reader| reader.read(proxy.url())));
    let writing = async {
        while proxy.cuts() < resumes * READERS {
            writer.act().await;
        }
        proxy.heal();
        writer.finish().await;
        Ok(())
    };
    // The first one that finds a fault ends the run.
    if let Err(broken) = tokio::try_join!(reading, writing) {
        panic!("ORDERCHAT_TEST_SEED={seed}: {broken:?}");
    }

    let head = room.head().await;
    for reader in &mut readers {
        println!(
            "{}: {} resumes, {} events",
            reader.user(),
            reader.resumes,
            reader.log.len()
        );
        assert_eq!(reader.seq, head, "{}", reader.user());
        // What came live is the log, entry by entry.
        let log = room.log_seen_by(reader.client).await;
        let log = log.iter().map(reader::of_log);
        let log = log.filter(|(seq, ..)| *seq >= reader.first());
        for (told, logged) in reader.log.iter().cloned().zip(log) {
            assert_eq!(told, logged, "{}", reader.user());
        }
        if !reader.has_lost {
            // The last receipts gather for a moment, and the run may have ended meanwhile.
            reader.come_back(&room).await;
            let fresh = Snapshot::take(reader.client, &room).await;
            reader.state.assert_converged(&fresh);
        }
    }
}

#[tokio::test]
async fn g6_a_cursor_of_every_seq_gives_what_comes_after_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let seed = seed();
    let mut writer = Writer::new(&server, &room, seed);
    writer.prepare().await;
    for _ in 0..60 {
        writer.act().await;
    }
    writer.finish().await;
    let head = room.head().await;
    let epoch = Live::of(&room.customer).await.epoch();
    for seq in 0..=head {
        let cursor = Cursor::of(&epoch, &room.id, seq);
        let mut live = Live::resume(&room.customer, &cursor).await;
        let caught_up = live.caught_up(&room).await;
        assert_eq!(caught_up["seq"], head);
        let told: Vec<_> = live
            .events_of(&room)
            .iter()
            .map(|e| e.number("seq"))
            .collect();
        assert_eq!(
            told,
            (seq + 1..=head).collect::<Vec<_>>(),
            "ORDERCHAT_TEST_SEED={seed}"
        );
        let last = live
            .received
            .iter()
            .rposition(|frame| frame["type"] == "event");
        let end = live
            .received
            .iter()
            .position(|frame| frame["type"] == "caught_up");
        assert!(last < end, "caught_up comes last: {live:?}");
    }
}

#[tokio::test]
async fn g6_what_was_said_while_the_server_was_dead_or_away_is_there_after_its_restart() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.customer, &room).await;
    let seen = room.rider.say(&room, "seen").await.number("seq");
    live.event_at(&room, seen).await;
    let cursor = live.cursor();
    let unseen = room.rider.say(&room, "perhaps unseen").await.number("seq");
    server.restart_after_kill();
    let customer = room.customer.asking(server.url());
    let mut live = Live::resume(&customer, &cursor).await;
    live.event_at(&room, unseen).await;
    let later = room.rider.asking(server.url()).say(&room, "later").await;
    live.event_at(&room, later.number("seq")).await;
    let told: Vec<_> = live
        .events_of(&room)
        .iter()
        .map(|e| e.number("seq"))
        .collect();
    assert_eq!(told, [unseen, later.number("seq")]);
}

fn sample() -> Vec<Value> {
    (1..=5)
        .map(|seq| {
            json!({ "type": "event", "room": "r", "seq": seq, "kind": "message.created",
                "at": "2026-11-22T10:00:00.000Z", "actor": null,
                "data": { "message": { "id": format!("m{seq}"), "version": seq } } })
        })
        .collect()
}

/// What a reader says of a history.
fn verdict(frames: &[Value]) -> Result<(), Broken> {
    let mut history = reader::History::new("r", 0);
    frames
        .iter()
        .try_for_each(|frame| history.take(frame).map(drop))
}

/// A check that cannot fail proves nothing.
#[test]
fn g6_a_reader_finds_every_fault_that_a_server_could_make() {
    let good = sample();
    let end = json!({ "type": "caught_up", "room": "r", "seq": 5 });
    let with_end = [good.clone(), vec![end.clone()]].concat();
    assert_eq!(verdict(&with_end), Ok(()));
    let edited = |edit: fn(&mut Vec<Value>)| {
        let mut frames = good.clone();
        edit(&mut frames);
        verdict(&frames)
    };
    assert_eq!(
        edited(|frames| drop(frames.remove(2))),
        Err(Broken::NotNext { has: 2, got: 4 })
    );
    assert_eq!(
        edited(|frames| frames.swap(1, 2)),
        Err(Broken::NotNext { has: 1, got: 3 })
    );
    let twice = edited(|frames| frames.insert(3, frames[2].clone()));
    assert_eq!(twice, Err(Broken::NotNext { has: 3, got: 3 }));
    let reused = edited(|frames| frames[3]["seq"] = json!(3));
    assert_eq!(reused, Err(Broken::NotNext { has: 3, got: 3 }));
    let early = [good[..3].to_vec(), vec![end]].concat();
    assert_eq!(verdict(&early), Err(Broken::CaughtUp { has: 3, said: 5 }));
    let resync = json!({ "type": "resync", "room": "r", "seq": 5, "reason": "future" });
    assert_eq!(verdict(&[resync]), Err(Broken::Resync("future".into())));
}
