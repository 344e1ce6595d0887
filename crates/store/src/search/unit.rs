//! Indexing: the follower that makes a unit of the next entries.

use orderchat_domain::Millis;
use orderchat_domain::search::{Gram, grams};

use super::bits::{BLOCKS, Place, ROW, Words};
use crate::follow::{Follower, Position, follows};
use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

/// Entries of a unit.
const ENTRIES: u32 = 1_024;
/// A unit of long texts has fewer: so many grams still leave bits that say something.
const GRAMS: usize = BLOCKS * 4_000;

/// The entries whose text is a message's.
macro_rules! follow {
    ($engine:ident, $order:literal) => {
        concat!(
            "SELECT l.tx, l.g, l.room, l.actor, CASE l.kind WHEN 'message.edited'
                THEN (SELECT c.at FROM log c WHERE c.room = l.room AND c.seq = l.subject)
                ELSE l.at END,
                CASE WHEN l.kind IN ('message.created', 'message.edited') THEN t.body END
             FROM log l LEFT JOIN entry_text t ON t.g = l.g WHERE ",
            follows!($engine),
            " ORDER BY ",
            $order,
            " LIMIT $3"
        )
    };
}

statements! {
    /// Whether there are enough entries for a unit.
    READY = concat!("SELECT l.g FROM log l WHERE ", follows!(sqlite),
            " ORDER BY l.g LIMIT 1 OFFSET $3"),
        concat!("SELECT l.g FROM log l WHERE ", follows!(postgres),
            " ORDER BY l.tx, l.g LIMIT 1 OFFSET $3");
    FOLLOW = follow!(sqlite, "l.g"), follow!(postgres, "l.tx, l.g");
    NEWEST = "SELECT k FROM search_unit ORDER BY k DESC LIMIT 1";
    INSERT = "INSERT INTO search_unit (k, first_tx, first_g, oldest_at, newest_at, starts)
        VALUES ($1, $2, $3, $4, $5, $6)";
    INSERT_BITS (k: Int, bits: Bytes) =
        "INSERT INTO search_bits (k, bits) SELECT i.k, i.bits FROM {rows}";
}

/// Indexes messages for the search.
#[derive(Clone, Copy, Debug)]
pub struct Indexer;

/// A unit as it is to be stored.
#[derive(Debug)]
pub struct Unit {
    first: Position,
    oldest_at: i64,
    newest_at: i64,
    starts: Vec<u8>,
    bits: Vec<u8>,
}

/// A message's text on its way into a unit.
struct Text {
    at: Position,
    sent_at: Millis,
    grams: Vec<Gram>,
}

impl Follower for Indexer {
    const NAME: &'static str = "search";
    type Work = Unit;

    fn load(&self, tx: &mut Tx<'_>, from: Position) -> Result<Option<(Unit, Position)>> {
        let there = tx.query_opt(&READY, &values![from.tx, from.g, ENTRIES - 1])?;
        if there.is_none() {
            return Ok(None);
        }
        let (mut texts, mut total) = (Vec::new(), 0);
        let (mut first, mut to) = (None, from);
        for mut row in tx.query(&FOLLOW, &values![from.tx, from.g, ENTRIES])? {
            let at = Position::read(&mut row)?;
            let (room, actor): (i64, i64) = (row.take()?, row.take()?);
            let sent_at = row.take()?;
            first.get_or_insert(at);
            to = at;
            let Some(body) = row.take::<Option<String>>()? else {
                continue;
            };
            let mut marks = vec![Gram::room(room), Gram::sender(actor)];
            grams(&body, |gram| marks.push(gram));
            total += marks.len();
            texts.push(Text {
                at,
                sent_at,
                grams: marks,
            });
            if total >= GRAMS {
                break;
            }
        }
        Ok(first.map(|first| (Unit::of(first, &texts, total, to.next()), to)))
    }

    fn save(&self, tx: &mut Tx<'_>, unit: &Unit) -> Result<()> {
        let newest = tx.query_opt(&NEWEST, &[])?;
        let newest: Option<i64> = newest.map(|mut row| row.take()).transpose()?;
        let key = newest.map_or(0, |newest| newest + 1);
        let (first, starts) = (unit.first, &unit.starts);
        tx.execute(
            &INSERT,
            &values![
                key,
                first.tx,
                first.g,
                unit.oldest_at,
                unit.newest_at,
                starts
            ],
        )?;
        let first_row = Place::Unit(key).first_row();
        let rows: Vec<_> = (first_row..)
            .zip(unit.bits.chunks(ROW))
            .map(|(k, bits)| values![k, bits])
            .collect();
        tx.execute_rows(&INSERT_BITS, &rows)
    }
}

impl Unit {
    /// Cuts the texts into blocks with about as many grams each. A block reaches to the start of the
    /// next, the last to `end`.
    fn of(first: Position, texts: &[Text], total: usize, end: Position) -> Self {
        let enough = total.div_ceil(BLOCKS);
        let (mut words, mut starts) = (Words::new(), Vec::new());
        let (mut blocks, mut filled) = (0, enough);
        for text in texts {
            if filled >= enough {
                push(&mut starts, if blocks == 0 { first } else { text.at });
                blocks += 1;
                filled = 0;
            }
            filled += text.grams.len();
            for gram in &text.grams {
                words.set(blocks - 1, *gram);
            }
        }
        push(&mut starts, end);
        let times = || texts.iter().map(|text| text.sent_at.0);
        Self {
            first,
            oldest_at: times().min().unwrap_or(i64::MAX),
            newest_at: times().max().unwrap_or(i64::MIN),
            starts,
            bits: words.bytes(),
        }
    }
}

fn push(starts: &mut Vec<u8>, at: Position) {
    starts.extend(at.tx.to_be_bytes());
    starts.extend(at.g.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(g: i64, length: usize) -> Text {
        Text {
            at: Position { tx: 0, g },
            sent_at: Millis(g),
            grams: vec![Gram::room(g); length],
        }
    }

    #[test]
    fn a_unit_has_at_most_64_blocks_whatever_the_lengths() {
        for lengths in [
            vec![1; 1_024],
            vec![8_000; 30],
            vec![1, 8_000, 1, 1, 8_000],
            vec![],
        ] {
            let texts: Vec<_> = (1..)
                .zip(lengths)
                .map(|(g, length)| text(g, length))
                .collect();
            let total = texts.iter().map(|text| text.grams.len()).sum();
            let (first, end) = (Position { tx: 0, g: 1 }, Position { tx: 0, g: 2_000 });
            let unit = Unit::of(first, &texts, total, end);
            let blocks = unit.starts.len() / 16 - 1;
            assert!(blocks <= BLOCKS.min(texts.len()), "{blocks} blocks");
        }
    }
}
