//! Files: what is known of them beside their bytes, which lie in the storage.
//!
//! A row is there before the first byte is stored and goes after the last was deleted, so that
//! nothing lies in the storage unknown. Whoever takes a file away changes its row first, under the
//! condition that no message has it; whoever sends it locks the row. So no message ever has a file
//! that goes.

mod going;
mod held;
mod scan;

use std::collections::HashMap;

use orderchat_domain::attachment::{FileFacts, FileRecord, FileState, ImageRecord};
use orderchat_domain::text::hex;
use orderchat_domain::{AttachmentId, Millis};
use uuid::Uuid;

pub use going::{Going, end_all, forget, let_go, overdue, put_off};
pub use held::{Held, Shown, held};
pub use scan::{judged, message_failed, message_is_clean, pending};

use crate::row::Row;
use crate::sql::{Sql, statements};
use crate::value::{Value, values};
use crate::{Result, StoreError, Tx};

macro_rules! columns {
    () => {
        "a.k, a.id, a.room, a.owner, a.state, a.purpose, a.name, a.size, a.mime, a.source, \
         a.digest, a.width, a.height, a.thumbhash, a.seq, a.created_at"
    };
}
use columns;

statements! {
    BEGIN = "INSERT INTO attachment (id, room, owner, state, purpose, created_at, until, name, size)
        VALUES ($1, $2, $3, 'receiving', $4, $5, $6, $7, $8) RETURNING k";
    UNSENT = "SELECT a.state FROM attachment a WHERE a.owner = $1 AND a.until IS NOT NULL
        AND a.until > $2 AND a.seq IS NULL AND a.state <> 'leaving' ORDER BY a.k LIMIT $3";
    USE = "INSERT INTO file_use (owner, bytes) VALUES ($1, $2)
        ON CONFLICT (owner) DO UPDATE SET bytes = file_use.bytes + excluded.bytes RETURNING bytes";
    FINISH = "UPDATE attachment SET state = $2, name = $3, size = $4, mime = $5, source = $6,
            digest = $7, width = $8, height = $9, thumbhash = $10, until = $11
        WHERE k = $1 AND state = 'receiving'";
    BY_ID = concat!("SELECT ", columns!(), " FROM attachment a WHERE a.id = $1");
    LOCK = concat!("SELECT ", columns!(), " FROM attachment a WHERE a.id = $1 {lock a}");
    SENT = "UPDATE attachment SET seq = $2, name = NULL, until = NULL WHERE k = $1";
    PENDING_MESSAGE (room: Int, seq: Int) =
        "INSERT INTO message_state (room, seq, version, reply_count, file_pending)
         SELECT i.room, i.seq, i.seq, 0, 1 FROM {rows} WHERE 1 = 1
         ON CONFLICT (room, seq) DO UPDATE SET file_pending = 1";
    KEEP = "UPDATE attachment SET until = NULL
        WHERE k = $1 AND state IN ('ready', 'pending')";
}

/// Every SQL text of files.
pub(crate) fn listing() -> Vec<&'static Sql> {
    [SQL, going::SQL, held::SQL, scan::SQL].concat()
}

/// A file that is about to be received.
#[derive(Clone, Debug)]
pub struct NewFile<'a> {
    pub id: AttachmentId,
    /// Internal key.
    pub room: i64,
    /// Internal user key.
    pub owner: i64,
    pub purpose: Option<&'a str>,
    pub name: &'a str,
    /// The bytes that are kept free for it.
    pub size: u64,
    pub at: Millis,
    /// When it goes, unless it is whole by then.
    pub until: Millis,
}

/// What is known of a file once it was received.
#[derive(Clone, Debug)]
pub struct Finished {
    pub state: FileState,
    pub name: String,
    pub size: u64,
    pub mime: &'static str,
    /// SHA-256 of what was uploaded.
    pub source: [u8; 32],
    /// SHA-256 of what is served.
    pub digest: [u8; 32],
    pub image: Option<ImageRecord>,
    /// When it goes, unless a message has it by then; `None`: it stays.
    pub until: Option<Millis>,
}

/// A file as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    pub key: i64,
    pub id: AttachmentId,
    /// Internal key of the room.
    pub room: i64,
    /// Internal key of the user.
    pub owner: i64,
    pub state: FileState,
    pub purpose: Option<String>,
    /// `None` once a message has it.
    pub name: Option<String>,
    pub size: u64,
    /// `None` while it is received, as the rest.
    pub mime: Option<String>,
    pub source: Option<[u8; 32]>,
    pub digest: Option<[u8; 32]>,
    pub image: Option<ImageRecord>,
    /// The message that has it.
    pub seq: Option<u64>,
    pub created_at: Millis,
}

impl StoredFile {
    /// What a send has to know of it; `None` while it is not whole.
    #[must_use]
    pub fn facts(&self) -> Option<FileFacts> {
        self.source.map(|source| FileFacts {
            source,
            is_image: self.image.is_some(),
        })
    }

    /// As the message has it that is sent with it now.
    #[must_use]
    pub fn record(&self) -> FileRecord {
        let digest = self.digest.unwrap_or_default();
        FileRecord {
            attachment: self.id,
            name: self.name.clone().unwrap_or_default(),
            size: self.size,
            r#type: self.mime.clone().unwrap_or_default(),
            sha256: hex(&digest),
            image: self.image.clone(),
        }
    }
}

