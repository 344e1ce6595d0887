//! `PUT`, `PATCH` and `DELETE /messages/{id}/`.

use serde_json::json;

use crate::harness::{Fields, Server, message_path, shape};

#[tokio::test]
async fn whoever_wrote_a_text_may_change_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for writer in [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.support,
        &room.admin,
    ] {
        let sent = writer.say(&room, "good").await;
        let path = message_path(&sent, "");
        let edited = writer
            .patch(&path, json!({ "content": " better \r\n" }))
            .await
            .ok(200);
        shape::message(&edited);
        assert_eq!(
            (&edited["content"], &edited["is_edited"]),
            (&json!("better"), &json!(true))
        );
        shape::is_time(&edited.string("edited_at"));
        assert_eq!(edited["seq"], sent["seq"], "an edit moves nothing");
        assert!(edited.number("version") > sent.number("version"));

        let again = writer
            .put(&path, json!({ "content": "best" }))
            .await
            .ok(200);
        assert!(again.number("version") > edited.number("version"));
        assert_eq!(room.rider.get(&path).await.ok(200)["content"], "best");
    }
}

#[tokio::test]
async fn nobody_changes_what_others_wrote() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.customer.say(&room, "mine").await;
    let path = message_path(&sent, "");
    let others = [
        &room.rider,
        &room.pharmacist,
        &room.support,
        &room.admin,
        &room.service,
    ];
    for other in others {
        other
            .patch(&path, json!({ "content": "yours" }))
            .await
            .refused(403);
    }
    for other in [&room.rider, &room.pharmacist, &room.service] {
        other.delete(&path).await.refused(403);
    }
    assert_eq!(room.customer.get(&path).await.ok(200)["content"], "mine");
}

#[tokio::test]
async fn an_edit_is_a_text_like_any_other() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let path = message_path(&room.customer.say(&room, "mine").await, "");
    let head = room.head().await;
    for wrong in [
        json!({ "content": "" }),
        json!({ "content": "\u{200b}" }),
        json!({ "content": "x".repeat(8_001) }),
        json!({ "content": 7 }),
        json!({ "content": "a", "metadata": {} }),
        json!({ "content": "a", "sender": "me" }),
    ] {
        room.customer.patch(&path, wrong).await.refused(422);
    }
    assert_eq!(room.head().await, head);
    let edited = room
        .customer
        .patch(&path, json!({ "content": "5500005555555559" }))
        .await
        .ok(200);
    assert!(
        !edited.string("content").contains("5500005555555559"),
        "{edited}"
    );
}

#[tokio::test]
async fn only_texts_can_be_edited() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let news = json!({ "message_type": "system", "content": "Packed." });
    let system = room.service.send(&room, news).await.ok(201);
    let deleted = room.customer.say(&room, "gone").await;
    room.customer
        .delete(&message_path(&deleted, ""))
        .await
        .ok(204);

    for (client, message) in [(&room.service, &system), (&room.customer, &deleted)] {
        let answer = client
            .patch(&message_path(message, ""), json!({ "content": "x" }))
            .await;
        assert!([403, 404, 409].contains(&answer.status), "{}", answer.text);
    }
    assert_eq!(
        room.admin.get(&message_path(&system, "")).await.ok(200)["content"],
        "Packed."
    );
}

#[tokio::test]
async fn a_deleted_message_is_a_tombstone_for_everybody() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let secret = "canary-of-a-deleted-text";
    let draft = json!({ "content": secret, "metadata": { "note": secret } });
    let sent = room.customer.send(&room, draft).await.ok(201);
    let reply = json!({ "content": "I see", "reply_to": sent["id"] });
    let reply = room.rider.send(&room, reply).await.ok(201);
    room.customer.delete(&message_path(&sent, "")).await.ok(204);

    let viewers = room.one_of_each_role();
    for viewer in viewers {
        let seen = viewer.get(&message_path(&sent, "")).await.ok(200);
        shape::message(&seen);
        assert_eq!(
            (&seen["content"], &seen["is_deleted"]),
            (&json!(""), &json!(true))
        );
        shape::is_time(&seen.string("deleted_at"));
        assert_eq!(seen["seq"], sent["seq"]);
        assert_eq!(
            (&seen["can_be_edited"], &seen["can_be_deleted"]),
            (&json!(false), &json!(false))
        );
        let quote = viewer.get(&message_path(&reply, "")).await.ok(200)["reply_to"].clone();
        assert_eq!(
            (&quote["id"], &quote["is_deleted"]),
            (&sent["id"], &json!(true))
        );
        for path in [
            "".to_owned(),
            "messages/".into(),
            "events/?after=0&limit=200".into(),
            "participants/".into(),
        ] {
            let answer = viewer.get(&room.at(&path)).await;
            assert!(
                !answer.text.contains(secret),
                "{} shows a deleted text",
                answer.request
            );
        }
        let rooms = viewer.get("/api/chat/rooms/?scope=mine").await;
        assert!(!rooms.text.contains(secret));
    }
}

#[tokio::test]
async fn support_and_admin_delete_any_message_and_say_why() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for moderator in [&room.support, &room.admin] {
        let sent = room.rider.say(&room, "an insult").await;
        let path = message_path(&sent, "");
        moderator.delete(&path).await.refused(422);
        moderator.delete_with(&path, json!({})).await.refused(422);
        moderator
            .delete_with(&path, json!({ "reason": "  " }))
            .await
            .refused(422);
        assert_eq!(room.customer.get(&path).await.ok(200)["is_deleted"], false);
        moderator
            .delete_with(&path, json!({ "reason": "insult" }))
            .await
            .ok(204);
        let seen = room.customer.get(&path).await;
        assert_eq!(seen.ok(200)["is_deleted"], true);
        assert!(!seen.text.contains("insult"), "the reason is for admins");
    }
}

#[tokio::test]
async fn edits_and_deletions_are_events_that_show_the_message_as_it_now_is() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.customer.say(&room, "first").await;
    let path = message_path(&sent, "");
    room.customer
        .patch(&path, json!({ "content": "second" }))
        .await
        .ok(200);
    room.customer.delete(&path).await.ok(204);

    let log = room.log_seen_by(&room.rider).await;
    let of_message: Vec<_> = log
        .iter()
        .filter(|event| event["data"]["message"]["id"] == sent["id"])
        .collect();
    let kinds: Vec<_> = of_message
        .iter()
        .map(|event| event.string("kind"))
        .collect();
    assert_eq!(
        kinds,
        ["message.created", "message.edited", "message.deleted"]
    );
    let last = of_message[2].number("seq");
    for event in of_message {
        let message = &event["data"]["message"];
        assert_eq!(
            (&message["content"], &message["is_deleted"]),
            (&json!(""), &json!(true))
        );
        assert_eq!(message.number("version"), last);
    }
}

#[tokio::test]
async fn deleting_does_not_touch_the_messages_around() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut sent = Vec::new();
    for number in 0..5 {
        sent.push(room.customer.say(&room, &format!("message {number}")).await);
    }
    room.customer
        .delete(&message_path(&sent[2], ""))
        .await
        .ok(204);
    let texts: Vec<_> = room
        .messages_seen_by(&room.rider)
        .await
        .iter()
        .filter(|message| message["message_type"] == "text")
        .map(|message| message.string("content"))
        .collect();
    assert_eq!(
        texts,
        ["message 0", "message 1", "", "message 3", "message 4"]
    );
    let last = room.seen_by(&room.rider).await["last_message"].clone();
    assert_eq!(last["id"], sent[4]["id"]);
}
