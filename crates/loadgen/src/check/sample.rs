//! A small history and the room it left, without a fault. Each test spoils it in one way.

use serde_json::{Value, json};

use super::reading::{Event, Message, Participant, Reading, RoomRead};
use super::{Evidence, check};
use crate::heard::{Heard, Sign};
use crate::history::{Op, Outcome, Record};
use crate::text;

/// A customer, a rider and one of the staff; seq 1 to 12:
///
/// 1 the room opens, 2 somebody joins, 3 `a`, 4 `b`, 5 `edited`, 6 `half-edited`, 7 `deleted`,
/// 8 the edit of `edited`, 9 an edit of `half-edited` that was never answered, 10 the delete of
/// `deleted`, 11 `lost`, which was never answered, 12 the block of the rider.
///
/// Beside it `lost-too`, never answered and not there; `refused`; a receipt up to seq 4; a look at
/// the head and one at the watermark. The message of `a` has the id `m-a`, and so on.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) records: Vec<Record>,
    /// Empty but in [`Sample::followed`].
    pub(crate) heard: Vec<Heard>,
    pub(crate) room: RoomRead,
}

/// The names of the rules that the sample breaks, each once, sorted.
pub(crate) fn broken(sample: &Sample) -> Vec<&'static str> {
    let violations = check(&Evidence {
        records: &sample.records,
        heard: &sample.heard,
        readings: &[sample.reading()],
        restored: false,
    });
    let mut rules: Vec<_> = violations.iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

impl Sample {
    pub(crate) fn good() -> Self {
        use Outcome::{Fail, Maybe, Ok};
        let mut sample = Self {
            records: Vec::new(),
            heard: Vec::new(),
            room: RoomRead {
                id: "room".into(),
                participants: ["customer", "rider", "staff"].map(participant).into(),
                ..RoomRead::default()
            },
        };
        sample.event("room.created", Value::Null);
        sample.event("participant.joined", Value::Null);
        for (key, user) in [
            ("a", "customer"),
            ("b", "rider"),
            ("edited", "customer"),
            ("half-edited", "customer"),
            ("deleted", "customer"),
        ] {
            let seq = sample.append_text(&format!("m-{key}"), key);
            sample.message(&format!("m-{key}")).sender = Some(format!("p-{user}"));
            sample.did(user, Op::Send, key, Ok, Some(seq), Some(key));
        }
        let seq = sample.append_change("m-edited", "message.edited");
        sample.message("m-edited").content = text::of("new");
        sample.did("customer", Op::Edit, "m-edited", Ok, Some(seq), Some("new"));
        sample.append_change("m-half-edited", "message.edited");
        sample.message("m-half-edited").content = text::of("newer");
        sample.did(
            "customer",
            Op::Edit,
            "m-half-edited",
            Maybe,
            None,
            Some("newer"),
        );
        sample.append_change("m-deleted", "message.deleted");
        sample.message("m-deleted").content = String::new();
        sample.message("m-deleted").is_deleted = true;
        sample.did("customer", Op::Delete, "m-deleted", Ok, None, None);
        sample.append_text("m-lost", "lost");
        sample.message("m-lost").sender = Some("p-rider".into());
        sample.did("rider", Op::Send, "lost", Maybe, None, Some("lost"));
        sample.did("rider", Op::Send, "lost-too", Maybe, None, Some("lost-too"));
        sample.did("customer", Op::Send, "refused", Fail, None, Some("refused"));
        sample.did("customer", Op::Read, "m-b", Ok, Some(4), None);
        sample.participant("p-customer").read_seq = Some(4);
        sample.participant("p-customer").delivered_seq = Some(4);
        sample.did("staff", Op::Head, "", Ok, Some(11), None);
        sample.did("customer", Op::Watermark, "", Ok, Some(4), None);
        let seq = sample.event("participant.blocked", Value::Null);
        sample.did("staff", Op::Block, "rider", Ok, Some(seq), None);
        sample
    }

