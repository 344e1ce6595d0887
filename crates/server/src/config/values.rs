//! What settings are when they have been read.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// Where everything is stored.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    Sqlite(PathBuf),
    /// The whole URL: it may hold a password.
    Postgres(SecretString),
}

/// Where files lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StorageLocation {
    Folder(PathBuf),
    /// A bucket of S3, and what names in it begin with.
    Bucket {
        bucket: String,
        prefix: String,
    },
}

/// Where the virus scanner listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScannerLocation {
    Socket(PathBuf),
    /// Host and port.
    Tcp(String),
}

/// How nodes tell each other what has happened.
#[derive(Clone, Debug)]
pub(crate) enum BusLocation {
    /// There is one node.
    Local,
    /// The whole URL of a NATS server: it may hold a password.
    Nats(SecretString),
}

/// Where the keys that verify tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JwksLocation {
    File(PathBuf),
    /// `https`, or `http` on a loopback address.
    Url(String),
}

/// Where the key is that signs checkpoints.
#[derive(Clone, Debug)]
pub(crate) enum KeyLocation {
    File(PathBuf),
    /// The key itself, in PEM.
    Given(SecretString),
}

/// Scheme, host and port of a page, as browsers write it in `Origin`: lower case, without the
/// scheme's own port and without a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin(pub(super) String);

impl Origin {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// How often something may happen: `count` times per `per`, and `burst` times at once after rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) count: NonZeroU32,
    /// A second or a minute.
    pub(crate) per: Duration,
    pub(crate) burst: NonZeroU32,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}
