//! PostgreSQL: a pool of connections, sessions that block on them, writers for grouped commands.

mod pool;

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::{MaybeDone, maybe_done};
use orderchat_domain::news::News;
use tokio::sync::Mutex;
use tokio_postgres::types::{ToSql, Type};

use pool::{Connection, Pool};

use super::Tx;
use crate::hearers::Hearers;
use crate::migrate::{self, Migrated};
use crate::sql::{Kind, Sql};
use crate::value::{Cell, Row, Value};
use crate::{AsStoreError, Result, StoreError};

/// How often a transaction that met another one is repeated.
const TRIES: u32 = 5;
/// Transactions on one room wait here, before the pool, so that a hot room cannot hold all
/// connections. Rooms share a queue when their keys meet modulo this.
const QUEUES: usize = 256;

/// What every connection is set to. Each statement goes by indexes from few rows to few rows, and a
/// test holds that it can, so plans are pinned to that and made once. Left to itself the planner
/// keeps a plan made while a table was small and scans it, or guesses how many rows pass a filter
/// and sorts them all where it could stop after a page. Compiling plans (`jit`) costs more than
/// they take. What is asked for often is in memory, where no page is farther than another.
pub const SETTINGS: &str = "-c lock_timeout=4000 -c statement_timeout=8000 \
    -c idle_in_transaction_session_timeout=5000 -c timezone=UTC \
    -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off \
    -c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off -c jit=off \
    -c random_page_cost=1";

#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Arc<Pool>,
    queues: Vec<Arc<Mutex<()>>>,
}

impl Postgres {
    /// Connects, checks and migrates.
    pub(crate) async fn open(url: &str) -> Result<(Self, Migrated)> {
        let postgres = Self::new(url)?;
        let migrated = postgres
            .first(|connection| {
                let runtime = connection.take_runtime()?;
                let migrated = runtime.block_on(migrate::postgres(connection.client_mut()));
                connection.put_runtime(runtime);
                migrated
            })
            .await?;
        Ok((postgres, migrated))
    }

    /// Connects, changing nothing; and the version of the schema, `None` when there is none.
    pub(crate) async fn open_to_read(url: &str) -> Result<(Self, Option<usize>)> {
        const TABLE: &str = "SELECT CAST(to_regclass('refinery_schema_history') AS TEXT)";
        let postgres = Self::new(url)?;
        let version = postgres
            .first(|connection| {
                let client = connection.client();
                let table = connection.block_on(client.query_one(TABLE, &[]))?;
                if table.try_get::<_, Option<String>>(0)?.is_none() {
                    return Ok(None);
                }
                let version = connection.block_on(client.query_one(migrate::VERSION, &[]))?;
                Ok(usize::try_from(version.try_get::<_, i64>(0)?).ok())
            })
            .await?;
        Ok((postgres, version))
    }

    /// Whether another process of ours has connections to this database.
    pub(crate) async fn is_served(&self) -> Result<bool> {
        const OTHERS: &str = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'orderchat'
              AND pid <> pg_backend_pid()";
        self.first(|connection| {
            let others = connection.block_on(connection.client().query_one(OTHERS, &[]))?;
            Ok(others.try_get::<_, i64>(0)? > 0)
        })
        .await
    }

    fn new(url: &str) -> Result<Self> {
        let mut config: tokio_postgres::Config = url.parse().map_err(|_| {
            StoreError::Unusable(
                "the PostgreSQL address cannot be read; give postgres://user:password@host/database"
                    .to_owned(),
            )
        })?;
        config.application_name("orderchat");
        let options = config.get_options().unwrap_or_default();
        let options = format!("{options} {SETTINGS}");
        config.options(options.trim());
        Ok(Self {
            pool: Arc::new(Pool::new(config)),
            queues: (0..QUEUES).map(|_| Arc::default()).collect(),
        })
    }

