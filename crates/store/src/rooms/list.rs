//! Lists of rooms: by scope, in an order, from a cursor on. Every variant is a text of its own, so
//! that each has the plan it needs.

use std::sync::OnceLock;

use orderchat_domain::Role;
use orderchat_domain::room::RoomStatus;

use super::{StoredRoom, columns, joins, read};
use crate::row::read_all;
use crate::sql::{Sql, statements};
use crate::value::{Value, values};
use crate::{Result, StoreError, Tx};

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

/// What a list starts from; the rest of what is asked is looked up for each room it comes by. Few
/// rooms are sorted; of many, the newest (or oldest) are found by walking all rooms in order, and
/// the page is full after a few of them. So no list reads ever more as rooms pile up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// All rooms, in the order of the list.
    Walk,
    /// The user's own rooms, when they are few.
    Own,
    /// The rooms that a search finds, when they are few.
    Words,
}

/// So many rooms are sorted rather than looked for.
const FEW: u64 = 1_000;

statements! {
    COUNT_OWN = "SELECT COUNT(*) FROM (SELECT 1 FROM participant me
            WHERE me.usr = $1 AND me.ended IS NULL AND me.readable = 1 LIMIT $2) AS own";
    COUNT_WORDS = "SELECT COUNT(*) FROM (SELECT 1 FROM room_word w
            WHERE w.word >= $1 AND w.word < $2 LIMIT $3) AS found";
}

/// A list as a statement sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Variant {
    /// 0 mine, 1 all, 2 of a pharmacy, 3 public, 4 all that are public.
    scope: usize,
    start: Start,
    search: bool,
    ordering: Ordering,
    direction: Direction,
}

/// By what, as SQL.
struct Ordered {
    table: &'static str,
    value: &'static str,
    key: &'static str,
    /// True of every room, and the condition of the index over all of them: who does not say it
    /// cannot walk that index. Of a pharmacy with few rooms PostgreSQL would else walk through
    /// those of all others.
    every: &'static str,
}

const SCOPES: usize = 5;
const MINE: usize = 0;
const ALL: usize = 1;
const PHARMACY: usize = 2;
const PUBLIC: usize = 3;
/// Public rooms may be few: who asks for them alone walks their index.
const ALL_PUBLIC: usize = 4;

const fn scope_number(scope: Scope<'_>, filter: &Filter<'_>) -> usize {
    match scope {
        Scope::Mine => MINE,
        Scope::All if matches!(filter.is_public, Some(true)) => ALL_PUBLIC,
        Scope::All => ALL,
        Scope::Pharmacy(_) => PHARMACY,
        Scope::Public => PUBLIC,
    }
}

impl Variant {
    /// `$1` user, `$2` pharmacy, `$3` status, `$4` public, `$5` role, `$6` blocked too, `$7` `$8`
    /// cursor, `$9` limit, `$10` `$11` search from and to.
    ///
    /// The inner statement finds the keys, the outer one fetches what is shown of them. What is
    /// looked up for a room is a scalar subquery, and tables are joined crosswise: either makes
    /// both engines keep to the start that was chosen.
    fn text(self) -> String {
        let Ordered {
            value, key, every, ..
        } = self.ordered();
        let by_activity = self.ordering == Ordering::LastActivity;
        let (compare, word) = match self.direction {
            Direction::Ascending => (">", "ASC"),
            Direction::Descending => ("<", "DESC"),
        };
        let (from, joined) = match self.start {
            Start::Walk if by_activity => ("room_head h CROSS JOIN room r", "r.k = h.room"),
            Start::Walk => ("room r", "r.k IS NOT NULL"),
            Start::Own => (
                "participant me CROSS JOIN room_head h CROSS JOIN room r",
                "h.room = me.room AND r.k = h.room",
            ),
            Start::Words => (
                &*format!(
                    "(SELECT DISTINCT w.room AS k FROM room_word w \
                      WHERE w.word >= $10 AND w.word < $11 AND {}) found \
                     CROSS JOIN room_head h CROSS JOIN room r",
                    self.knows_word()
                ),
                "h.room = found.k AND r.k = h.room",
            ),
        };
        // Parameters that a variant does not use are named in a condition that is always true, so
        // that all variants take the same.
        format!(
            "SELECT {columns} FROM (SELECT {key} AS page_k, {value} AS page_at FROM {from} \
             WHERE {joined} AND {every} AND {scope} AND {search} AND r.deleted_at IS NULL \
             AND (CAST($1 AS BIGINT) IS NOT NULL AND CAST($6 AS BIGINT) IS NOT NULL) \
             AND (CAST($2 AS TEXT) IS NULL OR CAST($2 AS TEXT) IS NOT NULL) \
             AND (CAST($3 AS TEXT) IS NULL OR r.status = $3) \
             AND (CAST($4 AS BIGINT) IS NULL OR r.is_public = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR {role} = $5) \
             AND ({value}, {key}) {compare} (CAST($7 AS BIGINT), CAST($8 AS BIGINT)) \
             ORDER BY {value} {word}, {key} {word} LIMIT $9) page \
             CROSS JOIN room r {joins} WHERE r.k = page_k ORDER BY page_at {word}, page_k {word}",
            every = match self.scope {
                MINE | ALL => every,
                _ => "1 = 1",
            },
            columns = columns!(),
            joins = joins!(),
            scope = self.scope_condition(),
            search = self.search_condition(),
            role = match self.start {
                Start::Own => "me.role".to_owned(),
                Start::Walk | Start::Words => own("me.role", "AND me.ended IS NULL"),
            },
        )
    }

