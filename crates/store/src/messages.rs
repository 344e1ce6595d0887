//! Messages: the `message.created` entries of the log, with their present text and state.

mod across;
mod in_log;

use std::collections::{BTreeMap, HashMap};

use orderchat_domain::attachment::FileRecord;
use orderchat_domain::message::MessageType;
use orderchat_domain::project::{MessageRecord, ParticipantRecord, QuoteRecord};
use orderchat_domain::{MessageId, Millis, RoomId};
use uuid::Uuid;

pub use across::across;
pub use in_log::{InLog, in_log};

use crate::actors::{self, Actors};
use crate::engine::Ask;
use crate::receipts::{Kind, PageMarks};
use crate::rooms::StoredRoom;
use crate::row::{Row, read_all};
use crate::sql::statements;
use crate::value::{Value, values};
use crate::{Result, StoreError, Tx};
use crate::{log, participants};

macro_rules! columns {
    () => {
        "l.seq, l.message_id, l.at, l.actor, l.actor_role, l.message_type, l.reply_to, s.version, \
         s.edited_at, s.deleted_at, s.reply_count, t.body, t.metadata, t.client_key, t.file, \
         s.file_pending, s.failed_at"
    };
}

macro_rules! joins {
    () => {
        " LEFT JOIN message_state s ON s.room = l.room AND s.seq = l.seq \
         LEFT JOIN entry_text t ON t.g = COALESCE(s.text_g, l.g) "
    };
}

/// `$1` room, `$2` from which seq on at all, `$3` the bound of the page, `$4` type, `$5` whether
/// news of the order are wanted, `$6` limit.
macro_rules! filters {
    () => {
        "WHERE l.room = $1 AND l.kind = 'message.created' AND l.seq >= $2 \
         AND (CAST($4 AS TEXT) IS NULL OR l.message_type = $4) \
         AND (CAST($5 AS BIGINT) = 1 OR l.message_type NOT IN ('order_update', 'delivery_update')) "
    };
}

