//! G8: the same sender, room and key make one message, in parallel too.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::seed::rounds;
use crate::harness::{Fields, Server};

#[tokio::test]
async fn g8_sixteen_parallel_duplicates_of_each_key_make_one_message() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let keys = rounds("ORDERCHAT_TEST_KEYS", 200);
    for key in 0..keys {
        let draft =
            json!({ "content": format!("text {key}"), "client_message_id": format!("k{key}") });
        let answers = join_all((0..16).map(|_| room.customer.send(&room, draft.clone()))).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1, "one of sixteen makes the message of k{key}");
        let ids: BTreeSet<_> = answers
            .iter()
            .map(|answer| {
                let status = answer.status;
                assert!([200, 201].contains(&status), "{}", answer.text);
                answer.json().string("id")
            })
            .collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
    let texts = room.messages_seen_by(&room.rider).await;
    let texts = texts
        .iter()
        .filter(|message| message["message_type"] == "text")
        .count();
    assert_eq!(texts, keys);
}

#[tokio::test]
async fn g8_of_parallel_sends_with_one_key_and_different_texts_one_wins() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for key in 0..rounds("ORDERCHAT_TEST_ROUNDS", 10) {
        let draft = |number: usize| json!({ "content": format!("text {number}"), "client_message_id": format!("k{key}") });
        let answers =
            join_all((0..16).map(|number| room.customer.send(&room, draft(number)))).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.refused(422);
        }
    }
}
