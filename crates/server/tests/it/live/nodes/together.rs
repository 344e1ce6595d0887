//! Two nodes that are well: nobody can tell which of them somebody else is connected to.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::g11_shut_out::{has_said, is_out, nothing_after, talk, victim_sends};
use super::super::g12_tokens::is_closed_in_time;
use super::{LATE, Nodes, has_all, hints_cross, lag};
use crate::harness::live::fits;
use crate::harness::nats::{OwnNats, nats_url};
use crate::harness::server::Options;
use crate::harness::{Client, Fields, Live, Room, an_order, encode, message_path};

/// Messages of each who talks.
const MESSAGES: usize = 20;

async fn nodes() -> Option<Nodes> {
    Nodes::start(&nats_url()?).await
}

/// Changes of every sort, done through either node in turn.
async fn change(nodes: &Nodes, room: &Room) {
    let said = room.customer.say(room, "to be changed").await;
    let there = nodes.on_b(&room.customer);
    let edit = json!({ "content": "changed" });
    there.patch(&message_path(&said, ""), edit).await.ok(200);
    let customer = room.participant(&room.customer).await.string("id");
    for (client, action) in [
        (&room.admin, "mute/"),
        (&nodes.on_b(&room.admin), "unmute/"),
    ] {
        let path = crate::harness::participant_path(&customer, action);
        client.act(&path).await.ok(200);
    }
    there.delete(&message_path(&said, "")).await.ok(204);
    room.order_is("preparing").await;
    nodes
        .on_b(&room.pharmacist)
        .act(&room.at("close/"))
        .await
        .ok(200);
    room.admin.act(&room.at("reopen/")).await.ok(200);
}

/// What an event says that no later change of the thing changes.
fn essence(event: &Value) -> (i64, String, String, Value) {
    (
        event.number("seq"),
        event.string("kind"),
        event.string("at"),
        event["actor"].clone(),
    )
}

#[tokio::test]
async fn g16_followers_on_either_node_see_the_same_each_in_their_own_view() {
    let Some(nodes) = nodes().await else { return };
    let room = nodes.a.open_room().await;
    let first = room.head().await + 1;
    let viewers = [&room.customer, &room.pharmacist, &room.support, &room.admin];
    let mut pairs = Vec::new();
    for viewer in viewers {
        let there = nodes.on_b(viewer);
        pairs.push([
            Live::following(viewer, &room).await,
            Live::following(&there, &room).await,
        ]);
    }
    let talkers = [
        room.customer.clone(),
        room.rider.clone(),
        nodes.on_b(&room.pharmacist),
        nodes.on_b(&room.colleague),
    ];
    join_all(talkers.iter().map(async |client| {
        for number in 0..MESSAGES {
            client.say(&room, &format!("{number}")).await;
        }
    }))
    .await;
    let said = room.head().await;
    for live in pairs.iter_mut().flatten() {
        has_all(live, &room, first).await;
    }
    change(&nodes, &room).await;
    let mut views = BTreeSet::new();
    for [here, there] in &mut pairs {
        has_all(here, &room, first).await;
        has_all(there, &room, first).await;
        let (here, there) = (here.events_of(&room), there.events_of(&room));
        assert!(here.iter().map(essence).eq(there.iter().map(essence)));
        // Nothing of what was only said has changed since.
        let spoken = usize::try_from(said - first + 1).expect("a few");
        assert_eq!(here[..spoken], there[..spoken]);
        views.insert(format!("{:?}", &there[..spoken]));
    }
    assert!(views.len() > 1, "the customer is shown less than staff");
}

#[tokio::test]
async fn g16_what_is_said_on_one_node_comes_by_the_bus_to_the_other() {
    let Some(nodes) = nodes().await else { return };
    let room = nodes.a.open_room().await;
    let (here, there) = (room.rider.clone(), nodes.on_b(&room.rider));
    let mut on_a = Live::following(&room.customer, &room).await;
    let mut on_b = Live::following(&nodes.on_b(&room.customer), &room).await;
    hints_cross(&here, &room, &mut on_b).await;
    hints_cross(&there, &room, &mut on_a).await;
}

#[tokio::test]
async fn g16_a_room_that_opens_or_is_joined_elsewhere_is_followed() {
    let Some(nodes) = nodes().await else { return };
    let service = nodes.a.service();
    service.make_known("customer-new", "customer").await;
    let customer = nodes.on_b(&nodes.a.customer("customer-new"));
    let mut opening = Live::of(&customer).await;
    opening.fence().await;
    let room = Room::of(&nodes.a, an_order("new")).await;
    let opened = Instant::now();
    opening.caught_up(&room).await;
    assert!(opened.elapsed() < LATE, "{:?}", opened.elapsed());
    has_all(&mut opening, &room, 1).await;

    room.make_public().await;
    room.customer.say(&room, "before").await;
    let guest = nodes.a.customer("guest-1");
    let mut joining = Live::of(&nodes.on_b(&guest)).await;
    // It has looked for rooms of theirs, and found none.
    joining.fence().await;
    guest.act(&room.at("join/")).await.ok(200);
    let joined = Instant::now();
    joining.caught_up(&room).await;
    assert!(joined.elapsed() < LATE, "{:?}", joined.elapsed());
    let visible = room.log_seen_by(&guest).await[0].number("seq");
    room.customer.say(&room, "after").await;
    has_all(&mut joining, &room, visible).await;
    assert!(!format!("{joining:?}").contains("before"));
}

