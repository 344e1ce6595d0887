//! `GET /messages/unread/` and `POST /messages/read-all/`: over all rooms.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Client, Fields, Identity, Server, an_order, message_path, shape};
use crate::harness::{Room, room::room_of};

const UNREAD: &str = "/api/chat/messages/unread/";
const READ_ALL: &str = "/api/chat/messages/read-all/";

fn contents(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|one| one.string("content")).collect()
}

async fn totals(client: &Client) -> (i64, i64) {
    let me = client.get("/api/chat/me/").await.ok(200);
    (me.number("unread_count"), me.number("unread_rooms"))
}

/// Some rooms of one rider.
async fn rooms_of(server: &Server, rider: &str, count: usize) -> Vec<Room> {
    let mut rooms = Vec::new();
    for n in 0..count {
        let order = an_order(&format!("mine-{n}")).with_rider(rider);
        rooms.push(Room::of(server, order).await);
    }
    rooms
}

#[tokio::test]
async fn what_one_has_not_read_is_listed_over_all_rooms() {
    let server = Server::start().await;
    let rooms = rooms_of(&server, "ravi", 3).await;
    let ravi = server.rider("ravi");
    ravi.act(READ_ALL).await.ok(200);
    let (one, two, three) = (&rooms[0], &rooms[1], &rooms[2]);

    three.customer.say(three, "three-1").await;
    one.customer.say(one, "one-1").await;
    ravi.say(one, "my own").await;
    let gone = one.pharmacist.say(one, "deleted").await;
    one.pharmacist
        .delete_with(&message_path(&gone, ""), json!({}))
        .await
        .ok(204);
    let edited = one.customer.say(one, "one-2").await;
    one.customer
        .patch(
            &message_path(&edited, ""),
            json!({ "content": "one-2 edited" }),
        )
        .await
        .ok(200);
    let news = json!({ "message_type": "system", "content": "never counts" });
    two.service.send(two, news).await.ok(201);

    let expected = ["one-1", "one-2 edited", "three-1"];
    for limit in [1, 2, 50] {
        let listed = ravi.all(&format!("{UNREAD}?limit={limit}")).await;
        assert_eq!(contents(&listed), expected, "by {limit}");
        listed.iter().for_each(shape::message);
    }
    assert_eq!(totals(&ravi).await, (3, 2));
    let read = message_path(&edited, "read/");
    ravi.act(&read).await.ok(200);
    assert_eq!(contents(&ravi.all(UNREAD).await), ["three-1"]);
    assert_eq!(totals(&ravi).await, (1, 1));
    assert!(
        server
            .support("never-in-a-room")
            .all(UNREAD)
            .await
            .is_empty()
    );
    assert!(one.service.all(UNREAD).await.is_empty());
}

#[tokio::test]
async fn unread_is_what_is_counted_as_unread_in_each_room() {
    let server = Server::start().await;
    let rooms = rooms_of(&server, "ravi", 4).await;
    let ravi = server.rider("ravi");
    for (n, room) in rooms.iter().enumerate() {
        for m in 0..=n {
            room.customer.say(room, &format!("{n}-{m}")).await;
        }
    }
    rooms[1].archive().await;
    rooms[2].remove(&ravi).await;
    let mut counted = 0;
    for room in [&rooms[0], &rooms[3]] {
        counted += room.seen_by(&ravi).await.number("unread_count");
    }
    let listed = ravi.all(UNREAD).await;
    assert_eq!(listed.len() as i64, counted);
    assert_eq!(totals(&ravi).await, (counted, 2));
    assert!(
        contents(&listed)
            .iter()
            .all(|one| !one.starts_with(['1', '2']))
    );
}

