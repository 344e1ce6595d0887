//! Rooms: the conversation of one order.

mod list;
mod row;

use std::collections::{HashMap, HashSet};

use orderchat_domain::project::ParticipantRecord;
use orderchat_domain::receipt::Frontier;
use orderchat_domain::room::search_words;
use orderchat_domain::{Millis, OrderId, RoomCode, RoomId};

pub use list::{Cursor, Direction, Filter, Ordering, Scope, list, listings};
pub use row::StoredRoom;
pub(crate) use row::{columns, joins, read};

use crate::engine::Ask;
use crate::row::Row;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx, participants};

statements! {
    // A room is locked by its head, which nearly everything that locks it changes.
    LOCK (k: Int) = "SELECT h.room FROM room_head h WHERE h.room IN (SELECT i.k FROM {rows})
        ORDER BY h.room {lock h}";
    ID_BY_CODE = "SELECT r.id FROM room r WHERE r.code = $1";
    LOCK_IDS (id: Bytes) = "SELECT h.room FROM room r JOIN room_head h ON h.room = r.k
        WHERE r.id IN (SELECT i.id FROM {rows}) ORDER BY h.room {lock h}";
    LOCK_FREE (id: Bytes) = "SELECT r.id FROM {rows} JOIN room r ON r.id = i.id",
        "SELECT r.id FROM room r JOIN room_head h ON h.room = r.k
         WHERE r.id IN (SELECT i.id FROM {rows}) ORDER BY h.room FOR UPDATE OF h SKIP LOCKED";
    BY_IDS (id: Bytes) = concat!(
        "SELECT ", columns!(), " FROM {rows} JOIN room r ON r.id = i.id", joins!());
    KEY_BY_ORDER = "SELECT r.k FROM room r JOIN shop_order o ON o.k = r.shop_order WHERE o.id = $1";
    LOCK_OF_ORDER = "SELECT h.room FROM room r JOIN room_head h ON h.room = r.k
        WHERE r.shop_order = $1 {lock h}";
    OF_ORDER = concat!("SELECT ", columns!(), " FROM room r", joins!(), "WHERE r.shop_order = $1");
    BY_KEYS (k: Int) = concat!(
        "SELECT ", columns!(), " FROM {rows} JOIN room r ON r.k = i.k", joins!());
    INSERT = "INSERT INTO room (id, code, shop_order, pharmacy, title, description, status,
            is_public, max_participants, participant_count, language, version, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, 0, $9, 0, $10)
        ON CONFLICT DO NOTHING RETURNING k";
    INSERT_HEAD = "INSERT INTO room_head (room, pharmacy, is_public, seq, chain, ordinal, news,
            message_count, last_at)
        VALUES ($1, $2, $3, 0, $4, 0, 0, 0, $5)";
    SET_PUBLIC = "UPDATE room_head SET is_public = $2 WHERE room = $1 AND is_public <> $2";
    UPDATE = "UPDATE room SET title = $2, description = $3, is_public = $4, max_participants = $5,
            participant_count = $6, status = $7, version = $8, closed_at = $9, closed_by = $10,
            closed_role = $11, close_reason = $12, closed_by_policy = $13, reopened_at = $14,
            archived_at = $15, deleted_at = $16
        WHERE k = $1";
    SET_FRONTIERS = "UPDATE room SET delivered_leader = $2, delivered_first = $3,
            delivered_second = $4, read_leader = $5, read_first = $6, read_second = $7
        WHERE k = $1";
    CLEAR_WORDS = "DELETE FROM room_word WHERE room = $1";
    ADD_WORDS (word: Text, room: Int, on_card: Int) = "INSERT INTO room_word (word, room, on_card)
        SELECT i.word, i.room, i.on_card FROM {rows} WHERE 1 = 1 ON CONFLICT DO NOTHING";
    UNREAD = "SELECT CAST(COALESCE(SUM(CASE WHEN unread > 0 THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN unread > 0 THEN unread ELSE 0 END), 0) AS BIGINT)
        FROM (SELECT h.ordinal - p.read_ordinal - p.own_after - p.deleted_after
                - CASE WHEN p.guest = 1 THEN h.news - p.read_news ELSE 0 END AS unread
            FROM participant p JOIN room r ON r.k = p.room JOIN room_head h ON h.room = p.room
            WHERE p.usr = $1 AND p.has_unread = 1 AND p.ended IS NULL AND p.readable = 1
              AND r.deleted_at IS NULL AND r.status <> 'archived') AS counts";
}

