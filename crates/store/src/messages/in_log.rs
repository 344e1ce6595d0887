//! A part of a room's log, with the messages that it is about.

use orderchat_domain::event::Subject;
use orderchat_domain::project::MessageRecord;

use super::{BETWEEN, complete, raw_by_seqs, read};
use crate::actors::Actors;
use crate::engine::Ask;
use crate::log::{self, LogEntry};
use crate::rooms::StoredRoom;
use crate::row::read_all;
use crate::value::values;
use crate::{Result, Tx};

/// Entries of a room's log.
#[derive(Clone, Debug)]
pub struct InLog {
    /// Ascending.
    pub entries: Vec<LogEntry>,
    /// Those that the entries are about, as they are now, ascending.
    pub messages: Vec<MessageRecord>,
    /// Who acted.
    pub actors: Actors,
}

/// At most `limit` entries after `after`.
///
/// # Errors
/// As any read.
pub fn in_log(tx: &mut Tx<'_>, room: &StoredRoom, after: u64, limit: u32) -> Result<InLog> {
    let key = room.record.key;
    // Numbered without a gap: that many entries end there.
    let last = after.saturating_add(limit.into());
    // Most entries are new messages: those are asked for beside the entries, the others after them.
    let [entries, sent] = tx.ask([
        Ask::Once(&log::RANGE, &values![key, after, limit]),
        Ask::Once(&BETWEEN, &values![key, after, last]),
    ])?;
    let entries = read_all(entries, log::read)?;
    let about = entries
        .iter()
        .filter(|entry| entry.kind.subject() == Subject::Message);
    let mut earlier: Vec<u64> = about
        .map(|entry| entry.subject)
        .filter(|seq| *seq <= after)
        .collect();
    earlier.sort_unstable();
    earlier.dedup();
    let mut list = raw_by_seqs(tx, room, &earlier)?;
    for mut row in sent {
        list.push(read(room, &mut row)?);
    }
    let acted: Vec<i64> = entries.iter().map(|entry| entry.actor).collect();
    let (messages, actors) = complete(tx, room, list, &acted)?;
    Ok(InLog {
        entries,
        messages,
        actors,
    })
}
