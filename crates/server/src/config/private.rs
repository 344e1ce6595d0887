//! Files that only the server's own user should read.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What [`check_private`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privacy {
    /// There is no such file.
    Absent,
    /// Everybody on the machine is kept out already.
    Private,
    /// Everybody could read or write it; its mode was this and is 0600 now.
    Mended { was: u32 },
    /// Everybody can read or write it and it belongs to somebody else: the operator has to mend it.
    Open { mode: u32 },
}

/// Takes a file of secrets or of messages away from everybody else on the machine: one that others
/// may read or write gets mode 0600. A group's rights alone are left, somebody gave them.
///
/// # Errors
/// When the file's mode cannot be read.
pub(crate) fn check_private(path: &Path) -> io::Result<Privacy> {
    const OTHERS: u32 = 0o007;
    let mode = match fs::metadata(path) {
        Ok(found) => found.permissions().mode() & 0o7777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Privacy::Absent),
        Err(error) => return Err(error),
    };
    if mode & OTHERS == 0 {
        return Ok(Privacy::Private);
    }
    match fs::set_permissions(path, Permissions::from_mode(0o600)) {
        Ok(()) => Ok(Privacy::Mended { was: mode }),
        Err(_) => Ok(Privacy::Open { mode }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of_mode(mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn a_file_that_everybody_may_read_is_mended() {
        let file = file_of_mode(0o644);
        assert_eq!(
            check_private(file.path()).unwrap(),
            Privacy::Mended { was: 0o644 }
        );
        let mode = fs::metadata(file.path()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }

    #[test]
    fn a_file_of_its_owner_or_group_is_left_alone() {
        for mode in [0o600, 0o640] {
            assert_eq!(
                check_private(file_of_mode(mode).path()).unwrap(),
                Privacy::Private
            );
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_no_error() {
        let gone = file_of_mode(0o600).path().to_owned();
        assert_eq!(check_private(&gone).unwrap(), Privacy::Absent);
    }
}
