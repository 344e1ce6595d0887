//! What a folder of this machine needs beside what `object_store` does for it.

use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path as FilePath, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, stream};
use object_store::path::Path;
use tokio::time::timeout;

use super::super::MediaError;
use super::{Failure, PATIENCE};

/// Bytes that are read at once of a file in a folder.
const READ_AT_ONCE: u64 = 256 << 10;
/// A file in a folder is written beside its place first, under its name and `#1`, or the next number
/// that is free: more are never written at once.
const STAGED: u32 = 8;

/// A folder of this machine.
#[derive(Clone)]
pub(super) struct Folder {
    path: PathBuf,
    /// Device and number that it had at the start: one under the same name may be another.
    identity: (u64, u64),
}

impl Folder {
    /// The folder as it is now.
    pub(super) fn at(path: &FilePath) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: identity(&std::fs::metadata(path)?),
        })
    }

    /// Refuses one that is not the one of the start, as where a share is no longer mounted: what is
    /// written there nobody finds when the other one is back, and what is not there is not deleted.
    pub(super) async fn ensure_there(&self) -> Result<(), MediaError> {
        let found = timeout(PATIENCE, tokio::fs::metadata(&self.path)).await;
        let found = found.map_err(|_| MediaError::from(Failure::TooSlow))??;
        if self.identity == identity(&found) {
            return Ok(());
        }
        let path = self.path.display();
        let other = format!(
            "{path} is not the folder that it was at the start; mount that one again, or start the server anew"
        );
        Err(io::Error::other(other).into())
    }

    /// Deletes what a process that was killed left half written: the storage neither lists nor deletes
    /// it.
    pub(super) async fn delete_staged(&self, path: &Path) -> Result<(), MediaError> {
        for number in 1..=STAGED {
            let staged = self.path.join(format!("{path}#{number}"));
            there_or_not(tokio::fs::remove_file(staged).await)?;
        }
        Ok(())
    }

    /// Deletes a folder in it with all that is there.
    pub(super) async fn delete_all(&self, path: &Path) -> Result<(), MediaError> {
        there_or_not(tokio::fs::remove_dir_all(self.path.join(path.as_ref())).await)
    }
}

fn identity(found: &Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// What is not there is deleted already.
fn there_or_not(deleted: io::Result<()>) -> Result<(), MediaError> {
    match deleted {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The range of a file in a folder. The storage's own stream of it is one step on a thread for
/// every 8 KiB.
pub(super) fn pieces_of(
    file: File,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes, MediaError>> {
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
