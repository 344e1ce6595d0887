//! One room's history and content, laid out for the rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::following::Following;
use super::reading::{Event, Message, RoomRead};
use crate::history::{Op, Outcome, Record};
use crate::text;

/// What one client wanted, all its attempts together: a retry under the same key is the same
/// operation, and deleting again what is deleted too.
#[derive(Debug)]
pub(crate) struct Operation<'a> {
    pub(crate) op: Op,
    pub(crate) user: &'a str,
    pub(crate) key: &'a str,
    /// The best of its attempts: one `ok` and it has happened.
    pub(crate) outcome: Outcome,
    /// When it was first tried.
    pub(crate) invoke_ns: u64,
    /// When it was first known to have happened; `u64::MAX` unless ok.
    pub(crate) return_ns: u64,
    /// When the last attempt that was answered `ok` began.
    pub(crate) last_ok_invoke_ns: u64,
    /// What the `ok` answers gave as its seq: one, unless the server contradicts itself.
    pub(crate) seqs: BTreeSet<u64>,
    pub(crate) body_hash: Option<&'a str>,
    /// Its place in the room's log: as answered, or as found there. `None` for what is not in the
    /// log and for looks at it.
    pub(crate) position: Option<u64>,
}

impl Operation<'_> {
    pub(crate) fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }

    /// The one seq that was answered.
    pub(crate) fn seq(&self) -> Option<u64> {
        self.seqs.first().copied()
    }

    pub(crate) fn is_write(&self) -> bool {
        matches!(self.op, Op::Send | Op::Edit | Op::Delete | Op::Block)
    }
}

#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) room: &'a RoomRead,
    pub(crate) operations: Vec<Operation<'a>>,
    /// Who heard of the room live.
    pub(crate) following: Vec<Following<'a>>,
    events: HashMap<u64, &'a Event>,
    /// The index of the operation that stands at each seq.
    writes: HashMap<u64, usize>,
    messages: BTreeMap<u64, &'a Message>,
    messages_by_id: HashMap<&'a str, &'a Message>,
    events_by_message: HashMap<&'a str, Vec<&'a Event>>,
    /// Where each text stands that is there as sent: not edited, not deleted.
    seqs_by_hash: HashMap<String, Vec<u64>>,
    /// Seqs that a client was told are its message.
    claimed: BTreeSet<u64>,
}

impl<'a> Case<'a> {
    /// The case of `room`, of all `records` those that concern it.
    pub(crate) fn new(
        room: &'a RoomRead,
        records: &'a [Record],
        following: Vec<Following<'a>>,
    ) -> Self {
        let operations = merge(records.iter().filter(|record| record.room == room.id));
        let mut seqs_by_hash = HashMap::<String, Vec<u64>>::new();
        for message in room.messages.iter().filter(|m| m.version == m.seq) {
            let seqs = seqs_by_hash.entry(text::hash(&message.content));
            seqs.or_default().push(message.seq);
        }
        let mut events_by_message = HashMap::<&str, Vec<&Event>>::new();
        for event in &room.events {
            if let Some(message) = event.message() {
                events_by_message.entry(message).or_default().push(event);
            }
        }
        let messages = &room.messages;
        let mut case = Self {
            following,
            events: room.events.iter().map(|event| (event.seq, event)).collect(),
            messages: messages.iter().map(|m| (m.seq, m)).collect(),
            messages_by_id: messages.iter().map(|m| (m.id.as_str(), m)).collect(),
            events_by_message,
            claimed: operations
                .iter()
                .filter(|o| o.op == Op::Send)
                .flat_map(|o| o.seqs.iter().copied())
                .collect(),
            seqs_by_hash,
            operations: Vec::new(),
            writes: HashMap::new(),
            room,
        };
        case.operations = operations
            .into_iter()
            .map(|operation| Operation {
                position: case.position(&operation),
                ..operation
            })
            .collect();
        for (index, operation) in case.operations.iter().enumerate() {
            if let Some(position) = operation.position.filter(|_| operation.is_write()) {
                case.writes.entry(position).or_insert(index);
            }
        }
        case
    }

