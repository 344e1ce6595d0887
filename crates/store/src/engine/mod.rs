//! The two engines behind one [`Tx`].

pub(crate) mod postgres;
pub(crate) mod sqlite;

use orderchat_domain::news::News;

use crate::Result;
use crate::sql::Sql;
use crate::value::{Row, Value};

/// A transaction: prepares, queries and executes on either engine. A function that takes one is
/// run by [`crate::Store`] on a thread that may block.
#[derive(Debug)]
pub struct Tx<'a> {
    engine: Engine<'a>,
    /// What is to be heard once it is committed, in order.
    news: Vec<News>,
}

#[derive(Debug)]
enum Engine<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(postgres::Session<'a>),
}

impl<'a> Tx<'a> {
    pub(crate) const fn sqlite(connection: &'a rusqlite::Connection) -> Self {
        Self {
            engine: Engine::Sqlite(connection),
            news: Vec::new(),
        }
    }

    pub(crate) const fn postgres(session: postgres::Session<'a>) -> Self {
        Self {
            engine: Engine::Postgres(session),
            news: Vec::new(),
        }
    }

    /// The SQLite connection, where it is one.
    #[must_use]
    pub const fn as_sqlite(&self) -> Option<&rusqlite::Connection> {
        match self.engine {
            Engine::Sqlite(connection) => Some(connection),
            Engine::Postgres(_) => None,
        }
    }

    /// To be heard by [`crate::Store::on_commit`] once the transaction is committed, after what was
    /// announced before it.
    pub fn announce(&mut self, news: News) {
        self.news.push(news);
    }

    pub(crate) fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }
}

impl Tx<'_> {
    /// Prepares the text without running it.
    ///
    /// # Errors
    /// [`crate::StoreError::Statement`] when the database's schema does not fit it.
    pub(crate) fn prepare(&mut self, sql: &Sql) -> Result<()> {
        match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::prepare(connection, sql),
            Engine::Postgres(session) => session.prepare(sql),
        }
    }

    /// All rows.
    pub(crate) fn query(&mut self, sql: &Sql, params: &[Value<'_>]) -> Result<Vec<Row>> {
        match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::query(connection, sql, params),
            Engine::Postgres(session) => session.query(sql, params),
        }
    }

    /// The first row, if there is one.
    pub(crate) fn query_opt(&mut self, sql: &Sql, params: &[Value<'_>]) -> Result<Option<Row>> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// Runs the statement before the transaction's next query, at the latest when it is committed:
    /// PostgreSQL is sent both at once. So an error may come from there; it undoes the transaction
    /// in either case.
    pub(crate) fn execute(&mut self, sql: &'static Sql, params: &[Value<'_>]) -> Result<()> {
        match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::execute(connection, sql, [params]).map(drop),
            Engine::Postgres(session) => {
                session.execute_later(sql, params);
                Ok(())
            }
        }
    }

    /// [`Tx::execute`] of a statement over `{rows}`.
    pub(crate) fn execute_rows(
        &mut self,
        sql: &'static Sql,
        rows: &[Vec<Value<'_>>],
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        match &mut self.engine {
            Engine::Sqlite(connection) => {
                sqlite::execute(connection, sql, rows.iter().map(Vec::as_slice)).map(drop)
            }
            Engine::Postgres(session) => {
                session.execute_rows_later(sql, rows);
                Ok(())
            }
        }
    }

    /// Runs the statement now. How many rows were changed.
    pub(crate) fn change(&mut self, sql: &Sql, params: &[Value<'_>]) -> Result<u64> {
        match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::execute(connection, sql, [params]),
            Engine::Postgres(session) => session.execute(sql, params),
        }
    }

    /// What several statements over `{rows}` give, none of which needs another's answer: PostgreSQL
    /// is asked all at once.
    pub(crate) fn query_rows_of<const N: usize>(
        &mut self,
        asked: [(&Sql, &[Vec<Value<'_>>]); N],
    ) -> Result<[Vec<Row>; N]> {
        let mut answers = [const { Vec::new() }; N];
        if let Engine::Postgres(session) = &mut self.engine {
            let some: Vec<_> = asked.iter().filter(|(_, rows)| !rows.is_empty()).collect();
            let mut given = session.query_rows_of(&some)?.into_iter();
            for ((_, rows), answer) in asked.iter().zip(&mut answers) {
                if !rows.is_empty() {
                    *answer = given.next().unwrap_or_default();
                }
            }
        } else {
            for ((sql, rows), answer) in asked.iter().zip(&mut answers) {
                *answer = self.query_rows(sql, rows)?;
            }
        }
        Ok(answers)
    }

    /// The rows that a statement over `{rows}` gives for these input rows, in no order to rely on.
    pub(crate) fn query_rows(&mut self, sql: &Sql, rows: &[Vec<Value<'_>>]) -> Result<Vec<Row>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        match &mut self.engine {
            Engine::Sqlite(connection) => {
                sqlite::query_rows(connection, sql, rows.iter().map(Vec::as_slice))
            }
            Engine::Postgres(session) => session.query_rows(sql, rows),
        }
    }
}
