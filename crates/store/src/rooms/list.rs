//! Lists of rooms: by scope, in an order, from a cursor on. Every variant is a text of its own, so
//! that each has the plan it needs.

use std::sync::OnceLock;

use orderchat_domain::Role;
use orderchat_domain::room::RoomStatus;

use super::{StoredRoom, columns, joins, read};
use crate::sql::Sql;
use crate::value::values;
use crate::{Result, Tx};

/// Which rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Where the user is an active participant who may read.
    Mine,
    /// Every room.
    All,
    /// Those of a pharmacy.
    Pharmacy(&'a str),
    /// Public ones that the user is not and was not in.
    Public,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordering {
    LastActivity,
    CreatedAt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// After which room the list goes on: the value it is ordered by, and its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at: i64,
    pub key: i64,
}

#[derive(Clone, Debug)]
pub struct Filter<'a> {
    pub user: i64,
    pub status: Option<RoomStatus>,
    pub is_public: Option<bool>,
    /// The user's own role in the room.
    pub role: Option<Role>,
    /// The beginning of an order number, a code or a word of the title.
    pub search: Option<&'a str>,
    /// Also rooms in which the user is blocked (admins).
    pub blocked_too: bool,
}

const SCOPES: usize = 4;

fn scope_number(scope: Scope<'_>) -> usize {
    match scope {
        Scope::Mine => 0,
        Scope::All => 1,
        Scope::Pharmacy(_) => 2,
        Scope::Public => 3,
    }
}

/// `$1` user, `$2` pharmacy, `$3` status, `$4` public, `$5` role, `$6` blocked too, `$7` `$8`
/// cursor, `$9` limit, `$10` `$11` search from and to.
fn text(scope: usize, ordering: Ordering, direction: Direction, search: bool) -> String {
    let value = match ordering {
        Ordering::LastActivity => "r.last_at",
        Ordering::CreatedAt => "r.created_at",
    };
    let (compare, word) = match direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    };
    let from = if scope == 0 {
        "participant me JOIN room r ON r.k = me.room"
    } else {
        "room r LEFT JOIN participant me ON me.room = r.k AND me.usr = $1"
    };
    let scope = match scope {
        0 => "me.usr = $1 AND me.ended IS NULL AND me.readable = 1",
        1 => "(CAST($6 AS BIGINT) = 1 OR COALESCE(me.ended, '') <> 'blocked')",
        2 => "r.pharmacy = $2 AND COALESCE(me.ended, '') <> 'blocked'",
        _ => "r.is_public = 1 AND me.k IS NULL",
    };
    let search = if search {
        "AND r.k IN (SELECT w.room FROM room_word w WHERE w.word >= $10 AND w.word < $11)"
    } else {
        "AND (CAST($10 AS TEXT) IS NULL OR CAST($11 AS TEXT) IS NULL)"
    };
    // Parameters that a variant does not use are named in a condition that is always true, so that
    // all variants take the same.
    format!(
        "SELECT {columns} FROM {from} {joins} WHERE {scope} AND r.deleted_at IS NULL \
         AND (CAST($1 AS BIGINT) IS NOT NULL AND (CAST($2 AS TEXT) IS NULL OR CAST($2 AS TEXT) IS NOT NULL)) \
         AND (CAST($3 AS TEXT) IS NULL OR r.status = $3) \
         AND (CAST($4 AS BIGINT) IS NULL OR r.is_public = $4) \
         AND (CAST($5 AS TEXT) IS NULL OR me.role = $5) \
         AND CAST($6 AS BIGINT) IS NOT NULL \
         AND ({value}, r.k) {compare} (CAST($7 AS BIGINT), CAST($8 AS BIGINT)) {search} \
         ORDER BY {value} {word}, r.k {word} LIMIT $9",
        columns = columns!(),
        joins = joins!(),
    )
}

fn number(scope: usize, ordering: Ordering, direction: Direction, search: bool) -> usize {
    let ordering = usize::from(ordering == Ordering::CreatedAt);
    let direction = usize::from(direction == Direction::Descending);
    ((scope * 2 + ordering) * 2 + direction) * 2 + usize::from(search)
}

/// Every variant.
pub fn listings() -> &'static [Sql] {
    static TEXTS: OnceLock<Vec<Sql>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let mut texts = Vec::new();
        for scope in 0..SCOPES {
            for ordering in [Ordering::LastActivity, Ordering::CreatedAt] {
                for direction in [Direction::Ascending, Direction::Descending] {
                    for search in [false, true] {
                        debug_assert_eq!(texts.len(), number(scope, ordering, direction, search));
                        texts.push(Sql::made(text(scope, ordering, direction, search)));
                    }
                }
            }
        }
        texts
    })
}

/// At most `limit` rooms after the cursor, or from the beginning.
///
/// # Errors
/// As any read.
pub fn list(
    tx: &mut Tx<'_>,
    scope: Scope<'_>,
    filter: &Filter<'_>,
    ordering: Ordering,
    direction: Direction,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Vec<StoredRoom>> {
    let after = after.unwrap_or(match direction {
        Direction::Ascending => Cursor {
            at: i64::MIN,
            key: i64::MIN,
        },
        Direction::Descending => Cursor {
            at: i64::MAX,
            key: i64::MAX,
        },
    });
    let pharmacy = if let Scope::Pharmacy(pharmacy) = scope {
        Some(pharmacy)
    } else {
        None
    };
    let search = filter.search.map(str::to_lowercase);
    // Beyond every word that begins so.
    let search_end = search.as_ref().map(|search| format!("{search}\u{10FFFF}"));
    let sql = &listings()[number(scope_number(scope), ordering, direction, search.is_some())];
    let rows = tx.query(
        sql,
        &values![
            filter.user,
            pharmacy,
            filter.status.map(RoomStatus::as_str),
            filter.is_public,
            filter.role.map(Role::as_str),
            filter.blocked_too,
            after.at,
            after.key,
            limit,
            search.as_ref(),
            search_end.as_ref()
        ],
    )?;
    rows.into_iter().map(read).collect()
}
