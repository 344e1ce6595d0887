//! SQL texts: written once, rendered for each engine.
//!
//! - Parameters are `$1`, `$2`, … (SQLite binds `$N` by order of appearance, so they become `?N`).
//! - `{lock r}` at the end of a SELECT locks the rows of `r` until the transaction ends (on SQLite
//!   there is one writer anyhow).
//! - `{rows}` stands for a list of input rows, named `i`, whose columns the statement declares. On
//!   PostgreSQL the statement runs once over all of them (`unnest` of arrays), on SQLite once for
//!   each: one text, the best plan of both.

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
    columns: &'static [(&'static str, Kind)],
    rendered: OnceLock<Rendered>,
}

#[derive(Debug)]
struct Rendered {
    sqlite: String,
    postgres: String,
}

impl Sql {
    pub(crate) const fn new(text: &'static str, columns: &'static [(&'static str, Kind)]) -> Self {
        Self {
            text: Cow::Borrowed(text),
            columns,
            rendered: OnceLock::new(),
        }
    }

    pub(crate) const fn made(text: String) -> Self {
        Self {
            text: Cow::Owned(text),
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

    /// The text as PostgreSQL takes it.
    #[must_use]
    pub fn postgres(&self) -> &str {
        &self.rendered().postgres
    }

    fn rendered(&self) -> &Rendered {
        self.rendered.get_or_init(|| Rendered {
            sqlite: self.for_sqlite(),
            postgres: self.for_postgres(),
        })
    }

    fn for_sqlite(&self) -> String {
        let text = if self.text.starts_with("UPDATE") {
            self.as_plain_update()
        } else {
            let columns: Vec<String> = self
                .columns
                .iter()
                .enumerate()
                .map(|(at, (name, _))| format!("?{} AS {name}", at + 1))
                .collect();
            let rows = format!("(SELECT {}) AS i", columns.join(", "));
            self.text.replace("{rows}", &rows)
        };
        without_locks(&text, |_| String::new()).replace('$', "?")
    }

    /// An `UPDATE … FROM {rows} WHERE …` of one row: SQLite would make a table for that row first.
    fn as_plain_update(&self) -> String {
        let mut text = self.text.replace("FROM {rows}", "");
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
        let text = self.text.replace("{rows}", &rows);
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

/// Declares the SQL texts of a module, and the list `SQL` of all of them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident $(($($column:ident: $kind:ident),* $(,)?))? = $text:expr;)*) => {
        $($(#[$doc])* static $name: $crate::sql::Sql = $crate::sql::Sql::new(
            $text,
            &[$($((stringify!($column), $crate::sql::Kind::$kind)),*)?],
        );)*
        pub(crate) const SQL: &[&$crate::sql::Sql] = &[$(&$name),*];
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
    fn input_rows_are_arrays_on_postgres_and_one_row_on_sqlite() {
        static INSERT: Sql = Sql::new(
            "INSERT INTO t (a, b) SELECT i.a, i.b FROM {rows}",
            &[("a", Kind::Int), ("b", Kind::Text)],
        );
        assert_eq!(
            INSERT.sqlite(),
            "INSERT INTO t (a, b) SELECT i.a, i.b FROM (SELECT ?1 AS a, ?2 AS b) AS i"
        );
        assert_eq!(
            INSERT.postgres(),
            "INSERT INTO t (a, b) SELECT i.a, i.b FROM unnest($1::BIGINT[], $2::TEXT[]) AS i(a, b)"
        );
    }
}
