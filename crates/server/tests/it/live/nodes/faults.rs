//! A node is killed or paused, the bus is paused or killed: it takes longer, and nothing else.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::g11_shut_out::{has_said, talk};
use super::{LATE, Nodes, has_all, hints_cross, lag};
use crate::bus::until_metrics_say;
use crate::harness::fault_proxy::Gate;
use crate::harness::live::Cut;
use crate::harness::nats::{OwnNats, nats_url};
use crate::harness::seed::rounds;
use crate::harness::server::Options;
use crate::harness::{Client, Fields, Live, Room, an_order, eventually};

/// Messages of each who talks, before and after.
const MESSAGES: usize = 20;
/// Clients that move write again so soon.
const WRITES_AGAIN: Duration = Duration::from_secs(10);

fn send(room: &Room, content: &str) -> Value {
    json!({
        "type": "send", "ref": content, "room": room.id, "content": content,
        "client_message_id": content,
    })
}

/// Says things until the connection is cut; what was not answered.
async fn talk_until_cut(live: &mut Live, room: &Room, who: usize, said: &AtomicUsize) -> String {
    for number in 0.. {
        let content = format!("{who} before {number}");
        let Ok(()) = live.try_say(send(room, &content)).await else {
            return content;
        };
        match live.try_expect(&json!({ "ref": content })).await {
            Ok(answer) => assert_eq!(answer["type"], "ok", "{answer}"),
            Err(Cut) => return content,
        }
        said.fetch_add(1, Ordering::SeqCst);
    }
    unreachable!("it goes on until the connection is cut")
}

/// A client that follows and talks on one node until that is gone, and goes on on the other.
/// Everything that it said was taken once when this returns; what it heard, it answers.
async fn moves(
    from: &Client,
    to: &Client,
    room: &Room,
    who: usize,
    said: &AtomicUsize,
) -> (i64, Vec<i64>, Live) {
    let mut live = Live::following(from, room).await;
    let began = live.cursor().rooms[&room.id];
    let unanswered = talk_until_cut(&mut live, room, who, said).await;
    let cut = Instant::now();
    let heard: Vec<_> = live
        .events_of(room)
        .iter()
        .map(|event| event.number("seq"))
        // What others said while the room was being followed may have come, too.
        .filter(|seq| *seq > began)
        .collect();
    let mut live = Live::resume(to, &live.cursor()).await;
    live.done(send(room, &unanswered)).await;
    assert!(cut.elapsed() < WRITES_AGAIN, "{:?}", cut.elapsed());
    for number in 0..MESSAGES {
        live.done(send(room, &format!("{who} after {number}")))
            .await;
    }
    (began, heard, live)
}

#[tokio::test]
async fn g16_clients_of_a_killed_node_go_on_on_the_other_and_lose_nothing() {
    let Some(bus) = nats_url() else { return };
    let Some(mut nodes) = Nodes::start(&bus).await else {
        return;
    };
    let room = nodes.a.open_room().await;
    let first = room.head().await + 1;
    let mut stays = Live::following(&room.admin, &room).await;
    let said = AtomicUsize::new(0);
    let people = [&room.customer, &room.rider, &room.pharmacist];
    let there = people.map(|client| nodes.on_b(client));
    let moving = join_all(
        people
            .iter()
            .zip(&there)
            .enumerate()
            .map(|(who, (to, from))| {
                let (room, said) = (&room, &said);
                moves(from, to, room, who, said)
            }),
    );
    let killing = async {
        has_said(&said, people.len() * MESSAGES).await;
        nodes.b.kill();
    };
    let (moved, ()) = tokio::join!(moving, killing);

    has_all(&mut stays, &room, first).await;
    let head = room.head().await;
    for (began, mut seqs, mut live) in moved {
        live.event_at(&room, head).await;
        let later = live.events_of(&room);
        seqs.extend(later.iter().map(|event| event.number("seq")));
        assert!(seqs.iter().copied().eq(began + 1..=head), "{seqs:?}");
    }
    let messages = room.messages_seen_by(&room.admin).await;
    let mut texts: Vec<_> = messages
        .iter()
        .filter(|said| said["is_system_message"] == false)
        .map(|said| said.string("content"))
        .collect();
    let all = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), all, "nothing is there twice");
    let after = texts.iter().filter(|text| text.contains("after")).count();
    assert_eq!(after, people.len() * MESSAGES);
    assert!(all - after >= said.load(Ordering::SeqCst), "acked and gone");
}

#[tokio::test]
async fn g16_followers_on_a_paused_node_have_everything_once_it_goes_on() {
    let Some(bus) = nats_url() else { return };
    let Some(nodes) = Nodes::start(&bus).await else {
        return;
    };
    let room = nodes.a.open_room().await;
    let first = room.head().await + 1;
    let mut lives = Vec::new();
    for client in [&room.customer, &room.pharmacist] {
        lives.push(Live::following(&nodes.on_b(client), &room).await);
    }
    nodes.b.pause();
    for number in 0..10 * MESSAGES {
        room.rider.say(&room, &format!("unheard {number}")).await;
    }
    nodes.b.go_on();
    for live in &mut lives {
        has_all(live, &room, first).await;
        hints_cross(&room.rider, &room, live).await;
        has_all(live, &room, first).await;
    }
}

