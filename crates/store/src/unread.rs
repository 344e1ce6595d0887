//! What a user has not read yet, over all rooms.

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

statements! {
    ROOMS = "SELECT p.room, p.read_seq, p.visible_from FROM participant p JOIN room r ON r.k = p.room
            JOIN room_head h ON h.room = p.room
        WHERE p.usr = $1 AND p.has_unread = 1 AND p.ended IS NULL AND p.readable = 1 AND p.room >= $2
          AND r.deleted_at IS NULL AND r.status <> 'archived'
          AND h.ordinal - p.read_ordinal - p.own_after - p.deleted_after > 0
        ORDER BY p.room LIMIT $3";
    SCAN = "SELECT l.seq, CASE WHEN l.kind = 'message.created' AND l.actor <> $3
            AND l.message_type <> 'system' AND s.deleted_at IS NULL THEN 1 ELSE 0 END
        FROM log l LEFT JOIN message_state s ON s.room = l.room AND s.seq = l.seq
        WHERE l.room = $1 AND l.seq > $2 ORDER BY l.seq LIMIT $4";
}

/// Entries of logs looked at for a page, at most: where one's own messages lie between others', a
/// page may hold fewer than asked for, and still go on.
const SCANNED: u64 = 2_000;

/// A room with something unread, and after which seq it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadRoom {
    pub room: i64,
    pub after: u64,
}

/// At most `limit` rooms in which the user has something unread, from the room `from` on, in the
/// order in which the rooms were made.
///
/// # Errors
/// As any read.
pub fn rooms(tx: &mut Tx<'_>, user: i64, from: i64, limit: u32) -> Result<Vec<UnreadRoom>> {
    tx.query(&ROOMS, &values![user, from, limit])?
        .into_iter()
        .map(|mut row| {
            let (room, read): (i64, u64) = (row.take()?, row.take()?);
            let visible_from: u64 = row.take()?;
            let after = read.max(visible_from.saturating_sub(1));
            Ok(UnreadRoom { room, after })
        })
        .collect()
}

/// A place in the list of unread messages: after this seq of this room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub room: i64,
    pub seq: u64,
}

/// Unread messages, and where there may be more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub messages: Vec<Position>,
    pub rest: Option<Position>,
}

/// At most `limit` unread messages of the user after the position: room by room, in each in the
/// order of its log. `only`: of this room and no other.
///
/// # Errors
/// As any read.
pub fn page(
    tx: &mut Tx<'_>,
    user: i64,
    after: Option<Position>,
    only: Option<i64>,
    limit: u32,
) -> Result<Found> {
    let from = only.or(after.map(|after| after.room)).unwrap_or(0);
    let wanted = if only.is_some() { 1 } else { limit + 1 };
    let mut list = rooms(tx, user, from, wanted)?;
    list.retain(|room| only.is_none_or(|only| only == room.room));
    let (mut messages, mut left) = (Vec::new(), SCANNED);
    let beyond = list.len() > limit as usize && only.is_none();
    let mut last = None;
    for unread in list {
        let begun = after.filter(|after| after.room == unread.room);
        let mut seq = begun.map_or(unread.after, |after| after.seq.max(unread.after));
        loop {
            let batch = u64::from(limit + 1).min(left);
            let rows = tx.query(&SCAN, &values![unread.room, seq, user, batch])?;
            let read = rows.len() as u64;
            for mut row in rows {
                let (next, is_unread): (u64, bool) = (row.take()?, row.take()?);
                if is_unread {
                    if messages.len() == limit as usize {
                        return Ok(Found {
                            messages,
                            rest: last,
                        });
                    }
                    messages.push(Position {
                        room: unread.room,
                        seq: next,
                    });
                }
                seq = next;
                last = Some(Position {
                    room: unread.room,
                    seq,
                });
            }
            left -= read;
            if left == 0 {
                return Ok(Found {
                    messages,
                    rest: last,
                });
            }
            if read < batch {
                break;
            }
        }
    }
    Ok(Found {
        messages,
        rest: last.filter(|_| beyond),
    })
}
