//! The loads against the yardstick and against a server in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::resume::Away;
use super::talk::{self, Journals, Manner, Servers};
use super::{idle, size};
use crate::check::{self, Evidence};
use crate::fake::{Fake, Kept, Sabotage};
use crate::heard::Heard;
use crate::history::{self, Record};
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
async fn who_only_listens_may_do_so_on_another_node() {
    let kept = Arc::default();
    let [one, other] = [0, 1].map(|_| Fake::start(&kept, usize::MAX));
    let world = world_of(&one).await;
    let servers = Servers {
        send: &one.target,
        listen: &other.target.clone(),
    };
    let manner = Manner {
        senders: 1,
        depth: 1,
    };
    let talked = talk::run(servers, &world, &plan(Some(500)), manner, None).await;
    let talked = talked.unwrap();
    assert_eq!((talked.sends, talked.deliveries), (100, 300), "{talked:?}");
    talked.faults.ensure_none().unwrap();
    other.stop();
    let alone = talk::run(servers, &world, &plan(Some(500)), manner, None).await;
    assert!(alone.is_err(), "who listens has nowhere to connect to");
    one.stop();
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

/// Three rooms of four on a server in memory.
async fn world_of(server: &Fake) -> Arc<World> {
    let size = size(12, 4);
    Arc::new(World::open(&server.target, &minter(), size).await.unwrap())
}

#[tokio::test]
async fn whoever_resumes_gets_what_was_missed_exactly_once() {
    let server = Fake::start(&Arc::default(), usize::MAX);
    let world = world_of(&server).await;
    let away = Away::leave(&server.target, &world, 12, 20).await.unwrap();
    let resumed = away.come_back(&server.target, None).await.unwrap();
    resumed.faults.ensure_none().unwrap();
    assert_eq!(resumed.events, 12 * 20);
    server.stop();
}

#[tokio::test]
async fn what_is_sent_and_heard_is_written_down_for_the_checker() {
    let server = Fake::start(&Arc::default(), usize::MAX);
    let world = world_of(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let (sent, heard) = (folder.path().join("sent"), folder.path().join("heard"));
    let journals = Journals::create(&sent, &heard).unwrap();
    let talked = talk::run(&server.target, &world, &plan(None), MANNER, Some(journals))
        .await
        .unwrap();
    assert!(talked.deliveries > 0, "{talked:?}");
    let records: Vec<Record> = history::read(&sent).unwrap();
    let heard: Vec<Heard> = history::read(&heard).unwrap();
    let nodes = std::slice::from_ref(&server.target);
    let readings = check::read_all(nodes, &minter(), &records).await.unwrap();
    let violations = check::check(&Evidence {
        records: &records,
        heard: &heard,
        readings: &readings,
        restored: false,
    });
    assert_eq!(violations, []);
    server.stop();
}

#[tokio::test]
async fn a_load_notices_what_is_not_pushed() {
    let kept = Arc::new(Mutex::new(Kept::spoilt(Sabotage::DropEvery(50))));
    let server = Fake::start(&kept, usize::MAX);
    let world = world_of(&server).await;
    let talked = talk::run(&server.target, &world, &plan(None), MANNER, None)
        .await
        .unwrap();
    assert!(talked.faults.gaps > 0, "{talked:?}");
    assert!(talked.failures().contains("jumped over"), "{talked:?}");
    server.stop();
}
