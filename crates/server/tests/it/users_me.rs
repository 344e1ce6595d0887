//! `/api/users/` and `/api/chat/me/`: who somebody is.

use serde_json::{Value, json};

use crate::harness::{Client, Fields, Identity, Server, encode, now_s, random_id};

#[tokio::test]
async fn the_service_makes_users_known_and_changes_them() {
    let server = Server::start().await;
    let service = server.service();
    let path = "/api/users/noor/";
    let body = json!({
        "name": "Noor", "role": "pharmacy", "email": "noor@example.com", "pharmacy": "ph1",
        "language": "ar",
    });
    service.put(path, body.clone()).await.ok(201);
    service.put(path, body).await.ok(200);
    service
        .put(path, json!({ "name": "Noor H.", "role": "pharmacy" }))
        .await
        .ok(200);
    let several = json!({ "name": "Pavel", "role": "pharmacy", "pharmacy": ["ph1", "ph2"] });
    service.put("/api/users/pavel/", several).await.ok(201);
    let odd = "ä/ö ?";
    let path = format!("/api/users/{}/", encode(odd));
    service
        .put(&path, json!({ "name": "Odd", "role": "customer" }))
        .await
        .ok(201);
}

#[tokio::test]
async fn users_are_checked_field_by_field() {
    let server = Server::start().await;
    let service = server.service();
    for wrong in [
        json!({ "role": "customer" }),
        json!({ "name": "A" }),
        json!({ "name": "A", "role": "service" }),
        json!({ "name": "A", "role": "system" }),
        json!({ "name": "A", "role": "Admin" }),
        json!({ "name": 7, "role": "customer" }),
        json!({ "name": "a\u{0}", "role": "customer" }),
        json!({ "name": "A", "role": "pharmacy", "pharmacy": 7 }),
        json!({ "name": "A", "role": "customer", "sub": "b" }),
    ] {
        service.put("/api/users/a/", wrong).await.refused(422);
    }
    for other in [server.customer("a"), server.support("s"), server.admin("b")] {
        other
            .put("/api/users/a/", json!({ "name": "A", "role": "admin" }))
            .await
            .refused(403);
        other.act("/api/users/a/revoke/").await.refused(403);
    }
}

#[tokio::test]
async fn a_name_given_by_the_service_wins_over_token_and_order() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let token = Identity::new("pharmacy", &room.pharmacist.user)
        .with("pharmacy", "ph1")
        .with("name", "Name of the token");
    let pharmacist = server.client(&token);
    pharmacist.say(&room, "hello").await;
    let by_token = room.participant(&pharmacist).await.string("user_full_name");
    assert_eq!(by_token, "Name of the token", "a token wins over the order");

    let path = format!("/api/users/{}/", room.pharmacist.user);
    let given = json!({ "name": "Name of the service", "role": "pharmacy" });
    room.service.put(&path, given).await.ok(200);
    pharmacist.say(&room, "hello again").await;
    room.order_is("preparing").await;
    assert_eq!(
        room.participant(&pharmacist).await["user_full_name"],
        "Name of the service"
    );
}

#[tokio::test]
async fn revoking_kills_every_token_issued_until_now() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let second_token = Identity::new("customer", &room.customer.user).with("iat", now_s() - 60);
    let second = server.client(&second_token);
    second.get("/api/chat/rooms/").await.ok(200);

    let path = format!("/api/users/{}/revoke/", room.customer.user);
    room.service.act(&path).await.ok(200);
    for dead in [&room.customer, &second] {
        dead.get("/api/chat/rooms/").await.refused(401);
        dead.get(&room.at("")).await.refused(401);
        dead.send(&room, json!({ "content": "x" }))
            .await
            .refused(401);
    }
    room.rider.get(&room.at("")).await.ok(200);

    // Within the leeway on iat, so that the test need not wait for the next second.
    let later = Identity::new("customer", &room.customer.user).with("iat", now_s() + 5);
    server.client(&later).get(&room.at("")).await.ok(200);
}

/// A shop that withdraws a token knows whom it gave it to, and not whether they came.
#[tokio::test]
async fn who_has_not_come_yet_can_be_revoked() {
    let server = Server::start().await;
    let (service, stolen) = (server.service(), server.rider("never-here"));
    let told = service.act("/api/users/never-here/revoke/").await.ok(200);
    assert_eq!((&told["name"], &told["role"]), (&Value::Null, &Value::Null));
    let rider = json!({ "name": "Ria", "role": "rider" });
    let later = Identity::new("rider", "never-here").with("iat", now_s() + 5);
    let later = server.client(&later);
    let put = service.put("/api/users/never-here/", rider).await;
    put.ok(201);
    stolen.get("/api/chat/rooms/").await.refused(401);
    let me = later.get("/api/chat/me/").await.ok(200);
    assert_eq!(me["role"], "rider", "{me}");
}

