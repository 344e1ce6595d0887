//! SQLite: one writer thread that commits in groups, a few readers, a checkpointing thread.

mod checkpoint;
mod file;
mod space;
mod statements;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Notify, oneshot};

use super::crew::Crew;
use super::{Tx, thread};
use crate::migrate::{self, Migrated};
use crate::{Result, StoreError, sabotage};
use checkpoint::Checkpoints;
use file::create_private;
pub use file::{ensure_no_folder, ensure_sqlite_file};
pub use space::Disk;
use space::Space;
use statements::statement;
pub(crate) use statements::{execute, execute_rows, prepare, query, query_rows};

/// SQLite before this can corrupt a database on a WAL-reset race.
const OLDEST: i32 = 3_051_003;
/// Commands committed together at most.
pub(crate) const GROUP: usize = 256;
/// Commands that may wait; one more is refused.
pub(crate) const QUEUE: usize = 4_096;
/// Connections that read.
const READERS: usize = 4;
/// Pages that a connection keeps, in KiB. What a reader does not have comes from the kernel's cache,
/// which is one for all of them.
const WRITER_KEEPS: i64 = 32 << 10;
const READER_KEEPS: i64 = 8 << 10;
/// How long another process (a backup, a shell) may hold the file.
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection; there are about 100.
const STATEMENTS: usize = 256;

/// What is to become of what a job did.
pub(crate) enum Done {
    Keep,
    /// With what the database said, if it was that.
    Undo(Option<StoreError>),
}

/// Work for the writer: runs inside the group's transaction, learns afterwards what became of it.
pub(crate) trait Job: Send {
    /// Runs in the group's transaction, and again when the group has to be repeated.
    fn run(&mut self, tx: &mut Tx<'_>) -> Done;
    /// How many commands it turned out to be.
    fn commands(&self) -> usize {
        1
    }
    /// Whether the writer ends after its group. It is settled once all is in the one file.
    fn is_last(&self) -> bool {
        false
    }
    /// The group was committed, or not.
    fn settle(self: Box<Self>, committed: Result<()>);
}

/// Ends the writer.
struct Last(oneshot::Sender<Result<()>>);

impl Job for Last {
    fn run(&mut self, _: &mut Tx<'_>) -> Done {
        Done::Keep
    }

    fn commands(&self) -> usize {
        0
    }

    fn is_last(&self) -> bool {
        true
    }

    fn settle(self: Box<Self>, ended: Result<()>) {
        // Whoever asked may have gone.
        let _ = self.0.send(ended);
    }
}

#[derive(Debug)]
pub(crate) struct Sqlite {
    jobs: SyncSender<Box<dyn Job>>,
    readers: Crew<Connection>,
    path: PathBuf,
    checkpoints: Arc<Checkpoints>,
    space: Arc<Space>,
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.checkpoints.stop();
    }
}

impl Sqlite {
    /// Opens, checks and migrates the file. `fatal` is notified when the process must end.
    pub(crate) fn open(path: &Path, fatal: Arc<Notify>) -> Result<(Self, Migrated)> {
        let version = rusqlite::version_number();
        if version < OLDEST {
            return Err(StoreError::Unusable(format!(
                "SQLite {} can corrupt a database; build with 3.51.3 or newer",
                rusqlite::version()
            )));
        }
        create_private(path)?;
        let mut writer = connect(path, OpenFlags::default())?;
        let migrated = migrate::sqlite(&mut writer)?;
        writer.execute_batch(sabotage::schema())?;
        assert_settings(&writer)?;
        let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let readers = (0..READERS)
            .map(|_| connect(path, read_only))
            .collect::<Result<Vec<_>>>()?;
        let readers = Crew::start("store-reader", readers)?;
        let (jobs, queue) = sync_channel(QUEUE);
        let checkpoints = Arc::new(Checkpoints::default());
        let space = Arc::new(Space::of(path));
        let (asked, seen) = (Arc::clone(&checkpoints), Arc::clone(&space));
        thread("store-writer", move || {
            writer::write(&writer, &queue, &asked, &seen, &fatal);
        })?;
        let connection = connect(path, OpenFlags::default())?;
        let (until, seen) = (Arc::clone(&checkpoints), Arc::clone(&space));
        thread("store-checkpoint", move || until.run(&connection, &seen))?;
        Ok((
            Self {
                jobs,
                readers,
                path: path.to_owned(),
                checkpoints,
                space,
            },
            migrated,
        ))
    }

