//! Connections, each driven by the thread that uses it.
//!
//! tokio-postgres has a task for each connection that moves its bytes. On the server's own runtime
//! every answer would change threads twice on its way, from the task to the one who waits and back,
//! and where processors sleep each change is a wake-up. So a connection has a runtime of its own,
//! which runs only while somebody uses the connection, and on their thread.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use orderchat_domain::news::News;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::session;
use crate::engine::Tx;
use crate::sql::Sql;
use crate::{AsStoreError, Result, StoreError};

/// Connections for each processor, where nobody says how many: with PostgreSQL on the same machine
/// more of them only take turns.
const PER_PROCESSOR: usize = 6;
/// Never fewer: three writers of groups, the relay's eight reads, and somebody else.
const AT_LEAST: usize = 12;
/// Two nodes and their tools fit into PostgreSQL's default of 100.
const AT_MOST: usize = 24;
/// How long a command waits for one, and for PostgreSQL to accept a new one.
pub(crate) const WAIT: Duration = Duration::from_secs(5);

/// The connections that nobody uses, and places for all there may be.
#[derive(Debug)]
pub(crate) struct Pool {
    config: Config,
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
    size: usize,
}

/// The right to use a connection.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// A connection that is in use; it goes back unless it is lost.
#[derive(Debug)]
pub(crate) struct Used {
    connection: Option<Connection>,
    pool: Arc<Pool>,
    // Freed after `drop` has put the connection back.
    _place: Place,
}

#[derive(Debug)]
pub(crate) struct Connection {
    client: Client,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    /// By where their texts stand, which is for good.
    statements: RefCell<HashMap<usize, Statement>>,
    /// Not to be used again.
    given_up: Cell<bool>,
}

impl Pool {
    pub(crate) fn new(config: Config, size: Option<usize>) -> Self {
        let size = size.unwrap_or_else(|| {
            let processors = std::thread::available_parallelism().map_or(1, usize::from);
            (processors * PER_PROCESSOR).clamp(AT_LEAST, AT_MOST)
        });
        Self {
            config,
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(size)),
            size,
        }
    }

    /// Where it connects to, as HOST:PORT or the folder of a socket.
    pub(crate) fn servers(&self) -> String {
        const PORT: u16 = 5432;
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or(ports.last()).copied().unwrap_or(PORT);
        let hosts = self.config.get_hosts().iter().enumerate();
        let hosts = hosts.map(|(at, host)| match host {
            Host::Tcp(host) => format!("{host}:{}", port(at)),
            Host::Unix(folder) => folder.display().to_string(),
        });
        hosts.collect::<Vec<_>>().join(" or ")
    }

    /// How many connections there may be.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    /// Waits until a connection may be used.
    pub(crate) async fn place(&self) -> Result<Place> {
        let places = Arc::clone(&self.places);
        match timeout(WAIT, places.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Place { _permit: permit }),
            Ok(Err(_)) => Err(StoreError::Failed("the store has stopped".to_owned())),
            Err(_) => Err(StoreError::Busy("no connection was free in time")),
        }
    }

    /// A connection that lives, from a thread that may block.
    pub(crate) fn take(self: &Arc<Self>, place: Place) -> Result<Used> {
        let used = |connection| Used {
            connection: Some(connection),
            pool: Arc::clone(self),
            _place: place,
        };
        loop {
            let idle = self.idle().pop();
            let Some(connection) = idle else {
                return Ok(used(Connection::open(&self.config)?));
            };
            // While nobody used it, nobody noticed that PostgreSQL was restarted.
            connection.turn();
            if !connection.client.is_closed() {
                return Ok(used(connection));
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used {
    /// Runs a command in a transaction, again when it met another one.
    pub(crate) fn write<T, E>(
        &mut self,
        write: impl FnMut(&mut Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<(T, Vec<News>), E>
    where
        E: From<StoreError> + AsStoreError,
    {
        session::write(self.get()?, write)
    }

    pub(crate) fn get(&mut self) -> Result<&mut Connection> {
        let lost = || StoreError::Failed("a connection was lost".to_owned());
        self.connection.as_mut().ok_or_else(lost)
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && !connection.given_up.get()
            && !connection.client.is_closed()
        {
            self.pool.idle().push(connection);
        }
    }
}

impl Connection {
    fn open(config: &Config) -> Result<Self> {
        let failed = |why: String| StoreError::Failed(why);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| failed(e.to_string()))?;
        // Made inside: a timeout needs the runtime, which not every thread has around it.
        let connecting = runtime.block_on(async { timeout(WAIT, config.connect(NoTls)).await });
        let connected = connecting.map_err(|_| failed("it does not answer".to_owned()))?;
        let (client, connection) = connected.map_err(|e| failed(reason(&e)))?;
        // Ends with the connection. What became of it the next use is told by the client.
        drop(runtime.spawn(connection.map(drop)));
        Ok(Self {
            client,
            runtime: Some(runtime),
            statements: RefCell::default(),
            given_up: Cell::new(false),
        })
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) const fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The runtime, for what needs the client whole; to be put back.
    pub(crate) fn take_runtime(&mut self) -> Result<Runtime> {
        let stopped = || StoreError::Failed("the connection was closed".to_owned());
        self.runtime.take().ok_or_else(stopped)
    }

    pub(crate) fn put_runtime(&mut self, runtime: Runtime) {
        self.runtime = Some(runtime);
    }

    /// Waits for what the connection is asked.
    pub(crate) fn block_on<T>(
        &self,
        asked: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        let stopped = || StoreError::Failed("the connection was closed".to_owned());
        Ok(self.runtime.as_ref().ok_or_else(stopped)?.block_on(asked)?)
    }

    /// Makes sure that nobody uses it after its present user: nobody knows what state it is in.
    pub(crate) fn give_up(&self) {
        self.given_up.set(true);
    }

    /// Prepares the text, once.
    pub(crate) fn statement(&self, sql: &'static Sql) -> Result<Statement> {
        let at = std::ptr::from_ref(sql).addr();
        if let Some(statement) = self.statements.borrow().get(&at) {
            return Ok(statement.clone());
        }
        let statement = self.block_on(self.client.prepare(sql.postgres()))?;
        self.statements.borrow_mut().insert(at, statement.clone());
        Ok(statement)
    }

    /// Sends what it has been asked for and nobody waits for.
    pub(crate) fn tell(&self, sql: &str) {
        // Asked when first polled; the answer is dropped when it comes.
        let _ = self.client.batch_execute(sql).now_or_never();
        self.turn();
    }

    /// Moves what can be moved without waiting, either way.
    fn turn(&self) {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(async {
                // Once for what comes in to be noticed, once for it to be read.
                yield_now().await;
                yield_now().await;
            });
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Never waits: it may be dropped where nothing may.
            runtime.shutdown_background();
        }
    }
}

/// With what is underneath: the error itself says only that it could not connect.
fn reason(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error)
        .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
