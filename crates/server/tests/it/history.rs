//! Earlier texts, deleted originals and reasons: `/messages/{id}/history/`, for admins.

use serde_json::{Value, json};

use crate::harness::{Fields, Room, Server, message_path, random_id, shape};

/// Texts that only admins may find, and a reason.
const CANARIES: [&str; 4] = [
    "canary-first",
    "canary-second",
    "canary-metadata",
    "canary-why",
];

/// A message that was edited and deleted, with canaries in all that it ever was.
async fn taken_back(room: &Room) -> Value {
    let draft = json!({ "content": "canary-first", "metadata": { "note": "canary-metadata" } });
    let sent = room.customer.send(room, draft).await.ok(201);
    let path = message_path(&sent, "");
    room.customer
        .patch(&path, json!({ "content": "canary-second" }))
        .await
        .ok(200);
    room.support
        .delete_with(&path, json!({ "reason": "canary-why" }))
        .await
        .ok(204);
    sent
}

#[tokio::test]
async fn admins_read_what_a_message_was_and_why_it_is_gone() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = taken_back(&room).await;
    let page = room
        .admin
        .get(&message_path(&sent, "history/"))
        .await
        .ok(200);
    let revisions = page.results();
    let kinds: Vec<_> = revisions.iter().map(|one| one.string("kind")).collect();
    assert_eq!(kinds, ["created", "edited", "deleted"]);
    for revision in &revisions {
        shape::is_time(&revision.string("at"));
    }
    assert_eq!(revisions[0]["content"], "canary-first");
    assert_eq!(
        revisions[0]["metadata"],
        json!({ "note": "canary-metadata" })
    );
    assert_eq!(revisions[0]["version"], sent["seq"]);
    assert_eq!(revisions[0]["by"]["role"], "customer");
    assert_eq!(revisions[1]["content"], "canary-second");
    assert_eq!(revisions[1]["reason"], Value::Null);
    assert_eq!(revisions[2]["content"], Value::Null);
    assert_eq!(revisions[2]["reason"], "canary-why");
    assert_eq!(revisions[2]["by"]["role"], "support");

    for limit in [1, 2, 3] {
        let path = message_path(&sent, &format!("history/?limit={limit}"));
        assert_eq!(room.admin.all(&path).await, revisions, "by {limit}");
    }
    let last = room
        .admin
        .get(&message_path(&sent, "history/?limit=2"))
        .await
        .ok(200);
    let last = room.admin.get(&last.string("next")).await.ok(200);
    let first = room.admin.get(&last.string("previous")).await.ok(200);
    assert_eq!(first.results(), &revisions[..2]);
}

#[tokio::test]
async fn a_message_that_nobody_changed_has_one_revision() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let news = json!({ "message_type": "system", "content": "Packed." });
    let system = room.service.send(&room, news).await.ok(201);
    let plain = room.rider.say(&room, "hello").await;
    let other = room.rider.say(&room, "other").await;
    room.rider
        .patch(&message_path(&other, ""), json!({ "content": "changed" }))
        .await
        .ok(200);
    for (message, content) in [(&system, "Packed."), (&plain, "hello")] {
        let revisions = room.admin.all(&message_path(message, "history/")).await;
        assert_eq!(revisions.len(), 1, "{revisions:?}");
        assert_eq!(revisions[0]["content"], content);
    }
    let system = room.admin.all(&message_path(&system, "history/")).await;
    assert_eq!(system[0]["by"], Value::Null);
}

#[tokio::test]
async fn nobody_else_reads_a_history() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = taken_back(&room).await;
    let path = message_path(&sent, "history/");
    for other in [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.support,
        &room.service,
    ] {
        other.get(&path).await.refused(403);
    }
    let unknown = format!("/api/chat/messages/{}/history/", random_id());
    room.admin.get(&unknown).await.refused(404);
    let stranger = server.customer("stranger");
    let refused = stranger.get(&path).await;
    assert_eq!(
        refused.fingerprint(),
        stranger.get(&unknown).await.fingerprint()
    );
    refused.refused(404);
}

/// 403 would say that there is a message.
#[tokio::test]
async fn of_what_one_may_not_see_nobody_learns_that_it_has_a_history() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let early = room.customer.say(&room, "before the new rider").await;
    room.rider_is("next").await;
    let next = server.rider("next");
    next.get(&message_path(&early, "history/"))
        .await
        .refused(404);
}

#[tokio::test]
async fn g18_what_was_edited_or_deleted_is_in_no_answer_to_anyone_but_admins() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = taken_back(&room).await;
    let reply = json!({ "content": "I see", "reply_to": sent["id"] });
    let reply = room.rider.send(&room, reply).await.ok(201);
    let edited = room.customer.say(&room, "canary-first").await;
    room.customer
        .patch(&message_path(&edited, ""), json!({ "content": "mended" }))
        .await
        .ok(200);
    room.rider
        .post(
            &message_path(&sent, "report/"),
            json!({ "reason": "other" }),
        )
        .await
        .ok(201);

    let paths = [
        "/api/chat/rooms/?scope=mine".to_owned(),
        "/api/chat/rooms/?scope=all".into(),
        "/api/chat/messages/unread/".into(),
        "/api/chat/me/".into(),
        format!("/api/orders/{}/", room.order),
        room.at(""),
        room.at("messages/?limit=200"),
        room.at("events/?after=0&limit=200"),
        room.at("participants/"),
        message_path(&sent, ""),
        message_path(&sent, "thread/"),
        message_path(&sent, "history/"),
        message_path(&reply, ""),
        message_path(&reply, "thread/"),
        message_path(&edited, ""),
        message_path(&edited, "thread/"),
        message_path(&edited, "history/"),
    ];
    let everybody = [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.colleague,
        &room.support,
        &room.service,
        &room.admin,
    ];
    for viewer in everybody {
        for path in &paths {
            let answer = viewer.get(path).await;
            let is_for_them = viewer.user == room.admin.user && path.contains("/history/");
            let shown = CANARIES.iter().any(|canary| answer.text.contains(canary));
            assert_eq!(shown, is_for_them, "{}: {}", viewer.user, answer.request);
        }
    }
}
