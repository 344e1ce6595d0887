//! Search in messages: what is found, by whom, and how far a list goes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::{
    Client, Fields, Identity, Room, Server, an_order, encode, message_path, random_id, shape,
};

/// The path of a search, with more parameters behind it.
fn search(q: &str, more: &str) -> String {
    format!("/api/chat/search/?q={}{more}", encode(q))
}

/// The texts that somebody finds, newest first, to the end of the list.
async fn texts(client: &Client, q: &str) -> Vec<String> {
    texts_with(client, q, "").await
}

async fn texts_with(client: &Client, q: &str, more: &str) -> Vec<String> {
    let found = client.all(&search(q, more)).await;
    found
        .iter()
        .map(|message| message.string("content"))
        .collect()
}

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn a_message_is_found_as_soon_as_it_is_acked() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let said = room.customer.say(&room, "Is the Amoxicillin here?").await;
    let page = room.customer.get(&search("oxicill", "")).await.ok(200);
    assert_eq!(page["results"].as_array().map(Vec::len), Some(1));
    let found = &page["results"][0];
    shape::message(found);
    assert_eq!(found["id"], said["id"]);
    assert_eq!(
        found["can_be_edited"], true,
        "the caller's own fields are there"
    );
    assert_eq!(
        (&page["next"], &page["previous"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn any_script_is_found_by_any_part() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for (body, queries) in [
        ("أين المُسْتَشْفى يا أحمد؟", &["مستشفى", "المستش", "احمد"][..]),
        ("请送到北京路十二号", &["北京路", "送到北"]),
        ("என் மருந்து எங்கே", &["மருந்து", "ருந்"]),
        ("thank you 👩‍⚕️🙏🙏🙏", &["🙏🙏🙏", "you 👩‍⚕️"]),
        (
            "İSTANBUL'a gidiyor, ılık",
            &["istanbul", "ISTANBUL", "İstanbul", "ILIK"],
        ),
        ("Straße im Café", &["STRASSE", "cafe", "ße im"]),
        ("line one\nline   two", &["one line two"]),
        (
            "안녕하세요",
            &[
                "안녕",
                "\u{110b}\u{1161}\u{11ab}\u{1102}\u{1167}\u{11bc}하세",
            ],
        ),
        ("か\u{3099}んばって", &["がんば"]),
        ("Мои\u{306} заказ", &["мой заказ"]),
    ] {
        room.customer.say(&room, body).await;
        for query in queries {
            assert_eq!(texts(&room.pharmacist, query).await, [body], "{query}");
        }
    }
}

#[tokio::test]
async fn one_or_two_characters_are_enough() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "药店在哪里").await;
    room.customer.say(&room, "ok x").await;
    for client in [&room.customer, &room.pharmacist, &room.admin, &room.service] {
        assert_eq!(texts(client, "药店").await, ["药店在哪里"]);
        assert_eq!(texts(client, "X").await, ["ok x"]);
    }
}

