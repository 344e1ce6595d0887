//! `/api/chat/rooms/`: making, reading, changing and deleting rooms.

mod making;

use serde_json::{Value, json};

use crate::harness::room::room_of;
use crate::harness::shape::steady;
use crate::harness::{Client, Fields, Server, an_order, shape};

#[tokio::test]
async fn an_accepted_order_opens_its_room_and_its_people_are_in_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let seen = room.seen_by(&room.service).await;

    shape::room(&seen);
    assert_eq!(seen["order"], room.order.as_str());
    assert_eq!(seen["order_number"], format!("N-{}", room.order));
    assert_eq!(seen["order_status"], "accepted");
    assert_eq!(seen["delivery_status"], "assigned");
    assert_eq!(seen["status"], "open");
    assert_eq!(seen["is_public"], false);
    assert_eq!(seen["max_participants"], 10);
    assert_eq!(seen["participant_count"], 4);
    assert_eq!(seen["room_title"], format!("Order #N-{} Chat", room.order));
    assert_eq!(
        seen["my_participant"],
        Value::Null,
        "the service is nobody's participant"
    );

    let roles: Vec<_> = room
        .participants()
        .await
        .iter()
        .map(|participant| (participant.string("user"), participant.string("role")))
        .collect();
    for (user, role) in [
        (&room.customer.user, "customer"),
        (&room.rider.user, "rider"),
        (&room.pharmacist.user, "pharmacy"),
        (&room.colleague.user, "pharmacy"),
    ] {
        assert!(
            roles.contains(&(user.clone(), role.into())),
            "{user} is in {roles:?} as {role}"
        );
    }
    for person in [&room.customer, &room.rider, &room.pharmacist] {
        let seen = room.seen_by(person).await;
        shape::room(&seen);
        assert!(
            !seen["my_participant"].is_null(),
            "{} is in it",
            person.user
        );
    }
}

#[tokio::test]
async fn a_room_answers_to_its_uuid_and_to_its_short_code() {
    let server = Server::start().await;
    let room = server.open_room().await;

    let id = uuid::Uuid::parse_str(&room.id).expect("the id is a UUID");
    assert_eq!(id.get_version_num(), 7);
    let groups: Vec<_> = room.code.split('-').collect();
    assert_eq!(groups.len(), 3, "{}", room.code);
    assert_eq!(groups[0], "CHAT");
    for group in &groups[1..] {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        assert!(
            group.len() == 4 && group.chars().all(plain),
            "{}",
            room.code
        );
    }

    let message = room.customer.say(&room, "hello").await;
    for rest in ["", "messages/", "participants/", "events/"] {
        let by_code = format!("/api/chat/rooms/{}/{rest}", room.code);
        assert_eq!(
            steady(room.customer.get(&by_code).await.ok(200)),
            steady(room.customer.get(&room.at(rest)).await.ok(200)),
        );
    }
    let read = format!("/api/chat/rooms/{}/read/", room.code);
    room.rider.act(&read).await.ok(200);
    assert_eq!(message["room"], room.id.as_str());
}

#[tokio::test]
async fn title_description_and_capacity_have_their_rules() {
    let server = Server::start().await;
    let service = server.service();
    service
        .report(&an_order("o").with("status", "pending"))
        .await
        .ok(201);
    let refused = [
        json!({ "order": "o", "description": "without a title" }),
        json!({ "order": "o", "max_participants": 1 }),
        json!({ "order": "o", "max_participants": 51 }),
        json!({ "order": "o", "max_participants": "ten" }),
        json!({ "order": "o", "max_participants": 2.5 }),
        json!({ "order": "o", "title": "a\u{7}b" }),
        json!({ "order": "o", "title": "\u{200b}\u{200b}" }),
        json!({ "order": "o", "is_public": "yes" }),
        json!({ "order": 7 }),
        json!({}),
    ];
    for draft in refused {
        service.post("/api/chat/rooms/", draft).await.refused(422);
    }
    assert_eq!(room_of(&service, "o").await, None);
    let most = json!({ "order": "o", "title": "T", "max_participants": 50, "is_public": true });
    let room = service.post("/api/chat/rooms/", most).await.ok(201);
    assert_eq!(
        (&room["max_participants"], &room["is_public"]),
        (&json!(50), &json!(true))
    );
}

