//! Pictures: upright, clean, with a thumbnail.

use serde_json::Value;

use crate::harness::upload::{Form, PHOTO};
use crate::harness::{Fields, Server};

#[tokio::test]
async fn a_photo_comes_back_upright_and_clean_with_a_thumbnail() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let form = Form::file("IMG_1.JPG", "image/jpeg", PHOTO);
    let sent = room.customer.send_file(&room, form).await.ok(201);
    assert_eq!(sent["message_type"], "image");
    assert_eq!(sent["file_type"], "image/jpeg");
    assert_eq!(
        sent["file_name"], "IMG_1.JPG",
        "what it is called is theirs"
    );
    let image = &sent["image"];
    // Stored as 640 × 480, to be turned by a quarter.
    assert_eq!(
        (&image["width"], &image["height"]),
        (&480.into(), &640.into())
    );
    assert!(!image.str("thumbhash").is_empty());

    let file = room.rider.download(sent.str("file_path")).await;
    assert_eq!(file.header("content-type"), "image/jpeg");
    assert!(file.header("content-disposition").starts_with("inline; "));
    let bytes = file.ok();
    assert_eq!(sent["file_size"], bytes.len());
    assert!(bytes.starts_with(&[0xFF, 0xD8]));
    for marker in [b"Exif".as_slice(), b"GPS", b"canary"] {
        let is_in = |bytes: &[u8]| bytes.windows(marker.len()).any(|part| part == marker);
        assert!(!is_in(&bytes), "{}", String::from_utf8_lossy(marker));
    }
    let thumbnail = room.rider.download(image.str("thumbnail_path")).await;
    assert!(thumbnail.header("content-type").starts_with("image/"));
    assert!(thumbnail.ok().len() < bytes.len());

    let read = room.customer.get(&room.at("messages/?type=image")).await;
    assert_eq!(read.ok(200)["results"][0]["image"], *image);
}

#[tokio::test]
async fn a_large_picture_leaves_nothing_of_what_was_sent() {
    let server = Server::start().await;
    let room = server.open_room().await;
    // Behind the end of the picture nobody looks; a part of it lies in the storage meanwhile.
    let padded = [PHOTO, &vec![7; 3 << 20]].concat();
    let form = Form::file("a.jpg", "image/jpeg", &padded);
    let sent = room.customer.send_file(&room, form).await.ok(201);
    let bytes = room.rider.download(sent.str("file_path")).await.ok();
    assert!(bytes.len() < 1 << 20);
    let pieces = server.folder().join("orderchat-files/pieces");
    let left = std::fs::read_dir(pieces).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_cannot_be_decoded_is_refused_and_nothing_of_it_is_kept() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for bytes in [&PHOTO[..200], &flood()] {
        let form = Form::file("a", "", bytes);
        let problem: Value = room.customer.send_file(&room, form).await.refused(422);
        assert_eq!(problem["type"], "urn:orderchat:problem:file-refused");
    }
    let listed = room.customer.get(&room.at("messages/?type=image")).await;
    assert!(listed.ok(200).list("results").is_empty());
}

/// A GIF that says it is 50,000 pixels wide and high.
fn flood() -> Vec<u8> {
    let mut gif = b"GIF89a".to_vec();
    gif.extend_from_slice(&50_000_u16.to_le_bytes());
    gif.extend_from_slice(&50_000_u16.to_le_bytes());
    gif.extend_from_slice(&[0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0]);
    gif.extend_from_slice(&50_000_u16.to_le_bytes());
    gif.extend_from_slice(&50_000_u16.to_le_bytes());
    gif.extend_from_slice(&[0, 2, 2, 0x44, 1, 0, 0x3B]);
    gif
}
