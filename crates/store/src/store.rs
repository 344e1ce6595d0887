//! The store: runs functions over [`Tx`] in transactions, on the engine that was chosen.

mod as_it_is;

use std::path::PathBuf;
use std::sync::Arc;

use orderchat_domain::news::News;
use tokio::sync::{Notify, oneshot, watch};

use crate::engine::postgres::Postgres;
pub use crate::engine::postgres::SETTINGS as POSTGRES_SETTINGS;
use crate::engine::sqlite::{Done, Job, Sqlite};
use crate::hearers::Hearers;
use crate::migrate::Migrated;
use crate::sql::Sql;
use crate::{AsStoreError, Result, StoreError, Tx};

/// Where to keep things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Options {
    Sqlite(PathBuf),
    Postgres {
        /// `postgres://user:password@host/database`
        url: String,
        /// At most so many; `None`: by the processors, see `Pool`.
        connections: Option<usize>,
    },
}

/// Which engine it is, and its version: for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    pub name: &'static str,
    pub version: String,
}

// PostgreSQL only: not among the texts that both engines prepare.
static POSTGRES_VERSION: Sql = Sql::new("SELECT current_setting('server_version')", &[]);
static POSTGRES_DURABILITY: Sql = Sql::new(
    "SELECT current_setting('fsync'), current_setting('synchronous_commit'),
            current_setting('full_page_writes')",
    &[],
);

/// The database of one node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    backend: Backend,
    fatal: Arc<Notify>,
    /// Counts the writes that this node committed.
    commits: Arc<watch::Sender<u64>>,
    hearers: Arc<Hearers>,
    migrated: Migrated,
}

#[derive(Clone, Debug)]
pub(crate) enum Backend {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

/// A write on its way through SQLite's writer.
struct Write<T, E, F> {
    write: F,
    result: Option<std::result::Result<T, E>>,
    news: Vec<News>,
    hearers: Arc<Hearers>,
    reply: Option<oneshot::Sender<std::result::Result<T, E>>>,
}

impl<T, E, F> Job for Write<T, E, F>
where
    T: Send,
    E: From<StoreError> + AsStoreError + Send,
    F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Done {
        // It may run again, and then panic: nothing stays of the time before.
        (self.result, self.news) = (None, Vec::new());
        let result = (self.write)(tx);
        let done = match &result {
            Ok(_) => Done::Keep,
            Err(error) => Done::Undo(error.store_error().cloned()),
        };
        self.news = match result {
            Ok(_) => tx.take_news(),
            Err(_) => Vec::new(),
        };
        self.result = Some(result);
        done
    }

    fn settle(mut self: Box<Self>, committed: Result<()>) {
        if committed.is_ok() {
            self.hearers.hear(std::mem::take(&mut self.news));
        }
        let result = match (committed, self.result.take()) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Failed("a write panicked".to_owned()).into()),
        };
        if let Some(reply) = self.reply.take() {
            // Whoever asked may have gone; the write stands all the same.
            let _ = reply.send(result);
        }
    }
}

impl Store {
    /// Opens, checks and migrates the database.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] says what is wrong and what to do.
    pub async fn open(options: &Options) -> Result<Self> {
        let fatal = Arc::new(Notify::new());
        let (backend, migrated) = match options {
            Options::Sqlite(path) => {
                let (sqlite, migrated) = Sqlite::open(path, Arc::clone(&fatal))?;
                (Backend::Sqlite(Arc::new(sqlite)), migrated)
            }
            Options::Postgres { url, connections } => {
                let (postgres, migrated) = Postgres::open(url, *connections).await?;
                (Backend::Postgres(Arc::new(postgres)), migrated)
            }
        };
        Ok(Self {
            backend,
            fatal,
            commits: Arc::new(watch::Sender::new(0)),
            hearers: Arc::default(),
            migrated,
        })
    }

    /// Changes when this node has committed a write: who follows the log looks again.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Where committed writes are counted.
    pub(crate) fn committing(&self) -> Arc<watch::Sender<u64>> {
        Arc::clone(&self.commits)
    }

    pub(crate) const fn backend(&self) -> &Backend {
        &self.backend
    }

    /// From now on `hear` is told what this node's transactions [announced](Tx::announce), each after
    /// its commit and before its caller learns of it, whether or not the caller still waits. On
    /// SQLite that is in the order of commits; on PostgreSQL transactions of one room may come out of
    /// order. It must be quick: on SQLite the writer waits for it. The first one stays.
    pub fn on_commit(&self, hear: impl Fn(Vec<News>) + Send + Sync + 'static) {
        if !self.hearers.set(Box::new(hear)) {
            tracing::error!("commits are heard already: the second hearer was not taken");
        }
    }

    pub(crate) fn hearers(&self) -> Arc<Hearers> {
        Arc::clone(&self.hearers)
    }

    /// Resolves when the database can no longer be trusted and the process must end.
    pub async fn failed(&self) {
        self.fatal.notified().await;
    }

    /// What opening found and did.
    #[must_use]
    pub const fn migrated(&self) -> Migrated {
        self.migrated
    }

    /// The SQLite file; `None` on PostgreSQL.
    #[must_use]
    pub fn file(&self) -> Option<&std::path::Path> {
        match &self.backend {
            Backend::Sqlite(sqlite) => Some(sqlite.path()),
            Backend::Postgres(_) => None,
        }
    }

