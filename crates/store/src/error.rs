use thiserror::Error;

/// What went wrong below the rules. None of these is the caller's fault.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// Too much is waiting, or no connection was free in time. Nothing was written: try again.
    #[error("the database is busy: {0}")]
    Busy(&'static str),
    /// The disk is full. Nothing was written; reading goes on.
    #[error("the disk is full")]
    DiskFull,
    /// A write may or may not have happened (an I/O error, a lost connection): the caller repeats
    /// it with its key. On SQLite the process must end: the handle's state is unknown.
    #[error("the database failed: {0}")]
    Failed(String),
    /// The database refused a statement: a defect here, or a schema that is not ours.
    #[error("the database refused a statement: {0}")]
    Statement(String),
    /// Two transactions met; the store repeats those by itself, a few times.
    #[error("the transaction met another one")]
    Conflict,
    /// The database is not one that this version can use; says what to do.
    #[error("{0}")]
    Unusable(String),
    /// What is stored is not what this version writes.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Whether whatever is written next would most likely meet the same.
    #[must_use]
    pub const fn is_of_the_database(&self) -> bool {
        matches!(self, Self::DiskFull | Self::Failed(_) | Self::Unusable(_))
    }
}

/// An error of a layer above, which may be a [`StoreError`] underneath: a transaction that met
/// another one is repeated, one that the database undid by itself is known for what it is.
pub trait AsStoreError {
    fn store_error(&self) -> Option<&StoreError>;
}

impl AsStoreError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

pub type Result<T> = std::result::Result<T, StoreError>;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull, SystemIoFailure};
        match error.sqlite_error_code() {
            Some(DiskFull) => Self::DiskFull,
            Some(SystemIoFailure) => Self::Failed(error.to_string()),
            Some(DatabaseBusy | DatabaseLocked) => Self::Busy("another process holds the file"),
            _ => Self::Statement(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let Some(db) = error.as_db_error() else {
            return Self::Failed(error.to_string());
        };
        match *db.code() {
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::UNIQUE_VIOLATION => Self::Conflict,
            SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => {
                Self::Busy("a lock or a statement took too long")
            }
            SqlState::DISK_FULL => Self::DiskFull,
            SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => {
                Self::Failed("PostgreSQL is shutting down or starting".to_owned())
            }
            // The message, not the detail: details of a constraint repeat the row.
            _ => Self::Statement(format!("{} ({})", db.message(), db.code().code())),
        }
    }
}
