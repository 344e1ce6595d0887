//! A36: card numbers in text.

use serde_json::{Value, json};

use crate::harness::{Fields, Server, message_path};

/// The same Visa test number, as people write it.
const SPELLINGS: [&str; 12] = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111\u{a0}1111\u{a0}1111\u{a0}1111",
    "4111\u{2011}1111\u{2011}1111\u{2011}1111",
    "4111  1111  1111  1111",
    "4111_1111_1111_1111",
    "41 11 11 11 11 11 11 11",
    "my card:4111111111111111.",
    "\u{ff14}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}\u{ff11}",
    "4111\u{200b}1111\u{200b}1111\u{200b}1111",
];

/// The decimal digits that are left, in any script of the spellings.
fn digits(text: &str) -> usize {
    text.chars()
        .filter(|c| c.is_ascii_digit() || ('\u{ff10}'..='\u{ff19}').contains(c))
        .count()
}

fn is_masked(message: &Value, written: &str) {
    let content = message.string("content");
    assert_eq!(
        digits(&content),
        10,
        "first 6 and last 4 of {written:?} stay, not {content:?}"
    );
}

#[tokio::test]
async fn a36_card_numbers_are_masked_in_twelve_spellings() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for written in SPELLINGS {
        let sent = room.customer.say(&room, written).await;
        is_masked(&sent, written);
        let notices = sent.list("notices");
        assert_eq!(notices.len(), 1, "the sender is told: {sent}");
        is_masked(
            &room.pharmacist.get(&message_path(&sent, "")).await.ok(200),
            written,
        );
    }
    for event in room.log_seen_by(&room.admin).await {
        if event["data"]["message"]["message_type"] == "text" {
            assert!(
                digits(&event["data"]["message"].string("content")) <= 10,
                "{event}"
            );
        }
    }
}

#[tokio::test]
async fn a36_other_long_numbers_stay() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for number in [
        "4111111111111112",
        "+49 170 1234567",
        "PZN 12345678",
        "2026-11-22 10:15:30",
    ] {
        let sent = room.customer.say(&room, number).await;
        assert_eq!(
            (&sent["content"], &sent["notices"]),
            (&json!(number), &json!([]))
        );
    }
}

#[tokio::test]
async fn a36_an_edit_and_a_reply_are_masked_too() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.customer.say(&room, "hello").await;
    let path = message_path(&sent, "");
    let edited = room
        .customer
        .patch(&path, json!({ "content": SPELLINGS[1] }))
        .await
        .ok(200);
    is_masked(&edited, SPELLINGS[1]);
    let reply = json!({ "content": SPELLINGS[2] });
    let reply = room
        .rider
        .post(&message_path(&sent, "reply/"), reply)
        .await
        .ok(201);
    is_masked(&reply, SPELLINGS[2]);
}
