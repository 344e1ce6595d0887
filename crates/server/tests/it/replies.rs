//! Replies: `reply_to` and `/messages/{id}/reply/`.

use serde_json::{Value, json};

use crate::harness::{Fields, Server, message_path, random_id, shape};

#[tokio::test]
async fn a_reply_quotes_what_it_answers() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let question = room
        .customer
        .say(&room, &"Where do I find the leaflet? ".repeat(20))
        .await;
    let draft = json!({ "content": "In the box.", "reply_to": question["id"] });
    let by_field = room.pharmacist.send(&room, draft).await.ok(201);
    let body = json!({ "content": "Or online." });
    let by_route = room
        .colleague
        .post(&message_path(&question, "reply/"), body)
        .await
        .ok(201);

    for reply in [&by_field, &by_route] {
        shape::message(reply);
        let quote = &reply["reply_to"];
        assert_eq!(
            (&quote["id"], &quote["seq"]),
            (&question["id"], &question["seq"])
        );
        assert_eq!(quote["is_deleted"], false);
        assert!(quote["sender_name"].is_string());
        let excerpt = quote.string("excerpt");
        assert!(excerpt.starts_with("Where do I"), "{excerpt}");
        assert!(excerpt.chars().count() <= 100, "{excerpt}");
    }
    let answered = room
        .customer
        .get(&message_path(&question, ""))
        .await
        .ok(200);
    assert_eq!(answered["reply_count"], 2);
}

#[tokio::test]
async fn a_reply_stays_in_its_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let other = server.open_room().await;
    let elsewhere = other.customer.say(&other, "in another room").await;
    // The same staff reach both rooms, so that nothing but the rule stands in the way.
    let heads = (room.head().await, other.head().await);
    for stranger in [
        elsewhere["id"].clone(),
        json!(random_id()),
        json!("x"),
        json!(7),
    ] {
        let draft = json!({ "content": "a", "reply_to": stranger });
        for client in [&room.pharmacist, &room.admin, &room.customer] {
            let answer = client.send(&room, draft.clone()).await;
            assert!(
                [404, 422].contains(&answer.status),
                "{}: {}",
                answer.request,
                answer.text
            );
            answer.problem();
        }
    }
    assert_eq!(
        (room.head().await, other.head().await),
        heads,
        "nothing was written"
    );
    let unknown = format!("/api/chat/messages/{}/reply/", random_id());
    room.customer
        .post(&unknown, json!({ "content": "a" }))
        .await
        .refused(404);
    room.customer
        .post(
            &message_path(&elsewhere, "reply/"),
            json!({ "content": "a" }),
        )
        .await
        .refused(404);
}

#[tokio::test]
async fn a_quote_of_a_deleted_message_shows_no_text() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let question = room.customer.say(&room, "what a secret").await;
    let draft = json!({ "content": "oh", "reply_to": question["id"] });
    let reply = room.rider.send(&room, draft).await.ok(201);
    room.customer
        .delete(&message_path(&question, ""))
        .await
        .ok(204);

    let seen = room.rider.get(&message_path(&reply, "")).await;
    assert_eq!(seen.ok(200)["reply_to"]["is_deleted"], true);
    assert!(!seen.text.contains("what a secret"), "{}", seen.text);
}

#[tokio::test]
async fn a_quote_of_what_one_may_not_see_is_null() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let early = room.customer.say(&room, "before the new rider").await;
    room.rider_is("next").await;
    let next = server.rider("next");
    next.get(&message_path(&early, "")).await.refused(404);
    next.post(&message_path(&early, "reply/"), json!({ "content": "a" }))
        .await
        .refused(404);

    let draft = json!({ "content": "as I said", "reply_to": early["id"] });
    let reply = room.customer.send(&room, draft).await.ok(201);
    let seen = next.get(&message_path(&reply, "")).await;
    assert_eq!(seen.ok(200)["reply_to"], Value::Null);
    assert!(!seen.text.contains("before the new rider"), "{}", seen.text);
}
