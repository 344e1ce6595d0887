//! The record as it lies there, for whoever verifies it: nothing is taken for granted, a value of
//! the wrong length or sign is read as one that cannot be right.

use orderchat_domain::checkpoint::Head;
use orderchat_domain::event::Hash;
use orderchat_domain::proof::{
    MessageFile, MessageState, RoomState, StoredAudit, StoredEntry, StoredMessage, StoredText,
};
use orderchat_domain::text::hex;
use orderchat_domain::{AttachmentId, MessageId, Millis, OrderId, RoomId};
use uuid::Uuid;

use crate::orders::corrupt;
use crate::row::Row;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

macro_rules! rooms {
    () => {
        "SELECT r.k, r.id, r.code, h.seq, h.chain, r.status, r.closed_at, r.closed_by_policy, \
         r.closed_by, r.close_reason, r.archived_at, r.deleted_at, r.version \
         FROM room r LEFT JOIN room_head h ON h.room = r.k "
    };
}

statements! {
    ROOMS = concat!(rooms!(), "WHERE r.k > $1 ORDER BY r.k LIMIT $2");
    ROOM = concat!(rooms!(), "WHERE r.id = $1");
    STATES = "SELECT s.seq, s.version, s.text_g, s.edited_at, s.deleted_g, s.deleted_at,
            s.failed_at, s.reply_count
        FROM message_state s WHERE s.room = $1 AND s.seq > $2 ORDER BY s.seq LIMIT $3";
    FILES = "SELECT a.seq, a.id, a.size, a.mime, a.digest, a.state FROM attachment a
        WHERE a.room = $1 AND a.seq >= $2 AND a.seq <= $3 ORDER BY a.seq";
    STRAY = "SELECT l.room, l.seq FROM log l WHERE l.room > $1 AND l.room < $2
        ORDER BY l.room, l.seq LIMIT 1";
    ENTRIES = "SELECT l.seq, l.g, l.kind, l.at, l.actor, l.actor_role, l.subject, l.message_id,
            l.message_type, l.reply_to, l.digest, l.chain, t.salt, t.body, t.metadata, t.file
        FROM log l LEFT JOIN entry_text t ON t.g = l.g
        WHERE l.room = $1 AND l.seq > $2 ORDER BY l.seq LIMIT $3";
    AUDIT = "SELECT g, at, actor, actor_role, action, room, target, request_id, ip, user_agent,
            salt, detail, digest, chain FROM audit WHERE g > $1 ORDER BY g LIMIT $2";
    STATEMENTS = "SELECT p.k, o.id, p.body FROM order_report p JOIN shop_order o ON o.k = p.shop_order
        WHERE p.k > $1 AND p.kind = 'delivery.proof_added' AND p.source IS NULL ORDER BY p.k LIMIT $2";
    AUDIT_LINK = "SELECT chain FROM audit WHERE g = $1";
}

/// A room with what it says of its state and of the end of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOnFile {
    pub key: i64,
    pub id: RoomId,
    pub code: String,
    pub head: Head,
    pub state: RoomState,
}