fn read(mut row: Row) -> Result<StoredFile> {
    let (key, id) = (row.take()?, AttachmentId(row.take::<Uuid>()?));
    let (room, owner) = (row.take()?, row.take()?);
    let state: String = row.take()?;
    let state = FileState::parse(&state)
        .ok_or_else(|| StoreError::Corrupt("an unknown state of a file".to_owned()))?;
    let (purpose, name, size, mime) = (row.take()?, row.take()?, row.take()?, row.take()?);
    let (source, digest) = (hash(&mut row)?, hash(&mut row)?);
    let (width, height): (Option<u64>, Option<u64>) = (row.take()?, row.take()?);
    let thumbhash: Option<String> = row.take()?;
    let narrow = |side: u64| u32::try_from(side).unwrap_or(u32::MAX);
    let image = match (width, height, thumbhash) {
        (Some(width), Some(height), Some(thumbhash)) => Some(ImageRecord {
            width: narrow(width),
            height: narrow(height),
            thumbhash,
        }),
        _ => None,
    };
    Ok(StoredFile {
        key,
        id,
        room,
        owner,
        state,
        purpose,
        name,
        size,
        mime,
        source,
        digest,
        image,
        seq: row.take()?,
        created_at: row.take()?,
    })
}

fn hash(row: &mut Row) -> Result<Option<[u8; 32]>> {
    let bytes: Option<Vec<u8>> = row.take()?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()))
}

/// Notes a file that is about to be received. Gives its internal key.
///
/// # Errors
/// As any write.
pub fn begin(tx: &mut Tx<'_>, file: &NewFile<'_>) -> Result<i64> {
    let row = tx.query_opt(
        &BEGIN,
        &values![
            &file.id.0,
            file.room,
            file.owner,
            file.purpose,
            file.at,
            file.until,
            file.name,
            file.size
        ],
    )?;
    row.ok_or(StoreError::Conflict)?.take()
}

/// How many files of the user no message has, counted up to `most`.
///
/// # Errors
/// As any read.
pub fn unsent(tx: &mut Tx<'_>, owner: i64, now: Millis, most: u32) -> Result<usize> {
    Ok(tx.query(&UNSENT, &values![owner, now, most])?.len())
}

/// The bytes that the user's files take, with `more` of them.
///
/// # Errors
/// As any write.
pub fn take_space(tx: &mut Tx<'_>, owner: i64, more: i64) -> Result<u64> {
    let row = tx.query_opt(&USE, &values![owner, more])?;
    let bytes: i64 = row.ok_or(StoreError::Conflict)?.take()?;
    Ok(u64::try_from(bytes).unwrap_or_default())
}

/// The file is whole. `false` if it was given up meanwhile.
///
/// # Errors
/// As any write.
pub fn finish(tx: &mut Tx<'_>, key: i64, finished: &Finished) -> Result<bool> {
    let image = finished.image.as_ref();
    let changed = tx.change(
        &FINISH,
        &values![
            key,
            finished.state.as_str(),
            &finished.name,
            finished.size,
            finished.mime,
            &finished.source,
            &finished.digest,
            image.map(|image| image.width),
            image.map(|image| image.height),
            image.map(|image| &image.thumbhash),
            finished.until
        ],
    )?;
    Ok(changed == 1)
}

/// # Errors
/// As any read.
pub fn by_id(tx: &mut Tx<'_>, id: AttachmentId) -> Result<Option<StoredFile>> {
    let row = tx.query_opt(&BY_ID, &values![&id.0])?;
    row.map(read).transpose()
}

/// [`by_id`], locked until the transaction ends.
///
/// # Errors
/// As any write.
pub fn lock(tx: &mut Tx<'_>, id: AttachmentId) -> Result<Option<StoredFile>> {
    let row = tx.query_opt(&LOCK, &values![&id.0])?;
    row.map(read).transpose()
}

/// A file that a message has from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// Internal key.
    pub file: i64,
    pub room: i64,
    pub seq: u64,
    pub pending: bool,
}

/// These files, which must be locked, are the messages'.
///
/// # Errors
/// As any write.
pub fn sent(tx: &mut Tx<'_>, files: &[SentFile]) -> Result<()> {
    // One by one: few sends have a file, and each is found by its key whatever the plan.
    for it in files {
        tx.execute(&SENT, &values![it.file, it.seq])?;
    }
    let pending = files.iter().filter(|it| it.pending);
    let rows: Vec<[Value<'_>; 2]> = pending.map(|it| values![it.room, it.seq]).collect();
    tx.execute_rows(&PENDING_MESSAGE, &rows)
}

/// The file stays, without a message.
///
/// # Errors
/// As any write.
pub fn keep(tx: &mut Tx<'_>, key: i64) -> Result<()> {
    tx.execute(&KEEP, &values![key])
}

/// The files of these ids, locked until the transaction ends; those that there are.
///
/// # Errors
/// As any write.
pub fn lock_all(
    tx: &mut Tx<'_>,
    ids: impl IntoIterator<Item = AttachmentId>,
) -> Result<HashMap<AttachmentId, StoredFile>> {
    let mut found = HashMap::new();
    for id in ids {
        if let Some(file) = lock(tx, id)? {
            found.insert(id, file);
        }
    }
    Ok(found)
}
