//! A file comes in: looked at, made safe, stored, and only then known to messages.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use orderchat_domain::attachment::{DraftFile, FileFacts, FileName, FileState, ImageRecord};
use orderchat_domain::{AttachmentId, Millis, RoomId};
use orderchat_media::{Capture, Kind, SNIFFED, sniff};
use orderchat_store::attachments::Finished;
use sha2::{Digest, Sha256};

use super::blobs::{Blob, PIECE, Writer};
use super::images::Made;
use super::{Media, MediaError, UploadPlace};
use crate::chat::Context;
use crate::chat::attachments::{AttachmentView, Begun, Proof, Wanted};

/// The longest that an upload takes, and a little: after it nobody waits for it any more.
const WITHIN: i64 = 45 * 60 * 1_000;
/// Under this name a picture lies until it has been worked on.
const RAW: &str = "raw";

/// A file as it was announced.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) room: RoomId,
    /// As given.
    pub(crate) name: String,
    /// The media type, as given.
    pub(crate) declared: Option<String>,
    /// Its size, if it was said.
    pub(crate) size: Option<u64>,
    pub(crate) is_proof: bool,
}

/// A file that was received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// As a send names it.
    pub(crate) file: DraftFile,
    /// `None`: it was only looked at.
    pub(crate) kept: Option<Kept>,
}

/// What is known of a file that was kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) key: i64,
    pub(crate) view: AttachmentView,
}

/// A file as it lies in the storage, and what it said of its making.
pub(super) struct Stored {
    pub(super) finished: Finished,
    pub(super) capture: Option<Capture>,
}

/// What comes, with what was looked at of it put in front again.
pub(super) struct Source<S> {
    pub(super) head: Bytes,
    rest: S,
    digest: Sha256,
    size: u64,
    largest: u64,
}

impl<S> Source<S>
where
    S: Stream<Item = Result<Bytes, MediaError>> + Unpin,
{
    pub(super) async fn begin(mut rest: S, largest: u64) -> Result<(Self, bool), MediaError> {
        let mut head = Vec::new();
        let mut whole = false;
        while head.len() < SNIFFED {
            match rest.next().await {
                Some(bytes) => head.extend_from_slice(&bytes?),
                None => {
                    whole = true;
                    break;
                }
            }
        }
        let source = Self {
            head: head.into(),
            rest,
            digest: Sha256::new(),
            size: 0,
            largest,
        };
        Ok((source, whole))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, MediaError> {
        let bytes = if self.head.is_empty() {
            match self.rest.next().await {
                None => return Ok(None),
                Some(bytes) => bytes?,
            }
        } else {
            std::mem::take(&mut self.head)
        };
        self.size += bytes.len() as u64;
        if self.size > self.largest {
            let limit = self.largest;
            return Err(MediaError::TooLarge { limit });
        }
        self.digest.update(&bytes);
        Ok(Some(bytes))
    }

    /// All of it goes to the writer.
    async fn pour(&mut self, into: &mut Writer) -> Result<(), MediaError> {
        while let Some(bytes) = self.next().await? {
            into.write(bytes).await?;
        }
        Ok(())
    }

    fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }
}

