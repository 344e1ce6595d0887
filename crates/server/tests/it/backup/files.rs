//! The files of a backup: whole, damaged and missing ones.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Elsewhere, FOLDER, STORED, back_up, in_backup, place_of, spoil, storage_in};
use crate::harness::tus::{begin, offset, patch};
use crate::harness::upload::{Form, PHOTO, pdf};
use crate::harness::{Fields as _, Room, Server, eventually, message_path};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Messages with a file that were acknowledged, by their ids, while it goes on.
async fn send_files(room: &Room, count: &AtomicUsize, until: &AtomicBool) -> Vec<Value> {
    let mut sent = Vec::new();
    while !until.load(Ordering::SeqCst) {
        let n = sent.len();
        let message = if n % 3 == 0 {
            let form = Form::file("photo.jpg", "image/jpeg", PHOTO);
            room.customer.send_file(room, form).await.ok(201)
        } else {
            let form = Form::file("a.pdf", "application/pdf", &pdf(100_000 + n));
            let uploaded = room.customer.upload(room, form).await.ok(201);
            let draft = json!({ "attachment": uploaded["id"] });
            room.customer.send(room, draft).await.ok(201)
        };
        sent.push(message);
        count.fetch_add(1, Ordering::SeqCst);
    }
    sent
}

#[tokio::test]
async fn g20_a_backup_under_uploads_has_the_file_of_every_message() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let form = Form::file("first.pdf", "application/pdf", &pdf(50_000));
    room.rider.send_file(&room, form).await.ok(201);
    let proof = room.rider.upload(&room, Form::proof()).await.ok(201);
    let begun = begin(&room.rider, &room, 200_000).await;
    patch(&room.rider, &begun, 0, &pdf(200_000)[..120_000]).await;
    let (count, until) = (AtomicUsize::new(0), AtomicBool::new(false));
    let backing_up = async {
        eventually("some were sent", async || {
            (count.load(Ordering::SeqCst) >= 2).then_some(())
        })
        .await;
        let made = back_up(&server).await;
        until.store(true, Ordering::SeqCst);
        made
    };
    let (made, sent) = tokio::join!(backing_up, send_files(&room, &count, &until));
    assert!(made.status.success(), "{}", made.output);

    let elsewhere = Elsewhere::restored(&server).await;
    let restored = elsewhere.serve().await;
    let (room, admin) = (room.renewed(&restored), restored.admin("admin-1"));
    let messages = room.messages_seen_by(&admin).await;
    let with_file: Vec<&Value> = messages
        .iter()
        .filter(|message| message["file_path"] != Value::Null)
        .collect();
    assert!((3..=sent.len() + 1).contains(&with_file.len()));
    for message in with_file {
        let file = admin.download(message.str("file_path")).await;
        let digest = format!("\"{}\"", hex(&Sha256::digest(&file.bytes)));
        assert_eq!((file.status, file.header("etag")), (200, digest.as_str()));
        if message["image"] != Value::Null {
            let path = message["image"].str("thumbnail_path");
            assert!(!admin.download(path).await.ok().is_empty());
        }
    }
    let photo = room.pharmacist.download(proof.str("file_path")).await;
    assert_eq!(photo.status, 200);
    // An upload that was under way is over, and says so.
    assert_eq!(offset(&room.rider, &begun).await.status, 404);
    let form = Form::file("later.pdf", "application/pdf", &pdf(50_001));
    room.rider.send_file(&room, form).await.ok(201);
}

/// What lies in the folder of a backup under `files`, whole files first.
fn files_of_backup(server: &Server) -> Vec<PathBuf> {
    let shelves = std::fs::read_dir(in_backup(server, "files/files")).expect("files");
    let files = shelves.flatten().flat_map(|shelf| {
        let files = std::fs::read_dir(shelf.path()).expect("a shelf");
        files.flatten().map(|file| file.path())
    });
    files.collect()
}

