//! The database under test, and copies of it while no server runs on it.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::postgres::OwnDatabase;

#[derive(Debug)]
pub(super) enum Database {
    /// The path of the file. What was committed last may stand in a second one beside it.
    Sqlite(PathBuf),
    Postgres(OwnDatabase),
}

impl Database {
    pub(super) fn sqlite(folder: &Path) -> Self {
        Self::Sqlite(folder.join("orderchat.db"))
    }

    pub(super) async fn postgres(admin_url: &str) -> Result<Self> {
        Ok(Self::Postgres(OwnDatabase::create(admin_url).await?))
    }

    /// As the server's setting names it.
    pub(super) fn url(&self) -> Result<String> {
        match self {
            Self::Sqlite(file) => Ok(format!("sqlite:{}", file.display())),
            Self::Postgres(own) => own.url(),
        }
    }

    /// Keeps a copy of everything that is committed, in the place of an earlier copy. No server
    /// may be running.
    pub(super) async fn copy(&self) -> Result<()> {
        match self {
            Self::Sqlite(file) => replace(file, &beside(file, ".copy")),
            Self::Postgres(own) => own.copy().await,
        }
        .context("copying the database")
    }

    /// Makes the database what it was at the last copy. No server may be running.
    pub(super) async fn put_back(&self) -> Result<()> {
        match self {
            Self::Sqlite(file) => replace(&beside(file, ".copy"), file),
            Self::Postgres(own) => own.put_back().await,
        }
        .context("putting the database back")
    }

    /// Drops it from the server that it is on; a file goes with its folder.
    pub(super) async fn drop_it(self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(own) => own.drop_it().await,
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "{}", file.display()),
            Self::Postgres(own) => write!(f, "{own}"),
        }
    }
}

/// Makes the SQLite database `to` the same as `from`: the file and its write-ahead log. The index
/// of the log (`-shm`) is made anew from it.
fn replace(from: &Path, to: &Path) -> Result<()> {
    for part in ["", "-wal", "-shm"] {
        remove(&beside(to, part))?;
    }
    for part in ["", "-wal"] {
        let (from, to) = (beside(from, part), beside(to, part));
        if part.is_empty() || from.try_exists()? {
            fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
        }
    }
    Ok(())
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", file.display()))
        }
        _ => Ok(()),
    }
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_put_back_has_its_old_log_and_nothing_newer() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::sqlite(folder.path());
        let file = folder.path().join("orderchat.db");
        let log = folder.path().join("orderchat.db-wal");
        fs::write(&file, "old").unwrap();
        fs::write(&log, "old log").unwrap();
        database.copy().await.unwrap();

        fs::write(&file, "new").unwrap();
        fs::write(&log, "new log").unwrap();
        fs::write(folder.path().join("orderchat.db-shm"), "new index").unwrap();
        database.put_back().await.unwrap();

        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(fs::read_to_string(&log).unwrap(), "old log");
        assert!(!folder.path().join("orderchat.db-shm").exists());
    }
}
