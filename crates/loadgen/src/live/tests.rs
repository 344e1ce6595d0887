//! The loads against the yardstick and against a server in memory.

use std::time::Duration;

use super::talk::{self, Manner};
use super::{idle, size};
use crate::limit_live;
use crate::load::Plan;
use crate::send::NOBODY_S_SECRET;
use crate::setup::World;
use crate::token::Minter;

const MANNER: Manner = Manner {
    senders: 2,
    depth: 3,
};

fn plan(rate: Option<u32>) -> Plan {
    Plan {
        connections: 12,
        warm_up: Duration::ZERO,
        duration: Duration::from_millis(200),
        rate,
        server_pid: Some(std::process::id()),
    }
}

fn minter() -> Minter {
    Minter::new(NOBODY_S_SECRET).unwrap()
}

#[tokio::test]
async fn a_closed_loop_delivers_every_send_to_all_others() {
    let target = limit_live::tests::start().await;
    let world = World::unreported(&minter(), size(12, 4)).unwrap();
    let talked = talk::run(&target, &world, &plan(None), MANNER, None)
        .await
        .unwrap();
    assert!(talked.sends > 0, "{talked:?}");
    // What is under way at the end is acked or heard too late to be counted.
    let most = 3 * talked.sends + 3 * 2 * 3 * 3;
    assert!(talked.deliveries <= most, "{talked:?}");
    assert!(
        talked.deliveries + 3 * 2 * 3 * 3 >= 3 * talked.sends,
        "{talked:?}"
    );
    assert_eq!(talked.failures(), "");
    assert_eq!((talked.event_bytes, talked.ok_bytes), (1100, 1000));
}

#[tokio::test]
async fn an_open_loop_delivers_exactly_what_was_offered() {
    let target = limit_live::tests::start().await;
    let world = World::unreported(&minter(), size(12, 4)).unwrap();
    let talked = talk::run(&target, &world, &plan(Some(500)), MANNER, None)
        .await
        .unwrap();
    assert_eq!((talked.sends, talked.deliveries), (100, 300), "{talked:?}");
    talked.faults.ensure_none().unwrap();
}

#[tokio::test]
async fn idle_connections_are_held_while_memory_is_looked_at() {
    let target = limit_live::tests::start().await;
    let world = World::unreported(&minter(), size(12, 4)).unwrap();
    let pid = std::process::id();
    let idle = idle::run(&target, &world, 12, Duration::from_millis(10), pid)
        .await
        .unwrap();
    assert_eq!(idle.connections, 12);
}