statements! {
    BEFORE = concat!("SELECT ", columns!(), " FROM log l", joins!(), filters!(),
        "AND l.seq < $3 ORDER BY l.seq DESC LIMIT $6");
    AFTER = concat!("SELECT ", columns!(), " FROM log l", joins!(), filters!(),
        "AND l.seq > $3 ORDER BY l.seq LIMIT $6");
    // Most entries are new messages: those are read with their entries.
    IN_LOG = concat!("SELECT ", log::entry!(), ", ", columns!(), " FROM log l", joins!(),
        "WHERE l.room = $1 AND l.seq > $2 ORDER BY l.seq LIMIT $3");
    BY_SEQ (room: Int, seq: Int) = concat!("SELECT i.room, ", columns!(), " FROM {rows}
        JOIN log l ON l.room = i.room AND l.seq = i.seq AND l.kind = 'message.created'", joins!());
    LOCATE = "SELECT r.id, l.seq FROM log l JOIN room r ON r.k = l.room WHERE l.message_id = $1";
    COUNT_REPLIES (room: Int, seq: Int, n: Int) =
        "INSERT INTO message_state (room, seq, version, reply_count)
         SELECT i.room, i.seq, i.seq, i.n FROM {rows} WHERE 1 = 1
         ON CONFLICT (room, seq) DO UPDATE
         SET reply_count = message_state.reply_count + excluded.reply_count";
    EDITED = "INSERT INTO message_state (room, seq, version, text_g, edited_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (room, seq) DO UPDATE
        SET version = excluded.version, text_g = excluded.text_g, edited_at = excluded.edited_at";
    DELETED = "INSERT INTO message_state (room, seq, version, deleted_g, deleted_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (room, seq) DO UPDATE
        SET version = excluded.version, deleted_g = excluded.deleted_g,
            deleted_at = excluded.deleted_at";
}

/// A message as read, before its sender, its quote and its receipts are put in.
struct Raw {
    record: MessageRecord,
    reply_to: Option<u64>,
    room: i64,
    /// The sender's user key, and the role they sent it in.
    actor: i64,
    acted_as: String,
}

fn read(room: &StoredRoom, row: &mut Row) -> Result<Raw> {
    let seq: u64 = row.take()?;
    let id = MessageId(row.take::<Uuid>()?);
    let at = row.take()?;
    let (actor, acted_as) = (row.take()?, row.take()?);
    let message_type: String = row.take()?;
    let message_type = MessageType::parse(&message_type)
        .ok_or_else(|| StoreError::Corrupt("an unknown type of message".to_owned()))?;
    let reply_to = row.take()?;
    let version: Option<u64> = row.take()?;
    let (edited_at, deleted_at): (_, Option<Millis>) = (row.take()?, row.take()?);
    let reply_count = row.take::<Option<u64>>()?.unwrap_or(0);
    let body: Option<String> = row.take()?;
    let metadata = row.take()?;
    let shown = deleted_at.is_none();
    let client_message_id = row.take()?;
    let file = row.take::<Option<String>>()?.filter(|_| shown);
    let file_pending = row.take::<Option<i64>>()? == Some(1);
    let record = MessageRecord {
        id,
        room: room.record.id,
        seq,
        version: version.unwrap_or(seq),
        sender: None,
        message_type,
        content: body.filter(|_| shown).unwrap_or_default(),
        metadata: if shown { metadata } else { None },
        reply_to: None,
        reply_count,
        at,
        edited_at,
        deleted_at,
        delivered_at: None,
        read_at: None,
        client_message_id,
        file: file.as_deref().map(read_file).transpose()?,
        file_pending,
        failed_at: row.take()?,
    };
    Ok(Raw {
        record,
        reply_to,
        room: room.record.key,
        actor,
        acted_as,
    })
}

/// The file of a message, as it stands with its text.
pub(crate) fn read_file(json: &str) -> Result<FileRecord> {
    serde_json::from_str(json)
        .map_err(|_| StoreError::Corrupt("the file of a message is no JSON".to_owned()))
}

/// Puts the senders in: of the system there is none.
fn put_senders(list: &mut [Raw], actors: &Actors) {
    for raw in list {
        if !raw.record.message_type.is_system() {
            raw.record.sender = actors.record(raw.room, raw.actor, &raw.acted_as);
        }
    }
}

/// Which messages of a room.
#[derive(Clone, Copy, Debug)]
pub struct Select {
    /// None before this seq.
    pub visible_from: u64,
    pub message_type: Option<MessageType>,
    /// With news of the order.
    pub order_news: bool,
    pub limit: u32,
}

/// The bound of a page, exclusive.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    Before(u64),
    After(u64),
}

/// A page of messages, always ascending: the newest below, or the oldest above the bound.
///
/// # Errors
/// As any read.
pub fn page(
    tx: &mut Tx<'_>,
    room: &StoredRoom,
    select: Select,
    bound: Bound,
) -> Result<Vec<MessageRecord>> {
    let (sql, at) = match bound {
        Bound::Before(seq) => (&BEFORE, seq),
        Bound::After(seq) => (&AFTER, seq),
    };
    let rows = tx.query(
        sql,
        &values![
            room.record.key,
            select.visible_from,
            at,
            select.message_type.map(MessageType::as_str),
            select.order_news,
            select.limit
        ],
    )?;
    let mut list = read_all(rows, |mut row| read(room, &mut row))?;
    if matches!(bound, Bound::Before(_)) {
        list.reverse();
    }
    Ok(complete(tx, room, list, &[])?.0)
}

/// The messages of these seqs, ascending; a seq that is no message's is left out.
///
/// # Errors
/// As any read.
pub fn by_seqs(tx: &mut Tx<'_>, room: &StoredRoom, seqs: &[u64]) -> Result<Vec<MessageRecord>> {
    let list = raw_by_seqs(tx, room, seqs)?;
    Ok(complete(tx, room, list, &[])?.0)
}

