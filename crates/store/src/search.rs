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

use crate::Sql;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

statements! {
    NAMED = "SELECT DISTINCT w.room FROM room_word w WHERE w.word >= $1 AND w.word < $2 LIMIT $3";
    NAMED_SO = "SELECT w.room FROM room_word w WHERE w.word = $1 LIMIT $2";
    OWN_ROOMS = "SELECT me.room FROM participant me
        WHERE me.usr = $1 AND me.ended IS NULL AND me.readable = 1 LIMIT $2";
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