impl Media {
    /// Takes a file in. The caller may attach in the room, or the row that is written first refuses
    /// it; what the content is decides [`sniff`], before anything is stored.
    pub(crate) async fn receive<S>(
        &self,
        ctx: &Context,
        incoming: Incoming,
        bytes: S,
    ) -> Result<Received, MediaError>
    where
        S: Stream<Item = Result<Bytes, MediaError>> + Unpin,
    {
        let place = self.place(ctx)?;
        let largest = self.largest();
        let (mut source, whole) = Source::begin(bytes, largest).await?;
        let kind = kind_of(&source.head, whole, &incoming)?;
        let wanted = Wanted {
            room: incoming.room,
            name: FileName::of(&incoming.name, kind.extension()),
            size: incoming.size.unwrap_or(largest).min(largest),
            is_proof: incoming.is_proof,
            within: WITHIN,
            in_pieces: None,
        };
        let begun = self.0.chat.begin_file(ctx, wanted.clone()).await?;
        let made = async {
            let stored = self
                .make(begun.id, &wanted, kind, &mut source, &place)
                .await?;
            if kind.is_image() {
                self.0.blobs.delete_pieces(begun.id).await?;
            }
            self.know(ctx, &begun, &wanted, stored).await
        };
        let made = made.await;
        if made.is_err() {
            self.give_up(&begun).await;
        }
        let (view, facts) = made?;
        Ok(Received {
            file: DraftFile {
                attachment: Some(begun.id),
                facts: Some(facts),
            },
            kept: Some(Kept {
                key: begun.key,
                view,
            }),
        })
    }

    /// Looks at a file that is not kept: of a send that is refused, unless it repeats an earlier one.
    pub(crate) async fn look_at<S>(
        &self,
        ctx: &Context,
        incoming: &Incoming,
        bytes: S,
    ) -> Result<Received, MediaError>
    where
        S: Stream<Item = Result<Bytes, MediaError>> + Unpin,
    {
        let _place = self.place(ctx)?;
        let (mut source, whole) = Source::begin(bytes, self.largest()).await?;
        let kind = kind_of(&source.head, whole, incoming)?;
        while source.next().await?.is_some() {}
        let facts = FileFacts {
            source: source.digest(),
            is_image: kind.is_image(),
        };
        Ok(Received {
            file: DraftFile {
                attachment: None,
                facts: Some(facts),
            },
            kept: None,
        })
    }

    /// Nobody waits for the file any more. One that was deleted meanwhile is deleted again: what was
    /// stored of it since would lie there unknown.
    pub(super) async fn give_up(&self, begun: &Begun) {
        if self.was_deleted_again(begun.id).await {
            return;
        }
        if let Err(error) = self.0.chat.let_file_go(begun.key).await {
            tracing::warn!(%error, "an upload that failed is left for the collector");
        }
    }

    /// Deletes what is stored of a file that the collector has, or had, on its list; `false` if it is
    /// not one.
    pub(super) async fn was_deleted_again(&self, id: AttachmentId) -> bool {
        if !self.0.chat.is_file_gone(id).await.unwrap_or_default() {
            return false;
        }
        if let Err(error) = self.0.blobs.delete(id).await {
            tracing::warn!(%error, attachment = %id, "the rest of a deleted file may still be stored");
        }
        true
    }

    /// What was stored is known from now on.
    pub(super) async fn know(
        &self,
        ctx: &Context,
        begun: &Begun,
        wanted: &Wanted,
        stored: Stored,
    ) -> Result<(AttachmentView, FileFacts), MediaError> {
        let Stored { finished, capture } = stored;
        let facts = FileFacts {
            source: finished.source,
            is_image: finished.image.is_some(),
        };
        let proof = wanted.is_proof.then(|| Proof {
            room: wanted.room,
            body: self.statement(ctx, begun, &finished, capture),
        });
        let chat = &self.0.chat;
        let view = chat.finish_file(ctx, begun, finished, proof).await?;
        self.0.scan_due.notify_one();
        Ok((view, facts))
    }

    /// Stores the file as it is to be served. `user` is a place among the user's uploads.
    pub(super) async fn make<S>(
        &self,
        id: AttachmentId,
        wanted: &Wanted,
        kind: Kind,
        source: &mut Source<S>,
        user: &UploadPlace,
    ) -> Result<Stored, MediaError>
    where
        S: Stream<Item = Result<Bytes, MediaError>> + Unpin,
    {
        if kind.is_image() {
            self.store_image(id, wanted, kind, source, user).await
        } else {
            self.store_as_it_is(id, wanted, kind, source).await
        }
    }

