//! What the tables beside the log must say of a room and its messages: they are made from it, so
//! they can be made again and compared.

use std::collections::BTreeMap;

use super::StoredEntry;
use crate::attachment::{FileRecord, FileState};
use crate::event::EventKind;
use crate::room::RoomStatus;
use crate::{AttachmentId, Millis, Role};

/// What a room's row says of its state: whatever stands there, well-formed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomState {
    pub status: String,
    pub closed_at: Option<Millis>,
    pub closed_by_policy: bool,
    /// The user key of the person who closed it; services are nobody in a room.
    pub closed_by: Option<i64>,
    /// The place in the log of what was written as the reason for closing.
    pub close_reason: Option<i64>,
    pub archived_at: Option<Millis>,
    pub deleted_at: Option<Millis>,
    /// The seq of the room's own last event.
    pub version: u64,
}

impl Default for RoomState {
    fn default() -> Self {
        Self {
            status: RoomStatus::Open.as_str().to_owned(),
            closed_at: None,
            closed_by_policy: false,
            closed_by: None,
            close_reason: None,
            archived_at: None,
            deleted_at: None,
            version: 0,
        }
    }
}

impl RoomState {
    /// The first thing that is otherwise than in `other`.
    #[must_use]
    pub fn differs_in(&self, other: &Self) -> Option<&'static str> {
        let differences = [
            (self.deleted_at != other.deleted_at, "its deletion"),
            (self.status != other.status, "its status"),
            (self.closed_at != other.closed_at, "when it was closed"),
            (
                self.closed_by_policy != other.closed_by_policy,
                "whether the order policy closed it",
            ),
            (self.closed_by != other.closed_by, "who closed it"),
            (
                self.close_reason != other.close_reason,
                "the reason for closing it",
            ),
            (
                self.archived_at != other.archived_at,
                "when it was archived",
            ),
            (self.version != other.version, "its version"),
        ];
        first(differences)
    }

    fn take(&mut self, kind: EventKind, entry: &StoredEntry) {
        let mut set_status = |status: RoomStatus| self.status = status.as_str().to_owned();
        match kind {
            EventKind::RoomClosed => {
                set_status(RoomStatus::Closed);
                self.closed_at = Some(entry.at);
                // The policy acts as the server, which gives no reason.
                self.closed_by_policy = entry.actor == 0;
                self.closed_by = Role::parse(&entry.actor_role).map(|_| entry.actor);
                self.close_reason = (entry.actor != 0).then_some(entry.place);
            }
            EventKind::RoomReopened => {
                set_status(RoomStatus::Open);
                self.closed_at = None;
                self.closed_by_policy = false;
                self.closed_by = None;
                self.close_reason = None;
            }
            EventKind::RoomArchived => {
                set_status(RoomStatus::Archived);
                self.archived_at = Some(entry.at);
            }
            EventKind::RoomDeleted => self.deleted_at = Some(entry.at),
            EventKind::RoomCreated | EventKind::RoomUpdated => {}
            _ => return,
        }
        self.version = entry.seq;
    }
}

/// What only some messages have: an edit, a deletion, replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageState {
    /// The seq of its own last event.
    pub version: u64,
    /// The place in the log of its present text, if that is not the one it was sent with.
    pub text: Option<i64>,
    pub edited_at: Option<Millis>,
    /// The place in the log of its deletion.
    pub deletion: Option<i64>,
    pub deleted_at: Option<Millis>,
    /// When its file was rejected.
    pub failed_at: Option<Millis>,
    pub replies: u64,
}

impl MessageState {
    /// That of a message to which nothing has happened since it was sent.
    #[must_use]
    pub const fn as_sent(seq: u64) -> Self {
        Self {
            version: seq,
            text: None,
            edited_at: None,
            deletion: None,
            deleted_at: None,
            failed_at: None,
            replies: 0,
        }
    }

    /// The first thing that is otherwise than in `other`.
    #[must_use]
    pub fn differs_in(&self, other: &Self) -> Option<&'static str> {
        let deletion = (self.deletion, self.deleted_at) != (other.deletion, other.deleted_at);
        let differences = [
            (self.text != other.text, "which of its texts is shown"),
            (deletion, "its deletion"),
            (self.edited_at != other.edited_at, "when it was edited"),
            (
                self.failed_at != other.failed_at,
                "whether its file was rejected",
            ),
            (self.replies != other.replies, "how many replies it has"),
            (self.version != other.version, "its version"),
        ];
        first(differences)
    }
}

/// What the table of files says of the one that a message has; the rest of it is shown from the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFile {
    pub attachment: AttachmentId,
    pub size: u64,
    /// Media type.
    pub r#type: String,
    /// SHA-256 of what is served, in hex.
    pub sha256: String,
    /// A name of [`FileState`], or whatever stands there.
    pub state: String,
}

impl MessageFile {
    /// The first thing that is otherwise than in the log, which says later whether it was rejected.
    #[must_use]
    pub fn differs_in(&self, logged: &FileRecord) -> Option<&'static str> {
        use FileState::{Failed, Pending, Ready};
        let kept = [Pending, Ready, Failed].map(FileState::as_str);
        first([
            (!kept.contains(&self.state.as_str()), "its state"),
            (self.attachment != logged.attachment, "which file it is"),
            (self.sha256 != logged.sha256, "its SHA-256"),
            (self.size != logged.size, "its size"),
            (self.r#type != logged.r#type, "its type"),
        ])
    }
}