#[tokio::test]
async fn g16_a_block_on_one_node_is_the_last_that_is_heard_on_the_other() {
    let Some(nodes) = nodes().await else { return };
    let room = nodes.a.open_room().await;
    let there = nodes.on_b(&room.customer);
    let path = room.participant_at(&room.customer, "block/").await;
    let mut lives = [
        Live::following(&there, &room).await,
        Live::following(&there, &room).await,
        Live::following(&room.customer, &room).await,
    ];
    let mut sender = Live::following(&there, &room).await;
    let mut witness = Live::following(&nodes.on_b(&room.admin), &room).await;

    let said = AtomicUsize::new(0);
    let (acked, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    let talkers = [room.pharmacist.clone(), nodes.on_b(&room.colleague)];
    let talking = join_all(
        talkers
            .iter()
            .map(|client| talk(client, &room, &said, &stop)),
    );
    let sending = victim_sends(&mut sender, &room, &acked, &stop);
    let blocking = async {
        has_said(&said, MESSAGES).await;
        room.admin.act(&path).await.ok(200);
        acked.store(true, Ordering::SeqCst);
        has_said(&said, MESSAGES).await;
        stop.store(true, Ordering::SeqCst);
    };
    let (_, taken, ()) = tokio::join!(talking, sending, blocking);

    let own = witness.event(&room, "participant.blocked").await;
    let seq = own.number("seq");
    assert!(taken.iter().all(|sent| *sent < seq), "{taken:?} and {seq}");
    witness.event_at(&room, room.head().await).await;
    for live in lives.iter_mut().chain([&mut sender]) {
        let own = live.event_at(&room, seq).await;
        live.fence().await;
        nothing_after(live, &room, &own);
    }
    is_out(&there, &room, &lives[0]).await;
}

/// A connection on the one node ends by a revocation on the other.
async fn revoked_elsewhere(nodes: &Nodes, room: &Room) {
    let mut live = Live::following(&nodes.on_b(&room.customer), room).await;
    let path = format!("/api/users/{}/revoke/", encode(&room.customer.user));
    room.service.act(&path).await;
    is_closed_in_time(&mut live, room, Instant::now()).await;
}

#[tokio::test]
async fn g16_a_revocation_ends_connections_on_the_other_node() {
    let Some(nodes) = nodes().await else { return };
    let room = nodes.a.open_room().await;
    revoked_elsewhere(&nodes, &room).await;
}

/// The other node knows them from a moment ago, when their token was good.
#[tokio::test]
async fn g16_who_was_revoked_elsewhere_does_not_come_back_with_the_same_token() {
    let Some(nodes) = nodes().await else { return };
    let room = nodes.a.open_room().await;
    let there = nodes.on_b(&room.customer);
    let mut live = Live::following(&there, &room).await;
    // Known anew right before.
    there.get(&room.at("")).await.ok(200);
    let path = format!("/api/users/{}/revoke/", encode(&room.customer.user));
    room.service.act(&path).await;
    live.closed_with(4401).await;
    there.get(&room.at("")).await.refused(401);
    let mut again = Live::open(there.url()).await;
    again
        .say(json!({ "type": "hello", "token": there.token() }))
        .await;
    again.closed_with(4401).await;
}

#[tokio::test]
async fn g16_a_revocation_ends_connections_on_the_other_node_without_the_bus() {
    let Some(mut nats) = OwnNats::start() else {
        return;
    };
    let Some(nodes) = Nodes::start(&nats.url()).await else {
        return;
    };
    let room = nodes.a.open_room().await;
    nats.kill();
    revoked_elsewhere(&nodes, &room).await;
}

#[tokio::test]
async fn g16_receipts_and_typing_cross_nodes() {
    let Some(nodes) = nodes().await else { return };
    let room = nodes.a.open_room().await;
    let rider = room.participant(&room.rider).await["id"].clone();
    let mut customer = Live::following(&room.customer, &room).await;
    let mut there = Live::following(&nodes.on_b(&room.rider), &room).await;
    let seq = customer.send(&room, "read me").await.number("seq");
    there.event_at(&room, seq).await;
    there
        .done(json!({ "type": "read", "room": room.id, "seq": seq }))
        .await;
    let read = json!({ "type": "receipt", "room": room.id, "participant": rider, "read_seq": seq });
    customer.expect(read).await;
    there
        .done(json!({ "type": "typing", "room": room.id }))
        .await;
    let typing = json!({ "type": "typing", "room": room.id, "participant": rider });
    customer.expect(typing.clone()).await;
    // Their other device, wherever it is, is not told.
    let mut device = Live::following(&room.rider, &room).await;
    there
        .done(json!({ "type": "typing", "room": room.id }))
        .await;
    lag(&nodes.on_b(&room.rider), &room, &mut device).await;
    device.fence().await;
    let told = device.received.iter().filter(|f| f["type"] == "typing");
    assert_eq!(told.count(), 0, "{device:?}");
}

#[tokio::test]
async fn g16_presence_crosses_nodes() {
    let Some(bus) = nats_url() else { return };
    let options = Options::default().with("ORDERCHAT_ONLINE_WINDOW", "1s");
    let Some(nodes) = Nodes::start_with(&bus, options).await else {
        return;
    };
    let room = nodes.a.open_room().await;
    let rider = room.participant(&room.rider).await["id"].clone();
    let mut staff = Live::following(&room.pharmacist, &room).await;
    let is =
        |online: bool| json!({ "type": "presence", "participant": rider, "is_online": online });
    let connected = Live::following(&nodes.on_b(&room.rider), &room).await;
    staff.expect(is(true)).await;
    drop(connected);
    staff.expect(is(false)).await;
}

#[tokio::test]
async fn g16_who_leaves_one_node_and_is_on_the_other_stays_online() {
    let Some(bus) = nats_url() else { return };
    let options = Options::default().with("ORDERCHAT_ONLINE_WINDOW", "1s");
    let Some(nodes) = Nodes::start_with(&bus, options).await else {
        return;
    };
    let room = nodes.a.open_room().await;
    let rider = room.participant(&room.rider).await["id"].clone();
    let mut here = Live::following(&room.pharmacist, &room).await;
    let mut there = Live::following(&nodes.on_b(&room.pharmacist), &room).await;
    let is =
        |online: bool| json!({ "type": "presence", "participant": rider, "is_online": online });
    let first = Live::following(&room.rider, &room).await;
    let mut second = Live::following(&nodes.on_b(&room.rider), &room).await;
    for _ in 0..2 {
        here.expect(is(true)).await;
    }
    drop(first);
    // So short a window is over before the other node has written down whom it sees.
    here.expect(is(false)).await;
    here.expect(is(true)).await;
    there.fence().await;
    let told = there
        .received
        .iter()
        .filter(|frame| fits(&is(false), frame));
    assert_eq!(told.count(), 0, "{there:?}");
    assert!(second.is_alive().await);
}

#[tokio::test]
async fn g16_a_cursor_of_one_node_is_good_on_the_other() {
    let Some(nodes) = nodes().await else { return };
    let room = nodes.a.open_room().await;
    let mut first = Live::following(&room.customer, &room).await;
    let there = nodes.on_b(&room.rider);
    let seq = there.say(&room, "heard on the first").await.number("seq");
    first.event_at(&room, seq).await;
    let cursor = first.cursor();
    drop(first);
    for client in [&room.rider, &there] {
        for number in 0..MESSAGES {
            client.say(&room, &format!("missed {number}")).await;
        }
    }
    let mut second = Live::resume(&nodes.on_b(&room.customer), &cursor).await;
    second.caught_up(&room).await;
    room.rider.say(&room, "and on").await;
    has_all(&mut second, &room, seq + 1).await;
}

#[tokio::test]
async fn g16_one_key_on_either_node_by_rest_and_live_is_one_message() {
    let Some(nodes) = nodes().await else { return };
    let room = nodes.a.open_room().await;
    let first = room.head().await + 1;
    let clients: [Client; 2] = [room.customer.clone(), nodes.on_b(&room.customer)];
    let mut lives = Vec::new();
    for client in &clients {
        lives.push(Live::following(client, &room).await);
    }
    for number in 0..MESSAGES {
        let key = format!("k{number}");
        let draft = json!({ "content": key, "client_message_id": key });
        let send = json!({
            "type": "send", "room": room.id, "content": key, "client_message_id": key,
        });
        let by_rest = join_all(
            clients
                .iter()
                .map(|client| client.send(&room, draft.clone())),
        );
        let by_live = join_all(lives.iter_mut().map(|live| live.done(send.clone())));
        let (by_rest, by_live) = tokio::join!(by_rest, by_live);
        let mut ids: Vec<_> = by_live
            .iter()
            .map(|ok| ok["message"].string("id"))
            .collect();
        for answer in &by_rest {
            assert!([200, 201].contains(&answer.status), "{}", answer.text);
            ids.push(answer.json().string("id"));
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
    for live in &mut lives {
        has_all(live, &room, first).await;
        assert_eq!(live.events_of(&room).len(), MESSAGES);
    }
}