fn raw_by_seqs(tx: &mut Tx<'_>, room: &StoredRoom, seqs: &[u64]) -> Result<Vec<Raw>> {
    let rows: Vec<_> = seqs
        .iter()
        .map(|seq| values![room.record.key, *seq])
        .collect();
    let mut list = Vec::with_capacity(seqs.len());
    for mut row in tx.query_rows(&BY_SEQ, &rows)? {
        row.take::<i64>()?;
        list.push(read(room, &mut row)?);
    }
    list.sort_by_key(|raw| raw.record.seq);
    Ok(list)
}

/// # Errors
/// As any read.
pub fn by_seq(tx: &mut Tx<'_>, room: &StoredRoom, seq: u64) -> Result<Option<MessageRecord>> {
    Ok(by_seqs(tx, room, &[seq])?.pop())
}

/// The message of the room at this seq, as others point to it.
///
/// # Errors
/// As any read.
pub fn quoted(tx: &mut Tx<'_>, room: &StoredRoom, seq: u64) -> Result<Option<QuoteRecord>> {
    let mut list = raw_by_seqs(tx, room, &[seq])?;
    let actors = actors::of(tx, list.iter().map(|raw| (raw.room, raw.actor)))?;
    put_senders(&mut list, &actors);
    Ok(list.first().map(|raw| quote(&raw.record)))
}

/// Users' places in rooms, by room and user, and the rooms' newest messages, by room and seq.
pub type PlacesAndNewest = (
    HashMap<(i64, i64), ParticipantRecord>,
    HashMap<(i64, u64), QuoteRecord>,
);

/// The places of these pairs of room and user, and of each room the newest message and the newest that
/// is not about the order: which of both is shown hangs on the place.
///
/// # Errors
/// As any read.
pub fn places_and_newest(
    tx: &mut Tx<'_>,
    rooms: &[StoredRoom],
    pairs: &[(i64, i64)],
) -> Result<PlacesAndNewest> {
    let by_key: HashMap<i64, &StoredRoom> =
        rooms.iter().map(|room| (room.record.key, room)).collect();
    let places = pairs.iter().map(|(room, user)| values![*room, *user]);
    let newest = rooms.iter().flat_map(|room| {
        let said = room.last_said.filter(|seq| room.last_message != Some(*seq));
        let seqs = room.last_message.into_iter().chain(said);
        seqs.map(|seq| values![room.record.key, seq])
    });
    let (places, newest): (Vec<_>, Vec<_>) = (places.collect(), newest.collect());
    let [places, newest] = tx.ask([
        Ask::Each(&participants::BY_ROOM_AND_USER, &places),
        Ask::Each(&BY_SEQ, &newest),
    ])?;
    let mut list = Vec::with_capacity(newest.len());
    for mut row in newest {
        let key: i64 = row.take()?;
        if let Some(room) = by_key.get(&key) {
            list.push(read(room, &mut row)?);
        }
    }
    let actors = actors::of(tx, list.iter().map(|raw| (raw.room, raw.actor)))?;
    put_senders(&mut list, &actors);
    let quotes = list.iter();
    let quotes = quotes.map(|raw| ((raw.room, raw.record.seq), quote(&raw.record)));
    let places = places.into_iter().map(participants::read_placed);
    Ok((places.collect::<Result<_>>()?, quotes.collect()))
}

/// A message as others point to it.
#[must_use]
pub fn quote(message: &MessageRecord) -> QuoteRecord {
    QuoteRecord {
        id: message.id,
        seq: message.seq,
        sender: message.sender.clone(),
        message_type: message.message_type,
        content: message.content.clone(),
        is_deleted: message.deleted_at.is_some(),
    }
}

