//! What a user has not read yet, over all rooms.

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

statements! {
    ROOMS = "SELECT p.room, p.read_seq, p.visible_from, p.guest FROM participant p JOIN room r ON r.k = p.room
        WHERE p.usr = $1 AND p.has_unread = 1 AND p.ended IS NULL AND p.readable = 1 AND p.room >= $2
          AND r.deleted_at IS NULL AND r.status <> 'archived'
          AND (SELECT h.ordinal - CASE WHEN p.guest = 1 THEN h.news - p.read_news ELSE 0 END
                FROM room_head h WHERE h.room = p.room)
            - p.read_ordinal - p.own_after - p.deleted_after > 0
        ORDER BY p.room LIMIT $3";
    SCAN = "SELECT l.seq, CASE WHEN l.kind = 'message.created' AND l.actor <> $3
            AND l.message_type <> 'system' AND s.deleted_at IS NULL
            AND (CAST($5 AS BIGINT) = 0 OR l.message_type NOT IN ('order_update', 'delivery_update'))
            THEN 1 ELSE 0 END
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
    /// The user is a guest there, to whom news of the order do not count.
    pub guest: bool,
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
            let guest = row.take()?;
            Ok(UnreadRoom { room, after, guest })
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
    let beyond = list.len() > limit as usize && only.is_none();
    let mut page = Page {
        user,
        limit: limit as usize,
        left: SCANNED,
        messages: Vec::new(),
        last: None,
    };
    for unread in list {
        let begun = after.filter(|after| after.room == unread.room);
        let seq = begun.map_or(unread.after, |after| after.seq.max(unread.after));
        if page.read(tx, unread, seq)? {
            return Ok(page.found(true));
        }
    }
    Ok(page.found(beyond))
}

/// A page that is being filled.
struct Page {
    user: i64,
    limit: usize,
    /// Entries that may still be looked at.
    left: u64,
    messages: Vec<Position>,
    /// The last entry that was looked at and does not belong to the next page.
    last: Option<Position>,
}

impl Page {
    /// Takes what is unread in the room after the seq; `true` when the page ends before the room
    /// does.
    fn read(&mut self, tx: &mut Tx<'_>, unread: UnreadRoom, mut seq: u64) -> Result<bool> {
        let room = unread.room;
        loop {
            let batch = self.left.min(self.limit as u64 + 1);
            let rows = tx.query(&SCAN, &values![room, seq, self.user, batch, unread.guest])?;
            let read = rows.len() as u64;
            for mut row in rows {
                let (next, is_unread): (u64, bool) = (row.take()?, row.take()?);
                if is_unread {
                    if self.messages.len() == self.limit {
                        return Ok(true);
                    }
                    self.messages.push(Position { room, seq: next });
                }
                seq = next;
                self.last = Some(Position { room, seq });
            }
            self.left -= read;
            if self.left == 0 || read < batch {
                return Ok(self.left == 0);
            }
        }
    }

    fn found(self, more: bool) -> Found {
        Found {
            messages: self.messages,
            rest: self.last.filter(|_| more),
        }
    }
}
