mod server;

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use rstest::rstest;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::server::Nats;
use super::*;
use crate::{clock, net};

const EPOCH: &str = "0197a0000000700080000000000000aa";

/// One node of a deployment, with somebody who listens.
struct Node {
    bus: Bus,
    heard: Subscription,
    stop: CancellationToken,
    driver: JoinHandle<()>,
}

impl Node {
    /// A node that may not have a connection yet.
    async fn start(nats: &Nats, epoch: &str) -> Self {
        let stop = CancellationToken::new();
        let (bus, driver) = Bus::connect(&nats.url().into(), epoch, stop.clone())
            .await
            .unwrap();
        Self {
            heard: bus.subscribe(),
            bus,
            stop,
            driver: net::spawn("bus", driver),
        }
    }

    /// A node that has been told that it is connected.
    async fn connected(nats: &Nats, epoch: &str) -> Self {
        let mut node = Self::start(nats, epoch).await;
        assert_eq!(node.next().await, Received::Missed);
        assert!(node.bus.is_connected());
        node
    }

    async fn next(&mut self) -> Received {
        next(&mut self.heard).await
    }

    /// Everything it hears until this, and that it hears it.
    async fn until(&mut self, hint: &Hint) -> Vec<Received> {
        let mut heard = Vec::new();
        loop {
            match self.next().await {
                Received::Hint(last) if last == *hint => return heard,
                other => heard.push(other),
            }
        }
    }

    async fn is_connected(&self, expected: bool) {
        let link = self.bus.0.as_ref().unwrap();
        let mut state = link.state.subscribe();
        let became = state.wait_for(|state| state.connected == expected);
        let became = timeout(PATIENCE, became).await;
        let _state = became
            .unwrap_or_else(|_| panic!("connected does not become {expected} within 30 s"))
            .unwrap();
    }
}

/// Far more than anything takes that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

async fn next(heard: &mut Subscription) -> Received {
    let next = timeout(PATIENCE, heard.next()).await;
    next.expect("something is heard within 30 s")
}

/// Hints that can be told apart.
fn hint(user: i64) -> Hint {
    Hint::Revoked { user }
}

#[tokio::test]
async fn nodes_hear_each_other_and_not_themselves() {
    let Some(nats) = Nats::start() else { return };
    let mut one = Node::connected(&nats, EPOCH).await;
    let mut other = Node::connected(&nats, EPOCH).await;

    one.bus.publish(hint(1));
    assert_eq!(other.next().await, Received::Hint(hint(1)));
    // Its own would have come before the answer.
    other.bus.publish(hint(2));
    assert_eq!(one.next().await, Received::Hint(hint(2)));
    one.bus.publish(hint(3));
    assert_eq!(other.next().await, Received::Hint(hint(3)));
}

#[tokio::test]
async fn many_hints_arrive_in_the_order_said() {
    let Some(nats) = Nats::start() else { return };
    let one = Node::connected(&nats, EPOCH).await;
    let mut other = Node::connected(&nats, EPOCH).await;
    for user in 0..2_000 {
        one.bus.publish(hint(user));
    }
    for user in 0..2_000 {
        assert_eq!(other.next().await, Received::Hint(hint(user)));
    }
}

#[tokio::test]
async fn after_nats_was_away_one_is_told_to_look_and_hears_again() {
    let Some(mut nats) = Nats::start() else {
        return;
    };
    let mut nodes = [
        Node::connected(&nats, EPOCH).await,
        Node::connected(&nats, EPOCH).await,
    ];
    for round in 0..2 {
        nats.stop();
        for node in &nodes {
            node.is_connected(false).await;
        }
        nats.start_again();
        for node in &nodes {
            node.is_connected(true).await;
        }
        let [one, other] = &mut nodes;
        one.bus.publish(hint(round));
        other.bus.publish(hint(round));
        for node in &mut nodes {
            let before = node.until(&hint(round)).await;
            assert!(before.contains(&Received::Missed), "{before:?}");
        }
    }
}

