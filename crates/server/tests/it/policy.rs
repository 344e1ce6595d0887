//! The order policy: a file of the shop's own, in force on every path and on every node.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Fields, Live, Room, Server, an_order, eventually, random_id};

/// A policy file that a server is started with.
struct PolicyFile {
    folder: TempDir,
}

impl PolicyFile {
    fn new(version: u32, lines: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = Self { folder };
        file.write(version, lines);
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("shop.toml")
    }

    fn write(&self, version: u32, lines: &str) {
        let text = format!("version = {version}\n{lines}");
        std::fs::write(self.path(), text).expect("the policy file is written");
    }

    async fn server(&self) -> Server {
        let path = self.path();
        let path = path.to_str().expect("a path in UTF-8");
        Server::with("ORDERCHAT_POLICY", path).start().await
    }
}

/// Waits until the server has logged this so often.
async fn logs(server: &Server, text: &str, times: usize) {
    let what = format!("the server logs {text:?}");
    eventually(&what, async || {
        (server.log().matches(text).count() >= times).then_some(())
    })
    .await;
}

const NO_RIDER_BEFORE_PICKUP: &str = "
[rights.active]
rider = { write = false }
[rights.status.picked_up]
rider = { write = true }
";

#[tokio::test]
async fn a_refused_send_names_the_rule_of_the_shops_own_policy() {
    let file = PolicyFile::new(2, NO_RIDER_BEFORE_PICKUP);
    let server = file.server().await;
    let room = server.open_room().await;

    let text = json!({"content": "on my way"});
    let refused = room.rider.send(&room, text.clone()).await.refused(403);
    assert_eq!(
        refused.string("detail"),
        "policy: rider may not write in 'accepted'"
    );
    let seen = room.seen_by(&room.rider).await;
    assert_eq!(seen["my_participant"]["can_send_messages"], false);
    room.customer.send(&room, text.clone()).await.ok(201);
    room.order_is("picked_up").await;
    room.rider.send(&room, text).await.ok(201);
}

#[tokio::test]
async fn a_room_that_a_status_takes_away_does_not_exist_until_the_next_gives_it_back() {
    let file = PolicyFile::new(
        2,
        "[rights.status.preparing]\nrider = { read = \"never\", write = false }",
    );
    let server = file.server().await;
    let room = server.open_room().await;
    for (status, exists) in [("preparing", false), ("ready_for_pickup", true)] {
        room.order_is(status).await;
        let answer = room.rider.get(&room.at("")).await;
        assert_eq!(answer.status, if exists { 200 } else { 404 }, "{status}");
        let rooms = room.rider.get("/api/chat/rooms/").await.ok(200).results();
        assert_eq!(rooms.len(), usize::from(exists), "{status}");
    }
}

#[tokio::test]
async fn who_could_not_read_a_public_room_as_a_guest_does_not_come_in() {
    let file = PolicyFile::new(
        2,
        "[rights.status.preparing]\nguest = { read = \"never\", write = false }",
    );
    let server = file.server().await;
    let room = server.open_room().await;
    room.make_public().await;
    let (guest, late) = (server.customer("passer-by"), server.customer("late"));
    guest.act(&room.at("join/")).await.ok(200);
    room.order_is("preparing").await;
    let seats = room.participants().await.len();
    let nothing = format!("/api/chat/rooms/{}/join/", random_id());
    for outside in [&guest, &late] {
        let (real, unreal) = (
            outside.act(&room.at("join/")).await,
            outside.act(&nothing).await,
        );
        real.refused(404);
        assert_eq!(real.fingerprint(), unreal.fingerprint());
    }
    assert_eq!(room.participants().await.len(), seats);
    room.order_is("ready_for_pickup").await;
    late.act(&room.at("join/")).await.ok(200);
    // The card of a closed room says that it is closed; so does joining it.
    room.close().await;
    let outsider = server.customer("too-late");
    outsider.act(&room.at("join/")).await.refused(409);
}

