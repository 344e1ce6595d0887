//! Uploads that come in pieces: how far each is, and what its pieces are called in the storage.

use orderchat_domain::attachment::FileState;
use orderchat_domain::{AttachmentId, Millis};

use crate::attachments::{self, StoredFile};
use crate::sql::statements;
use crate::value::values;
use crate::{Result, StoreError, Tx};

statements! {
    BEGIN = "INSERT INTO upload (attachment, length, declared, metadata) VALUES ($1, $2, $3, $4)";
    GET = "SELECT u.length, u.received, u.pieces, u.declared, u.metadata FROM upload u
        WHERE u.attachment = $1";
    ADVANCE = "UPDATE upload SET received = $3, pieces = pieces + $4
        WHERE attachment = $1 AND received = $2
        AND EXISTS (SELECT 1 FROM attachment a WHERE a.k = upload.attachment AND a.state = 'receiving')";
    ADD_PIECE (attachment: Int, start: Int, name: Text) =
        "INSERT INTO upload_piece (attachment, start, name)
         SELECT i.attachment, i.start, i.name FROM {rows}";
    PIECES = "SELECT p.name FROM upload_piece p WHERE p.attachment = $1 ORDER BY p.start";
    FORGET = "DELETE FROM upload WHERE attachment = $1";
    FORGET_PIECES = "DELETE FROM upload_piece WHERE attachment = $1";
    DONE = "SELECT a.k, a.id FROM upload_piece p JOIN attachment a ON a.k = p.attachment
        WHERE p.attachment > $1 AND p.start = 0 AND a.state IN ('pending', 'ready', 'failed')
        ORDER BY p.attachment LIMIT $2";
    OLDEST = "SELECT a.k, a.created_at, a.state FROM upload u JOIN attachment a ON a.k = u.attachment
        WHERE u.attachment > $1 ORDER BY u.attachment LIMIT $2";
}

/// An upload and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUpload {
    pub file: StoredFile,
    pub length: u64,
    /// Bytes that are durable.
    pub received: u64,
    /// In how many pieces they came.
    pub pieces: u64,
    pub said: Said,
}

/// What is said of a file when its upload begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The media type.
    pub declared: Option<String>,
    /// All of it, as it was given; `None` for uploads of before it was kept.
    pub metadata: Option<String>,
}

/// Notes that the file comes in pieces.
///
/// # Errors
/// As any write.
pub fn begin(tx: &mut Tx<'_>, file: i64, length: u64, said: &Said) -> Result<()> {
    let (declared, metadata) = (said.declared.as_deref(), said.metadata.as_deref());
    tx.execute(&BEGIN, &values![file, length, declared, metadata])
}

/// The upload of this file, if it comes in pieces. One that is done is known until it is
/// [forgotten](forget).
///
/// # Errors
/// As any read.
pub fn by_id(tx: &mut Tx<'_>, id: AttachmentId) -> Result<Option<StoredUpload>> {
    let Some(file) = attachments::by_id(tx, id)? else {
        return Ok(None);
    };
    let Some(mut row) = tx.query_opt(&GET, &values![file.key])? else {
        return Ok(None);
    };
    Ok(Some(StoredUpload {
        file,
        length: row.take()?,
        received: row.take()?,
        pieces: row.take()?,
        said: Said {
            declared: row.take()?,
            metadata: row.take()?,
        },
    }))
}

/// These pieces, each with where it starts, are stored: the upload has come from `from` to `to`.
/// `false`, and nothing is noted, if it was not at `from` any more, or was given up.
///
/// # Errors
/// As any write.
pub fn advance(
    tx: &mut Tx<'_>,
    file: i64,
    (from, to): (u64, u64),
    pieces: &[(u64, String)],
) -> Result<bool> {
    let count = pieces.len() as u64;
    if tx.change(&ADVANCE, &values![file, from, to, count])? != 1 {
        return Ok(false);
    }
    let rows: Vec<_> = pieces
        .iter()
        .map(|(start, name)| values![file, *start, name])
        .collect();
    tx.execute_rows(&ADD_PIECE, &rows)?;
    Ok(true)
}

/// The names of the upload's pieces, in their order.
///
/// # Errors
/// As any read.
pub fn pieces(tx: &mut Tx<'_>, file: i64) -> Result<Vec<String>> {
    let rows = tx.query(&PIECES, &values![file])?;
    rows.into_iter().map(|mut row| row.take()).collect()
}

/// The file's pieces are deleted.
///
/// # Errors
/// As any write.
pub fn forget_pieces(tx: &mut Tx<'_>, id: AttachmentId) -> Result<()> {
    let file = attachments::by_id(tx, id)?.ok_or(StoreError::Conflict)?;
    tx.execute(&FORGET_PIECES, &values![file.key])
}

/// At most `limit` files that are whole and whose pieces may still lie in the storage, after this key,
/// with their keys.
///
/// # Errors
/// As any read.
pub fn done(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<(i64, AttachmentId)>> {
    let rows = tx.query(&DONE, &values![after, limit])?;
    rows.into_iter()
        .map(|mut row| Ok((row.take()?, AttachmentId(row.take::<uuid::Uuid>()?))))
        .collect()
}

/// The keys of the files that are whole, were begun by then, and of which it is still known that they
/// came in pieces. Reads them `page` by page, the oldest first, up to one that was begun later.
///
/// # Errors
/// As any read.
pub fn old(tx: &mut Tx<'_>, begun_by: Millis, page: u32) -> Result<Vec<i64>> {
    let (mut old, mut after) = (Vec::new(), 0);
    loop {
        let rows = tx.query(&OLDEST, &values![after, page])?;
        let is_last = rows.len() < page as usize;
        for mut row in rows {
            let (key, begun, state): (i64, Millis, String) =
                (row.take()?, row.take()?, row.take()?);
            if begun > begun_by {
                return Ok(old);
            }
            if FileState::parse(&state).is_some_and(FileState::is_whole) {
                old.push(key);
            }
            after = key;
        }
        if is_last {
            return Ok(old);
        }
    }
}

/// Forgets that these files came in pieces.
///
/// # Errors
/// As any write.
pub fn forget(tx: &mut Tx<'_>, files: &[i64]) -> Result<()> {
    for file in files {
        tx.execute(&FORGET, &values![*file])?;
    }
    Ok(())
}
