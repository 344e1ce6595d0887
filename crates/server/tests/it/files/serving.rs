//! How a file is given out.

use reqwest::Method;
use serde_json::Value;

use crate::harness::upload::{Download, Form, download, pdf};
use crate::harness::{Fields, Room, Server};

async fn sent(room: &Room, name: &str) -> Value {
    let form = Form::file(name, "", &pdf(5_000));
    room.customer.send_file(room, form).await.ok(201)
}

async fn with(room: &Room, path: &str, header: &str, value: &str) -> Download {
    let request = room.rider.request(Method::GET, path);
    download(request.header(header, value)).await
}

#[tokio::test]
async fn a_document_is_an_attachment_that_can_do_nothing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = sent(&room, "Beipackzettel für „Mia“ 100%.pdf").await;
    let file = room.rider.download(message.str("file_path")).await;
    assert_eq!(file.header("content-type"), "application/pdf");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    assert_eq!(file.header("cache-control"), "no-store");
    let policy = file.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox"),
        "{policy}"
    );
    let disposition = file.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename=\"Beipackzettel f_r _Mia_ 100_.pdf\""));
    assert!(disposition.ends_with(
        "filename*=UTF-8''Beipackzettel%20f%C3%BCr%20%E2%80%9EMia%E2%80%9C%20100%25.pdf"
    ));
}

#[tokio::test]
async fn ranges_and_versions_are_answered() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = sent(&room, "a.pdf").await;
    let path = message.str("file_path");
    let whole = room.rider.download(path).await;
    let tag = whole.header("etag").to_owned();
    assert_eq!(whole.header("content-length"), "5000");

    let part = with(&room, path, "range", "bytes=4990-").await;
    assert_eq!(part.status, 206);
    assert_eq!(part.header("content-range"), "bytes 4990-4999/5000");
    assert_eq!(part.bytes, pdf(5_000)[4_990..]);
    let beyond = with(&room, path, "range", "bytes=5000-").await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), "bytes */5000");
    assert_eq!(beyond.header("content-type"), "application/problem+json");
    let same = with(&room, path, "if-none-match", &tag).await;
    assert_eq!((same.status, same.bytes.len()), (304, 0));
    let head = room.rider.request(Method::HEAD, path);
    let head = download(head).await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), "5000");
}

#[tokio::test]
async fn a_link_works_without_a_bearer_for_its_file_only() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = sent(&room, "a.pdf").await;
    let other = sent(&room, "b.pdf").await;
    let path = format!("{}url/", message.str("file_path"));
    let link = room.rider.act(&path).await.ok(200);
    let url = link.str("url");
    let nobody = server.anonymous();
    assert_eq!(nobody.download(url).await.ok(), pdf(5_000));

    let (_, query) = url.split_once('?').expect("the link is in the query");
    let elsewhere = format!("{}?{query}", other.str("file_path"));
    assert_eq!(nobody.download(&elsewhere).await.status, 404);
    for place in [query.len() - 1, query.len() / 2, 6] {
        let mut altered = query.as_bytes().to_vec();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).expect("ASCII");
        let altered = format!("{}?{altered}", message.str("file_path"));
        assert_eq!(nobody.download(&altered).await.status, 404, "{place}");
    }
    assert_eq!(nobody.download(message.str("file_path")).await.status, 401);
}

#[tokio::test]
async fn a_link_ends_after_five_minutes() {
    let server = Server::start_with_clock().await;
    let room = server.open_room().await;
    let message = sent(&room, "a.pdf").await;
    let path = format!("{}url/", message.str("file_path"));
    let link = room.rider.act(&path).await.ok(200);
    let nobody = server.anonymous();
    server.jump(4 * 60);
    assert_eq!(nobody.download(link.str("url")).await.status, 200);
    server.jump(61);
    assert_eq!(nobody.download(link.str("url")).await.status, 404);
}

#[tokio::test]
async fn pages_of_listed_origins_show_a_file_by_its_link_and_none_without() {
    let origin = "https://shop.example";
    for (origins, by_link) in [("", "same-origin"), (origin, "cross-origin")] {
        let server = Server::with("ORDERCHAT_ORIGINS", origins).start().await;
        let room = server.open_room().await;
        let message = sent(&room, "a.pdf").await;
        let path = message.str("file_path");
        let link = room.rider.act(&format!("{path}url/")).await.ok(200);
        let policy = |answer: Download| {
            assert!(answer.headers.contains_key("content-security-policy"));
            answer.header("cross-origin-resource-policy").to_owned()
        };
        let linked = server.anonymous().download(link.str("url")).await;
        assert_eq!(policy(linked), by_link, "{origins:?}");
        // What a page asks for with a bearer it reads by CORS, which this header is not about.
        let borne = with(&room, path, "origin", origin).await;
        let may_read = borne.headers.get("access-control-allow-origin").cloned();
        assert_eq!(may_read.is_some(), !origins.is_empty());
        assert_eq!(policy(borne), "same-origin", "{origins:?}");
    }
}