/// [`lock`], by the rooms' ids.
///
/// # Errors
/// As any write.
pub fn lock_ids(tx: &mut Tx<'_>, ids: &[RoomId]) -> Result<()> {
    let rows: Vec<_> = ids.iter().map(|id| values![&id.0]).collect();
    tx.lock_rows(&LOCK_IDS, &rows)
}

/// Of these rooms those that were locked, and the ids of the others.
pub(crate) fn free(
    locked: Vec<Row>,
    found: Vec<Row>,
) -> Result<HashMap<RoomId, Option<StoredRoom>>> {
    let locked = locked
        .into_iter()
        .map(|mut row| Ok(RoomId(row.take()?)))
        .collect::<Result<HashSet<_>>>()?;
    let of_free = |room: StoredRoom| {
        let id = room.record.id;
        (id, locked.contains(&id).then_some(room))
    };
    found
        .into_iter()
        .map(|row| read(row).map(of_free))
        .collect()
}

/// The room of this id, and the user's place in it.
///
/// # Errors
/// As any read.
pub fn with_place_of(
    tx: &mut Tx<'_>,
    id: RoomId,
    user: i64,
) -> Result<(Option<StoredRoom>, Option<ParticipantRecord>)> {
    let (room, place) = (vec![values![&id.0]], vec![values![&id.0, user]]);
    let [room, place] = tx.ask([
        Ask::Each(&BY_IDS, &room),
        Ask::Each(&participants::BY_ROOM_ID_AND_USER, &place),
    ])?;
    let room = room.into_iter().next().map(read).transpose()?;
    let place = place.into_iter().next();
    let place = place.map(participants::read_with_room).transpose()?;
    Ok((room, place.map(|(_, place)| place)))
}

/// The rooms of these ids, in no order to rely on.
///
/// # Errors
/// As any read.
pub fn by_ids(tx: &mut Tx<'_>, ids: &[RoomId]) -> Result<Vec<StoredRoom>> {
    let rows: Vec<_> = ids.iter().map(|id| values![&id.0]).collect();
    tx.query_rows(&BY_IDS, &rows)?
        .into_iter()
        .map(read)
        .collect()
}

/// # Errors
/// As any read.
pub fn by_id(tx: &mut Tx<'_>, id: RoomId) -> Result<Option<StoredRoom>> {
    Ok(by_ids(tx, &[id])?.pop())
}

/// The id of the room of this code.
///
/// # Errors
/// As any read.
pub fn id_of(tx: &mut Tx<'_>, code: &RoomCode) -> Result<Option<RoomId>> {
    let row = tx.query_opt(&ID_BY_CODE, &values![code.as_str()])?;
    row.map(|mut row| row.take().map(RoomId)).transpose()
}

/// The key of the order's room.
///
/// # Errors
/// As any read.
pub fn key_of_order(tx: &mut Tx<'_>, order: &OrderId) -> Result<Option<i64>> {
    let row = tx.query_opt(&KEY_BY_ORDER, &values![order.as_str()])?;
    row.map(|mut row| row.take()).transpose()
}

/// Makes transactions on these rooms take turns, in the order of their keys, so that two nodes
/// never wait for each other.
///
/// # Errors
/// As any write.
pub fn lock(tx: &mut Tx<'_>, keys: &[i64]) -> Result<()> {
    let rows: Vec<_> = keys.iter().map(|key| values![*key]).collect();
    tx.lock_rows(&LOCK, &rows)
}

/// The room of the order, if it has one, locked as by [`lock`].
///
/// # Errors
/// As any write.
pub fn lock_of_order(tx: &mut Tx<'_>, order: i64) -> Result<Option<StoredRoom>> {
    let order = &values![order];
    tx.lock(&LOCK_OF_ORDER, order)?;
    tx.query_opt(&OF_ORDER, order)?.map(read).transpose()
}

