//! Orders and rooms that a query names.

use super::{NOTHING, texts};
use crate::harness::{Room, Server, an_order};

#[tokio::test]
async fn an_order_is_found_by_the_beginning_of_its_number_or_its_rooms_code() {
    let server = Server::start().await;
    let report = an_order("o-1").with("number", "RX-20417");
    let room = Room::of(&server, report).await;
    room.customer.say(&room, "hello").await;
    for client in [&room.customer, &room.pharmacist, &room.admin] {
        for query in [
            "RX-2041",
            "rx-20417",
            "#RX-20417",
            &room.code,
            &room.code[..9],
        ] {
            let found = texts(client, query).await;
            assert_eq!(found.first().map(String::as_str), Some("hello"), "{query}");
        }
        assert_eq!(texts(client, "X-20417 is none").await, NOTHING);
    }
    assert_eq!(
        texts(&server.customer("somebody"), "RX-20417").await,
        NOTHING
    );
    // Guests see no order data, and find nothing by it.
    room.make_public().await;
    let guest = server.customer("guest");
    guest.act(&room.at("join/")).await;
    room.customer.say(&room, "welcome").await;
    assert_eq!(texts(&guest, "RX-20417").await, NOTHING);
    assert_eq!(texts(&guest, &room.code).await, ["welcome"]);
}

#[tokio::test]
async fn a_whole_number_is_found_however_many_begin_so() {
    let server = Server::start().await;
    let room = Room::of(&server, an_order("o-990").with("number", "990")).await;
    room.customer.say(&room, "this very one").await;
    for n in 0..21 {
        let order = an_order(&format!("o-990{n}")).with("number", format!("990{n:02}"));
        room.service.report(&order).await.ok(201);
    }
    let found = texts(&room.admin, "990").await;
    assert!(found.contains(&"this very one".to_owned()), "{found:?}");
}

#[tokio::test]
async fn a_room_that_is_named_gives_all_its_messages() {
    let server = Server::start().await;
    let room = Room::of(&server, an_order("o-1").with("number", "RX-20417")).await;
    let other = server.open_room().await;
    for n in 0..7 {
        let says = (0..40).map(async |m| room.customer.say(&room, &format!("said {n} {m}")).await);
        futures_util::future::join_all(says).await;
        other.customer.say(&other, "said elsewhere").await;
    }
    let said = |found: Vec<String>| found.iter().filter(|text| text.starts_with("said")).count();
    for client in [&room.customer, &room.pharmacist, &room.admin] {
        assert_eq!(said(texts(client, "RX-20417").await), 280);
    }
}

#[tokio::test]
async fn an_order_with_a_number_of_one_or_two_characters_is_found_by_all_of_it() {
    let server = Server::start().await;
    let room = Room::of(&server, an_order("o-7b").with("number", "7B")).await;
    let longer = Room::of(&server, an_order("o-7b2").with("number", "7B2")).await;
    room.customer.say(&room, "of the short one").await;
    longer.customer.say(&longer, "of the long one").await;
    for client in [&room.customer, &room.pharmacist, &room.admin] {
        for query in ["7b", "#7B"] {
            let found = texts(client, query).await;
            assert!(
                found.contains(&"of the short one".to_owned()),
                "{query}: {found:?}"
            );
            assert!(
                !found.contains(&"of the long one".to_owned()),
                "{query}: {found:?}"
            );
        }
    }
}