    /// Does something before there are transactions.
    async fn first<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (pool, place) = (Arc::clone(&self.pool), self.pool.place().await?);
        blocking(move || {
            let mut used = pool.take(place).map_err(|error| {
                StoreError::Unusable(format!("cannot connect to PostgreSQL: {}", plain(&error)))
            })?;
            run(used.get()?)
        })
        .await
    }

    pub(crate) const fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Runs a read on a snapshot.
    pub(crate) async fn read<T, E, F>(&self, read: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        let (pool, place) = (Arc::clone(&self.pool), self.pool.place().await?);
        blocking(move || {
            let mut used = pool.take(place)?;
            let waiting = Waiting::default();
            let session = Session::new(used.get()?, &waiting);
            session.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            // After a panic the next user of the connection would be inside this transaction.
            let guard = Rollback(Some(session));
            let result = read(&mut Tx::postgres(session));
            guard.disarm();
            // Nothing hangs on how a snapshot ends, and it ends before anything else that this
            // connection is sent.
            session.end("COMMIT");
            result
        })
        .await
    }

    /// Runs a write; `room` names the queue it waits in. `hearers` hear of it before anybody else
    /// does, also when its caller has gone meanwhile.
    pub(crate) async fn write<T, E, F>(
        &self,
        room: Option<i64>,
        hearers: Arc<Hearers>,
        write: F,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
        E: AsStoreError,
    {
        let queue = room.map(|room| &self.queues[room.unsigned_abs() as usize % QUEUES]);
        let turn = match queue {
            Some(queue) => Some(Arc::clone(queue).lock_owned().await),
            None => None,
        };
        let (pool, place) = (Arc::clone(&self.pool), self.pool.place().await?);
        blocking(move || {
            // Kept until the transaction has ended, also when its caller has gone before.
            let _turn = turn;
            let mut used = pool.take(place)?;
            let waiting = Waiting::default();
            let (result, news) = Session::new(used.get()?, &waiting).repeat(write)?;
            hearers.hear(news);
            Ok(result)
        })
        .await
    }
}

/// What an error says, without whose it is.
fn plain(error: &StoreError) -> String {
    match error {
        StoreError::Failed(why) => why.clone(),
        other => other.to_string(),
    }
}

/// Runs on a thread that may block.
async fn blocking<T, E>(
    run: impl FnOnce() -> std::result::Result<T, E> + Send + 'static,
) -> std::result::Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    tokio::task::spawn_blocking(run)
        .await
        .unwrap_or_else(|_| Err(StoreError::Failed("a transaction panicked".to_owned()).into()))
}

fn is_conflict(error: &impl AsStoreError) -> bool {
    matches!(error.store_error(), Some(StoreError::Conflict))
}

/// What a connection has not been sent yet.
pub(crate) type Waiting = RefCell<Vec<Unsent>>;

/// A statement whose answer nobody waits for.
#[derive(Debug)]
pub(crate) enum Unsent {
    Begin(&'static str),
    Statement(&'static Sql, Params),
}

type Params = Vec<Box<dyn ToSql + Sync>>;

/// A connection within a transaction, used from a thread that may block.
///
/// Every wait for PostgreSQL costs two changes of thread here and one of process there. So what
/// needs no answer waits to be sent with what does, in the order it was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session<'a> {
    connection: &'a Connection,
    waiting: &'a Waiting,
}

impl<'a> Session<'a> {
    pub(crate) const fn new(connection: &'a Connection, waiting: &'a Waiting) -> Self {
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
        let unsent = self.waiting.take();
        if !matches!(unsent.first(), Some(Unsent::Begin(_))) {
            self.connection.tell(how);
        }
    }

    /// Undoes the transaction, if it was begun, and waits until its locks are free.
    fn undo(&self) {
        let unsent = self.waiting.take();
        if !matches!(unsent.first(), Some(Unsent::Begin(_))) {
            let client = self.connection.client();
            // Should the connection be lost, PostgreSQL undoes the transaction by itself.
            let _ = self.connection.block_on(client.batch_execute("ROLLBACK"));
        }
    }

