//! A file that comes in pieces, and goes on where it broke off: on this node or another, after a
//! restart, the next day. What is durable says the database.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use orderchat_domain::attachment::{FileName, FileState};
use orderchat_domain::{AttachmentId, Millis, Refusal, Rule};
use orderchat_media::sniff;
use orderchat_store::uploads::StoredUpload;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::blobs::{Blob, PIECE};
use super::receive::Source;
use super::{Media, MediaError, UploadPlace};
use crate::chat::Context;
use crate::chat::attachments::{Begun, Wanted};
use crate::net::spawn;
use crate::random;

/// Pieces of one upload beside those that are full: who sends byte by byte is stopped.
const SMALL_PIECES: u64 = 1_000;

/// What a piece must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Checksum {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

/// Looks whether what came is what it must be.
enum Check {
    None,
    Sha1(Sha1, Vec<u8>),
    Sha256(Sha256, Vec<u8>),
}

impl Check {
    fn of(checksum: Option<Checksum>) -> Self {
        match checksum {
            None => Self::None,
            Some(Checksum::Sha1(wanted)) => Self::Sha1(Sha1::new(), wanted),
            Some(Checksum::Sha256(wanted)) => Self::Sha256(Sha256::new(), wanted),
        }
    }

    const fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Sha1(digest, _) => digest.update(bytes),
            Self::Sha256(digest, _) => digest.update(bytes),
        }
    }

    fn holds(self) -> bool {
        match self {
            Self::None => true,
            Self::Sha1(digest, wanted) => digest.finalize().as_slice() == wanted,
            Self::Sha256(digest, wanted) => digest.finalize().as_slice() == wanted,
        }
    }
}

/// An upload as its client is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) length: u64,
    pub(crate) received: u64,
    /// Until then it is known.
    pub(crate) until: Millis,
}

/// What is being added to an upload. Where the request ends before it does, what is stored and not noted
/// is deleted beside it.
struct Adding {
    media: Media,
    id: AttachmentId,
    key: i64,
    /// What the database knows of.
    noted: u64,
    /// What is stored.
    stored: u64,
    /// Stored and not noted.
    pieces: Vec<(u64, String)>,
    held: BytesMut,
}

impl Adding {
    async fn store_held(&mut self) -> Result<(), MediaError> {
        let bytes = self.held.split().freeze();
        let nonce = u64::from_be_bytes(random::bytes());
        let name = format!("{:012}-{nonce:016x}", self.stored);
        let size = bytes.len() as u64;
        // First: it may be there also if this ends while it is stored.
        self.pieces.push((self.stored, name.clone()));
        let blob = Blob::Piece(self.id, &name);
        self.media.0.blobs.put(blob, bytes).await?;
        self.stored += size;
        Ok(())
    }

    async fn note(&mut self) -> Result<(), MediaError> {
        if self.pieces.is_empty() {
            return Ok(());
        }
        let (pieces, way) = (std::mem::take(&mut self.pieces), (self.noted, self.stored));
        let chat = &self.media.0.chat;
        chat.advance_upload(self.key, way, pieces).await?;
        self.noted = self.stored;
        Ok(())
    }

    /// Deletes what is stored and will not be noted: it counts for nobody's share of the disk.
    async fn let_go(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        delete(&self.media, self.id, pieces).await;
    }
}

impl Drop for Adding {
    fn drop(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        if pieces.is_empty() {
            return;
        }
        let (media, id) = (self.media.clone(), self.id);
        let deleted = async move { delete(&media, id, pieces).await };
        drop(spawn("upload-pieces", deleted));
    }
}

async fn delete(media: &Media, id: AttachmentId, pieces: Vec<(u64, String)>) {
    for (_, name) in pieces {
        let deleted = media.0.blobs.delete_piece(id, &name).await;
        deleted.unwrap_or_else(|error| {
            tracing::warn!(%error, "a piece of an upload is left for the collector");
        });
    }
}

impl Media {
    /// How far the caller's upload is, also after it is whole, and what was said of the file when it
    /// began. One that has all its bytes and was interrupted before it was worked on is worked on now.
    pub(crate) async fn progress(
        &self,
        ctx: &Context,
        id: &str,
    ) -> Result<(Progress, Option<String>), MediaError> {
        let upload = self.0.chat.upload(ctx, id).await?;
        let progress = self.progress_of(&upload, upload.received);
        if is_unfinished(&upload) {
            let place = self.place(ctx)?;
            self.finish(ctx, &upload, &place).await?;
        }
        Ok((progress, upload.said.metadata))
    }

    fn progress_of(&self, upload: &StoredUpload, received: u64) -> Progress {
        Progress {
            length: upload.length,
            received,
            until: self.0.chat.upload_until(upload.file.created_at),
        }
    }

    /// Adds to the caller's upload what comes, from `offset` on. What came before it broke off is
    /// kept, unless it was to be checked as a whole.
    pub(crate) async fn add<S>(
        &self,
        ctx: &Context,
        id: &str,
        offset: u64,
        checksum: Option<Checksum>,
        bytes: S,
    ) -> Result<Progress, MediaError>
    where
        S: Stream<Item = Result<Bytes, MediaError>> + Unpin,
    {
        let place = self.place(ctx)?;
        let upload = self.0.chat.upload(ctx, id).await?;
        check_place(&upload, offset)?;
        let mut adding = Adding {
            media: self.clone(),
            id: upload.file.id,
            key: upload.file.key,
            noted: offset,
            stored: offset,
            pieces: Vec::new(),
            held: BytesMut::new(),
        };
        let taken = take(&mut adding, upload.length, Check::of(checksum), bytes).await;
        if taken.is_err() {
            adding.let_go().await;
            self.was_deleted_again(upload.file.id).await;
        }
        taken?;
        let received = adding.noted;
        let progress = self.progress_of(&upload, received);
        if received == upload.length {
            let whole = StoredUpload { received, ..upload };
            self.finish(ctx, &whole, &place).await?;
        }
        Ok(progress)
    }

