//! How an order gets its room: by being accepted, or because somebody asks.

use serde_json::json;

use crate::harness::room::room_of;
use crate::harness::{Server, an_order, shape};

#[tokio::test]
async fn a_pending_order_has_no_room_until_it_is_accepted() {
    let server = Server::start().await;
    let service = server.service();
    let order = an_order("later").with("status", "pending");

    service.report(&order).await.ok(201);
    assert_eq!(room_of(&service, "later").await, None);
    service
        .report(&order.clone().with("status", "accepted"))
        .await
        .ok(200);
    assert!(room_of(&service, "later").await.is_some());

    for (id, status) in [("picked", "picked_up"), ("ready", "ready_for_pickup")] {
        service
            .report(&an_order(id).with("status", status))
            .await
            .ok(201);
        assert!(
            room_of(&service, id).await.is_some(),
            "an order first heard of as {status}"
        );
    }
    for status in ["delivered", "cancelled", "refunded"] {
        service
            .report(&an_order(status).with("status", status))
            .await
            .ok(201);
        assert_eq!(
            room_of(&service, status).await,
            None,
            "an order first heard of as {status}"
        );
    }
}

#[tokio::test]
async fn staff_may_make_the_room_of_a_pending_order_and_its_people_join_at_once() {
    let server = Server::start().await;
    let service = server.service();
    service
        .report(&an_order("early").with("status", "pending"))
        .await
        .ok(201);

    let noor = server.pharmacy("staff-early-a", "ph1");
    let draft = json!({ "order": "early", "title": "Early", "description": "Ask for the recipe" });
    let room = noor.post("/api/chat/rooms/", draft).await.ok(201);
    shape::room(&room);
    assert_eq!(room["title"], "Early");
    assert_eq!(room["room_title"], "Early");
    assert_eq!(room["description"], "Ask for the recipe");
    assert_eq!(room["participant_count"], 4);
    assert!(!room["my_participant"].is_null());
}

#[tokio::test]
async fn making_the_room_again_answers_the_same_room_and_changes_nothing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let before = room.seen_by(&room.service).await;

    let again = json!({ "order": room.order, "title": "Other", "max_participants": 2 });
    for client in [&room.service, &room.support, &room.admin, &room.pharmacist] {
        let answer = client.post("/api/chat/rooms/", again.clone()).await.ok(200);
        assert_eq!(answer["id"], room.id.as_str());
    }
    assert_eq!(room.seen_by(&room.service).await, before);
}

#[tokio::test]
async fn whoever_makes_a_room_joins_it_but_the_service_does_not() {
    let server = Server::start().await;
    let service = server.service();
    for order in ["by-support", "by-service"] {
        service
            .report(&an_order(order).with("status", "pending"))
            .await
            .ok(201);
    }

    let support = server.support("sam");
    let made = support
        .post("/api/chat/rooms/", json!({ "order": "by-support" }))
        .await
        .ok(201);
    assert_eq!(made["participant_count"], 5);
    assert!(!made["my_participant"].is_null());
    let made = service
        .post("/api/chat/rooms/", json!({ "order": "by-service" }))
        .await
        .ok(201);
    assert_eq!(made["participant_count"], 4);
}

#[tokio::test]
async fn only_active_orders_that_one_may_know_get_a_room() {
    let server = Server::start().await;
    let service = server.service();
    service
        .report(&an_order("o").with("status", "pending"))
        .await
        .ok(201);
    service
        .report(&an_order("over").with("status", "delivered"))
        .await
        .ok(201);
    let make = json!({ "order": "o" });

    for client in [server.customer("customer-o"), server.rider("rider-o")] {
        client
            .post("/api/chat/rooms/", make.clone())
            .await
            .refused(403);
    }
    service
        .post("/api/chat/rooms/", json!({ "order": "over" }))
        .await
        .refused(409);

    let elsewhere = server.pharmacy("staff", "ph2");
    let of_others = elsewhere.post("/api/chat/rooms/", make).await;
    let of_nobody = elsewhere
        .post("/api/chat/rooms/", json!({ "order": "nothing" }))
        .await;
    assert!([404, 422].contains(&of_others.status), "{}", of_others.text);
    assert_eq!(of_others.fingerprint(), of_nobody.fingerprint());
    assert_eq!(room_of(&service, "o").await, None);
}

#[tokio::test]
async fn participants_given_with_a_room_join_all_or_none() {
    let server = Server::start().await;
    let service = server.service();
    service
        .report(&an_order("o").with("status", "pending"))
        .await
        .ok(201);
    service.make_known("sam", "support").await;
    service.make_known("kim", "customer").await;

    let with_unknown = json!({
        "order": "o", "participants": [{ "user": "sam" }, { "user": "nobody" }],
    });
    service
        .post("/api/chat/rooms/", with_unknown)
        .await
        .refused(422);
    assert_eq!(room_of(&service, "o").await, None);

    let above_rank = json!({
        "order": "o", "participants": [{ "user": "kim", "role": "support" }],
    });
    service
        .post("/api/chat/rooms/", above_rank)
        .await
        .refused(422);
    assert_eq!(room_of(&service, "o").await, None);

    let known = json!({
        "order": "o",
        "participants": [{ "user": "sam", "role": "pharmacy" }, { "user": "kim" }],
    });
    let room = service.post("/api/chat/rooms/", known).await.ok(201);
    assert_eq!(room["participant_count"], 6);
}
