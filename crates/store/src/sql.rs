//! SQL texts: written once, rendered for each engine.
//!
//! - Parameters are `$1`, `$2`, … (SQLite binds `$N` by order of appearance, so they become `?N`).
//! - `{lock r}` at the end of a SELECT locks the rows of `r` until the transaction ends (on SQLite
//!   there is one writer anyhow).
//! - `{rows}` stands for a list of input rows, named `i`, whose columns the statement declares. On
//!   PostgreSQL the statement runs once over all of them (`unnest` of arrays), on SQLite once for
//!   each: one text, the best plan of both. An `INSERT … SELECT … FROM {rows}` becomes
//!   `INSERT … VALUES` on SQLite, and what it RETURNs is put together from the row itself and the
//!   key that SQLite gave: asked to return or to select, SQLite makes tables and journals for one
//!   row.

use std::borrow::Cow;
use std::sync::OnceLock;

/// The type of an input column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
    Bytes,
}

/// One SQL text.
#[derive(Debug)]
pub struct Sql {
    text: Cow<'static, str>,
    /// Where PostgreSQL needs words of its own.
    postgres: Option<&'static str>,
    columns: &'static [(&'static str, Kind)],
    rendered: OnceLock<Rendered>,
}

#[derive(Debug)]
struct Rendered {
    sqlite: String,
    returned: Option<Vec<Returned>>,
    postgres: String,
}

/// A column that an `INSERT` returns, without asking SQLite for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    /// As it was given, by its place among the input columns.
    Given(usize),
    /// The key that the row got.
    Key,
}

impl Sql {
    pub(crate) const fn new(text: &'static str, columns: &'static [(&'static str, Kind)]) -> Self {
        Self {
            text: Cow::Borrowed(text),
            postgres: None,
            columns,
            rendered: OnceLock::new(),
        }
    }

    /// A text of its own for each engine, where one cannot serve both.
    pub(crate) const fn of_each(
        sqlite: &'static str,
        postgres: &'static str,
        columns: &'static [(&'static str, Kind)],
    ) -> Self {
        Self {
            text: Cow::Borrowed(sqlite),
            postgres: Some(postgres),
            columns,
            rendered: OnceLock::new(),
        }
    }

    pub(crate) const fn made(text: String) -> Self {
        Self {
            text: Cow::Owned(text),
            postgres: None,
            columns: &[],
            rendered: OnceLock::new(),
        }
    }

    pub(crate) fn columns(&self) -> &'static [(&'static str, Kind)] {
        self.columns
    }

    /// The text as SQLite takes it.
    #[must_use]
    pub fn sqlite(&self) -> &str {
        &self.rendered().sqlite
    }

    /// What the `INSERT` returns on SQLite, where its text does not.
    pub(crate) fn returned(&self) -> Option<&[Returned]> {
        self.rendered().returned.as_deref()
    }

    /// Whether it may change anything, as PostgreSQL sees it.
    pub(crate) fn writes(&self) -> bool {
        !self.postgres().starts_with("SELECT")
    }

    /// The text as PostgreSQL takes it.
    #[must_use]
    pub fn postgres(&self) -> &str {
        &self.rendered().postgres
    }

    fn rendered(&self) -> &Rendered {
        self.rendered.get_or_init(|| {
            let (sqlite, returned) = self.for_sqlite();
            Rendered {
                sqlite,
                returned,
                postgres: self.for_postgres(),
            }
        })
    }

    fn for_sqlite(&self) -> (String, Option<Vec<Returned>>) {
        let (text, returned) = if let Some((into, rest)) = self.insert_of_rows() {
            self.as_plain_insert(into, rest)
        } else if self.text.starts_with("UPDATE") {
            // SQLite would make a table for the one row first.
            (
                self.with_parameters(&self.text.replace("FROM {rows}", "")),
                None,
            )
        } else {
            let columns: Vec<String> = self
                .columns
                .iter()
                .enumerate()
                .map(|(at, (name, _))| format!("?{} AS {name}", at + 1))
                .collect();
            let rows = format!("(SELECT {}) AS i", columns.join(", "));
            (self.text.replace("{rows}", &rows), None)
        };
        let text = without_locks(&text, |_| String::new()).replace('$', "?");
        (text, returned)
    }

    /// An `INSERT` of input rows as they are: what stands before its `SELECT`, and after. One that
    /// looks something up for them is none.
    fn insert_of_rows(&self) -> Option<(&str, &str)> {
        let insert = self.text.starts_with("INSERT")
            && self.text.contains("FROM {rows}")
            && !self.text.contains(" JOIN ");
        self.text.split_once("SELECT ").filter(|_| insert)
    }

    fn as_plain_insert(&self, into: &str, rest: &str) -> (String, Option<Vec<Returned>>) {
        let (values, rest) = rest.split_once("FROM {rows}").unwrap_or((rest, ""));
        // PostgreSQL does not need the condition; SQLite's parser does, before ON CONFLICT.
        let rest = rest.replace("WHERE 1 = 1", "");
        let values = self.with_parameters(values.trim());
        let (rest, returned) = match rest.split_once("RETURNING ") {
            // Whether there was a conflict only SQLite knows.
            Some((before, columns)) if !rest.contains("ON CONFLICT") => {
                let place =
                    |name: &str| self.columns.iter().position(|(column, _)| *column == name);
                let returned = columns
                    .split(", ")
                    .map(|name| place(name.trim()).map_or(Returned::Key, Returned::Given));
                (before.to_owned(), Some(returned.collect()))
            }
            _ => (rest, None),
        };
        (format!("{into}VALUES ({values}) {}", rest.trim()), returned)
    }

    /// The text with the parameters of one row in place of its columns.
    fn with_parameters(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // Longer names first: none is then taken for the beginning of another.
        let mut columns: Vec<_> = self.columns.iter().enumerate().collect();
        columns.sort_by_key(|(_, (name, _))| std::cmp::Reverse(name.len()));
        for (at, (name, _)) in columns {
            text = text.replace(&format!("i.{name}"), &format!("?{}", at + 1));
        }
        text
    }

    fn for_postgres(&self) -> String {
        let arrays: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, (_, kind))| {
                let array = match kind {
                    Kind::Int => "BIGINT[]",
                    Kind::Text => "TEXT[]",
                    Kind::Bytes => "BYTEA[]",
                };
                format!("${}::{array}", at + 1)
            })
            .collect();
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let rows = format!("unnest({}) AS i({})", arrays.join(", "), names.join(", "));
        let text = self.postgres.unwrap_or(&self.text).replace("{rows}", &rows);
        without_locks(&text, |table| format!("FOR UPDATE OF {table}"))
    }
}

