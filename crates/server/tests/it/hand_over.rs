//! The order changes hands: who has it no longer is out, whatever they were or did in between.

use serde_json::json;

use crate::harness::{Fields, Server};

#[tokio::test]
async fn a_rider_who_left_before_the_hand_over_does_not_come_back() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.rider.act(&room.at("leave/")).await.ok(200);
    let nobody = room.report.clone().with("rider", json!(null));
    room.service.report(&nobody).await.ok(200);
    room.customer.say(&room, "my address is 5 Elm St").await;
    room.rider.act(&room.at("join/")).await.refused(404);
    room.rider.get(&room.at("messages/")).await.refused(404);
}

#[tokio::test]
async fn a_rider_whose_role_staff_changed_is_handed_over_all_the_same() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let rider = room.participant_at(&room.rider, "").await;
    let role = json!({ "role": "customer" });
    room.pharmacist.patch(&rider, role).await.ok(200);
    room.rider_is("rider-two").await;
    room.rider.get(&room.at("")).await.refused(404);
    let other = server.rider("rider-two");
    other.say(&room, "I have it now").await;
}

#[tokio::test]
async fn an_older_report_brings_no_older_names_back() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let customer = |name: &str| json!({ "id": room.customer.user, "name": name });
    let with = |name: &str, sequence: i64| {
        let report = room.report.clone().with("customer", customer(name));
        report.with("sequence", json!(sequence))
    };
    let seen = room.service.report(&with("New Name", 10)).await.ok(200);
    assert_eq!(seen["customer"]["name"], "New Name");
    let seen = room.service.report(&with("Old Name", 3)).await.ok(200);
    assert_eq!(seen["customer"]["name"], "New Name");
}

#[tokio::test]
async fn another_name_is_news_to_the_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let head = room.head().await;
    let renamed = json!({ "id": room.customer.user, "name": "Amina Other" });
    let report = room.report.clone().with("customer", renamed);
    let order = room.service.report(&report).await.ok(200);
    let log = room.log_seen_by(&room.admin).await;
    let last = log.last().expect("an event");
    assert_eq!(last["kind"], "order.updated");
    assert!(last.number("seq") > head);
    assert_eq!(order["version"], last["seq"]);
    let repeated = room.service.report(&report).await.ok(200);
    assert_eq!(repeated["version"], order["version"], "a repeat is no news");
}
