//! One server on a SQLite file: two would each keep their own limits, revocations and waiting
//! writers, and each sign checkpoints.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::{Result, StoreError};

/// The right to serve a SQLite file, for as long as this lives. The kernel takes it back from a
/// process that dies.
#[derive(Debug)]
pub struct Alone {
    _locked: File,
}

impl Alone {
    /// Takes it. The lock is on a file beside the database's: SQLite loses its own locks on a file
    /// that is closed elsewhere in the process.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when another process has it, or no file can be made there.
    pub fn on(database: &Path) -> Result<Self> {
        let path = lock_of(database);
        let cannot = |error: &std::io::Error| {
            StoreError::Unusable(format!(
                "cannot lock {}: {error}; check that its folder exists and is writable",
                path.display()
            ))
        };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let file = options.open(&path).map_err(|error| cannot(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _locked: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Unusable(format!(
                "another server runs on the SQLite file {}: stop it first, or use PostgreSQL, which \
                 takes several",
                database.display()
            ))),
            Err(TryLockError::Error(error)) => Err(cannot(&error)),
        }
    }
}

/// The same file under whatever name the database goes.
fn lock_of(database: &Path) -> PathBuf {
    let resolved = std::fs::canonicalize(database);
    let mut name = OsString::from(resolved.unwrap_or_else(|_| database.to_owned()));
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_served_once_at_a_time_under_any_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("orderchat.db");
        std::fs::write(&file, "").unwrap();
        let other_name = folder.path().join("other.db");
        std::os::unix::fs::symlink(&file, &other_name).unwrap();
        let alone = Alone::on(&file).unwrap();
        for name in [&file, &other_name] {
            let refused = Alone::on(name).unwrap_err().to_string();
            assert!(refused.contains("another server runs on"), "{refused}");
        }
        drop(alone);
        Alone::on(&other_name).unwrap();
    }
}
