//! Files that go: nobody wants them, their time is over, or the scanner rejected them.

use orderchat_domain::{AttachmentId, Millis};
use uuid::Uuid;

use super::{lock, take_space};
use crate::row::Row;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

/// Of a file that was rejected and that a message or a proof has, only the bytes go: what is told of it
/// stays.
macro_rules! only_bytes {
    () => {
        "(state = 'failed' AND (seq IS NOT NULL OR purpose IS NOT NULL))"
    };
}

statements! {
    LET_GO = concat!("UPDATE attachment SET state = 'leaving', until = $2
        WHERE k = $1 AND seq IS NULL AND until IS NOT NULL AND NOT ", only_bytes!());
    OVERDUE = concat!("SELECT a.k, a.id, CASE WHEN ", only_bytes!(), " THEN 1 ELSE 0 END
        FROM attachment a WHERE a.until <= $1 ORDER BY a.until, a.k LIMIT $2");
    PUT_OFF = concat!("UPDATE attachment SET until = $2
        WHERE id = $1 AND (state = 'leaving' OR ", only_bytes!(), ")");
    EMPTIED = concat!("UPDATE attachment SET until = NULL WHERE k = $1 AND ", only_bytes!());
    FORGET = "DELETE FROM attachment WHERE k = $1 AND state = 'leaving' AND seq IS NULL";
    FORGET_UPLOAD = "DELETE FROM upload WHERE attachment = $1";
    FORGET_PIECES = "DELETE FROM upload_piece WHERE attachment = $1";
    END_ALL = "UPDATE attachment SET state = 'leaving', until = $1 WHERE state = 'receiving'";
}

/// Nobody wants the file. `false` if a message has it.
///
/// # Errors
/// As any write.
pub fn let_go(tx: &mut Tx<'_>, key: i64, now: Millis) -> Result<bool> {
    Ok(tx.change(&LET_GO, &values![key, now])? == 1)
}

/// A file that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Going {
    /// Internal key.
    pub key: i64,
    pub id: AttachmentId,
    /// Only its bytes: it was rejected, and a message or a proof has it.
    pub only_bytes: bool,
}

/// At most `limit` files that go by now.
///
/// # Errors
/// As any read.
pub fn overdue(tx: &mut Tx<'_>, now: Millis, limit: u32) -> Result<Vec<Going>> {
    let rows = tx.query(&OVERDUE, &values![now, limit])?;
    let going = |mut row: Row| {
        Ok(Going {
            key: row.take()?,
            id: AttachmentId(row.take::<Uuid>()?),
            only_bytes: row.take()?,
        })
    };
    rows.into_iter().map(going).collect()
}

/// The bytes of a file that goes could not be deleted: it is [`overdue`] again then.
///
/// # Errors
/// As any write.
pub fn put_off(tx: &mut Tx<'_>, id: AttachmentId, until: Millis) -> Result<()> {
    tx.execute(&PUT_OFF, &values![&id.0, until])
}

/// The file's bytes were deleted: it is known no more, but for one of which [`only
/// bytes`](Going::only_bytes) went.
///
/// # Errors
/// As any write.
pub fn forget(tx: &mut Tx<'_>, id: AttachmentId) -> Result<()> {
    let Some(file) = lock(tx, id)? else {
        return Ok(());
    };
    if tx.change(&FORGET, &values![file.key])? == 1 {
        let freed = i64::try_from(file.size).unwrap_or(i64::MAX);
        take_space(tx, file.owner, -freed)?;
        tx.execute(&FORGET_UPLOAD, &values![file.key])?;
        tx.execute(&FORGET_PIECES, &values![file.key])?;
        return Ok(());
    }
    tx.execute(&EMPTIED, &values![file.key])
}

/// Uploads that are under way are over: after a restore, whose copy has no part of them.
///
/// # Errors
/// As any write.
pub fn end_all(tx: &mut Tx<'_>, now: Millis) -> Result<()> {
    tx.execute(&END_ALL, &values![now])
}
