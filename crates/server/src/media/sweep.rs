//! What nobody wants is deleted from the storage. What cannot be deleted holds up nothing else: it is
//! tried again later.

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
    /// Notes how it went; gives `true` where it did.
    ///
    /// # Errors
    /// When it is of no use to go on.
    fn note(&mut self, id: AttachmentId, done: Result<(), MediaError>) -> Result<bool, MediaError> {
        let Err(error) = done else {
            self.0 = 0;
            return Ok(true);
        };
        tracing::warn!(%error, attachment = %id, "a file cannot be deleted; it is tried again");
        self.0 += 1;
        if self.0 < IN_A_ROW {
            Ok(false)
        } else {
            Err(error)
        }
    }
}

impl Media {
    /// Deletes files that no message has and whose time is over, and the pieces of files that are
    /// whole. `true`: there may be more.
    pub(crate) async fn sweep(&self) -> Result<bool, MediaError> {
        let more = self.sweep_files().await?;
        self.sweep_all_pieces().await?;
        self.0.chat.forget_old_uploads().await?;
        Ok(more)
    }

    async fn sweep_files(&self) -> Result<bool, MediaError> {
        let (mut failures, mut swept) = (Failures::default(), 0);
        let going = self.0.chat.files_to_delete(SWEPT).await?;
        for id in &going {
            let deleted = self.0.blobs.delete(*id).await;
            if deleted.is_ok() {
                self.0.chat.forget_file(*id).await?;
                swept += 1;
            } else {
                // Or it would stand before all others for ever.
                self.0.chat.put_file_off(*id, AGAIN).await?;
            }
            failures.note(*id, deleted)?;
        }
        metrics::counter!("orderchat_files_swept_total").increment(swept);
        Ok(going.len() == SWEPT as usize)
    }

    async fn sweep_all_pieces(&self) -> Result<(), MediaError> {
        let (mut failures, mut after) = (Failures::default(), 0);
        loop {
            let done = self.0.chat.uploads_done(after, SWEPT).await?;
            let Some((last, _)) = done.last() else {
                return Ok(());
            };
            after = *last;
            for (_, id) in done {
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
