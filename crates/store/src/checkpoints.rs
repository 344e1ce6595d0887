//! Signed checkpoints, and which rooms have changed since the newest.

use std::collections::BTreeMap;

use orderchat_domain::checkpoint::{Checkpoint, Head};
use orderchat_domain::event::GENESIS;
use orderchat_domain::{Millis, RoomId};

use crate::row::Row;
use crate::sql::{Sql, statements};
use crate::value::values;
use crate::{Result, StoreError, Tx, audit};

statements! {
    NEWEST = "SELECT number, epoch, at, previous, audit_entry, audit_chain, rooms, root, public_key,
            signature FROM checkpoint ORDER BY number DESC LIMIT 1";
    AFTER = "SELECT number, epoch, at, previous, audit_entry, audit_chain, rooms, root, public_key,
            signature FROM checkpoint WHERE number > $1 ORDER BY number LIMIT $2";
    ROOMS_OF = "SELECT c.room, c.seq, c.chain, r.k FROM checkpoint_room c
        LEFT JOIN room r ON r.id = c.room
        WHERE c.checkpoint = $1 AND c.room > $2 ORDER BY c.room LIMIT $3";
    OF_ROOM = "SELECT c.checkpoint, c.seq, c.chain FROM checkpoint_room c
        WHERE c.room = $1 AND c.checkpoint > $2 AND c.checkpoint <= $3
        ORDER BY c.checkpoint LIMIT $4";
    SCANNED = "SELECT number, scanned FROM checkpoint WHERE horizon <= (SELECT settled
            FROM checkpoint ORDER BY number DESC LIMIT 1) ORDER BY number DESC LIMIT 1";
    COVERED = "SELECT MAX(l.g) FROM (SELECT c.room, c.seq FROM checkpoint_room c
            WHERE c.checkpoint <= $1 ORDER BY c.checkpoint DESC LIMIT $2) AS c
        JOIN room r ON r.id = c.room JOIN log l ON l.room = r.k AND l.seq = c.seq";
    SCAN = "SELECT g, room, seq, chain FROM log WHERE g > $1 ORDER BY g LIMIT $2";
    IDS (k: Int) = "SELECT r.k, r.id FROM {rows} JOIN room r ON r.k = i.k";
    SIGNED (room: Bytes) = "SELECT i.room, (SELECT c.seq FROM checkpoint_room c
            WHERE c.room = i.room ORDER BY c.checkpoint DESC LIMIT 1) FROM {rows}";
    INSERT = "INSERT INTO checkpoint (number, epoch, at, previous, audit_entry, audit_chain, rooms,
            root, public_key, signature, scanned, horizon, settled)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    INSERT_ROOMS (checkpoint: Int, room: Bytes, seq: Int, chain: Bytes) =
        "INSERT INTO checkpoint_room (checkpoint, room, seq, chain)
         SELECT i.checkpoint, i.room, i.seq, i.chain FROM {rows}";
    REWIND = "UPDATE checkpoint SET scanned = $1
        WHERE number = (SELECT MAX(number) FROM checkpoint)";
    FORGET_HORIZONS = "UPDATE checkpoint SET horizon = 0, settled = 0 WHERE horizon <> 0";
}

// PostgreSQL only: not among the texts that both engines prepare.
static POSTGRES_SNAPSHOT: Sql = Sql::new(
    "SELECT CAST(CAST(pg_snapshot_xmin(s) AS TEXT) AS BIGINT),
            CAST(CAST(pg_snapshot_xmax(s) AS TEXT) AS BIGINT)
     FROM pg_current_snapshot() AS s",
    &[],
);

/// Rooms in one checkpoint; more make the next one. So many rows hold up SQLite's writer for some
/// milliseconds.
pub const MOST_ROOMS: usize = 2_000;
/// Entries of the log that are looked through for one checkpoint, and at once.
const MOST_ENTRIES: usize = 400_000;
const PAGE: u32 = 4_000;

/// A checkpoint and its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub checkpoint: Checkpoint,
    /// Ed25519, over [`Checkpoint::signed_bytes`].
    pub signature: Vec<u8>,
}

/// What a checkpoint is to cover, as one snapshot of the database shows it.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The number of the newest checkpoint there was, 0 for none.
    pub after: u64,
    /// Rooms with entries that no checkpoint covers, by their ids.
    pub rooms: BTreeMap<RoomId, Head>,
    /// Whether there may be more than was looked at.
    pub more: bool,
    scanned: i64,
    horizon: i64,
    settled: i64,
}

