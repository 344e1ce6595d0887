//! G10: receipts only grow, and at rest unread is what others said after the mark, whatever
//! happened in between. Random sequences of commands against a model that recomputes everything.
//!
//! `ORDERCHAT_TEST_CASES` sets how many sequences are tried, `ORDERCHAT_TEST_SEED` which.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestError, TestRunner};
use serde_json::json;

use crate::harness::seed::{rng, rounds, seed};
use crate::harness::{Client, Fields, Room, Server, message_path};

/// Who acts: the customer, the rider, or one of the staff.
const PEOPLE: usize = 4;

#[derive(Clone, Debug)]
enum Command {
    Say {
        who: usize,
    },
    Edit {
        message: Index,
    },
    Delete {
        message: Index,
    },
    /// A message of the type `system`, which never counts.
    Announce,
    /// Another status of the order, which counts.
    Report,
    Read {
        who: usize,
        message: Index,
    },
    Deliver {
        who: usize,
        message: Index,
    },
    ReadRoom {
        who: usize,
    },
    LeaveAndReturn {
        who: usize,
        said_meanwhile: usize,
    },
}

fn command() -> impl Strategy<Value = Command> {
    let who = 0..PEOPLE;
    prop_oneof![
        6 => who.clone().prop_map(|who| Command::Say { who }),
        1 => any::<Index>().prop_map(|message| Command::Edit { message }),
        3 => any::<Index>().prop_map(|message| Command::Delete { message }),
        1 => Just(Command::Announce),
        1 => Just(Command::Report),
        4 => (who.clone(), any::<Index>()).prop_map(|(who, message)| Command::Read { who, message }),
        3 => (who.clone(), any::<Index>()).prop_map(|(who, message)| Command::Deliver { who, message }),
        1 => who.clone().prop_map(|who| Command::ReadRoom { who }),
        1 => (who, 0..PEOPLE)
            .prop_map(|(who, said_meanwhile)| Command::LeaveAndReturn { who, said_meanwhile }),
    ]
}

/// A message as the model knows it.
struct Said {
    path: String,
    seq: i64,
    /// `None`: the system.
    by: Option<usize>,
    counts: bool,
    deleted: bool,
}

/// How far somebody got.
#[derive(Clone, Copy, Default)]
struct Marks {
    delivered: i64,
    read: i64,
}

struct Model<'a> {
    room: &'a Room,
    people: [&'a Client; PEOPLE],
    said: Vec<Said>,
    marks: [Marks; PEOPLE],
    reports: usize,
}

impl<'a> Model<'a> {
    fn new(room: &'a Room) -> Self {
        let people = [
            &room.customer,
            &room.rider,
            &room.pharmacist,
            &room.colleague,
        ];
        Self {
            room,
            people,
            said: Vec::new(),
            marks: [Marks::default(); PEOPLE],
            reports: 0,
        }
    }

    async fn run(&mut self, command: &Command) {
        match *command {
            Command::Say { who } => self.say(who).await,
            Command::Edit { message } => self.edit(message).await,
            Command::Delete { message } => self.delete(message).await,
            Command::Announce => {
                let draft = json!({ "message_type": "system", "content": "announcement" });
                let sent = self.room.service.send(self.room, draft).await.ok(201);
                let (path, seq) = (message_path(&sent, ""), sent.number("seq"));
                self.said.push(Said {
                    path,
                    seq,
                    by: None,
                    counts: false,
                    deleted: false,
                });
            }
            Command::Report => self.report().await,
            Command::Read { who, message } => self.mark(who, message, "read/").await,
            Command::Deliver { who, message } => self.mark(who, message, "delivered/").await,
            Command::ReadRoom { who } => {
                self.people[who].act(&self.room.at("read/")).await.ok(200);
                let newest = self.said.iter().map(|said| said.seq).max().unwrap_or(0);
                self.advance(who, newest, newest);
            }
            Command::LeaveAndReturn {
                who,
                said_meanwhile,
            } => {
                self.people[who].act(&self.room.at("leave/")).await.ok(200);
                if said_meanwhile != who {
                    self.say(said_meanwhile).await;
                }
                let joined = self.people[who].act(&self.room.at("join/")).await;
                assert!([200, 201].contains(&joined.status), "{}", joined.text);
            }
        }
    }

    async fn say(&mut self, who: usize) {
        let sent = self.people[who].say(self.room, "something").await;
        let (path, seq) = (message_path(&sent, ""), sent.number("seq"));
        self.said.push(Said {
            path,
            seq,
            by: Some(who),
            counts: true,
            deleted: false,
        });
    }