    /// The caller's upload is not wanted any more.
    pub(crate) async fn end_upload(&self, ctx: &Context, id: &str) -> Result<(), MediaError> {
        let upload = self.0.chat.upload(ctx, id).await?;
        if upload.file.state != FileState::Receiving {
            return Err(over().into());
        }
        self.0.chat.let_file_go(upload.file.key).await?;
        Ok(())
    }

    /// Puts the pieces together, as a file that came in one. Of two that do it at once one is the
    /// first; the other finds it done.
    async fn finish(
        &self,
        ctx: &Context,
        upload: &StoredUpload,
        place: &UploadPlace,
    ) -> Result<(), MediaError> {
        let outcome = self.put_together(ctx, upload, place).await;
        let Err(error) = outcome else {
            return Ok(());
        };
        let id = upload.file.id.to_string();
        let now = self.0.chat.upload(ctx, &id).await;
        if now.is_ok_and(|now| now.file.state.may_be_sent().is_ok()) {
            return Ok(());
        }
        if is_final(&error) {
            self.give_up(&begun(upload)).await;
        } else {
            self.was_deleted_again(upload.file.id).await;
        }
        Err(error)
    }

    async fn put_together(
        &self,
        ctx: &Context,
        upload: &StoredUpload,
        place: &UploadPlace,
    ) -> Result<(), MediaError> {
        let file = &upload.file;
        let names = self.0.chat.upload_pieces(file.key).await?;
        let (blobs, id) = (self.0.blobs.clone(), file.id);
        let pieces = stream::iter(names).then(move |name| {
            let blobs = blobs.clone();
            async move { blobs.get(Blob::Piece(id, &name), None).await }
        });
        let bytes = pieces.try_flatten().boxed();
        let (mut source, whole) = Source::begin(bytes, upload.length).await?;
        let name = file.name.clone().unwrap_or_default();
        let kind = sniff(&source.head, whole, upload.said.declared.as_deref(), &name)?;
        let wanted = Wanted {
            room: self.0.chat.room_of_file(file.room).await?,
            name: FileName::of(&name, kind.extension()),
            size: file.size,
            is_proof: file.purpose.is_some(),
            within: 0,
            in_pieces: None,
        };
        let stored = self.make(id, &wanted, kind, &mut source, place).await?;
        self.know(ctx, &begun(upload), &wanted, stored).await?;
        self.sweep_pieces(id).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the pieces of an upload are left for the collector");
        });
        Ok(())
    }
}

async fn take<S>(
    adding: &mut Adding,
    length: u64,
    mut check: Check,
    mut bytes: S,
) -> Result<(), MediaError>
where
    S: Stream<Item = Result<Bytes, MediaError>> + Unpin,
{
    let is_checked = check.is_some();
    let mut broke_off = None;
    while let Some(next) = bytes.next().await {
        let mut next = match next {
            Ok(next) => next,
            Err(error) => {
                broke_off = Some(error);
                break;
            }
        };
        let all = adding.stored + (adding.held.len() + next.len()) as u64;
        if all > length {
            return Err(MediaError::TooLarge { limit: length });
        }
        check.update(&next);
        while adding.held.len() + next.len() >= PIECE {
            let fits = next.split_to(PIECE - adding.held.len());
            adding.held.extend_from_slice(&fits);
            adding.store_held().await?;
            if !is_checked {
                adding.note().await?;
            }
        }
        adding.held.extend_from_slice(&next);
    }
    if let Some(error) = broke_off.take_if(|_| is_checked) {
        return Err(error);
    }
    if !adding.held.is_empty() {
        adding.store_held().await?;
    }
    if !check.holds() {
        return Err(MediaError::OtherChecksum);
    }
    adding.note().await?;
    broke_off.map_or(Ok(()), Err)
}

fn begun(upload: &StoredUpload) -> Begun {
    Begun {
        id: upload.file.id,
        key: upload.file.key,
        kept_free: upload.file.size,
    }
}

fn is_unfinished(upload: &StoredUpload) -> bool {
    upload.file.state == FileState::Receiving && upload.received == upload.length
}

fn check_place(upload: &StoredUpload, offset: u64) -> Result<(), Refusal> {
    if upload.file.state != FileState::Receiving {
        return Err(over());
    }
    if upload.received != offset {
        let detail = format!(
            "the upload is at {}, not at {offset}; go on from there",
            upload.received
        );
        return Err(Refusal::conflict(Rule::UploadState, detail));
    }
    if upload.pieces > SMALL_PIECES + upload.length / PIECE as u64 {
        let detail = "the upload came in too many small pieces; begin it again with larger ones";
        return Err(Refusal::conflict(Rule::UploadState, detail));
    }
    Ok(())
}

fn over() -> Refusal {
    Refusal::conflict(Rule::UploadState, "the upload is over")
}

/// Trying again would end the same.
fn is_final(error: &MediaError) -> bool {
    matches!(error, MediaError::Refused(_) | MediaError::TooLarge { .. })
}
