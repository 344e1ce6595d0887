//! G1 and G21 for uploads: connections cut at any place and servers killed at any moment leave
//! nothing visible that is not whole, nothing lying about, and nothing acknowledged lost.

use std::fmt::Display;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::raw::Connection;
use crate::harness::sql::Sql;
use crate::harness::tus::{begin, begin_piece, end, id_of, offset, patch};
use crate::harness::upload::{Form, PHOTO, download, pdf};
use crate::harness::wall_clock::{DAY, HOUR};
use crate::harness::{Client, Fields, Room, Server, eventually};

/// Of a size that lies in several pieces in the storage.
const SIZE: usize = 2_400_000;

/// The beginning of a form's request and, if it is whole, all of it; nobody reads the answer.
async fn part_of_form(client: &Client, path: &str, form: &[u8], length: usize) -> Connection {
    let post = format!("POST {path}");
    let headers: [(_, &dyn Display); 2] = [
        ("Content-Type", &Form::kind()),
        ("Content-Length", &form.len()),
    ];
    let mut connection = Connection::begin(client, &post, &headers).await;
    connection.write_bytes(&form[..length]).await;
    connection
}

/// A piece that claims to go to the end of the file, and stops before.
async fn part_of_piece(client: &Client, path: &str, from: usize, bytes: &[u8]) -> Connection {
    let mut connection = begin_piece(client, path, from, SIZE - from, &[]).await;
    connection.write_bytes(bytes).await;
    connection
}

/// The messages that bring a file, as the rider sees them.
async fn files_in(room: &Room) -> Vec<Value> {
    let files = room.messages_seen_by(&room.rider).await;
    files
        .into_iter()
        .filter(|message| message["file_path"] != Value::Null)
        .collect()
}

/// In the end nothing is known and nothing lies in the storage but the files of messages.
async fn is_cleaned_up(server: &Server, sql: &Sql, files: i64) {
    eventually("only the files of messages are left", async || {
        let known = sql.int("SELECT COUNT(*) FROM attachment").await;
        let stored = server.stored();
        let whole = |path: &&String| path.starts_with("files/") && !path.contains('#');
        let is_clean = known == files
            && stored.iter().filter(whole).count() as i64 == files
            && stored
                .iter()
                .all(|path| !path.starts_with("pieces/") && !path.contains('#'));
        is_clean.then_some(())
    })
    .await;
    let taken = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM file_use";
    let held = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM attachment";
    assert_eq!(sql.int(taken).await, sql.int(held).await);
}

#[tokio::test]
async fn a_form_that_is_cut_at_any_sixteenth_leaves_nothing() {
    let options = Server::with("ORDERCHAT_USER_UPLOADS", "64").with_clock();
    let mut server = options.start().await;
    let room = server.open_room().await;
    let form = Form::file("a.pdf", "application/pdf", &pdf(SIZE)).with("content", "whole");
    let bytes = form.clone().bytes();
    for path in [room.at("messages/"), room.at("attachments/")] {
        for sixteenth in 0..16 {
            let length = bytes.len() * sixteenth / 16;
            drop(part_of_form(&room.customer, &path, &bytes, length).await);
        }
    }
    let sql = Sql::connect(server.database_url()).await;
    eventually("a cut was noticed", async || {
        let given_up = "SELECT COUNT(*) FROM attachment WHERE state = 'leaving'";
        (sql.int(given_up).await > 0).then_some(())
    })
    .await;
    assert_eq!(files_in(&room).await, Vec::<Value>::new());
    let sent = room.customer.send_file(&room, form).await.ok(201);

    // Those that are not noticed yet are killed.
    server.jump(HOUR);
    server.restart_after_kill();
    let room = room.renewed(&server);
    is_cleaned_up(&server, &sql, 1).await;
    assert_eq!(files_in(&room).await.len(), 1);
    let served = room.rider.download(sent.str("file_path")).await.ok();
    assert_eq!(served, pdf(SIZE));
}

