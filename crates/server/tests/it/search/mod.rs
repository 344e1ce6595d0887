//! Search in messages: what is found, by whom, and how far a list goes.

mod orders;
mod pages;
mod rights;

use serde_json::{Value, json};

use crate::harness::{Client, Fields, Server, encode, random_id, shape};

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