fn first<const N: usize>(differences: [(bool, &'static str); N]) -> Option<&'static str> {
    let mut differences = differences.into_iter();
    differences.find_map(|(differs, what)| differs.then_some(what))
}

/// The state of a room and its messages as its log gives it. Of messages it keeps those that were
/// edited, deleted or replied to.
#[derive(Clone, Debug, Default)]
pub struct FromLog {
    room: RoomState,
    messages: BTreeMap<u64, MessageState>,
}

impl FromLog {
    /// Takes the next entry of the log, one that is good.
    pub fn take(&mut self, entry: &StoredEntry) {
        let Some(kind) = EventKind::parse(&entry.kind) else {
            return;
        };
        self.room.take(kind, entry);
        match kind {
            EventKind::MessageCreated => {
                let replied_to = entry.message.as_ref().and_then(|message| message.reply_to);
                if let Some(seq) = replied_to {
                    self.message(seq).replies += 1;
                }
            }
            EventKind::MessageEdited => {
                let message = self.message(entry.subject);
                message.version = entry.seq;
                message.text = Some(entry.place);
                message.edited_at = Some(entry.at);
            }
            EventKind::MessageDeleted => {
                let message = self.message(entry.subject);
                message.version = entry.seq;
                message.deletion = Some(entry.place);
                message.deleted_at = Some(entry.at);
            }
            EventKind::MessageFailed => {
                let message = self.message(entry.subject);
                message.version = entry.seq;
                message.failed_at = Some(entry.at);
            }
            _ => {}
        }
    }

    fn message(&mut self, seq: u64) -> &mut MessageState {
        let as_sent = || MessageState::as_sent(seq);
        self.messages.entry(seq).or_insert_with(as_sent)
    }

    /// The messages whose file was rejected, ascending; of those that were not [compared](Self::compared).
    pub fn rejected(&self) -> impl Iterator<Item = u64> {
        let rejected = |(seq, state): (&u64, &MessageState)| state.failed_at.map(|_| *seq);
        self.messages.iter().filter_map(rejected)
    }

    #[must_use]
    pub const fn room(&self) -> &RoomState {
        &self.room
    }

    /// What the log says of this message; it is then taken to have been compared.
    pub fn compared(&mut self, seq: u64) -> MessageState {
        let found = self.messages.remove(&seq);
        found.unwrap_or_else(|| MessageState::as_sent(seq))
    }

    /// A message that was not [compared](Self::compared): the tables say nothing of it, and should.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        self.messages.keys().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::GENESIS;
    use crate::proof::StoredMessage;
    use crate::{MessageId, Millis};

    fn entry(seq: u64, kind: EventKind, subject: u64) -> StoredEntry {
        StoredEntry {
            seq,
            place: seq.cast_signed() * 10,
            kind: kind.as_str().to_owned(),
            at: Millis(seq.cast_signed() * 1_000),
            actor: 7,
            actor_role: "admin".to_owned(),
            subject,
            message: None,
            digest: GENESIS,
            chain: GENESIS,
            text: None,
        }
    }

    fn reply(seq: u64, to: u64) -> StoredEntry {
        StoredEntry {
            message: Some(StoredMessage {
                id: MessageId(uuid::Uuid::nil()),
                message_type: "text".to_owned(),
                reply_to: Some(to),
            }),
            ..entry(seq, EventKind::MessageCreated, seq)
        }
    }

    fn from(log: &[StoredEntry]) -> FromLog {
        let mut from_log = FromLog::default();
        log.iter().for_each(|entry| from_log.take(entry));
        from_log
    }

    #[test]
    fn a_room_is_what_its_last_events_made_it() {
        let closed_by_policy = StoredEntry {
            actor: 0,
            actor_role: String::new(),
            ..entry(5, EventKind::RoomClosed, 0)
        };
        let mut log = vec![
            entry(1, EventKind::RoomCreated, 0),
            entry(2, EventKind::RoomClosed, 0),
        ];
        let closed = RoomState {
            status: "closed".to_owned(),
            closed_at: Some(Millis(2_000)),
            closed_by: Some(7),
            close_reason: Some(20),
            version: 2,
            ..RoomState::default()
        };
        assert_eq!(*from(&log).room(), closed);
        log.push(entry(3, EventKind::RoomReopened, 0));
        log.push(entry(4, EventKind::ParticipantJoined, 9));
        let open = RoomState {
            version: 3,
            ..RoomState::default()
        };
        assert_eq!(*from(&log).room(), open);
        log.push(closed_by_policy);
        log.push(entry(6, EventKind::RoomArchived, 0));
        log.push(entry(7, EventKind::RoomDeleted, 0));
        let gone = RoomState {
            status: "archived".to_owned(),
            closed_at: Some(Millis(5_000)),
            closed_by_policy: true,
            closed_by: None,
            close_reason: None,
            archived_at: Some(Millis(6_000)),
            deleted_at: Some(Millis(7_000)),
            version: 7,
        };
        assert_eq!(*from(&log).room(), gone);
    }

    #[test]
    fn a_message_is_what_its_last_edit_its_deletion_and_its_replies_made_it() {
        let mut from_log = from(&[
            entry(1, EventKind::MessageCreated, 1),
            reply(2, 1),
            entry(3, EventKind::MessageEdited, 1),
            entry(4, EventKind::MessageEdited, 1),
            reply(5, 1),
            entry(6, EventKind::MessageDeleted, 1),
        ]);
        assert_eq!(from_log.left(), Some(1));
        let expected = MessageState {
            version: 6,
            text: Some(40),
            edited_at: Some(Millis(4_000)),
            deletion: Some(60),
            deleted_at: Some(Millis(6_000)),
            failed_at: None,
            replies: 2,
        };
        assert_eq!(from_log.compared(1), expected);
        assert_eq!(from_log.compared(2), MessageState::as_sent(2));
        assert_eq!(from_log.left(), None);
    }
}