    /// Keeps so many bytes of the disk free from now on, on SQLite, or a twentieth of the disk where
    /// that is less. It is held by whoever asks [`Store::check_space`] before writing: what must be
    /// written all the same has that room.
    pub fn keep_free(&self, bytes: u64) {
        if let Backend::Sqlite(sqlite) = &self.backend {
            sqlite.keep_free(bytes);
        }
    }

    /// Whether the disk has room for more than what must be written, as it was seen last: before the
    /// last group of writes, or a second ago.
    /// PostgreSQL looks after its disk itself, and says so when it is full.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] when it has not.
    pub fn check_space(&self) -> Result<()> {
        match &self.backend {
            Backend::Sqlite(sqlite) if sqlite.is_low_on_space() => Err(StoreError::DiskFull),
            Backend::Sqlite(_) | Backend::Postgres(_) => Ok(()),
        }
    }

    /// On SQLite ends writing, for good, and leaves all of it in one file, for who copies that alone once
    /// the server has stopped; elsewhere nothing.
    ///
    /// # Errors
    /// When another process reads the database, or the file cannot be written; nothing is lost then.
    pub async fn put_away(&self) -> Result<()> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.put_away().await,
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Which engine it is.
    ///
    /// # Errors
    /// As any read.
    pub async fn engine(&self) -> Result<Engine> {
        match &self.backend {
            Backend::Sqlite(_) => Ok(Engine {
                name: "SQLite",
                version: rusqlite::version().to_owned(),
            }),
            Backend::Postgres(_) => {
                let rows = self.read(|tx| tx.query(&POSTGRES_VERSION, &[])).await?;
                let version = rows
                    .into_iter()
                    .next()
                    .map(|mut row| row.take())
                    .transpose()?;
                Ok(Engine {
                    name: "PostgreSQL",
                    version: version.unwrap_or_default(),
                })
            }
        }
    }

    /// Prepares every SQL text of the store, running none: a schema that is not ours shows here
    /// and not at somebody's command.
    ///
    /// # Errors
    /// [`StoreError::Statement`] with the first text that the database refuses.
    pub async fn prepare_all(&self) -> Result<()> {
        self.read(|tx| {
            // SQLite compares the schema that the connection knows with the file's when it reads.
            crate::meta::get(tx, "epoch")?;
            crate::statements().into_iter().try_for_each(|sql| {
                tx.prepare(sql).map_err(|error| match error {
                    StoreError::Statement(reason) => {
                        StoreError::Statement(format!("{reason}, in: {}", sql.postgres()))
                    }
                    other => other,
                })
            })
        })
        .await
    }

    /// PostgreSQL's settings on which durability hangs, by name; none on SQLite, where opening
    /// asserts them.
    ///
    /// # Errors
    /// As any read.
    pub async fn durability(&self) -> Result<Vec<(&'static str, String)>> {
        if self.file().is_some() {
            return Ok(Vec::new());
        }
        let row = self
            .read(|tx| tx.query_opt(&POSTGRES_DURABILITY, &[]))
            .await?;
        let Some(mut row) = row else {
            return Ok(Vec::new());
        };
        ["fsync", "synchronous_commit", "full_page_writes"]
            .into_iter()
            .map(|name| Ok((name, row.take()?)))
            .collect()
    }

    /// Runs a read on one snapshot of the database.
    ///
    /// # Errors
    /// Those of the function, and [`StoreError`]s turned into them.
    pub async fn read<T, E, F>(&self, read: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(read).await,
            Backend::Postgres(postgres) => postgres.read(read).await,
        }
    }

    /// Runs a read that asks one statement. That is a snapshot by itself, so PostgreSQL is sent
    /// nothing around it.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn look<T, E, F>(&self, read: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.look(read).await,
            Backend::Postgres(postgres) => postgres.look(read).await,
        }
    }

    /// Runs a write in a transaction: committed and durable when this returns `Ok`, undone when the
    /// function refuses. It may be run again when it met another transaction. `room` is the key of
    /// the room it is about, if it is about one.
    ///
    /// # Errors
    /// Those of the function, and [`StoreError`]s turned into them.
    pub async fn write<T, E, F>(&self, room: Option<i64>, write: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        let result = self.write_unheard(room, write).await;
        if result.is_ok() {
            committed(&self.commits);
        }
        result
    }

    /// [`Store::write`] of what is no news to those who follow the log.
    pub(crate) async fn write_unheard<T, E, F>(
        &self,
        room: Option<i64>,
        write: F,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                let (reply, answer) = oneshot::channel();
                sqlite.submit(Box::new(Write {
                    write,
                    result: None,
                    news: Vec::new(),
                    hearers: Arc::clone(&self.hearers),
                    reply: Some(reply),
                }));
                answer.await.unwrap_or_else(|_| {
                    Err(StoreError::Failed("the writer has stopped".to_owned()).into())
                })
            }
            Backend::Postgres(postgres) => {
                postgres.write(room, Arc::clone(&self.hearers), write).await
            }
        }
    }
}

pub(crate) fn committed(commits: &watch::Sender<u64>) {
    commits.send_modify(|count| *count = count.wrapping_add(1));
}
