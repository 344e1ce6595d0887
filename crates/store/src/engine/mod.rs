//! The two engines behind one [`Tx`].

mod crew;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use orderchat_domain::news::News;

use crate::row::Row;
use crate::sql::Sql;
use crate::value::{Input, Value};
use crate::{Result, StoreError};

/// A transaction: prepares, queries and executes on either engine. A function that takes one is
/// run by [`crate::Store`] on a thread that may block.
#[derive(Debug)]
pub struct Tx<'a> {
    engine: Engine<'a>,
    /// What is to be heard once it is committed, in order.
    news: Vec<News>,
    /// Of a look, which is one statement that reads: whether it has asked.
    looked: Option<bool>,
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
            looked: None,
        }
    }

    pub(crate) const fn postgres(session: postgres::Session<'a>) -> Self {
        Self {
            engine: Engine::Postgres(session),
            news: Vec::new(),
            looked: None,
        }
    }

    /// For one statement that reads.
    pub(crate) fn looking(self) -> Self {
        Self {
            looked: Some(false),
            ..self
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
    /// announced before it; what one room's log grew by, all at once.
    pub fn announce(&mut self, news: News) {
        let News::Log(news) = news else {
            self.news.push(news);
            return;
        };
        let logs = self.news.iter_mut().filter_map(|earlier| match earlier {
            News::Log(earlier) => Some(earlier),
            _ => None,
        });
        match logs.rev().find(|earlier| earlier.room.key == news.room.key) {
            Some(earlier) => earlier.go_on(*news),
            None => self.news.push(News::Log(news)),
        }
    }

    /// What was announced so far.
    pub(crate) fn news(&self) -> &[News] {
        &self.news
    }

    pub(crate) fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }
}

impl Tx<'_> {
    /// Refuses what a look is not for.
    fn admit(&mut self, writes: bool) -> Result<()> {
        let Some(asked) = &mut self.looked else {
            return Ok(());
        };
        if writes || std::mem::replace(asked, true) {
            let what = "Store::look asks one statement that reads; for more there is Store::read";
            return Err(StoreError::Statement(what.to_owned()));
        }
        Ok(())
    }

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
    pub(crate) fn query(&mut self, sql: &'static Sql, params: &[Value<'_>]) -> Result<Vec<Row>> {
        self.admit(sql.writes())?;
        match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::query(connection, sql, params),
            Engine::Postgres(session) => session.query(sql, params),
        }
    }

    /// The first row, if there is one.
    pub(crate) fn query_opt(
        &mut self,
        sql: &'static Sql,
        params: &[Value<'_>],
    ) -> Result<Option<Row>> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// Runs the statement before the transaction's next query, at the latest when it is committed:
    /// PostgreSQL is sent both at once. So an error may come from there; it undoes the transaction
    /// in either case.
    pub(crate) fn execute(&mut self, sql: &'static Sql, params: &[Value<'_>]) -> Result<()> {
        self.admit(true)?;
        match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::execute(connection, sql, params).map(drop),
            Engine::Postgres(session) => {
                session.execute_later(sql, params);
                Ok(())
            }
        }
    }

    /// [`Tx::execute`] of a statement over `{rows}`.
    pub(crate) fn execute_rows(&mut self, sql: &'static Sql, rows: &dyn Input<'_>) -> Result<()> {
        if rows.count() == 0 {
            return Ok(());
        }
        self.admit(true)?;
        match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::execute_rows(connection, sql, rows),
            Engine::Postgres(session) => {
                session.execute_rows_later(sql, rows);
                Ok(())
            }
        }
    }

    /// [`Tx::execute`] of a statement that only locks rows. SQLite has one writer, which has it to
    /// itself: nothing is run there.
    pub(crate) fn lock(&mut self, sql: &'static Sql, params: &[Value<'_>]) -> Result<()> {
        match self.as_sqlite() {
            Some(_) => self.admit(true),
            None => self.execute(sql, params),
        }
    }

    /// [`Tx::lock`] by a statement over `{rows}`.
    pub(crate) fn lock_rows(&mut self, sql: &'static Sql, rows: &dyn Input<'_>) -> Result<()> {
        match self.as_sqlite() {
            Some(_) => self.admit(true),
            None => self.execute_rows(sql, rows),
        }
    }

    /// Runs the statement now. How many rows were changed.
    pub(crate) fn change(&mut self, sql: &'static Sql, params: &[Value<'_>]) -> Result<u64> {
        self.admit(true)?;
        match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::execute(connection, sql, params),
            Engine::Postgres(session) => session.execute(sql, params),
        }
    }

    /// What several statements give, none of which needs another's answer: PostgreSQL is asked all
    /// at once, and answers one after the other.
    pub(crate) fn ask<'a, const N: usize>(&mut self, asked: [Ask<'a>; N]) -> Result<[Vec<Row>; N]> {
        let mut answers = [const { Vec::new() }; N];
        if self.as_sqlite().is_none() {
            for ask in asked.iter().filter(|ask| !ask.is_empty()) {
                self.admit(ask.writes())?;
            }
        }
        if let Engine::Postgres(session) = &mut self.engine {
            let some = asked.iter().filter(|ask| !ask.is_empty());
            let some = some.map(|ask| match *ask {
                Ask::Once(sql, params) => (sql, postgres::single(params)),
                Ask::Each(sql, rows) => (sql, postgres::arrays(sql, rows)),
            });
            let mut given = session.query_all(some.collect())?.into_iter();
            for (ask, answer) in asked.iter().zip(&mut answers) {
                if !ask.is_empty() {
                    *answer = given.next().unwrap_or_default();
                }
            }
        } else {
            for (ask, answer) in asked.into_iter().zip(&mut answers) {
                *answer = match ask {
                    Ask::Once(sql, params) => self.query(sql, params)?,
                    Ask::Each(sql, rows) => self.query_rows(sql, rows)?,
                };
            }
        }
        Ok(answers)
    }

    /// The rows that a statement over `{rows}` gives for these input rows, in no order to rely on.
    pub(crate) fn query_rows(
        &mut self,
        sql: &'static Sql,
        rows: &dyn Input<'_>,
    ) -> Result<Vec<Row>> {
        if rows.count() == 0 {
            return Ok(Vec::new());
        }
        self.admit(sql.writes())?;
        match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::query_rows(connection, sql, rows),
            Engine::Postgres(session) => {
                let asked = vec![(sql, postgres::arrays(sql, rows))];
                Ok(session.query_all(asked)?.pop().unwrap_or_default())
            }
        }
    }
}

/// A statement that is asked with others.
#[derive(Clone, Copy)]
pub(crate) enum Ask<'a> {
    Once(&'static Sql, &'a [Value<'a>]),
    /// Over `{rows}`; not asked when there are none.
    Each(&'static Sql, &'a dyn Input<'a>),
}

impl Ask<'_> {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Each(_, rows) if rows.count() == 0)
    }

    fn writes(&self) -> bool {
        let (Self::Once(sql, _) | Self::Each(sql, _)) = self;
        sql.writes()
    }
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map(drop)
        .map_err(|e| StoreError::Unusable(format!("cannot start the thread {name}: {e}")))
}
