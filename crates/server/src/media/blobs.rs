//! Where bytes lie: a local folder or S3, behind `object_store`. Names are generated ids; nothing
//! of what people call their files is in them.

mod folder;
mod writer;

use std::fmt;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::signer::{Method, SignedUrlOptions, Signer};
use object_store::{
    ClientOptions, GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt, PutPayload,
    RetryConfig,
};
use orderchat_domain::AttachmentId;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::MediaError;
use folder::{Folder, pieces_of};
pub(crate) use writer::Writer;

/// Bytes of a file that are held in memory while it is received into a folder.
pub(super) const PIECE: usize = 1 << 20;
/// S3 takes no smaller pieces.
const S3_PIECE: usize = 5 << 20;
/// How long a redirect to the storage is good for: it outlives a block.
const REDIRECT_GOOD_FOR: Duration = Duration::from_secs(60);
/// The time that one step of the storage may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

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
        Ok(Self {
            store: Arc::new(store),
            root: Path::default(),
            folder: Some(Folder::at(folder)?),
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

    /// Refuses to change a folder that is not the one of the start.
    async fn ensure_there(&self) -> Result<(), MediaError> {
        match &self.folder {
            Some(folder) => folder.ensure_there().await,
            None => Ok(()),
        }
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
            // S3 shows nothing of the kind; a rule of the bucket takes it away.
            if let Some(folder) = &self.folder {
                folder.delete_staged(&path).await?;
            }
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
            folder.delete_all(&self.pieces(id)).await?;
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
