//! PostgreSQL: a pool of connections, sessions that block on them, writers for grouped commands.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio_postgres::types::{ToSql, Type};

use super::Tx;
use crate::migrate::{self, Migrated};
use crate::sql::{Kind, Sql};
use crate::value::{Cell, Row, Value};
use crate::{AsStoreError, Result, StoreError};

/// Connections of one node. Two nodes and their tools fit into PostgreSQL's default of 100.
const CONNECTIONS: usize = 24;
/// How long a command waits for one.
const WAIT: Duration = Duration::from_secs(5);
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
    -c idle_in_transaction_session_timeout=15000 -c timezone=UTC \
    -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off \
    -c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off -c jit=off \
    -c random_page_cost=1";

#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Pool,
    queues: Vec<Arc<Mutex<()>>>,
}

impl Postgres {
    /// Connects, checks and migrates.
    pub(crate) async fn open(url: &str) -> Result<(Self, Migrated)> {
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
        let manager = Manager::from_config(
            config,
            tokio_postgres::NoTls,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(WAIT),
                create: Some(WAIT),
                recycle: Some(WAIT),
            })
            .build()
            .map_err(|e| StoreError::Unusable(e.to_string()))?;
        let mut connection = pool.get().await.map_err(|e| {
            StoreError::Unusable(format!("cannot connect to PostgreSQL: {}", reason(&e)))
        })?;
        let migrated = migrate::postgres(&mut connection).await?;
        let queues = (0..QUEUES).map(|_| Arc::default()).collect();
        Ok((Self { pool, queues }, migrated))
    }

    pub(crate) async fn connection(&self) -> Result<Object> {
        Ok(self.pool.get().await?)
    }

    /// Runs a read on a snapshot.
    pub(crate) async fn read<T, E, F>(&self, read: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        let connection = self.connection().await?;
        blocking(move |handle| {
            let session = Session::new(&connection, &handle);
            session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
            // After a panic the next user of the connection would be inside this transaction.
            let guard = Rollback(Some(session));
            let result = read(&mut Tx::Postgres(session));
            guard.disarm();
            session.batch("COMMIT")?;
            result
        })
        .await
    }

    /// Runs a write; `room` names the queue it waits in.
    pub(crate) async fn write<T, E, F>(
        &self,
        room: Option<i64>,
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
        let connection = self.connection().await?;
        blocking(move |handle| {
            // Kept until the transaction has ended, also when its caller has gone before.
            let _turn = turn;
            Session::new(&connection, &handle).repeat(write)
        })
        .await
    }
}

fn reason(error: &deadpool_postgres::PoolError) -> String {
    match error {
        deadpool_postgres::PoolError::Backend(backend) => std::error::Error::source(backend)
            .map_or_else(
                || backend.to_string(),
                |source| format!("{backend}: {source}"),
            ),
        other => other.to_string(),
    }
}

/// Runs on a thread that may block.
async fn blocking<T, E>(
    run: impl FnOnce(Handle) -> std::result::Result<T, E> + Send + 'static,
) -> std::result::Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || run(handle))
        .await
        .unwrap_or_else(|_| Err(StoreError::Failed("a transaction panicked".to_owned()).into()))
}

fn is_conflict(error: &impl AsStoreError) -> bool {
    matches!(error.store_error(), Some(StoreError::Conflict))
}

/// A connection within a transaction, used from a thread that may block.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    client: &'a Object,
    handle: &'a Handle,
}

impl<'a> Session<'a> {
    pub(crate) const fn new(client: &'a Object, handle: &'a Handle) -> Self {
        Self { client, handle }
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.handle.block_on(self.client.batch_execute(sql))?)
    }

    /// Runs the command in a transaction, again when it met another one.
    pub(crate) fn repeat<T, E>(
        self,
        mut write: impl FnMut(&mut Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E>
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
    ) -> std::result::Result<T, E>
    where
        E: From<StoreError>,
    {
        self.batch("BEGIN")?;
        // A panic leaves the transaction open: rolled back by the guard before it goes on.
        let guard = Rollback(Some(self));
        let result = write(&mut Tx::Postgres(self));
        if result.is_ok() {
            guard.disarm();
            self.batch("COMMIT")?;
        }
        result
    }

    fn statement(&self, sql: &Sql) -> Result<tokio_postgres::Statement> {
        Ok(self
            .handle
            .block_on(self.client.prepare_cached(sql.postgres()))?)
    }

    /// Prepares the text, and checks that parameters and columns are of types that [`Value`] and
    /// [`Cell`] have: PostgreSQL infers them, and tells of another one only when it runs.
    pub(crate) fn prepare(&self, sql: &Sql) -> Result<()> {
        let statement = self.handle.block_on(self.client.prepare(sql.postgres()))?;
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
        let params: Vec<&(dyn ToSql + Sync)> = params
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let rows = self
            .handle
            .block_on(self.client.query(&statement, &params))?;
        rows.iter().map(row).collect()
    }

    pub(crate) fn execute(&self, sql: &Sql, params: &[Value<'_>]) -> Result<u64> {
        let statement = self.statement(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        Ok(self
            .handle
            .block_on(self.client.execute(&statement, &params))?)
    }

    pub(crate) fn query_rows(&self, sql: &Sql, rows: &[Vec<Value<'_>>]) -> Result<Vec<Row>> {
        let statement = self.statement(sql)?;
        let arrays: Vec<Box<dyn ToSql + Sync>> = sql
            .columns()
            .iter()
            .enumerate()
            .map(|(at, (_, kind))| array(*kind, rows.iter().map(|row| row[at])))
            .collect();
        let params: Vec<&(dyn ToSql + Sync)> = arrays.iter().map(AsRef::as_ref).collect();
        let rows = self
            .handle
            .block_on(self.client.query(&statement, &params))?;
        rows.iter().map(row).collect()
    }
}

struct Rollback<'a>(Option<Session<'a>>);

impl Rollback<'_> {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.0
            && let Err(error) = session.batch("ROLLBACK")
        {
            // The connection is lost; the pool drops it, PostgreSQL undoes the transaction.
            tracing::warn!(%error, "a transaction could not be rolled back");
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