    /// What the list is ordered by, and the table that has it, with the indexes that are walked.
    const fn ordered(self) -> Ordered {
        match self.ordering {
            Ordering::LastActivity => Ordered {
                table: "h",
                value: "h.last_at",
                key: "h.room",
                every: "h.seq >= 0",
            },
            Ordering::CreatedAt => Ordered {
                table: "r",
                value: "r.created_at",
                key: "r.k",
                every: "r.k > 0",
            },
        }
    }

    fn scope_condition(self) -> String {
        const ACTIVE: &str = "me.ended IS NULL AND me.readable = 1";
        let not_blocked = format!("COALESCE({}, '') <> 'blocked'", own("me.ended", ""));
        let table = self.ordered().table;
        match (self.scope, self.start) {
            (MINE, Start::Own) => format!("me.usr = $1 AND {ACTIVE}"),
            (MINE, _) => format!("{} IS NOT NULL", own("me.k", &format!("AND {ACTIVE}"))),
            (ALL, _) => format!("(CAST($6 AS BIGINT) = 1 OR {not_blocked})"),
            (ALL_PUBLIC, _) => {
                format!("{table}.is_public = 1 AND (CAST($6 AS BIGINT) = 1 OR {not_blocked})")
            }
            (PHARMACY, _) => format!("{table}.pharmacy = $2 AND {not_blocked}"),
            _ => format!("{table}.is_public = 1 AND {} IS NULL", own("me.k", "")),
        }
    }

    fn search_condition(self) -> String {
        match (self.search, self.start) {
            (true, Start::Walk | Start::Own) => format!(
                "(SELECT 1 FROM room_word w WHERE w.room = r.k \
                  AND w.word >= $10 AND w.word < $11 AND {} LIMIT 1) = 1",
                self.knows_word()
            ),
            _ => "(CAST($10 AS TEXT) IS NULL OR CAST($11 AS TEXT) IS NOT NULL)".to_owned(),
        }
    }

    /// Whether the user may find the room by the word `w`: outsiders and guests, who do not know of
    /// the order, only by what stands on the card.
    const fn knows_word(self) -> &'static str {
        match self.scope {
            MINE => {
                "(w.on_card = 1 OR (SELECT me.guest FROM participant me \
                  WHERE me.room = w.room AND me.usr = $1) = 0)"
            }
            PUBLIC => "w.on_card = 1",
            _ => "1 = 1",
        }
    }

    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for scope in 0..SCOPES {
            for (start, search) in [
                (Start::Walk, false),
                (Start::Walk, true),
                (Start::Words, true),
                (Start::Own, false),
                (Start::Own, true),
            ] {
                if start == Start::Own && scope != MINE {
                    continue;
                }
                for ordering in [Ordering::LastActivity, Ordering::CreatedAt] {
                    for direction in [Direction::Ascending, Direction::Descending] {
                        all.push(Self {
                            scope,
                            start,
                            search,
                            ordering,
                            direction,
                        });
                    }
                }
            }
        }
        all
    }
}

/// The user's own participation in the room that is looked at, as a value.
fn own(column: &str, condition: &str) -> String {
    format!("(SELECT {column} FROM participant me WHERE me.room = r.k AND me.usr = $1 {condition})")
}

fn texts() -> &'static [(Variant, Sql)] {
    static TEXTS: OnceLock<Vec<(Variant, Sql)>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        Variant::all()
            .into_iter()
            .map(|variant| (variant, Sql::made(variant.text())))
            .collect()
    })
}

/// Every text of the lists.
pub fn listings() -> impl Iterator<Item = &'static Sql> {
    texts()
        .iter()
        .map(|(_, sql)| sql)
        .chain(SQL.iter().copied())
}

/// Where a list that is asked for begins.
fn start(
    tx: &mut Tx<'_>,
    scope: Scope<'_>,
    user: i64,
    search: Option<(&str, &str)>,
) -> Result<Start> {
    let mut is_few = |sql, params: &[Value<'_>]| {
        let count: u64 = tx
            .query_opt(sql, params)?
            .map_or(Ok(0), |mut row| row.take())?;
        Ok::<_, StoreError>(count <= FEW)
    };
    if let Some((from, to)) = search
        && is_few(&COUNT_WORDS, &values![from, to, FEW + 1])?
    {
        return Ok(Start::Words);
    }
    if scope == Scope::Mine && is_few(&COUNT_OWN, &values![user, FEW + 1])? {
        return Ok(Start::Own);
    }
    Ok(Start::Walk)
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
    // One has no role where one is not: it would be looked for in every public room.
    if scope == Scope::Public && filter.role.is_some() {
        return Ok(Vec::new());
    }
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
    let words = search.as_deref().zip(search_end.as_deref());
    let variant = Variant {
        scope: scope_number(scope, filter),
        start: start(tx, scope, filter.user, words)?,
        search: search.is_some(),
        ordering,
        direction,
    };
    let (_, sql) = texts()
        .iter()
        .find(|(text, _)| *text == variant)
        .ok_or_else(|| StoreError::Statement(format!("no text for the list {variant:?}")))?;
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
    read_all(rows, read)
}
