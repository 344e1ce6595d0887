//! Why a file was not taken, or not given.

use std::error::Error;
use std::io;

use orderchat_domain::Refusal;
use orderchat_media::Refused;

use crate::chat::ChatError;

/// Why an upload or a download was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MediaError {
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The file is none that is taken.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// More bytes than are taken.
    #[error("the file has more than {limit} bytes")]
    TooLarge { limit: u64 },
    /// The user uploads as many files as they may already.
    #[error("{at_once} uploads of this user are under way")]
    TooMany { at_once: usize },
    /// There is no room for the work now.
    #[error("too many pictures are being worked on")]
    Busy,
    /// The bytes stopped coming: the client went away, or was too slow.
    #[error("the upload broke off")]
    BrokeOff,
    /// A piece is not what its checksum says.
    #[error("the piece is not what its checksum says")]
    OtherChecksum,
    /// The storage's disk is full.
    #[error("the storage is full")]
    Full,
    /// The storage works, and does not have what it should.
    #[error("the storage does not have the file")]
    Lost,
    /// The storage does not do its work. What it said is in the log.
    #[error("the storage does not answer")]
    Storage,
}

impl From<Refusal> for MediaError {
    fn from(refusal: Refusal) -> Self {
        Self::Chat(refusal.into())
    }
}

impl From<object_store::Error> for MediaError {
    fn from(error: object_store::Error) -> Self {
        let failed = storage_failed(&error);
        match error {
            object_store::Error::NotFound { .. } => Self::Lost,
            _ => failed,
        }
    }
}

impl From<io::Error> for MediaError {
    fn from(error: io::Error) -> Self {
        storage_failed(&error)
    }
}

fn storage_failed(error: &(dyn Error + 'static)) -> MediaError {
    if is_full(error) {
        tracing::error!("the storage's disk is full");
        return MediaError::Full;
    }
    metrics::counter!("orderchat_storage_failures_total").increment(1);
    tracing::error!(error, "the storage failed");
    MediaError::Storage
}

fn is_full(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
            if full.contains(&io.kind()) {
                return true;
            }
        }
        cause = error.source();
    }
    false
}
