//! What is wrong with the record, in words.

use std::fmt;

use orderchat_domain::proof::Fault;
use orderchat_domain::text::hex;
use orderchat_domain::{AttachmentId, MessageId, Millis, OrderId, RoomId};

/// Findings that are kept; more are counted.
const KEPT: usize = 1_000;

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) kept: Vec<Finding>,
    /// How many more there were.
    pub(crate) more: u64,
}

impl Findings {
    pub(crate) fn add(&mut self, place: Place, wrong: Wrong) {
        if self.kept.len() < KEPT {
            self.kept.push(Finding { place, wrong });
        } else {
            self.more += 1;
        }
    }

    /// [`Self::add`], unless something was found there already.
    pub(super) fn add_once(&mut self, place: Place, wrong: Wrong) {
        if !self.kept.iter().any(|found| found.place == place) {
            self.add(place, wrong);
        }
    }

    pub(crate) fn are_none(&self) -> bool {
        self.kept.is_empty()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) place: Place,
    pub(crate) wrong: Wrong,
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Room {
        code: String,
        id: RoomId,
    },
    /// A room of which nothing but its id is known.
    RoomId(RoomId),
    /// A log whose room's row is gone: its internal key.
    RoomKey(i64),
    Audit,
    /// A message whose file was read.
    Message(MessageId),
    /// A photo on an order's timeline.
    Proof,
    /// What a photo proves of a delivery of this order.
    Statement(OrderId),
    /// Where files lie.
    Storage,
    Checkpoint(u64),
    /// The exported head.
    Head,
}

/// What is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Entry {
        seq: u64,
        fault: Fault,
    },
    /// The log ends before entry `seq`; somebody says that it went on to `to`.
    CutOff {
        seq: u64,
        to: u64,
        said_by: Witness,
    },
    /// The chain holds and is another one than was signed: it was computed anew.
    Rewritten {
        /// The last entry that a checkpoint vouches for, 0 for none.
        after: u64,
        seq: u64,
        checkpoint: u64,
    },
    BeyondHead {
        seq: u64,
    },
    /// The log is good, and the room's row says something else.
    RoomShown {
        what: &'static str,
    },
    /// The log is good, and what is kept beside it of a message says something else.
    MessageShown {
        seq: u64,
        what: &'static str,
    },
    /// The log is good, and the table of files has another file for the message, or none.
    FileShown {
        seq: u64,
        what: &'static str,
    },
    /// The bytes of a file are not those that the database says.
    Bytes {
        file: AttachmentId,
        fault: BytesFault,
    },
    /// None of the given keys signed what a proof says.
    StatementChanged,
    /// The statement is good, and the table of files has another photo for it, or none.
    PhotoOfStatement,
    /// Files were left unread.
    StorageAway,
    RoomGone {
        checkpoint: u64,
        seq: u64,
    },
    RowGone,
    NoSuchRoom,
    CheckpointRemoved,
    CheckpointUnlinked,
    CheckpointChanged,
    RoomsOfCheckpointChanged,
    UnknownKey {
        key: [u8; 32],
    },
    OtherHistory {
        number: u64,
        at: Millis,
    },
    OlderCopy {
        number: u64,
        at: Millis,
        last: u64,
    },
}

/// What is wrong with the bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BytesFault {
    Changed,
    Missing,
    /// With what the storage said.
    Unreadable(String),
}

/// Who says how far a log went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Witness {
    /// The room's own row.
    Room,
    Checkpoint(u64),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Room { code, id } => write!(f, "room {code} ({id}): ")?,
            Place::RoomId(id) => write!(f, "room {id}: ")?,
            Place::RoomKey(key) => write!(f, "room with the internal key {key}: ")?,
            Place::Audit => f.write_str("audit: ")?,
            Place::Message(id) => write!(f, "message {id}: ")?,
            Place::Proof => f.write_str("proof of a delivery: ")?,
            Place::Statement(order) => {
                write!(f, "proof of a delivery of order {}: ", order.as_str())?;
            }
            Place::Storage => {}
            Place::Checkpoint(number) => write!(f, "checkpoint {number}: ")?,
            Place::Head => f.write_str("exported head: ")?,
        }
        self.wrong.fmt(f)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { seq, fault } => write!(f, "entry {seq} {fault}"),
            Self::CutOff { seq, to, said_by } => {
                write!(f, "entry {seq} was cut off: the log ends before it, ")?;
                match said_by {
                    Witness::Room => write!(f, "and the room says that its last is {to}"),
                    Witness::Checkpoint(number) => {
                        write!(f, "and checkpoint {number} signed it up to {to}")
                    }
                }
            }
            Self::Rewritten {
                after,
                seq,
                checkpoint,
            } => write!(
                f,
                "entry {seq} is not the one that checkpoint {checkpoint} signed: it or one before \
                 it, from {} on, was changed and all links computed anew",
                after + 1
            ),
            Self::BeyondHead { seq } => write!(
                f,
                "entry {seq} does not belong there: the room says that its log ends before it"
            ),
            Self::RoomShown { what } => {
                write!(f, "its row was changed: {what} is not what its log says")
            }
            Self::MessageShown { seq, what } => write!(
                f,
                "message {seq} is not shown as its log has it: {what} was changed in message_state"
            ),
            Self::FileShown { seq, what } => write!(
                f,
                "the file of message {seq} is not the one that its log has: {what} was changed in \
                 attachment"
            ),
            Self::Bytes {
                file: AttachmentId(file),
                fault,
            } => write!(f, "its file {file} {fault}"),
            Self::StatementChanged => f.write_str(
                "its statement was changed, or signed with a key that was not given: its signature is \
                 not good",
            ),
            Self::PhotoOfStatement => f.write_str(
                "its photo is not the one that its statement has: it was changed in attachment",
            ),
            Self::StorageAway => {
                f.write_str("the other files were not read: the storage does not answer")
            }
            Self::RoomGone { checkpoint, seq } => write!(
                f,
                "has vanished; checkpoint {checkpoint} signed its log up to entry {seq}"
            ),
            Self::RowGone => f.write_str("has vanished, but for its log"),
            Self::NoSuchRoom => f.write_str("there is none of this name"),
            Self::CheckpointRemoved => f.write_str("was removed"),
            Self::CheckpointUnlinked => {
                f.write_str("does not follow from the one before: that one was changed or removed")
            }
            Self::CheckpointChanged => f.write_str("was changed: its signature is not good"),
            Self::RoomsOfCheckpointChanged => {
                f.write_str("its rooms were changed or removed: they are not those that it signed")
            }
            Self::UnknownKey { key } => {
                write!(f, "was signed with a key that was not given: {}", hex(key))
            }
            Self::OtherHistory { number, at } => write!(
                f,
                "checkpoint {number} of {at} is another one here: the record was written anew"
            ),
            Self::OlderCopy { number, at, last } => write!(
                f,
                "checkpoint {number} of {at} is not there, the last one here is {last}: this is an \
                 older copy, or its end was cut off"
            ),
        }
    }
}

impl fmt::Display for BytesFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("was changed: its SHA-256 is not the one in the database"),
            Self::Missing => f.write_str("is missing in the storage"),
            Self::Unreadable(why) => write!(f, "could not be read: {why}"),
        }
    }
}
