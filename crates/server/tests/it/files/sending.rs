//! How a file becomes part of a message.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::upload::{Form, PHOTO, pdf};
use crate::harness::{Fields, Room, Server, message_path, random_id, shape};

fn leaflet() -> Form {
    Form::file("leaflet.pdf", "application/pdf", &pdf(3_000))
}

/// The file that the message shows, as anybody in the room downloads it.
async fn shown(room: &Room, message: &Value) -> Vec<u8> {
    room.rider.download(message.str("file_path")).await.ok()
}

#[tokio::test]
async fn a_file_comes_with_its_message_and_everybody_in_the_room_downloads_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let form = leaflet().with("content", "Read this first.");
    let sent = room.pharmacist.send_file(&room, form).await.ok(201);

    shape::message(&sent);
    assert_eq!(sent["message_type"], "file");
    assert_eq!(sent["content"], "Read this first.");
    assert_eq!(sent["file_name"], "leaflet.pdf");
    assert_eq!(sent["file_size"], 3_000);
    assert_eq!(sent["file_type"], "application/pdf");
    assert_eq!(sent["file"]["pending"], false);
    assert_eq!(sent["image"], Value::Null);
    assert_eq!(sent["is_media_message"], true);
    assert_eq!(shown(&room, &sent).await, pdf(3_000));

    let read = room.customer.get(&message_path(&sent, "")).await.ok(200);
    for field in ["file", "file_path", "file_name", "file_size", "file_type"] {
        assert_eq!(read[field], sent[field], "{field}");
    }
    let listed = room.customer.get(&room.at("messages/?type=file")).await;
    assert_eq!(listed.ok(200)["results"][0]["file"], sent["file"]);
}

#[tokio::test]
async fn a_file_is_uploaded_first_and_named_in_a_message_then_once() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let uploaded = room.customer.upload(&room, leaflet()).await.ok(201);
    assert_eq!(uploaded["file_name"], "leaflet.pdf");
    assert!(uploaded["expires_at"].is_string());

    let draft = json!({ "attachment": uploaded["id"] });
    let sent = room.customer.send(&room, draft.clone()).await.ok(201);
    assert_eq!(sent["file"]["attachment"], uploaded["id"]);
    assert_eq!(
        (&sent["content"], &sent["message_type"]),
        (&json!(""), &json!("file"))
    );
    assert_eq!(shown(&room, &sent).await, pdf(3_000));

    let again = room.customer.send(&room, draft).await.refused(422);
    assert_eq!(again["errors"][0]["pointer"], "/attachment");
}

#[tokio::test]
async fn a_reply_may_bring_a_file_by_either_way() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let question = room.customer.say(&room, "Have you got the leaflet?").await;
    let path = message_path(&question, "reply/");
    let by_form = room.pharmacist.post_form(&path, leaflet()).await.ok(201);
    let uploaded = room.pharmacist.upload(&room, leaflet()).await.ok(201);
    let body = json!({ "attachment": uploaded["id"], "content": "And again." });
    let by_name = room.pharmacist.post(&path, body).await.ok(201);
    for reply in [by_form, by_name] {
        assert_eq!(reply["reply_to"]["id"], question["id"]);
        assert_eq!(reply["file_name"], "leaflet.pdf");
    }
}

#[tokio::test]
async fn a_repeated_upload_is_one_message_and_other_content_under_its_key_is_refused() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let key = random_id();
    for key_first in [false, true] {
        let key = format!("{key}-{key_first}");
        let form = |bytes: &[u8]| {
            let file = |form: Form| form.with_file("a.pdf", "application/pdf", bytes);
            let key = |form: Form| form.with("client_message_id", &key);
            if key_first {
                file(key(Form::default()))
            } else {
                key(file(Form::default()))
            }
        };
        let sent = room
            .customer
            .send_file(&room, form(&pdf(2_000)))
            .await
            .ok(201);
        let again = room
            .customer
            .send_file(&room, form(&pdf(2_000)))
            .await
            .ok(200);
        assert_eq!(again["id"], sent["id"]);
        assert_eq!(again["file"], sent["file"]);
        let other = room.customer.send_file(&room, form(&pdf(2_001))).await;
        other.refused(422);
    }
    let listed = room
        .customer
        .get(&room.at("messages/?type=file"))
        .await
        .ok(200);
    assert_eq!(listed.list("results").len(), 2);
}

#[tokio::test]
async fn a_retry_of_an_accepted_upload_succeeds_in_a_room_closed_meanwhile() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let form = || leaflet().with("client_message_id", "k1");
    let sent = room.customer.send_file(&room, form()).await.ok(201);
    room.pharmacist.act(&room.at("close/")).await.ok(200);
    let again = room.customer.send_file(&room, form()).await.ok(200);
    assert_eq!(again["id"], sent["id"]);
    let other = leaflet().with("client_message_id", "k2");
    room.customer.send_file(&room, other).await.refused(409);
    room.customer.upload(&room, leaflet()).await.refused(409);
}

