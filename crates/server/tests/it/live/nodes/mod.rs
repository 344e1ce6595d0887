//! G16 in smoke form: two nodes on one database, a NATS server between them.
//!
//! On PostgreSQL only, as a SQLite file has one node. Hints that are repeated, reordered or lost
//! are tried beside the code, with printed seeds.

mod faults;
mod together;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::bus::{KEY, until_metrics_say};
use crate::harness::live::{Cut, fits};
use crate::harness::server::{Node, Options};
use crate::harness::{Client, Fields, Live, Room, Server, eventually};

/// Twice the 2.5 s that another node's news may take without the bus: the machine is shared.
const LATE: Duration = Duration::from_secs(5);
/// Half of what looking at the database alone takes: it is looked at every two seconds, and who
/// speaks once they were heard speaks just after.
const QUICK: Duration = Duration::from_secs(1);

/// Two nodes.
struct Nodes {
    /// Clients that a test makes talk to this one.
    a: Server,
    b: Node,
}

impl Nodes {
    /// Nodes that speak over the NATS server at `bus`, and do so when this returns; `None` where a
    /// database has one node.
    async fn start(bus: &str) -> Option<Self> {
        Self::start_with(bus, Options::default()).await
    }

    async fn start_with(bus: &str, options: Options) -> Option<Self> {
        Self::start_on((bus, bus), options).await
    }

    /// Each node reaches the bus by an address of its own.
    async fn start_on((a_to, b_to): (&str, &str), options: Options) -> Option<Self> {
        // The first start makes the key, without which a server with a bus does not start.
        let mut a = Server::start().await;
        if !a.takes_other_nodes() {
            return None;
        }
        let options = options.with(KEY.0, KEY.1);
        a.restart_with(options.clone().with("ORDERCHAT_BUS", a_to));
        let b = a.another_node_with(&options.with("ORDERCHAT_BUS", b_to))?;
        for url in [a.metrics_url(), b.metrics_url()] {
            until_metrics_say(url, "orderchat_bus_connected 1").await;
        }
        Some(Self { a, b })
    }

    /// The same person, asking the other node.
    fn on_b(&self, client: &Client) -> Client {
        client.asking(self.b.url())
    }
}

/// How long after its ack a message reaches the follower.
async fn lag(sender: &Client, room: &Room, follower: &mut Live) -> Duration {
    let seq = sender.say(room, "how long?").await.number("seq");
    let acked = Instant::now();
    follower.event_at(room, seq).await;
    acked.elapsed()
}

/// Waits until what is said comes quicker than looking at the database would bring it.
async fn hints_cross(sender: &Client, room: &Room, follower: &mut Live) {
    eventually("the bus brings what is said", async || {
        for _ in 0..3 {
            if lag(sender, room, follower).await >= QUICK {
                return None;
            }
        }
        Some(())
    })
    .await;
}

/// The room's events from `first` on came to this connection, all of them, once and in order.
async fn has_all(live: &mut Live, room: &Room, first: i64) {
    let head = room.head().await;
    let last = json!({ "type": "event", "room": room.id, "seq": head });
    for place in 0.. {
        // Claimed or not: the test may have waited for it before.
        let frame = live.next_after(place).await;
        let frame = frame.unwrap_or_else(|Cut| panic!("cut before {head} came: {live:?}"));
        if fits(&last, &frame) {
            break;
        }
    }
    let events = live.events_of(room);
    let seqs: Vec<_> = events.iter().map(|event| event.number("seq")).collect();
    assert!(
        seqs.iter().copied().eq(first..=head),
        "{first} to {head} came as {seqs:?}"
    );
}
