//! What a transaction did that those who follow rooms hear of, once it is committed.

use crate::event::EventKind;
use crate::id::{ParticipantId, RoomId};
use crate::project::{RoomRecord, Thing};
use crate::time::Millis;

/// One thing to be heard.
#[derive(Clone, Debug)]
pub enum News {
    /// The room's log has grown.
    Log(Box<LogNews>),
    /// Somebody's marks moved; not in the log.
    Receipt(ReceiptNews),
    /// All tokens of the user with this internal key died.
    Revoked(i64),
    /// What the user with this internal key may do has changed in rooms whose logs say nothing of it.
    Rights(i64),
}

impl News {
    /// The room it is about, if it is about one.
    #[must_use]
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::Log(news) => Some(news.room.id),
            Self::Receipt(news) => Some(news.room),
            Self::Revoked(_) | Self::Rights(_) => None,
        }
    }
}

/// New entries of one room's log.
#[derive(Clone, Debug)]
pub struct LogNews {
    /// The room as it was committed; its `seq` is the last entry's.
    pub room: RoomRecord,
    /// Ascending, without a gap, never empty.
    pub entries: Vec<NewEntry>,
}

impl LogNews {
    /// The seq of the first of the entries.
    #[must_use]
    pub fn first(&self) -> u64 {
        let count = self.entries.len() as u64;
        (self.room.seq + 1).saturating_sub(count)
    }
}

/// A new entry, with what spares reading it again.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub seq: u64,
    pub kind: EventKind,
    pub at: Millis,
    /// The internal key of the user whom it happened to, of a participant's events.
    pub user: Option<i64>,
    /// What it is about, where whoever wrote it has all of it at hand: a message that it made, or the
    /// order as the shop reported it. Of a message its sender acted, else nobody whom a room shows.
    pub thing: Option<Thing>,
}

/// How far somebody is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptNews {
    pub room: RoomId,
    pub participant: ParticipantId,
    /// The participant's internal user key.
    pub user: i64,
    pub delivered_seq: u64,
    pub read_seq: u64,
    pub at: Millis,
}
