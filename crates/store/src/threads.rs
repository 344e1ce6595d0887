//! Threads: the chain of messages above one, and all replies below it, in the order of the room.
//!
//! Every reply keeps its parent, the root of its tree and an ancestor further up to jump to. So a
//! page costs what it holds, and a logarithm of the depth beside: nothing of a chain of 10,000 is
//! walked but the part that is asked for.

use std::collections::{HashMap, HashSet};

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

statements! {
    ADD (room: Int, seq: Int, parent: Int) =
        "INSERT INTO reply (room, seq, parent, root, depth, jump, jump_depth)
         SELECT i.room, i.seq, i.parent, COALESCE(p.root, i.parent), COALESCE(p.depth, 0) + 1,
            CASE WHEN p.depth - p.jump_depth = p.jump_depth - j.jump_depth
                THEN j.jump ELSE i.parent END,
            CASE WHEN p.depth - p.jump_depth = p.jump_depth - j.jump_depth
                THEN j.jump_depth ELSE COALESCE(p.depth, 0) END
         FROM {rows} LEFT JOIN reply p ON p.room = i.room AND p.seq = i.parent
         LEFT JOIN reply j ON j.room = p.room AND j.seq = p.jump";
    PLACE = "SELECT t.root, t.depth FROM reply t WHERE t.room = $1 AND t.seq = $2";
    NEAREST (room: Int, seq: Int, bound: Int) =
        "WITH RECURSIVE up (room, seq, at, bound) AS (
            SELECT i.room, i.seq, i.seq, i.bound FROM {rows}
            UNION ALL
            SELECT up.room, up.seq, CASE WHEN t.jump >= up.bound THEN t.jump ELSE t.parent END,
                up.bound
            FROM up JOIN reply t ON t.room = up.room AND t.seq = up.at WHERE up.at > up.bound)
         SELECT up.seq, MIN(up.at) FROM up GROUP BY up.seq";
    AT_DEPTH =
        "WITH RECURSIVE up (at, depth) AS (
            SELECT CAST($2 AS BIGINT), CAST($3 AS BIGINT)
            UNION ALL
            SELECT CASE WHEN t.jump_depth >= $4 THEN t.jump ELSE t.parent END,
                CASE WHEN t.jump_depth >= $4 THEN t.jump_depth ELSE t.depth - 1 END
            FROM up JOIN reply t ON t.room = $1 AND t.seq = up.at WHERE up.depth > $4)
         SELECT MIN(up.at) FROM up";
    CHAIN =
        "WITH RECURSIVE up (at, n) AS (
            SELECT CAST($2 AS BIGINT), CAST(1 AS BIGINT)
            UNION ALL
            SELECT t.parent, up.n + 1
            FROM up JOIN reply t ON t.room = $1 AND t.seq = up.at WHERE up.n < $3)
         SELECT up.at FROM up";
    AFTER = "SELECT t.seq, t.parent FROM reply t
        WHERE t.room = $1 AND t.root = $2 AND t.seq > $3 ORDER BY t.seq LIMIT $4";
    BEFORE = "SELECT t.seq, t.parent FROM reply t
        WHERE t.room = $1 AND t.root = $2 AND t.seq > $3 AND t.seq < $4
        ORDER BY t.seq DESC LIMIT $5";
}

/// Replies of one tree looked at for a page, at most: in a thread with many branches a page may
/// hold fewer than asked for, and still go on.
const SCANNED: usize = 1_000;

/// A reply: its room, its seq, and the seq of what it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    pub room: i64,
    pub seq: u64,
    pub parent: u64,
}

/// Keeps the places of these replies in their trees. None of one call answers another of it.
///
/// # Errors
/// As any write.
pub fn add(tx: &mut Tx<'_>, replies: &[Reply]) -> Result<()> {
    let rows: Vec<_> = replies
        .iter()
        .map(|reply| values![reply.room, reply.seq, reply.parent])
        .collect();
    tx.execute_rows(&ADD, &rows)
}

/// Which part of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The message itself, what is nearest above it, and what comes first below.
    Around,
    /// What is nearest before this seq.
    Before(u64),
    /// What comes first after this seq.
    After(u64),
}

/// A part of a thread, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub seqs: Vec<u64>,
    /// The thread goes on before this seq.
    pub before: Option<u64>,
    /// The thread goes on after this seq.
    pub after: Option<u64>,
}

