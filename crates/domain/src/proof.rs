//! Following a chain from its rows, as an auditor would: the first entry that is not the one that
//! was written; and what the tables beside the log must say if they follow from it.

mod state;

pub use state::{FromLog, MessageFile, MessageState, RoomState};

use crate::audit::{AuditLink, Trace};
use crate::checkpoint::Head;
use crate::event::{EventKind, GENESIS, Hash, Link, MessageLink, salted_digest, text_digest};
use crate::message::MessageType;
use crate::{MessageId, Millis, RoomId};

/// An entry of a room's log as it lies in the database: whatever stands there, well-formed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    pub seq: u64,
    /// Its number in the log of all rooms, by which other tables point to its text.
    pub place: i64,
    pub kind: String,
    pub at: Millis,
    pub actor: i64,
    pub actor_role: String,
    pub subject: u64,
    pub message: Option<StoredMessage>,
    pub digest: Hash,
    pub chain: Hash,
    /// `None` when it is gone.
    pub text: Option<StoredText>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    pub id: MessageId,
    pub message_type: String,
    pub reply_to: Option<u64>,
}

/// What people wrote, and the salt of its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredText {
    pub salt: Vec<u8>,
    pub body: String,
    /// As JSON text; empty for none, and in the audit.
    pub metadata: String,
    /// As JSON text; empty for none.
    pub file: String,
}

/// An entry of the audit as it lies in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAudit {
    pub number: u64,
    pub at: Millis,
    pub actor: i64,
    pub actor_role: String,
    pub action: String,
    pub room: Option<i64>,
    pub target: Option<String>,
    pub request_id: Option<String>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub salt: Vec<u8>,
    pub detail: String,
    pub digest: Hash,
    pub chain: Hash,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Who, what or when is not what was written, or the link is not.
    #[error("was changed")]
    Changed,
    #[error("was changed: its text is not the one that was written")]
    TextChanged,
    /// The chain holds without a text: whoever verifies says whether it may be gone.
    #[error("has lost its text")]
    TextGone,
    #[error("was removed")]
    Removed,
    #[error("was swapped with entry {with}")]
    Swapped { with: u64 },
    /// The end of the log is missing.
    #[error("was cut off: the log ends before it")]
    CutOff,
    /// Entries of the audit have no numbers without a gap, so one that is gone cannot be told from
    /// one that was changed.
    #[error("does not follow from the one before: it was changed, or one before it was removed")]
    Unlinked,
    #[error("is not the one that the room names as its last")]
    NotTheHead,
}

/// Where a walk along a room's log has come.
#[derive(Clone, Copy, Debug)]
pub struct RoomWalk {
    room: RoomId,
    head: Head,
}

impl RoomWalk {
    #[must_use]
    pub const fn new(room: RoomId) -> Self {
        Self {
            room,
            head: BEGINNING,
        }
    }

    /// The last entry that was good.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Goes on to the next entry.
    ///
    /// # Errors
    /// What is wrong with it, by what can be seen without looking further; the walk then stays
    /// before it.
    pub fn step(&mut self, entry: &StoredEntry) -> Result<(), Fault> {
        let seq = self.head.seq + 1;
        if entry.seq != seq {
            return Err(Fault::Removed);
        }
        if !self.follows(entry, entry.subject, &entry.chain) {
            return Err(Fault::Changed);
        }
        let is_its_own = |text| is_text_of(text, &entry.digest);
        if !entry.text.as_ref().is_none_or(is_its_own) {
            return Err(Fault::TextChanged);
        }
        self.head = Head {
            seq,
            chain: entry.chain,
        };
        Ok(())
    }

