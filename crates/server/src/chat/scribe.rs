//! Writes into a room's log on behalf of somebody: every command that changes a room has one.

use orderchat_domain::Millis;
use orderchat_domain::event::EventKind;
use orderchat_domain::project::ParticipantRecord;
use orderchat_domain::system::SystemMessage;
use orderchat_domain::{MessageId, Refusal};
use orderchat_store::log::{Actor, Appended, Appender, Entry, NewMessage, Text};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{StoreError, Tx, rooms};
use serde_json::{Value, json};

use super::Context;
use crate::random;

/// The log of one command.
#[derive(Debug)]
pub(crate) struct Scribe {
    appender: Appender,
    actor: Actor,
    pub(crate) now: Millis,
    /// Something of the room itself changes, or the number of people in it.
    changes_room: bool,
}

impl Scribe {
    /// Writes as the caller.
    pub(crate) fn of(ctx: &Context) -> Self {
        Self {
            appender: Appender::default(),
            actor: ctx.actor(),
            now: ctx.now,
            changes_room: false,
        }
    }

    /// Writes as the server itself.
    pub(crate) fn of_the_server(now: Millis) -> Self {
        Self {
            appender: Appender::default(),
            actor: Actor::SERVER,
            now,
            changes_room: false,
        }
    }

    /// Something happened to the room or its order. `reason` is what a person wrote, `detail` what
    /// it was exactly; both are kept apart from the chain.
    pub(crate) fn room(
        &mut self,
        room: &mut StoredRoom,
        kind: EventKind,
        reason: Option<&str>,
        detail: &Value,
    ) -> u64 {
        let seq = self.append(room, kind, 0, reason, detail);
        self.changes_room = true;
        room.record.version = seq;
        seq
    }

    /// Something happened to the room's order.
    pub(crate) fn order(&mut self, room: &mut StoredRoom, detail: &Value) -> u64 {
        self.append(room, EventKind::OrderUpdated, 0, None, detail)
    }

    /// Something happened to a participant.
    pub(crate) fn participant(
        &mut self,
        room: &mut StoredRoom,
        kind: EventKind,
        participant: &mut ParticipantRecord,
        reason: Option<&str>,
        detail: &Value,
    ) -> u64 {
        let key = participant.key.unsigned_abs();
        let seq = self.append(room, kind, key, reason, detail);
        self.changes_room = true;
        self.appender.happened_to(participant.person.key);
        participant.version = seq;
        seq
    }

    /// Something happened to a message.
    pub(crate) fn message(
        &mut self,
        room: &mut StoredRoom,
        kind: EventKind,
        message: u64,
        text: Text,
    ) -> u64 {
        let entry = Entry {
            kind,
            actor: self.actor,
            subject: message,
            text,
            message: None,
        };
        self.appender.append(room, self.now, entry)
    }

    /// The system says something.
    pub(crate) fn says(&mut self, room: &mut StoredRoom, message: SystemMessage) -> u64 {
        let text = Text {
            salt: random::bytes(),
            body: message.content,
            metadata: Some(Value::Object(message.metadata).to_string()),
            ..Text::default()
        };
        let new = NewMessage {
            id: MessageId(random::uuid_v7(self.now.0)),
            message_type: message.message_type,
            reply_to: None,
            key_hash: None,
        };
        let kind = EventKind::MessageCreated;
        let entry = Entry {
            kind,
            actor: Actor::SERVER,
            subject: 0,
            text,
            message: Some(new),
        };
        self.appender.append(room, self.now, entry)
    }

    fn append(
        &mut self,
        room: &mut StoredRoom,
        kind: EventKind,
        subject: u64,
        reason: Option<&str>,
        detail: &Value,
    ) -> u64 {
        let text = Text {
            salt: random::bytes(),
            body: reason.unwrap_or_default().to_owned(),
            metadata: (*detail != Value::Null).then(|| detail.to_string()),
            ..Text::default()
        };
        let entry = Entry {
            kind,
            actor: self.actor,
            subject,
            text,
            message: None,
        };
        self.appender.append(room, self.now, entry)
    }

    /// Writes the entries, and the room if they changed it, and gives the places of the entries in
    /// the log.
    pub(crate) fn finish(
        mut self,
        tx: &mut Tx<'_>,
        room: &StoredRoom,
    ) -> Result<Vec<Appended>, StoreError> {
        self.appender.finish(room);
        let appended = self.appender.flush(tx)?;
        if self.changes_room {
            rooms::update(tx, room)?;
        }
        Ok(appended)
    }
}

/// The place in the log of the entry with this seq.
pub(crate) fn place_of(appended: &[Appended], seq: u64) -> Result<i64, StoreError> {
    let found = appended.iter().find(|entry| entry.seq == seq);
    found.map(|entry| entry.g).ok_or(StoreError::Conflict)
}

/// Cleans a reason; a blank one counts as none.
pub(crate) fn reason(text: Option<&str>) -> Result<Option<String>, Refusal> {
    use orderchat_domain::text::{REASON_LENGTH, clean_optional};
    clean_optional("/reason", text, REASON_LENGTH)
}

/// No detail beyond the kind of event.
pub(crate) const NOTHING: Value = Value::Null;

/// A detail of one field.
pub(crate) fn detail(name: &str, value: impl serde::Serialize) -> Value {
    json!({ name: value })
}