#[tokio::test]
async fn an_upload_that_is_cut_or_killed_at_every_sixteenth_arrives_whole() {
    let mut server = Server::start().await;
    let mut room = server.open_room().await;
    let file = pdf(SIZE);
    let path = begin(&room.customer, &room, SIZE).await;
    let mut at = 0;
    for sixteenth in 1..16 {
        let to = SIZE * sixteenth / 16;
        let part = part_of_piece(&room.customer, &path, at, &file[at..to]).await;
        let is_kill = sixteenth % 4 == 0;
        if is_kill {
            server.restart_after_kill();
            room = room.renewed(&server);
        }
        drop(part);
        at = eventually("what came is known", async || {
            let answer = offset(&room.customer, &path).await;
            let known: usize = answer.header("upload-offset").parse().expect("a number");
            assert!((at..=to).contains(&known), "{known} of {at}..{to}");
            (is_kill || known == to).then_some(known)
        })
        .await;
        let draft = json!({ "attachment": id_of(&path) });
        room.customer.send(&room, draft).await.refused(422);
    }
    let last = patch(&room.customer, &path, at, &file[at..]).await;
    assert_eq!(last.status, 204);
    let draft = json!({ "attachment": id_of(&path) });
    let sent = room.customer.send(&room, draft).await.ok(201);
    assert_eq!(room.rider.download(sent.str("file_path")).await.ok(), file);
    let sql = Sql::connect(server.database_url()).await;
    is_cleaned_up(&server, &sql, 1).await;
}

#[tokio::test]
async fn of_a_piece_that_was_to_be_checked_and_does_not_end_nothing_is_kept() {
    let options = Server::with("ORDERCHAT_TRANSFER_DEADLINE", "2s");
    let server = options.start().await;
    let room = server.open_room().await;
    let path = begin(&room.customer, &room, SIZE).await;
    let checksum: [(_, &dyn Display); 1] =
        [("Upload-Checksum", &"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")];
    let pieces = async |some: bool| {
        eventually("pieces are stored, or gone", async || {
            let stored = server.stored();
            let mut stored = stored.iter();
            let any = stored.any(|path| path.starts_with("pieces/") && !path.contains('#'));
            (any == some).then_some(())
        })
        .await;
    };
    // The connection breaks off, or the server's patience ends.
    for breaks_off in [true, false] {
        let file = &pdf(SIZE)[..1_200_000];
        let mut part = begin_piece(&room.customer, &path, 0, SIZE, &checksum).await;
        part.write_bytes(file).await;
        pieces(true).await;
        let part = (!breaks_off).then_some(part);
        pieces(false).await;
        drop(part);
    }
    let known = offset(&room.customer, &path).await;
    assert_eq!(known.header("upload-offset"), "0");
}

