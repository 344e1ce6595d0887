//! Transactions on a connection, from a thread that may block.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures_util::future::{MaybeDone, join, maybe_done};
use orderchat_domain::news::News;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;

use super::pool::Connection;
use super::values::{Params, arrays, borrowed, is_cell, refs, rows, single};
use crate::engine::Tx;
use crate::row::Row;
use crate::sql::Sql;
use crate::value::{Input, Value};
use crate::{AsStoreError, Result, StoreError};

/// How often a transaction that met another one is repeated.
const TRIES: u32 = 5;

/// What a connection has not been sent yet.
type Waiting = RefCell<Vec<Unsent>>;

/// A statement whose answer nobody waits for.
#[derive(Debug)]
enum Unsent {
    Begin(&'static str),
    Statement(&'static Sql, Params),
}

/// Runs a read on a snapshot.
pub(super) fn read<T, E>(
    connection: &Connection,
    read: impl FnOnce(&mut Tx<'_>) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let waiting = Waiting::default();
    let session = Session::new(connection, &waiting);
    session.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    // After a panic the next user of the connection would be inside this transaction.
    let guard = Rollback(Some(session));
    let result = read(&mut Tx::postgres(session));
    guard.disarm();
    // Nothing hangs on how a snapshot ends, and it ends before anything else that this connection
    // is sent.
    session.end("COMMIT");
    result
}

/// Runs a read of one statement, which needs no transaction around it.
pub(super) fn look<T, E>(
    connection: &Connection,
    read: impl FnOnce(&mut Tx<'_>) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let waiting = Waiting::default();
    read(&mut Tx::postgres(Session::new(connection, &waiting)).looking())
}

/// Runs a command in a transaction, again when it met another one. With what it committed comes what
/// is to be heard of it.
pub(super) fn write<T, E>(
    connection: &Connection,
    mut write: impl FnMut(&mut Tx<'_>) -> std::result::Result<T, E>,
) -> std::result::Result<(T, Vec<News>), E>
where
    E: From<StoreError> + AsStoreError,
{
    let waiting = Waiting::default();
    let session = Session::new(connection, &waiting);
    let mut tries = 1;
    loop {
        let result = session.transaction(&mut write);
        match result {
            Err(error) if is_conflict(&error) && tries < TRIES => tries += 1,
            Err(error) if is_conflict(&error) => {
                return Err(StoreError::Busy("transactions kept meeting each other").into());
            }
            result => return result,
        }
    }
}

fn is_conflict(error: &impl AsStoreError) -> bool {
    matches!(error.store_error(), Some(StoreError::Conflict))
}

/// A connection within a transaction, used from a thread that may block.
///
/// Every wait for PostgreSQL costs two changes of thread here and one of process there. So what
/// needs no answer waits to be sent with what does, in the order it was asked for.
///
/// PostgreSQL takes each of the statements that it is sent together for itself: should the BEGIN
/// among them fail, it would commit every write that comes after. So no write is sent before it is
/// known that the transaction has begun; and a connection on which one did not is given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session<'a> {
    connection: &'a Connection,
    waiting: &'a Waiting,
}

impl<'a> Session<'a> {
    const fn new(connection: &'a Connection, waiting: &'a Waiting) -> Self {
        Self {
            connection,
            waiting,
        }
    }

    fn begin(&self, how: &'static str) {
        self.waiting.replace(vec![Unsent::Begin(how)]);
    }

    /// Ends the transaction without waiting for the answer, if it was begun.
    fn end(&self, how: &str) {
        if !is_begin(&self.waiting.take()) {
            self.connection.tell(how);
        }
    }

    /// Undoes the transaction, if it was begun, and waits until its locks are free.
    fn undo(&self) {
        if !is_begin(&self.waiting.take()) {
            let client = self.connection.client();
            // Should the connection be lost, PostgreSQL undoes the transaction by itself.
            let _ = self.connection.block_on(client.batch_execute("ROLLBACK"));
        }
    }

    /// Sends what waits and then `last`, in one go, and waits for all answers. `writes`: whether
    /// `last` does.
    fn send<T>(&self, writes: bool, last: impl Future<Output = PgResult<T>>) -> Result<T> {
        let mut unsent = self.waiting.take();
        if is_begin(&unsent) && (writes || unsent.iter().any(Unsent::writes)) {
            self.begin_now(&mut unsent)?;
        }
        // A statement that is new to the connection takes an answer of its own, so that comes first.
        let statements = unsent
            .iter()
            .map(|unsent| match unsent {
                Unsent::Begin(_) => Ok(None),
                Unsent::Statement(sql, _) => self.connection.statement(sql).map(Some),
            })
            .collect::<Result<Vec<_>>>()?;
        let client = self.connection.client();
        let mut earlier: Vec<_> = unsent
            .iter()
            .zip(&statements)
            .map(|(unsent, statement)| {
                maybe_done(Box::pin(async move {
                    match (unsent, statement) {
                        (Unsent::Begin(how), _) => client.batch_execute(how).await,
                        (Unsent::Statement(_, params), Some(statement)) => {
                            client.execute(statement, &refs(params)).await.map(drop)
                        }
                        (Unsent::Statement(..), None) => Ok(()),
                    }
                }))
            })
            .collect();
        let begins = is_begin(&unsent);
        self.connection.block_on(async {
            send_all(&mut earlier).await;
            // What comes first is read first: of an answer that nobody reads the connection keeps a piece
            // or two, and waits with all that comes after it.
            let read = async {
                for earlier in &mut earlier {
                    earlier.await;
                }
            };
            let (last, ()) = join(last, read).await;
            let mut earlier = earlier.into_iter();
            if begins && let Some(begin) = earlier.next() {
                let begun = answers(vec![begin]).await;
                begun.inspect_err(|_| self.connection.give_up())?;
            }
            answers(earlier.collect()).await?;
            last
        })
    }

    /// Begins the transaction before anything else is sent.
    fn begin_now(&self, unsent: &mut Vec<Unsent>) -> Result<()> {
        let Unsent::Begin(how) = unsent.remove(0) else {
            return Ok(());
        };
        let begun = self.connection.client().batch_execute(how);
        let begun = self.connection.block_on(begun);
        begun.inspect_err(|_| self.connection.give_up())
    }

    fn transaction<T, E>(
        self,
        write: &mut impl FnMut(&mut Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<(T, Vec<News>), E>
    where
        E: From<StoreError>,
    {
        self.begin("BEGIN");
        // A refusal or a panic leaves the transaction open: rolled back by the guard.
        let guard = Rollback(Some(self));
        let mut tx = Tx::postgres(self);
        let result = write(&mut tx)?;
        self.commit()?;
        guard.disarm();
        Ok((result, tx.take_news()))
    }

    fn commit(self) -> Result<()> {
        let untouched = matches!(self.waiting.borrow().as_slice(), [Unsent::Begin(_)]);
        if untouched {
            self.waiting.take();
            return Ok(());
        }
        self.send(false, self.connection.client().batch_execute("COMMIT"))
    }

    /// Prepares the text, and checks that parameters and columns are of types that [`Value`] and
    /// [`crate::row::Cell`] have: PostgreSQL infers them, and tells of another one only when it
    /// runs.
    pub(crate) fn prepare(&self, sql: &Sql) -> Result<()> {
        let client = self.connection.client();
        let statement = self.connection.block_on(client.prepare(sql.postgres()))?;
        let single = sql.columns().is_empty();
        let foreign = statement
            .params()
            .iter()
            .find(|ty| single && !<Value<'_> as ToSql>::accepts(ty));
        if let Some(ty) = foreign {
            return Err(StoreError::Statement(format!("a parameter of type {ty}")));
        }
        match statement.columns().iter().find(|c| !is_cell(c.type_())) {
            Some(column) => Err(StoreError::Statement(format!(
                "the column {} of type {}",
                column.name(),
                column.type_()
            ))),
            None => Ok(()),
        }
    }

    pub(crate) fn query(&self, sql: &'static Sql, params: &[Value<'_>]) -> Result<Vec<Row>> {
        let statement = self.connection.statement(sql)?;
        let params = borrowed(params);
        let asked = self.connection.client().query(&statement, &params);
        let found = self.send(sql.writes(), asked)?;
        rows(&found)
    }

    pub(crate) fn execute(&self, sql: &'static Sql, params: &[Value<'_>]) -> Result<u64> {
        let statement = self.connection.statement(sql)?;
        let params = borrowed(params);
        let asked = self.connection.client().execute(&statement, &params);
        self.send(sql.writes(), asked)
    }

    pub(crate) fn execute_later(&self, sql: &'static Sql, params: &[Value<'_>]) {
        let unsent = Unsent::Statement(sql, single(params));
        self.waiting.borrow_mut().push(unsent);
    }

    pub(crate) fn execute_rows_later(&self, sql: &'static Sql, input: &dyn Input<'_>) {
        let unsent = Unsent::Statement(sql, arrays(sql, input));
        self.waiting.borrow_mut().push(unsent);
    }

    /// What several statements give, none of which needs another's answer: sent in one go.
    pub(crate) fn query_all(&self, asked: Vec<(&'static Sql, Params)>) -> Result<Vec<Vec<Row>>> {
        let writes = asked.iter().any(|(sql, _)| sql.writes());
        let asked = asked
            .into_iter()
            .map(|(sql, params)| Ok((self.connection.statement(sql)?, params)))
            .collect::<Result<Vec<(Statement, Params)>>>()?;
        let client = self.connection.client();
        let answers = self.send(writes, async {
            let mut queries: Vec<_> = asked
                .iter()
                .map(|(statement, params)| {
                    maybe_done(Box::pin(async move {
                        client.query(statement, &refs(params)).await
                    }))
                })
                .collect();
            send_all(&mut queries).await;
            answers(queries).await
        })?;
        answers.iter().map(|found| rows(found)).collect()
    }
}

impl Unsent {
    fn writes(&self) -> bool {
        matches!(self, Self::Statement(sql, _) if sql.writes())
    }
}

/// Whether the transaction has not begun yet.
fn is_begin(unsent: &[Unsent]) -> bool {
    matches!(unsent.first(), Some(Unsent::Begin(_)))
}

type PgResult<T> = std::result::Result<T, tokio_postgres::Error>;

/// Polls each request once, which sends it: they go out in their order.
async fn send_all<F: Future + Unpin>(requests: &mut [MaybeDone<F>]) {
    poll_fn(|context| {
        for request in &mut *requests {
            let _ = Pin::new(request).poll(context);
        }
        Poll::Ready(())
    })
    .await;
}

/// The answers to all of them, or the first error, which is the one that made all later ones.
async fn answers<T, F>(requests: Vec<MaybeDone<F>>) -> PgResult<Vec<T>>
where
    F: Future<Output = PgResult<T>> + Unpin,
{
    let mut answers = Vec::with_capacity(requests.len());
    for mut request in requests {
        (&mut request).await;
        answers.extend(Pin::new(&mut request).take_output().transpose()?);
    }
    Ok(answers)
}

struct Rollback<'a>(Option<Session<'a>>);

impl Rollback<'_> {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.0 {
            session.undo();
        }
    }
}