#[tokio::test]
async fn a_node_starts_while_nats_is_down() {
    let Some(mut nats) = Nats::start() else {
        return;
    };
    nats.stop();
    let mut early = Node::start(&nats, EPOCH).await;
    early.bus.publish(hint(1));
    assert!(!early.bus.is_connected());
    nats.start_again();
    assert_eq!(early.next().await, Received::Missed);
    let late = Node::connected(&nats, EPOCH).await;
    late.bus.publish(hint(2));
    assert_eq!(early.next().await, Received::Hint(hint(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_while_nats_hangs_is_dropped_and_holds_nobody_up() {
    const FLOOD: i64 = 1_000_000;
    let Some(nats) = Nats::start() else { return };
    let one = Node::connected(&nats, EPOCH).await;
    let mut other = Node::connected(&nats, EPOCH).await;

    nats.pause();
    let recorder = PrometheusBuilder::new().build_recorder();
    let before = clock::monotonic();
    metrics::with_local_recorder(&recorder, || {
        (0..FLOOD).for_each(|user| one.bus.publish(hint(user)));
    });
    let took = before.elapsed();
    let dropped = recorder.handle().render();
    let dropped = dropped
        .lines()
        .find_map(|line| line.strip_prefix("orderchat_bus_dropped_total "))
        .expect("what was dropped is counted");
    let dropped: i64 = dropped.parse().unwrap();
    // What is left is in the queue, and in the kernel's buffers on the way to the server.
    assert!((FLOOD / 2..FLOOD).contains(&dropped), "{dropped} dropped");
    assert!(took < Duration::from_secs(10), "held up for {took:?}");

    nats.resume();
    one.is_connected(true).await;
    // The queue may still be full: said again until it is heard.
    let last = hint(FLOOD);
    let again = async {
        loop {
            one.bus.publish(last.clone());
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = again => {}
        _ = other.until(&last) => {}
    }
}

#[tokio::test]
async fn deployments_on_one_nats_do_not_mix() {
    let Some(nats) = Nats::start() else { return };
    let ours = Node::connected(&nats, EPOCH).await;
    let mut ours_too = Node::connected(&nats, EPOCH).await;
    let theirs = Node::connected(&nats, "another").await;
    let mut theirs_too = Node::connected(&nats, "another").await;

    theirs.bus.publish(hint(1));
    assert_eq!(theirs_too.next().await, Received::Hint(hint(1)));
    ours.bus.publish(hint(2));
    assert_eq!(ours_too.next().await, Received::Hint(hint(2)));
}

#[tokio::test]
async fn what_no_node_says_is_not_heard() {
    let Some(nats) = Nats::start() else { return };
    let one = Node::connected(&nats, EPOCH).await;
    let mut other = Node::connected(&nats, EPOCH).await;

    let stranger = async_nats::connect(nats.url()).await.unwrap();
    let mut proof = stranger.subscribe("proof").await.unwrap();
    let subject = format!("orderchat.{EPOCH}.hints.stranger");
    for garbage in ["", "{", "\"room\"", r#"[{"kind":"room"}]"#, "[7]", "\0"] {
        stranger
            .publish(subject.clone(), garbage.into())
            .await
            .unwrap();
    }
    stranger.publish("proof", "".into()).await.unwrap();
    // The server has dealt with one thing after the other.
    let _proof = futures_util::StreamExt::next(&mut proof).await.unwrap();
    one.bus.publish(hint(1));
    assert_eq!(other.next().await, Received::Hint(hint(1)));
}

#[tokio::test]
async fn who_listens_too_slowly_is_told_to_look() {
    let Some(nats) = Nats::start() else { return };
    let one = Node::connected(&nats, EPOCH).await;
    let mut other = Node::connected(&nats, EPOCH).await;
    let mut slow = other.bus.subscribe();
    for thousand in 0..5 {
        (0..1_000).for_each(|user| one.bus.publish(hint(1_000 * thousand + user)));
        other.until(&hint(1_000 * thousand + 999)).await;
    }
    assert_eq!(next(&mut slow).await, Received::Missed);
    // Then the newest 4,096 are there.
    assert_eq!(next(&mut slow).await, Received::Hint(hint(5_000 - 4_096)));
}

#[tokio::test]
async fn what_waits_at_the_end_is_still_said() {
    let Some(nats) = Nats::start() else { return };
    let one = Node::connected(&nats, EPOCH).await;
    let mut other = Node::connected(&nats, EPOCH).await;
    (0..1_000).for_each(|user| one.bus.publish(hint(user)));
    one.stop.cancel();
    timeout(PATIENCE, one.driver).await.unwrap().unwrap();
    other.until(&hint(999)).await;
}

#[tokio::test]
async fn the_end_does_not_wait_for_nats() {
    let Some(mut nats) = Nats::start() else {
        return;
    };
    let one = Node::connected(&nats, EPOCH).await;
    nats.stop();
    one.is_connected(false).await;
    (0..5_000).for_each(|user| one.bus.publish(hint(user)));
    one.stop.cancel();
    let ended = timeout(Duration::from_secs(10), one.driver).await;
    ended.expect("it ends within 10 s").unwrap();
}

#[rstest]
#[case::right_user(&["--user", "oc", "--pass", "p@ss"], "oc:p%40ss@", None)]
#[case::wrong_user(&["--user", "oc", "--pass", "p@ss"], "oc:canary@", Some("authorization violation"))]
#[case::nobody(&["--user", "oc", "--pass", "p@ss"], "", Some("authorization violation"))]
#[case::right_token(&["--auth", "to/ken"], "to%2Fken@", None)]
#[case::wrong_token(&["--auth", "to/ken"], "canary@", Some("authorization violation"))]
#[case::none_needed(&[], "", None)]
#[tokio::test]
async fn checking_says_whether_nats_lets_us_in(
    #[case] arguments: &'static [&'static str],
    #[case] who: &str,
    #[case] problem: Option<&str>,
) {
    let Some(nats) = Nats::start_with(arguments) else {
        return;
    };
    let checked = check(&nats.url_as(who).into(), EPOCH).await;
    match (checked, problem) {
        (Ok(()), None) => {}
        (Err(error), Some(problem)) => {
            let text = format!("{error} {error:?}");
            assert!(text.contains(problem) && !text.contains("canary"), "{text}");
        }
        (checked, problem) => panic!("{checked:?}, expected {problem:?}"),
    }
}

#[tokio::test]
async fn checking_does_not_take_a_server_for_good_that_hangs() {
    let Some(nats) = Nats::start() else { return };
    nats.pause();
    let error = check(&nats.url().into(), EPOCH).await.unwrap_err();
    assert!(matches!(error, BusError::Silent(_)), "{error}");
    nats.resume();
}

#[tokio::test]
async fn what_is_no_address_is_refused_without_repeating_it() {
    for address in ["nats://canary:x@[", "http://canary@h", "nats://h:canary"] {
        let error = Bus::connect(&address.into(), EPOCH, CancellationToken::new())
            .await
            .err()
            .unwrap();
        assert!(matches!(error, BusError::Address), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_node_that_is_alone_speaks_to_nobody() {
    let bus = Bus::local();
    let mut heard = bus.subscribe();
    bus.publish(hint(1));
    assert!(bus.is_connected());
    let nothing = futures_util::FutureExt::now_or_never(heard.next());
    assert_eq!(nothing, None);
}
