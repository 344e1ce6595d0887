//! Uploads by tus: A22, and G1 and G21 for uploads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;
use sha1::{Digest as _, Sha1};

use crate::harness::sql::Sql;
use crate::harness::tus::{begin, create, end, id_of, metadata, offset, patch, patch_with};
use crate::harness::upload::{Form, download, pdf};
use crate::harness::{Client, Fields, Server, eventually};

#[tokio::test]
async fn an_upload_goes_on_after_a_kill_and_arrives_whole() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let file = pdf(3_500_000);
    let path = begin(&room.customer, &room, file.len()).await;
    let first = patch(&room.customer, &path, 0, &file[..1_234_567]).await;
    assert_eq!(
        (first.status, first.header("upload-offset")),
        (204, "1234567")
    );

    server.restart_after_kill();
    let room = room.renewed(&server);
    let at = offset(&room.customer, &path).await;
    assert_eq!(at.status, 200);
    assert_eq!(at.header("upload-offset"), "1234567");
    assert_eq!(at.header("upload-length"), "3500000");
    let draft = json!({ "attachment": id_of(&path) });
    room.customer.send(&room, draft.clone()).await.refused(422);
    let rest = patch(&room.customer, &path, 1_234_567, &file[1_234_567..]).await;
    assert_eq!(
        (rest.status, rest.header("upload-offset")),
        (204, "3500000")
    );

    let sent = room.customer.send(&room, draft).await.ok(201);
    assert_eq!(sent["file_name"], "big.pdf");
    assert_eq!(room.rider.download(sent.str("file_path")).await.ok(), file);
    let pieces = server.folder().join("orderchat-files/pieces");
    assert_eq!(std::fs::read_dir(pieces).map_or(0, Iterator::count), 0);
}

#[tokio::test]
async fn who_missed_the_answer_to_the_last_piece_learns_that_all_has_come() {
    let options = Server::with("ORDERCHAT_UNSENT_FILE", "8s");
    let mut server = options.start().await;
    let room = server.open_room().await;
    let file = pdf(1_500_000);
    let begun = create(&room.customer, &room, file.len()).await;
    let path = begun.header("location").to_owned();
    let last = patch(&room.customer, &path, 0, &file).await;
    assert_eq!(last.status, 204);
    let draft = json!({ "attachment": id_of(&path) });
    let sent = room.customer.send(&room, draft).await.ok(201);
    let whole = async |client: &Client| {
        let at = offset(client, &path).await;
        let told = ["upload-offset", "upload-length", "upload-expires"];
        (at.status == 200).then(|| {
            assert_eq!(at.header("upload-metadata"), metadata(&room.id));
            told.map(|name| at.header(name).to_owned())
        })
    };
    let told = whole(&room.customer).await.expect("it is known");
    let until = begun.header("upload-expires");
    assert_eq!(told, ["1500000", "1500000", until]);
    assert_eq!(last.header("upload-expires"), until);
    assert!(whole(&room.rider).await.is_none(), "it is another's");

    // The collector comes when a server starts.
    server.restart_after_kill();
    let room = room.renewed(&server);
    let again = whole(&room.customer).await.expect("it is known");
    assert_eq!(again, told);
    eventually("its time is over", async || {
        (offset(&room.customer, &path).await.status == 404).then_some(())
    })
    .await;
    assert_eq!(room.rider.download(sent.str("file_path")).await.ok(), file);
}

#[tokio::test]
async fn who_can_only_post_names_the_method_in_a_header() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let file = pdf(200_000);
    let path = begin(&room.customer, &room, file.len()).await;
    let post = async |method: &str, offset: usize, bytes: &[u8]| {
        let request = room.customer.request(Method::POST, &path);
        let request = request
            .header("tus-resumable", "1.0.0")
            .header("x-http-method-override", method)
            .header("upload-offset", offset)
            .header("content-type", "application/offset+octet-stream")
            .body(bytes.to_vec());
        download(request).await
    };
    assert_eq!(post("PATCH", 0, &file[..70_000]).await.status, 204);
    let other = post("PUT", 70_000, &file[70_000..]).await;
    assert_eq!(
        (other.status, other.header("allow")),
        (405, "HEAD,PATCH,DELETE")
    );
    let asked = download(room.customer.request(Method::OPTIONS, &path)).await;
    assert_eq!(
        (asked.status, asked.header("allow")),
        (204, "HEAD,PATCH,DELETE")
    );
    assert_eq!(post("PATCH", 70_000, &file[70_000..]).await.status, 204);
    let sent = json!({ "attachment": id_of(&path) });
    let sent = room.customer.send(&room, sent).await.ok(201);
    assert_eq!(room.rider.download(sent.str("file_path")).await.ok(), file);
    let other = begin(&room.customer, &room, 10).await;
    let request = room.customer.request(Method::POST, &other);
    let request = request
        .header("tus-resumable", "1.0.0")
        .header("x-http-method-override", "DELETE");
    assert_eq!(download(request).await.status, 204);
    assert_eq!(offset(&room.customer, &other).await.status, 404);
}

