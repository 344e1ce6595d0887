//! G7: a cursor that cannot be served gets `resync`, never a silent gap.

use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::{Value, json};

use crate::harness::live::{Cursor, fits};
use crate::harness::seed::{rng, rounds, seed};
use crate::harness::{Client, Fields, Live, Room, Server, random_id};

/// What a cursor must come to.
#[derive(Debug)]
enum Served {
    /// Every event after this seq, then `caught_up`.
    After(i64),
    /// `resync` with this reason and this seq.
    Resync(&'static str, Value),
}

/// What the rooms of one person are like.
struct Rooms {
    epoch: String,
    /// Read from its beginning.
    own: Room,
    /// Read from this seq on.
    late: (Room, i64),
    foreign: Room,
}

fn pick(rng: &mut TestRng, most: i64) -> i64 {
    i64::try_from(rng.next_u64() % (most as u64 + 1)).expect("it is small")
}

fn forged(rng: &mut TestRng) -> String {
    let names = [
        "",
        "CHAT-AAAA-AAAA",
        "../..",
        "%00",
        "0",
        "\u{1f4a9}",
        "a:b,c",
    ];
    match rng.next_u64() % 3 {
        0 => random_id(),
        1 => "x".repeat(1 + (rng.next_u64() % 200) as usize),
        _ => names[(rng.next_u64() % names.len() as u64) as usize].to_owned(),
    }
}

/// A cursor of any kind, and what it must come to.
async fn draw(rng: &mut TestRng, rooms: &Rooms) -> (String, String, i64, Served) {
    let Rooms {
        epoch,
        own,
        late,
        foreign,
    } = rooms;
    let (own_head, late_head) = (own.head().await, late.0.head().await);
    let epoch = epoch.clone();
    match rng.next_u64() % 8 {
        0 => {
            let other = [String::new(), epoch.to_uppercase() + "x", random_id()];
            let other = other[(rng.next_u64() % 3) as usize].clone();
            let seq = pick(rng, own_head + 5);
            (
                other,
                own.id.clone(),
                seq,
                Served::Resync("epoch", json!(own_head)),
            )
        }
        1 => {
            let most = i64::MAX >> (1 + rng.next_u64() % 40);
            let seq = own_head + 1 + pick(rng, most);
            (
                epoch,
                own.id.clone(),
                seq,
                Served::Resync("future", json!(own_head)),
            )
        }
        2 => (
            epoch,
            forged(rng),
            pick(rng, 50),
            Served::Resync("gone", Value::Null),
        ),
        3 => {
            let name = [&foreign.id, &foreign.code][(rng.next_u64() % 2) as usize].clone();
            (
                epoch,
                name,
                pick(rng, 9),
                Served::Resync("gone", Value::Null),
            )
        }
        4 => {
            // Between what was never theirs and what is: it would look like a loss.
            let seq = 1 + pick(rng, late.1 - 3);
            (
                epoch,
                late.0.id.clone(),
                seq,
                Served::Resync("too_old", json!(late_head)),
            )
        }
        5 => {
            let seq = late.1 - 1 + pick(rng, late_head - late.1 + 1);
            (epoch, late.0.id.clone(), seq, Served::After(seq))
        }
        _ => {
            let seq = pick(rng, own_head);
            let name = [&own.id, &own.code][(rng.next_u64() % 2) as usize].clone();
            (epoch, name, seq, Served::After(seq))
        }
    }
}

async fn check(client: &Client, name: &str, cursor: &Cursor, served: &Served) {
    let mut live = Live::resume(client, cursor).await;
    match served {
        Served::Resync(reason, seq) => {
            let resync = live.expect(json!({ "type": "resync" })).await;
            let expected = json!({ "room": name, "reason": reason, "seq": seq });
            assert!(fits(&expected, &resync), "{cursor:?} {expected} {live:?}");
            live.fence().await;
            let of_room = |frame: &&Value| frame["type"] == "event";
            assert_eq!(live.received.iter().filter(of_room).count(), 0, "{live:?}");
        }
        Served::After(after) => {
            // Their other rooms are caught up with, too.
            for _ in 0..2 {
                live.expect(json!({ "type": "caught_up" })).await;
            }
            let told = live
                .received
                .iter()
                .filter(|frame| frame["type"] == "event");
            let seqs: Vec<_> = told.map(|event| event.number("seq")).collect();
            let ends = live
                .received
                .iter()
                .filter(|frame| frame["type"] == "caught_up");
            let ends: Vec<_> = ends.map(|frame| frame.number("seq")).collect();
            let head = after + seqs.len() as i64;
            assert_eq!(seqs, (after + 1..=head).collect::<Vec<_>>(), "{cursor:?}");
            assert!(ends.contains(&head), "{cursor:?} {ends:?} {head}");
            let resyncs = live
                .received
                .iter()
                .filter(|frame| frame["type"] == "resync");
            assert_eq!(resyncs.count(), 0, "{cursor:?} {live:?}");
        }
    }
}

#[tokio::test]
async fn g7_any_cursor_is_served_whole_or_gets_resync() {
    let server = Server::start().await;
    let own = server.open_room().await;
    let late = server.open_room().await;
    for number in 0..5 {
        own.customer.say(&own, &format!("m{number}")).await;
        late.customer.say(&late, &format!("m{number}")).await;
    }
    // The customer of one is a guest of the other, late.
    late.make_public().await;
    own.customer.act(&late.at("join/")).await.ok(200);
    late.customer.say(&late, "welcome").await;
    let from = late.log_seen_by(&own.customer).await[0].number("seq");
    assert!(from > 4, "{from}");
    let client = own.customer.clone();
    let rooms = Rooms {
        epoch: Live::of(&client).await.epoch(),
        foreign: server.open_room().await,
        late: (late, from),
        own,
    };
    let mut rng = rng(seed());
    for _ in 0..rounds("ORDERCHAT_TEST_CASES", 60) {
        let (epoch, name, seq, served) = draw(&mut rng, &rooms).await;
        let cursor = Cursor::of(&epoch, &name, seq);
        println!("{cursor:?} {served:?}");
        check(&client, &name, &cursor, &served).await;
    }
}

#[tokio::test]
async fn g7_after_resync_the_room_is_live_from_the_seq_that_it_names() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for cursor in [
        Cursor::of("another", &room.id, 3),
        Cursor::of(&Live::of(&room.customer).await.epoch(), &room.id, 1_000),
    ] {
        let head = room.head().await;
        let mut live = Live::resume(&room.customer, &cursor).await;
        let resync = live
            .expect(json!({ "type": "resync", "room": room.id }))
            .await;
        assert_eq!(resync.number("seq"), head);
        let seq = room.rider.say(&room, "after it").await.number("seq");
        live.event_at(&room, seq).await;
        let told: Vec<_> = live
            .events_of(&room)
            .iter()
            .map(|e| e.number("seq"))
            .collect();
        assert_eq!(told, [head + 1]);
    }
}

#[tokio::test]
async fn g7_a_cursor_names_a_room_twice_and_is_served_once() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut cursor = Live::following(&room.customer, &room).await.cursor();
    cursor.rooms.insert(room.code.clone(), 1);
    let head = room.head().await;
    let mut live = Live::resume(&room.customer, &cursor).await;
    live.caught_up(&room).await;
    let seq = room.rider.say(&room, "once").await.number("seq");
    live.event_at(&room, seq).await;
    live.fence().await;
    let told: Vec<_> = live
        .events_of(&room)
        .iter()
        .map(|e| e.number("seq"))
        .collect();
    assert!(
        told.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{told:?}, head {head}"
    );
    assert_eq!(told.last(), Some(&seq));
}
