//! G10: receipts only grow, and at rest unread is what others said after the mark, whatever
//! happened in between. Random sequences of commands against a model that recomputes everything:
//! people talk, edit, delete, receive and read; they leave, are removed and blocked, come back, come
//! late, and come as guests.
//!
//! `ORDERCHAT_TEST_CASES` sets how many sequences are tried, `ORDERCHAT_TEST_SEED` which.

mod command;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::test_runner::{Config, TestError, TestRunner};

use self::command::command;
use self::model::{Model, PEOPLE, Place};
use crate::harness::seed::{rng, rounds, seed};
use crate::harness::{Fields, Server};

/// Holds all that the server says against the model.
async fn agrees(model: &Model<'_>) {
    for who in 0..PEOPLE {
        counts_agree(model, who).await;
    }
    marks_agree(model).await;
    let messages = model.room.messages_seen_by(&model.room.admin).await;
    for said in &model.said {
        let message = messages.iter().find(|message| message["seq"] == said.seq);
        let message = message.expect("what was said is there");
        if said.by.is_some() {
            assert_eq!(message["status"], Model::status(said), "{message}");
        }
    }
    if let Some(said) = model.said.iter().rfind(|said| said.by.is_some()) {
        let message = model.room.admin.get(&said.path).await.ok(200);
        let receipts = message.list("receipts");
        let reached = receipts
            .iter()
            .filter(|receipt| !receipt["delivered_at"].is_null())
            .map(|receipt| receipt.string("participant"));
        let mut expected = BTreeSet::new();
        for who in Model::reached(said) {
            expected.insert(model.participant(who).await.string("id"));
        }
        assert_eq!(reached.collect::<BTreeSet<_>>(), expected, "{message}");
    }
}

async fn counts_agree(model: &Model<'_>, who: usize) {
    let (client, room) = (&model.clients[who], model.room);
    let list = client.get("/api/chat/rooms/?limit=200").await.ok(200);
    let list = list.results();
    let listed = list.iter().find(|listed| listed["id"] == room.id.as_str());
    if !model.is_in(who) {
        assert!(listed.is_none(), "{} is not in the room", client.user);
        // In a public room too.
        if model.people[who].place == Place::Blocked {
            client.get(&room.at("")).await.refused(404);
        }
        return;
    }
    let seen = room.seen_by(client).await;
    let unread = model.unread(who);
    assert_eq!(seen["unread_count"], unread, "unread of {}", client.user);
    let listed = listed.expect("one's own room is listed");
    assert_eq!(listed["unread_count"], unread, "the list says the same");
    let messages = model.messages(who);
    assert_eq!(seen["message_count"], messages, "for {}", client.user);
}

async fn marks_agree(model: &Model<'_>) {
    let participants: BTreeMap<_, _> = model
        .room
        .participants()
        .await
        .into_iter()
        .map(|participant| (participant.string("user"), participant))
        .collect();
    for (who, client) in model.clients.iter().enumerate() {
        let participant = participants.get(&client.user);
        assert_eq!(participant.is_some(), model.is_in(who), "{}", client.user);
        if let Some(participant) = participant {
            let read = participant.number("read_seq");
            // The opening of the room was read and is not part of the model.
            assert!(read >= model.people[who].read, "{participant}");
            assert!(participant.number("delivered_seq") >= read, "{participant}");
        }
    }
}

#[test]
fn g10_unread_is_what_others_said_after_the_mark_whatever_happened() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(Server::start());
    let cases = u32::try_from(rounds("ORDERCHAT_TEST_CASES", 8)).expect("not that many cases");
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng(seed()));
    let outcome = runner.run(&vec(command(), 1..40), |commands| {
        runtime.block_on(async {
            let room = server.open_room().await;
            let mut model = Model::begin(&server, &room).await;
            for command in &commands {
                model.run(command).await;
                agrees(&model).await;
            }
        });
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, commands)) => panic!("{reason}\nafter {commands:#?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}
