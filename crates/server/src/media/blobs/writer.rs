//! A blob that comes piece by piece.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt as _, PutPayload, PutPayloadMut};

use super::super::MediaError;
use super::{Blob, Blobs, in_time};

/// What comes in so many bytes at once is kept as it came; less is copied together, or a thousand
/// small pieces would each keep the memory they came in.
const HELD_AS_IT_CAME: usize = 64 << 10;

impl Blobs {
    /// Begins to store what comes piece by piece.
    pub(crate) fn writer(&self, blob: Blob<'_>) -> Writer {
        Writer {
            blobs: self.clone(),
            path: self.path(blob),
            held: PutPayloadMut::new(),
            upload: None,
        }
    }
}

/// A blob that is being stored. Nobody sees it before [`Writer::finish`]; one that is dropped before
/// leaves nothing behind but what the storage itself cleans up.
pub(crate) struct Writer {
    blobs: Blobs,
    path: Path,
    held: PutPayloadMut,
    /// Of more than one piece.
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Writer {
    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<(), MediaError> {
        while self.held.content_length() + bytes.len() > self.blobs.piece {
            let fits = bytes.split_to(self.blobs.piece - self.held.content_length());
            self.hold(fits);
            let full = std::mem::take(&mut self.held);
            self.put_part(full.freeze()).await?;
        }
        self.hold(bytes);
        Ok(())
    }

    fn hold(&mut self, bytes: Bytes) {
        if bytes.len() < HELD_AS_IT_CAME {
            self.held.extend_from_slice(&bytes);
        } else {
            self.held.push(bytes);
        }
    }

    async fn put_part(&mut self, part: PutPayload) -> Result<(), MediaError> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => {
                self.blobs.ensure_there().await?;
                let begun = in_time(self.blobs.store.put_multipart(&self.path)).await?;
                none.insert(begun)
            }
        };
        in_time(upload.put_part(part)).await?;
        Ok(())
    }

    /// The blob is whole and durable.
    pub(crate) async fn finish(mut self) -> Result<(), MediaError> {
        let last = std::mem::take(&mut self.held).freeze();
        if self.upload.is_none() {
            return self.blobs.put_whole(&self.path, last).await;
        }
        if last.content_length() > 0 {
            self.put_part(last).await?;
        }
        if let Some(upload) = &mut self.upload {
            in_time(upload.complete()).await?;
        }
        Ok(())
    }

    /// Nothing of it is kept.
    pub(crate) async fn abort(mut self) {
        if let Some(upload) = &mut self.upload
            && let Err(failure) = in_time(upload.abort()).await
        {
            let error = MediaError::from(failure);
            tracing::warn!(%error, "an upload that was given up could not be taken back");
        }
    }
}