    async fn store_as_it_is<S>(
        &self,
        id: AttachmentId,
        wanted: &Wanted,
        kind: Kind,
        source: &mut Source<S>,
    ) -> Result<Stored, MediaError>
    where
        S: Stream<Item = Result<Bytes, MediaError>> + Unpin,
    {
        let mut writer = self.0.blobs.writer(Blob::File(id));
        if let Err(error) = source.pour(&mut writer).await {
            writer.abort().await;
            return Err(error);
        }
        writer.finish().await?;
        let digest = source.digest();
        let finished = self.finished(wanted, kind, source.size, digest);
        Ok(Stored {
            finished,
            capture: None,
        })
    }

    /// A picture is kept as it came until there is room to work on it: only small ones in memory.
    async fn store_image<S>(
        &self,
        id: AttachmentId,
        wanted: &Wanted,
        kind: Kind,
        source: &mut Source<S>,
        user: &UploadPlace,
    ) -> Result<Stored, MediaError>
    where
        S: Stream<Item = Result<Bytes, MediaError>> + Unpin,
    {
        let mut small = Vec::new();
        let mut large = None;
        while let Some(bytes) = source.next().await? {
            if large.is_none() && small.len() + bytes.len() > PIECE {
                let mut writer = self.0.blobs.writer(Blob::Piece(id, RAW));
                writer.write(std::mem::take(&mut small).into()).await?;
                large = Some(writer);
            }
            match &mut large {
                Some(writer) => writer.write(bytes).await?,
                None => small.extend_from_slice(&bytes),
            }
        }
        let is_large = large.is_some();
        if let Some(writer) = large {
            writer.finish().await?;
        }
        let place = self.0.images.place().await?;
        let raw = if is_large {
            let most = usize::try_from(source.largest).unwrap_or(usize::MAX);
            self.0.blobs.whole(Blob::Piece(id, RAW), most).await?
        } else {
            small
        };
        let made = self
            .0
            .images
            .make((place, Arc::clone(user)), raw, kind, wanted.is_proof)
            .await?;
        let digest = source.digest();
        self.put_image(id, wanted, made, digest).await
    }

    async fn put_image(
        &self,
        id: AttachmentId,
        wanted: &Wanted,
        made: Made,
        source: [u8; 32],
    ) -> Result<Stored, MediaError> {
        let Made {
            processed,
            capture,
            place: _place,
        } = made;
        let name = if processed.kind.may_be_called(wanted.name.as_str()) {
            wanted.name.clone()
        } else {
            wanted.name.with_extension(processed.kind.extension())
        };
        let finished = Finished {
            name: name.into(),
            digest: Sha256::digest(&processed.bytes).into(),
            image: Some(ImageRecord {
                width: processed.width,
                height: processed.height,
                thumbhash: STANDARD.encode(&processed.thumbhash),
            }),
            ..self.finished(wanted, processed.kind, processed.bytes.len() as u64, source)
        };
        let blobs = &self.0.blobs;
        let thumbnail = processed.thumbnail.into();
        blobs.put(Blob::Thumbnail(id), thumbnail).await?;
        let mut writer = blobs.writer(Blob::File(id));
        writer.write(processed.bytes.into()).await?;
        writer.finish().await?;
        Ok(Stored { finished, capture })
    }

    fn finished(&self, wanted: &Wanted, kind: Kind, size: u64, source: [u8; 32]) -> Finished {
        let state = if self.0.settings.scanner.is_some() {
            FileState::Pending
        } else {
            FileState::Ready
        };
        let unsent = self.0.chat.rules().files.unsent;
        Finished {
            state,
            name: wanted.name.clone().into(),
            size,
            mime: kind.mime(),
            source,
            digest: source,
            image: None,
            until: Some(Millis(crate::clock::now_ms()).plus(unsent)),
        }
    }
}

fn kind_of(head: &[u8], whole: bool, incoming: &Incoming) -> Result<Kind, MediaError> {
    Ok(sniff(
        head,
        whole,
        incoming.declared.as_deref(),
        &incoming.name,
    )?)
}
