//! `/rooms/{id}/messages/` and `/messages/{id}/`: sending and reading.

use serde_json::{Value, json};

use crate::harness::{Fields, Server, message_path, random_id, shape};

#[tokio::test]
async fn a_sent_message_comes_back_with_all_its_fields() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let before = room.head().await;
    let draft = json!({
        "content": "Is the *insulin* cooled?",
        "message_type": "text",
        "metadata": { "from": "home screen" },
        "client_message_id": "key-1",
    });
    let sent = room.customer.send(&room, draft).await.ok(201);

    shape::message(&sent);
    assert_eq!(sent["notices"], json!([]));
    assert_eq!(sent["room"], room.id.as_str());
    assert_eq!(sent["sender"], room.participant(&room.customer).await["id"]);
    assert_eq!(sent["sender_role"], "customer");
    assert_eq!(sent["message_type"], "text");
    assert_eq!(sent["content"], "Is the *insulin* cooled?");
    assert_eq!(sent["metadata"], json!({ "from": "home screen" }));
    assert_eq!(sent["client_message_id"], "key-1");
    assert_eq!(sent["status"], "sent");
    assert_eq!(sent.number("seq"), before + 1);
    for (field, value) in [
        ("is_edited", json!(false)),
        ("is_deleted", json!(false)),
        ("is_system_message", json!(false)),
        ("is_media_message", json!(false)),
        ("can_be_edited", json!(true)),
        ("can_be_deleted", json!(true)),
        ("reply_to", Value::Null),
        ("reply_count", json!(0)),
        ("file", Value::Null),
        ("image", Value::Null),
        ("delivered_at", Value::Null),
        ("read_at", Value::Null),
    ] {
        assert_eq!(sent[field], value, "{field}");
    }

    for viewer in [&room.rider, &room.pharmacist, &room.support, &room.service] {
        let seen = viewer.get(&message_path(&sent, "")).await.ok(200);
        shape::message(&seen);
        for same in [
            "id",
            "seq",
            "content",
            "timestamp",
            "sender",
            "message_type",
        ] {
            assert_eq!(seen[same], sent[same], "{same}");
        }
        assert_eq!(
            seen["client_message_id"],
            Value::Null,
            "the key is the sender's own"
        );
        assert_eq!(seen["can_be_edited"], false);
    }
}

#[tokio::test]
async fn texts_are_trimmed_and_their_line_ends_are_unix() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room
        .customer
        .say(&room, "  first\r\nsecond\tcolumn \n\n")
        .await;
    assert_eq!(sent["content"], "first\nsecond\tcolumn");
}

#[tokio::test]
async fn texts_that_nobody_can_read_are_refused() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let head = room.head().await;
    let unreadable = [
        "",
        "   ",
        "\n\t\r\n",
        "a\u{0}b",
        "a\u{1b}[31mred",
        "a\u{7f}b",
        "a\u{85}b",
        "\u{200b}",
        "\u{feff}\u{200d}\u{2060}",
        "\u{3164}",
        "\u{00ad}\u{00ad}",
    ];
    for text in unreadable {
        let problem = room
            .customer
            .send(&room, json!({ "content": text }))
            .await
            .refused(422);
        assert_eq!(
            problem["errors"][0]["pointer"], "/content",
            "{text:?}: {problem}"
        );
    }
    for wrong in [
        json!(null),
        json!(5),
        json!(["a"]),
        json!({ "text": "a" }),
        json!(true),
    ] {
        room.customer
            .send(&room, json!({ "content": wrong }))
            .await
            .refused(422);
    }
    room.customer.send(&room, json!({})).await.refused(422);
    assert_eq!(room.head().await, head);
}

#[tokio::test]
async fn length_is_counted_in_unicode_scalar_values_after_trimming() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let longest = "💊".repeat(8_000);
    let sent = room.customer.say(&room, &format!("  {longest}\n")).await;
    assert_eq!(sent["content"], longest.as_str());
    let draft = json!({ "content": "é".repeat(8_001) });
    room.customer.send(&room, draft).await.refused(422);
}

#[tokio::test]
async fn metadata_of_people_is_a_small_object() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for wrong in [
        json!("text"),
        json!(7),
        json!([1]),
        json!({ "note": "x".repeat(4_096) }),
    ] {
        let draft = json!({ "content": "a", "metadata": wrong });
        room.customer.send(&room, draft).await.refused(422);
    }
    let most = json!({ "note": "x".repeat(4_000) });
    let sent = room
        .customer
        .send(&room, json!({ "content": "a", "metadata": most }))
        .await
        .ok(201);
    assert_eq!(sent["metadata"], most);
}

#[tokio::test]
async fn people_write_no_types_that_the_server_or_the_service_writes() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for kind in [
        "system",
        "order_update",
        "delivery_update",
        "image",
        "file",
        "sticker",
        "TEXT",
    ] {
        for client in [&room.customer, &room.pharmacist, &room.admin] {
            let draft = json!({ "content": "a", "message_type": kind });
            client.send(&room, draft).await.refused(422);
        }
    }
    room.service
        .send(&room, json!({ "content": "a", "message_type": "text" }))
        .await
        .refused(422);
}

