//! `orderchat audit verify --files`: the bytes of files, against what the database says of them, which
//! is verified against the log.

use orderchat_domain::AttachmentId;
use orderchat_store::attachments::{self, Held, Shown};
use orderchat_store::{Store, StoreError};

use super::files;
use crate::config::Settings;
use crate::media::{Blobs, MediaError};

/// Files asked for at once.
const BATCH: u32 = 1_000;
/// Files that are named; more are counted.
const NAMED: usize = 1_000;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Read whole, and as they should be.
    pub(super) good: u64,
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

/// Reads every file that somebody is shown.
///
/// # Errors
/// When the storage or the database does not answer; nothing is said of any file then.
pub(super) async fn verify(settings: &Settings, store: &Store) -> anyhow::Result<Files> {
    let blobs = files::storage_to_read(settings)?;
    let (mut found, mut after) = (Files::default(), 0);
    loop {
        let held = store
            .read::<_, StoreError, _>(move |tx| attachments::held(tx, after, BATCH))
            .await?;
        let Some(last) = held.last() else {
            return Ok(found);
        };
        after = last.key;
        for file in held.iter().filter(|file| file.stays()) {
            match fault(&blobs, file).await? {
                None => found.good += 1,
                Some(fault) => found.add(format!("{} {fault}", name_of(file))),
            }
        }
    }
}

async fn fault(blobs: &Blobs, file: &Held) -> Result<Option<&'static str>, MediaError> {
    match blobs.sha256(file.id).await {
        Ok(found) if Some(found) == file.digest => Ok(None),
        Ok(_) => Ok(Some(
            "was changed: its SHA-256 is not the one in the database",
        )),
        Err(MediaError::Lost) => Ok(Some("is missing in the storage")),
        Err(error) => Err(error),
    }
}

fn name_of(file: &Held) -> String {
    let AttachmentId(id) = file.id;
    match &file.shown {
        Shown::InMessage(message) => format!("message {message}: its file {id}"),
        Shown::AsProof | Shown::Nowhere => format!("proof of a delivery: its file {id}"),
    }
}
