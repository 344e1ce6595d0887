//! What is told and not kept: receipts, typing, presence.

use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{Fields, Live, Room, Server, shape};

fn typing(room: &Room) -> Value {
    json!({ "type": "typing", "room": room.id })
}

#[tokio::test]
async fn receipts_reach_everybody_in_the_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let seq = room.customer.say(&room, "read me").await.number("seq");
    let rider = room.participant(&room.rider).await.string("id");
    let mut lives = Vec::new();
    for client in [&room.customer, &room.pharmacist, &room.support] {
        lives.push(Live::following(client, &room).await);
    }
    let mut reader = Live::following(&room.rider, &room).await;
    reader
        .done(json!({ "type": "delivered", "room": room.id, "seq": seq }))
        .await;
    let told = json!({ "type": "receipt", "room": room.id, "participant": rider });
    for live in &mut lives {
        let receipt = live.expect(told.clone()).await;
        assert_eq!(
            (receipt.number("delivered_seq"), receipt.number("read_seq")),
            (seq, 0)
        );
        shape::is_time(&receipt.string("at"));
    }
    // By REST it is the same.
    room.rider.act(&room.at("read/")).await.ok(200);
    for live in &mut lives {
        let read = json!({ "type": "receipt", "participant": rider, "read_seq": seq });
        live.expect(read).await;
    }
}

#[tokio::test]
async fn receipts_that_follow_on_each_other_are_told_together() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut last = 0;
    for number in 0..100 {
        last = room
            .customer
            .say(&room, &format!("m{number}"))
            .await
            .number("seq");
    }
    let mut live = Live::following(&room.customer, &room).await;
    let mut reader = Live::following(&room.rider, &room).await;
    for seq in last - 99..=last {
        reader
            .say(json!({ "type": "read", "room": room.id, "seq": seq }))
            .await;
    }
    live.expect(json!({ "type": "receipt", "read_seq": last }))
        .await;
    let receipts: Vec<_> = live
        .received
        .iter()
        .filter(|frame| frame["type"] == "receipt")
        .map(|frame| frame.number("read_seq"))
        .collect();
    assert!(receipts.is_sorted(), "{receipts:?}");
    assert!(
        receipts.len() < 60,
        "{} frames for 100 marks",
        receipts.len()
    );
}

#[tokio::test]
async fn who_resumes_is_told_how_far_everybody_is() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let live = Live::following(&room.customer, &room).await;
    let cursor = live.cursor();
    drop(live);
    let head = room.head().await;
    room.rider.act(&room.at("read/")).await.ok(200);
    let rider = room.participant(&room.rider).await.string("id");
    let mut live = Live::resume(&room.customer, &cursor).await;
    let mark = json!({ "type": "receipt", "participant": rider, "read_seq": head });
    live.expect(mark).await;
}

#[tokio::test]
async fn typing_is_told_to_the_others() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut rider = Live::following(&room.rider, &room).await;
    let mut second = Live::following(&room.rider, &room).await;
    let mut others = Vec::new();
    for client in [&room.customer, &room.pharmacist, &room.support] {
        others.push(Live::following(client, &room).await);
    }
    let head = room.head().await;
    rider.done(typing(&room)).await;
    let participant = room.participant(&room.rider).await["id"].clone();
    for live in &mut others {
        let told = live
            .expect(json!({ "type": "typing", "room": room.id }))
            .await;
        assert_eq!(told["participant"], participant);
    }
    for own in [&mut rider, &mut second] {
        own.fence().await;
        let told = own
            .received
            .iter()
            .filter(|frame| frame["type"] == "typing");
        assert_eq!(told.count(), 0, "not to themselves");
    }
    assert_eq!(room.head().await, head, "it is not in the log");
}

#[tokio::test]
async fn who_may_not_write_types_unseen() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut customer = Live::following(&room.customer, &room).await;
    let mut muted = Live::following(&room.rider, &room).await;
    let mut outside = Live::following(&room.support, &room).await;
    room.mute(&room.rider).await;
    let unwritten = json!({ "type": "capabilities", "write": false });
    muted.expect(unwritten).await;
    for live in [&mut muted, &mut outside] {
        live.done(typing(&room)).await;
    }
    customer.fence().await;
    let told = customer
        .received
        .iter()
        .filter(|frame| frame["type"] == "typing");
    assert_eq!(told.count(), 0, "{customer:?}");
}