    /// The good history with two followers who heard all of it, live: `f-customer` and `f-rider`,
    /// whose block is the last event. After that they waited.
    pub(crate) fn followed() -> Self {
        let mut sample = Self::good();
        for user in ["customer", "rider"] {
            let process = format!("f-{user}");
            sample.step(&process, user, Sign::Follow, Some(0), 0);
            sample.step(&process, user, Sign::CaughtUp, Some(0), 1);
            for seq in 1..=sample.room.head() {
                sample.hear(&process, user, seq);
            }
            sample.step(&process, user, Sign::Waited, None, 600);
        }
        sample
    }

    /// What the follower does, or hears that is no event.
    pub(crate) fn step(
        &mut self,
        process: &str,
        user: &str,
        op: Sign,
        seq: Option<u64>,
        at_ns: u64,
    ) {
        self.heard.push(Heard {
            room: Some("room".into()),
            seq,
            ..Heard::step(process, user, op, at_ns)
        });
    }

    /// The follower hears the event as it was when it was new.
    pub(crate) fn hear(&mut self, process: &str, user: &str, seq: u64) {
        let mut events = self.room.events.iter();
        let event = events.find(|event| event.seq == seq).unwrap();
        let message = event.message().map(str::to_owned);
        let mut operations = self.records.iter();
        let said = operations.find(|record| {
            let key = record.key.as_deref().unwrap_or_default();
            record.op == Op::Send && message.as_deref() == Some(&format!("m-{key}"))
        });
        let body_hash = match event.kind.as_str() {
            "message.created" => said.and_then(|said| said.body_hash.clone()),
            _ => {
                let message = self
                    .room
                    .messages
                    .iter()
                    .find(|m| Some(&m.id) == message.as_ref());
                message.map(|message| text::hash(&message.content))
            }
        };
        self.heard.push(Heard {
            room: Some("room".into()),
            seq: Some(seq),
            kind: Some(event.kind.clone()),
            at: Some(event.at.clone()),
            version: message.as_ref().map(|_| seq),
            message,
            body_hash,
            ..Heard::step(process, user, Sign::Event, 500 + seq)
        });
    }

    /// Where the follower's event of this seq stands.
    pub(crate) fn index(&self, process: &str, seq: u64) -> usize {
        let mut heard = self.heard.iter();
        let event = |h: &Heard| h.op == Sign::Event && h.process == process && h.seq == Some(seq);
        heard.position(event).unwrap()
    }

    pub(crate) fn heard(&mut self, process: &str, seq: u64) -> &mut Heard {
        let index = self.index(process, seq);
        &mut self.heard[index]
    }

    pub(crate) fn unhear(&mut self, process: &str, seq: u64) {
        self.heard.remove(self.index(process, seq));
    }

    pub(crate) fn reading(&self) -> Reading {
        Reading {
            node: "http://127.0.0.1:1".into(),
            rooms: vec![self.room.clone()],
        }
    }

    /// The record of the send with this key.
    pub(crate) fn record(&mut self, key: &str) -> &mut Record {
        let mut records = self.records.iter_mut();
        records
            .find(|r| r.op == Op::Send && r.key.as_deref() == Some(key))
            .unwrap()
    }

    /// The record of the edit or delete of this message.
    pub(crate) fn change_of(&mut self, message: &str) -> &mut Record {
        let mut records = self.records.iter_mut();
        records
            .find(|r| matches!(r.op, Op::Edit | Op::Delete) && r.key.as_deref() == Some(message))
            .unwrap()
    }

    pub(crate) fn first(&mut self, op: Op) -> &mut Record {
        self.records.iter_mut().find(|r| r.op == op).unwrap()
    }

    /// The one look at the room's head.
    pub(crate) fn look(&mut self) -> &mut Record {
        self.first(Op::Head)
    }

    pub(crate) fn message(&mut self, id: &str) -> &mut Message {
        let mut messages = self.room.messages.iter_mut();
        messages.find(|message| message.id == id).unwrap()
    }

    pub(crate) fn participant(&mut self, id: &str) -> &mut Participant {
        let mut participants = self.room.participants.iter_mut();
        participants.find(|p| p.id == id).unwrap()
    }

