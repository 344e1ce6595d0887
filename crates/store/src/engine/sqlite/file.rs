//! The file itself, before SQLite has it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::{Result, StoreError};

/// What every SQLite file begins with, but one that nothing was written to yet.
const BEGINS: &[u8] = b"SQLite format 3\0";

/// Refuses what is there and can be no SQLite file, a folder or a file of something else, and leaves it
/// as it is. No file at all is fine: it will be made.
///
/// # Errors
/// [`StoreError::Unusable`] says what is there, and names the remedy.
pub fn ensure_sqlite_file(path: &Path) -> Result<()> {
    let refuse = |why: &str| {
        let path = path.display();
        Err(StoreError::Unusable(format!("{path} {why}")))
    };
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unusable(path, &error)),
    };
    ensure_no_folder(path)?;
    if !found.is_file() {
        return refuse("is no file: name one, or one that is not there yet");
    }
    let mut begins = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(BEGINS.len() as u64).read_to_end(&mut begins));
    read.map_err(|error| unusable(path, &error))?;
    if !begins.is_empty() && begins != BEGINS {
        return refuse("is a file of something else, not of SQLite: name another");
    }
    if is_of_another_program(path) {
        return refuse("is the SQLite database of another program: name another");
    }
    Ok(())
}

/// Refuses a folder where a file is to be named.
///
/// # Errors
/// [`StoreError::Unusable`] with the remedy.
pub fn ensure_no_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        let path = path.display();
        return Err(StoreError::Unusable(format!(
            "{path} is a folder: name a file in it, such as orderchat.db"
        )));
    }
    Ok(())
}

/// Whether there are tables, and not those of ours. One that cannot be read is not judged here.
fn is_of_another_program(path: &Path) -> bool {
    const OTHERS: &str = "SELECT COUNT(*) > 0 AND SUM(name = 'refinery_schema_history') = 0
        FROM sqlite_schema";
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, read_only)
        .and_then(|connection| connection.query_row(OTHERS, [], |row| row.get(0)))
        .unwrap_or(false)
}

/// Makes the file before SQLite does, for nobody else to read; SQLite gives its other files the
/// same mode.
pub(super) fn create_private(path: &Path) -> Result<()> {
    ensure_sqlite_file(path)?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    options.open(path).map(drop).map_err(|e| unusable(path, &e))
}

pub(super) fn unusable(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unusable(format!(
        "cannot open the SQLite file {}: {error}; check that its folder exists and is writable",
        path.display()
    ))
}