    async fn edit(&mut self, message: Index) {
        let Some(said) = pick(&self.said, message) else {
            return;
        };
        let Some(by) = self.said[said].by.filter(|_| !self.said[said].deleted) else {
            return;
        };
        let path = &self.said[said].path;
        self.people[by]
            .patch(path, json!({ "content": "otherwise" }))
            .await
            .ok(200);
    }

    async fn delete(&mut self, message: Index) {
        let Some(said) = pick(&self.said, message) else {
            return;
        };
        let Some(by) = self.said[said].by.filter(|_| !self.said[said].deleted) else {
            return;
        };
        self.people[by].delete(&self.said[said].path).await.ok(204);
        self.said[said].deleted = true;
    }

    async fn report(&mut self) {
        self.reports += 1;
        let status = ["preparing", "ready_for_pickup"][self.reports % 2];
        let report = self.room.report.clone().with("status", status);
        self.room.service.report(&report).await.ok(200);
        let newest = self
            .room
            .service
            .get(&self.room.at("messages/?limit=1"))
            .await
            .ok(200);
        let posted = newest.results().pop().expect("the update was posted");
        assert_eq!(posted["message_type"], "order_update");
        let (path, seq) = (message_path(&posted, ""), posted.number("seq"));
        self.said.push(Said {
            path,
            seq,
            by: None,
            counts: true,
            deleted: false,
        });
    }

    async fn mark(&mut self, who: usize, message: Index, action: &str) {
        let Some(said) = pick(&self.said, message) else {
            return;
        };
        let path = format!("{}{action}", self.said[said].path);
        self.people[who].act(&path).await.ok(200);
        let seq = self.said[said].seq;
        let read = if action == "read/" { seq } else { 0 };
        self.advance(who, seq, read);
    }

    fn advance(&mut self, who: usize, delivered: i64, read: i64) {
        let marks = &mut self.marks[who];
        marks.read = marks.read.max(read);
        marks.delivered = marks.delivered.max(delivered).max(read);
    }

    fn unread(&self, who: usize) -> usize {
        let after = self.marks[who].read;
        let fresh =
            |said: &&Said| said.counts && !said.deleted && said.by != Some(who) && said.seq > after;
        self.said.iter().filter(fresh).count()
    }

    fn status(&self, said: &Said) -> &'static str {
        let others = || {
            (0..PEOPLE)
                .filter(|who| said.by != Some(*who))
                .map(|who| self.marks[who])
        };
        if others().any(|marks| marks.read >= said.seq) {
            "read"
        } else if others().any(|marks| marks.delivered >= said.seq) {
            "delivered"
        } else {
            "sent"
        }
    }

    /// Holds all that the server says against the model.
    async fn agrees(&self) {
        for (who, person) in self.people.iter().enumerate() {
            let seen = self.room.seen_by(person).await;
            assert_eq!(
                seen["unread_count"],
                self.unread(who),
                "unread of {}",
                person.user
            );
            let listed = person
                .get("/api/chat/rooms/?limit=200")
                .await
                .ok(200)
                .results();
            let listed = listed
                .iter()
                .find(|room| room["id"] == self.room.id.as_str());
            let listed = listed.expect("one's own room is listed");
            assert_eq!(
                listed["unread_count"], seen["unread_count"],
                "the list says the same"
            );
        }
        let participants: BTreeMap<_, _> = self
            .room
            .participants()
            .await
            .into_iter()
            .map(|participant| (participant.string("user"), participant))
            .collect();
        for (person, marks) in self.people.iter().zip(self.marks) {
            let participant = &participants[&person.user];
            // Reading a whole room may mark more than its newest message.
            assert!(
                participant.number("read_seq") >= marks.read,
                "{participant}"
            );
            assert!(
                participant.number("delivered_seq") >= marks.delivered,
                "{participant}"
            );
        }
        let messages = self.room.messages_seen_by(&self.room.pharmacist).await;
        for said in &self.said {
            let message = messages.iter().find(|message| message["seq"] == said.seq);
            let message = message.expect("what was said is there");
            if said.by.is_some() {
                assert_eq!(message["status"], self.status(said), "{message}");
            }
        }
    }
}

fn pick(said: &[Said], index: Index) -> Option<usize> {
    (!said.is_empty()).then(|| index.index(said.len()))
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
            let mut model = Model::new(&room);
            // The opening of the room is not part of the model: it is read.
            for who in 0..PEOPLE {
                model.people[who].act(&room.at("read/")).await.ok(200);
            }
            for command in &commands {
                model.run(command).await;
                model.agrees().await;
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
