//! Writers against a server in memory that is cut off, and spoiled, between two lives.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::{Writer, judge, retry, writers};
use crate::check::Violation;
use crate::fake::{Fake, Kept};
use crate::setup::{Size, Staff, World};
use crate::token::Minter;

/// Far more than a test asks.
const UNLIMITED: usize = usize::MAX;

/// Writes until the server is cut off, lets `spoil` at what it kept, starts it again, repeats what
/// got no answer and answers the rules that are broken.
async fn broken_after(spoil: impl FnOnce(&mut Kept)) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let minter = Minter::new("a secret of the tests, 32 bytes and more").unwrap();
    let kept = Arc::new(Mutex::new(Kept::default()));
    let mut writers = first_life(&kept, &minter, folder.path()).await;
    spoil(&mut kept.lock().unwrap());

    let server = Fake::start(&kept, UNLIMITED);
    let mut violations = retry(&server.target, &mut writers).await.unwrap();
    violations.extend(judge(&server.target, &minter, &writers).await.unwrap());
    server.stop();
    rules(&violations)
}

/// 600 answered requests and several that were not.
async fn first_life(kept: &Arc<Mutex<Kept>>, minter: &Minter, folder: &Path) -> Vec<Writer> {
    let size = Size {
        rooms: 4,
        people: 5,
        staff: Staff::Shared,
    };
    let server = Fake::start(kept, UNLIMITED);
    let world = World::open(&server.target, minter, size).await.unwrap();
    server.stop();

    let server = Fake::start(kept, 600);
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
    writing.join_all().await
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
    // The one send that was done and not answered is there a second time.
    assert_eq!(broken.await, ["ok-send-once"]);
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
    assert_eq!(broken.await, ["delete-applied"]);
}
