//! Who is given a file: A2, A8, A23 of the threat model.

use serde_json::{Value, json};

use crate::harness::upload::{Form, pdf};
use crate::harness::{Client, Fields, Room, Server, message_path};

async fn sent(room: &Room, by: &Client) -> Value {
    let form = Form::file("a.pdf", "application/pdf", &pdf(1_000));
    by.send_file(room, form).await.ok(201)
}

async fn link(by: &Client, message: &Value) -> String {
    let path = format!("{}url/", message.str("file_path"));
    by.act(&path).await.ok(200).string("url")
}

#[tokio::test]
async fn a_file_of_a_room_one_is_not_in_does_not_exist() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let other = server.open_room().await;
    let message = sent(&room, &room.customer).await;
    let path = message.str("file_path");
    let unknown = "/api/chat/attachments/0191f6a8-2f00-7000-8000-000000000000/";
    let stranger = &other.customer;
    let hidden = stranger.get(path).await;
    let missing = stranger.get(unknown).await;
    assert_eq!(hidden.refused(404), missing.refused(404));
    stranger.act(&format!("{path}url/")).await.refused(404);
    stranger
        .get(&format!("{path}thumbnail/"))
        .await
        .refused(404);
    // Of this room it names no thumbnail either.
    room.rider
        .get(&format!("{path}thumbnail/"))
        .await
        .refused(404);
}

#[tokio::test]
async fn a_deleted_message_has_no_file_any_more_by_no_way() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = sent(&room, &room.customer).await;
    let link = link(&room.rider, &message).await;
    room.customer
        .delete(&message_path(&message, ""))
        .await
        .ok(204);
    for who in [&room.customer, &room.rider, &room.admin] {
        who.get(message.str("file_path")).await.refused(404);
    }
    assert_eq!(server.anonymous().download(&link).await.status, 404);
    let tombstone = room.rider.get(&message_path(&message, "")).await.ok(200);
    for field in [
        "file",
        "file_path",
        "file_name",
        "file_size",
        "file_type",
        "image",
    ] {
        assert_eq!(tombstone[field], Value::Null, "{field}");
    }
}

#[tokio::test]
async fn who_is_blocked_or_removed_is_given_nothing_by_bearer_or_link() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = sent(&room, &room.customer).await;
    let link = link(&room.rider, &message).await;
    let path = room.participant_at(&room.rider, "block/").await;
    room.admin.act(&path).await.ok(200);
    room.rider.get(message.str("file_path")).await.refused(404);
    assert_eq!(server.anonymous().download(&link).await.status, 404);
}

#[tokio::test]
async fn a_revoked_users_link_is_dead() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = sent(&room, &room.customer).await;
    let link = link(&room.rider, &message).await;
    let path = format!("/api/users/{}/revoke/", room.rider.user);
    room.service.act(&path).await.ok(200);
    assert_eq!(server.anonymous().download(&link).await.status, 404);
}

#[tokio::test]
async fn a_file_that_is_not_sent_yet_is_its_uploaders_alone() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let form = Form::file("a.pdf", "application/pdf", &pdf(1_000));
    let uploaded = room.customer.upload(&room, form).await.ok(201);
    let path = uploaded.str("file_path");
    assert_eq!(room.customer.download(path).await.ok(), pdf(1_000));
    for who in [&room.rider, &room.pharmacist, &room.admin] {
        who.get(path).await.refused(404);
    }
}

#[tokio::test]
async fn who_came_later_is_not_given_what_was_sent_before() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = sent(&room, &room.customer).await;
    let late = server.customer("late");
    room.service
        .put(
            "/api/users/late/",
            json!({ "name": "Late", "role": "customer" }),
        )
        .await
        .ok(201);
    let body = json!({ "user": "late" });
    room.pharmacist
        .post(&room.at("participants/"), body)
        .await
        .ok(201);
    late.get(message.str("file_path")).await.refused(404);
    let after = sent(&room, &room.customer).await;
    assert_eq!(late.download(after.str("file_path")).await.ok(), pdf(1_000));
}

#[tokio::test]
async fn who_may_not_write_or_attach_uploads_nothing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let other = server.open_room().await;
    let form = || Form::file("a.pdf", "application/pdf", &pdf(1_000));
    for path in [room.at("messages/"), room.at("attachments/")] {
        other.customer.post_form(&path, form()).await.refused(404);
        let nobody = server.anonymous().post_form(&path, form()).await;
        nobody.refused(401);
    }
    room.mute(&room.customer).await;
    let muted = room.customer.send_file(&room, form()).await.refused(403);
    assert_eq!(muted["type"], "urn:orderchat:problem:muted");
    room.customer.upload(&room, form()).await.refused(403);
}
