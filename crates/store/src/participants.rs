//! Users in rooms.

use std::collections::BTreeMap;

use orderchat_domain::participant::Ended;
use orderchat_domain::project::ParticipantRecord;
use orderchat_domain::receipt::{Unread, Watermarks};
use orderchat_domain::{ParticipantId, Role, RoomId};
use serde_json::{Map, Value as Json};

use crate::orders::person;
use crate::row::Row;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, StoreError, Tx};

macro_rules! columns {
    () => {
        "p.k, p.id, r.id, u.k, u.id, u.name, u.email, u.role, p.role, p.guest, p.ended, p.muted, \
         p.muted_until, p.joined_at, p.left_at, u.last_seen, p.preferences, p.delivered_seq, \
         p.read_seq, p.read_ordinal, p.read_news, p.own_after, p.deleted_after, p.visible_from, \
         p.messages_before, p.news_before, p.version"
    };
}

macro_rules! from {
    () => {
        " FROM participant p JOIN app_user u ON u.k = p.usr JOIN room r ON r.k = p.room "
    };
}

statements! {
    // Both are there; joined left so that PostgreSQL finds the participant first, by both columns.
    BY_ROOM_AND_USER (room: Int, usr: Int) = concat!(
        "SELECT p.room, ", columns!(), " FROM {rows}
         JOIN participant p ON p.room = i.room AND p.usr = i.usr
         LEFT JOIN app_user u ON u.k = p.usr LEFT JOIN room r ON r.k = p.room");
    // The room's key by a query of its own: joined, PostgreSQL reads everybody in the room.
    BY_ROOM_ID_AND_USER (room: Bytes, usr: Int) = concat!(
        "SELECT p.room, ", columns!(), " FROM {rows} JOIN participant p
            ON p.room = (SELECT o.k FROM room o WHERE o.id = i.room) AND p.usr = i.usr
         LEFT JOIN app_user u ON u.k = p.usr LEFT JOIN room r ON r.k = p.room");
    BY_KEYS (k: Int) = concat!(
        "SELECT p.room, ", columns!(), " FROM {rows} JOIN participant p ON p.k = i.k
         JOIN app_user u ON u.k = p.usr JOIN room r ON r.k = p.room");
    LOCATE = "SELECT r.id, p.k FROM participant p JOIN room r ON r.k = p.room WHERE p.id = $1";
    PAGE = concat!("SELECT ", columns!(), from!(),
        "WHERE p.room = $1 AND p.k > $2 AND (CAST($3 AS BIGINT) = 1 OR p.ended IS NULL)
         ORDER BY p.k LIMIT $4");
    PAGE_BACK = concat!("SELECT ", columns!(), from!(),
        "WHERE p.room = $1 AND p.k < $2 AND (CAST($3 AS BIGINT) = 1 OR p.ended IS NULL)
         ORDER BY p.k DESC LIMIT $4");
    ACTIVE = concat!("SELECT ", columns!(), from!(),
        "WHERE p.room = $1 AND p.ended IS NULL ORDER BY p.k");
    INSERT = "INSERT INTO participant (id, room, usr, role, guest, readable, joined_at,
            visible_from, messages_before, news_before, read_ordinal, read_news, preferences,
            version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING k";
    UPDATE = "UPDATE participant SET role = $2, guest = $3, ended = $4, readable = $5, muted = $6,
            muted_until = $7, joined_at = $8, left_at = $9, visible_from = $10,
            messages_before = $11, news_before = $12, delivered_seq = $13, read_seq = $14,
            read_ordinal = $15, read_news = $16, own_after = $17, deleted_after = $18,
            preferences = $19, version = $20,
            has_unread = CASE WHEN (SELECT h.ordinal FROM room_head h WHERE h.room = participant.room)
                - $15 - $17 - $18 > 0 THEN 1 ELSE 0 END
        WHERE k = $1";
    READABLE = "SELECT k, readable FROM participant WHERE room = $1 AND ended IS NULL";
    SET_READABLE (k: Int, readable: Int) = "UPDATE participant SET readable = i.readable
        FROM {rows} WHERE participant.k = i.k AND participant.readable <> i.readable";
    READ (k: Int, seq: Int, ordinal: Int, news: Int) =
        "UPDATE participant SET delivered_seq = i.seq, read_seq = i.seq, read_ordinal = i.ordinal,
            read_news = i.news, own_after = 0, deleted_after = 0, has_unread = 0
         FROM {rows} WHERE participant.k = i.k";
    // PostgreSQL: room by room. Joined, it goes through all who have read everything, wherever they are,
    // as long as it takes them for few.
    HAVE_UNREAD (room: Int, actor: Int) = "UPDATE participant SET has_unread = 1 FROM {rows}
        WHERE participant.room = i.room AND participant.has_unread = 0
          AND participant.ended IS NULL AND participant.usr <> i.actor",
        "UPDATE participant SET has_unread = 1 WHERE k = ANY (ARRAY (
            SELECT one.k FROM {rows} CROSS JOIN LATERAL (
                SELECT participant.k FROM participant
                WHERE participant.room = i.room AND participant.has_unread = 0
                  AND participant.ended IS NULL AND participant.usr <> i.actor
                OFFSET 0) one))";
    NOTHING_UNREAD = "UPDATE participant SET has_unread = 0 WHERE room = $1 AND has_unread = 1";
    SENT (k: Int, n: Int) = "UPDATE participant SET own_after = own_after + i.n FROM {rows}
        WHERE participant.k = i.k";
    DELETED = "UPDATE participant SET deleted_after = deleted_after + 1
        WHERE room = $1 AND usr <> $2 AND read_seq < $3 AND visible_from <= $3
          AND (guest = 0 OR CAST($4 AS BIGINT) = 0)";
}

fn read(row: &mut Row) -> Result<ParticipantRecord> {
    let key = row.take()?;
    let id = ParticipantId(row.take()?);
    let room = RoomId(row.take()?);
    let person = person(row)?
        .ok_or_else(|| StoreError::Corrupt("a participant without a user".to_owned()))?;
    let no_role = || StoreError::Corrupt("a participant's role is none".to_owned());
    let user_role = Role::parse(&row.take::<String>()?).ok_or_else(no_role)?;
    let role = Role::parse(&row.take::<String>()?).ok_or_else(no_role)?;
    // Never higher than the user's own, which may have become lower since.
    let role = if role.rank() > user_role.rank() {
        user_role
    } else {
        role
    };
    let guest = row.take()?;
    let ended: Option<String> = row.take()?;
    Ok(ParticipantRecord {
        key,
        id,
        room,
        person,
        user_role,
        role,
        guest,
        ended: ended.as_deref().and_then(Ended::parse),
        muted: row.take()?,
        muted_until: row.take()?,
        joined_at: row.take()?,
        left_at: row.take()?,
        last_seen: row.take()?,
        preferences: row.take()?,
        marks: Watermarks {
            delivered: row.take()?,
            read: row.take()?,
        },
        unread: Unread {
            room_ordinal: 0,
            read_ordinal: row.take()?,
            read_news: row.take()?,
            own_after: row.take()?,
            deleted_after: row.take()?,
        },
        visible_from: row.take()?,
        messages_before: row.take()?,
        news_before: row.take()?,
        next_on_board: false,
        version: row.take()?,
    })
}

pub(crate) fn read_with_room(mut row: Row) -> Result<(i64, ParticipantRecord)> {
    let room = row.take()?;
    Ok((room, read(&mut row)?))
}

/// [`read_with_room`], as what is looked up by room and user.
pub(crate) fn read_placed(row: Row) -> Result<((i64, i64), ParticipantRecord)> {
    let (room, place) = read_with_room(row)?;
    Ok(((room, place.person.key), place))
}

/// The participants of these pairs of room and user, each with its room, active or ended.
///
/// # Errors
/// As any read.
pub fn by_room_and_user(
    tx: &mut Tx<'_>,
    pairs: &[(i64, i64)],
) -> Result<Vec<(i64, ParticipantRecord)>> {
    let rows: Vec<_> = pairs
        .iter()
        .map(|(room, user)| values![*room, *user])
        .collect();
    tx.query_rows(&BY_ROOM_AND_USER, &rows)?
        .into_iter()
        .map(read_with_room)
        .collect()
}

/// # Errors
/// As any read.
pub fn of_user(tx: &mut Tx<'_>, room: i64, user: i64) -> Result<Option<ParticipantRecord>> {
    Ok(by_room_and_user(tx, &[(room, user)])?
        .pop()
        .map(|(_, participant)| participant))
}

/// # Errors
/// As any read.
pub fn by_keys(tx: &mut Tx<'_>, keys: &[i64]) -> Result<Vec<ParticipantRecord>> {
    let rows: Vec<_> = keys.iter().map(|key| values![*key]).collect();
    let rows = tx.query_rows(&BY_KEYS, &rows)?;
    rows.into_iter()
        .map(|row| read_with_room(row).map(|(_, participant)| participant))
        .collect()
}

/// The participant's room, and the participant's key.
///
/// # Errors
/// As any read.
pub fn locate(tx: &mut Tx<'_>, id: ParticipantId) -> Result<Option<(RoomId, i64)>> {
    match tx.query_opt(&LOCATE, &values![&id.0])? {
        Some(mut row) => Ok(Some((RoomId(row.take()?), row.take()?))),
        None => Ok(None),
    }
}

/// Which participants of a room, in the order they first came.
#[derive(Clone, Copy, Debug)]
pub enum Page {
    After(i64),
    Before(i64),
}

/// At most `limit` participants, always in the order they first came.
///
/// # Errors
/// As any read.
pub fn page(
    tx: &mut Tx<'_>,
    room: i64,
    page: Page,
    ended_too: bool,
    limit: u32,
) -> Result<Vec<ParticipantRecord>> {
    let (sql, key) = match page {
        Page::After(key) => (&PAGE, key),
        Page::Before(key) => (&PAGE_BACK, key),
    };
    let rows = tx.query(sql, &values![room, key, ended_too, limit])?;
    let mut list = rows
        .into_iter()
        .map(|mut row| read(&mut row))
        .collect::<Result<Vec<_>>>()?;
    if matches!(page, Page::Before(_)) {
        list.reverse();
    }
    Ok(list)
}

/// The active participants, of whom there are at most 50.
///
/// # Errors
/// As any read.
pub fn active(tx: &mut Tx<'_>, room: i64) -> Result<Vec<ParticipantRecord>> {
    let rows = tx.query(&ACTIVE, &values![room])?;
    rows.into_iter().map(|mut row| read(&mut row)).collect()
}

/// Stores a new participant of the room and gives its key.
///
/// # Errors
/// As any write.
pub fn insert(tx: &mut Tx<'_>, room: i64, new: &ParticipantRecord, readable: bool) -> Result<i64> {
    let row = tx.query_opt(
        &INSERT,
        &values![
            &new.id.0,
            room,
            new.person.key,
            new.role.as_str(),
            new.guest,
            readable,
            new.joined_at,
            new.visible_from,
            new.messages_before,
            new.news_before,
            new.unread.read_ordinal,
            new.unread.read_news,
            &json(&new.preferences),
            new.version
        ],
    )?;
    row.ok_or(StoreError::Conflict)?.take()
}

/// Stores what may change about a participant.
///
/// # Errors
/// As any write.
pub fn update(tx: &mut Tx<'_>, participant: &ParticipantRecord, readable: bool) -> Result<()> {
    tx.execute(
        &UPDATE,
        &values![
            participant.key,
            participant.role.as_str(),
            participant.guest,
            participant.ended.map(Ended::as_str),
            readable,
            participant.muted,
            participant.muted_until,
            participant.joined_at,
            participant.left_at,
            participant.visible_from,
            participant.messages_before,
            participant.news_before,
            participant.marks.delivered,
            participant.marks.read,
            participant.unread.read_ordinal,
            participant.unread.read_news,
            participant.unread.own_after,
            participant.unread.deleted_after,
            &json(&participant.preferences),
            participant.version
        ],
    )?;
    Ok(())
}

fn json(map: &Map<String, Json>) -> String {
    Json::Object(map.clone()).to_string()
}

/// Sets who may read the room in its present state.
///
/// # Errors
/// As any write.
pub fn set_readable(tx: &mut Tx<'_>, readable: &[(i64, bool)]) -> Result<()> {
    let rows: Vec<_> = readable
        .iter()
        .map(|(key, may)| values![*key, *may])
        .collect();
    tx.execute_rows(&SET_READABLE, &rows)
}

/// The room's active participants by their keys, and whether they may read it, as it is kept.
///
/// # Errors
/// As any read.
pub fn readable(tx: &mut Tx<'_>, room: i64) -> Result<Vec<(i64, bool)>> {
    let rows = tx.query(&READABLE, &values![room])?;
    rows.into_iter()
        .map(|mut row| Ok((row.take()?, row.take()?)))
        .collect()
}

/// A participant who has read all of their room: their key, the room's head, its ordinal, and its
/// messages about the order.
pub type ReadUpTo = (i64, u64, u64, u64);

/// Notes that these have read everything.
///
/// # Errors
/// As any write.
pub fn have_read(tx: &mut Tx<'_>, participants: &[ReadUpTo]) -> Result<()> {
    let rows: Vec<_> = participants
        .iter()
        .map(|(key, seq, ordinal, news)| values![*key, *seq, *ordinal, *news])
        .collect();
    tx.execute_rows(&READ, &rows)
}

/// Notes that everybody in these rooms has something unread, but for whoever wrote it.
///
/// # Errors
/// As any write.
pub(crate) fn have_unread(tx: &mut Tx<'_>, written: &[(i64, i64)]) -> Result<()> {
    let rows: Vec<_> = written
        .iter()
        .map(|(room, actor)| values![*room, *actor])
        .collect();
    tx.execute_rows(&HAVE_UNREAD, &rows)
}

/// Notes that nothing counts as unread in the room any more: it is archived or deleted.
///
/// # Errors
/// As any write.
pub fn nothing_unread(tx: &mut Tx<'_>, room: i64) -> Result<()> {
    tx.execute(&NOTHING_UNREAD, &values![room])?;
    Ok(())
}

/// Counts messages that these participants sent, by their keys, as not unread to them.
///
/// # Errors
/// As any write.
pub fn sent(tx: &mut Tx<'_>, counts: &BTreeMap<i64, u64>) -> Result<()> {
    let rows: Vec<_> = counts.iter().map(|(key, n)| values![*key, *n]).collect();
    tx.execute_rows(&SENT, &rows)
}

/// Counts a deleted message as not unread to all who had not read it. Its sender, who never counted
/// it, is left out, and guests where it was news of the order.
///
/// # Errors
/// As any write.
pub fn deleted(tx: &mut Tx<'_>, room: i64, sender: i64, seq: u64, news: bool) -> Result<()> {
    tx.execute(&DELETED, &values![room, sender, seq, news])
}
