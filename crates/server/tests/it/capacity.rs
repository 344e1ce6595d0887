//! How many may be in a room: kept seats, staff in list order, hand-overs.

use serde_json::json;

use crate::harness::{Fields, Room, Server, an_order, participant_path};

#[tokio::test]
async fn a_seat_each_is_kept_for_the_orders_customer_and_rider() {
    let server = Server::start().await;
    let unassigned = an_order("o").with("rider", json!(null));
    let room = Room::of(&server, unassigned.clone()).await;
    assert_eq!(room.seen_by(&room.admin).await["participant_count"], 3);

    for guest in 1..=6 {
        room.add(&server.customer(&format!("guest-{guest}")), "customer")
            .await;
    }
    room.service.make_known("one-more", "customer").await;
    let full = json!({ "user": "one-more" });
    room.admin
        .post(&room.at("participants/"), full.clone())
        .await
        .refused(409);
    room.support.act(&room.at("join/")).await.refused(409);
    room.support
        .send(&room, json!({ "content": "may I?" }))
        .await
        .refused(409);
    assert_eq!(room.seen_by(&room.admin).await["participant_count"], 9);

    room.service
        .report(&unassigned.with_rider("rider-o"))
        .await
        .ok(200);
    assert_eq!(room.seen_by(&room.admin).await["participant_count"], 10);
    room.rider.say(&room, "I have a seat").await;
    room.admin
        .post(&room.at("participants/"), full)
        .await
        .refused(409);
}

#[tokio::test]
async fn a_seat_stays_kept_for_the_customer_who_left() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.admin
        .patch(&room.at(""), json!({ "max_participants": 4 }))
        .await
        .ok(200);
    room.customer.act(&room.at("leave/")).await.ok(200);
    room.support.act(&room.at("join/")).await.refused(409);
    let back = room.customer.act(&room.at("join/")).await;
    assert!([200, 201].contains(&back.status), "{}", back.text);
}

#[tokio::test]
async fn staff_of_the_order_join_in_list_order_while_seats_remain() {
    let server = Server::start().await;
    let names: Vec<_> = (1..=12)
        .map(|number| format!("staff-{number:02}"))
        .collect();
    let ids: Vec<_> = names.iter().map(String::as_str).collect();
    let order = an_order("o").with("rider", json!(null)).with_staff(&ids);
    let room = Room::of(&server, order).await;

    let inside: Vec<_> = room
        .participants()
        .await
        .iter()
        .filter(|participant| participant["role"] == "pharmacy")
        .map(|participant| participant.string("user"))
        .collect();
    let mut inside = inside;
    inside.sort();
    assert_eq!(
        inside,
        names[..8],
        "ten seats: one for the customer, one kept for the rider"
    );
    server
        .pharmacy("staff-12", "ph1")
        .get(&room.at("messages/"))
        .await
        .ok(200);
}

#[tokio::test]
async fn a_hand_over_fits_into_a_full_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.admin
        .patch(&room.at(""), json!({ "max_participants": 4 }))
        .await
        .ok(200);

    let next = server.rider("next-rider");
    room.rider_is("next-rider").await;
    assert_eq!(room.seen_by(&room.admin).await["participant_count"], 4);
    next.say(&room, "I took over").await;
    room.rider.get(&room.at("")).await.refused(404);
    let former = room.rider.act(&room.at("join/")).await;
    former.refused(404);
}

#[tokio::test]
async fn who_ended_gives_their_seat_away() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.admin
        .patch(&room.at(""), json!({ "max_participants": 4 }))
        .await
        .ok(200);
    let colleague = room.participant(&room.colleague).await.string("id");
    room.support.act(&room.at("join/")).await.refused(409);

    room.pharmacist
        .delete(&participant_path(&colleague, ""))
        .await
        .ok(204);
    let joined = room.support.act(&room.at("join/")).await;
    assert!([200, 201].contains(&joined.status), "{}", joined.text);
    let again = json!({ "user": room.colleague.user });
    room.admin
        .post(&room.at("participants/"), again)
        .await
        .refused(409);
}

#[tokio::test]
async fn who_creates_a_room_takes_no_seat_that_is_kept() {
    let server = Server::start().await;
    let service = server.service();
    let pending = an_order("o")
        .with("status", "pending")
        .with("rider", json!(null));
    service.report(&pending).await.ok(201);
    let draft = json!({ "order": "o", "max_participants": 2 });
    let support = server.support("sue");
    let made = support.post("/api/chat/rooms/", draft).await.ok(201);
    assert_eq!(made["participant_count"], 1, "the customer");
    assert_eq!(made["my_participant"], json!(null));
}
