//! The room log: what happened, in order, each entry holding the hash of the one before.

use sha2::{Digest, Sha256};

use crate::Millis;
use crate::id::{MessageId, RoomId};
use crate::message::MessageType;

/// What happened in a room. The names are those of the live protocol (SPEC 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    MessageCreated,
    MessageEdited,
    MessageDeleted,
    MessageFailed,
    RoomCreated,
    RoomUpdated,
    RoomClosed,
    RoomReopened,
    RoomArchived,
    RoomDeleted,
    ParticipantJoined,
    ParticipantEnded,
    ParticipantUpdated,
    ParticipantMuted,
    ParticipantUnmuted,
    ParticipantBlocked,
    ParticipantUnblocked,
    OrderUpdated,
}

/// What an event is about; decides what its `data` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Message,
    Room,
    Participant,
    Order,
}

impl EventKind {
    pub const ALL: [Self; 18] = [
        Self::MessageCreated,
        Self::MessageEdited,
        Self::MessageDeleted,
        Self::MessageFailed,
        Self::RoomCreated,
        Self::RoomUpdated,
        Self::RoomClosed,
        Self::RoomReopened,
        Self::RoomArchived,
        Self::RoomDeleted,
        Self::ParticipantJoined,
        Self::ParticipantEnded,
        Self::ParticipantUpdated,
        Self::ParticipantMuted,
        Self::ParticipantUnmuted,
        Self::ParticipantBlocked,
        Self::ParticipantUnblocked,
        Self::OrderUpdated,
    ];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessageCreated => "message.created",
            Self::MessageEdited => "message.edited",
            Self::MessageDeleted => "message.deleted",
            Self::MessageFailed => "message.failed",
            Self::RoomCreated => "room.created",
            Self::RoomUpdated => "room.updated",
            Self::RoomClosed => "room.closed",
            Self::RoomReopened => "room.reopened",
            Self::RoomArchived => "room.archived",
            Self::RoomDeleted => "room.deleted",
            Self::ParticipantJoined => "participant.joined",
            Self::ParticipantEnded => "participant.ended",
            Self::ParticipantUpdated => "participant.updated",
            Self::ParticipantMuted => "participant.muted",
            Self::ParticipantUnmuted => "participant.unmuted",
            Self::ParticipantBlocked => "participant.blocked",
            Self::ParticipantUnblocked => "participant.unblocked",
            Self::OrderUpdated => "order.updated",
        }
    }

    #[must_use]
    pub const fn subject(self) -> Subject {
        match self {
            Self::MessageCreated
            | Self::MessageEdited
            | Self::MessageDeleted
            | Self::MessageFailed => Subject::Message,
            Self::RoomCreated
            | Self::RoomUpdated
            | Self::RoomClosed
            | Self::RoomReopened
            | Self::RoomArchived
            | Self::RoomDeleted => Subject::Room,
            Self::ParticipantJoined
            | Self::ParticipantEnded
            | Self::ParticipantUpdated
            | Self::ParticipantMuted
            | Self::ParticipantUnmuted
            | Self::ParticipantBlocked
            | Self::ParticipantUnblocked => Subject::Participant,
            Self::OrderUpdated => Subject::Order,
        }
    }
}

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// The first link of every chain.
pub const GENESIS: Hash = [0; 32];

/// `sha256(salt ‖ part ‖ part …)`, each part preceded by its length, so that no two lists of parts
/// run together into the same bytes.
#[must_use]
pub fn salted_digest(salt: &[u8], parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new_with_prefix(salt);
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The digest of what people wrote with an entry: its text, its metadata and, if it has one, its file.
#[must_use]
pub fn text_digest(salt: &[u8], body: &str, metadata: &str, file: &str) -> Hash {
    let parts = [body.as_bytes(), metadata.as_bytes(), file.as_bytes()];
    // Entries without a file are digested as they were before there were files.
    let given = if file.is_empty() { 2 } else { 3 };
    salted_digest(salt, &parts[..given])
}

/// What the chain covers of an entry of the log. What people wrote is in it by its salted digest
/// only, so that erasing a text leaves the chain whole.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    pub room: RoomId,
    pub seq: u64,
    pub kind: EventKind,
    pub at: Millis,
    /// The acting user's internal key, and their role; 0 and empty for the system.
    pub actor: i64,
    pub actor_role: &'a str,
    /// The message or participant the event is about, 0 for the room and the order.
    pub subject: u64,
    pub digest: Hash,
    /// What makes a `message.created` entry a message. Entries of before this was covered are
    /// linked without it.
    pub message: Option<MessageLink>,
}

/// What the chain covers of a message beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLink {
    pub id: MessageId,
    pub message_type: MessageType,
    pub reply_to: Option<u64>,
}

impl Link<'_> {
    /// The hash of this entry, over its content and the hash of the entry before.
    #[must_use]
    pub fn after(&self, previous: &Hash) -> Hash {
        let (seq, at) = (self.seq.to_be_bytes(), self.at.0.to_be_bytes());
        let (actor, subject) = (self.actor.to_be_bytes(), self.subject.to_be_bytes());
        let mut parts: Vec<&[u8]> = vec![
            self.room.0.as_bytes(),
            &seq,
            self.kind.as_str().as_bytes(),
            &at,
            &actor,
            self.actor_role.as_bytes(),
            &subject,
            &self.digest,
        ];
        let reply_to;
        if let Some(message) = &self.message {
            // No message has the seq 0.
            reply_to = message.reply_to.unwrap_or_default().to_be_bytes();
            parts.push(message.id.0.as_bytes());
            parts.push(message.message_type.as_str().as_bytes());
            parts.push(&reply_to);
        }
        salted_digest(previous, &parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_name() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn any_change_of_an_entry_changes_its_link() {
        let link = Link {
            room: RoomId(uuid::Uuid::nil()),
            seq: 1,
            kind: EventKind::RoomCreated,
            at: Millis(5),
            actor: 7,
            actor_role: "admin",
            subject: 0,
            digest: [1; 32],
            message: Some(MessageLink {
                id: MessageId(uuid::Uuid::nil()),
                message_type: MessageType::Text,
                reply_to: None,
            }),
        };
        let original = link.after(&GENESIS);
        let of_message = |change: fn(&mut MessageLink)| {
            let mut changed = link;
            changed.message.as_mut().into_iter().for_each(change);
            changed
        };
        for changed in [
            Link { seq: 2, ..link },
            Link {
                at: Millis(6),
                ..link
            },
            Link { actor: 8, ..link },
            Link {
                actor_role: "support",
                ..link
            },
            Link {
                kind: EventKind::RoomClosed,
                ..link
            },
            Link { subject: 1, ..link },
            Link {
                digest: [2; 32],
                ..link
            },
            Link {
                message: None,
                ..link
            },
            of_message(|message| message.id = MessageId(uuid::Uuid::max())),
            of_message(|message| message.message_type = MessageType::System),
            of_message(|message| message.reply_to = Some(1)),
        ] {
            assert_ne!(changed.after(&GENESIS), original);
        }
        assert_ne!(link.after(&[1; 32]), original);
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(
            salted_digest(b"s", &[b"ab", b"c"]),
            salted_digest(b"s", &[b"a", b"bc"])
        );
    }
}