#[tokio::test]
async fn what_cannot_be_deleted_holds_up_nothing_else_and_is_tried_again() {
    let options = Server::with("ORDERCHAT_UNSENT_FILE", "3s");
    let mut server = options.start().await;
    let room = server.open_room().await;
    let form = |n: usize| Form::file("a.pdf", "application/pdf", &pdf(5_000 + n));
    let stuck = room.customer.upload(&room, form(0)).await.ok(201);
    let id = stuck.str("id").replace('-', "");
    let files = server.folder().join("orderchat-files");
    let stored = server.stored();
    let place = stored.iter().find(|path| path.ends_with(&id));
    let place = files.join(place.expect("the file"));
    // Nobody deletes a folder that has something in it as a file.
    std::fs::remove_file(&place).expect("the file goes");
    std::fs::create_dir(&place).expect("a folder in its place");
    std::fs::write(place.join("held"), b"held").expect("something in it");
    let other = room.customer.upload(&room, form(1)).await.ok(201);
    let other = other.str("id").replace('-', "");
    eventually("the other file is gone", async || {
        let left = server.stored();
        (!left.iter().any(|path| path.ends_with(&other))).then_some(())
    })
    .await;
    assert!(place.exists());
    let log = server.log();
    assert!(log.contains("a file cannot be deleted") && log.contains(stuck.str("id")));

    std::fs::remove_file(place.join("held")).expect("it goes");
    std::fs::remove_dir(&place).expect("the folder goes");
    let sql = Sql::connect(server.database_url()).await;
    sql.execute("UPDATE attachment SET until = 1 WHERE state = 'leaving'")
        .await;
    server.restart_after_kill();
    eventually("it is known no more", async || {
        (sql.int("SELECT COUNT(*) FROM attachment").await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let file = pdf(10_000);
    let path = begin(&room.customer, &room, file.len()).await;
    assert_eq!(
        patch(&room.customer, &path, 5, &file[5..]).await.status,
        409
    );
    let too_long = [&file[..], b"x"].concat();
    assert_eq!(patch(&room.customer, &path, 0, &too_long).await.status, 413);
    let mut wrong = HeaderMap::new();
    let digest = format!("sha1 {}", STANDARD.encode(Sha1::digest(b"else")));
    wrong.insert("upload-checksum", digest.parse().expect("a header"));
    let before = server.stored();
    let damaged = patch_with(&room.customer, &path, 0, &file[..5_000], wrong).await;
    assert_eq!(damaged.status, 460);
    assert_eq!(server.stored(), before, "what nobody will ask for is kept");
    assert_eq!(
        offset(&room.customer, &path).await.header("upload-offset"),
        "0"
    );

    let mut right = HeaderMap::new();
    let digest = format!("sha1 {}", STANDARD.encode(Sha1::digest(&file)));
    right.insert("upload-checksum", digest.parse().expect("a header"));
    let whole = patch_with(&room.customer, &path, 0, &file, right).await;
    assert_eq!(whole.status, 204);
    // Finished twice.
    let again = patch(&room.customer, &path, file.len(), b"").await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn anothers_upload_does_not_exist() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let path = begin(&room.customer, &room, 1_000).await;
    for who in [&room.rider, &room.admin, &room.service] {
        assert_eq!(offset(who, &path).await.status, 404);
        assert_eq!(patch(who, &path, 0, &pdf(1_000)).await.status, 404);
        assert_eq!(end(who, &path).await.status, 404);
    }
    let elsewhere = server.open_room().await;
    assert_eq!(create(&elsewhere.customer, &room, 10).await.status, 404);
}

#[tokio::test]
async fn who_begins_and_never_finishes_is_stopped_and_what_is_left_goes() {
    let options = Server::with("ORDERCHAT_UNSENT_FILE", "3s");
    let server = options.start().await;
    let room = server.open_room().await;
    let mut paths = Vec::new();
    let stopped = loop {
        let begun = create(&room.customer, &room, 1_000).await;
        if begun.status != 201 {
            break begun.status;
        }
        paths.push(begun.header("location").to_owned());
        assert!(paths.len() <= 1_000, "nobody stops it");
    };
    assert_eq!(stopped, 409);
    let files = server.folder().join("orderchat-files");
    for path in paths.iter().take(3) {
        eventually("an upload that was left is gone", async || {
            (offset(&room.customer, path).await.status == 404).then_some(())
        })
        .await;
    }
    let left = std::fs::read_dir(files.join("pieces"));
    assert_eq!(left.map_or(0, Iterator::count), 0);
}

#[tokio::test]
async fn an_ended_upload_is_gone() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let path = begin(&room.customer, &room, 2_000_000).await;
    patch(&room.customer, &path, 0, &pdf(1_500_000)).await;
    assert_eq!(end(&room.customer, &path).await.status, 204);
    assert_eq!(offset(&room.customer, &path).await.status, 404);
}

#[tokio::test]
async fn another_version_of_tus_and_what_is_too_large_are_refused_at_once() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let request = room.customer.request(Method::POST, "/api/chat/uploads/");
    let none = download(request.header("upload-length", "10")).await;
    assert_eq!(none.status, 412);
    assert_eq!(none.header("tus-resumable"), "1.0.0");
    assert_eq!(none.header("tus-version"), "1.0.0");
    assert_eq!(create(&room.customer, &room, 26 << 20).await.status, 413);
    assert_eq!(create(&room.customer, &room, 0).await.status, 422);
}

#[tokio::test]
async fn a_client_that_asks_is_told_what_of_tus_there_is_and_browsers_ask_as_before() {
    let options = Server::with("ORDERCHAT_ORIGINS", "https://shop.example");
    let options = options.with("ORDERCHAT_MAX_UPLOAD", "3MiB");
    let server = options.start().await;
    let room = server.open_room().await;
    let begun = begin(&room.customer, &room, 1_000).await;
    let nobody = server.anonymous();
    for path in ["/api/chat/uploads/", "/api/chat/uploads", &begun] {
        let asked = nobody.request(Method::OPTIONS, path);
        let told = download(asked.header("origin", "https://shop.example")).await;
        assert_eq!(told.status, 204);
        for (name, value) in [
            ("tus-resumable", "1.0.0"),
            ("tus-version", "1.0.0"),
            ("tus-max-size", "3145728"),
            ("tus-checksum-algorithm", "sha1,sha256"),
            ("access-control-allow-origin", "https://shop.example"),
        ] {
            assert_eq!(told.header(name), value, "{path}");
        }
        for extension in ["creation", "termination", "checksum", "expiration"] {
            assert!(told.header("tus-extension").contains(extension));
        }
        let preflight = nobody
            .request(Method::OPTIONS, path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "PATCH")
            .header(
                "access-control-request-headers",
                "tus-resumable,upload-offset",
            );
        let allowed = download(preflight).await;
        assert_eq!(allowed.status, 200);
        assert!(allowed.headers.get("tus-version").is_none());
        let methods = allowed.header("access-control-allow-methods");
        assert!(methods.contains("PATCH"), "{methods}");
    }
    let elsewhere = nobody.request(Method::OPTIONS, "/api/chat/rooms/");
    let elsewhere = download(elsewhere).await;
    assert!(elsewhere.headers.get("tus-version").is_none());
}

#[tokio::test]
async fn a_type_that_is_none_is_refused_on_either_engine() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let [id, kind] = [room.id.as_bytes(), b"application/pdf\0"].map(|text| STANDARD.encode(text));
    let request = room.customer.request(Method::POST, "/api/chat/uploads/");
    let request = request
        .header("tus-resumable", "1.0.0")
        .header("upload-length", "10")
        .header("upload-metadata", format!("room {id},filetype {kind}"));
    assert_eq!(download(request).await.status, 422);
}
