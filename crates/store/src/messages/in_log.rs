//! A part of a room's log, with the messages that it is about.

use orderchat_domain::event::{EventKind, Subject};
use orderchat_domain::project::MessageRecord;

use super::{IN_LOG, complete, raw_by_seqs, read};
use crate::actors::Actors;
use crate::log::{self, LogEntry};
use crate::rooms::StoredRoom;
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
    let rows = tx.query(&IN_LOG, &values![room.record.key, after, limit])?;
    let mut entries = Vec::with_capacity(rows.len());
    let (mut sent, mut earlier) = (Vec::new(), Vec::new());
    for mut row in rows {
        let entry = log::read(&mut row)?;
        match entry.kind {
            EventKind::MessageCreated => sent.push(read(room, &mut row)?),
            kind if kind.subject() == Subject::Message && entry.subject <= after => {
                earlier.push(entry.subject);
            }
            _ => {}
        }
        entries.push(entry);
    }
    earlier.sort_unstable();
    earlier.dedup();
    let mut list = raw_by_seqs(tx, room, &earlier)?;
    list.append(&mut sent);
    let acted: Vec<i64> = entries.iter().map(|entry| entry.actor).collect();
    let (messages, actors) = complete(tx, room, list, &acted)?;
    Ok(InLog {
        entries,
        messages,
        actors,
    })
}
