//! Limits of uploads and downloads: SPEC 13.

use std::fmt::Display;

use reqwest::Method;
use serde_json::json;

use crate::harness::raw::Connection;
use crate::harness::sql::Sql;
use crate::harness::tus::{begin, begin_piece, create, offset};
use crate::harness::upload::{Form, download, pdf};
use crate::harness::{Client, Fields, Room, Server, eventually};

/// An upload of which the last bytes do not come.
async fn stalled(client: &Client, room: &Room, size: usize) -> Connection {
    let form = Form::file("a.pdf", "application/pdf", &pdf(size)).bytes();
    let post = format!("POST {}", room.at("attachments/"));
    let headers: [(_, &dyn Display); 2] = [
        ("Content-Type", &Form::kind()),
        ("Content-Length", &form.len()),
    ];
    let mut connection = Connection::begin(client, &post, &headers).await;
    connection.write_bytes(&form[..form.len() - 100]).await;
    connection
}

/// Waits until so many uploads are under way.
async fn under_way(server: &Server, count: i64) {
    let sql = Sql::connect(server.database_url()).await;
    eventually("the uploads are under way", async || {
        let receiving = "SELECT COUNT(*) FROM attachment WHERE state = 'receiving'";
        (sql.int(receiving).await == count).then_some(())
    })
    .await;
}

fn form() -> Form {
    Form::file("a.pdf", "application/pdf", &pdf(20_000))
}

#[tokio::test]
async fn one_transfer_more_than_there_are_places_is_503_and_chat_goes_on() {
    let options = Server::with("ORDERCHAT_MAX_TRANSFERS", "2");
    let server = options.start().await;
    let room = server.open_room().await;
    let sent = room.customer.send_file(&room, form()).await.ok(201);
    let path = sent.str("file_path");
    let held = [
        stalled(&room.customer, &room, 50_000).await,
        stalled(&room.rider, &room, 50_000).await,
    ];
    under_way(&server, 2).await;
    let head = room.pharmacist.request(Method::HEAD, path);
    assert_eq!(download(head).await.status, 503);
    let refused = room.pharmacist.upload(&room, form()).await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(503);
    room.pharmacist.send_file(&room, form()).await.refused(503);
    room.pharmacist.get(path).await.refused(503);
    assert_eq!(create(&room.pharmacist, &room, 10).await.status, 503);
    // JSON has places of its own.
    room.pharmacist.say(&room, "Chat goes on.").await;

    drop(held);
    eventually("the places are free again", async || {
        (room.pharmacist.download(path).await.status == 200).then_some(())
    })
    .await;
    room.pharmacist.send_file(&room, form()).await.ok(201);
}

#[tokio::test]
async fn a_user_uploads_three_files_at_once_and_the_fourth_is_told_to_wait() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(stalled(&room.customer, &room, 50_000).await);
    }
    under_way(&server, 3).await;
    let fourth = room.customer.upload(&room, form()).await;
    assert_eq!(fourth.header("retry-after"), Some("1"));
    let problem = fourth.refused(429);
    assert_eq!(problem["type"], "urn:orderchat:problem:too-many-uploads");
    room.customer.send_file(&room, form()).await.refused(429);
    // Others are not in their way, nor is what they write.
    room.rider.send_file(&room, form()).await.ok(201);
    room.customer.say(&room, "Three photos are coming.").await;

    held.pop();
    eventually("there is a place again", async || {
        (room.customer.upload(&room, form()).await.status == 201).then_some(())
    })
    .await;
}

#[tokio::test]
async fn uploads_have_a_rate_of_their_own() {
    let options = Server::with("ORDERCHAT_UPLOAD_RATE", "1/min burst 5");
    let server = options.with_rate_limits().start().await;
    let room = server.open_room().await;
    for n in 0..5 {
        let taken = if n % 2 == 0 {
            room.customer.upload(&room, form()).await.status
        } else {
            create(&room.customer, &room, 1_000).await.status
        };
        assert_eq!(taken, 201);
    }
    let refused = room.customer.upload(&room, form()).await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(429);
    assert_eq!(create(&room.customer, &room, 1_000).await.status, 429);
    room.customer.say(&room, "No more photos.").await;
    room.rider.upload(&room, form()).await.ok(201);
    // The service has none.
    for _ in 0..6 {
        room.service.upload(&room, Form::proof()).await.ok(201);
    }
}

