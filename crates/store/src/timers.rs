//! Timers: when the order policy next has something to do in a room.
//!
//! A timer is set and cleared in the transaction that makes it necessary or needless, so it is as
//! durable as what it follows from. It only says when to look: whoever finds it due locks the room
//! and asks what is due by its state. So a timer that fires twice, on two nodes at once or again
//! after a crash, does nothing the second time.

use orderchat_domain::{Millis, RoomId};

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

statements! {
    // The room is there; joined left so that PostgreSQL walks the timers in their order.
    SOONEST = "SELECT t.room, r.id, t.due_at FROM timer t LEFT JOIN room r ON r.k = t.room
        ORDER BY t.due_at, t.room LIMIT $1";
    SET = "INSERT INTO timer (room, due_at) VALUES ($1, $2)
        ON CONFLICT (room) DO UPDATE SET due_at = excluded.due_at
        WHERE timer.due_at <> excluded.due_at";
    CLEAR = "DELETE FROM timer WHERE room = $1";
    POSTPONE = "UPDATE timer SET due_at = $2 WHERE room = $1 AND due_at < $2";
}

/// A room, and when it is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Internal key.
    pub room: i64,
    pub id: RoomId,
    /// By the wall clock.
    pub due_at: Millis,
}

/// At most `limit` timers, those due first first.
///
/// # Errors
/// As any read.
pub fn soonest(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<Timer>> {
    let rows = tx.query(&SOONEST, &values![limit])?;
    rows.into_iter()
        .map(|mut row| {
            Ok(Timer {
                room: row.take()?,
                id: RoomId(row.take()?),
                due_at: row.take()?,
            })
        })
        .collect()
}

/// Sets the room's timer, in place of the one it has; `None` clears it. The room must be locked.
///
/// # Errors
/// As any write.
pub fn set(tx: &mut Tx<'_>, room: i64, due_at: Option<Millis>) -> Result<()> {
    match due_at {
        Some(due_at) => tx.execute(&SET, &values![room, due_at]),
        None => tx.execute(&CLEAR, &values![room]),
    }
}

/// Puts the timer of a room that could not be looked at off until then, unless it is later anyhow:
/// the others' turn comes first.
///
/// # Errors
/// As any write.
pub fn postpone(tx: &mut Tx<'_>, room: i64, until: Millis) -> Result<()> {
    tx.execute(&POSTPONE, &values![room, until])
}
