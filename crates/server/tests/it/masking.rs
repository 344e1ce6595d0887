//! What people see of each other: names with roles, never the shop's ids or e-mail addresses.

use serde_json::{Value, json};

use crate::harness::orders::order_path;
use crate::harness::{Client, Fields, Identity, Room, Server};

/// Everything that a person can read of a room, as one text.
async fn everything_seen_by(room: &Room, viewer: &Client) -> String {
    let mut seen = String::new();
    for path in [
        "/api/chat/rooms/".to_owned(),
        room.at(""),
        room.at("messages/?after=0&limit=200"),
        room.at("participants/?limit=200"),
        room.at("events/?after=0&limit=200"),
        order_path(&room.order),
    ] {
        let answer = viewer.get(&path).await;
        answer.ok(200);
        seen += &answer.text;
    }
    for message in room.messages_seen_by(viewer).await {
        seen += &viewer
            .get(&crate::harness::message_path(&message, ""))
            .await
            .text;
    }
    seen
}

#[tokio::test]
async fn customers_and_riders_learn_nobodys_id_or_address_but_their_own() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let rider = server.client(
        &Identity::new("rider", &room.rider.user)
            .with("name", "Ravi")
            .with("email", "ravi@example.com"),
    );
    rider.say(&room, "on my way").await;
    let question = room.customer.say(&room, "how long?").await;
    let reply = json!({ "content": "ten minutes", "reply_to": question["id"] });
    rider.send(&room, reply).await.ok(201);
    room.pharmacist.say(&room, "have a good day").await;
    room.service
        .report(
            &room
                .report
                .clone()
                .with("status", "picked_up")
                .with("delivery_status", "picked_up"),
        )
        .await
        .ok(200);
    room.pharmacist.act(&room.at("close/")).await.ok(200);
    room.pharmacist.act(&room.at("reopen/")).await.ok(200);

    let customer_sees = everything_seen_by(&room, &room.customer).await;
    let rider_id = room.rider.user.as_str();
    let staff_ids = [room.pharmacist.user.as_str(), room.colleague.user.as_str()];
    for secret in [rider_id, staff_ids[0], staff_ids[1], "ravi@example.com"] {
        assert!(!customer_sees.contains(secret), "a customer sees {secret}");
    }
    assert!(
        customer_sees.contains(&room.customer.user),
        "one's own id is no secret"
    );
    let rider_sees = everything_seen_by(&room, &rider).await;
    let customer_id = room.customer.user.as_str();
    for secret in [customer_id, staff_ids[0], staff_ids[1], "amina@example.com"] {
        assert!(!rider_sees.contains(secret), "a rider sees {secret}");
    }
    assert!(rider_sees.contains(rider_id), "one's own id is no secret");

    let staff_see = everything_seen_by(&room, &room.pharmacist).await;
    for known in [customer_id, rider_id, "amina@example.com"] {
        assert!(staff_see.contains(known), "staff see {known}");
    }
}

#[tokio::test]
async fn people_are_shown_by_name_and_role() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let by_rider = room.rider.say(&room, "on my way").await;
    let by_customer = room.customer.say(&room, "how long?").await;
    let name_of = |message: &Value, viewer: &Client| {
        let (path, viewer) = (crate::harness::message_path(message, ""), viewer.clone());
        async move { viewer.get(&path).await.ok(200).string("sender_name") }
    };
    assert_eq!(name_of(&by_rider, &room.customer).await, "Ravi (Rider)");
    assert_eq!(name_of(&by_customer, &room.rider).await, "Amina (Customer)");

    let listed = room
        .customer
        .get(&room.at("participants/"))
        .await
        .ok(200)
        .results();
    for participant in listed {
        let own = participant["role"] == "customer";
        assert_eq!(participant["user"].is_null(), !own, "{participant}");
        assert_eq!(participant["user_email"].is_null(), !own, "{participant}");
        assert!(participant["user_full_name"].is_string(), "{participant}");
    }
    let listed = room
        .pharmacist
        .get(&room.at("participants/"))
        .await
        .ok(200)
        .results();
    assert!(
        listed
            .iter()
            .all(|participant| participant["user"].is_string()),
        "{listed:?}"
    );
}

#[tokio::test]
async fn the_order_shows_each_their_own_part() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let path = order_path(&room.order);
    let order = room.customer.get(&path).await.ok(200);
    assert_eq!(order["customer"]["id"], room.customer.user.as_str());
    assert_eq!(order["rider"]["id"], Value::Null);
    let order = room.rider.get(&path).await.ok(200);
    assert_eq!(order["customer"]["id"], Value::Null);
    assert_eq!(order["rider"]["id"], room.rider.user.as_str());
    let order = room.pharmacist.get(&path).await.ok(200);
    assert_eq!(order["customer"]["email"], "amina@example.com");
    assert_eq!(order["rider"]["id"], room.rider.user.as_str());
}

#[tokio::test]
async fn who_closed_a_room_is_shown_as_a_participant() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.close().await;
    let seen = room.seen_by(&room.customer).await;
    assert!(seen["closed_by"]["name"].is_string());
    assert!(!seen.to_string().contains(&room.pharmacist.user), "{seen}");
    let of_service = server.open_room().await;
    of_service
        .service
        .act(&of_service.at("close/"))
        .await
        .ok(200);
    of_service.seen_by(&of_service.customer).await;
}

#[tokio::test]
async fn an_orders_metadata_is_for_staff() {
    let server = Server::start().await;
    let report = crate::harness::an_order("o").with("metadata", json!({ "phone": "+49 30 123" }));
    let room = Room::of(&server, report).await;
    for (viewer, sees) in [
        (&room.customer, false),
        (&room.rider, false),
        (&room.pharmacist, true),
        (&room.admin, true),
        (&room.service, true),
    ] {
        let order = viewer.get(&order_path(&room.order)).await.ok(200);
        assert_eq!(
            order["metadata"]["phone"].is_string(),
            sees,
            "{}",
            viewer.user
        );
    }
}

#[tokio::test]
async fn riders_do_not_learn_when_a_customer_is_online() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.get(&room.at("")).await.ok(200);
    for (viewer, sees) in [(&room.rider, false), (&room.pharmacist, true)] {
        let path = room.participant_at(&room.customer, "").await;
        let seen = viewer.get(&path).await.ok(200);
        assert_eq!(seen["is_online"].is_boolean(), sees, "{seen}");
        assert_eq!(seen["last_seen"].is_string(), sees, "{seen}");
    }
}

#[tokio::test]
async fn a_room_that_the_service_closed_names_nobody() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let closed = room.service.act(&room.at("close/")).await.ok(200);
    assert_eq!(closed["closed_by"], Value::Null);
    assert_eq!(closed["status"], "closed");
}
