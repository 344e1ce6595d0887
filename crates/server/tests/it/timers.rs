//! What the order policy does by itself when its time has come: rooms close and are archived.
//! The server's clock is moved, never waited for.

use orderchat_domain::Millis;
use serde_json::{Value, json};

use crate::harness::wall_clock::{DAY, HOUR, MINUTE, can_move_clocks};
use crate::harness::{Fields, Room, Server, eventually};

/// What a timer may be late, in milliseconds: it is exact to a second, and the machine is busy.
const LATE: i64 = 4_000;
/// So many seconds before a timer is due the clock is moved to, so that it comes by itself.
const BEFORE: i64 = 2;

fn time(of: &Value, field: &str) -> i64 {
    let text = of.string(field);
    let at = Millis::parse(&text).unwrap_or_else(|| panic!("{field} is no time: {text}"));
    at.0
}

/// The room once it has this status.
async fn becomes(room: &Room, status: &str) -> Value {
    let what = format!("the room becomes {status}");
    eventually(&what, async || {
        let seen = room.seen_by(&room.admin).await;
        (seen["status"] == status).then_some(seen)
    })
    .await
}

/// When the newest event of this kind happened.
async fn when(room: &Room, kind: &str) -> i64 {
    let log = room.log_seen_by(&room.admin).await;
    let found = log.iter().rfind(|event| event["kind"] == kind);
    time(
        found.unwrap_or_else(|| panic!("no {kind} in {log:?}")),
        "at",
    )
}

/// How often this happened in the room.
async fn count(room: &Room, kind: &str) -> usize {
    let log = room.log_seen_by(&room.admin).await;
    log.iter().filter(|event| event["kind"] == kind).count()
}

#[track_caller]
fn is_exactly(happened: i64, due: i64) {
    let late = happened - due;
    assert!((0..LATE).contains(&late), "{late} ms after it was due");
}

/// The order ends, and two hours pass; the room with clients of that time.
async fn ends_and_closes(server: &Server, room: &Room) -> Room {
    room.order_is("delivered").await;
    server.jump(2 * HOUR);
    let room = room.renewed(server);
    becomes(&room, "closed").await;
    room
}

#[tokio::test]
async fn a_room_closes_two_hours_after_the_first_final_status() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    room.order_is("delivered").await;
    let ended = when(&room, "order.updated").await;
    server.jump(HOUR);
    let room = room.renewed(&server);
    room.order_is("refunded").await;
    server.jump(HOUR - BEFORE);
    let room = room.renewed(&server);

    let closed = becomes(&room, "closed").await;
    is_exactly(time(&closed, "closed_at"), ended + 2 * HOUR * 1_000);
    assert_eq!(closed["closed_by"], Value::Null);
    assert_eq!(closed["close_reason"], Value::Null);
    let log = room.log_seen_by(&room.customer).await;
    let [said, event] = &log[log.len() - 2..] else {
        panic!("a close is two events: {log:?}")
    };
    assert_eq!(said["data"]["message"]["message_type"], "system");
    assert_eq!(
        said["data"]["message"]["metadata"]["update_type"],
        "room_closed"
    );
    assert_eq!(event["kind"], "room.closed");
    assert_eq!(event["actor"], Value::Null);
}

#[tokio::test]
async fn once_it_closed_by_itself_it_does_not_exist_for_the_rider_and_the_customer_reads_on() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    room.rider.say(&room, "at the door").await;
    let room = ends_and_closes(&server, &room).await;

    for rest in ["", "messages/", "participants/", "events/"] {
        room.rider.get(&room.at(rest)).await.refused(404);
        room.customer.get(&room.at(rest)).await.ok(200);
    }
    let rooms = room.rider.get("/api/chat/rooms/").await.ok(200).results();
    assert_eq!(rooms, Vec::<Value>::new());
    let text = json!({ "content": "too late" });
    room.customer.send(&room, text).await.refused(409);
}

#[tokio::test]
async fn a_room_is_archived_30_days_after_it_closed_whoever_closed_it() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let by_itself = server.open_room().await;
    let by_itself = ends_and_closes(&server, &by_itself).await;
    let by_hand = server.open_room().await;
    by_hand.close().await;
    server.jump(30 * DAY - MINUTE);
    for room in [&by_itself, &by_hand] {
        let room = room.renewed(&server);
        assert_eq!(room.seen_by(&room.admin).await["status"], "closed");
    }
    server.jump(MINUTE);
    for room in [&by_itself, &by_hand] {
        let room = room.renewed(&server);
        let archived = becomes(&room, "archived").await;
        let due = time(&archived, "closed_at") + 30 * DAY * 1_000;
        assert!(time(&archived, "archived_at") >= due);
        room.customer.get(&room.at("messages/")).await.ok(200);
        assert_eq!(count(&room, "room.archived").await, 1);
    }
}

