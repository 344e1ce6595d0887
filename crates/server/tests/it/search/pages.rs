//! Pages of a search, and its cursors.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{search, texts, texts_with};
use crate::harness::{Fields, Room, Server, an_order};

#[tokio::test]
async fn a_cursor_says_nothing_and_cannot_be_made() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for n in 0..3 {
        room.customer.say(&room, &format!("canary {n}")).await;
    }
    let page = room
        .customer
        .get(&search("canary", "&limit=1"))
        .await
        .ok(200);
    let next = page.string("next");
    let (_, cursor) = next.split_once("cursor=").expect("a cursor");
    let (list, cursor) = cursor.split_once('.').expect("the list, and a place");
    let sealed = URL_SAFE_NO_PAD.decode(cursor).expect("base64");
    assert!(!sealed.windows(4).any(|part| part == b"seen"));
    let forged = URL_SAFE_NO_PAD.encode(br#"{"found":[0,4],"seen":0}"#);
    let refused = room
        .customer
        .get(&search("canary", &format!("&cursor={list}.{forged}")))
        .await;
    refused.refused(422);
    room.customer.get(&next).await.ok(200);
}

#[tokio::test]
async fn a_list_goes_on_to_its_end_whatever_is_left_out() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    for n in 0..40 {
        room.pharmacist.say(&room, &format!("canary {n}")).await;
        other
            .pharmacist
            .say(&other, &format!("canary of others {n}"))
            .await;
    }
    let expected: Vec<String> = (0..40).rev().map(|n| format!("canary {n}")).collect();
    for limit in [1, 7, 40, 200] {
        let found = texts_with(&room.customer, "canary", &format!("&limit={limit}")).await;
        assert_eq!(found, expected, "pages of {limit}");
    }
    assert_eq!(
        texts_with(&room.admin, "canary", "&limit=9").await.len(),
        80
    );
    assert_eq!(texts_with(&room.admin, "ry", "&limit=9").await.len(), 80);
}

#[tokio::test]
async fn a_page_of_what_others_said_is_empty_and_goes_on() {
    let server = Server::start().await;
    let north = server.open_room().await;
    let pharmacy = json!({ "id": "ph2", "name": "South", "staff": [{ "id": "s", "name": "S" }] });
    let south = Room::of(&server, an_order("south").with("pharmacy", pharmacy)).await;
    south.customer.say(&south, "the canary of the south").await;
    // More than a request looks at.
    for _ in 0..95 {
        let says = (0..50).map(|_| north.customer.say(&north, "a canary of the north"));
        futures_util::future::join_all(says).await;
    }
    let staff = server.pharmacy("not-in-it", "ph2");
    let first = staff.get(&search("canary", "")).await.ok(200);
    assert_eq!(first.results(), Vec::<Value>::new());
    assert!(first["next"].is_string(), "{first}");
    assert_eq!(texts(&staff, "canary").await, ["the canary of the south"]);
    // One or two characters are looked for where the caller may read, so nothing is walked through.
    let short = staff.get(&search("ry", "")).await.ok(200);
    assert_eq!(short.results().len(), 1, "{short}");
    assert_eq!(short["next"], Value::Null);
}