/// The rooms that have changed since the newest checkpoint, at most [`MOST_ROOMS`]. Run it in a
/// read: the log may be long, and a writer must not wait for it.
///
/// A room is never missed. The log is looked through in the order it was written. On SQLite that is
/// the order of the commits. On PostgreSQL entries appear late: a scan does not see what began before
/// it and is committed after. So the next one does not go on from where it ended, but from where the
/// newest one ended whose xmax is not above the xmin of the last scan. What the last scan did not see
/// belongs to a transaction at or above that xmin, which began after that earlier one's snapshot; and
/// whoever writes to the log has an `xid` before they have a `g` (the room is locked first), so its
/// `g` is above all that the earlier one saw.
///
/// # Errors
/// As any read.
pub fn changes(tx: &mut Tx<'_>) -> Result<Changes> {
    let newest = newest(tx)?;
    let (settled, horizon) = snapshot(tx)?;
    let from = start(tx)?;
    let mut changes = Changes {
        after: newest.map_or(0, |signed| signed.checkpoint.number),
        horizon,
        settled,
        scanned: from,
        ..Changes::default()
    };
    changes.rooms = scan(tx, &mut changes)?;
    Ok(changes)
}

/// Where the next scan begins. The checkpoint's note of how far it looked is not signed, so it is
/// believed only as far as the entries that were: the last one that a scan meets becomes the head of
/// its room in that checkpoint, or stands under an earlier one. Whoever writes a larger number there
/// keeps nothing from being signed; a smaller one costs a longer scan.
fn start(tx: &mut Tx<'_>) -> Result<i64> {
    let Some(mut row) = tx.query_opt(&SCANNED, &[])? else {
        return Ok(0);
    };
    let (number, scanned): (u64, i64) = (row.take()?, row.take()?);
    let row = tx.query_opt(&COVERED, &values![number, MOST_ROOMS as u64])?;
    let covered: Option<i64> = row.map_or(Ok(None), |mut row| row.take())?;
    Ok(scanned.min(covered.unwrap_or(0)))
}

/// The last entry of each room that is not signed among those after `changes.scanned`. It may begin far
/// before what is new, and looks until it has enough of that: what is signed already is no reason to stop.
fn scan(tx: &mut Tx<'_>, changes: &mut Changes) -> Result<BTreeMap<RoomId, Head>> {
    let mut heads = BTreeMap::<i64, Head>::new();
    let mut seen = 0;
    loop {
        let page = tx.query(&SCAN, &values![changes.scanned, PAGE])?;
        let whole = page.len() < PAGE as usize;
        seen += page.len();
        for mut row in page {
            let g = row.take()?;
            let room = row.take()?;
            let head = Head {
                seq: row.take()?,
                chain: row.take()?,
            };
            if heads.len() >= MOST_ROOMS && !heads.contains_key(&room) {
                let rooms = unsigned(tx, &mut heads)?;
                // Half is enough: for a few more each, all would be asked for again and again.
                if rooms.len() > MOST_ROOMS / 2 {
                    changes.more = true;
                    return Ok(rooms);
                }
            }
            let known = heads.entry(room).or_insert(head);
            if known.seq < head.seq {
                *known = head;
            }
            changes.scanned = g;
        }
        if whole {
            return unsigned(tx, &mut heads);
        }
        if seen >= MOST_ENTRIES {
            seen = 0;
            let rooms = unsigned(tx, &mut heads)?;
            if !rooms.is_empty() {
                changes.more = true;
                return Ok(rooms);
            }
        }
    }
}

/// Leaves out the rooms that a checkpoint covers already; the others, by their ids.
fn unsigned(tx: &mut Tx<'_>, heads: &mut BTreeMap<i64, Head>) -> Result<BTreeMap<RoomId, Head>> {
    let rows: Vec<_> = heads.keys().map(|key| values![*key]).collect();
    let mut keys = BTreeMap::new();
    let mut rooms = BTreeMap::new();
    for mut row in tx.query_rows(&IDS, &rows)? {
        let key: i64 = row.take()?;
        let room = RoomId(row.take()?);
        if let Some(head) = heads.get(&key) {
            keys.insert(key, room);
            rooms.insert(room, *head);
        }
    }
    drop_signed(tx, &mut rooms)?;
    heads.retain(|key, _| keys.get(key).is_some_and(|room| rooms.contains_key(room)));
    Ok(rooms)
}

/// Leaves out what a checkpoint covers already: the log is looked through with an overlap.
fn drop_signed(tx: &mut Tx<'_>, rooms: &mut BTreeMap<RoomId, Head>) -> Result<()> {
    let rows: Vec<_> = rooms
        .keys()
        .map(|room| values![room.0.as_bytes()])
        .collect();
    for mut row in tx.query_rows(&SIGNED, &rows)? {
        let room = RoomId(row.take()?);
        let signed: Option<u64> = row.take()?;
        if rooms
            .get(&room)
            .is_some_and(|head| signed.is_some_and(|signed| head.seq <= signed))
        {
            rooms.remove(&room);
        }
    }
    Ok(())
}