    /// The message was never written: another event stands at its seq.
    pub(crate) fn erase_message(&mut self, id: &str) {
        self.room.messages.retain(|message| message.id != id);
        self.forget_events(|event| event.message() == Some(id));
    }

    /// The message is as it was before it was edited or deleted, in the log too.
    pub(crate) fn undo_change(&mut self, id: &str) {
        self.forget_events(|event| event.message() == Some(id) && event.kind != "message.created");
        self.restore(id);
    }

    /// Keeps what a backup made after `head` would hold.
    pub(crate) fn cut_after(&mut self, head: u64) {
        self.room.events.retain(|event| event.seq <= head);
        self.room.messages.retain(|message| message.seq <= head);
        let changed = self.room.messages.iter().filter(|m| m.version > head);
        let changed: Vec<String> = changed.map(|message| message.id.clone()).collect();
        for id in changed {
            self.restore(&id);
        }
        for participant in &mut self.room.participants {
            participant.read_seq = participant.read_seq.filter(|&seq| seq <= head).or(Some(0));
            participant.delivered_seq = participant.read_seq;
        }
    }

    /// Another message like the one with this id. Answers its seq.
    pub(crate) fn append_copy_of(&mut self, id: &str) -> u64 {
        let mut copy = self.message(id).clone();
        copy.id = format!("{id}-again");
        self.append(copy)
    }

    /// A message of the customer with the text that belongs to `key`. Answers its seq.
    pub(crate) fn append_text(&mut self, id: &str, key: &str) -> u64 {
        self.append(Message {
            id: id.into(),
            seq: 0,
            version: 0,
            sender: Some("p-customer".into()),
            message_type: "text".into(),
            content: text::of(key),
            is_deleted: false,
        })
    }

    /// Logs a change of the message, which stays as it is but for its version. Answers the seq.
    pub(crate) fn append_change(&mut self, id: &str, kind: &str) -> u64 {
        let seq = self.event(kind, json!({ "message": { "id": id } }));
        self.message(id).version = seq;
        seq
    }

    fn append(&mut self, mut message: Message) -> u64 {
        let seq = self.event(
            "message.created",
            json!({ "message": { "id": message.id } }),
        );
        message.seq = seq;
        message.version = seq;
        self.room.messages.push(message);
        seq
    }

    fn event(&mut self, kind: &str, data: Value) -> u64 {
        let seq = self.room.head() + 1;
        self.room.events.push(Event {
            seq,
            kind: kind.into(),
            at: format!("2026-11-22T20:30:{seq:02}.000Z"),
            actor: Value::Null,
            data,
        });
        seq
    }

    fn forget_events(&mut self, which: impl Fn(&Event) -> bool) {
        for event in self.room.events.iter_mut().filter(|event| which(event)) {
            event.kind = "room.updated".into();
            event.data = Value::Null;
        }
    }

    fn restore(&mut self, id: &str) {
        let message = self.message(id);
        message.version = message.seq;
        message.is_deleted = false;
        message.content = text::of(id.strip_prefix("m-").unwrap());
    }

    /// One attempt after the other: each begins when the last has returned.
    fn did(
        &mut self,
        user: &str,
        op: Op,
        key: &str,
        outcome: Outcome,
        seq: Option<u64>,
        said: Option<&str>,
    ) {
        let invoke_ns = 100 + 20 * self.records.len() as u64;
        self.records.push(Record {
            process: "w".into(),
            user: user.into(),
            op,
            key: (!key.is_empty()).then(|| key.into()),
            room: "room".into(),
            invoke_ns,
            return_ns: invoke_ns + 10,
            outcome,
            seq,
            body_hash: said.map(|key| text::hash(&text::of(key))),
        });
    }
}

fn participant(user: &str) -> Participant {
    Participant {
        id: format!("p-{user}"),
        user: Some(user.into()),
        role: Some(user.into()),
        delivered_seq: Some(0),
        read_seq: Some(0),
    }
}

#[test]
fn the_good_history_passes() {
    assert_eq!(broken(&Sample::good()), [""; 0]);
}