#[tokio::test]
async fn a_shop_uses_its_own_statuses_texts_and_names() {
    let file = PolicyFile::new(
        2,
        r#"
        [order]
        active = ["new", "packed", "on_the_way"]
        final = ["handed_over"]
        [room]
        opens_at = "packed"
        [rider]
        on_board = ["on_the_way"]
        [names]
        customer = "role"
        [texts.de.order]
        packed = "Ihre Bestellung {number} ist gepackt."
        on_the_way = "Unterwegs."
        "*" = "Stand: {status}."
        "#,
    );
    let server = file.server().await;
    let service = server.service();
    let report = an_order("own")
        .with("status", "new")
        .with("language", "de-AT");
    service.report(&report).await.ok(201);
    let customer = server.customer("customer-own");
    let rooms = customer.get("/api/chat/rooms/").await.ok(200).results();
    assert_eq!(rooms, Vec::<Value>::new());
    for status in ["packed", "on_the_way", "lost", "handed_over"] {
        service
            .report(&report.clone().with("status", status))
            .await
            .ok(200);
    }
    let rooms = customer.get("/api/chat/rooms/").await.ok(200).results();
    let path = format!("/api/chat/rooms/{}/messages/", rooms[0].string("id"));
    let said: Vec<String> = customer
        .all(&path)
        .await
        .iter()
        .map(|message| message.string("content"))
        .collect();
    assert_eq!(
        said,
        [
            "Ihre Bestellung N-own ist gepackt.",
            "Unterwegs.",
            "Stand: lost.",
            "Stand: handed over."
        ]
    );
    let order = customer.get("/api/orders/own/").await.ok(200);
    assert_eq!(order["is_active"], false);
    assert_eq!(order["rider"]["name"], "Rider");
    assert_eq!(order["customer"]["name"], "Amina");
}

#[tokio::test]
async fn after_sighup_the_rooms_follow_the_new_policy_and_say_so_in_their_log() {
    let file = PolicyFile::new(2, "");
    let server = file.server().await;
    let rooms: Vec<Room> = {
        let mut rooms = Vec::new();
        for _ in 0..20 {
            rooms.push(server.open_room().await);
        }
        rooms
    };
    let head = rooms[19].head().await;
    file.write(3, "[rights.active]\nrider = { read = \"never\" }");
    server.hang_up();
    for room in &rooms {
        eventually("the rider's list is empty", async || {
            let list = room.rider.get("/api/chat/rooms/").await.ok(200).results();
            list.is_empty().then_some(())
        })
        .await;
        room.rider.get(&room.at("")).await.refused(404);
    }
    eventually("the room's log says so", async || {
        let log = room_log_after(&rooms[19], head).await;
        (log == ["room.updated"]).then_some(())
    })
    .await;
    let audit = rooms[0]
        .admin
        .get("/api/audit/?action=policy.changed")
        .await;
    assert_eq!(audit.ok(200).results()[0]["target"], "version 3");
}

async fn room_log_after(room: &Room, seq: i64) -> Vec<String> {
    let path = room.at(&format!("events/?after={seq}"));
    let events = room.admin.get(&path).await.ok(200).results();
    events.iter().map(|event| event.string("kind")).collect()
}

#[tokio::test]
async fn a_file_with_mistakes_is_refused_whole_with_line_and_column() {
    let file = PolicyFile::new(2, NO_RIDER_BEFORE_PICKUP);
    let server = file.server().await;
    let room = server.open_room().await;
    file.write(
        3,
        "[rights.active]\nrider = { write = true }\n[room]\ncloses_after = 2",
    );
    server.hang_up();
    logs(&server, "line 5, column 16: room.closes_after is 2", 1).await;
    let text = json!({"content": "on my way"});
    room.rider.send(&room, text).await.refused(403);
}

#[tokio::test]
async fn who_is_connected_is_told_what_they_may_do_by_the_new_policy() {
    let file = PolicyFile::new(2, "");
    let server = file.server().await;
    let room = server.open_room().await;
    let mut live = Live::following(&room.rider, &room).await;
    file.write(3, NO_RIDER_BEFORE_PICKUP);
    server.hang_up();
    let told = json!({ "type": "capabilities", "room": room.id, "write": false });
    live.expect(told).await;
    file.write(4, "");
    server.hang_up();
    let told = json!({ "type": "capabilities", "room": room.id, "write": true });
    live.expect(told).await;
}

#[tokio::test]
async fn who_may_read_by_the_new_policy_hears_what_comes_on_whichever_node() {
    let file = PolicyFile::new(2, "[rights.active]\nrider = { read = \"never\" }");
    let server = file.server().await;
    let room = server.open_room().await;
    let mut lives = vec![Live::of(&room.rider).await];
    let other = server.another_node();
    if let Some(other) = &other {
        lives.push(Live::of(&room.rider.asking(other.url())).await);
    }
    file.write(3, "");
    server.hang_up();
    for live in &mut lives {
        live.caught_up(&room).await;
    }
    let seq = room.customer.say(&room, "now you hear").await.number("seq");
    for live in &mut lives {
        live.event_at(&room, seq).await;
    }
}

