//! Copies of a SQLite file: taken while somebody serves it, checked, put in place. PostgreSQL has
//! tools of its own for this.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::engine::sqlite::schema_version;
use crate::{Result, StoreError, Tx, migrate};

/// How long a server that writes may hold the file.
const BUSY: Duration = Duration::from_secs(30);
/// Problems that a damaged copy is described by.
const SHOWN: usize = 5;

/// Copies the database as it is at one moment into `to`, which must not exist; nobody else may read
/// it. Whoever serves the database goes on; what they write meanwhile is not in the copy. It is on
/// the disk when this returns.
///
/// # Errors
/// [`StoreError::Unusable`] when the file cannot be read or the copy cannot be written.
pub fn take(from: &Path, to: &Path) -> Result<()> {
    let connection = open(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    create_new(to).map_err(|error| cannot("write", to, &error))?;
    // One read transaction: a copy page by page would begin again whenever something is written.
    connection
        .execute("VACUUM INTO ?1", [to.display().to_string()])
        .map_err(|error| cannot("copy", from, &error))?;
    let sync = || {
        File::open(to)?.sync_all()?;
        sync_folder(to)
    };
    sync().map_err(|error| cannot("write", to, &error))
}

/// Checks the whole file and gives the version of its schema.
///
/// # Errors
/// [`StoreError::Unusable`] when it is damaged, is no database of ours, or of a newer version.
pub fn check(path: &Path) -> Result<usize> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let problems = match problems(&connection) {
        // Too damaged to be checked.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            vec![error.to_string()]
        }
        found => found.map_err(|error| cannot("read", path, &error))?,
    };
    if !problems.is_empty() {
        return Err(StoreError::Unusable(format!(
            "{} is damaged: {}",
            path.display(),
            problems.join("; ")
        )));
    }
    let newest = migrate::newest();
    match schema_version(&connection)? {
        Some(version) if version <= newest => Ok(version),
        Some(version) => Err(StoreError::Unusable(format!(
            "{} has schema version {version}, this version of orderchat knows {newest}: use a newer \
             one",
            path.display()
        ))),
        None => Err(StoreError::Unusable(format!(
            "{} is no database of orderchat",
            path.display()
        ))),
    }
}

fn problems(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(5)")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let found: Vec<String> = rows.take(SHOWN).collect::<rusqlite::Result<_>>()?;
    Ok(found.into_iter().filter(|text| text != "ok").collect())
}

/// Takes the file out of service: its write-ahead log goes into it, so that it is whole alone.
/// `false` while another process has it open.
///
/// # Errors
/// [`StoreError::Unusable`] when it is no SQLite file, or damaged: nobody serves it then.
pub fn retire(path: &Path) -> Result<bool> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .busy_timeout(Duration::from_secs(1))
        .map_err(|error| cannot("open", path, &error))?;
    // Leaving the write-ahead log takes a lock that every open connection is in the way of.
    let mode = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| {
        row.get::<_, String>(0)
    });
    match mode {
        Ok(mode) => Ok(mode == "delete"),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Ok(false),
            _ => Err(cannot("open", path, &error)),
        },
    }
}

/// Brings a copy to this version's schema and changes it, in a transaction, before it is put in
/// place.
///
/// # Errors
/// Those of the function, and [`StoreError::Unusable`] when the copy cannot be opened.
pub fn prepare<T, E: From<StoreError>>(
    path: &Path,
    change: impl FnOnce(&mut Tx<'_>) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrate::sqlite(&mut connection)?;
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(StoreError::from)?;
    // Dropped with the connection when the function refuses: nothing is committed then.
    let done = change(&mut Tx::sqlite(&connection))?;
    connection
        .execute_batch("COMMIT")
        .map_err(StoreError::from)?;
    connection
        .close()
        .map_err(|(_, error)| StoreError::from(error))?;
    let sync = File::open(path).and_then(|file| file.sync_all());
    sync.map_err(|error| cannot("write", path, &error))?;
    Ok(done)
}

/// Reads from a copy, which stays as it is.
///
/// # Errors
/// As any read.
pub fn read<T>(path: &Path, read: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    read(&mut Tx::sqlite(&connection))
}

/// The files that belong to a database: its own and those of its write-ahead log.
#[must_use]
pub fn files_of(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

/// The folder of a file; the working one where it is named alone.
#[must_use]
pub fn folder_of(file: &Path) -> &Path {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Makes the names in a file's folder durable.
///
/// # Errors
/// When the folder cannot be synced.
pub fn sync_folder(file: &Path) -> std::io::Result<()> {
    File::open(folder_of(file))?.sync_all()
}

fn create_new(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.create_new(true).write(true).mode(0o600).open(path)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| cannot("open", path, &error))
}

fn cannot(what: &str, path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unusable(format!("cannot {what} {}: {error}", path.display()))
}
