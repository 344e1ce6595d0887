//! Writes into a room's log on behalf of somebody: every command that changes a room has one.

use std::sync::Arc;

use orderchat_domain::Millis;
use orderchat_domain::event::EventKind;
use orderchat_domain::news::Fresh;
use orderchat_domain::project::{MessageRecord, OrderRecord, ParticipantRecord};
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

    /// Something happened to the room. `reason` is what a person wrote, `detail` what
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

    /// The shop reported the room's order, which is this one now; its version becomes the event's
    /// seq.
    pub(crate) fn order(
        &mut self,
        room: &mut StoredRoom,
        mut order: OrderRecord,
    ) -> Arc<OrderRecord> {
        let status = detail("status", &order.order.status);
        order.version = self.append(room, EventKind::OrderUpdated, 0, None, &status);
        let order = Arc::new(order);
        self.appender.show(Fresh::Order(Arc::clone(&order)));
        order
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
        let id = MessageId(random::uuid_v7(self.now.0));
        let (message_type, content) = (message.message_type, message.content);
        let text = Text {
            salt: random::bytes(),
            body: content.clone(),
            metadata: Some(Value::Object(message.metadata.clone()).to_string()),
            ..Text::default()
        };
        let new = NewMessage {
            id,
            message_type,
            reply_to: None,
            key_hash: None,
        };
        let entry = Entry {
            kind: EventKind::MessageCreated,
            actor: Actor::SERVER,
            subject: 0,
            text,
            message: Some(new),
        };
        let seq = self.appender.append(room, self.now, entry);
        let (place, at) = ((room.record.id, seq), room.record.last_activity);
        let written = MessageRecord {
            metadata: Some(message.metadata),
            ..MessageRecord::written(id, place, at, message_type, content)
        };
        self.appender.show(Fresh::Message(Arc::new(written)));
        seq
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

    /// Writes the entries, and the room if they changed it.
    pub(crate) fn finish(self, tx: &mut Tx<'_>, room: &StoredRoom) -> Result<(), StoreError> {
        self.write(tx, room, Appender::flush)
    }

    /// [`Scribe::finish`], and gives the places of the entries in the log.
    pub(crate) fn finish_placed(
        self,
        tx: &mut Tx<'_>,
        room: &StoredRoom,
    ) -> Result<Vec<Appended>, StoreError> {
        self.write(tx, room, Appender::flush_placed)
    }

    fn write<'tx, T>(
        mut self,
        tx: &mut Tx<'tx>,
        room: &StoredRoom,
        flush: impl FnOnce(Appender, &mut Tx<'tx>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.appender.finish(room);
        let flushed = flush(self.appender, tx)?;
        if self.changes_room {
            rooms::update(tx, room)?;
        }
        Ok(flushed)
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
