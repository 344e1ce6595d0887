//! Search in messages: an index of bits that is the same on both engines, and the walk over it.
//!
//! The log is cut into *units* of about 1,000 entries, each into up to 64 *blocks* of consecutive
//! messages. For each of 8,192 hash values a unit keeps one word of 64 bits: in which blocks a gram
//! with that hash occurs. A query's grams AND-ed together leave the few blocks that can have them
//! all; their messages are read and compared. What is not in a unit yet is read as it stands, so a
//! message is found as soon as it is committed, and the index never has to hurry.
//!
//! 32 units are merged into one segment with the same words side by side, so that a query reads
//! 16 rows for 32,000 messages. No text is in the index, only bits.

mod bits;
mod merge;
mod unit;
mod walk;

pub use merge::merge;
pub use unit::Indexer;
pub use walk::{Chunk, Document, Sieve, Walk};

use orderchat_domain::Millis;

use crate::Sql;
use crate::row::Row;
use crate::sql::statements;
use crate::value::{Value, values};
use crate::{Result, Tx};

statements! {
    NAMED = "SELECT DISTINCT w.room FROM room_word w WHERE w.word >= $1 AND w.word < $2 LIMIT $3";
    NAMED_SO = "SELECT w.room FROM room_word w WHERE w.word = $1 LIMIT $2";
    OWN_ROOMS = "SELECT me.room FROM participant me
        WHERE me.usr = $1 AND me.ended IS NULL AND me.readable = 1 LIMIT $2";
    ACTIVE_OWN = "SELECT h.last_at, h.room, h.message_count FROM participant me
            JOIN room_head h ON h.room = me.room
        WHERE me.usr = $1 AND me.ended IS NULL AND me.readable = 1
        ORDER BY h.last_at DESC, h.room DESC LIMIT $2";
    ACTIVE_OF_PHARMACY = "SELECT h.last_at, h.room, h.message_count FROM room_head h
        WHERE h.pharmacy = $1 ORDER BY h.last_at DESC, h.room DESC LIMIT $2";
}

/// Every text of the search.
pub(crate) fn listing() -> Vec<&'static Sql> {
    [SQL, bits::SQL, merge::SQL, unit::SQL, walk::SQL].concat()
}

/// The rooms that have a word beginning so, at most `limit`. The word is in lower case.
///
/// # Errors
/// As any read.
pub fn rooms_named(tx: &mut Tx<'_>, beginning: &str, limit: u32) -> Result<Vec<i64>> {
    let end = format!("{beginning}\u{10FFFF}");
    let rows = tx.query(&NAMED, &values![beginning, &end, limit])?;
    rows.into_iter().map(|mut row| row.take()).collect()
}

/// The rooms that have this very word, at most `limit`. The word is in lower case.
///
/// # Errors
/// As any read.
pub fn rooms_named_so(tx: &mut Tx<'_>, word: &str, limit: u32) -> Result<Vec<i64>> {
    let rows = tx.query(&NAMED_SO, &values![word, limit])?;
    rows.into_iter().map(|mut row| row.take()).collect()
}

/// The rooms that the user is in and may read, at most `limit`.
///
/// # Errors
/// As any read.
pub fn rooms_of(tx: &mut Tx<'_>, user: i64, limit: u32) -> Result<Vec<i64>> {
    let rows = tx.query(&OWN_ROOMS, &values![user, limit])?;
    rows.into_iter().map(|mut row| row.take()).collect()
}

/// Those of the user's own rooms and the pharmacies' in which something happened last: as many as it
/// takes to have this many messages in them, but not fewer than `least` if there are as many. Each
/// with how many messages it has, the latest first.
///
/// # Errors
/// As any read.
pub fn active_rooms(
    tx: &mut Tx<'_>,
    user: i64,
    pharmacies: &[&str],
    least: usize,
    messages: u64,
) -> Result<Vec<(i64, u64)>> {
    // One's own have no index by this order: all are looked at however few are wanted, so it is asked
    // once, for as many as it can take where each has a message.
    let own = active(tx, &ACTIVE_OWN, &values![user, messages.max(least as u64)])?;
    let all_own = (own.len() as u64) < messages;
    // The first n of all are among the first n of each; how many are needed is known afterwards.
    let mut limit = least as u64;
    loop {
        let (mut rooms, mut whole) = (own.clone(), all_own);
        for pharmacy in pharmacies {
            let theirs = active(tx, &ACTIVE_OF_PHARMACY, &values![*pharmacy, limit])?;
            whole &= (theirs.len() as u64) < limit;
            rooms.extend(theirs);
        }
        rooms.sort_unstable_by(|one, other| other.cmp(one));
        rooms.dedup();
        let mut sum = 0;
        let until_enough = rooms.iter().take_while(|active| {
            let more = sum < messages;
            sum += active.messages;
            more
        });
        let needed = until_enough.count().max(least);
        let enough = sum >= messages && needed as u64 <= limit;
        // A room without a message is rare: so many rooms are enough.
        if whole || enough || limit >= messages {
            rooms.truncate(needed);
            let counted = rooms.iter().map(|active| (active.room, active.messages));
            return Ok(counted.collect());
        }
        limit *= 4;
    }
}

/// Ordered by when something happened in it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Active {
    last: Millis,
    room: i64,
    messages: u64,
}

fn active(tx: &mut Tx<'_>, which: &'static Sql, parameters: &[Value<'_>]) -> Result<Vec<Active>> {
    let read = |mut row: Row| -> Result<Active> {
        Ok(Active {
            last: row.take()?,
            room: row.take()?,
            messages: row.take()?,
        })
    };
    tx.query(which, parameters)?.into_iter().map(read).collect()
}