/// Puts senders, quotes and receipts into these, which are ascending; and who the senders are, and
/// these other users.
fn complete(
    tx: &mut Tx<'_>,
    room: &StoredRoom,
    mut list: Vec<Raw>,
    others: &[i64],
) -> Result<(Vec<MessageRecord>, Actors)> {
    let mut quoted: Vec<u64> = list.iter().filter_map(|raw| raw.reply_to).collect();
    quoted.sort_unstable();
    quoted.dedup();
    let mut quotes = raw_by_seqs(tx, room, &quoted)?;
    let key = room.record.key;
    let senders = list.iter().chain(&quotes).map(|raw| raw.actor);
    let actors = senders.chain(others.iter().copied());
    let actors = actors::asked(actors.map(|user| (key, user)));
    let seqs: Vec<u64> = list.iter().map(|raw| raw.record.seq).collect();
    let delivered = PageMarks::of(key, Kind::Delivered, room.delivered, &seqs);
    let read = PageMarks::of(key, Kind::Read, room.read, &seqs);
    let nothing = Ask::Each(&actors::ACTORS, const { &Vec::<[Value<'_>; 2]>::new() });
    let [actors, delivered_marks, read_marks] = tx.ask([
        Ask::Each(&actors::ACTORS, &actors),
        delivered.as_ref().map_or(nothing, PageMarks::ask),
        read.as_ref().map_or(nothing, PageMarks::ask),
    ])?;
    let actors = actors::found(actors)?;
    put_senders(&mut list, &actors);
    put_senders(&mut quotes, &actors);
    let quotes: HashMap<u64, QuoteRecord> = quotes
        .into_iter()
        .map(|raw| (raw.record.seq, quote(&raw.record)))
        .collect();
    let messages: Vec<(u64, i64)> = list
        .iter()
        .map(|raw| (raw.record.seq, sender(raw, &actors)))
        .collect();
    let mut reached = |marks: Option<PageMarks>, rows| match marks {
        Some(marks) => marks.reached(tx, rows, &messages),
        None => Ok(vec![None; messages.len()]),
    };
    let delivered = reached(delivered, delivered_marks)?;
    let read = reached(read, read_marks)?;
    for ((raw, delivered_at), read_at) in list.iter_mut().zip(delivered).zip(read) {
        raw.record.reply_to = raw.reply_to.and_then(|seq| quotes.get(&seq).cloned());
        raw.record.delivered_at = delivered_at;
        raw.record.read_at = read_at;
    }
    let messages = list.into_iter().map(|raw| raw.record).collect();
    Ok((messages, actors))
}

/// The sender's participant key, 0 for the system, which is nobody in the room.
fn sender(raw: &Raw, actors: &Actors) -> i64 {
    if raw.record.message_type.is_system() {
        0
    } else {
        actors.participant(raw.room, raw.actor)
    }
}

/// The message's room, and its seq there.
///
/// # Errors
/// As any read.
pub fn locate(tx: &mut Tx<'_>, id: MessageId) -> Result<Option<(RoomId, u64)>> {
    match tx.query_opt(&LOCATE, &values![&id.0])? {
        Some(mut row) => Ok(Some((RoomId(row.take()?), row.take()?))),
        None => Ok(None),
    }
}

/// Counts new replies to these messages, by room and seq.
///
/// # Errors
/// As any write.
pub fn count_replies(tx: &mut Tx<'_>, counts: &BTreeMap<(i64, u64), u64>) -> Result<()> {
    let rows: Vec<_> = counts
        .iter()
        .map(|((room, seq), n)| values![*room, *seq, *n])
        .collect();
    tx.execute_rows(&COUNT_REPLIES, &rows)
}

/// Notes that the message's present text is that of another entry.
///
/// # Errors
/// As any write.
pub fn edited(
    tx: &mut Tx<'_>,
    room: i64,
    seq: u64,
    version: u64,
    text_g: i64,
    at: Millis,
) -> Result<()> {
    tx.execute(&EDITED, &values![room, seq, version, text_g, at])
}

/// Notes that the message is deleted; its text stays, for admins.
///
/// # Errors
/// As any write.
pub fn deleted(
    tx: &mut Tx<'_>,
    room: i64,
    seq: u64,
    version: u64,
    reason_g: i64,
    at: Millis,
) -> Result<()> {
    tx.execute(&DELETED, &values![room, seq, version, reason_g, at])
}
