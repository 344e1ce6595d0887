//! What a message said before, and what became of it: for admins.

use orderchat_domain::event::EventKind;
use orderchat_domain::project::RevisionRecord;

use crate::rooms::StoredRoom;
use crate::row::Row;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, StoreError, Tx, actors};

macro_rules! columns {
    () => {
        "SELECT l.seq, l.kind, l.at, l.actor, l.actor_role, t.body, t.metadata FROM log l \
         LEFT JOIN entry_text t ON t.g = l.g "
    };
}

statements! {
    CREATED = concat!(columns!(),
        "WHERE l.room = $1 AND l.seq = $2 AND l.kind = 'message.created'");
    AFTER = concat!(columns!(),
        "WHERE l.room = $1 AND l.subject = $2 AND l.seq > $3
         AND (l.kind = 'message.edited' OR l.kind = 'message.deleted') ORDER BY l.seq LIMIT $4");
    BEFORE = concat!(columns!(),
        "WHERE l.room = $1 AND l.subject = $2 AND l.seq < $3
         AND (l.kind = 'message.edited' OR l.kind = 'message.deleted')
         ORDER BY l.seq DESC LIMIT $4");
}

/// Which revisions of a message, by the seq of the event that made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    After(u64),
    Before(u64),
}

/// At most `limit` revisions of the message `seq`: as it was sent, each edit, and its deletion.
/// Ascending after the bound, descending before it.
///
/// # Errors
/// As any read.
pub fn revisions(
    tx: &mut Tx<'_>,
    room: &StoredRoom,
    seq: u64,
    page: Page,
    limit: u32,
) -> Result<Vec<RevisionRecord>> {
    let key = room.record.key;
    let created = tx.query(&CREATED, &values![key, seq])?;
    let rows = match page {
        Page::After(after) => {
            let edits = tx.query(&AFTER, &values![key, seq, after, limit])?;
            let first = created.into_iter().filter(|_| after < seq);
            first.chain(edits).collect::<Vec<_>>()
        }
        Page::Before(before) => {
            let edits = tx.query(&BEFORE, &values![key, seq, before, limit])?;
            let first = created.into_iter().filter(|_| before > seq);
            edits.into_iter().chain(first).collect()
        }
    };
    let mut read = rows
        .into_iter()
        .take(limit as usize)
        .map(revision)
        .collect::<Result<Vec<_>>>()?;
    let acted = actors::of(tx, read.iter().map(|(_, actor, _)| (key, *actor)))?;
    for (revision, actor, acted_as) in &mut read {
        revision.by = acted.record(key, *actor, acted_as);
    }
    Ok(read.into_iter().map(|(revision, ..)| revision).collect())
}

/// A revision without who made it, and who that was.
fn revision(mut row: Row) -> Result<(RevisionRecord, i64, String)> {
    let seq = row.take()?;
    let kind: String = row.take()?;
    let kind = EventKind::parse(&kind)
        .ok_or_else(|| StoreError::Corrupt("an unknown kind of event".to_owned()))?;
    let at = row.take()?;
    let (actor, acted_as) = (row.take()?, row.take()?);
    let revision = RevisionRecord {
        seq,
        kind,
        at,
        by: None,
        text: row.take()?,
        metadata: row.take()?,
    };
    Ok((revision, actor, acted_as))
}