/// Replaces each `{lock t}`.
fn without_locks(text: &str, lock: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{lock ") {
        let (table, after) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(&lock(table));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Declares the SQL texts of a module, and the list `SQL` of all of them. A second text is
/// PostgreSQL's.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident $(($($column:ident: $kind:ident),* $(,)?))?
        = $text:expr $(, $postgres:expr)?;)*) => {
        $($(#[$doc])* pub(crate) static $name: $crate::sql::Sql = $crate::sql::statements!(
            @sql [$($((stringify!($column), $crate::sql::Kind::$kind)),*)?] $text $(, $postgres)?
        );)*
        pub(crate) const SQL: &[&$crate::sql::Sql] = &[$(&$name),*];
    };
    (@sql [$($columns:tt)*] $text:expr) => {
        $crate::sql::Sql::new($text, &[$($columns)*])
    };
    (@sql [$($columns:tt)*] $text:expr, $postgres:expr) => {
        $crate::sql::Sql::of_each($text, $postgres, &[$($columns)*])
    };
}
pub(crate) use statements;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_rendered_for_each_engine() {
        static SELECT: Sql = Sql::new("SELECT a FROM t r WHERE b = $2 AND c = $1 {lock r}", &[]);
        assert_eq!(
            SELECT.sqlite().trim(),
            "SELECT a FROM t r WHERE b = ?2 AND c = ?1"
        );
        assert_eq!(
            SELECT.postgres(),
            "SELECT a FROM t r WHERE b = $2 AND c = $1 FOR UPDATE OF r"
        );
    }

    #[test]
    fn an_update_of_one_row_needs_no_table_of_rows_on_sqlite() {
        static UPDATE: Sql = Sql::new(
            "UPDATE t SET seq = i.seq, a = i.seq_a FROM {rows} WHERE t.k = i.k",
            &[("k", Kind::Int), ("seq", Kind::Int), ("seq_a", Kind::Int)],
        );
        assert_eq!(
            UPDATE.sqlite(),
            "UPDATE t SET seq = ?2, a = ?3  WHERE t.k = ?1"
        );
    }

    #[test]
    fn what_an_insert_returns_is_known_without_asking_sqlite() {
        static INSERT: Sql = Sql::new(
            "INSERT INTO t (a, b) SELECT i.a, i.b FROM {rows} RETURNING b, g",
            &[("a", Kind::Int), ("b", Kind::Text)],
        );
        assert_eq!(
            INSERT.sqlite().trim(),
            "INSERT INTO t (a, b) VALUES (?1, ?2)"
        );
        assert_eq!(
            INSERT.returned(),
            Some([Returned::Given(1), Returned::Key].as_slice())
        );
        static UNLESS_THERE: Sql = Sql::new(
            "INSERT INTO t (a) SELECT i.a FROM {rows} WHERE 1 = 1 ON CONFLICT DO NOTHING RETURNING g",
            &[("a", Kind::Int)],
        );
        assert_eq!(
            UNLESS_THERE.sqlite(),
            "INSERT INTO t (a) VALUES (?1) ON CONFLICT DO NOTHING RETURNING g"
        );
        assert_eq!(UNLESS_THERE.returned(), None);
    }

    #[test]
    fn input_rows_are_arrays_on_postgres_and_one_row_on_sqlite() {
        static INSERT: Sql = Sql::new(
            "INSERT INTO t (a, b) SELECT i.a, i.b FROM {rows}",
            &[("a", Kind::Int), ("b", Kind::Text)],
        );
        assert_eq!(
            INSERT.sqlite().trim(),
            "INSERT INTO t (a, b) VALUES (?1, ?2)"
        );
        assert_eq!(
            INSERT.postgres(),
            "INSERT INTO t (a, b) SELECT i.a, i.b FROM unnest($1::BIGINT[], $2::TEXT[]) AS i(a, b)"
        );
    }
}
