//! The audit as it is listed: newest first, each way to ask for it by an index of its own.

use std::sync::OnceLock;

use orderchat_domain::{Millis, RoomId, UserId};

use crate::rooms::Direction;
use crate::row::Row;
use crate::sql::Sql;
use crate::value::values;
use crate::{Result, StoreError, Tx};

/// Which entries. All that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The acting user's internal key, 0 for the server.
    pub actor: Option<i64>,
    pub action: Option<String>,
    /// The room's internal key.
    pub room: Option<i64>,
    /// Not before.
    pub from: Option<Millis>,
    /// Before.
    pub to: Option<Millis>,
}

/// A place in the list: the time of an entry, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at: i64,
    pub number: i64,
}

/// An entry with what is shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub number: i64,
    pub at: Millis,
    actor_key: i64,
    room_key: Option<i64>,
    /// `None` for the server.
    pub actor: Option<UserId>,
    pub actor_role: String,
    pub action: String,
    pub room: Option<RoomId>,
    pub target: Option<String>,
    pub detail: String,
    pub request_id: Option<String>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

impl Listed {
    /// Where a list goes on after it.
    #[must_use]
    pub const fn place(&self) -> Cursor {
        Cursor {
            at: self.at.0,
            number: self.number,
        }
    }
}

/// What the list is read by; the rest of what is asked is looked at in each entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Room,
    Actor,
    Action,
    Time,
}

const VARIANTS: [By; 4] = [By::Room, By::Actor, By::Action, By::Time];
/// Entries that are looked at for one page at most: who asks for what is rare gets a short page,
/// and goes on from there.
const MOST: usize = 5_000;
const STEP: usize = 500;

/// `$1` the room, actor or action (nothing by time), `$2` `$3` the cursor, `$4` the bound at the
/// other end, `$5` how many.
fn text(by: By, direction: Direction) -> String {
    let (compare, word, bound) = match direction {
        Direction::Descending => ("<", "DESC", ">="),
        Direction::Ascending => (">", "ASC", "<"),
    };
    let equal = match by {
        By::Room => "a.room = $1",
        By::Actor => "a.actor = $1",
        By::Action => "a.action = $1",
        By::Time => "CAST($1 AS BIGINT) IS NULL",
    };
    format!(
        "SELECT a.g, a.at, a.actor, a.room, u.id, a.actor_role, a.action, r.id, a.target, a.detail, \
         a.request_id, a.ip, a.user_agent FROM audit a LEFT JOIN app_user u ON u.k = a.actor \
         LEFT JOIN room r ON r.k = a.room WHERE {equal} \
         AND (a.at, a.g) {compare} (CAST($2 AS BIGINT), CAST($3 AS BIGINT)) \
         AND a.at {bound} $4 ORDER BY a.at {word}, a.g {word} LIMIT $5"
    )
}

fn texts() -> &'static [(By, Direction, Sql)] {
    static TEXTS: OnceLock<Vec<(By, Direction, Sql)>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let ways = [Direction::Descending, Direction::Ascending];
        VARIANTS
            .iter()
            .flat_map(|by| ways.map(|way| (*by, way, Sql::made(text(*by, way)))))
            .collect()
    })
}

/// Every text of the lists.
pub fn listings() -> impl Iterator<Item = &'static Sql> {
    texts().iter().map(|(_, _, sql)| sql)
}

/// At most `limit` entries from the cursor on, newest first, or oldest first when ascending; and
/// where to go on when there may be more than was looked at.
///
/// # Errors
/// As any read.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &Filter,
    direction: Direction,
    after: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<Listed>, Option<Cursor>)> {
    let (mut found, mut seen) = (Vec::new(), 0);
    let mut at = after.unwrap_or_else(|| beginning(filter, direction));
    loop {
        let page = read(tx, filter, direction, at)?;
        let last = page.len() < STEP;
        seen += page.len();
        for entry in page {
            at = entry.place();
            if matches(filter, &entry) {
                found.push(entry);
            }
            if found.len() == limit {
                return Ok((found, Some(at)));
            }
        }
        if last {
            return Ok((found, None));
        }
        if seen >= MOST {
            return Ok((found, Some(at)));
        }
    }
}

/// Before the first entry: every number is greater than the least and less than the greatest.
fn beginning(filter: &Filter, direction: Direction) -> Cursor {
    match direction {
        Direction::Descending => Cursor {
            at: filter.to.map_or(i64::MAX, |to| to.0),
            number: filter.to.map_or(i64::MAX, |_| i64::MIN),
        },
        Direction::Ascending => Cursor {
            at: filter.from.map_or(i64::MIN, |from| from.0),
            number: i64::MIN,
        },
    }
}

fn read(tx: &mut Tx<'_>, filter: &Filter, direction: Direction, at: Cursor) -> Result<Vec<Listed>> {
    let bound = match direction {
        Direction::Descending => filter.from.map_or(i64::MIN, |from| from.0),
        Direction::Ascending => filter.to.map_or(i64::MAX, |to| to.0),
    };
    let step = STEP as u64;
    let asked = |by| sql_of(by, direction);
    let rows = match (filter.room, filter.actor, &filter.action) {
        (Some(room), ..) => tx.query(
            asked(By::Room)?,
            &values![room, at.at, at.number, bound, step],
        )?,
        (None, Some(actor), _) => tx.query(
            asked(By::Actor)?,
            &values![actor, at.at, at.number, bound, step],
        )?,
        (None, None, Some(action)) => tx.query(
            asked(By::Action)?,
            &values![action, at.at, at.number, bound, step],
        )?,
        (None, None, None) => tx.query(
            asked(By::Time)?,
            &values![None::<i64>, at.at, at.number, bound, step],
        )?,
    };
    rows.into_iter().map(listed).collect()
}

fn sql_of(by: By, direction: Direction) -> Result<&'static Sql> {
    texts()
        .iter()
        .find(|(known, way, _)| (*known, *way) == (by, direction))
        .map(|(_, _, sql)| sql)
        .ok_or_else(|| StoreError::Statement(format!("no text for the audit by {by:?}")))
}

fn matches(filter: &Filter, entry: &Listed) -> bool {
    filter.actor.is_none_or(|actor| entry.actor_key == actor)
        && filter.room.is_none_or(|room| entry.room_key == Some(room))
        && filter
            .action
            .as_ref()
            .is_none_or(|action| entry.action == *action)
}

fn listed(mut row: Row) -> Result<Listed> {
    let row = &mut row;
    let (number, at) = (row.take()?, row.take()?);
    let (actor_key, room_key) = (row.take()?, row.take()?);
    let actor: Option<String> = row.take()?;
    let actor = actor.map(|id| UserId::parse("actor", &id)).transpose();
    Ok(Listed {
        number,
        at,
        actor_key,
        room_key,
        actor: actor.map_err(|error| StoreError::Corrupt(error.to_string()))?,
        actor_role: row.take()?,
        action: row.take()?,
        room: row.take::<Option<uuid::Uuid>>()?.map(RoomId),
        target: row.take()?,
        detail: row.take()?,
        request_id: row.take()?,
        ip: row.take()?,
        user_agent: row.take()?,
    })
}