#[tokio::test]
async fn uploads_are_stored_as_they_come_and_not_held_in_memory() {
    const AT_ONCE: usize = 8;
    const SIZE: usize = 12 << 20;
    const PIECE: usize = 1 << 20;
    let options = Server::with("ORDERCHAT_USER_UPLOADS", "64");
    let server = options.start().await;
    let room = server.open_room().await;
    let warm = Form::file("a.pdf", "application/pdf", &pdf(SIZE));
    room.customer.send_file(&room, warm).await.ok(201);
    let stored_by_then = (server.stored_bytes(), server.resident_kib());
    let mut held = Vec::new();
    for _ in 0..AT_ONCE {
        held.push(stalled(&room.customer, &room, SIZE).await);
    }
    eventually("all but the last piece of each is stored", async || {
        let stored = server.stored_bytes() - stored_by_then.0;
        (stored >= (AT_ONCE * (SIZE - PIECE)) as u64).then_some(())
    })
    .await;
    let grown_kib = server.resident_kib().saturating_sub(stored_by_then.1);
    // A piece each: what the allocator keeps of those before is more than they are.
    let most_kib = (AT_ONCE * SIZE / 1024 / 2) as u64;
    assert!(grown_kib <= most_kib, "{grown_kib} of {most_kib} KiB");
    drop(held);
}

#[tokio::test]
async fn what_is_left_unsent_is_counted_whoever_begins_at_once() {
    let options = Server::with("ORDERCHAT_USER_UPLOADS", "64");
    let server = options.start().await;
    let room = server.open_room().await;
    for _ in 0..46 {
        assert_eq!(create(&room.customer, &room, 1_000).await.status, 201);
    }
    let begun = (0..16).map(|_| create(&room.customer, &room, 1_000));
    let statuses = futures_util::future::join_all(begun).await;
    let taken = statuses.iter().filter(|answer| answer.status == 201);
    assert_eq!(taken.count(), 4);
    let problem = room.customer.upload(&room, form()).await.refused(409);
    assert_eq!(problem["type"], "urn:orderchat:problem:upload-state");
    room.customer.send_file(&room, form()).await.refused(409);
    let said = json!({ "content": "Text goes on." });
    room.customer.send(&room, said).await.ok(201);
}

#[tokio::test]
async fn a_client_that_sends_nothing_is_cut_and_gives_its_places_back() {
    let options = Server::with("ORDERCHAT_UPLOAD_STALL", "1s");
    let options = options.with("ORDERCHAT_MAX_TRANSFERS", "2");
    let server = options.start().await;
    let room = server.open_room().await;
    let mut form = stalled(&room.customer, &room, 50_000).await;
    let begun = begin(&room.rider, &room, 50_000).await;
    let mut piece = begin_piece(&room.rider, &begun, 0, 50_000, &[]).await;
    piece.write_bytes(&pdf(50_000)[..20_000]).await;
    for cut in [&mut form, &mut piece] {
        let answer = cut.read_to_end().await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    room.customer.send_file(&room, self::form()).await.ok(201);
    let known = offset(&room.rider, &begun).await;
    assert_eq!(known.header("upload-offset"), "20000");
}

/// Beside its file a form may have little, and what takes it apart keeps it until a boundary comes.
#[tokio::test]
async fn a_form_that_never_comes_to_its_file_is_refused_before_much_of_it_is_kept() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let chunk = format!("{:x}\r\n{}\r\n", 64 << 10, "A".repeat(64 << 10));
    let begins = format!("--{}\r\nContent-Disposition: form-data", "b");
    for before in [String::new(), begins] {
        let post = format!("POST {}", room.at("messages/"));
        let headers: [(_, &dyn Display); 2] = [
            ("Content-Type", &"multipart/form-data; boundary=b"),
            ("Transfer-Encoding", &"chunked"),
        ];
        let mut connection = Connection::begin(&room.customer, &post, &headers).await;
        if !before.is_empty() {
            let before = format!("{:x}\r\n{before}\r\n", before.len());
            connection.write(&before).await;
        }
        for _ in 0..16 {
            connection.write(&chunk).await;
        }
        // It is answered although more could come, once that much of it is there.
        let answer = connection.finish("0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    // One with a large file and all its texts is taken.
    let form = Form::file("a.pdf", "application/pdf", &pdf(3 << 20)).with("content", "a word");
    room.customer.send_file(&room, form).await.ok(201);
}

#[tokio::test]
async fn who_is_refused_and_goes_on_writing_holds_no_place() {
    let options = Server::with("ORDERCHAT_MAX_TRANSFERS", "2");
    let server = options.start().await;
    let room = server.open_room().await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut connection = Connection::open(server.url()).await;
        let head =
            "POST /api/chat/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n";
        connection.write(head).await;
        connection.write("some of it").await;
        held.push(connection);
    }
    eventually("there is a place", async || {
        let sent = room.customer.send_file(&room, form()).await;
        (sent.status == 201).then_some(())
    })
    .await;
}
