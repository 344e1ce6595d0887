//! Statistics of rooms, kept by a follower of the log: each room's are a fold over its log up to
//! some seq. Whoever reads them folds what came after, which is little.

use std::collections::{HashMap, HashSet};

use orderchat_domain::message::MessageType;
use orderchat_domain::statistics::{RoomStatistics, Said};
use orderchat_domain::{Millis, Role};

use crate::follow::{Follower, Position, follows};
use crate::row::Row;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, StoreError, Tx};

/// Entries that a step takes at most; it writes as many rooms at most.
const ENTRIES: u32 = 1_000;
/// Messages after what is kept that are read at once.
const GAP: u32 = 1_000;
/// Entries that a reader counts beside what is kept.
const UNKEPT: u64 = 5_000;

// The role as it was then: who is promoted or comes back as somebody else said what they said before.
macro_rules! said {
    () => {
        "l.seq, l.at, l.message_type, l.actor_role"
    };
}

statements! {
    FOLLOW = concat!("SELECT l.tx, l.g, l.kind, l.room, ", said!(), " FROM log l WHERE ", follows!(sqlite), " ORDER BY l.g LIMIT $3"),
        concat!("SELECT l.tx, l.g, l.kind, l.room, ", said!(), " FROM log l WHERE ", follows!(postgres), " ORDER BY l.tx, l.g LIMIT $3");
    AFTER = concat!("SELECT l.kind, ", said!(), " FROM log l WHERE l.room = $1 AND l.seq > $2 ORDER BY l.seq LIMIT $3");
    KEPT (room: Int) = "SELECT s.room, s.seq, s.state FROM {rows}
        JOIN room_statistics s ON s.room = i.room";
    KEEP (room: Int, seq: Int, state: Text) =
        "INSERT INTO room_statistics (room, seq, state) SELECT i.room, i.seq, i.state FROM {rows}
         WHERE 1 = 1 ON CONFLICT (room) DO UPDATE SET seq = excluded.seq, state = excluded.state";
    PEOPLE = "SELECT p.role, COUNT(*),
            CAST(SUM(CASE WHEN p.ended IS NULL THEN 1 ELSE 0 END) AS BIGINT)
        FROM participant p WHERE p.room = $1 GROUP BY p.role";
}

/// An entry of a room's log; `said` when it is a message.
#[derive(Clone, Copy, Debug)]
struct Entry {
    seq: u64,
    said: Option<Said>,
}

fn read(row: &mut Row, kind: &str) -> Result<Entry> {
    let (seq, at): (u64, Millis) = (row.take()?, row.take()?);
    let message_type: Option<String> = row.take()?;
    let role: String = row.take()?;
    let message_type = message_type.as_deref().and_then(MessageType::parse);
    let said = message_type
        .filter(|_| kind == "message.created")
        .map(|message_type| Said {
            message_type,
            role: Role::parse(&role),
            at,
        });
    Ok(Entry { seq, said })
}

/// What is kept of a room.
#[derive(Clone, Debug, Default)]
struct Kept {
    /// Up to and with this seq.
    seq: u64,
    statistics: RoomStatistics,
}

impl Kept {
    fn take(&mut self, entry: Entry) {
        self.seq = entry.seq;
        if let Some(said) = entry.said {
            self.statistics.count(said);
        }
    }
}

fn kept(tx: &mut Tx<'_>, rooms: &[i64]) -> Result<HashMap<i64, Kept>> {
    let rows: Vec<_> = rooms.iter().map(|room| values![*room]).collect();
    let mut found = HashMap::with_capacity(rooms.len());
    for mut row in tx.query_rows(&KEPT, &rows)? {
        let (room, seq) = (row.take()?, row.take()?);
        let state: String = row.take()?;
        let statistics =
            serde_json::from_str(&state).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        found.insert(room, Kept { seq, statistics });
    }
    Ok(found)
}