    /// Whether the bad entry at which the walk stopped and this later one stand in each other's
    /// place: rows that changed their numbers, or numbers that changed what stands under them.
    #[must_use]
    pub fn is_swapped(&self, bad: &StoredEntry, later: &StoredEntry) -> bool {
        if later.seq <= bad.seq {
            return false;
        }
        // A message is about itself: under its right number it has that one as its subject.
        let subjects = [later.subject, self.head.seq + 1];
        let chains = [&later.chain, &bad.chain];
        let rows = subjects.iter().any(|subject| {
            let mut chains = chains.iter();
            chains.any(|chain| self.follows(later, *subject, chain))
        });
        let is_text_of_bad = |text| is_text_of(text, &bad.digest);
        let texts = later.text.as_ref().is_some_and(is_text_of_bad)
            && self.follows(bad, bad.subject, &bad.chain);
        rows || texts
    }

    /// Whether the content of `entry`, as the next one and about this subject, has this link.
    fn follows(&self, entry: &StoredEntry, subject: u64, chain: &Hash) -> bool {
        let Some(kind) = EventKind::parse(&entry.kind) else {
            return false;
        };
        let message = match (&entry.message, kind == EventKind::MessageCreated) {
            (None, false) => None,
            (Some(message), true) => match MessageType::parse(&message.message_type) {
                None => return false,
                Some(message_type) => Some(MessageLink {
                    id: message.id,
                    message_type,
                    reply_to: message.reply_to,
                }),
            },
            // What is no message was given the columns of one, or a message lost them.
            _ => return false,
        };
        let link = Link {
            room: self.room,
            seq: self.head.seq + 1,
            kind,
            at: entry.at,
            actor: entry.actor,
            actor_role: &entry.actor_role,
            subject,
            digest: entry.digest,
            message,
        };
        // Messages of before the link covered their columns are linked without them. One that was
        // linked with them does not hold without, so nothing is lost by trying both.
        let plain = Link {
            message: None,
            ..link
        };
        [link, plain]
            .iter()
            .any(|link| link.after(&self.head.chain) == *chain)
    }
}

/// Where every chain begins.
const BEGINNING: Head = Head {
    seq: 0,
    chain: GENESIS,
};

/// Where a walk along the audit has come.
#[derive(Clone, Copy, Debug)]
pub struct AuditWalk {
    head: Head,
}

impl Default for AuditWalk {
    fn default() -> Self {
        Self { head: BEGINNING }
    }
}

impl AuditWalk {
    /// The last entry that was good.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Goes on to the next entry.
    ///
    /// # Errors
    /// As [`RoomWalk::step`].
    pub fn step(&mut self, entry: &StoredAudit) -> Result<(), Fault> {
        if entry.number <= self.head.seq || !self.follows(entry, &entry.chain) {
            return Err(Fault::Unlinked);
        }
        let digest = salted_digest(&entry.salt, &[entry.detail.as_bytes()]);
        if digest != entry.digest {
            return Err(Fault::TextChanged);
        }
        self.head = Head {
            seq: entry.number,
            chain: entry.chain,
        };
        Ok(())
    }

    /// As [`RoomWalk::is_swapped`].
    #[must_use]
    pub fn is_swapped(&self, bad: &StoredAudit, later: &StoredAudit) -> bool {
        let fits = |chain| self.follows(later, chain);
        later.number > bad.number && (fits(&later.chain) || fits(&bad.chain))
    }

    fn follows(&self, entry: &StoredAudit, chain: &Hash) -> bool {
        let link = AuditLink {
            at: entry.at,
            actor: entry.actor,
            actor_role: &entry.actor_role,
            action: &entry.action,
            room: entry.room,
            target: entry.target.as_deref(),
            digest: entry.digest,
            trace: Some(Trace {
                request_id: entry.request_id.as_deref(),
                ip: entry.ip.as_deref(),
                user_agent: entry.user_agent.as_deref(),
            }),
        };
        let plain = AuditLink {
            trace: None,
            ..link
        };
        [link, plain]
            .iter()
            .any(|link| link.after(&self.head.chain) == *chain)
    }
}

/// Whether the text is the one of the digest.
fn is_text_of(text: &StoredText, digest: &Hash) -> bool {
    text_digest(&text.salt, &text.body, &text.metadata, &text.file) == *digest
}

#[cfg(test)]
mod tests;
