//! Reading: messages newest first, those that cannot have what is searched for left out.

use std::collections::VecDeque;
use std::ops::Range;

use orderchat_domain::message::MessageType;

pub use super::bits::Sieve;
use super::bits::{Place, UNITS};
use super::{merge, unit};
use crate::follow::{self, Follower, Position};
use crate::row::Row;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, StoreError, Tx};

/// Entries of a chunk that are read as they stand.
const PLAIN: u32 = 256;
/// Blocks of a chunk: about as many messages.
const BLOCKS: usize = 16;

/// A text counts where it was written last: that of a message edited since, or deleted, is left out.
macro_rules! document {
    () => {
        "l.tx, l.g, l.room, l.subject, l.actor, l.message_type,
         CASE WHEN l.kind IN ('message.created', 'message.edited')
             AND state.deleted_at IS NULL AND COALESCE(state.text_g, l.g) = l.g THEN t.body END FROM "
    };
}
macro_rules! text_and_state {
    () => {
        " LEFT JOIN entry_text t ON t.g = l.g
          LEFT JOIN message_state state ON state.room = l.room AND state.seq = l.subject "
    };
}
/// A room's message with its present text.
macro_rules! present {
    () => {
        "COALESCE(e.tx, l.tx), COALESCE(e.g, l.g), l.room, l.seq, l.actor, l.message_type,
         CASE WHEN state.deleted_at IS NULL THEN t.body END FROM "
    };
}
macro_rules! present_joins {
    () => {
        " LEFT JOIN message_state state ON state.room = l.room AND state.seq = l.seq
          LEFT JOIN log e ON e.g = state.text_g
          LEFT JOIN entry_text t ON t.g = COALESCE(state.text_g, l.g) "
    };
}

