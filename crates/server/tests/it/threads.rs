//! Threads: `/messages/{id}/thread/`.

use serde_json::{Value, json};

use crate::harness::{Client, Fields, Room, Server, message_path, random_id, shape};

/// A reply to a message, which must be accepted.
async fn reply(client: &Client, to: &Value, content: &str) -> Value {
    let body = json!({ "content": content });
    client.post(&message_path(to, "reply/"), body).await.ok(201)
}

fn contents(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|one| one.string("content")).collect()
}

/// The whole thread, from its first page up to the beginning and down to the end.
async fn whole(client: &Client, message: &Value, limit: u32) -> Vec<Value> {
    let first = client
        .get(&message_path(message, &format!("thread/?limit={limit}")))
        .await
        .ok(200);
    let mut all = first.results();
    let mut up = first["previous"].as_str().map(str::to_owned);
    while let Some(path) = up {
        let page = client.get(&path).await.ok(200);
        assert!(page.results().len() <= limit as usize);
        all.splice(0..0, page.results());
        up = page["previous"].as_str().map(str::to_owned);
    }
    if let Some(next) = first["next"].as_str() {
        all.extend(client.all(next).await);
    }
    all
}

/// A question with two answers, of which the first is answered twice, and something else between.
async fn tree(room: &Room) -> Vec<Value> {
    let question = room.customer.say(room, "question").await;
    let first = reply(&room.pharmacist, &question, "first answer").await;
    room.customer.say(room, "something else").await;
    let second = reply(&room.rider, &question, "second answer").await;
    let thanks = reply(&room.customer, &first, "thanks").await;
    let deep = reply(&room.pharmacist, &thanks, "welcome").await;
    let late = reply(&room.rider, &first, "late").await;
    vec![question, first, second, thanks, deep, late]
}

#[tokio::test]
async fn a_thread_is_the_chain_above_and_all_replies_below() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let [question, first, second, thanks, deep, late] = &tree(&room).await[..] else {
        panic!("six messages");
    };
    let all = [
        "question",
        "first answer",
        "second answer",
        "thanks",
        "welcome",
        "late",
    ];
    let cases = [
        (question, all.to_vec()),
        (
            first,
            vec!["question", "first answer", "thanks", "welcome", "late"],
        ),
        (second, vec!["question", "second answer"]),
        (
            thanks,
            vec!["question", "first answer", "thanks", "welcome"],
        ),
        (deep, vec!["question", "first answer", "thanks", "welcome"]),
        (late, vec!["question", "first answer", "late"]),
    ];
    for (message, expected) in cases {
        for limit in [1, 2, 3, 50] {
            let thread = whole(&room.rider, message, limit).await;
            assert_eq!(contents(&thread), expected, "by {limit}");
        }
        for one in whole(&room.support, message, 50).await {
            shape::message(&one);
        }
    }
    let alone = room.customer.say(&room, "alone").await;
    let page = room
        .rider
        .get(&message_path(&alone, "thread/"))
        .await
        .ok(200);
    assert_eq!(contents(&page.results()), ["alone"]);
    assert_eq!(
        (&page["next"], &page["previous"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn every_page_of_a_long_thread_leads_to_its_neighbours() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut chain = vec![room.customer.say(&room, "0").await];
    for n in 1..60 {
        let last = chain.last().expect("a chain");
        chain.push(reply(&room.customer, last, &n.to_string()).await);
    }
    let expected: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    for (start, limit) in [(0, 7), (31, 7), (31, 1), (59, 10), (30, 200)] {
        let thread = whole(&room.rider, &chain[start], limit).await;
        assert_eq!(contents(&thread), expected, "from {start} by {limit}");
        // From the uppermost page all the way down again.
        let mut top = message_path(&chain[start], &format!("thread/?limit={limit}"));
        while let Some(up) = room.rider.get(&top).await.ok(200)["previous"].as_str() {
            top = up.to_owned();
        }
        assert_eq!(contents(&room.rider.all(&top).await), expected);
    }
}

#[tokio::test]
async fn a_thread_shows_what_one_may_see_and_tombstones() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let early = room.customer.say(&room, "before the new rider").await;
    let middle = reply(&room.pharmacist, &early, "also before").await;
    room.rider_is("next").await;
    let next = server.rider("next");
    let seen = reply(&room.customer, &middle, "after").await;
    let gone = reply(&room.customer, &seen, "a secret").await;
    let last = reply(&room.pharmacist, &gone, "the end").await;
    room.customer.delete(&message_path(&gone, "")).await.ok(204);

    for hidden in [&early, &middle] {
        next.get(&message_path(hidden, "thread/"))
            .await
            .refused(404);
    }
    for limit in [1, 2, 50] {
        assert_eq!(
            contents(&whole(&next, &last, limit).await),
            ["after", "", "the end"]
        );
    }
    let thread = whole(&room.customer, &seen, 50).await;
    assert_eq!(
        contents(&thread),
        [
            "before the new rider",
            "also before",
            "after",
            "",
            "the end"
        ]
    );
    assert_eq!(thread[3]["is_deleted"], true);
    let stranger = server.customer("stranger");
    let unknown = format!("/api/chat/messages/{}/thread/", random_id());
    let refused = stranger.get(&message_path(&seen, "thread/")).await;
    assert_eq!(
        refused.fingerprint(),
        stranger.get(&unknown).await.fingerprint()
    );
    refused.refused(404);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = room.customer.say(&room, "a").await;
    let others = room
        .admin
        .get(&room.at("participants/?limit=1"))
        .await
        .ok(200);
    let cursor = others.string("next");
    let cursor = cursor.rsplit('=').next().unwrap_or_default();
    for wrong in [cursor, "x", ""] {
        let path = message_path(&message, &format!("thread/?cursor={wrong}"));
        room.customer.get(&path).await.refused(422);
    }
    let path = message_path(&message, "thread/?limit=0");
    room.customer.get(&path).await.refused(422);
}
