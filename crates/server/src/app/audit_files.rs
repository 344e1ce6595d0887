//! `orderchat audit verify --files`: the bytes of files, against what the database says of them. Of the
//! files of messages that is verified against the log; of proof photos their signed statement says it.

use orderchat_domain::AttachmentId;
use orderchat_store::attachments::{self, Held, Shown};
use orderchat_store::{Store, StoreError};

use crate::media::{Blobs, MediaError};

/// Files asked for at once.
const BATCH: u32 = 1_000;
/// Files that are named; more are counted.
const NAMED: usize = 1_000;

/// After so many in a row that could not be read, the storage is taken to be away.
const PATIENCE: u32 = 5;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Read whole, and as they should be.
    pub(super) good: u64,
    /// Not read, since the scanner may still reject them.
    pub(super) waiting: u64,
    /// In words, one a file.
    pub(super) wrong: Vec<String>,
    /// How many more there were.
    pub(super) more: u64,
}

impl Files {
    pub(super) const fn are_good(&self) -> bool {
        self.wrong.is_empty()
    }

    fn add(&mut self, wrong: String) {
        if self.wrong.len() < NAMED {
            self.wrong.push(wrong);
        } else {
            self.more += 1;
        }
    }
}

/// Reads every file that somebody is shown; not their thumbnails, of which no digest is kept.
///
/// # Errors
/// When the database does not answer. A file that cannot be read is a finding.
pub(super) async fn verify(blobs: &Blobs, store: &Store) -> Result<Files, StoreError> {
    let (mut found, mut after, mut unread) = (Files::default(), 0, 0);
    loop {
        let held = store
            .read::<_, StoreError, _>(move |tx| attachments::held(tx, after, BATCH))
            .await?;
        let Some(last) = held.last() else {
            return Ok(found);
        };
        after = last.key;
        found.waiting += held.iter().filter(|file| file.pending).count() as u64;
        for file in held.iter().filter(|file| file.stays()) {
            let fault = match blobs.sha256(file.id).await {
                Ok(digest) if Some(digest) == file.digest => {
                    found.good += 1;
                    unread = 0;
                    continue;
                }
                Ok(_) => "was changed: its SHA-256 is not the one in the database".to_owned(),
                Err(MediaError::Lost) => "is missing in the storage".to_owned(),
                Err(error) => {
                    unread += 1;
                    format!("could not be read: {error}")
                }
            };
            found.add(format!("{} {fault}", name_of(file)));
            if unread == PATIENCE {
                found.add("the other files were not read: the storage does not answer".to_owned());
                return Ok(found);
            }
        }
    }
}

fn name_of(file: &Held) -> String {
    let AttachmentId(id) = file.id;
    match &file.shown {
        Shown::InMessage(message) => format!("message {message}: its file {id}"),
        Shown::AsProof | Shown::Nowhere => format!("proof of a delivery: its file {id}"),
    }
}
