//! What live connections ask beside what everybody asks.

use orderchat_domain::event::EventKind;
use orderchat_domain::{ParticipantId, Role, RoomId};

use crate::follow::Position;
use crate::row::Row;
use crate::sql::{Sql, statements};
use crate::value::values;
use crate::{Result, StoreError, Tx};

/// Entries of all rooms' logs that come after `($1, $2)`, at most `$3`.
macro_rules! grown {
    ($which:literal) => {
        concat!(
            "SELECT l.tx, l.g, r.id, l.seq, l.kind,
                CASE WHEN l.kind IN ('participant.joined', 'participant.updated')
                    THEN (SELECT p.usr FROM participant p WHERE p.k = l.subject) END,
                (SELECT h.pharmacy FROM room_head h WHERE h.room = l.room)
            FROM log l JOIN room r ON r.k = l.room WHERE ",
            $which,
            " LIMIT $3"
        )
    };
}

statements! {
    ROOMS = "SELECT p.room, r.id FROM participant p JOIN room r ON r.k = p.room
        WHERE p.usr = $1 AND p.ended IS NULL AND p.readable = 1 AND p.room > $2
          AND r.deleted_at IS NULL AND r.status <> 'archived'
        ORDER BY p.room LIMIT $3";
    PLACES = "SELECT r.id, p.id, p.role FROM participant p JOIN room r ON r.k = p.room
        WHERE p.usr = $1 AND p.ended IS NULL AND p.readable = 1
          AND r.deleted_at IS NULL AND r.status <> 'archived'
        ORDER BY p.room DESC LIMIT $2";
    PEOPLE = "SELECT p.usr FROM room r JOIN participant p ON p.room = r.k
        WHERE r.k = $1 AND r.deleted_at IS NULL AND r.status <> 'archived'
          AND p.ended IS NULL AND p.readable = 1";
    MARKS = "SELECT p.id, p.usr, p.delivered_seq, p.read_seq FROM participant p
        WHERE p.room = $1 AND p.ended IS NULL AND p.delivered_seq > 0 ORDER BY p.k";
    NEWEST_RECORD = "SELECT a.g FROM audit a ORDER BY a.g DESC LIMIT 1";
    RECORDS = "SELECT a.g, a.action, u.k FROM audit a
        LEFT JOIN app_user u ON u.id = a.target AND u.is_service = 0
        WHERE a.g > $1 ORDER BY a.g LIMIT $2";
    GROWN = grown!("l.g > $2 AND $1 IS NOT NULL ORDER BY l.g"),
        grown!("(l.tx, l.g) > ($1, $2) ORDER BY l.tx, l.g");
    /// The same of some transactions alone, `$4`.
    GROWN_BY = grown!("l.g > $2 AND $1 IS NOT NULL AND $4 IS NOT NULL ORDER BY l.g"),
        grown!("l.tx = ANY (CAST(string_to_array($4, ',') AS BIGINT[]))
            AND (l.tx, l.g) > ($1, $2) ORDER BY l.tx, l.g");
}

// PostgreSQL only: not among the texts that both engines prepare.
static SNAPSHOT: Sql = Sql::new("SELECT CAST(pg_current_snapshot() AS TEXT)", &[]);

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

/// The users who follow the room without asking: who may read it as its participants, unless it is
/// archived.
///
/// # Errors
/// As any read.
pub fn people_of(tx: &mut Tx<'_>, room: i64) -> Result<Vec<i64>> {
    tx.query(&PEOPLE, &values![room])?
        .into_iter()
        .map(|mut row| row.take())
        .collect()
}

/// How far somebody has received and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    pub participant: ParticipantId,
    /// Internal key.
    pub user: i64,
    pub delivered_seq: u64,
    pub read_seq: u64,
}

/// The marks of those in the room who have received anything.
///
/// # Errors
/// As any read.
pub fn marks_of(tx: &mut Tx<'_>, room: i64) -> Result<Vec<Marks>> {
    let read = |mut row: Row| {
        Ok(Marks {
            participant: ParticipantId(row.take()?),
            user: row.take()?,
            delivered_seq: row.take()?,
            read_seq: row.take()?,
        })
    };
    let rows = tx.query(&MARKS, &values![room])?;
    rows.into_iter().map(read).collect()
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

/// Up to where the logs of all rooms were looked at: the entries up to a place, but for those of
/// transactions that had not ended then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub to: Position,
    pub running: Vec<i64>,
}

/// A new entry of some room's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grown {
    pub room: RoomId,
    pub seq: u64,
    pub kind: EventKind,
    /// Whom it happened to, of a `participant.joined` and `participant.updated`.
    pub user: Option<i64>,
    pub pharmacy: String,
}

