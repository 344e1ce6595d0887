//! Who finds what: nobody more than they may read now.

use serde_json::json;

use super::{NOTHING, search, texts};
use crate::harness::{Identity, Server, message_path, random_id};

#[tokio::test]
async fn everybody_finds_what_they_may_read_and_nothing_else() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "the canary sings").await;
    for client in room.one_of_each_role() {
        assert_eq!(
            texts(client, "canary").await,
            ["the canary sings"],
            "{}",
            client.user
        );
    }
    let colleague = server.pharmacy("not-in-it", "ph1");
    assert_eq!(texts(&colleague, "canary").await, ["the canary sings"]);
    for outsider in [
        server.customer("somebody"),
        server.rider("somebody"),
        server.pharmacy("elsewhere", "ph2"),
    ] {
        assert_eq!(texts(&outsider, "canary").await, NOTHING);
        let there = outsider
            .get(&search("canary", &format!("&room={}", room.id)))
            .await;
        let nowhere = outsider
            .get(&search("canary", &format!("&room={}", random_id())))
            .await;
        there.refused(404);
        assert_eq!(there.fingerprint(), nowhere.fingerprint());
    }
}

#[tokio::test]
async fn a8_who_is_blocked_removed_or_gone_finds_nothing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "the canary sings").await;
    let block = room.participant_at(&room.pharmacist, "block/").await;
    room.admin.act(&block).await.ok(200);
    room.remove(&room.rider).await;
    room.colleague.act(&room.at("leave/")).await.ok(200);
    room.customer.act(&room.at("leave/")).await.ok(200);
    for gone in [&room.pharmacist, &room.rider, &room.customer] {
        assert_eq!(texts(gone, "canary").await, NOTHING, "{}", gone.user);
        gone.get(&search("canary", &format!("&room={}", room.id)))
            .await
            .refused(404);
    }
    assert_eq!(
        texts(&room.colleague, "canary").await.len(),
        1,
        "theirs by the pharmacy"
    );
    room.customer.act(&room.at("join/")).await.ok(200);
    assert_eq!(
        texts(&room.customer, "canary").await.len(),
        1,
        "who came back finds it again"
    );
}

#[tokio::test]
async fn who_came_later_finds_only_what_was_said_since() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "canary before").await;
    room.make_public().await;
    let guest = server.customer("guest");
    guest.act(&room.at("join/")).await;
    room.customer.say(&room, "canary after").await;
    assert_eq!(texts(&guest, "canary").await, ["canary after"]);
    assert_eq!(texts(&guest, "ca").await, ["canary after"]);
    room.rider_is("rider-two").await;
    assert_eq!(texts(&server.rider("rider-two"), "canary").await, NOTHING);
    assert_eq!(texts(&room.rider, "canary").await, NOTHING, "handed over");
}

#[tokio::test]
async fn a_token_for_one_room_searches_there() {
    let server = Server::start().await;
    let (one, other) = (server.open_room().await, server.open_room().await);
    for room in [&one, &other] {
        room.service
            .post(
                &room.at("participants/"),
                json!({ "user": one.customer.user }),
            )
            .await;
        room.customer.say(room, "the canary sings").await;
    }
    assert_eq!(texts(&one.customer, "canary").await.len(), 2);
    let bound = Identity::new("customer", &one.customer.user).with("room", one.code.as_str());
    assert_eq!(texts(&server.client(&bound), "canary").await.len(), 1);
    let admin = Identity::new("admin", "a").with("room", other.id.as_str());
    let found = server.client(&admin).all(&search("canary", "")).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["room"], other.id.as_str());
}

#[tokio::test]
async fn g18_an_edited_text_is_found_as_it_is_now_and_a_deleted_one_not_at_all() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let edited = room.customer.say(&room, "two boxes of paracetamol").await;
    let deleted = room.customer.say(&room, "my canary number").await;
    let edit = json!({ "content": "two boxes of ibuprofen" });
    room.customer
        .patch(&message_path(&edited, ""), edit)
        .await
        .ok(200);
    room.customer
        .delete(&message_path(&deleted, ""))
        .await
        .ok(204);
    for client in [&room.customer, &room.admin] {
        assert_eq!(texts(client, "paracetamol").await, NOTHING);
        assert_eq!(texts(client, "boxes of").await, ["two boxes of ibuprofen"]);
        assert_eq!(texts(client, "bo").await, ["two boxes of ibuprofen"]);
        assert_eq!(texts(client, "canary").await, NOTHING);
        assert_eq!(texts(client, "ca").await, NOTHING);
    }
}

#[tokio::test]
async fn a_deleted_room_is_not_searched() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "the canary sings").await;
    room.admin.delete(&room.at("")).await.ok(204);
    for client in [&room.customer, &room.pharmacist, &room.admin, &room.service] {
        assert_eq!(texts(client, "canary").await, NOTHING, "{}", client.user);
        assert_eq!(texts(client, &room.code).await, NOTHING, "{}", client.user);
    }
}

#[tokio::test]
async fn a_card_number_is_found_by_what_is_left_of_it_only() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer
        .say(&room, "card 4111 1111 1111 1111 please")
        .await;
    assert_eq!(texts(&room.admin, "1111 1111 1111").await, NOTHING);
    assert_eq!(texts(&room.admin, "please").await.len(), 1);
}