#[tokio::test]
async fn a_manual_reopening_restarts_the_closing_timer() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let room = ends_and_closes(&server, &room).await;
    server.jump(HOUR);
    let room = room.renewed(&server);
    room.support.act(&room.at("reopen/")).await.ok(200);
    let reopened = when(&room, "room.reopened").await;
    for client in [&room.customer, &room.rider] {
        client.say(&room, "once more").await;
    }
    server.jump(2 * HOUR - BEFORE);
    let room = room.renewed(&server);
    let closed = becomes(&room, "closed").await;
    is_exactly(time(&closed, "closed_at"), reopened + 2 * HOUR * 1_000);
}

#[tokio::test]
async fn an_order_that_is_active_again_reopens_what_the_policy_closed() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let room = ends_and_closes(&server, &room).await;
    room.order_is("preparing").await;
    let open = room.seen_by(&room.customer).await;
    assert_eq!(open["status"], "open");
    assert_eq!(open["closed_at"], Value::Null);
    room.rider.say(&room, "on my way again").await;

    // The timer is gone with the end: another room's, due later, fires first.
    server.jump(3 * HOUR);
    let later = server.open_room().await;
    let later = ends_and_closes(&server, &later).await;
    assert_eq!(count(&later, "room.closed").await, 1);
    let room = room.renewed(&server);
    assert_eq!(room.seen_by(&room.admin).await["status"], "open");

    room.order_is("delivered").await;
    let ended = when(&room, "order.updated").await;
    server.jump(2 * HOUR - BEFORE);
    let room = room.renewed(&server);
    let closed = becomes(&room, "closed").await;
    is_exactly(time(&closed, "closed_at"), ended + 2 * HOUR * 1_000);
}

#[tokio::test]
async fn what_a_person_closed_after_a_reopening_stays_closed() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let room = ends_and_closes(&server, &room).await;
    room.support.act(&room.at("reopen/")).await.ok(200);
    room.close().await;
    room.order_is("preparing").await;
    assert_eq!(room.seen_by(&room.admin).await["status"], "closed");
}

#[tokio::test]
async fn timers_survive_a_kill_and_are_done_late_after_a_restart() {
    if !can_move_clocks() {
        return;
    }
    let mut server = Server::start_with_clock().await;
    let room = server.open_room().await;
    room.order_is("delivered").await;
    let ended = when(&room, "order.updated").await;
    server.restart_after(|server| server.jump(5 * HOUR));
    let room = room.renewed(&server);
    let closed = becomes(&room, "closed").await;
    let late = time(&closed, "closed_at") - ended;
    assert!(late >= 5 * HOUR * 1_000, "closed when it was: {late} ms");
    assert_eq!(count(&room, "room.closed").await, 1);

    server.restart_after_kill();
    let room = room.renewed(&server);
    server.jump(30 * DAY);
    let room = room.renewed(&server);
    becomes(&room, "archived").await;
    assert_eq!(count(&room, "room.closed").await, 1);
}

#[tokio::test]
async fn two_servers_on_one_database_do_it_once() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    // Where only one server can have the database open, there are no two.
    let Some(other) = server.another_node() else {
        return;
    };
    let mut rooms = Vec::new();
    for _ in 0..20 {
        let room = server.open_room().await;
        room.order_is("delivered").await;
        rooms.push(room);
    }
    server.jump(2 * HOUR);
    for room in &rooms {
        let room = room.renewed(&server);
        becomes(&room, "closed").await;
        let elsewhere = room.admin.asking(other.url());
        assert_eq!(room.seen_by(&elsewhere).await["status"], "closed");
    }
    // Both have looked at whatever was due: a room that is due later is closed by now.
    let last = server.open_room().await;
    ends_and_closes(&server, &last).await;
    for room in &rooms {
        let room = room.renewed(&server);
        assert_eq!(count(&room, "room.closed").await, 1);
        let messages = room.messages_seen_by(&room.admin).await;
        let closings = messages
            .iter()
            .filter(|message| message["metadata"]["update_type"] == "room_closed");
        assert_eq!(closings.count(), 1);
    }
    let log = server.log();
    assert!(
        !log.contains("a timer failed"),
        "they were in each other's way"
    );
}