#[tokio::test]
async fn another_role_revokes_the_users_tokens() {
    let server = Server::start().await;
    let service = server.service();
    service.make_known("sam", "support").await;
    let sam = server.support("sam");
    sam.get("/api/chat/rooms/").await.ok(200);
    service
        .put(
            "/api/users/sam/",
            json!({ "name": "Sam", "role": "support" }),
        )
        .await
        .ok(200);
    sam.get("/api/chat/rooms/").await.ok(200);
    service
        .put(
            "/api/users/sam/",
            json!({ "name": "Sam", "role": "customer" }),
        )
        .await
        .ok(200);
    sam.get("/api/chat/rooms/").await.refused(401);
}

#[tokio::test]
async fn everybody_reads_their_own_profile() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for person in [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.support,
        &room.admin,
    ] {
        let me = person.get("/api/chat/me/").await;
        me.ok(200);
        assert!(
            me.text.contains(&person.user),
            "one's own id is no secret: {}",
            me.text
        );
    }
    server.anonymous().get("/api/chat/me/").await.refused(401);
}

#[tokio::test]
async fn one_changes_ones_own_language_only() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let changed = room
        .customer
        .patch("/api/chat/me/", json!({ "language": "de" }))
        .await
        .ok(200);
    assert_eq!(changed["language"], "de");
    assert_eq!(
        room.customer.get("/api/chat/me/").await.ok(200)["language"],
        "de"
    );
    assert_ne!(
        room.rider.get("/api/chat/me/").await.ok(200)["language"],
        "de"
    );
    for wrong in [
        json!({ "role": "admin" }),
        json!({ "id": "somebody" }),
        json!({ "language": 7 }),
        json!({ "pharmacies": ["ph1"] }),
        Value::Null,
    ] {
        room.customer
            .patch("/api/chat/me/", wrong)
            .await
            .refused(422);
    }
}

#[tokio::test]
async fn a_token_for_one_room_tells_of_that_room_only() {
    let server = Server::start().await;
    let (one, other) = (server.open_room().await, server.open_room().await);
    let staff = server.support("support-1");
    for (room, count) in [(&one, 1), (&other, 3)] {
        staff.act(&room.at("join/")).await.ok(200);
        staff.act(&room.at("read/")).await.ok(200);
        for _ in 0..count {
            room.customer.say(room, "hello").await;
        }
    }
    let unread = async |client: &Client| {
        let me = client.get("/api/chat/me/").await.ok(200);
        (me.number("unread_rooms"), me.number("unread_count"))
    };
    assert_eq!(unread(&staff).await, (2, 4));
    let bound = |room: &str| {
        let token = Identity::new("support", "support-1").with("room", room);
        server.client(&token)
    };
    assert_eq!(unread(&bound(&one.id)).await, (1, 1));
    assert_eq!(unread(&bound(&other.code)).await, (1, 3));
    for nothing in [random_id().as_str(), "CHAT-2222-2222"] {
        assert_eq!(unread(&bound(nothing)).await, (0, 0));
    }
    other.admin.delete(&other.at("")).await.ok(204);
    assert_eq!(unread(&bound(&other.id)).await, (0, 0));
}

#[tokio::test]
async fn a_rooms_preferences_start_from_ones_own() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let guest = server.customer("guest-1");
    let quiet = json!({ "notification_preferences": { "sound": false, "shop": "x" } });
    guest.patch("/api/chat/me/", quiet).await.ok(200);
    room.make_public().await;
    guest.act(&room.at("join/")).await.ok(200);
    let own = |room: &Value| room["my_participant"]["notification_preferences"].clone();
    let started = own(&room.seen_by(&guest).await);
    assert_eq!(
        (&started["sound"], &started["shop"]),
        (&json!(false), &json!("x"))
    );
    assert_eq!(started["messages"], true);

    // From there on each is its own.
    let loud = json!({ "notification_preferences": { "sound": true } });
    guest.patch("/api/chat/me/", loud).await.ok(200);
    assert_eq!(own(&room.seen_by(&guest).await)["sound"], false);
}