#[tokio::test]
async fn what_a_change_leaves_out_stays() {
    let server = Server::start().await;
    let room = server.open_room().await;

    room.pharmacist
        .patch(&room.at(""), json!({ "description": "d" }))
        .await
        .refused(422);
    let changed = room
        .pharmacist
        .put(&room.at(""), json!({ "title": "Antibiotics" }))
        .await
        .ok(200);
    shape::room(&changed);
    assert_eq!(changed["title"], "Antibiotics");
    assert_eq!(changed["max_participants"], 10);
    let event_of_change = changed.number("version");
    assert!(event_of_change > 0 && event_of_change <= changed.number("seq"));

    let changed = room
        .support
        .patch(&room.at(""), json!({ "description": "cold" }))
        .await
        .ok(200);
    assert_eq!(
        (&changed["title"], &changed["description"]),
        (&json!("Antibiotics"), &json!("cold"))
    );
    assert!(changed.number("version") > event_of_change);
    let changed = room
        .admin
        .put(&room.at(""), json!({ "max_participants": 6 }))
        .await
        .ok(200);
    assert_eq!(
        (&changed["description"], &changed["max_participants"]),
        (&json!("cold"), &json!(6))
    );

    room.admin
        .patch(&room.at(""), json!({ "max_participants": 51 }))
        .await
        .refused(422);
    let below = room
        .admin
        .patch(&room.at(""), json!({ "max_participants": 3 }))
        .await;
    assert!(
        [409, 422].contains(&below.status),
        "four are in it: {}",
        below.text
    );
    assert_eq!(room.seen_by(&room.admin).await["max_participants"], 6);
    for client in [&room.customer, &room.rider] {
        client
            .patch(&room.at(""), json!({ "title": "Mine" }))
            .await
            .refused(403);
    }
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_everyone_and_stays_its_orders_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = room.customer.say(&room, "hello").await;
    let participant = room.participant_at(&room.customer, "").await;

    for client in [&room.pharmacist, &room.support, &room.customer] {
        client.delete(&room.at("")).await.refused(403);
    }
    room.admin
        .delete_with(&room.at(""), json!({ "reason": "opened by mistake" }))
        .await
        .ok(204);

    let everybody = room.one_of_each_role();
    for client in everybody {
        for path in [
            room.at(""),
            room.at("messages/"),
            room.at("participants/"),
            room.at("events/"),
            crate::harness::message_path(&message, ""),
            participant.clone(),
        ] {
            client.get(&path).await.refused(404);
        }
        let list = client.get("/api/chat/rooms/?scope=all").await;
        if list.status == 200 {
            assert_eq!(list.json().results(), Vec::<Value>::new());
        }
    }
    room.admin.delete(&room.at("")).await.refused(404);
    room.admin
        .post("/api/chat/rooms/", json!({ "order": room.order }))
        .await
        .refused(409);
    room.order_is("preparing").await;
    assert_eq!(room_of(&room.service, &room.order).await, None);
}

#[tokio::test]
async fn a_room_keeps_its_counts_and_its_last_message() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let before = room.seen_by(&room.customer).await;
    room.rider.say(&room, "on my way").await;
    let last = room.rider.say(&room, &"long ".repeat(60)).await;

    let after = room.seen_by(&room.customer).await;
    assert_eq!(
        after.number("message_count"),
        before.number("message_count") + 2
    );
    assert_eq!(after["last_message"]["id"], last["id"]);
    assert_eq!(after["last_message"]["seq"], last["seq"]);
    assert_eq!(after["last_message"]["is_deleted"], false);
    let excerpt = after["last_message"].string("excerpt");
    assert!(
        excerpt.starts_with("long long") && excerpt.chars().count() <= 100,
        "{excerpt}"
    );
    assert_eq!(after["last_activity"], last["timestamp"]);
    assert_eq!(after["seq"], last["seq"]);
}

#[tokio::test]
async fn a_list_shows_staff_nothing_of_what_was_said_where_they_are_not() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "it itches badly").await;
    let listed = async |client: &Client, scope: &str| {
        let path = format!("/api/chat/rooms/?scope={scope}");
        let rooms = client.get(&path).await.ok(200).results();
        assert_eq!(rooms.len(), 1, "{rooms:?}");
        rooms[0].clone()
    };
    // Opening a room that one is not in is recorded; a list is not.
    let by_claim = server.pharmacy("not-in-it", "ph1");
    for outside in [&room.support, &room.admin, &by_claim] {
        let row = listed(outside, "all").await;
        assert_eq!(row["last_message"], Value::Null);
        assert_eq!(row["last_message_preview"], Value::Null);
        assert!(row["message_count"].as_i64() > Some(0));
        let opened = room.seen_by(outside).await;
        assert_eq!(opened["last_message_preview"], "it itches badly");
    }
    for (reader, scope) in [(&room.pharmacist, "mine"), (&room.service, "all")] {
        let row = listed(reader, scope).await;
        assert_eq!(row["last_message_preview"], "it itches badly");
    }
    room.support.act(&room.at("join/")).await.ok(200);
    let row = listed(&room.support, "all").await;
    assert_eq!(row["last_message_preview"], "it itches badly");
}