    /// Sends what waits and then `last`, in one go, and waits for all answers.
    fn send<T>(&self, last: impl Future<Output = PgResult<T>>) -> Result<T> {
        let unsent = self.waiting.take();
        // A statement that is new to the connection takes an answer of its own, so that comes first.
        let statements = unsent
            .iter()
            .map(|unsent| match unsent {
                Unsent::Begin(_) => Ok(None),
                Unsent::Statement(sql, _) => self.statement(sql).map(Some),
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
        self.connection.block_on(async {
            send_all(&mut earlier).await;
            let last = last.await;
            answers(earlier).await?;
            last
        })
    }

    /// Runs the command in a transaction, again when it met another one. With what it committed
    /// comes what is to be heard of it.
    pub(crate) fn repeat<T, E>(
        self,
        mut write: impl FnMut(&mut Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<(T, Vec<News>), E>
    where
        E: From<StoreError> + AsStoreError,
    {
        let mut tries = 1;
        loop {
            let result = self.transaction(&mut write);
            match result {
                Err(error) if is_conflict(&error) && tries < TRIES => tries += 1,
                Err(error) if is_conflict(&error) => {
                    return Err(StoreError::Busy("transactions kept meeting each other").into());
                }
                result => return result,
            }
        }
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
        self.send(self.connection.client().batch_execute("COMMIT"))
    }

    fn statement(&self, sql: &Sql) -> Result<tokio_postgres::Statement> {
        self.connection.statement(sql)
    }

    /// Prepares the text, and checks that parameters and columns are of types that [`Value`] and
    /// [`Cell`] have: PostgreSQL infers them, and tells of another one only when it runs.
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

    pub(crate) fn query(&self, sql: &Sql, params: &[Value<'_>]) -> Result<Vec<Row>> {
        let statement = self.statement(sql)?;
        let params = borrowed(params);
        let rows = self.send(self.connection.client().query(&statement, &params))?;
        rows.iter().map(row).collect()
    }

    pub(crate) fn execute(&self, sql: &Sql, params: &[Value<'_>]) -> Result<u64> {
        let statement = self.statement(sql)?;
        let params = borrowed(params);
        self.send(self.connection.client().execute(&statement, &params))
    }

    pub(crate) fn execute_later(&self, sql: &'static Sql, params: &[Value<'_>]) {
        let params = params.iter().copied().map(owned).collect();
        let unsent = Unsent::Statement(sql, params);
        self.waiting.borrow_mut().push(unsent);
    }

    pub(crate) fn execute_rows_later(&self, sql: &'static Sql, rows: &[Vec<Value<'_>>]) {
        let unsent = Unsent::Statement(sql, arrays(sql, rows));
        self.waiting.borrow_mut().push(unsent);
    }

    pub(crate) fn query_rows(&self, sql: &Sql, rows: &[Vec<Value<'_>>]) -> Result<Vec<Row>> {
        let statement = self.statement(sql)?;
        let params = arrays(sql, rows);
        let rows = self.send(self.connection.client().query(&statement, &refs(&params)))?;
        rows.iter().map(row).collect()
    }

    /// [`Session::query_rows`] of several statements, sent in one go.
    pub(crate) fn query_rows_of(
        &self,
        asked: &[&(&Sql, &[Vec<Value<'_>>])],
    ) -> Result<Vec<Vec<Row>>> {
        let asked = asked
            .iter()
            .map(|(sql, rows)| Ok((self.statement(sql)?, arrays(sql, rows))))
            .collect::<Result<Vec<_>>>()?;
        let client = self.connection.client();
        let answers = self.send(async {
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
        answers
            .iter()
            .map(|rows| rows.iter().map(row).collect())
            .collect()
    }
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

fn borrowed<'a>(params: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

fn refs(params: &Params) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(AsRef::as_ref).collect()
}

fn owned(value: Value<'_>) -> Box<dyn ToSql + Sync> {
    match value {
        Value::Null => Box::new(Value::Null),
        Value::Int(value) => Box::new(value),
        Value::Text(value) => Box::new(value.to_owned()),
        Value::Bytes(value) => Box::new(value.to_vec()),
    }
}

/// Each column of the input rows as an array.
fn arrays(sql: &Sql, rows: &[Vec<Value<'_>>]) -> Params {
    sql.columns()
        .iter()
        .enumerate()
        .map(|(at, (_, kind))| array(*kind, rows.iter().map(|row| row[at])))
        .collect()
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

/// One column of the input rows as an array.
fn array<'a>(kind: Kind, values: impl Iterator<Item = Value<'a>>) -> Box<dyn ToSql + Sync> {
    match kind {
        Kind::Int => Box::new(
            values
                .map(|value| {
                    if let Value::Int(value) = value {
                        Some(value)
                    } else {
                        None
                    }
                })
                .collect::<Vec<_>>(),
        ),
        Kind::Text => Box::new(
            values
                .map(|value| {
                    if let Value::Text(value) = value {
                        Some(value.to_owned())
                    } else {
                        None
                    }
                })
                .collect::<Vec<_>>(),
        ),
        Kind::Bytes => Box::new(
            values
                .map(|value| {
                    if let Value::Bytes(value) = value {
                        Some(value.to_vec())
                    } else {
                        None
                    }
                })
                .collect::<Vec<_>>(),
        ),
    }
}

/// Whether [`row`] can read it.
fn is_cell(ty: &Type) -> bool {
    matches!(
        *ty,
        Type::INT8 | Type::INT4 | Type::TEXT | Type::VARCHAR | Type::BYTEA
    )
}

fn row(row: &tokio_postgres::Row) -> Result<Row> {
    let mut cells = Vec::with_capacity(row.len());
    for (at, column) in row.columns().iter().enumerate() {
        let cell = match *column.type_() {
            Type::INT8 => row
                .try_get::<_, Option<i64>>(at)?
                .map_or(Cell::Null, Cell::Int),
            Type::INT4 => row
                .try_get::<_, Option<i32>>(at)?
                .map_or(Cell::Null, |value| Cell::Int(i64::from(value))),
            Type::TEXT | Type::VARCHAR => row
                .try_get::<_, Option<String>>(at)?
                .map_or(Cell::Null, Cell::Text),
            Type::BYTEA => row
                .try_get::<_, Option<Vec<u8>>>(at)?
                .map_or(Cell::Null, Cell::Bytes),
            ref other => return Err(StoreError::Corrupt(format!("a column of type {other}"))),
        };
        cells.push(cell);
    }
    Ok(Row::new(cells))
}
