//! Files: their bytes come in here, are made safe, lie in the storage, and go out again. What is
//! known of them, and who may, is asked of `chat`.

mod blobs;
mod error;
mod images;
mod pieces;
mod proof;
mod receive;
mod scan;
mod sweep;
mod try_out;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use parking_lot::Mutex;
use tokio::sync::Notify;

pub(crate) use blobs::Blobs;
pub(crate) use error::MediaError;
pub(crate) use pieces::{Checksum, Progress};
pub(crate) use receive::{Incoming, Kept, Received};
pub(crate) use scan::Scanner;

use crate::chat::attachments::ServedFile;
use crate::chat::{Chat, Context};
use crate::shares::{Share, Shares};
use crate::signing::SigningKey;
use blobs::Blob;
use images::Images;
use scan::Pauses;

/// What the settings say to this module.
#[derive(Clone, Debug)]
pub(crate) struct MediaSettings {
    /// Uploads of one user at once.
    pub(crate) at_once: usize,
    /// Downloads are sent on to the storage, where it lets clients in.
    pub(crate) redirect: bool,
    /// Who looks at files before they are served.
    pub(crate) scanner: Option<Scanner>,
    /// Signs what proves a delivery.
    pub(crate) signing_key: SigningKey,
}

/// Files. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Media(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    chat: Chat,
    blobs: Blobs,
    images: Images,
    settings: MediaSettings,
    /// Uploads under way, by internal user key.
    under_way: Shares<i64>,
    /// Something waits for the scanner.
    scan_due: Notify,
    /// Files that the scanner would not judge.
    pauses: Mutex<Pauses>,
    /// The key of the upload whose pieces were deleted last, where that was not the end.
    swept_to: AtomicI64,
}

/// One upload of a user, also of the work on its picture that goes on by itself.
pub(crate) type UploadPlace = Arc<Share<i64>>;

impl Media {
    pub(crate) fn new(chat: Chat, blobs: Blobs, settings: MediaSettings) -> Self {
        Self(Arc::new(Inner {
            chat,
            blobs,
            images: Images::new(),
            settings,
            under_way: Shares::default(),
            scan_due: Notify::new(),
            pauses: Mutex::default(),
            swept_to: AtomicI64::new(0),
        }))
    }

    /// Largest file, in bytes.
    pub(crate) fn largest(&self) -> u64 {
        self.0.chat.rules().files.largest
    }

    /// A place among the user's uploads. The service has as many as it likes.
    fn place(&self, ctx: &Context) -> Result<UploadPlace, MediaError> {
        let at_once = self.0.settings.at_once;
        let most = if ctx.caller.is_service() {
            usize::MAX
        } else {
            at_once
        };
        let place = self.0.under_way.take(ctx.user, most);
        place.map(Arc::new).ok_or(MediaError::TooMany { at_once })
    }

    /// These bytes of a file that may be served.
    pub(crate) async fn open(
        &self,
        file: &ServedFile,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, MediaError>>, MediaError> {
        self.0.blobs.get(Blob::File(file.id), Some(range)).await
    }

    /// Where the storage itself gives the file out, if downloads are to be sent there.
    pub(crate) async fn redirect(
        &self,
        file: &ServedFile,
        disposition: &str,
    ) -> Result<Option<String>, MediaError> {
        if !self.0.settings.redirect {
            return Ok(None);
        }
        let headers = (file.mime.as_str(), disposition);
        self.0.blobs.signed_url(Blob::File(file.id), headers).await
    }

    /// All of the file's thumbnail.
    pub(crate) async fn thumbnail(&self, file: &ServedFile) -> Result<Vec<u8>, MediaError> {
        self.0.blobs.whole(Blob::Thumbnail(file.id), 1 << 20).await
    }

    /// Nobody wants the file that was just received: it is not even named in a message.
    pub(crate) async fn let_go(&self, kept: &Kept) {
        if let Err(error) = self.0.chat.let_file_go(kept.key).await {
            tracing::warn!(%error, "a file that nobody wants is left for the collector");
        }
    }
}