/// The rooms of these keys, in no order to rely on.
///
/// # Errors
/// As any read.
pub fn by_keys(tx: &mut Tx<'_>, keys: &[i64]) -> Result<Vec<StoredRoom>> {
    let rows: Vec<_> = keys.iter().map(|key| values![*key]).collect();
    tx.query_rows(&BY_KEYS, &rows)?
        .into_iter()
        .map(read)
        .collect()
}

/// # Errors
/// As any read.
pub fn by_key(tx: &mut Tx<'_>, key: i64) -> Result<Option<StoredRoom>> {
    Ok(by_keys(tx, &[key])?.pop())
}

/// A room to be made.
#[derive(Clone, Debug)]
pub struct NewRoom<'a> {
    pub id: RoomId,
    pub code: &'a RoomCode,
    pub order: i64,
    pub order_number: &'a str,
    pub pharmacy: &'a str,
    pub title: Option<&'a str>,
    pub description: Option<&'a str>,
    pub is_public: bool,
    pub max_participants: u32,
    pub language: Option<&'a str>,
}

/// Makes the room. `None` when the code is taken, or the order has a room already.
///
/// # Errors
/// As any write.
pub fn insert(tx: &mut Tx<'_>, new: &NewRoom<'_>, now: Millis) -> Result<Option<StoredRoom>> {
    let row = tx.query_opt(
        &INSERT,
        &values![
            &new.id.0,
            new.code.as_str(),
            new.order,
            new.pharmacy,
            new.title,
            new.description,
            new.is_public,
            new.max_participants,
            new.language,
            now
        ],
    )?;
    let Some(mut row) = row else { return Ok(None) };
    let key = row.take()?;
    let genesis = &orderchat_domain::event::GENESIS;
    tx.execute(
        &INSERT_HEAD,
        &values![key, new.pharmacy, new.is_public, genesis, now],
    )?;
    set_words(tx, key, new.code, new.order_number, new.title)?;
    by_key(tx, key)
}

/// Stores what may change about a room, but for the head of its log.
///
/// # Errors
/// As any write.
pub fn update(tx: &mut Tx<'_>, stored: &StoredRoom) -> Result<()> {
    let room = &stored.record;
    tx.execute(
        &UPDATE,
        &values![
            room.key,
            room.title.as_ref(),
            room.description.as_ref(),
            room.is_public,
            room.max_participants,
            room.participant_count,
            room.status.as_str(),
            room.version,
            room.closed_at,
            room.closed_by.as_ref().map(|by| by.person.key),
            room.closed_by.as_ref().map(|by| by.role.as_str()),
            stored.close_reason,
            room.closed_by_policy,
            room.reopened_at,
            room.archived_at,
            room.deleted_at
        ],
    )?;
    tx.execute(&SET_PUBLIC, &values![room.key, room.is_public])?;
    Ok(())
}

/// # Errors
/// As any write.
pub fn set_frontiers(
    tx: &mut Tx<'_>,
    room: i64,
    delivered: Frontier,
    read: Frontier,
) -> Result<()> {
    tx.execute(
        &SET_FRONTIERS,
        &values![
            room,
            delivered.leader,
            delivered.first,
            delivered.second,
            read.leader,
            read.first,
            read.second
        ],
    )?;
    Ok(())
}

/// Replaces the words by which the room is found.
///
/// # Errors
/// As any write.
pub fn set_words(
    tx: &mut Tx<'_>,
    room: i64,
    code: &RoomCode,
    order_number: &str,
    title: Option<&str>,
) -> Result<()> {
    tx.execute(&CLEAR_WORDS, &values![room])?;
    let words = search_words(code.as_str(), order_number, title);
    let rows: Vec<_> = words
        .iter()
        .map(|found| values![&found.word, room, found.on_card])
        .collect();
    tx.execute_rows(&ADD_WORDS, &rows)
}

/// In how many rooms the user has unread messages, and how many in all.
///
/// # Errors
/// As any read.
pub fn unread_of(tx: &mut Tx<'_>, user: i64) -> Result<(u64, u64)> {
    match tx.query_opt(&UNREAD, &values![user])? {
        Some(mut row) => Ok((row.take()?, row.take()?)),
        None => Ok((0, 0)),
    }
}
