//! What live connections ask beside what everybody asks.

use orderchat_domain::event::EventKind;
use orderchat_domain::{ParticipantId, Role, RoomId};

use crate::follow::Position;
use crate::row::Row;
use crate::sql::{Sql, statements};
use crate::value::values;
use crate::{Result, StoreError, Tx};

statements! {
    ROOMS = "SELECT p.room, r.id FROM participant p JOIN room r ON r.k = p.room
        WHERE p.usr = $1 AND p.ended IS NULL AND p.readable = 1 AND p.room > $2
          AND r.deleted_at IS NULL AND r.status <> 'archived'
        ORDER BY p.room LIMIT $3";
    PLACES = "SELECT r.id, p.id, p.role FROM participant p JOIN room r ON r.k = p.room
        WHERE p.usr = $1 AND p.ended IS NULL AND p.readable = 1
          AND r.deleted_at IS NULL AND r.status <> 'archived'
        ORDER BY p.room DESC LIMIT $2";
    PEOPLE = "SELECT p.usr FROM participant p
        WHERE p.room = $1 AND p.ended IS NULL AND p.readable = 1";
    NEWEST_RECORD = "SELECT a.g FROM audit a ORDER BY a.g DESC LIMIT 1";
    RECORDS = "SELECT a.g, a.action, u.k FROM audit a
        LEFT JOIN app_user u ON u.id = a.target AND u.is_service = 0
        WHERE a.g > $1 ORDER BY a.g LIMIT $2";
    GROWN = "SELECT l.tx, l.g, r.id, l.seq, l.kind, p.usr, h.pharmacy
        FROM log l JOIN room r ON r.k = l.room JOIN room_head h ON h.room = l.room
        LEFT JOIN participant p ON l.kind = 'participant.joined' AND p.k = l.subject
        WHERE l.g > $2 AND $1 IS NOT NULL ORDER BY l.g LIMIT $3",
        "SELECT l.tx, l.g, r.id, l.seq, l.kind, p.usr, h.pharmacy
        FROM log l JOIN room r ON r.k = l.room JOIN room_head h ON h.room = l.room
        LEFT JOIN participant p ON l.kind = 'participant.joined' AND p.k = l.subject
        WHERE (l.tx, l.g) > ($1, $2) ORDER BY l.tx, l.g LIMIT $3";
}

// PostgreSQL only: not among the texts that both engines prepare.
static OLDEST_TRANSACTION: Sql = Sql::new(
    "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)",
    &[],
);

/// Records of the audit, and entries of the log, that are read at once.
const PAGE: u32 = 1_000;

/// At most `limit` rooms that the user follows without asking, open and closed ones that they may
/// read, after the room with this key.
///
/// # Errors
/// As any read.
pub fn rooms_of(tx: &mut Tx<'_>, user: i64, after: i64, limit: u32) -> Result<Vec<(i64, RoomId)>> {
    tx.query(&ROOMS, &values![user, after, limit])?
        .into_iter()
        .map(|mut row| Ok((row.take()?, RoomId(row.take()?))))
        .collect()
}

/// A user's place in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub room: RoomId,
    pub participant: ParticipantId,
    pub role: Role,
}

/// The user's places in rooms that are not archived, the newest `limit` of them.
///
/// # Errors
/// As any read.
pub fn places_of(tx: &mut Tx<'_>, user: i64, limit: u32) -> Result<Vec<Place>> {
    let read = |mut row: Row| {
        let (room, participant) = (RoomId(row.take()?), ParticipantId(row.take()?));
        let role = Role::parse(&row.take::<String>()?)
            .ok_or_else(|| StoreError::Corrupt("a participant's role is none".to_owned()))?;
        Ok(Place {
            room,
            participant,
            role,
        })
    };
    tx.query(&PLACES, &values![user, limit])?
        .into_iter()
        .map(read)
        .collect()
}

/// The users who may read the room as its participants.
///
/// # Errors
/// As any read.
pub fn people_of(tx: &mut Tx<'_>, room: i64) -> Result<Vec<i64>> {
    tx.query(&PEOPLE, &values![room])?
        .into_iter()
        .map(|mut row| row.take())
        .collect()
}

/// Users whose tokens were revoked, on whichever node, since the audit was at `since`; and where it
/// is now. Entries of the audit are written one after the other, so none appears late. `None` asks
/// only where it is.
///
/// # Errors
/// As any read.
pub fn revoked(tx: &mut Tx<'_>, since: Option<i64>) -> Result<(i64, Vec<i64>)> {
    let Some(mut at) = since else {
        let newest = tx.query_opt(&NEWEST_RECORD, &[])?;
        let at = newest.map(|mut row| row.take()).transpose()?;
        return Ok((at.unwrap_or(0), Vec::new()));
    };
    let mut users = Vec::new();
    loop {
        let rows = tx.query(&RECORDS, &values![at, PAGE])?;
        let read = rows.len();
        for mut row in rows {
            at = row.take()?;
            let action: String = row.take()?;
            let user: Option<i64> = row.take()?;
            users.extend(user.filter(|_| action == REVOKED));
        }
        if read < PAGE as usize {
            return Ok((at, users));
        }
    }
}

/// What the audit calls it when all tokens of a user die.
pub const REVOKED: &str = "user.revoked";

/// A new entry of some room's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grown {
    pub g: i64,
    pub room: RoomId,
    pub seq: u64,
    pub kind: EventKind,
    /// Who joined, of a `participant.joined`.
    pub user: Option<i64>,
    pub pharmacy: String,
}

/// The entries of all rooms' logs by transactions from `since` on, and where to go on: what belongs to
/// a transaction that was under way then is given again until it has ended. Without an upper bound,
/// so that no transaction that stays open holds anything up. `None` asks only where to begin, and
/// is the answer on SQLite, where nobody else writes.
///
/// # Errors
/// As any read.
pub fn grown(tx: &mut Tx<'_>, since: Option<i64>) -> Result<(Option<i64>, Vec<Grown>)> {
    if tx.as_sqlite().is_some() {
        return Ok((None, Vec::new()));
    }
    let mut row = tx
        .query_opt(&OLDEST_TRANSACTION, &[])?
        .ok_or_else(|| StoreError::Statement("no snapshot".to_owned()))?;
    let next: i64 = row.take()?;
    let mut grown = Vec::new();
    let Some(since) = since else {
        return Ok((Some(next), grown));
    };
    let mut at = Position { tx: since, g: 0 };
    loop {
        let rows = tx.query(&GROWN, &values![at.tx, at.g, PAGE])?;
        let read = rows.len();
        for mut row in rows {
            at = Position::read(&mut row)?;
            let (room, seq) = (RoomId(row.take()?), row.take()?);
            let kind: String = row.take()?;
            let (user, pharmacy) = (row.take()?, row.take()?);
            // A newer node may write kinds that this one does not know: they show as lost.
            let kind = EventKind::parse(&kind).unwrap_or(EventKind::RoomUpdated);
            grown.push(Grown {
                g: at.g,
                room,
                seq,
                kind,
                user,
                pharmacy,
            });
        }
        if read < PAGE as usize || grown.len() >= MOST_GROWN {
            return Ok((Some(if read < PAGE as usize { next } else { at.tx }), grown));
        }
    }
}

/// Entries that [`grown`] gives at once, about.
const MOST_GROWN: usize = 10_000;