#[tokio::test]
async fn a_message_names_only_ones_own_file_of_that_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let other = server.open_room().await;
    let elsewhere = room.support.upload(&other, leaflet()).await.ok(201);
    let anothers = room.rider.upload(&room, leaflet()).await.ok(201);
    for (who, attachment) in [
        (&room.support, elsewhere["id"].clone()),
        (&room.customer, anothers["id"].clone()),
        (&room.customer, json!(random_id())),
        (&room.customer, json!("no-id")),
    ] {
        let refused = who.send(&room, json!({ "attachment": attachment })).await;
        let problem = refused.refused(422);
        assert_eq!(problem["errors"][0]["pointer"], "/attachment");
    }
    let own = json!({ "attachment": anothers["id"] });
    room.rider.send(&room, own).await.ok(201);
}

#[tokio::test]
async fn a_form_is_read_strictly() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let pointer = |problem: Value| problem["errors"][0]["pointer"].clone();
    let send = async |form: Form| room.customer.send_file(&room, form).await;

    let unknown = send(leaflet().with("colour", "red")).await.refused(422);
    assert_eq!(pointer(unknown), "/colour");
    let twice = send(leaflet().with_file("b.pdf", "", &pdf(99))).await;
    assert_eq!(pointer(twice.refused(422)), "/file");
    let none = send(Form::default().with("content", "no file")).await;
    assert_eq!(pointer(none.refused(422)), "/file");
    let wrong = send(leaflet().with("message_type", "image")).await;
    assert_eq!(pointer(wrong.refused(422)), "/message_type");
    let metadata = send(leaflet().with("metadata", "[1]")).await.refused(422);
    assert_eq!(pointer(metadata), "/metadata");
    let listed = room.customer.get(&room.at("messages/?type=file")).await;
    assert!(listed.ok(200).list("results").is_empty());
}

#[tokio::test]
async fn the_service_sends_no_files() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.service.send_file(&room, leaflet()).await.refused(403);
    room.service.upload(&room, leaflet()).await.refused(403);
}

/// Sends that come at once are decided in one transaction, where the first must not take what the second
/// names.
#[tokio::test]
async fn a_refused_send_leaves_its_file_to_the_one_after_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for _ in 0..10 {
        let form = Form::file("a.pdf", "", &pdf(2_000));
        let file = room.customer.upload(&room, form).await.ok(201)["id"].clone();
        let wrong = json!({ "attachment": file, "reply_to": random_id() });
        let right = json!({ "attachment": file });
        let others = (0..6).map(|n| room.rider.send(&room, json!({ "content": format!("{n}") })));
        let (others, refused, sent) = tokio::join!(
            join_all(others),
            room.customer.send(&room, wrong),
            room.customer.send(&room, right),
        );
        refused.refused(422);
        assert_eq!(sent.ok(201)["file_name"], "a.pdf");
        for other in others {
            other.ok(201);
        }
    }
}

/// A share that is not mounted any more: what was made in its place would be gone with it.
#[tokio::test]
async fn a_folder_that_went_away_takes_nothing_until_it_is_back() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let before = room.pharmacist.send_file(&room, leaflet()).await.ok(201);
    let folder = server.folder().join("orderchat-files");
    let away = server.folder().join("away");
    std::fs::rename(&folder, &away).expect("the folder goes");

    room.pharmacist
        .send_file(&room, leaflet())
        .await
        .refused(503);
    let photo = Form::file("p.jpg", "image/jpeg", PHOTO);
    room.pharmacist.send_file(&room, photo).await.refused(503);
    assert_eq!(
        room.rider.download(before.str("file_path")).await.status,
        503
    );
    assert!(!folder.exists(), "a folder was made in its place");
    // As where a share was mounted: its place is still there.
    std::fs::create_dir(&folder).expect("a folder in its place");
    let refused = room.pharmacist.send_file(&room, leaflet()).await;
    refused.refused(503);
    let in_place = std::fs::read_dir(&folder).expect("its place").count();
    assert_eq!(in_place, 0, "something was written beside the share");
    std::fs::remove_dir(&folder).expect("nothing is in it");
    room.rider.say(&room, "chat goes on").await;

    std::fs::rename(&away, &folder).expect("the folder comes back");
    let after = room.pharmacist.send_file(&room, leaflet()).await.ok(201);
    for message in [before, after] {
        assert_eq!(shown(&room, &message).await, pdf(3_000));
    }
}