/// Takes what the room's log has after what is kept, up to `until`.
fn catch_up(tx: &mut Tx<'_>, room: i64, kept: &mut Kept, until: u64) -> Result<()> {
    while kept.seq < until {
        let rows = tx.query(&AFTER, &values![room, kept.seq, GAP])?;
        let full = rows.len() == GAP as usize;
        for mut row in rows {
            let kind: String = row.take()?;
            let entry = read(&mut row, &kind)?;
            if entry.seq <= until {
                kept.take(entry);
            }
        }
        if !full {
            break;
        }
    }
    Ok(())
}

/// Keeps the statistics of rooms.
#[derive(Clone, Copy, Debug)]
pub struct Statistics;

/// The statistics of some rooms, as they are to be kept.
#[derive(Debug)]
pub struct Changed(Vec<(i64, u64, String)>);

impl Follower for Statistics {
    const NAME: &'static str = "statistics";
    type Work = Changed;

    fn load(&self, tx: &mut Tx<'_>, from: Position) -> Result<Option<(Changed, Position)>> {
        let rows = tx.query(&FOLLOW, &values![from.tx, from.g, ENTRIES])?;
        let mut entries = Vec::with_capacity(rows.len());
        let mut rooms = HashSet::new();
        let mut to = from;
        for mut row in rows {
            to = Position::read(&mut row)?;
            let (kind, room): (String, i64) = (row.take()?, row.take()?);
            rooms.insert(room);
            entries.push((room, read(&mut row, &kind)?));
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let keys: Vec<i64> = rooms.into_iter().collect();
        let mut kept = kept(tx, &keys)?;
        for (room, entry) in entries {
            let kept = kept.entry(room).or_default();
            // In the order of transactions a room's entries may come out of order. Its own log
            // never does, and has no gap: what is missing here is there.
            if entry.seq > kept.seq + 1 {
                catch_up(tx, room, kept, entry.seq)?;
            } else if entry.seq == kept.seq + 1 {
                kept.take(entry);
            }
        }
        let states = kept.into_iter().map(|(room, kept)| {
            let state = serde_json::to_string(&kept.statistics);
            let state = state.map_err(|e| StoreError::Corrupt(e.to_string()))?;
            Ok((room, kept.seq, state))
        });
        let mut changed = states.collect::<Result<Vec<_>>>()?;
        // In one order on every node.
        changed.sort_unstable_by_key(|(room, ..)| *room);
        Ok(Some((Changed(changed), to)))
    }

    fn save(&self, tx: &mut Tx<'_>, Changed(changed): &Changed) -> Result<()> {
        let rows: Vec<_> = changed
            .iter()
            .map(|(room, seq, state)| values![*room, *seq, state])
            .collect();
        tx.execute_rows(&KEEP, &rows)
    }
}

/// The statistics of a room up to and with its newest entry, `head`; as far as `UNKEPT` entries
/// reach when its follower is further behind than that.
///
/// # Errors
/// As any read.
pub fn of_room(tx: &mut Tx<'_>, room: i64, head: u64) -> Result<RoomStatistics> {
    let mut kept = kept(tx, &[room])?.remove(&room).unwrap_or_default();
    let until = head.min(kept.seq + UNKEPT);
    catch_up(tx, room, &mut kept, until)?;
    Ok(kept.statistics)
}

/// How many people of a role there were in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct People {
    pub role: Role,
    /// Ever.
    pub total: u64,
    /// Now.
    pub active: u64,
}

/// The people of a room by the role they have there.
///
/// # Errors
/// As any read.
pub fn people(tx: &mut Tx<'_>, room: i64) -> Result<Vec<People>> {
    let mut list = Vec::new();
    for mut row in tx.query(&PEOPLE, &values![room])? {
        let role: String = row.take()?;
        let role =
            Role::parse(&role).ok_or_else(|| StoreError::Corrupt("an unknown role".to_owned()))?;
        list.push(People {
            role,
            total: row.take()?,
            active: row.take()?,
        });
    }
    Ok(list)
}