/// Waits until the bytes of so many files are stored, whole.
async fn bytes_are_stored(server: &Server, files: usize) {
    eventually("the file's bytes are stored", async || {
        let stored = server.stored();
        let whole = |path: &&String| path.starts_with("files/") && !path.contains('#');
        (stored.iter().filter(whole).count() == files).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_kill_between_the_bytes_and_their_row_shows_nothing_and_leaves_nothing() {
    let mut server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let sql = Sql::connect(server.database_url()).await;
    let padded = [PHOTO, &vec![7; SIZE]].concat();
    let document =
        Form::file("a.pdf", "application/pdf", &pdf(SIZE)).with("client_message_id", "d");
    let picture = Form::file("a.jpg", "image/jpeg", &padded).with("client_message_id", "p");
    sql.stall_finished_files().await;
    let mut parts = Vec::new();
    for (form, place) in [
        (document.clone(), "messages/"),
        (picture.clone(), "messages/"),
        (document.clone(), "attachments/"),
    ] {
        let bytes = form.bytes();
        let place = room.at(place);
        let (but_one, last) = bytes.split_at(bytes.len() - 1);
        let part = part_of_form(&room.customer, &place, &bytes, but_one.len()).await;
        parts.push((part, last.to_vec()));
    }
    // The first to finish holds SQLite's one writer, which each needs to begin.
    eventually("all have begun", async || {
        let receiving = "SELECT COUNT(*) FROM attachment WHERE state = 'receiving'";
        (sql.int(receiving).await == 3).then_some(())
    })
    .await;
    for (part, last) in &mut parts {
        part.write_bytes(last).await;
    }
    bytes_are_stored(&server, 3).await;
    server.kill();
    sql.go_on().await;
    server.start_again();
    let room = room.renewed(&server);
    assert_eq!(files_in(&room).await, Vec::<Value>::new());

    // Who got no answer sends again, and there is one message each.
    for (form, whole) in [(document, Some(pdf(SIZE))), (picture, None)] {
        let sent = room.customer.send_file(&room, form.clone()).await.ok(201);
        let again = room.customer.send_file(&room, form).await.ok(200);
        assert_eq!(again["id"], sent["id"]);
        let served = room.rider.download(sent.str("file_path")).await.ok();
        assert!(whole.is_none_or(|whole| whole == served));
    }
    assert_eq!(files_in(&room).await.len(), 2);
    server.jump(HOUR);
    server.restart_after_kill();
    is_cleaned_up(&server, &sql, 2).await;
}

#[tokio::test]
async fn a_resumable_upload_is_finished_after_a_kill_between_its_bytes_and_its_row() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let sql = Sql::connect(server.database_url()).await;
    let file = pdf(SIZE);
    let path = begin(&room.customer, &room, SIZE).await;
    sql.stall_finished_files().await;
    let part = part_of_piece(&room.customer, &path, 0, &file).await;
    bytes_are_stored(&server, 1).await;
    server.kill();
    drop(part);
    sql.go_on().await;
    server.start_again();
    let room = room.renewed(&server);
    let draft = json!({ "attachment": id_of(&path) });
    room.customer.send(&room, draft.clone()).await.refused(422);
    // Asking how far it is puts it together.
    let asked = offset(&room.customer, &path).await;
    assert_eq!(asked.header("upload-offset"), SIZE.to_string());
    let sent = room.customer.send(&room, draft).await.ok(201);
    assert_eq!(room.rider.download(sent.str("file_path")).await.ok(), file);
    is_cleaned_up(&server, &sql, 1).await;
}

#[tokio::test]
async fn what_a_killed_server_had_half_written_is_collected() {
    let mut server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let sql = Sql::connect(server.database_url()).await;
    let form = Form::file("a.pdf", "application/pdf", &pdf(SIZE)).bytes();
    let path = room.at("messages/");
    let part = part_of_form(&room.customer, &path, &form, form.len() - 1_000).await;
    let piece = begin(&room.customer, &room, SIZE).await;
    patch(&room.customer, &piece, 0, &pdf(SIZE)[..1_500_000]).await;
    let uploaded = room
        .customer
        .upload(&room, Form::file("b.pdf", "", &pdf(9_000)))
        .await;
    let uploaded = uploaded.ok(201);
    eventually("a part of the file is written", async || {
        let stored = server.stored();
        stored.iter().any(|path| path.contains('#')).then_some(())
    })
    .await;

    server.restart_after_kill();
    drop(part);
    let room = room.renewed(&server);
    // What was acknowledged is there, for its time.
    let draft = json!({ "attachment": uploaded["id"] });
    let sent = room.customer.send(&room, draft).await.ok(201);
    server.jump(DAY + HOUR);
    server.restart_after_kill();
    let room = room.renewed(&server);
    is_cleaned_up(&server, &sql, 1).await;
    let served = room.rider.download(sent.str("file_path")).await.ok();
    assert_eq!(served, pdf(9_000));
}

#[tokio::test]
async fn a_piece_that_comes_after_its_upload_was_ended_is_not_kept() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sql = Sql::connect(server.database_url()).await;
    let path = begin(&room.customer, &room, SIZE).await;
    let file = pdf(SIZE);
    let mut part = part_of_piece(&room.customer, &path, 0, &file[..1_200_000]).await;
    // And known to be: one whose upload ends before that is answered at once.
    eventually("the first piece is stored", async || {
        let upload = offset(&room.customer, &path).await;
        (upload.header("upload-offset") != "0").then_some(())
    })
    .await;
    assert_eq!(end(&room.customer, &path).await.status, 204);
    eventually("the collector has been there", async || {
        (sql.int("SELECT COUNT(*) FROM attachment").await == 0).then_some(())
    })
    .await;
    part.write_bytes(&file[1_200_000..]).await;
    let answer = part.read_head().await;
    assert!(answer.starts_with("HTTP/1.1 409"), "{answer}");
    is_cleaned_up(&server, &sql, 0).await;
    let gone = room.customer.request(Method::HEAD, &path);
    let gone = download(gone.header("tus-resumable", "1.0.0")).await;
    assert_eq!(gone.status, 404);
}
