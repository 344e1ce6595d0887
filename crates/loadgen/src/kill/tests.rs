//! Writers against a server in memory that is cut off, and spoiled, between two lives.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::audience::Audience;
use super::{Writer, heads, judge, retry, writers};
use crate::check::Violation;
use crate::fake::{Fake, Kept, Sabotage};
use crate::setup::{Size, Staff, World};
use crate::token::Minter;

/// On a server in memory nothing takes long; some of what is awaited here never comes.
const PATIENCE: Duration = Duration::from_millis(500);

/// Far more than a test asks.
const UNLIMITED: usize = usize::MAX;

/// Writes until the server is cut off, lets `spoil` at what it kept, starts it again, repeats what
/// got no answer and answers the rules that are broken.
async fn broken_after(spoil: impl FnOnce(&mut Kept)) -> Vec<&'static str> {
    broken(Kept::default(), spoil).await
}

/// The same on a server that pushes what it should not, or does not push what it should.
async fn broken_by(sabotage: Sabotage) -> Vec<&'static str> {
    broken(Kept::spoilt(sabotage), |_| ()).await
}

async fn broken(kept: Kept, spoil: impl FnOnce(&mut Kept)) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let minter = Minter::new("a secret of the tests, 32 bytes and more").unwrap();
    let kept = Arc::new(Mutex::new(kept));
    let (mut writers, mut audience) = first_life(&kept, &minter, folder.path()).await;
    spoil(&mut kept.lock().unwrap());

    let server = Fake::start(&kept, UNLIMITED);
    let target = &server.target;
    let mut violations = retry(target, &mut writers).await.unwrap();
    audience.catch_up(target, &heads(&writers)).await.unwrap();
    violations.extend(judge(target, &minter, &writers, &audience).await.unwrap());
    server.stop();
    rules(&violations)
}

/// 600 answered requests, what was sent live meanwhile, and several that were not answered.
async fn first_life(
    kept: &Arc<Mutex<Kept>>,
    minter: &Minter,
    folder: &Path,
) -> (Vec<Writer>, Audience) {
    let size = Size {
        rooms: 4,
        people: 8,
        staff: Staff::Shared,
    };
    let server = Fake::start(kept, UNLIMITED);
    let world = World::open(&server.target, minter, size).await.unwrap();
    server.stop();

    let server = Fake::start(kept, 600);
    let target = server.target.clone();
    let mut audience = Audience::gather(&target, minter, &world, folder, PATIENCE)
        .await
        .unwrap();
    audience.catch_up(&target, &BTreeMap::new()).await.unwrap();
    let hearing = tokio::spawn(async move {
        let at_once = Duration::ZERO;
        audience.until_cut(&target, at_once).await.unwrap()
    });
    let mut rng = StdRng::seed_from_u64(7);
    let mut writing = tokio::task::JoinSet::new();
    for mut writer in writers(&world, folder, &mut rng).unwrap() {
        let target = server.target.clone();
        writing.spawn(async move {
            writer.write_until_cut(&target).await.unwrap();
            writer
        });
    }
    server.die().await;
    (writing.join_all().await, hearing.await.unwrap())
}

fn rules(violations: &[Violation]) -> Vec<&'static str> {
    let mut rules: Vec<_> = violations.iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_keeps_what_it_acked_passes() {
    assert_eq!(broken_after(|_| ()).await, [""; 0]);
}

/// Who waited for less would be told off for not having heard the rest: a delete that was acked last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_wait_for_the_last_event_of_every_room() {
    let folder = tempfile::tempdir().unwrap();
    let minter = Minter::new("a secret of the tests, 32 bytes and more").unwrap();
    let kept = Arc::default();
    let (mut writers, _audience) = first_life(&kept, &minter, folder.path()).await;
    for room in &mut kept.lock().unwrap().rooms {
        let last = room.messages.last().unwrap()["id"].clone();
        room.delete(last.as_str().unwrap());
    }

    let server = Fake::start(&kept, UNLIMITED);
    let refused = retry(&server.target, &mut writers).await.unwrap();
    server.stop();
    assert!(refused.is_empty(), "{refused:?}");
    let rooms = &kept.lock().unwrap().rooms;
    let last = rooms.iter().map(|room| (room.id.clone(), room.head()));
    assert_eq!(heads(&writers), last.collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_acked_before_it_committed_is_caught() {
    let broken = broken_after(|kept| {
        for room in &mut kept.rooms {
            // The last messages and their keys were never written.
            room.messages.truncate(room.messages.len() - 3);
            let head = room.messages.last().unwrap()["seq"].as_u64().unwrap();
            let messages = &room.messages;
            room.keys
                .retain(|_, id| messages.iter().any(|m| m["id"] == id.as_str()));
            room.events
                .retain(|event| event["seq"].as_u64() <= Some(head));
        }
    });
    assert!(broken.await.contains(&"ok-send-once"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgot_the_keys_is_caught() {
    let broken = broken_after(|kept| kept.rooms.iter_mut().for_each(|room| room.keys.clear()));
    let broken = broken.await;
    // The one send that was done and not answered is there a second time. So are sends that had been
    // answered by a live connection and that REST was being asked for again: their answers differ.
    let rules = ["ok-send-once", "one-key-one-message"];
    assert!(broken.contains(&rules[0]), "{broken:?}");
    assert!(broken.iter().all(|rule| rules.contains(rule)), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgot_receipts_is_caught() {
    let broken = broken_after(|kept| kept.rooms.iter_mut().for_each(|room| room.read.clear()));
    assert_eq!(broken.await, ["watermark-holds"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_brought_a_deleted_text_back_is_caught() {
    let broken = broken_after(|kept| {
        for message in kept.rooms.iter_mut().flat_map(|room| &mut room.messages) {
            if message["is_deleted"] == true {
                message["content"] = "what was deleted".into();
            }
        }
    });
    // Followers were shown the tombstone.
    assert_eq!(broken.await, ["delete-applied", "live-texts-agree"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_pushed_before_it_committed_is_caught() {
    let broken = broken_after(|kept| {
        // What was pushed last was never written, and never acked; only followers know of it.
        for room in &mut kept.rooms {
            room.events.truncate(room.events.len() - 3);
        }
    });
    let broken = broken.await;
    assert!(broken.contains(&"live-only-what-is-logged"), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgets_every_500th_push_is_caught() {
    let broken = broken_by(Sabotage::DropEvery(500)).await;
    assert!(broken.contains(&"live-without-gap"), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_uses_a_seq_again_is_caught() {
    let broken = broken_by(Sabotage::ReuseSeq).await;
    assert!(broken.contains(&"live-exactly-once"), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_tells_the_blocked_is_caught() {
    let broken = broken_by(Sabotage::ForgetBlocks).await;
    assert_eq!(broken, ["live-nothing-after-end"]);
}