#[tokio::test]
async fn a28_syntax_and_wildcards_are_taken_literally() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let bodies = [
        "50% off",
        "50x off",
        "a_b_c",
        "aXbXc",
        "say \"hello\" AND go",
        "say hello and go",
        "NEAR(a b) OR c*",
        "o'hara; DROP TABLE log --",
        "back\\slash",
        "^start",
    ];
    for body in bodies {
        room.customer.say(&room, body).await;
    }
    for (query, expected) in [
        ("50%", &["50% off"][..]),
        ("a_b", &["a_b_c"]),
        ("\"hello\"", &["say \"hello\" AND go"]),
        ("hello* OR", &[]),
        ("NEAR(a", &["NEAR(a b) OR c*"]),
        ("c*", &["NEAR(a b) OR c*"]),
        ("' OR 1=1 --", &[]),
        ("'hara; DROP", &["o'hara; DROP TABLE log --"]),
        ("k\\s", &["back\\slash"]),
        ("^start", &["^start"]),
        ("%%%", &[]),
        ("content:say", &[]),
    ] {
        assert_eq!(texts(&room.customer, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_query_or_a_filter_that_makes_no_sense_is_422() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let long = "x".repeat(201);
    for path in [
        "/api/chat/search/".to_owned(),
        search("", ""),
        search("   ", ""),
        search("\u{301}", ""),
        search(&long, ""),
        search("abc", "&type=shout"),
        search("abc", "&has=money"),
        search("abc", "&from=yesterday"),
        search("abc", "&to=1"),
        search("abc", "&sender="),
        search("abc", "&limit=0"),
        search("abc", "&cursor=x"),
        search("abc", "&q=abd"),
        search("abc", "&colour=red"),
    ] {
        room.customer.get(&path).await.refused(422);
    }
    assert_eq!(texts(&room.customer, &"x".repeat(200)).await, NOTHING);
}

#[tokio::test]
async fn everybody_finds_what_they_may_read_and_nothing_else() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "the canary sings").await;
    for client in [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.support,
        &room.admin,
        &room.service,
    ] {
        assert_eq!(
            texts(client, "canary").await,
            ["the canary sings"],
            "{}",
            client.user
        );
    }
    let colleague = server.pharmacy("not-in-it", "ph1");
    assert_eq!(texts(&colleague, "canary").await, ["the canary sings"]);
    for outsider in [
        server.customer("somebody"),
        server.rider("somebody"),
        server.pharmacy("elsewhere", "ph2"),
    ] {
        assert_eq!(texts(&outsider, "canary").await, NOTHING);
        let there = outsider
            .get(&search("canary", &format!("&room={}", room.id)))
            .await;
        let nowhere = outsider
            .get(&search("canary", &format!("&room={}", random_id())))
            .await;
        there.refused(404);
        assert_eq!(there.fingerprint(), nowhere.fingerprint());
    }
}

#[tokio::test]
async fn a8_who_is_blocked_removed_or_gone_finds_nothing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "the canary sings").await;
    let block = room.participant_at(&room.pharmacist, "block/").await;
    room.admin.act(&block).await.ok(200);
    room.remove(&room.rider).await;
    room.colleague.act(&room.at("leave/")).await.ok(200);
    room.customer.act(&room.at("leave/")).await.ok(200);
    for gone in [&room.pharmacist, &room.rider, &room.customer] {
        assert_eq!(texts(gone, "canary").await, NOTHING, "{}", gone.user);
        gone.get(&search("canary", &format!("&room={}", room.id)))
            .await
            .refused(404);
    }
    assert_eq!(
        texts(&room.colleague, "canary").await.len(),
        1,
        "theirs by the pharmacy"
    );
    room.customer.act(&room.at("join/")).await.ok(200);
    assert_eq!(
        texts(&room.customer, "canary").await.len(),
        1,
        "who came back finds it again"
    );
}

#[tokio::test]
async fn who_came_later_finds_only_what_was_said_since() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "canary before").await;
    room.make_public().await;
    let guest = server.customer("guest");
    guest.act(&room.at("join/")).await;
    room.customer.say(&room, "canary after").await;
    assert_eq!(texts(&guest, "canary").await, ["canary after"]);
    assert_eq!(texts(&guest, "ca").await, ["canary after"]);
    room.rider_is("rider-two").await;
    assert_eq!(texts(&server.rider("rider-two"), "canary").await, NOTHING);
    assert_eq!(texts(&room.rider, "canary").await, NOTHING, "handed over");
}

#[tokio::test]
async fn a_token_for_one_room_searches_there() {
    let server = Server::start().await;
    let (one, other) = (server.open_room().await, server.open_room().await);
    for room in [&one, &other] {
        room.service
            .post(
                &room.at("participants/"),
                json!({ "user": one.customer.user }),
            )
            .await;
        room.customer.say(room, "the canary sings").await;
    }
    assert_eq!(texts(&one.customer, "canary").await.len(), 2);
    let bound = Identity::new("customer", &one.customer.user).with("room", one.code.as_str());
    assert_eq!(texts(&server.client(&bound), "canary").await.len(), 1);
    let admin = Identity::new("admin", "a").with("room", other.id.as_str());
    let found = server.client(&admin).all(&search("canary", "")).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["room"], other.id.as_str());
}

