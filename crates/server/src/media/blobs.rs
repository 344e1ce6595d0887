//! Where bytes lie: a local folder or S3, behind `object_store`. Names are generated ids; nothing
//! of what people call their files is in them.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::signer::{Method, SignedUrlOptions, Signer};
use object_store::{
    ClientOptions, GetOptions, GetRange, GetResultPayload, MultipartUpload, ObjectStore,
    ObjectStoreExt, PutPayload, PutPayloadMut, RetryConfig,
};
use orderchat_domain::AttachmentId;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::MediaError;

/// Bytes of a file that are held in memory while it is received into a folder.
pub(super) const PIECE: usize = 1 << 20;
/// S3 takes no smaller pieces.
const S3_PIECE: usize = 5 << 20;
/// How long a redirect to the storage is good for: it outlives a block.
const REDIRECT_GOOD_FOR: Duration = Duration::from_secs(60);
/// What comes in so many bytes at once is kept as it came; less is copied together, or a thousand
/// small pieces would each keep the memory they came in.
const HELD_AS_IT_CAME: usize = 64 << 10;
/// Bytes that are read at once of a file in a folder.
const READ_AT_ONCE: u64 = 256 << 10;
/// The time that one step of the storage may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// A file in a folder is written beside its place first, under its name and `#1`, or the next number
/// that is free: more are never written at once.
const STAGED: u32 = 8;

/// Something that lies in the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blob<'a> {
    /// The file as it is served.
    File(AttachmentId),
    Thumbnail(AttachmentId),
    /// Something on its way to become the file.
    Piece(AttachmentId, &'a str),
}

/// The storage. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Blobs {
    store: Arc<dyn ObjectStore>,
    root: Path,
    /// Where it lies on this machine, if it does.
    folder: Option<Folder>,
    /// Bytes that are sent to it at once.
    piece: usize,
    /// Of a storage that clients can be sent to.
    signer: Option<Arc<dyn Signer>>,
}

/// A folder of this machine.
#[derive(Clone)]
struct Folder {
    path: PathBuf,
    /// Device and number that it had at the start: one under the same name may be another.
    identity: (u64, u64),
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blobs").field("store", &self.store).finish()
    }
}