/// The snapshot's xmin and xmax; SQLite has one writer and nothing that appears late.
fn snapshot(tx: &mut Tx<'_>) -> Result<(i64, i64)> {
    if tx.as_sqlite().is_some() {
        return Ok((0, 0));
    }
    match tx.query_opt(&POSTGRES_SNAPSHOT, &[])? {
        Some(mut row) => Ok((row.take()?, row.take()?)),
        None => Err(StoreError::Statement("no snapshot".to_owned())),
    }
}

/// Makes transactions that sign or audit take turns, and gives what a checkpoint hangs on: the
/// newest one, and the end of the audit.
///
/// # Errors
/// As any write.
pub fn lock(tx: &mut Tx<'_>) -> Result<(Option<Signed>, Head)> {
    audit::lock(tx)?;
    let head = audit::head(tx)?.unwrap_or(Head {
        seq: 0,
        chain: GENESIS,
    });
    Ok((newest(tx)?, head))
}

/// Writes a checkpoint over these changes. The chain must be [locked](lock).
///
/// # Errors
/// As any write.
pub fn insert(tx: &mut Tx<'_>, signed: &Signed, changes: &Changes) -> Result<()> {
    let checkpoint = &signed.checkpoint;
    tx.execute(
        &INSERT,
        &values![
            checkpoint.number,
            &checkpoint.epoch,
            checkpoint.at,
            &checkpoint.previous,
            checkpoint.audit.seq,
            &checkpoint.audit.chain,
            checkpoint.rooms,
            &checkpoint.root,
            &checkpoint.key,
            &signed.signature,
            changes.scanned,
            changes.horizon,
            changes.settled
        ],
    )?;
    let rows: Vec<_> = changes
        .rooms
        .iter()
        .map(|(room, head)| values![checkpoint.number, room.0.as_bytes(), head.seq, &head.chain])
        .collect();
    tx.execute_rows(&INSERT_ROOMS, &rows)
}

/// The newest checkpoint.
///
/// # Errors
/// As any read.
pub fn newest(tx: &mut Tx<'_>) -> Result<Option<Signed>> {
    tx.query_opt(&NEWEST, &[])?.map(read).transpose()
}

/// At most `limit` checkpoints after this number, ascending.
///
/// # Errors
/// As any read.
pub fn after(tx: &mut Tx<'_>, number: u64, limit: u32) -> Result<Vec<Signed>> {
    let rows = tx.query(&AFTER, &values![number, limit])?;
    rows.into_iter().map(read).collect()
}

fn read(mut row: Row) -> Result<Signed> {
    Ok(Signed {
        checkpoint: Checkpoint {
            number: row.take()?,
            epoch: row.take()?,
            at: row.take::<Millis>()?,
            previous: row.take()?,
            audit: Head {
                seq: row.take()?,
                chain: row.take()?,
            },
            rooms: row.take()?,
            root: row.take()?,
            key: row.take()?,
        },
        signature: row.take()?,
    })
}

/// A room of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoveredRoom {
    pub room: RoomId,
    pub head: Head,
    /// Whether the room is still there.
    pub exists: bool,
}

/// At most `limit` rooms of a checkpoint after this one, in the order of their ids.
///
/// # Errors
/// As any read.
pub fn rooms_of(
    tx: &mut Tx<'_>,
    number: u64,
    after: Option<RoomId>,
    limit: u32,
) -> Result<Vec<CoveredRoom>> {
    let after = after.map_or(Vec::new(), |room| room.0.as_bytes().to_vec());
    let read = |mut row: Row| {
        Ok(CoveredRoom {
            room: RoomId(row.take()?),
            head: Head {
                seq: row.take()?,
                chain: row.take()?,
            },
            exists: row.take::<Option<i64>>()?.is_some(),
        })
    };
    let rows = tx.query(&ROOMS_OF, &values![number, &after, limit])?;
    rows.into_iter().map(read).collect()
}

/// What checkpoints say of a room: at most `limit` of those after `after`, up to and with `last`,
/// each with its number.
///
/// # Errors
/// As any read.
pub fn of_room(
    tx: &mut Tx<'_>,
    room: RoomId,
    after: u64,
    last: u64,
    limit: u32,
) -> Result<Vec<(u64, Head)>> {
    let asked = values![room.0.as_bytes(), after, last, limit];
    let mut found = Vec::new();
    for mut row in tx.query(&OF_ROOM, &asked)? {
        let number = row.take()?;
        let head = Head {
            seq: row.take()?,
            chain: row.take()?,
        };
        found.push((number, head));
    }
    Ok(found)
}

/// Forgets what hangs on the transaction ids of the PostgreSQL server that the database was on
/// before: in another one they begin anew. The next checkpoint looks from where it would have looked.
///
/// # Errors
/// As any write.
pub(crate) fn forget_horizons(tx: &mut Tx<'_>) -> Result<()> {
    let from = start(tx)?;
    tx.execute(&REWIND, &values![from])?;
    tx.execute(&FORGET_HORIZONS, &[])
}