/// At most `limit` rooms after the one of this key, by their keys.
///
/// # Errors
/// As any read.
pub fn rooms(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<RoomOnFile>> {
    let rows = tx.query(&ROOMS, &values![after, limit])?;
    rows.into_iter().map(room_on_file).collect()
}

/// # Errors
/// As any read.
pub fn room(tx: &mut Tx<'_>, id: RoomId) -> Result<Option<RoomOnFile>> {
    let row = tx.query_opt(&ROOM, &values![id.0.as_bytes()])?;
    row.map(room_on_file).transpose()
}

fn room_on_file(mut row: Row) -> Result<RoomOnFile> {
    Ok(RoomOnFile {
        key: row.take()?,
        id: RoomId(uuid(&mut row)?),
        code: row.take()?,
        // Without a row for it the room names no end: then any entry is one too many.
        head: Head {
            seq: row.take::<Option<i64>>()?.map_or(0, unsigned),
            chain: row
                .take::<Option<Vec<u8>>>()?
                .and_then(|bytes| bytes.try_into().ok())
                .unwrap_or_default(),
        },
        state: RoomState {
            status: row.take()?,
            closed_at: row.take()?,
            closed_by_policy: row.take::<i64>()? != 0,
            closed_by: row.take()?,
            close_reason: row.take()?,
            archived_at: row.take()?,
            deleted_at: row.take()?,
            version: count(&mut row)?,
        },
    })
}

/// What the room's messages after this seq have beside, at most `limit` of them, each with its seq.
///
/// # Errors
/// As any read.
pub fn message_states(
    tx: &mut Tx<'_>,
    room: i64,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<(u64, MessageState)>> {
    // Whoever writes there may give a number that no message has.
    let after = after.map_or(i64::MIN, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
    let rows = tx.query(&STATES, &values![room, after, limit])?;
    rows.into_iter().map(message_state).collect()
}

fn message_state(mut row: Row) -> Result<(u64, MessageState)> {
    let row = &mut row;
    let seq = count(row)?;
    let state = MessageState {
        version: count(row)?,
        text: row.take()?,
        edited_at: row.take()?,
        deletion: row.take()?,
        deleted_at: row.take()?,
        failed_at: row.take()?,
        replies: count(row)?,
    };
    Ok((seq, state))
}

/// The files of the room's messages from `first` to `last`, each with its message's seq.
///
/// # Errors
/// As any read.
pub fn files(tx: &mut Tx<'_>, room: i64, first: u64, last: u64) -> Result<Vec<(u64, MessageFile)>> {
    let rows = tx.query(&FILES, &values![room, first, last])?;
    rows.into_iter().map(message_file).collect()
}

fn message_file(mut row: Row) -> Result<(u64, MessageFile)> {
    let row = &mut row;
    let (seq, attachment) = (count(row)?, AttachmentId(uuid(row)?));
    let (size, media_type): (_, Option<String>) = (count(row)?, row.take()?);
    let digest: Option<Vec<u8>> = row.take()?;
    let file = MessageFile {
        attachment,
        size,
        r#type: media_type.unwrap_or_default(),
        sha256: hex(&digest.unwrap_or_default()),
        state: row.take()?,
    };
    Ok((seq, file))
}

/// The key and the first seq of a log without a room, between these two keys.
///
/// # Errors
/// As any read.
pub fn stray_log(tx: &mut Tx<'_>, after: i64, before: i64) -> Result<Option<(i64, u64)>> {
    let row = tx.query_opt(&STRAY, &values![after, before])?;
    row.map(|mut row| Ok((row.take()?, count(&mut row)?)))
        .transpose()
}

/// At most `limit` entries of the room's log after `after`, with their texts.
///
/// # Errors
/// As any read.
pub fn entries(tx: &mut Tx<'_>, room: i64, after: u64, limit: u32) -> Result<Vec<StoredEntry>> {
    let rows = tx.query(&ENTRIES, &values![room, after, limit])?;
    rows.into_iter().map(entry).collect()
}

fn entry(mut row: Row) -> Result<StoredEntry> {
    let row = &mut row;
    let (seq, place) = (count(row)?, row.take()?);
    let (kind, at) = (row.take()?, row.take::<Millis>()?);
    let (actor, actor_role, subject) = (row.take()?, row.take()?, count(row)?);
    let id: Option<Vec<u8>> = row.take()?;
    let message_type: Option<String> = row.take()?;
    let reply_to: Option<i64> = row.take()?;
    let (digest, chain) = (hash(row)?, hash(row)?);
    let salt: Option<Vec<u8>> = row.take()?;
    let body: Option<String> = row.take()?;
    let metadata: Option<String> = row.take()?;
    let file: Option<String> = row.take()?;
    let is_message = id.is_some() || message_type.is_some() || reply_to.is_some();
    Ok(StoredEntry {
        seq,
        place,
        kind,
        at,
        actor,
        actor_role,
        subject,
        message: is_message.then(|| StoredMessage {
            id: MessageId(Uuid::from_slice(&id.unwrap_or_default()).unwrap_or_default()),
            message_type: message_type.unwrap_or_default(),
            reply_to: reply_to.map(unsigned),
        }),
        digest,
        chain,
        text: salt.map(|salt| StoredText {
            salt,
            body: body.unwrap_or_default(),
            metadata: metadata.unwrap_or_default(),
            file: file.unwrap_or_default(),
        }),
    })
}

/// At most `limit` entries of the audit after this number.
///
/// # Errors
/// As any read.
pub fn audit(tx: &mut Tx<'_>, after: u64, limit: u32) -> Result<Vec<StoredAudit>> {
    let rows = tx.query(&AUDIT, &values![after, limit])?;
    rows.into_iter().map(audit_entry).collect()
}

fn audit_entry(mut row: Row) -> Result<StoredAudit> {
    let row = &mut row;
    Ok(StoredAudit {
        number: count(row)?,
        at: row.take()?,
        actor: row.take()?,
        actor_role: row.take()?,
        action: row.take()?,
        room: row.take()?,
        target: row.take()?,
        request_id: row.take()?,
        ip: row.take()?,
        user_agent: row.take()?,
        salt: row.take()?,
        detail: row.take()?,
        digest: hash(row)?,
        chain: hash(row)?,
    })
}

/// What a photo proves of a delivery, as it stands on the order's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// They grow.
    pub key: i64,
    pub order: OrderId,
    pub body: String,
}

/// At most `limit` statements of photos after the one of this key: what the server itself signed, not
/// what the shop told.
///
/// # Errors
/// As any read.
pub fn statements(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<Statement>> {
    let rows = tx.query(&STATEMENTS, &values![after, limit])?;
    rows.into_iter().map(statement).collect()
}

fn statement(mut row: Row) -> Result<Statement> {
    let (key, order): (_, String) = (row.take()?, row.take()?);
    Ok(Statement {
        key,
        order: OrderId::parse("id", &order).map_err(|error| corrupt(&error))?,
        body: row.take()?,
    })
}

/// The link of the audit's entry of this number.
///
/// # Errors
/// As any read.
pub fn audit_link(tx: &mut Tx<'_>, number: u64) -> Result<Option<Hash>> {
    let row = tx.query_opt(&AUDIT_LINK, &values![number])?;
    row.map(|mut row| hash(&mut row)).transpose()
}

/// No seq and no number is so large.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

fn count(row: &mut Row) -> Result<u64> {
    row.take().map(unsigned)
}

/// No entry has a hash of zeros.
fn hash(row: &mut Row) -> Result<Hash> {
    let bytes: Vec<u8> = row.take()?;
    Ok(bytes.try_into().unwrap_or_default())
}

fn uuid(row: &mut Row) -> Result<Uuid> {
    let bytes: Vec<u8> = row.take()?;
    Ok(Uuid::from_slice(&bytes).unwrap_or_default())
}
