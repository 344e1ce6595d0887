//! `GET /api/orders/{id}/timeline/`, `/policy/` and the room's quick replies.

use serde_json::{Value, json};

use crate::harness::orders::{an_event, order_path};
use crate::harness::{Client, Fields, Room, Server, an_order};

fn path(room: &Room, rest: &str) -> String {
    format!("{}{rest}", order_path(&room.order))
}

async fn timeline(client: &Client, room: &Room) -> Vec<Value> {
    client.all(&path(room, "timeline/?limit=3")).await
}

fn kinds(entries: &[Value]) -> Vec<String> {
    entries.iter().map(|entry| entry.string("kind")).collect()
}

#[tokio::test]
async fn what_was_told_and_what_happened_stand_in_one_order_on_pages() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let said = room.customer.say(&room, "hello").await;
    room.order_is("picked_up").await;
    let proof = json!({"kind": "photo", "lat": 1.5, "lon": 2.5, "note": "at the door"});
    let proof = an_event(&room.order, "delivery.proof_added", proof);
    room.service.tell(&proof).await.ok(202);
    let odd = an_event(&room.order, "order.weighed", json!({"grams": 900}));
    room.service.tell(&odd).await.ok(202);

    let all = timeline(&room.pharmacist, &room).await;
    assert_eq!(
        kinds(&all),
        [
            "order.reported",
            "room.created",
            "participant.joined",
            "participant.joined",
            "participant.joined",
            "participant.joined",
            "message.created",
            "order.reported",
            "message.created",
            "delivery.proof_added",
            "order.weighed",
        ]
    );
    assert_eq!(all[6]["data"]["message"]["id"], said["id"]);
    assert_eq!(all[7]["told"]["status"], "picked_up");
    assert_eq!(
        all[7]["told"]["body"]["customer"]["email"],
        "amina@example.com"
    );
    assert_eq!(all[9]["told"]["proof"]["lat"], 1.5);
    assert_eq!(all[10]["told"]["body"]["data"]["grams"], 900);
}

#[tokio::test]
async fn each_sees_their_own_view_of_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let proof = json!({"kind": "photo", "lat": 1.5, "lon": 2.5, "note": "at the door"});
    let proof = an_event(&room.order, "delivery.proof_added", proof);
    room.service.tell(&proof).await.ok(202);
    room.customer.say(&room, "before the second rider").await;
    let second = room.report.clone().with_rider("rider-second");
    room.service.report(&second).await.ok(200);

    let seen = timeline(&room.customer, &room).await;
    let text = Value::Array(seen.clone()).to_string();
    for hidden in ["rider-second\"", "\"lat\":1.5", "at the door"] {
        let at = text
            .find(hidden)
            .map(|at| &text[at.saturating_sub(80)..at + 20]);
        assert_eq!(at, None, "{hidden}");
    }
    let told = seen
        .iter()
        .find(|entry| entry["kind"] == "delivery.proof_added");
    let told = told.expect("the proof");
    assert_eq!(told["told"]["proof"]["kind"], "photo");
    assert_eq!(told["told"]["proof"]["lat"], Value::Null);

    let rider = server.rider("rider-second");
    let seen = timeline(&rider, &room).await;
    assert!(!kinds(&seen).contains(&"delivery.proof_added".to_owned()));
    let text = Value::Array(seen).to_string();
    for hidden in ["before the second", "amina@example.com", "customer-o"] {
        assert!(!text.contains(hidden), "{hidden} is in {text}");
    }
    room.rider.get(&path(&room, "timeline/")).await.refused(404);
    let stranger = server.customer("stranger");
    stranger.get(&path(&room, "timeline/")).await.refused(404);
}

#[tokio::test]
async fn its_times_are_in_utc_however_the_shop_wrote_them() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let eta = json!({ "eta": "2026-12-01T12:00:00+02:00" });
    let event = an_event(&room.order, "delivery.eta_changed", eta);
    room.service.tell(&event).await.ok(202);
    let seen = timeline(&room.customer, &room).await;
    let told = seen
        .iter()
        .find(|entry| entry["kind"] == "delivery.eta_changed");
    assert_eq!(
        told.expect("the event")["told"]["eta"],
        "2026-12-01T10:00:00.000Z"
    );
}

#[tokio::test]
async fn an_order_without_a_room_has_a_timeline_too() {
    let server = Server::start().await;
    let service = server.service();
    let report = an_order("early").with("status", "pending");
    service.report(&report).await.ok(201);
    let path = format!("{}timeline/", order_path("early"));
    let seen = service.get(&path).await.ok(200).results();
    assert_eq!(kinds(&seen), ["order.reported"]);
    service.get(&format!("{path}?cursor=x")).await.refused(422);
}

#[tokio::test]
async fn the_table_of_rights_is_for_staff_and_says_who_may_do_what_now() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let now = |table: &Value, role: &str| {
        let rows = table["now"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["role"] == role);
        row.expect("a row of the role").clone()
    };
    let table = room.pharmacist.get(&path(&room, "policy/")).await.ok(200);
    assert_eq!(table["version"], 1);
    assert_eq!(table["room"], "open");
    assert_eq!(table["next"], Value::Null);
    assert_eq!(now(&table, "rider")["write"], true);
    room.order_is("delivered").await;
    let table = room.service.get(&path(&room, "policy/")).await.ok(200);
    assert_eq!(table["next"], "close");
    assert!(now(&table, "rider")["until"].is_string());
    room.close().await;
    let table = room.support.get(&path(&room, "policy/")).await.ok(200);
    assert_eq!(now(&table, "rider")["read"], false);
    assert_eq!(now(&table, "customer")["write"], false);
    assert_eq!(
        now(&table, "customer")["why_not"],
        "room-state: the room is closed; staff can reopen it"
    );
    let of_status = table["statuses"].as_array().expect("a list");
    let row = of_status
        .iter()
        .find(|row| row["status"] == "delivered" && row["role"] == "rider");
    assert_eq!(row.expect("a row")["write_s"], 1_800);
    room.customer
        .get(&path(&room, "policy/"))
        .await
        .refused(403);
    let other = server.pharmacy("elsewhere", "ph2");
    other.get(&path(&room, "policy/")).await.refused(404);
}

#[tokio::test]
async fn quick_replies_are_those_of_the_role_and_the_status() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let offered = async |client: &Client| {
        let answer = client.get(&room.at("quick-replies/")).await;
        answer.ok(200)["results"].clone()
    };
    assert_eq!(offered(&room.rider).await, json!(["I am at the pharmacy."]));
    assert_eq!(offered(&room.service).await, json!([]));
    room.order_is("picked_up").await;
    assert_eq!(
        offered(&room.rider).await,
        json!(["I am on my way.", "I am at your door."])
    );
    assert_eq!(
        offered(&room.customer).await,
        json!([
            "When will my order arrive?",
            "Please ring the bell.",
            "Please leave it at the door."
        ])
    );
}
