//! `orderchat audit verify --files`: the bytes of files, against what the database says of them. Of the
//! files of messages that is verified against the log; of proof photos their signed statement says it.

use orderchat_store::attachments::{self, Held, Shown};
use orderchat_store::{Store, StoreError};

use crate::chat::verify::{BytesFault, FilesRead, Findings, Place, Wrong};
use crate::media::{Blobs, MediaError};

/// Files asked for at once.
const BATCH: u32 = 1_000;
/// After so many in a row that could not be read, the storage is taken to be away.
const PATIENCE: u32 = 5;

/// Reads every file that somebody is shown; not their thumbnails, of which no digest is kept.
///
/// # Errors
/// When the database does not answer. A file that cannot be read is a finding.
pub(super) async fn verify(
    blobs: &Blobs,
    store: &Store,
    findings: &mut Findings,
) -> Result<FilesRead, StoreError> {
    let (mut read, mut after, mut unread) = (FilesRead::default(), 0, 0);
    loop {
        let held = store
            .read::<_, StoreError, _>(move |tx| attachments::held(tx, after, BATCH))
            .await?;
        let Some(last) = held.last() else {
            return Ok(read);
        };
        after = last.key;
        read.waiting += held.iter().filter(|file| file.pending).count() as u64;
        for file in held.iter().filter(|file| file.stays()) {
            let fault = match blobs.sha256(file.id).await {
                Ok(digest) if Some(digest) == file.digest => {
                    read.good += 1;
                    unread = 0;
                    continue;
                }
                Ok(_) => BytesFault::Changed,
                Err(MediaError::Lost) => BytesFault::Missing,
                Err(error) => {
                    unread += 1;
                    BytesFault::Unreadable(error.to_string())
                }
            };
            let file_wrong = Wrong::Bytes {
                file: file.id,
                fault,
            };
            findings.add(place_of(file), file_wrong);
            if unread == PATIENCE {
                findings.add(Place::Storage, Wrong::StorageAway);
                return Ok(read);
            }
        }
    }
}

const fn place_of(file: &Held) -> Place {
    match file.shown {
        Shown::InMessage(message) => Place::Message(message),
        Shown::AsProof | Shown::Nowhere => Place::Proof,
    }
}
