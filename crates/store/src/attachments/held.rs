//! Files whose bytes must lie in the storage, for those who copy or verify it.

use orderchat_domain::attachment::FileState;
use orderchat_domain::{AttachmentId, MessageId, Millis};
use uuid::Uuid;

use super::hash;
use crate::row::Row;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

statements! {
    ALL = "SELECT a.k, a.id, a.width, a.size, a.digest, a.state, a.until,
            (SELECT l.message_id FROM log l WHERE l.room = a.room AND l.seq = a.seq),
            (SELECT m.deleted_at FROM message_state m WHERE m.room = a.room AND m.seq = a.seq),
            (SELECT r.deleted_at FROM room r WHERE r.k = a.room)
        FROM attachment a
        WHERE a.k > $1 AND a.state IN ('pending', 'ready') ORDER BY a.k LIMIT $2";
}

/// A file whose bytes are in the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub key: i64,
    pub id: AttachmentId,
    pub has_thumbnail: bool,
    /// Of the file, in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub digest: Option<[u8; 32]>,
    pub shown: Shown,
    /// The scanner may still reject it, and have its bytes deleted.
    pub pending: bool,
}

/// Where somebody still sees a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// No message has it, or one that was deleted, itself or with its room.
    Nowhere,
    InMessage(MessageId),
    /// On an order's timeline.
    AsProof,
}

impl Held {
    /// Neither the scanner nor the collector takes it away.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.shown != Shown::Nowhere && !self.pending
    }
}

/// At most `limit` files whose bytes are in the storage, after this key.
///
/// # Errors
/// As any read.
pub fn held(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<Held>> {
    let rows = tx.query(&ALL, &values![after, limit])?;
    rows.into_iter().map(read_held).collect()
}

fn read_held(mut row: Row) -> Result<Held> {
    let (key, id) = (row.take()?, AttachmentId(row.take::<Uuid>()?));
    let has_thumbnail = row.take::<Option<i64>>()?.is_some();
    let (size, digest) = (row.take()?, hash(&mut row)?);
    let state: String = row.take()?;
    let until: Option<Millis> = row.take()?;
    let message: Option<Uuid> = row.take()?;
    let (message_deleted, room_deleted): (Option<Millis>, Option<Millis>) =
        (row.take()?, row.take()?);
    let shown = match message {
        _ if message_deleted.or(room_deleted).is_some() => Shown::Nowhere,
        Some(message) => Shown::InMessage(MessageId(message)),
        None if until.is_none() => Shown::AsProof,
        None => Shown::Nowhere,
    };
    Ok(Held {
        key,
        id,
        has_thumbnail,
        size,
        digest,
        shown,
        pending: state == FileState::Pending.as_str(),
    })
}