#[tokio::test]
async fn everything_is_marked_as_read_and_said_how_much() {
    let server = Server::start().await;
    let rooms = rooms_of(&server, "ravi", 3).await;
    let ravi = server.rider("ravi");
    let sent = rooms[0].customer.say(&rooms[0], "a").await;
    rooms[1].customer.say(&rooms[1], "b").await;
    let before = totals(&ravi).await;

    let done = ravi.act(READ_ALL).await.ok(200);
    assert_eq!(
        (done.number("messages_read"), done.number("rooms_read")),
        before
    );
    assert_eq!(
        (done.number("unread_count"), done.number("unread_rooms")),
        (0, 0)
    );
    assert_eq!(totals(&ravi).await, (0, 0));
    for room in &rooms {
        assert_eq!(room.seen_by(&ravi).await["unread_count"], 0);
    }
    let seen = rooms[0]
        .customer
        .get(&message_path(&sent, ""))
        .await
        .ok(200);
    assert_eq!(seen["status"], "read");
    shape::is_time(&seen.string("read_at"));

    let again = ravi.act(READ_ALL).await.ok(200);
    assert_eq!(
        (again.number("messages_read"), again.number("rooms_read")),
        (0, 0)
    );
    rooms[2].customer.say(&rooms[2], "later").await;
    assert_eq!(totals(&ravi).await, (1, 1));
}

#[tokio::test]
async fn reading_everything_leaves_closed_rooms_read_and_others_alone() {
    let server = Server::start().await;
    let rooms = rooms_of(&server, "ravi", 2).await;
    let customer = &rooms[0].customer;
    rooms[0].pharmacist.say(&rooms[0], "in a closed room").await;
    rooms[0].close().await;
    let colleague = totals(&rooms[0].colleague).await;
    customer.act(READ_ALL).await.ok(200);
    assert_eq!(totals(customer).await, (0, 0));
    assert_eq!(totals(&rooms[0].colleague).await, colleague);
    customer
        .post(READ_ALL, json!({ "room": "x" }))
        .await
        .refused(422);
}

#[tokio::test]
async fn a_token_for_one_room_reads_no_other() {
    let server = Server::start().await;
    let rooms = rooms_of(&server, "ravi", 3).await;
    let ravi = server.rider("ravi");
    ravi.act(READ_ALL).await.ok(200);
    for room in &rooms {
        room.customer.say(room, &format!("in {}", room.order)).await;
    }
    for name in [&rooms[1].id, &rooms[1].code] {
        let bound = Identity::new("rider", "ravi").with("room", name.as_str());
        let bound = server.client(&bound);
        let listed = bound.all(&format!("{UNREAD}?limit=1")).await;
        assert_eq!(contents(&listed), [format!("in {}", rooms[1].order)]);
    }
    let bound = Identity::new("rider", "ravi").with("room", rooms[1].id.as_str());
    let done = server.client(&bound).act(READ_ALL).await.ok(200);
    assert_eq!(done.number("rooms_read"), 1);
    assert_eq!(totals(&ravi).await, (2, 2));
    let nowhere = Identity::new("rider", "ravi").with("room", "CHAT-AAAA-AAAA");
    assert!(server.client(&nowhere).all(UNREAD).await.is_empty());
}

#[tokio::test]
async fn reading_everything_while_others_write_and_read_loses_nothing() {
    let server = Server::start().await;
    let rooms = rooms_of(&server, "ravi", 6).await;
    let ravi = server.rider("ravi");
    let writing = rooms.iter().map(async |room| {
        for n in 0..10 {
            room.customer.say(room, &format!("{n}")).await;
            room.pharmacist.act(&room.at("read/")).await.ok(200);
        }
    });
    let reading = (0..6).map(async |_| {
        for _ in 0..5 {
            ravi.act(READ_ALL).await.ok(200);
        }
    });
    tokio::join!(join_all(writing), join_all(reading));
    let listed = ravi.all(UNREAD).await.len() as i64;
    assert_eq!(totals(&ravi).await.0, listed);
    ravi.act(READ_ALL).await.ok(200);
    assert_eq!(totals(&ravi).await, (0, 0));
    assert!(room_of(&rooms[0].service, &rooms[0].order).await.is_some());
}
