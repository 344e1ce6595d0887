//! Files that only the server's own user should read.

use std::fs::{self, File, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::Context as _;
use orderchat_store::{copy, ensure_sqlite_file};

use crate::config::{Database, Settings};
use crate::signing::PRIVATE_PEM;

/// What [`check_private`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Privacy {
    /// There is no such file, or none of ours.
    Absent,
    /// Everybody on the machine is kept out already.
    Private,
    /// Everybody could read or write it; its mode was this and is 0600 now.
    Mended { was: u32 },
    /// Everybody can read or write it and it belongs to somebody else: the operator has to mend it.
    Open { mode: u32 },
}

/// Takes the database and files with secrets away from others on the machine. What is named by mistake
/// and is something else stays as it is.
///
/// # Errors
/// The database is to be a SQLite file, and what is there is none.
pub(super) fn make_private(settings: &Settings) -> anyhow::Result<()> {
    if let Database::Sqlite(path) = &settings.database {
        ensure_sqlite_file(path).context("ORDERCHAT_DATABASE cannot be opened")?;
    }
    for file in files(settings) {
        let shown = file.path.display().to_string();
        match check_private(&file) {
            Ok(Privacy::Absent | Privacy::Private) => {}
            Ok(Privacy::Mended { was }) => tracing::warn!(
                file = shown,
                mode_was = format!("{was:04o}"),
                "others on this machine could read the file; its mode is 0600 now"
            ),
            Ok(Privacy::Open { mode }) => tracing::warn!(
                file = shown,
                mode = format!("{mode:04o}"),
                "others on this machine can read the file and its mode cannot be changed; run \
                 chmod 600 on it"
            ),
            Err(error) => tracing::warn!(file = shown, %error, "the file's mode is unknown"),
        }
    }
    Ok(())
}

/// Files that nobody else on the machine should read.
pub(super) fn files(settings: &Settings) -> Vec<PrivateFile> {
    let file = |path, begins| PrivateFile { path, begins };
    let mut files = Vec::new();
    // What is none of ours is refused elsewhere.
    if let Database::Sqlite(path) = &settings.database
        && ensure_sqlite_file(path).is_ok()
    {
        files.extend(copy::files_of(path).map(|path| file(path, "")));
    }
    let key = settings.signing_key_file();
    files.extend(key.map(|path| file(path, PRIVATE_PEM)));
    // It was read as ours already.
    let secrets = settings.file_with_secrets();
    files.extend(secrets.map(|path| file(path, "")));
    files
}

/// A file that only the server's own user should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PrivateFile {
    pub(super) path: PathBuf,
    /// What it begins with, if it is what the setting says and not something else of that name.
    begins: &'static str,
}

impl PrivateFile {
    /// Whether others on the machine may read or write it, by its mode; `None` when it is not there, or
    /// is none of ours: a setting that names a folder, or a file of something else, is refused elsewhere,
    /// and that is left as it is.
    ///
    /// # Errors
    /// When the file cannot be looked at.
    pub(super) fn openness(&self) -> io::Result<Option<Openness>> {
        const OTHERS: u32 = 0o007;
        let found = match fs::metadata(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !found.is_file() || !self.begins_as_ours()? {
            return Ok(None);
        }
        let mode = found.permissions().mode() & 0o7777;
        let is_open = mode & OTHERS != 0;
        Ok(Some(Openness { mode, is_open }))
    }

    fn begins_as_ours(&self) -> io::Result<bool> {
        /// More than may stand before a key in PEM.
        const LOOKED_AT: u64 = 256;
        if self.begins.is_empty() {
            return Ok(true);
        }
        let mut start = Vec::new();
        File::open(&self.path)?
            .take(LOOKED_AT)
            .read_to_end(&mut start)?;
        let is_ours = |start: &[u8]| start.is_empty() || start.starts_with(self.begins.as_bytes());
        Ok(is_ours(start.trim_ascii_start()))
    }
}

/// The mode of a private file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Openness {
    pub(super) mode: u32,
    /// Everybody on the machine may read or write it. A group's rights alone are left, somebody gave
    /// them.
    pub(super) is_open: bool,
}

/// Takes a file of secrets or of messages away from everybody else on the machine: one that others
/// may read or write gets mode 0600.
///
/// # Errors
/// When the file cannot be looked at.
fn check_private(file: &PrivateFile) -> io::Result<Privacy> {
    let Some(Openness { mode, is_open }) = file.openness()? else {
        return Ok(Privacy::Absent);
    };
    if !is_open {
        return Ok(Privacy::Private);
    }
    match fs::set_permissions(&file.path, Permissions::from_mode(0o600)) {
        Ok(()) => Ok(Privacy::Mended { was: mode }),
        Err(_) => Ok(Privacy::Open { mode }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGINS: &str = "-----BEGIN";

    fn file_of_mode(mode: u32, text: &str) -> (tempfile::TempDir, PrivateFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let begins = BEGINS;
        (folder, PrivateFile { path, begins })
    }

    fn mode(file: &PrivateFile) -> u32 {
        fs::metadata(&file.path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_that_everybody_may_read_is_mended() {
        for text in ["-----BEGIN PRIVATE", "\n-----BEGIN PRIVATE", ""] {
            let (_folder, file) = file_of_mode(0o644, text);
            assert_eq!(
                check_private(&file).unwrap(),
                Privacy::Mended { was: 0o644 }
            );
            assert_eq!(mode(&file), 0o600);
        }
    }

    #[test]
    fn a_file_of_its_owner_or_group_is_left_alone() {
        for mode in [0o600, 0o640] {
            let (_folder, file) = file_of_mode(mode, BEGINS);
            assert_eq!(check_private(&file).unwrap(), Privacy::Private);
        }
    }

    #[test]
    fn what_is_something_else_is_left_as_it_is() {
        let (folder, mut file) = file_of_mode(0o644, "remember the milk");
        assert_eq!(check_private(&file).unwrap(), Privacy::Absent);
        assert_eq!(mode(&file), 0o644);
        folder.path().clone_into(&mut file.path);
        let before = mode(&file);
        assert_eq!(check_private(&file).unwrap(), Privacy::Absent);
        assert_eq!(mode(&file), before);
    }

    #[test]
    fn a_file_that_is_not_there_is_no_error() {
        let (folder, file) = file_of_mode(0o600, "");
        drop(folder);
        assert_eq!(check_private(&file).unwrap(), Privacy::Absent);
    }
}
