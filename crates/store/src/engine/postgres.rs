//! PostgreSQL: a pool of connections, sessions that block on them, writers for grouped commands.

mod pool;
mod session;
mod values;

use std::sync::Arc;

use tokio::sync::Mutex;

pub(crate) use pool::WAIT;
use pool::{Connection, Pool};
pub(crate) use session::Session;
pub(crate) use values::{arrays, single};

use super::Tx;
use super::crew::Crew;
use crate::hearers::Hearers;
use crate::migrate::{self, Migrated};
use crate::sabotage;
use crate::{AsStoreError, Result, StoreError};

/// Transactions on one room wait here, before the pool, so that a hot room cannot hold all
/// connections. Rooms share a queue when their keys meet modulo this.
const QUEUES: usize = 256;

/// What every connection is set to. Each statement goes by indexes from few rows to few rows, and a
/// test holds that it can, so plans are pinned to that and made once. Left to itself the planner
/// keeps a plan made while a table was small and scans it, or guesses how many rows pass a filter
/// and sorts them all where it could stop after a page. Compiling plans (`jit`) costs more than
/// they take. What is asked for often is in memory, where no page is farther than another. Workers
/// are not worth their start (10 ms and more) for who reads a page of an index; a plan that does not know how
/// much it is asked for takes two as soon as a table is large.
///
/// A process that hangs in the middle of a write holds its rooms until the server ends its idle
/// transaction: soon enough that other nodes write there again within ten seconds.
pub const SETTINGS: &str = "-c lock_timeout=4000 -c statement_timeout=8000 \
    -c idle_in_transaction_session_timeout=5000 -c timezone=UTC \
    -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off \
    -c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off -c jit=off \
    -c random_page_cost=1 -c max_parallel_workers_per_gather=0";

#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Arc<Pool>,
    /// As many as there are connections.
    crew: Crew<()>,
    queues: Vec<Arc<Mutex<()>>>,
}

impl Postgres {
    /// Connects, checks and migrates.
    pub(crate) async fn open(url: &str, connections: Option<usize>) -> Result<(Self, Migrated)> {
        let postgres = Self::new(url, connections)?;
        let migrated = postgres
            .first(|connection| {
                let runtime = connection.take_runtime()?;
                let migrated = runtime.block_on(migrate::postgres(connection.client_mut()));
                connection.put_runtime(runtime);
                let migrated = migrated?;
                let client = connection.client();
                connection.block_on(client.batch_execute(sabotage::schema()))?;
                Ok(migrated)
            })
            .await?;
        Ok((postgres, migrated))
    }

    /// Connects, changing nothing; and the version of the schema, `None` when there is none.
    pub(crate) async fn open_to_read(
        url: &str,
        connections: Option<usize>,
    ) -> Result<(Self, Option<usize>)> {
        const TABLE: &str = "SELECT CAST(to_regclass('refinery_schema_history') AS TEXT)";
        let postgres = Self::new(url, connections)?;
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

    fn new(url: &str, connections: Option<usize>) -> Result<Self> {
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
        let pool = Pool::new(config, connections);
        Ok(Self {
            crew: Crew::start("store-session", vec![(); pool.size()])?,
            pool: Arc::new(pool),
            queues: (0..QUEUES).map(|_| Arc::default()).collect(),
        })
    }

    /// Does something before there are transactions.
    async fn first<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (pool, place) = (Arc::clone(&self.pool), self.pool.place().await?);
        self.blocking(move || {
            let mut used = pool.take(place).map_err(|error| {
                StoreError::Unusable(format!(
                    "cannot connect to PostgreSQL at {}: {}; check that it runs there, and the user, the \
                     password and the database of the address",
                    pool.servers(),
                    plain(&error)
                ))
            })?;
            run(used.get()?)
        })
        .await
    }

    /// Runs on a thread that may block.
    async fn blocking<T, E>(
        &self,
        run: impl FnOnce() -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let result = self.crew.run(move |()| run()).await;
        result
            .unwrap_or_else(|| Err(StoreError::Failed("a transaction panicked".to_owned()).into()))
    }

    pub(crate) const fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Runs on a thread that may block, with a connection.
    async fn connected<T, E>(
        &self,
        run: impl FnOnce(&Connection) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (pool, place) = (Arc::clone(&self.pool), self.pool.place().await?);
        self.blocking(move || run(pool.take(place)?.get()?)).await
    }

    /// Runs a read on a snapshot.
    pub(crate) async fn read<T, E, F>(&self, read: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        self.connected(|connection| session::read(connection, read))
            .await
    }

    /// Runs a read of one statement.
    pub(crate) async fn look<T, E, F>(&self, read: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        self.connected(|connection| session::look(connection, read))
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
        self.blocking(move || {
            // Kept until the transaction has ended, also when its caller has gone before.
            let _turn = turn;
            let mut used = pool.take(place)?;
            let (result, news) = used.write(write)?;
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
