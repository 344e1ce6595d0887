//! One cursor over the logs of all rooms, and those who follow it: each has a durable position that
//! moves in the transaction that holds what it made of the entries, so that inside the database
//! every entry is taken exactly once, whatever dies in between.

use crate::row::Row;
use crate::sql::{Sql, statements};
use crate::value::values;
use crate::{Result, Store, StoreError, Tx};

statements! {
    POSITION = "SELECT f.tx, f.g FROM follower f WHERE f.name = $1";
    /// Taken by one node at a time: another's turn is not waited for.
    CLAIM = "SELECT f.tx, f.g FROM follower f WHERE f.name = $1",
        "SELECT f.tx, f.g FROM follower f WHERE f.name = $1 FOR UPDATE SKIP LOCKED";
    ADVANCE = "UPDATE follower SET tx = $4, g = $5 WHERE name = $1 AND tx = $2 AND g = $3";
    NEWEST = "SELECT l.tx, l.g FROM log l ORDER BY l.g DESC LIMIT 1",
        "SELECT l.tx, l.g FROM log l ORDER BY l.tx DESC, l.g DESC LIMIT 1";
}

// Seldom asked, and of all there is: not among the texts whose plans are held.
static NO_TIMEOUT: Sql = Sql::new("SET LOCAL statement_timeout = 0", &[]);
static FORGET_TRANSACTIONS: Sql = Sql::new("UPDATE log SET tx = 0 WHERE tx <> 0", &[]);
static FORGET_POSITIONS: Sql = Sql::new("UPDATE follower SET tx = 0, g = 0", &[]);
static FORGET_UNITS: Sql = Sql::new("DELETE FROM search_unit", &[]);
static FORGET_BITS: Sql = Sql::new("DELETE FROM search_bits", &[]);

/// The condition that an entry comes after `($1, $2)` and none can come before it any more.
macro_rules! follows {
    (sqlite) => {
        "l.g > $2 AND $1 IS NOT NULL"
    };
    (postgres) => {
        "(l.tx, l.g) > ($1, $2) AND l.tx < pg_snapshot_xmin(pg_current_snapshot())::TEXT::BIGINT"
    };
}
pub(crate) use follows;

/// A place in the order of all entries. On PostgreSQL ids commit out of order, transactions do not
/// once they all have ended; on SQLite `tx` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub tx: i64,
    pub g: i64,
}

impl Position {
    pub const START: Self = Self { tx: 0, g: 0 };
    /// Behind every entry.
    pub const END: Self = Self {
        tx: i64::MAX,
        g: i64::MAX,
    };

    pub(crate) fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            tx: row.take()?,
            g: row.take()?,
        })
    }

    /// Just behind this place.
    pub(crate) const fn next(self) -> Self {
        Self {
            tx: self.tx,
            g: self.g.saturating_add(1),
        }
    }
}

/// Somebody who follows the log.
pub trait Follower: Clone + Send + Sync + 'static {
    /// Names its position.
    const NAME: &'static str;
    /// What it makes of some entries.
    type Work: Send + 'static;

    /// Reads entries after `from` and makes of them what is to be stored, with the position of the
    /// last one taken; `None` when there is not enough to be done. Bounded, in rows and in memory.
    ///
    /// # Errors
    /// As any read.
    fn load(&self, tx: &mut Tx<'_>, from: Position) -> Result<Option<(Self::Work, Position)>>;

    /// Stores it: short, for on SQLite everybody's writes wait.
    ///
    /// # Errors
    /// As any write.
    fn save(&self, tx: &mut Tx<'_>, work: &Self::Work) -> Result<()>;
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Some entries were taken; there may be more.
    Moved,
    /// Not enough entries, or another node is at it.
    Idle,
}

/// How far this follower has come.
///
/// # Errors
/// As any read.
pub fn position(tx: &mut Tx<'_>, name: &str) -> Result<Position> {
    at(tx.query_opt(&POSITION, &values![name])?)?.ok_or_else(|| unknown(name))
}

fn at(row: Option<Row>) -> Result<Option<Position>> {
    row.map(|mut row| Position::read(&mut row)).transpose()
}

fn unknown(name: &str) -> StoreError {
    StoreError::Corrupt(format!("the follower {name} has no position"))
}

/// Moves the follower; `false` when it is no longer where it was, and nothing may be stored then.
pub(crate) fn advance(tx: &mut Tx<'_>, name: &str, from: Position, to: Position) -> Result<bool> {
    let moved = tx.change(&ADVANCE, &values![name, from.tx, from.g, to.tx, to.g])?;
    Ok(moved == 1)
}

/// Lets every follower begin anew. A logical copy of a PostgreSQL database has the transaction ids of
/// the old server beside its entries, and those of the new one are lower: whoever adopts such a copy
/// calls this before anybody writes. What is kept stays right; statistics are not counted again.
///
/// # Errors
/// As any write.
pub fn restart(tx: &mut Tx<'_>) -> Result<()> {
    if tx.as_sqlite().is_none() {
        tx.execute(&NO_TIMEOUT, &[])?;
    }
    for forget in [
        &FORGET_TRANSACTIONS,
        &FORGET_POSITIONS,
        &FORGET_UNITS,
        &FORGET_BITS,
    ] {
        tx.execute(forget, &[])?;
    }
    Ok(())
}

/// About how many entries the follower has not taken yet.
///
/// # Errors
/// As any read.
pub fn lag(tx: &mut Tx<'_>, name: &str) -> Result<u64> {
    let newest = at(tx.query_opt(&NEWEST, &[])?)?.unwrap_or(Position::START);
    let done = position(tx, name)?;
    if newest <= done {
        return Ok(0);
    }
    // Ids do not quite follow the order of transactions.
    Ok(u64::try_from(newest.g.saturating_sub(done.g))
        .unwrap_or(0)
        .max(1))
}

impl Store {
    /// Lets a follower take its next entries. On SQLite they are read beside the writer, which
    /// takes only what came of them; on PostgreSQL the follower's row is locked meanwhile, so that
    /// nodes do not do the same work.
    ///
    /// # Errors
    /// As any write; nothing was taken then.
    pub async fn follow<F: Follower>(&self, follower: &F) -> Result<Step> {
        if self.file().is_none() {
            let follower = follower.clone();
            return self
                .write_unheard(None, move |tx| {
                    let Some(from) = at(tx.query_opt(&CLAIM, &values![F::NAME])?)? else {
                        return Ok(Step::Idle);
                    };
                    match follower.load(tx, from)? {
                        Some((work, to)) => take(tx, &follower, &work, from, to),
                        None => Ok(Step::Idle),
                    }
                })
                .await;
        }
        let reader = follower.clone();
        let loaded = self
            .read::<_, StoreError, _>(move |tx| {
                let from = position(tx, F::NAME)?;
                Ok(reader.load(tx, from)?.map(|(work, to)| (work, from, to)))
            })
            .await?;
        let Some((work, from, to)) = loaded else {
            return Ok(Step::Idle);
        };
        let writer = follower.clone();
        self.write_unheard(None, move |tx| take(tx, &writer, &work, from, to))
            .await
    }
}

fn take<F: Follower>(
    tx: &mut Tx<'_>,
    follower: &F,
    work: &F::Work,
    from: Position,
    to: Position,
) -> Result<Step> {
    if !advance(tx, F::NAME, from, to)? {
        return Ok(Step::Idle);
    }
    follower.save(tx, work)?;
    Ok(Step::Moved)
}