/// Paused in the middle of a write, a node may hold the room's row.
#[tokio::test]
async fn g16_a_node_paused_while_it_writes_keeps_nobody_from_writing_on_the_other() {
    let Some(bus) = nats_url() else { return };
    let Some(nodes) = Nodes::start(&bus).await else {
        return;
    };
    let room = nodes.a.open_room().await;
    let first = room.head().await + 1;
    let mut heard = Live::following(&room.admin, &room).await;
    let mut heard_there = Live::following(&nodes.on_b(&room.admin), &room).await;
    let (said, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let talkers = [&room.customer, &room.rider, &room.colleague].map(|who| nodes.on_b(who));
    let talking = join_all(
        talkers
            .iter()
            .map(|client| talk(client, &room, &said, &stop)),
    );
    let pausing = async {
        for round in 0..rounds("ORDERCHAT_TEST_ROUNDS", 4) {
            has_said(&said, MESSAGES).await;
            nodes.b.pause();
            let paused = Instant::now();
            let key = format!("round {round}");
            let draft = json!({ "content": key, "client_message_id": key });
            eventually("the other node takes a message", async || {
                let answer = room.pharmacist.send(&room, draft.clone()).await;
                assert!([200, 201, 503].contains(&answer.status), "{}", answer.text);
                (answer.status != 503).then_some(())
            })
            .await;
            let took = paused.elapsed();
            nodes.b.go_on();
            println!("round {round}: written after {took:?}");
            assert!(took < WRITES_AGAIN, "{took:?}");
        }
        has_said(&said, MESSAGES).await;
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(talking, pausing);
    has_all(&mut heard, &room, first).await;
    has_all(&mut heard_there, &room, first).await;
}

/// While the bus is away everything comes late, and nothing is lost; afterwards all is as before.
async fn without_the_bus(lose: impl FnOnce(&mut OwnNats), regain: impl FnOnce(&mut OwnNats)) {
    let Some(mut nats) = OwnNats::start() else {
        return;
    };
    let Some(nodes) = Nodes::start(&nats.url()).await else {
        return;
    };
    let room = nodes.a.open_room().await;
    let first = room.head().await + 1;
    let (here, there) = (&room.rider, nodes.on_b(&room.pharmacist));
    let mut on_a = Live::following(&room.customer, &room).await;
    let mut on_b = Live::following(&nodes.on_b(&room.customer), &room).await;
    hints_cross(here, &room, &mut on_b).await;
    lose(&mut nats);
    for _ in 0..3 {
        for (sender, follower) in [(here, &mut on_b), (&there, &mut on_a)] {
            let took = lag(sender, &room, follower).await;
            assert!(took < LATE, "{took:?}");
        }
    }
    let head = room.head().await;
    there.act(&room.at("read/")).await.ok(200);
    regain(&mut nats);
    // Marks are in no log: whoever may have missed some is told all of them.
    let reader = room.participant(&there).await.string("id");
    let mark = json!({ "type": "receipt", "participant": reader, "read_seq": head });
    on_a.expect(mark).await;
    hints_cross(here, &room, &mut on_b).await;
    hints_cross(&there, &room, &mut on_a).await;
    has_all(&mut on_a, &room, first).await;
    has_all(&mut on_b, &room, first).await;
}

/// Nodes of which the first speaks through a gate. The other one is connected all the time: it has no
/// reason of its own to look again.
async fn nodes_with_a_gate(options: Options) -> Option<(Nodes, Gate)> {
    let bus = nats_url()?;
    let server = bus.strip_prefix("nats://").expect("a plain address");
    let gate = Gate::start(server.parse().expect("an address and a port")).await;
    let through = format!("nats://{}", gate.address());
    let nodes = Nodes::start_on((&through, &bus), options).await?;
    Some((nodes, gate))
}

/// The first node's connection breaks, and it connects again.
async fn connect_again(nodes: &Nodes, gate: &Gate) {
    gate.shut();
    until_metrics_say(nodes.a.metrics_url(), "orderchat_bus_connected 0").await;
    gate.open();
}

#[tokio::test]
async fn g16_what_a_node_said_and_the_bus_lost_is_made_up_for() {
    let Some((nodes, gate)) = nodes_with_a_gate(Options::default()).await else {
        return;
    };
    let room = nodes.a.open_room().await;
    let mut live = Live::following(&nodes.on_b(&room.customer), &room).await;
    let reader = room.participant(&room.rider).await.string("id");
    let head = room.head().await;
    gate.go_deaf();
    room.rider.act(&room.at("read/")).await.ok(200);
    gate.has_lost(&reader).await;
    connect_again(&nodes, &gate).await;
    live.expect(json!({ "type": "receipt", "participant": reader, "read_seq": head }))
        .await;
}

#[tokio::test]
async fn g16_a_riders_right_that_the_bus_lost_is_made_up_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shop.toml");
    let policy = "version = 2\n[rider]\nmuted_while_next_on_board = true";
    std::fs::write(&path, policy).expect("the policy file is written");
    let path = path.to_str().expect("a path in UTF-8");
    let options = Options::default().with("ORDERCHAT_POLICY", path);
    let Some((nodes, gate)) = nodes_with_a_gate(options).await else {
        return;
    };
    let first = Room::of(&nodes.a, an_order("first").with_rider("rider-first")).await;
    let next = Room::of(&nodes.a, an_order("next").with_rider("rider-first")).await;
    first.order_is("delivered").await;
    let mut live = Live::following(&nodes.on_b(&first.rider), &first).await;
    gate.go_deaf();
    next.order_is("picked_up").await;
    gate.has_lost("rights").await;
    connect_again(&nodes, &gate).await;
    let muted =
        json!({ "type": "caught_up", "room": first.id, "capabilities": { "write": false } });
    live.expect(muted).await;
}

#[tokio::test]
async fn g16_with_a_paused_bus_messages_come_late_and_none_is_lost() {
    without_the_bus(|nats| nats.pause(), |nats| nats.go_on()).await;
}

#[tokio::test]
async fn g16_with_a_killed_bus_messages_come_late_and_none_is_lost() {
    without_the_bus(OwnNats::kill, OwnNats::start_again).await;
}
