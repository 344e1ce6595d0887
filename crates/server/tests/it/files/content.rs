//! What is taken at all: A18, A20, and the limits of size.

use std::fmt::Display;

use serde_json::Value;

use crate::harness::raw::Connection;
use crate::harness::upload::{Form, pdf};
use crate::harness::{Fields, Server};

#[tokio::test]
async fn the_content_decides_and_what_says_otherwise_is_refused() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let html = b"<!DOCTYPE html><script>alert(1)</script>".as_slice();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice();
    let pdf = pdf(500);
    for (name, kind, bytes, status) in [
        ("x.jpg", "image/jpeg", html, 415),
        ("x.svg", "image/svg+xml", svg, 415),
        ("x.txt", "text/plain", html, 415),
        ("x.pdf", "image/png", pdf.as_slice(), 415),
        ("x.png", "application/pdf", pdf.as_slice(), 415),
        ("x.exe", "", b"MZ\x90\x00\x03".as_slice(), 415),
        ("x.txt", "text/plain", b"".as_slice(), 422),
    ] {
        let form = Form::file(name, kind, bytes);
        let answer = room.customer.send_file(&room, form).await;
        let problem = answer.refused(status);
        assert!(problem.str("type").contains("file-"), "{name}: {problem}");
    }
    let listed = room.customer.get(&room.at("messages/?type=file")).await;
    assert!(listed.ok(200).list("results").is_empty());
    let form = Form::file("note.txt", "text/plain", "Grüße".as_bytes());
    let sent = room.customer.send_file(&room, form).await.ok(201);
    assert_eq!(sent["file_type"], "text/plain; charset=utf-8");
}

#[tokio::test]
async fn a_file_name_is_a_name_and_never_a_place() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for (given, shown) in [
        ("../../etc/x.pdf", "x.pdf"),
        ("C:\\temp\\x.pdf", "x.pdf"),
        ("\u{202e}fdp.x.pdf", "fdp.x.pdf"),
        ("", "file.pdf"),
    ] {
        let form = Form::file(given, "application/pdf", &pdf(100));
        let sent = room.customer.send_file(&room, form).await.ok(201);
        assert_eq!(sent["file_name"], shown, "{given:?}");
    }
    let long = format!("{}.pdf", "x".repeat(4_096));
    let form = Form::file(&long, "application/pdf", &pdf(100));
    let sent = room.customer.send_file(&room, form).await.ok(201);
    assert!(sent.str("file_name").len() <= 255);
    // Under generated ids, and nothing else, they lie in the folder.
    let stored = server.stored();
    assert_eq!(stored.len(), 5);
    let is_id = |path: &String| path.len() == "files/ab/".len() + 32;
    assert!(stored.iter().all(is_id), "{stored:?}");
}

#[tokio::test]
async fn one_byte_too_many_is_413_whether_it_is_announced_or_not() {
    let options = Server::with("ORDERCHAT_MAX_UPLOAD", "1MiB");
    let server = options.start().await;
    let room = server.open_room().await;
    let largest = Form::file("a.pdf", "application/pdf", &pdf(1 << 20));
    room.customer.send_file(&room, largest).await.ok(201);
    let over = Form::file("a.pdf", "application/pdf", &pdf((1 << 20) + 1));
    let problem = room
        .customer
        .send_file(&room, over.clone())
        .await
        .refused(413);
    assert_eq!(problem["type"], "urn:orderchat:problem:too-large");
    room.customer.upload(&room, over).await.refused(413);
    let far_over = Form::file("a.pdf", "application/pdf", &pdf(8 << 20));
    room.customer.upload(&room, far_over).await.refused(413);
    // Nothing of it is left.
    let listed = room.customer.get(&room.at("messages/?type=file")).await;
    assert_eq!(listed.ok(200).list("results").len(), 1);
}

#[tokio::test]
async fn what_is_announced_as_too_large_is_refused_before_it_is_sent() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let post = format!("POST {}", room.at("attachments/"));
    let headers: [(_, &dyn Display); 4] = [
        ("Connection", &"close"),
        ("Content-Type", &"multipart/form-data; boundary=b"),
        ("Content-Length", &(200 << 20)),
        ("Expect", &"100-continue"),
    ];
    let mut connection = Connection::begin(&room.customer, &post, &headers).await;
    let answer = connection.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn the_files_of_one_user_take_no_more_than_their_share() {
    let options = Server::with("ORDERCHAT_FILE_SHARE", "2MiB").with("ORDERCHAT_MAX_UPLOAD", "1MiB");
    let server = options.start().await;
    let room = server.open_room().await;
    let form = || Form::file("a.pdf", "application/pdf", &pdf(900_000));
    for _ in 0..2 {
        room.customer.send_file(&room, form()).await.ok(201);
    }
    let problem: Value = room.customer.send_file(&room, form()).await.refused(409);
    assert_eq!(problem["type"], "urn:orderchat:problem:file-share");
    room.rider.send_file(&room, form()).await.ok(201);
}