    /// Opens the file as it is, for reading alone; and the version of its schema, `None` when it
    /// has none. Another process may be writing to it.
    pub(crate) fn open_to_read(path: &Path) -> Result<(Self, Option<usize>)> {
        let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = connect(path, read_only)?;
        let version = schema_version(&connection)?;
        let readers = Crew::start("store-reader", vec![connection])?;
        // Nobody takes what is queued: a write is told that the writer has stopped.
        let (jobs, _) = sync_channel(0);
        let reading = Self {
            jobs,
            readers,
            path: path.to_owned(),
            checkpoints: Arc::default(),
            space: Arc::new(Space::of(path)),
        };
        Ok((reading, version))
    }

    /// Keeps so many bytes of the disk free, or a twentieth of it where that is less.
    pub(crate) fn keep_free(&self, bytes: u64) {
        self.space.keep(bytes);
    }

    /// Whether less is free than is to be kept, as of the last group, or a second ago.
    pub(crate) fn is_low_on_space(&self) -> bool {
        self.space.is_low()
    }

    /// Ends the writer and leaves everything in the one file: every later write is refused.
    pub(crate) async fn put_away(&self) -> Result<()> {
        let (reply, settled) = oneshot::channel();
        self.submit(Box::new(Last(reply)));
        let stopped = |_| StoreError::Failed("the writer has stopped".to_owned());
        settled.await.map_err(stopped)?
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Queues a write; refuses at once when too many wait.
    pub(crate) fn submit(&self, job: Box<dyn Job>) {
        match self.jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => {
                job.settle(Err(StoreError::Busy("too many writes are waiting")));
            }
            Err(TrySendError::Disconnected(job)) => {
                job.settle(Err(StoreError::Failed("the writer has stopped".to_owned())));
            }
        }
    }

    /// Runs a read on a snapshot.
    pub(crate) async fn read<T, E, F>(&self, read: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        self.run(move |connection| snapshot(connection, read)).await
    }

    /// Runs a read of one statement.
    pub(crate) async fn look<T, E, F>(&self, read: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        self.run(move |connection| once(connection, read)).await
    }

    async fn run<T, E>(
        &self,
        run: impl FnOnce(&Connection) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let result = self.readers.run(run).await;
        result.unwrap_or_else(|| Err(StoreError::Failed("a read panicked".to_owned()).into()))
    }
}

/// Runs a read of one statement, which needs no transaction around it.
fn once<T, E, F>(connection: &Connection, read: F) -> std::result::Result<T, E>
where
    F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E>,
{
    read(&mut Tx::sqlite(connection).looking())
}

fn snapshot<T, E, F>(connection: &Connection, read: F) -> std::result::Result<T, E>
where
    E: From<StoreError>,
    F: FnOnce(&mut Tx<'_>) -> std::result::Result<T, E>,
{
    statement(connection, "BEGIN")?;
    let _end = End(connection);
    read(&mut Tx::sqlite(connection))
}

/// Ends a snapshot on every way out, a panic included.
struct End<'a>(&'a Connection);

impl Drop for End<'_> {
    fn drop(&mut self) {
        if let Err(error) = statement(self.0, "COMMIT") {
            tracing::warn!(%error, "a snapshot could not be ended");
        }
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    set_up(path, flags).map_err(|e| {
        StoreError::Unusable(format!(
            "cannot open the SQLite file {}: {e}; check that it is one, and that its folder exists \
             and is writable",
            path.display()
        ))
    })
}

fn set_up(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let reads_only = flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY);
    let keeps = if reads_only {
        READER_KEEPS
    } else {
        WRITER_KEEPS
    };
    // Below zero: KiB, not pages.
    connection.pragma_update(None, "cache_size", -keeps)?;
    if !reads_only {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        // Checkpoints have a thread of their own: in the writer they would stall a group.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", checkpoint::KEPT_BYTES)?;
    }
    // Else a statement whose parameter could decide about a partial index is prepared anew each
    // time it runs: a third of the cost of a list.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// The version of the schema, `None` when the file has none.
pub(crate) fn schema_version(connection: &Connection) -> Result<Option<usize>> {
    if !connection.table_exists(None, "refinery_schema_history")? {
        return Ok(None);
    }
    let version: i64 = connection.query_row(migrate::VERSION, [], |row| row.get(0))?;
    Ok(usize::try_from(version).ok())
}

/// Durability hangs on these two: with `synchronous=NORMAL` a power loss takes acked commits.
fn assert_settings(connection: &Connection) -> Result<()> {
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if journal != "wal" || synchronous < 2 {
        return Err(StoreError::Unusable(format!(
            "SQLite runs with journal_mode={journal}, synchronous={synchronous}; WAL and FULL are \
             needed (a network file system cannot give WAL)"
        )));
    }
    Ok(())
}
