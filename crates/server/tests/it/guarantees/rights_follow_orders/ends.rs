//! The events of an order in whatever order they come, each perhaps several times, after the one that
//! opened the room: the same order, room and people.

use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::{Value, json};

use super::model::{FIRST_RIDER, PEOPLE, Told};
use super::{STATUSES, event, rider_id};
use crate::harness::orders::order_path;
use crate::harness::seed::{rng, rounds, seed};
use crate::harness::{Fields as _, Room, Server, an_order};

const EVENTS: i64 = 8;
const SHUFFLES: usize = 6;

fn below(rng: &mut TestRng, most: usize) -> usize {
    (rng.next_u64() % most as u64) as usize
}

/// As the shop made them.
fn made(rng: &mut TestRng) -> Vec<(i64, Told)> {
    let one = |sequence| {
        let told = match below(rng, 2) {
            0 => {
                let rider = below(rng, PEOPLE - FIRST_RIDER + 1);
                Told::Rider((rider > 0).then(|| FIRST_RIDER + rider - 1))
            }
            _ => Told::Status(STATUSES[below(rng, STATUSES.len())]),
        };
        (sequence, told)
    };
    (2..2 + EVENTS).map(one).collect()
}

/// Each at least once, in any order.
fn shuffled(rng: &mut TestRng, made: &[(i64, Told)]) -> Vec<(i64, Told)> {
    let mut sent = made.to_vec();
    for _ in 0..made.len() / 2 {
        sent.push(made[below(rng, made.len())].clone());
    }
    for last in (1..sent.len()).rev() {
        sent.swap(last, below(rng, last + 1));
    }
    sent
}

/// What is left of the order, of the room, and who is in it.
async fn end(server: &Server, order: &str, sent: &[(i64, Told)]) -> Value {
    let report = an_order(order).with_rider(&rider_id(FIRST_RIDER));
    let room = Room::of(server, report.with("sequence", 1)).await;
    for (sequence, told) in sent {
        let event = event(order, *sequence, told);
        room.service.tell(&event).await.ok(202);
    }
    let order = room.service.get(&order_path(order)).await.ok(200);
    let seen = room.seen_by(&room.admin).await;
    let mut people: Vec<String> = (room.participants().await.iter())
        .filter(|one| one["is_active"] == true)
        .map(|one| format!("{} {}", one["role"], one["user_full_name"]))
        .collect();
    people.sort();
    json!({
        "status": order["status"], "rider": order["rider"], "is_active": order["is_active"],
        "sequence": order["sequence"], "room": seen["status"], "people": people,
        "count": seen.number("participant_count"),
    })
}

#[tokio::test]
async fn all_events_in_any_order_and_with_repeats_end_in_the_same_order_room_and_people() {
    let server = Server::start().await;
    let mut rng = rng(seed());
    for round in 0..rounds("ORDERCHAT_TEST_ROUNDS", 3) {
        let made = made(&mut rng);
        let as_made = end(&server, &format!("e{round}"), &made).await;
        for shuffle in 0..SHUFFLES {
            let sent = shuffled(&mut rng, &made);
            let came = end(&server, &format!("e{round}-{shuffle}"), &sent).await;
            assert_eq!(came, as_made, "as made: {made:?}\nas they came: {sent:?}");
        }
    }
}