/// At most `limit` messages of the thread of the message `seq`: what it answers, up to the root or
/// to `visible_from`; itself; and what answers it, directly or not.
///
/// # Errors
/// As any read.
pub fn part(
    tx: &mut Tx<'_>,
    room: i64,
    seq: u64,
    visible_from: u64,
    part: Part,
    limit: u32,
) -> Result<Found> {
    let (root, depth) = place(tx, room, seq)?;
    let thread = Thread {
        room,
        seq,
        root,
        depth,
        visible_from,
    };
    let limit = limit as usize;
    match part {
        Part::Around => thread.around(tx, limit),
        Part::Before(bound) => thread.before(tx, bound, limit),
        Part::After(bound) => thread.after(tx, bound, limit),
    }
}

/// The root of the message's tree, and how far below it the message is.
fn place(tx: &mut Tx<'_>, room: i64, seq: u64) -> Result<(u64, u64)> {
    match tx.query_opt(&PLACE, &values![room, seq])? {
        Some(mut row) => Ok((row.take()?, row.take()?)),
        None => Ok((seq, 0)),
    }
}

/// A message and its place in its tree.
#[derive(Clone, Copy)]
struct Thread {
    room: i64,
    seq: u64,
    root: u64,
    depth: u64,
    visible_from: u64,
}

/// Some of the replies below, in the order they were read.
struct Below {
    seqs: Vec<u64>,
    /// There may be more beyond this seq.
    rest: Option<u64>,
}

impl Thread {
    fn around(self, tx: &mut Tx<'_>, limit: usize) -> Result<Found> {
        let mut seqs = self.above(tx, self.seq, limit / 2 + 1)?;
        let more = seqs.len() > limit / 2;
        seqs.truncate(limit / 2);
        seqs.reverse();
        let before = seqs.first().copied().unwrap_or(self.seq);
        seqs.push(self.seq);
        let below = self.below_after(tx, self.seq, limit - seqs.len())?;
        seqs.extend(below.seqs);
        Ok(Found {
            seqs,
            before: more.then_some(before),
            after: below.rest,
        })
    }

    fn before(self, tx: &mut Tx<'_>, bound: u64, limit: usize) -> Result<Found> {
        let mut below = Below {
            seqs: Vec::new(),
            rest: None,
        };
        if bound > self.seq {
            below = self.below_before(tx, bound, limit)?;
        }
        let Below { mut seqs, rest } = below;
        let mut before = rest;
        if before.is_none() {
            // What is left of the page and one more, which tells whether there is more.
            let mut upper = Vec::new();
            if bound > self.seq {
                upper.push(self.seq);
            }
            let wanted = limit - seqs.len() + 1;
            upper.extend(self.above(tx, bound.min(self.seq), wanted - upper.len())?);
            let more = upper.len() == wanted;
            upper.truncate(wanted - 1);
            seqs.extend(upper);
            before = seqs.last().copied().filter(|_| more);
        }
        seqs.reverse();
        let after = seqs.last().copied().or(Some(bound.saturating_sub(1)));
        Ok(Found {
            seqs,
            before,
            after,
        })
    }

    fn after(self, tx: &mut Tx<'_>, bound: u64, limit: usize) -> Result<Found> {
        let mut seqs = Vec::new();
        if bound < self.seq {
            seqs = self.chain_after(tx, bound, limit)?;
        }
        let after = if bound >= self.seq || seqs.last() == Some(&self.seq) {
            let below = self.below_after(tx, bound.max(self.seq), limit - seqs.len())?;
            seqs.extend(below.seqs);
            below.rest
        } else {
            seqs.last().copied()
        };
        let before = seqs.first().copied().or(Some(bound.saturating_add(1)));
        Ok(Found {
            seqs,
            before,
            after,
        })
    }

