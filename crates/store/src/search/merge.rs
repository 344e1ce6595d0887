//! Merging: the words of 32 units stand side by side in one segment.

use super::bits::{HASHES, Place, ROW, UNITS};
use crate::follow::{self, Position, Step};
use crate::sql::statements;
use crate::value::values;
use crate::{Result, Store, StoreError, Tx};

/// How many units are merged, in segments: kept as the position of this follower.
pub(super) const NAME: &str = "search.merge";
/// Rows that a transaction writes: 256 KiB.
const ROWS: usize = 256;
const WORD: usize = 8;

statements! {
    READ = "SELECT b.bits FROM search_bits b WHERE b.k >= $1 AND b.k < $2 ORDER BY b.k";
    LAST_UNIT = "SELECT u.k FROM search_unit u WHERE u.k = $1";
    WRITE (k: Int, bits: Bytes) =
        "INSERT INTO search_bits (k, bits) SELECT i.k, i.bits FROM {rows} WHERE 1 = 1
         ON CONFLICT (k) DO UPDATE SET bits = excluded.bits";
    FORGET = "DELETE FROM search_bits WHERE k >= $1 AND k < $2";
}

/// Merges the next 32 units, if there are so many. In several short transactions: only the last one
/// counts, so that whatever ends in between is begun anew.
///
/// # Errors
/// As any write.
pub async fn merge(store: &Store) -> Result<Step> {
    let loaded = store.read::<_, StoreError, _>(load).await?;
    let Some((segment, bits)) = loaded else {
        return Ok(Step::Idle);
    };
    // What an interrupted merge left.
    forget(store, segment - 1).await?;
    let first_row = Place::Segment(segment).first_row();
    for (n, chunk) in bits.chunks(ROWS * ROW).enumerate() {
        let (first, chunk) = (first_row + (n * ROWS) as i64, chunk.to_vec());
        let write = move |tx: &mut Tx<'_>| {
            let rows: Vec<_> = (first..)
                .zip(chunk.chunks(ROW))
                .map(|(k, bits)| values![k, bits])
                .collect();
            tx.execute_rows(&WRITE, &rows)
        };
        store.write::<_, StoreError, _>(None, write).await?;
    }
    let merged = store
        .write::<_, StoreError, _>(None, move |tx| {
            let at = |g| Position { tx: 0, g };
            follow::advance(tx, NAME, at(segment), at(segment + 1))
        })
        .await?;
    if !merged {
        // Another node was faster, with the same bits.
        return Ok(Step::Idle);
    }
    forget(store, segment).await?;
    Ok(Step::Moved)
}

/// The next segment and its bits.
fn load(tx: &mut Tx<'_>) -> Result<Option<(i64, Vec<u8>)>> {
    let segment = follow::position(tx, NAME)?.g;
    let first = Place::Segment(segment).first_unit();
    let units = first..first + UNITS as i64;
    if tx.query_opt(&LAST_UNIT, &values![units.end - 1])?.is_none() {
        return Ok(None);
    }
    let mut bits = vec![0; UNITS * WORD * HASHES];
    for (n, unit) in units.enumerate() {
        let place = Place::Unit(unit);
        let key = place.first_row();
        let rows = tx.query(&READ, &values![key, key + place.rows() as i64])?;
        if rows.len() != place.rows() {
            let missing = format!("unit {unit} of the search index has {} rows", rows.len());
            return Err(StoreError::Corrupt(missing));
        }
        let mut hash = 0;
        for mut row in rows {
            for word in row.take::<Vec<u8>>()?.chunks_exact(WORD) {
                let at = (hash * UNITS + n) * WORD;
                bits[at..at + WORD].copy_from_slice(word);
                hash += 1;
            }
        }
    }
    Ok(Some((segment, bits)))
}

/// Deletes the rows of the units that a segment has replaced.
async fn forget(store: &Store, segment: i64) -> Result<()> {
    let first = Place::Segment(segment).first_unit();
    for unit in (first..first + UNITS as i64).filter(|unit| *unit >= 0) {
        let place = Place::Unit(unit);
        let (from, to) = (place.first_row(), place.first_row() + place.rows() as i64);
        let forget = move |tx: &mut Tx<'_>| tx.execute(&FORGET, &values![from, to]);
        store.write::<_, StoreError, _>(None, forget).await?;
    }
    Ok(())
}