#[tokio::test]
async fn whose_role_lets_them_read_again_hears_what_comes() {
    let file = PolicyFile::new(2, "[rights.active]\ncustomer = { read = \"never\" }");
    let server = file.server().await;
    let room = server.open_room().await;
    let sam = server.rider("sam");
    room.add(&sam, "rider").await;
    let mut live = Live::of(&sam).await;
    live.caught_up(&room).await;
    let path = room.participant_at(&sam, "").await;
    let become_a = async |role: &str| {
        room.admin
            .patch(&path, json!({ "role": role }))
            .await
            .ok(200);
    };
    become_a("customer").await;
    live.event(&room, "participant.updated").await;
    sam.get(&room.at("")).await.refused(404);
    become_a("rider").await;
    live.caught_up(&room).await;
    let seq = room
        .pharmacist
        .say(&room, "now you hear")
        .await
        .number("seq");
    live.event_at(&room, seq).await;
}

#[tokio::test]
async fn a_node_with_an_older_policy_takes_the_databases_and_says_so() {
    let file = PolicyFile::new(5, NO_RIDER_BEFORE_PICKUP);
    let mut server = file.server().await;
    let room = server.open_room().await;
    for (version, told) in [(4, "has a higher version"), (5, "has the same version")] {
        file.write(version, "");
        server.restart_after_kill();
        logs(&server, told, 1).await;
        let room = room.renewed(&server);
        let text = json!({"content": "on my way"});
        room.rider.send(&room, text).await.refused(403);
    }
}

#[tokio::test]
async fn what_one_node_puts_into_force_is_in_force_on_the_other() {
    let file = PolicyFile::new(2, "");
    let server = file.server().await;
    let Some(other) = server.another_node() else {
        return;
    };
    let room = server.open_room().await;
    file.write(3, NO_RIDER_BEFORE_PICKUP);
    server.hang_up();
    let url = format!("{}{}", other.url(), room.at("messages/"));
    let token = server
        .secret
        .sign(&server.identity("rider", &room.rider.user));
    let http = reqwest::Client::new();
    eventually("the other node refuses the rider", async || {
        let send = http.post(&url).bearer_auth(&token);
        let answer = send.json(&json!({"content": "hi"})).send().await.ok()?;
        (answer.status() == 403).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_rider_is_muted_in_an_order_that_is_over_while_the_next_one_is_on_board() {
    let file = PolicyFile::new(2, "[rider]\nmuted_while_next_on_board = true");
    let server = file.server().await;
    let first = Room::of(&server, an_order("first").with_rider("rider-first")).await;
    let next = Room::of(&server, an_order("next").with_rider("rider-first")).await;
    let rider = &first.rider;
    let mut live = Live::following(rider, &first).await;
    let mut writing = async |write: bool| {
        let told = json!({"type": "caught_up", "room": first.id, "capabilities": {"write": write}});
        live.expect(told).await["capabilities"]["why_not"].clone()
    };
    first.order_is("delivered").await;
    rider.send(&first, json!({"content": "done"})).await.ok(201);

    next.order_is("picked_up").await;
    let muted = "policy: rider may not write in 'delivered' while the next order is on board";
    assert_eq!(writing(false).await, muted);
    let refused = rider
        .send(&first, json!({"content": "more"}))
        .await
        .refused(403);
    assert_eq!(refused.string("detail"), muted);
    let seen = first.seen_by(rider).await;
    assert_eq!(seen["my_participant"]["can_send_messages"], false);
    rider.send(&next, json!({"content": "hello"})).await.ok(201);

    next.order_is("delivered").await;
    assert_eq!(writing(true).await, Value::Null);
    rider
        .send(&first, json!({"content": "again"}))
        .await
        .ok(201);
}

#[tokio::test]
async fn policy_check_says_what_is_wrong_and_what_is_allowed() {
    let server = Server::start().await;
    let file = PolicyFile::new(2, "[room]\nopens_at = \"paid\"");
    let path = file.path();
    let path = path.to_str().expect("a path in UTF-8");
    let checked = server.run(&["policy", "check", path], &[]).await;
    assert!(!checked.status.success());
    let expected = format!(
        "{path}: line 3, column 12: room.opens_at is \"paid\"; give an active status: \"pending\", \
         \"accepted\", \"preparing\", \"ready_for_pickup\" or \"picked_up\"\n"
    );
    assert_eq!(checked.stdout, expected);
    file.write(2, "");
    let checked = server.run(&["policy", "check", path], &[]).await;
    assert!(checked.status.success(), "{}", checked.stdout);
}