    /// Ancestors before the bound, nearest first.
    fn above(self, tx: &mut Tx<'_>, bound: u64, count: usize) -> Result<Vec<u64>> {
        let bound = bound.min(self.seq).saturating_sub(1);
        match self.nearest(tx, bound)? {
            Some(from) if count > 0 => {
                let mut chain = self.chain(tx, from, count as u64)?;
                chain.retain(|seq| *seq >= self.visible_from);
                Ok(chain)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Ancestors after the bound and the message itself, ascending.
    fn chain_after(self, tx: &mut Tx<'_>, bound: u64, count: usize) -> Result<Vec<u64>> {
        let bound = bound.max(self.visible_from.saturating_sub(1));
        let first = match self.nearest(tx, bound)? {
            Some(ancestor) => place(tx, self.room, ancestor)?.1 + 1,
            None => 0,
        };
        let last = self.depth.min((first + count as u64).saturating_sub(1));
        if first > last {
            return Ok(Vec::new());
        }
        let row = tx.query_opt(&AT_DEPTH, &values![self.room, self.seq, self.depth, last])?;
        let lowest = row.map_or(Ok(self.seq), |mut row| row.take())?;
        let mut chain = self.chain(tx, lowest, last - first + 1)?;
        chain.reverse();
        Ok(chain)
    }

    /// The message and its ancestors, nearest first.
    fn chain(self, tx: &mut Tx<'_>, from: u64, count: u64) -> Result<Vec<u64>> {
        let rows = tx.query(&CHAIN, &values![self.room, from, count])?;
        let mut chain = rows
            .into_iter()
            .map(|mut row| row.take())
            .collect::<Result<Vec<u64>>>()?;
        chain.sort_unstable_by(|one, other| other.cmp(one));
        Ok(chain)
    }

    /// The nearest of the message and its ancestors whose seq is not beyond the bound.
    fn nearest(self, tx: &mut Tx<'_>, bound: u64) -> Result<Option<u64>> {
        let found = nearest(tx, self.room, &[self.seq], bound)?;
        Ok(found.get(&self.seq).copied().filter(|seq| *seq <= bound))
    }

    fn below_after(self, tx: &mut Tx<'_>, bound: u64, count: usize) -> Result<Below> {
        let scan = |tx: &mut Tx<'_>, bound, limit: usize| {
            tx.query(&AFTER, &values![self.room, self.root, bound, limit as u64])
        };
        self.below(tx, bound, count, scan)
    }

    fn below_before(self, tx: &mut Tx<'_>, bound: u64, count: usize) -> Result<Below> {
        let scan = |tx: &mut Tx<'_>, bound, limit: usize| {
            let params = values![self.room, self.root, self.seq, bound, limit as u64];
            tx.query(&BEFORE, &params)
        };
        self.below(tx, bound, count, scan)
    }

    /// Goes through the tree in batches and keeps what is below the message.
    fn below(
        self,
        tx: &mut Tx<'_>,
        bound: u64,
        count: usize,
        scan: impl Fn(&mut Tx<'_>, u64, usize) -> Result<Vec<crate::row::Row>>,
    ) -> Result<Below> {
        let (mut seqs, mut at, mut scanned) = (Vec::new(), bound, 0);
        let batch = count + 1;
        loop {
            let rows = scan(tx, at, batch)?;
            let read = rows.len();
            let mut replies = Vec::with_capacity(read);
            for mut row in rows {
                replies.push((row.take()?, row.take()?));
            }
            let below = self.descendants(tx, &replies)?;
            for (seq, _) in replies {
                if below.contains(&seq) {
                    if seqs.len() == count {
                        let rest = Some(seqs.last().copied().unwrap_or(bound));
                        return Ok(Below { seqs, rest });
                    }
                    seqs.push(seq);
                }
                at = seq;
            }
            scanned += read;
            if read < batch {
                return Ok(Below { seqs, rest: None });
            }
            if scanned >= SCANNED {
                let rest = Some(at);
                return Ok(Below { seqs, rest });
            }
        }
    }

    /// Those of these replies of the tree that are below the message.
    fn descendants(self, tx: &mut Tx<'_>, replies: &[(u64, u64)]) -> Result<HashSet<u64>> {
        let mut sorted = replies.to_vec();
        sorted.sort_unstable();
        if self.seq == self.root {
            return Ok(sorted.into_iter().map(|(seq, _)| seq).collect());
        }
        let among: HashSet<u64> = sorted.iter().map(|(seq, _)| *seq).collect();
        // A parent before the message is not below it, one among these is decided by its own.
        let mut asked: Vec<u64> = sorted
            .iter()
            .map(|(_, parent)| *parent)
            .filter(|parent| *parent > self.seq && !among.contains(parent))
            .collect();
        asked.sort_unstable();
        asked.dedup();
        let known = nearest(tx, self.room, &asked, self.seq)?;
        let mut below = HashSet::new();
        for (seq, parent) in sorted {
            let is_below = parent == self.seq
                || below.contains(&parent)
                || known.get(&parent) == Some(&self.seq);
            if is_below {
                below.insert(seq);
            }
        }
        Ok(below)
    }
}

/// Of each of these messages, the nearest of it and its ancestors whose seq is not beyond the
/// bound; the root where there is none.
fn nearest(tx: &mut Tx<'_>, room: i64, seqs: &[u64], bound: u64) -> Result<HashMap<u64, u64>> {
    let rows: Vec<_> = seqs.iter().map(|seq| values![room, *seq, bound]).collect();
    let mut found = HashMap::with_capacity(seqs.len());
    for mut row in tx.query_rows(&NEAREST, &rows)? {
        found.insert(row.take()?, row.take()?);
    }
    Ok(found)
}