#[tokio::test]
async fn a_list_of_messages_is_ascending_and_shows_the_newest_first_page() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut sent = Vec::new();
    for number in 1..=8 {
        sent.push(room.customer.say(&room, &format!("message {number}")).await);
    }
    let seqs = |page: &Value| -> Vec<i64> {
        page.results()
            .iter()
            .map(|message| message.number("seq"))
            .collect()
    };
    let of = |range: std::ops::Range<usize>| -> Vec<i64> {
        sent[range]
            .iter()
            .map(|message| message.number("seq"))
            .collect()
    };
    let list = |query: String| {
        let path = room.at(&format!("messages/?{query}"));
        let customer = room.customer.clone();
        async move { customer.get(&path).await.ok(200) }
    };

    let newest = list("limit=3".into()).await;
    assert_eq!(seqs(&newest), of(5..8));
    assert_eq!(newest["next"], Value::Null, "nothing is newer");
    let older = room.customer.get(&newest.string("previous")).await.ok(200);
    assert_eq!(seqs(&older), of(2..5));
    let newer = room.customer.get(&older.string("next")).await.ok(200);
    assert_eq!(seqs(&newer), of(5..8));

    let fourth = sent[3].number("seq");
    assert_eq!(
        seqs(&list(format!("limit=2&before={fourth}")).await),
        of(1..3)
    );
    assert_eq!(
        seqs(&list(format!("limit=2&after={fourth}")).await),
        of(4..6)
    );
    let around = seqs(&list(format!("limit=3&around={fourth}")).await);
    assert!(
        around.contains(&fourth) && around.len() <= 3 && around.is_sorted(),
        "{around:?}"
    );
    assert_eq!(
        seqs(&list(format!("after={}", room.head().await)).await),
        Vec::<i64>::new()
    );
}

#[tokio::test]
async fn a_list_of_messages_can_be_of_one_type() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "hello").await;
    room.order_is("preparing").await;
    for (kind, content) in [("text", Some("hello")), ("order_update", None)] {
        let path = room.at(&format!("messages/?type={kind}"));
        let found = room.customer.get(&path).await.ok(200).results();
        assert!(!found.is_empty(), "{kind}");
        for message in found {
            assert_eq!(message["message_type"], kind);
            if let Some(content) = content {
                assert_eq!(message["content"], content);
            }
        }
    }
    room.customer
        .get(&room.at("messages/?type=sticker"))
        .await
        .refused(422);
}

#[tokio::test]
async fn wrong_pages_are_refused_by_the_name_of_the_parameter() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=ten",
        "limit=",
        "before=x",
        "after=-1",
        "around=1e3",
        "after=99999999999999999999",
    ] {
        room.customer
            .get(&room.at(&format!("messages/?{query}")))
            .await
            .refused(422);
    }
    room.customer
        .get(&room.at("messages/?limit=200"))
        .await
        .ok(200);
}

#[tokio::test]
async fn a_message_that_is_not_there_is_not_found() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = room.customer.say(&room, "hello").await;
    let stranger = server.customer("other");
    let nothing = format!("/api/chat/messages/{}/", random_id());
    let (real, unreal) = (
        stranger.get(&message_path(&message, "")).await,
        stranger.get(&nothing).await,
    );
    real.refused(404);
    assert_eq!(real.fingerprint(), unreal.fingerprint());
    for odd in ["7", "x", "%00", "..", "CHAT-AAAA-AAAA"] {
        room.customer
            .get(&format!("/api/chat/messages/{odd}/"))
            .await
            .problem();
    }
}

#[tokio::test]
async fn time_never_runs_backwards_in_a_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for number in 0..20 {
        let writer = if number % 2 == 0 {
            &room.customer
        } else {
            &room.rider
        };
        writer.say(&room, &format!("{number}")).await;
    }
    let times: Vec<_> = room
        .log_seen_by(&room.admin)
        .await
        .iter()
        .map(|event| event.string("at"))
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn card_numbers_are_masked_and_the_sender_is_told() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room
        .customer
        .say(&room, "take 4111 1111 1111 1111 please")
        .await;
    let stored = sent.string("content");
    assert!(
        stored.contains("4111 11") || stored.contains("411111"),
        "{stored}"
    );
    assert!(
        stored.contains("1111 please") && !stored.contains("1111 1111 1111"),
        "{stored}"
    );
    let notice = &sent["notices"][0];
    assert!(
        notice["code"].is_string() && notice["detail"].is_string(),
        "{sent}"
    );
    let seen = room.pharmacist.get(&message_path(&sent, "")).await.ok(200);
    assert_eq!(seen["content"], stored.as_str());
}