/// What [`grown()`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// What to look after next; `None` where nobody else writes.
    pub seen: Option<Seen>,
    pub entries: Vec<Grown>,
    /// There may be more already.
    pub more: bool,
}

/// The entries of all rooms' logs that were committed since what was seen, each once, about
/// `MOST_GROWN` at most. Transactions end in any order: one that stays open holds nothing up, and
/// its entries are given once it has ended. `None` asks only where to begin, and is the answer on
/// SQLite, where nobody else writes.
///
/// # Errors
/// As any read.
pub fn grown(tx: &mut Tx<'_>, since: Option<&Seen>) -> Result<Growth> {
    if tx.as_sqlite().is_some() {
        return Ok(Growth::default());
    }
    let now = snapshot(tx)?;
    let Some(since) = since else {
        return Ok(Growth {
            seen: Some(now),
            ..Growth::default()
        });
    };
    let mut entries = Vec::new();
    let running = since.running.iter().map(i64::to_string);
    let running = running.collect::<Vec<_>>().join(",");
    // All of them: what one transaction writes is bounded.
    let mut at = Position::START;
    while !running.is_empty() && !read_grown(tx, Some(&running), &mut at, &mut entries)? {}
    let (mut at, mut all) = (since.to, false);
    while !all && entries.len() < MOST_GROWN {
        all = read_grown(tx, None, &mut at, &mut entries)?;
    }
    let seen = if all { now } else { now.up_to(at) };
    Ok(Growth {
        seen: Some(seen),
        entries,
        more: !all,
    })
}

/// Entries that [`grown()`] gives at once, about.
const MOST_GROWN: usize = 10_000;

impl Seen {
    /// What was seen of this snapshot, up to there.
    fn up_to(mut self, to: Position) -> Self {
        self.running.retain(|running| *running <= to.tx);
        Self { to, ..self }
    }

    /// Reads `xmin:xmax:running,…`, as PostgreSQL writes a snapshot: everything before `xmax` has
    /// ended, but for what is running.
    fn parse(snapshot: &str) -> Option<Self> {
        let mut parts = snapshot.split(':').skip(1);
        let (xmax, running) = (parts.next()?.parse::<i64>().ok()?, parts.next()?);
        let running = running.split(',').filter(|one| !one.is_empty());
        Some(Self {
            to: Position {
                tx: xmax - 1,
                g: i64::MAX,
            },
            running: running.map(|one| one.parse().ok()).collect::<Option<_>>()?,
        })
    }
}

fn snapshot(tx: &mut Tx<'_>) -> Result<Seen> {
    let row = tx.query_opt(&SNAPSHOT, &[])?;
    let text: Option<String> = row.map(|mut row| row.take()).transpose()?;
    let seen = text.as_deref().and_then(Seen::parse);
    seen.ok_or_else(|| StoreError::Statement(format!("{text:?} is no snapshot")))
}

/// Reads a page of entries behind `at`, of transactions that were `running` or of all. Whether it is
/// the last page.
fn read_grown(
    tx: &mut Tx<'_>,
    running: Option<&str>,
    at: &mut Position,
    entries: &mut Vec<Grown>,
) -> Result<bool> {
    let rows = match running {
        Some(running) => tx.query(&GROWN_BY, &values![at.tx, at.g, PAGE, running])?,
        None => tx.query(&GROWN, &values![at.tx, at.g, PAGE])?,
    };
    let is_last = rows.len() < PAGE as usize;
    for mut row in rows {
        *at = Position::read(&mut row)?;
        let (room, seq) = (RoomId(row.take()?), row.take()?);
        let kind: String = row.take()?;
        let (user, pharmacy) = (row.take()?, row.take()?);
        // A newer node may write kinds that this one does not know: they show as lost.
        let kind = EventKind::parse(&kind).unwrap_or(EventKind::RoomUpdated);
        entries.push(Grown {
            room,
            seq,
            kind,
            user,
            pharmacy,
        });
    }
    Ok(is_last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_read_with_what_runs_in_it() {
        let seen = |xmax: i64, running: &[i64]| Seen {
            to: Position {
                tx: xmax - 1,
                g: i64::MAX,
            },
            running: running.to_vec(),
        };
        assert_eq!(Seen::parse("10:20:10,14,19"), Some(seen(20, &[10, 14, 19])));
        assert_eq!(Seen::parse("20:20:"), Some(seen(20, &[])));
        for text in ["", "10", "10:20", "10:x:", "10:20:a"] {
            assert_eq!(Seen::parse(text), None, "{text}");
        }
        let there = Position { tx: 15, g: 3 };
        let part = seen(20, &[10, 14, 19]).up_to(there);
        assert_eq!((part.to, part.running), (there, vec![10, 14]));
    }
}