impl Blobs {
    /// A folder, made if it is missing, closed to others on the machine. What is written there is
    /// synced: what is acknowledged survives a power loss.
    ///
    /// # Errors
    /// When there can be no such folder.
    pub(crate) fn folder(folder: &FilePath) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
        Self::folder_as_it_is(folder)
    }

    /// A folder that is there.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn folder_as_it_is(folder: &FilePath) -> anyhow::Result<Self> {
        let store = LocalFileSystem::new_with_prefix(folder)?
            .with_automatic_cleanup(true)
            .with_fsync(true);
        let identity = identity(&std::fs::metadata(folder)?);
        Ok(Self {
            store: Arc::new(store),
            root: Path::default(),
            folder: Some(Folder {
                path: folder.to_owned(),
                identity,
            }),
            piece: PIECE,
            signer: None,
        })
    }

    /// A bucket, of a server that the usual `AWS_*` variables name, and what its names begin with.
    ///
    /// # Errors
    /// When the variables do not fit together.
    pub(crate) fn bucket(bucket: &str, prefix: &str) -> anyhow::Result<Self> {
        let retry = RetryConfig {
            max_retries: 2,
            retry_timeout: PATIENCE / 2,
            ..RetryConfig::default()
        };
        let client = ClientOptions::new()
            .with_allow_http(true)
            .with_connect_timeout(Duration::from_secs(3))
            .with_timeout(PATIENCE);
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_retry(retry)
            .with_client_options(client)
            .build()?;
        let store = Arc::new(store);
        Ok(Self {
            store: Arc::clone(&store) as Arc<dyn ObjectStore>,
            root: Path::from(prefix),
            folder: None,
            piece: S3_PIECE,
            signer: Some(store),
        })
    }

    /// A URL of the storage itself, under which anybody gets the blob for a minute with these two
    /// headers; `None` where clients cannot go there.
    pub(crate) async fn signed_url(
        &self,
        blob: Blob<'_>,
        (kind, disposition): (&str, &str),
    ) -> Result<Option<String>, MediaError> {
        let Some(signer) = &self.signer else {
            return Ok(None);
        };
        let options = SignedUrlOptions::new().with_query([
            ("response-content-type", kind),
            ("response-content-disposition", disposition),
            ("response-cache-control", "no-store"),
        ]);
        let path = self.path(blob);
        let url = signer.signed_url_opts(Method::GET, &path, REDIRECT_GOOD_FOR, &options);
        Ok(Some(in_time(url).await?.to_string()))
    }

    /// Where in a folder the parts of a file lie.
    pub(crate) fn parts_of(id: AttachmentId, has_thumbnail: bool) -> Vec<String> {
        let thumbnail = has_thumbnail.then_some(Blob::Thumbnail(id));
        let parts = [Some(Blob::File(id)), thumbnail].into_iter().flatten();
        parts
            .map(|part| Self::path_under(&Path::default(), part).to_string())
            .collect()
    }

    fn path(&self, blob: Blob<'_>) -> Path {
        Self::path_under(&self.root, blob)
    }

    fn path_under(root: &Path, blob: Blob<'_>) -> Path {
        let (kind, id) = match blob {
            Blob::File(id) => ("files", id),
            Blob::Thumbnail(id) => ("thumbnails", id),
            Blob::Piece(id, name) => {
                let id = id.0.simple().to_string();
                return root.clone().join("pieces").join(id).join(name);
            }
        };
        let id = id.0.simple().to_string();
        // The last digits are random, the first are the time: no folder gets all of a day.
        let shelf = id[id.len() - 2..].to_owned();
        root.clone().join(kind).join(shelf).join(id)
    }

    fn pieces(&self, id: AttachmentId) -> Path {
        let id = id.0.simple().to_string();
        self.root.clone().join("pieces").join(id)
    }

    /// Refuses to change a folder that is not the one of the start, as where a share is no longer mounted:
    /// what is written there nobody finds when the other one is back, and what is not there is not deleted.
    async fn ensure_there(&self) -> Result<(), MediaError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let found = timeout(PATIENCE, tokio::fs::metadata(&folder.path)).await;
        let found = found.map_err(|_| MediaError::from(Failure::TooSlow))??;
        if folder.identity == identity(&found) {
            return Ok(());
        }
        let path = folder.path.display();
        let other = format!(
            "{path} is not the folder that it was at the start; mount that one again, or start the server anew"
        );
        Err(io::Error::other(other).into())
    }

    /// Stores these bytes.
    pub(crate) async fn put(&self, blob: Blob<'_>, bytes: Bytes) -> Result<(), MediaError> {
        let path = self.path(blob);
        self.put_whole(&path, PutPayload::from_bytes(bytes)).await
    }

    async fn put_whole(&self, path: &Path, bytes: PutPayload) -> Result<(), MediaError> {
        self.ensure_there().await?;
        in_time(self.store.put(path, bytes)).await?;
        Ok(())
    }

    /// Begins to store what comes piece by piece.
    pub(crate) fn writer(&self, blob: Blob<'_>) -> Writer {
        Writer {
            blobs: self.clone(),
            path: self.path(blob),
            held: PutPayloadMut::new(),
            upload: None,
        }
    }

    /// The bytes of a blob, or some of them.
    pub(crate) async fn get(
        &self,
        blob: Blob<'_>,
        range: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, Result<Bytes, MediaError>>, MediaError> {
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let path = self.path(blob);
        let found = in_time(self.store.get_opts(&path, options)).await?;
        let range = found.range.clone();
        match found.payload {
            GetResultPayload::File(file, _) => Ok(pieces_of(file, range).boxed()),
            GetResultPayload::Stream(stream) => Ok(stream.map_err(MediaError::from).boxed()),
        }
    }

    /// All bytes of a blob, which must not be more than `most`.
    pub(crate) async fn whole(&self, blob: Blob<'_>, most: usize) -> Result<Vec<u8>, MediaError> {
        let mut stream = self.get(blob, None).await?;
        let mut whole = Vec::new();
        while let Some(bytes) = stream.try_next().await? {
            if whole.len() + bytes.len() > most {
                let limit = most as u64;
                return Err(MediaError::TooLarge { limit });
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }

    /// The SHA-256 of a file, all of which is read.
    pub(crate) async fn sha256(&self, id: AttachmentId) -> Result<[u8; 32], MediaError> {
        let mut stream = self.get(Blob::File(id), None).await?;
        let mut digest = Sha256::new();
        let too_slow = |_| MediaError::from(Failure::TooSlow);
        while let Some(bytes) = timeout(PATIENCE, stream.try_next())
            .await
            .map_err(too_slow)??
        {
            digest.update(&bytes);
        }
        Ok(digest.finalize().into())
    }

    /// Deletes everything of the file; what is not there is deleted already.
    pub(crate) async fn delete(&self, id: AttachmentId) -> Result<(), MediaError> {
        self.delete_pieces(id).await?;
        for blob in [Blob::Thumbnail(id), Blob::File(id)] {
            let path = self.path(blob);
            self.delete_path(&path).await?;
            self.delete_staged(&path).await?;
        }
        Ok(())
    }

    /// Deletes what a process that was killed left half written in the folder: the storage neither
    /// lists nor deletes it. S3 shows nothing of the kind; a rule of the bucket takes it away.
    async fn delete_staged(&self, path: &Path) -> Result<(), MediaError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        for number in 1..=STAGED {
            let staged = folder.path.join(format!("{path}#{number}"));
            there_or_not(tokio::fs::remove_file(staged).await)?;
        }
        Ok(())
    }

    /// Deletes what was on its way to become the file.
    pub(crate) async fn delete_pieces(&self, id: AttachmentId) -> Result<(), MediaError> {
        self.ensure_there().await?;
        let mut pieces = self.store.list(Some(&self.pieces(id)));
        while let Some(piece) = in_time(pieces.try_next()).await? {
            self.delete_path(&piece.location).await?;
        }
        if let Some(folder) = &self.folder {
            let pieces = folder.path.join(self.pieces(id).as_ref());
            there_or_not(tokio::fs::remove_dir_all(pieces).await)?;
        }
        Ok(())
    }

    /// Deletes one of these, which nobody knows of.
    pub(crate) async fn delete_piece(
        &self,
        id: AttachmentId,
        name: &str,
    ) -> Result<(), MediaError> {
        self.delete_path(&self.path(Blob::Piece(id, name))).await
    }

    async fn delete_path(&self, path: &Path) -> Result<(), MediaError> {
        match in_time(self.store.delete(path)).await {
            Ok(()) | Err(Failure::Store(object_store::Error::NotFound { .. })) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// The range of a file in a folder. The storage's own stream of it is one step on a thread for
/// every 8 KiB.
fn pieces_of(file: File, range: Range<u64>) -> impl Stream<Item = Result<Bytes, MediaError>> {
    stream::try_unfold((file, range), |(file, mut range)| async move {
        let read = tokio::task::spawn_blocking(move || {
            let length = (range.end - range.start).min(READ_AT_ONCE);
            let mut piece = vec![0; usize::try_from(length).unwrap_or_default()];
            file.read_exact_at(&mut piece, range.start)?;
            range.start += length;
            io::Result::Ok((piece, (file, range)))
        });
        let (piece, rest) = read.await.map_err(io::Error::other)??;
        Ok((!piece.is_empty()).then(|| (piece.into(), rest)))
    })
}

fn identity(found: &std::fs::Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// What is not there is deleted already.
fn there_or_not(deleted: io::Result<()>) -> Result<(), MediaError> {
    match deleted {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The storage failed, or took too long.
enum Failure {
    Store(object_store::Error),
    TooSlow,
}

impl From<Failure> for MediaError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error.into(),
            Failure::TooSlow => {
                metrics::counter!("orderchat_storage_failures_total").increment(1);
                tracing::error!(waited_s = PATIENCE.as_secs(), "the storage is too slow");
                Self::Storage
            }
        }
    }
}

async fn in_time<T>(step: impl Future<Output = object_store::Result<T>>) -> Result<T, Failure> {
    match timeout(PATIENCE, step).await {
        Ok(done) => done.map_err(Failure::Store),
        Err(_) => Err(Failure::TooSlow),
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
