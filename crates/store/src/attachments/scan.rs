//! Files that wait for the scanner, and what it says of them.

use orderchat_domain::Millis;
use orderchat_domain::attachment::FileState;

use super::{StoredFile, columns, read};
use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

statements! {
    PENDING = concat!("SELECT ", columns!(), " FROM attachment a
        WHERE a.state = 'pending' AND a.k > $1 ORDER BY a.k LIMIT $2");
    JUDGED = "UPDATE attachment SET state = $2, until = COALESCE(until, CAST($3 AS BIGINT))
        WHERE k = $1 AND state = 'pending'";
    CLEAN_MESSAGE = "UPDATE message_state SET file_pending = 0 WHERE room = $1 AND seq = $2";
    FAILED_MESSAGE = "INSERT INTO message_state (room, seq, version, reply_count, failed_at)
        VALUES ($1, $2, $3, 0, $4) ON CONFLICT (room, seq) DO UPDATE
        SET version = excluded.version, failed_at = excluded.failed_at, file_pending = 0";
}

/// At most `limit` files that wait for the scanner, after this key.
///
/// # Errors
/// As any read.
pub fn pending(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<StoredFile>> {
    let rows = tx.query(&PENDING, &values![after, limit])?;
    rows.into_iter().map(read).collect()
}

/// The scanner has judged the file. `false` if it had before. One that it rejects goes: it is
/// [`overdue`](super::overdue) from `now` on, or when it would be anyway.
///
/// # Errors
/// As any write.
pub fn judged(tx: &mut Tx<'_>, key: i64, is_clean: bool, now: Millis) -> Result<bool> {
    let (state, until) = if is_clean {
        (FileState::Ready, None)
    } else {
        (FileState::Failed, Some(now))
    };
    Ok(tx.change(&JUDGED, &values![key, state.as_str(), until])? == 1)
}

/// The message's file can be downloaded.
///
/// # Errors
/// As any write.
pub fn message_is_clean(tx: &mut Tx<'_>, room: i64, seq: u64) -> Result<()> {
    tx.execute(&CLEAN_MESSAGE, &values![room, seq])
}

/// The message's file was rejected.
///
/// # Errors
/// As any write.
pub fn message_failed(
    tx: &mut Tx<'_>,
    room: i64,
    seq: u64,
    version: u64,
    at: Millis,
) -> Result<()> {
    tx.execute(&FAILED_MESSAGE, &values![room, seq, version, at])
}