#[tokio::test]
async fn g18_an_edited_text_is_found_as_it_is_now_and_a_deleted_one_not_at_all() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let edited = room.customer.say(&room, "two boxes of paracetamol").await;
    let deleted = room.customer.say(&room, "my canary number").await;
    let edit = json!({ "content": "two boxes of ibuprofen" });
    room.customer
        .patch(&message_path(&edited, ""), edit)
        .await
        .ok(200);
    room.customer
        .delete(&message_path(&deleted, ""))
        .await
        .ok(204);
    for client in [&room.customer, &room.admin] {
        assert_eq!(texts(client, "paracetamol").await, NOTHING);
        assert_eq!(texts(client, "boxes of").await, ["two boxes of ibuprofen"]);
        assert_eq!(texts(client, "bo").await, ["two boxes of ibuprofen"]);
        assert_eq!(texts(client, "canary").await, NOTHING);
        assert_eq!(texts(client, "ca").await, NOTHING);
    }
}

#[tokio::test]
async fn a_deleted_room_is_not_searched() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "the canary sings").await;
    room.admin.delete(&room.at("")).await.ok(204);
    for client in [&room.customer, &room.pharmacist, &room.admin, &room.service] {
        assert_eq!(texts(client, "canary").await, NOTHING, "{}", client.user);
        assert_eq!(texts(client, &room.code).await, NOTHING, "{}", client.user);
    }
}

#[tokio::test]
async fn a_card_number_is_found_by_what_is_left_of_it_only() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer
        .say(&room, "card 4111 1111 1111 1111 please")
        .await;
    assert_eq!(texts(&room.admin, "1111 1111 1111").await, NOTHING);
    assert_eq!(texts(&room.admin, "please").await.len(), 1);
}

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
async fn filters_narrow_a_search() {
    let server = Server::start().await;
    let (room, other) = (server.open_room().await, server.open_room().await);
    let first = room.customer.say(&room, "canary one").await;
    room.pharmacist.say(&room, "canary two").await;
    other.customer.say(&other, "canary three").await;
    room.service
        .send(
            &room,
            json!({ "content": "canary news", "message_type": "system" }),
        )
        .await
        .ok(201);
    let admin = &room.admin;
    let of = async |more: &str| texts_with(admin, "canary", more).await;
    assert_eq!(
        of("").await,
        ["canary news", "canary three", "canary two", "canary one"]
    );
    assert_eq!(of(&format!("&room={}", other.code)).await, ["canary three"]);
    assert_eq!(of("&type=system").await, ["canary news"]);
    assert_eq!(of("&has=file").await, NOTHING);
    assert_eq!(of("&type=image").await, NOTHING);
    let participant = room.participant(&room.customer).await.string("id");
    assert_eq!(of(&format!("&sender={participant}")).await, ["canary one"]);
    assert_eq!(
        of(&format!("&sender={}", room.customer.user)).await,
        ["canary one"]
    );
    assert_eq!(of("&sender=nobody").await, NOTHING);
    assert_eq!(of(&format!("&sender={}", random_id())).await, NOTHING);
    let at = encode(&first.string("timestamp"));
    assert_eq!(of(&format!("&from={at}")).await.len(), 4);
    assert_eq!(of(&format!("&to={at}")).await, NOTHING);
    assert_eq!(of("&from=2100-01-01T00:00:00Z").await, NOTHING);
    // The shop's ids are not for customers, but their own.
    let customer = &room.customer;
    let by = |user: &str| format!("&sender={user}");
    let own = texts_with(customer, "canary", &by(&customer.user)).await;
    assert_eq!(own, ["canary one"]);
    let others = texts_with(customer, "canary", &by(&room.pharmacist.user)).await;
    assert_eq!(others, NOTHING);
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

#[tokio::test]
async fn a32_searches_are_limited() {
    let server = Server::start_limited().await;
    let room = server.open_room().await;
    for _ in 0..20 {
        room.customer.get(&search("abc", "")).await.ok(200);
    }
    let mut refused = false;
    for _ in 0..20 {
        let answer = room.customer.get(&search("abc", "")).await;
        if answer.status == 429 {
            answer.retry_after_s();
            refused = true;
            break;
        }
    }
    assert!(refused, "forty searches in a row and no 429");
    room.rider.get(&search("abc", "")).await.ok(200);
    room.customer.get(&room.at("messages/")).await.ok(200);
}