#[tokio::test]
async fn coming_online_is_told_to_those_who_may_know() {
    let server = Server::with("ORDERCHAT_ONLINE_WINDOW", "1s").start().await;
    let room = server.open_room().await;
    let rider = room.participant(&room.rider).await["id"].clone();
    let customer = room.participant(&room.customer).await["id"].clone();
    let mut staff = Live::following(&room.pharmacist, &room).await;
    let mut watching = Live::following(&room.customer, &room).await;
    let online = json!({ "type": "presence", "participant": rider, "is_online": true });
    let connected = Live::following(&room.rider, &room).await;
    for live in [&mut staff, &mut watching] {
        let told = live.expect(online.clone()).await;
        assert_eq!(told["room"], room.id.as_str());
        shape::is_time(&told.string("last_seen"));
    }
    drop(connected);
    let went = Instant::now();
    let offline = json!({ "type": "presence", "participant": rider, "is_online": false });
    staff.expect(offline).await;
    println!("told after {:?}", went.elapsed());

    // Riders do not learn whether a customer is online.
    let mut rider = Live::following(&room.rider, &room).await;
    drop(watching);
    let gone = json!({ "type": "presence", "participant": customer, "is_online": false });
    staff.expect(gone).await;
    rider.fence().await;
    let told = rider
        .received
        .iter()
        .filter(|frame| frame["type"] == "presence" && frame["participant"] == customer);
    assert_eq!(told.count(), 0, "{rider:?}");
}

#[tokio::test]
async fn coming_is_told_of_who_asked_for_something_just_before() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let rider = room.participant(&room.rider).await["id"].clone();
    let mut staff = Live::following(&room.pharmacist, &room).await;
    // As a page does before it connects.
    room.rider.get(&room.at("")).await.ok(200);
    let _connected = Live::following(&room.rider, &room).await;
    let online = json!({ "type": "presence", "participant": rider, "is_online": true });
    staff.expect(online).await;
}

/// Everybody comes back at once then.
#[tokio::test]
async fn after_a_restart_nobody_is_told_who_was_there_before() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let staff = Live::following(&room.pharmacist, &room).await;
    let rider = Live::following(&room.rider, &room).await;
    let cursors = [staff.cursor(), rider.cursor()];
    drop((staff, rider));
    server.stop().await;
    server.restart_after_kill();
    let room = room.renewed(&server);
    let mut staff = Live::resume(&room.pharmacist, &cursors[0]).await;
    staff.caught_up(&room).await;
    let mut rider = Live::resume(&room.rider, &cursors[1]).await;
    rider.caught_up(&room).await;
    let seq = rider.send(&room, "here").await.number("seq");
    staff.event_at(&room, seq).await;
    let told = staff.received.iter();
    let told = told.filter(|frame| frame["type"] == "presence");
    assert_eq!(told.count(), 0, "{staff:?}");
}

#[tokio::test]
async fn one_of_several_devices_that_goes_is_not_told() {
    let server = Server::with("ORDERCHAT_ONLINE_WINDOW", "1s").start().await;
    let room = server.open_room().await;
    let rider = room.participant(&room.rider).await["id"].clone();
    let first = Live::following(&room.rider, &room).await;
    let second = Live::following(&room.rider, &room).await;
    let mut staff = Live::following(&room.pharmacist, &room).await;
    drop(first);
    let seen = room.seen_by(&room.pharmacist).await;
    assert!(seen.is_object());
    drop(second);
    let offline = json!({ "type": "presence", "participant": rider, "is_online": false });
    staff.expect(offline).await;
    let told = staff
        .received
        .iter()
        .filter(|frame| frame["type"] == "presence" && frame["participant"] == rider);
    assert_eq!(told.count(), 1, "{staff:?}");
}
