//! Uploads by tus: its requests, one function each.

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::HeaderMap;

use super::raw::Connection;
use super::upload::{Download, download};
use super::{Client, Room};

fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

/// Begins an upload. Gives its path.
pub(crate) async fn begin(client: &Client, room: &Room, length: usize) -> String {
    let answer = create(client, room, length).await;
    assert_eq!(
        answer.status,
        201,
        "{}",
        String::from_utf8_lossy(&answer.bytes)
    );
    answer.header("location").to_owned()
}

/// What is said of the file when an upload begins.
pub(crate) fn metadata(room: &str) -> String {
    format!(
        "room {},filename {},filetype {}",
        encoded(room),
        encoded("big.pdf"),
        encoded("application/pdf")
    )
}

/// The answer to the beginning of an upload.
pub(crate) async fn create(client: &Client, room: &Room, length: usize) -> Download {
    let request = client.request(Method::POST, "/api/chat/uploads/");
    let request = request
        .header("tus-resumable", "1.0.0")
        .header("upload-length", length)
        .header("upload-metadata", metadata(&room.id));
    download(request).await
}

/// Sends a piece from `offset` on.
pub(crate) async fn patch(client: &Client, path: &str, offset: usize, bytes: &[u8]) -> Download {
    patch_with(client, path, offset, bytes, HeaderMap::new()).await
}

/// [`patch`] with more headers.
pub(crate) async fn patch_with(
    client: &Client,
    path: &str,
    offset: usize,
    bytes: &[u8],
    headers: HeaderMap,
) -> Download {
    let request = client.request(Method::PATCH, path);
    let request = request
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", offset)
        .header("content-type", "application/offset+octet-stream")
        .headers(headers)
        .body(bytes.to_vec());
    download(request).await
}

/// Begins to send a piece from `offset` on, of which `length` bytes are to follow, with more headers.
pub(crate) async fn begin_piece(
    client: &Client,
    path: &str,
    offset: usize,
    length: usize,
    more: &[(&str, &dyn Display)],
) -> Connection {
    let headers: [(_, &dyn Display); 4] = [
        ("Tus-Resumable", &"1.0.0"),
        ("Upload-Offset", &offset),
        ("Content-Type", &"application/offset+octet-stream"),
        ("Content-Length", &length),
    ];
    let headers = [&headers[..], more].concat();
    Connection::begin(client, &format!("PATCH {path}"), &headers).await
}

/// Asks how far the upload is.
pub(crate) async fn offset(client: &Client, path: &str) -> Download {
    let request = client.request(Method::HEAD, path);
    download(request.header("tus-resumable", "1.0.0")).await
}

/// The id of the file that an upload becomes.
pub(crate) fn id_of(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .expect("an id")
}

/// Ends the upload.
pub(crate) async fn end(client: &Client, path: &str) -> Download {
    let request = client.request(Method::DELETE, path);
    download(request.header("tus-resumable", "1.0.0")).await
}
