//! What a transaction did that those who follow rooms hear of, once it is committed.

use std::sync::Arc;

use crate::event::EventKind;
use crate::id::{ParticipantId, RoomId};
use crate::project::{MessageRecord, OrderRecord, RoomRecord};
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

    /// Goes on with what the same transaction did later in the room. Nobody hears of the states
    /// between, as nobody can read them.
    pub fn go_on(&mut self, later: Self) {
        let newest = later.entries.iter().rev().find_map(NewEntry::order);
        if let Some(newest) = newest.cloned() {
            for entry in &mut self.entries {
                if let Some(Fresh::Order(order)) = &mut entry.fresh {
                    *order = Arc::clone(&newest);
                }
            }
        }
        self.room = later.room;
        self.entries.extend(later.entries);
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
    /// What it is about, where whoever wrote it has all of it at hand.
    pub fresh: Option<Fresh>,
}

impl NewEntry {
    const fn order(&self) -> Option<&Arc<OrderRecord>> {
        match &self.fresh {
            Some(Fresh::Order(order)) => Some(order),
            _ => None,
        }
    }
}

/// What a new entry is about, as it was committed.
#[derive(Clone, Debug)]
pub enum Fresh {
    /// A message that the entry made; its sender acted.
    Message(Arc<MessageRecord>),
    /// The room's order after a report; nobody whom a room shows acted.
    Order(Arc<OrderRecord>),
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
