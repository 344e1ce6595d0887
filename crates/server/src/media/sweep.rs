//! What nobody wants is deleted from the storage. What cannot be deleted holds up nothing else: it is
//! tried again later.

use std::sync::atomic::Ordering;

use orderchat_domain::AttachmentId;
use orderchat_domain::time::MINUTE;

use super::{Media, MediaError};

/// Files that are deleted in one go.
const SWEPT: u32 = 100;
/// The pause before a file that could not be deleted is tried again, in milliseconds.
const AGAIN: i64 = MINUTE;
/// After so many failures in a row it is the storage that fails, and no file: the rest waits, too.
const IN_A_ROW: u32 = 10;

/// Counts how often it failed since it last went well.
#[derive(Default)]
struct Failures(u32);

impl Failures {
    /// Notes how it went.
    ///
    /// # Errors
    /// When it is of no use to go on.
    fn note(&mut self, id: AttachmentId, done: Result<(), MediaError>) -> Result<(), MediaError> {
        let Err(error) = done else {
            self.0 = 0;
            return Ok(());
        };
        tracing::warn!(%error, attachment = %id, "a file cannot be deleted; it is tried again");
        self.0 += 1;
        if self.0 < IN_A_ROW {
            Ok(())
        } else {
            Err(error)
        }
    }
}

impl Media {
    /// Deletes files that no message has and whose time is over, and the pieces of files that are
    /// whole. `true`: there may be more.
    pub(crate) async fn sweep(&self) -> Result<bool, MediaError> {
        let files = self.sweep_files().await;
        let pieces = self.sweep_all_pieces().await;
        self.0.chat.forget_old_uploads().await?;
        pieces?;
        files
    }

    async fn sweep_files(&self) -> Result<bool, MediaError> {
        let mut failures = Failures::default();
        let going = self.0.chat.files_to_delete(SWEPT).await?;
        for id in &going {
            let deleted = self.0.blobs.delete(*id).await;
            if deleted.is_ok() {
                self.0.chat.forget_file(*id).await?;
                metrics::counter!("orderchat_files_swept_total").increment(1);
            } else {
                // Or it would stand before all others for ever.
                self.0.chat.put_file_off(*id, AGAIN).await?;
            }
            failures.note(*id, deleted)?;
        }
        Ok(going.len() == SWEPT as usize)
    }

    /// Goes on where it stopped the last time, so that what cannot be deleted is not all it comes to.
    async fn sweep_all_pieces(&self) -> Result<(), MediaError> {
        let swept_to = &self.0.swept_to;
        let mut failures = Failures::default();
        loop {
            let after = swept_to.load(Ordering::Relaxed);
            let done = self.0.chat.uploads_done(after, SWEPT).await?;
            if done.is_empty() {
                swept_to.store(0, Ordering::Relaxed);
                return Ok(());
            }
            for (key, id) in done {
                swept_to.store(key, Ordering::Relaxed);
                failures.note(id, self.sweep_pieces(id).await)?;
            }
        }
    }

    /// Deletes the pieces of a file that is whole.
    pub(super) async fn sweep_pieces(&self, id: AttachmentId) -> Result<(), MediaError> {
        self.0.blobs.delete_pieces(id).await?;
        self.0.chat.forget_pieces(id).await?;
        Ok(())
    }
}