#[tokio::test]
async fn a_backup_whose_files_are_damaged_or_gone_is_refused_and_half_a_file_is_replaced() {
    let server = Server::start().await;
    if !server.is_sqlite() {
        return;
    }
    let room = server.open_room().await;
    let form = Form::file("a.pdf", "application/pdf", &pdf(50_000));
    let sent = room.customer.send_file(&room, form).await.ok(201);
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let storage = storage_in(&elsewhere);
    let to = elsewhere.path().join("orderchat.db");
    let to = to.to_str().expect("a path in UTF-8");
    let restore = async || {
        let there = [("ORDERCHAT_STORAGE", storage.as_str())];
        server.run(&["restore", FOLDER, "--to", to], &there).await
    };

    let file = files_of_backup(&server).pop().expect("a file");
    let whole = std::fs::read(&file).expect("the file");
    spoil(&file);
    let damaged = restore().await;
    assert!(!damaged.status.success(), "{}", damaged.output);
    assert!(damaged.output.contains("is damaged"), "{}", damaged.output);
    std::fs::remove_file(&file).expect("the file goes");
    let gone = restore().await;
    assert!(!gone.status.success(), "{}", gone.output);
    let left = std::fs::read_dir(elsewhere.path()).expect("a folder");
    let left: Vec<_> = left.flatten().map(|entry| entry.file_name()).collect();
    // What says who may serve stays, and is empty.
    let is_data = |name: &std::ffi::OsString| !name.to_string_lossy().ends_with(".lock");
    assert!(
        left.iter()
            .filter(|name| is_data(name))
            .all(|name| name == STORED),
        "a database without its files: {left:?}"
    );

    std::fs::write(&file, &whole).expect("the file comes back");
    let below = file.strip_prefix(in_backup(&server, "files"));
    let place = elsewhere.path().join(STORED).join(below.expect("a path"));
    std::fs::create_dir_all(place.parent().expect("a shelf")).expect("the shelf");
    std::fs::write(&place, &whole[..1_000]).expect("what a restore that was killed left");
    let restored = restore().await;
    assert!(restored.status.success(), "{}", restored.output);
    assert_eq!(std::fs::read(&place).expect("the file"), whole);
    let id = sent["file"].str("attachment").replace('-', "");
    assert!(place.ends_with(id));
}

#[tokio::test]
async fn who_adopts_a_database_without_its_files_is_told_how_many_are_missing() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    for n in 0..3 {
        let form = Form::file("a.pdf", "application/pdf", &pdf(5_000 + n));
        room.customer.send_file(&room, form).await.ok(201);
    }
    server.stop().await;
    let whole = server.run(&["restore", "--adopt"], &[]).await;
    assert!(whole.status.success(), "{}", whole.output);
    assert!(!whole.output.contains("not whole"), "{}", whole.output);
    let stored = server.folder().join(STORED);
    std::fs::remove_file(stored.join(&server.stored()[0])).expect("a file goes");
    let lacking = server.run(&["restore", "--adopt"], &[]).await;
    assert!(lacking.status.success(), "{}", lacking.output);
    assert!(
        lacking.output.contains("1 files of messages are not whole"),
        "{}",
        lacking.output
    );
}

#[tokio::test]
async fn a_damaged_file_that_no_message_shows_is_left_out_of_a_backup_and_named() {
    let server = Server::start().await;
    if !server.is_sqlite() {
        return;
    }
    let room = server.open_room().await;
    let form = |n: usize| Form::file("a.pdf", "application/pdf", &pdf(5_000 + n));
    let shown = room.customer.send_file(&room, form(0)).await.ok(201);
    let deleted = room.customer.send_file(&room, form(1)).await.ok(201);
    let unsent = room.customer.upload(&room, form(2)).await.ok(201);
    let spoilt = [&deleted["file"], &unsent["file"], &shown["file"]];
    let places = spoilt.map(|file| place_of(&server, file));
    places.iter().for_each(|place| spoil(place));

    let refused = back_up(&server).await;
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    let path = format!("/api/chat/messages/{}/", shown.str("id"));
    for said in ["is damaged", &path] {
        assert!(refused.output.contains(said), "{said}: {}", refused.output);
    }
    let left = std::fs::read_dir(server.folder()).expect("the folder");
    let left = left.map(|entry| entry.expect("an entry").file_name());
    let left: Vec<_> = left
        .filter(|name| name.to_string_lossy().contains("partial"))
        .collect();
    assert!(left.is_empty(), "{left:?} was left");
    spoil(&places[2]);
    room.customer
        .delete(&message_path(&deleted, ""))
        .await
        .ok(204);
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    let left_out = made.output.lines().filter(|line| line.contains("left out"));
    let left_out: Vec<&str> = left_out.collect();
    assert_eq!(left_out.len(), 2, "{}", made.output);
    for (line, place) in left_out.iter().zip(&places) {
        let name = place.file_name().expect("a name").to_string_lossy();
        assert!(
            line.contains(&*name) && line.contains("is damaged"),
            "{line}"
        );
    }
    let elsewhere = Elsewhere::restored(&server).await;
    let restored = elsewhere.serve().await;
    let room = room.renewed(&restored);
    assert_eq!(
        room.rider.download(shown.str("file_path")).await.ok(),
        pdf(5_000)
    );
}