statements! {
    PLAIN_CHUNK = concat!("SELECT ", document!(), "log l", text_and_state!(),
            "WHERE l.g > $2 AND l.g < $4 AND $1 IS NOT NULL AND $3 IS NOT NULL
             ORDER BY l.g DESC LIMIT $5"),
        concat!("SELECT ", document!(), "log l", text_and_state!(),
            "WHERE (l.tx, l.g) > ($1, $2) AND (l.tx, l.g) < ($3, $4)
             ORDER BY l.tx DESC, l.g DESC LIMIT $5");
    IN_BLOCKS (tx: Int, g: Int, end_tx: Int, end_g: Int) =
        concat!("SELECT ", document!(), "{rows} JOIN log l ON l.g >= i.g AND l.g < i.end_g",
            text_and_state!(), "WHERE i.tx IS NOT NULL AND i.end_tx IS NOT NULL"),
        concat!("SELECT ", document!(), "{rows} CROSS JOIN LATERAL
                (SELECT * FROM log c WHERE (c.tx, c.g) >= (i.tx, i.g)
                    AND (c.tx, c.g) < (i.end_tx, i.end_g)
                 ORDER BY c.tx, c.g LIMIT 2000) l", text_and_state!());
    NEWEST_OF_ROOMS (room: Int, most: Int) =
        concat!("SELECT ", present!(), "log l", present_joins!(),
            "WHERE l.room = $1 AND l.kind = 'message.created' ORDER BY l.seq DESC LIMIT $2"),
        concat!("SELECT ", present!(), "{rows} CROSS JOIN LATERAL
                (SELECT * FROM log c WHERE c.room = i.room AND c.kind = 'message.created'
                 ORDER BY c.seq DESC LIMIT i.most) l", present_joins!());
    UNIT_BEFORE = "SELECT u.k FROM search_unit u WHERE (u.first_tx, u.first_g) < ($1, $2)
        ORDER BY u.first_tx DESC, u.first_g DESC LIMIT 1";
    STARTS (k: Int) = "SELECT u.k, u.oldest_at, u.newest_at, u.starts FROM {rows}
        JOIN search_unit u ON u.k = i.k";
}

/// A message's present text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where the text stands: an edited message stands where it was edited.
    pub at: Position,
    pub room: i64,
    /// The message's seq.
    pub seq: u64,
    /// The sender's internal user key.
    pub sender: i64,
    pub message_type: MessageType,
    pub body: String,
}

/// Entries of other kinds, deleted and earlier texts are none.
fn document(mut row: Row) -> Result<(Position, Option<Document>)> {
    let at = Position::read(&mut row)?;
    let (room, seq, sender) = (row.take()?, row.take()?, row.take()?);
    let message_type: Option<String> = row.take()?;
    let Some(body) = row.take::<Option<String>>()? else {
        return Ok((at, None));
    };
    let message_type = match message_type {
        // Only texts are edited, and the entry of an edit has no type.
        None => MessageType::Text,
        Some(name) => MessageType::parse(&name)
            .ok_or_else(|| StoreError::Corrupt("an unknown type of message".to_owned()))?,
    };
    let document = Document {
        at,
        room,
        seq,
        sender,
        message_type,
        body,
    };
    Ok((at, Some(document)))
}

/// What a walk has come by.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Newest first.
    pub documents: Vec<Document>,
    /// All that is not before this has been looked at.
    pub reached: Position,
}

/// Goes through messages, newest text first, a chunk at a time. Within one transaction.
#[derive(Debug)]
pub struct Walk {
    /// Everything from here on is done.
    before: Position,
    plan: Plan,
}

#[derive(Debug)]
enum Plan {
    /// These, which were read at once.
    Documents(VecDeque<Document>),
    /// Every entry down to a position, then what the index leaves.
    Log { down_to: Position, index: Index },
}

/// What is left to be asked of the index.
#[derive(Debug)]
struct Index {
    sieve: Sieve,
    /// Only messages sent within these milliseconds.
    sent: Range<i64>,
    places: VecDeque<Place>,
    /// Places asked at once; doubled each time, for who has not found enough in the newest.
    at_once: usize,
    /// No newer unit is asked for.
    newest_unit: i64,
    ranges: VecDeque<(Position, Position)>,
}

impl Walk {
    /// The newest messages of these rooms, so many of each.
    ///
    /// # Errors
    /// As any read, like all of these.
    pub fn of_rooms(tx: &mut Tx<'_>, rooms: &[(i64, u64)], before: Position) -> Result<Self> {
        let mut documents = newest_of(tx, rooms)?;
        documents.retain(|document| document.at < before);
        Ok(Self {
            before,
            plan: Plan::Documents(documents.into()),
        })
    }

    /// Every message, whatever it says.
    #[must_use]
    pub fn of_all(before: Position) -> Self {
        let index = Index {
            sieve: Sieve::default(),
            sent: i64::MIN..i64::MAX,
            places: VecDeque::new(),
            at_once: 1,
            newest_unit: -1,
            ranges: VecDeque::new(),
        };
        Self {
            before,
            plan: Plan::Log {
                down_to: Position::START,
                index,
            },
        }
    }

    /// The messages that may have what the sieve wants, sent within these milliseconds.
    ///
    /// # Errors
    /// As any read.
    pub fn sieved(
        tx: &mut Tx<'_>,
        sieve: Sieve,
        sent: Range<i64>,
        before: Position,
    ) -> Result<Self> {
        let down_to = follow::position(tx, unit::Indexer::NAME)?;
        let segments = follow::position(tx, merge::NAME)?.g;
        let newest = tx.query_opt(&UNIT_BEFORE, &values![before.tx, before.g])?;
        let newest_unit = newest.map_or(Ok(-1), |mut row| row.take::<i64>())?;
        let merged = segments * UNITS as i64;
        let in_segments = (newest_unit + 1).min(merged).max(0);
        let last_segment = in_segments
            .unsigned_abs()
            .div_ceil(UNITS as u64)
            .cast_signed();
        let units = (merged..=newest_unit).rev().map(Place::Unit);
        let segments = (0..last_segment).rev().map(Place::Segment);
        let index = Index {
            sieve,
            sent,
            places: units.chain(segments).collect(),
            at_once: 4,
            newest_unit,
            ranges: VecDeque::new(),
        };
        Ok(Self {
            before,
            plan: Plan::Log { down_to, index },
        })
    }

    /// All documents of a walk that has them already; of others none.
    #[must_use]
    pub fn into_documents(self) -> Vec<Document> {
        match self.plan {
            Plan::Documents(documents) => documents.into(),
            Plan::Log { .. } => Vec::new(),
        }
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// As any read.
    pub fn next(&mut self, tx: &mut Tx<'_>) -> Result<Option<Chunk>> {
        let chunk = match &mut self.plan {
            Plan::Documents(documents) => {
                let count = documents.len().min(PLAIN as usize);
                let chunk: Vec<_> = documents.drain(..count).collect();
                chunk.last().map(|last| last.at).map(|reached| Chunk {
                    documents: chunk,
                    reached,
                })
            }
            Plan::Log { down_to, .. } if self.before > down_to.next() => {
                Some(plain(tx, *down_to, self.before)?)
            }
            Plan::Log { index, .. } => index.next(tx, self.before)?,
        };
        if let Some(chunk) = &chunk {
            self.before = chunk.reached;
        }
        Ok(chunk)
    }
}

/// The newest messages of these rooms, so many of each; newest first.
///
/// # Errors
/// As any read.
fn newest_of(tx: &mut Tx<'_>, rooms: &[(i64, u64)]) -> Result<Vec<Document>> {
    let rows: Vec<_> = rooms
        .iter()
        .map(|(room, most)| values![*room, *most])
        .collect();
    let mut documents = Vec::new();
    for row in tx.query_rows(&NEWEST_OF_ROOMS, &rows)? {
        documents.extend(document(row)?.1);
    }
    documents.sort_unstable_by_key(|document| std::cmp::Reverse(document.at));
    Ok(documents)
}

/// Entries as they stand, from `before` down.
fn plain(tx: &mut Tx<'_>, down_to: Position, before: Position) -> Result<Chunk> {
    let bounds = values![down_to.tx, down_to.g, before.tx, before.g, PLAIN];
    let rows = tx.query(&PLAIN_CHUNK, &bounds)?;
    let all = rows.len() < PLAIN as usize;
    let (mut documents, mut reached) = (Vec::new(), down_to.next());
    for row in rows {
        let (at, found) = document(row)?;
        if !all {
            reached = at;
        }
        documents.extend(found);
    }
    Ok(Chunk { documents, reached })
}

impl Index {
    fn next(&mut self, tx: &mut Tx<'_>, before: Position) -> Result<Option<Chunk>> {
        while self.ranges.is_empty() {
            if self.places.is_empty() {
                return Ok(None);
            }
            self.ask(tx)?;
        }
        let count = self.ranges.len().min(BLOCKS);
        let ranges: Vec<_> = self.ranges.drain(..count).collect();
        let reached = ranges.last().map_or(before, |(start, _)| *start);
        let rows: Vec<_> = ranges
            .iter()
            .map(|(start, end)| (*start, (*end).min(before)))
            .filter(|(start, end)| start < end)
            .map(|(start, end)| values![start.tx, start.g, end.tx, end.g])
            .collect();
        let mut documents = Vec::new();
        for row in tx.query_rows(&IN_BLOCKS, &rows)? {
            documents.extend(document(row)?.1);
        }
        documents.sort_unstable_by_key(|document| std::cmp::Reverse(document.at));
        Ok(Some(Chunk {
            documents,
            reached: reached.min(before),
        }))
    }

    /// Asks the next places which blocks are left.
    fn ask(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let count = self.places.len().min(self.at_once);
        self.at_once = (self.at_once * 2).min(UNITS);
        let places: Vec<Place> = self.places.drain(..count).collect();
        let mut left = self.sieve.blocks(tx, &places)?;
        left.retain(|(unit, _)| *unit <= self.newest_unit);
        let rows: Vec<_> = left.iter().map(|(unit, _)| values![*unit]).collect();
        let mut starts = std::collections::HashMap::with_capacity(left.len());
        for mut row in tx.query_rows(&STARTS, &rows)? {
            let unit: i64 = row.take()?;
            let (oldest, newest): (i64, i64) = (row.take()?, row.take()?);
            let bytes: Vec<u8> = row.take()?;
            if oldest < self.sent.end && newest >= self.sent.start {
                starts.insert(unit, positions(&bytes));
            }
        }
        for (unit, word) in left {
            let Some(starts) = starts.get(&unit) else {
                continue;
            };
            let blocks = (0..u64::BITS as usize).rev();
            for block in blocks.filter(|block| word >> block & 1 == 1) {
                if let [start, end] = starts.get(block..block + 2).unwrap_or_default() {
                    self.ranges.push_back((*start, *end));
                }
            }
        }
        Ok(())
    }
}

fn positions(starts: &[u8]) -> Vec<Position> {
    let (halves, _) = starts.as_chunks::<8>();
    let (pairs, _) = halves.as_chunks::<2>();
    pairs
        .iter()
        .map(|[tx, g]| Position {
            tx: i64::from_be_bytes(*tx),
            g: i64::from_be_bytes(*g),
        })
        .collect()
}