    pub(crate) fn of(&self, op: Op) -> impl Iterator<Item = &Operation<'a>> {
        self.operations.iter().filter(move |o| o.op == op)
    }

    /// What wrote the event at this seq, if it is in the history.
    pub(crate) fn write_at(&self, seq: u64) -> Option<&Operation<'a>> {
        self.writes.get(&seq).map(|&index| &self.operations[index])
    }

    pub(crate) fn event_at(&self, seq: u64) -> Option<&'a Event> {
        self.events.get(&seq).copied()
    }

    pub(crate) fn message_at(&self, seq: u64) -> Option<&'a Message> {
        self.messages.get(&seq).copied()
    }

    pub(crate) fn message(&self, id: &str) -> Option<&'a Message> {
        self.messages_by_id.get(id).copied()
    }

    /// The shop's id of who sent `message`, if the reader may know it.
    pub(crate) fn sender(&self, message: &Message) -> Option<&'a str> {
        let sender = message.sender.as_deref()?;
        let mut participants = self.room.participants.iter();
        participants.find(|p| p.id == sender)?.user.as_deref()
    }

    /// Where a text with this hash stands that no answer has named.
    pub(crate) fn unclaimed(&self, hash: Option<&str>) -> Vec<u64> {
        let seqs = hash.and_then(|hash| self.seqs_by_hash.get(hash));
        let seqs = seqs.into_iter().flatten().copied();
        seqs.filter(|seq| !self.claimed.contains(seq)).collect()
    }

    pub(crate) fn is_claimed(&self, seq: u64) -> bool {
        self.claimed.contains(&seq)
    }

    /// Events of this kind about this message, in the order of the log.
    pub(crate) fn events_about(
        &self,
        message: &str,
        kind: &str,
    ) -> impl Iterator<Item = &'a Event> {
        let events = self.events_by_message.get(message);
        let events = events.into_iter().flatten().copied();
        events.filter(move |event| event.kind == kind)
    }

    fn position(&self, operation: &Operation<'_>) -> Option<u64> {
        match operation.op {
            Op::Send if operation.is_ok() => operation.seq(),
            Op::Send => match self.unclaimed(operation.body_hash)[..] {
                [only] => Some(only),
                _ => None,
            },
            Op::Edit | Op::Block => operation.seq(),
            Op::Delete => self
                .events_about(operation.key, "message.deleted")
                .map(|event| event.seq)
                .next(),
            Op::Read | Op::Head | Op::Watermark => None,
        }
    }
}

/// Attempts of the same send (sender and key) and deletes of the same message become one.
fn merge<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<Operation<'a>> {
    let mut operations: Vec<Operation<'a>> = Vec::new();
    let mut index = HashMap::<(Op, &str, &str), usize>::new();
    for record in records {
        let attempt = attempt(record);
        let same = match attempt.op {
            Op::Send => Some((Op::Send, attempt.user, attempt.key)),
            Op::Delete => Some((Op::Delete, "", attempt.key)),
            _ => None,
        };
        match same.and_then(|same| index.get(&same)) {
            Some(&at) => join(&mut operations[at], attempt),
            None => {
                if let Some(same) = same {
                    index.insert(same, operations.len());
                }
                operations.push(attempt);
            }
        }
    }
    operations
}

fn attempt(record: &Record) -> Operation<'_> {
    let ok = record.outcome == Outcome::Ok;
    Operation {
        op: record.op,
        user: &record.user,
        key: record.key.as_deref().unwrap_or_default(),
        outcome: record.outcome,
        invoke_ns: record.invoke_ns,
        return_ns: if ok { record.return_ns } else { u64::MAX },
        last_ok_invoke_ns: if ok { record.invoke_ns } else { 0 },
        // What was asked to be read is a seq whatever came of it.
        seqs: record
            .seq
            .filter(|_| ok || record.op == Op::Read)
            .into_iter()
            .collect(),
        body_hash: record.body_hash.as_deref(),
        position: None,
    }
}

fn join(operation: &mut Operation<'_>, attempt: Operation<'_>) {
    operation.outcome = operation.outcome.max(attempt.outcome);
    operation.invoke_ns = operation.invoke_ns.min(attempt.invoke_ns);
    operation.return_ns = operation.return_ns.min(attempt.return_ns);
    operation.last_ok_invoke_ns = operation.last_ok_invoke_ns.max(attempt.last_ok_invoke_ns);
    operation.seqs.extend(attempt.seqs);
}
