//! Whether the storage does what it should: `doctor` asks.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use orderchat_domain::AttachmentId;

use super::blobs::{Blob, Blobs, PATIENCE};
use crate::{clock, random};

/// What is written to try the storage out.
const TRIED: &[u8] = b"orderchat doctor";

impl Blobs {
    /// Writes, reads and deletes something; `doctor` asks. `as_clients`: also reads it by a signed URL,
    /// where the storage has such; gives whether it did.
    ///
    /// # Errors
    /// What did not work.
    pub(crate) async fn try_out(&self, as_clients: bool) -> anyhow::Result<bool> {
        let id = AttachmentId(random::uuid_v7(clock::now_ms()));
        let blob = Blob::Piece(id, "doctor");
        self.put(blob, Bytes::from_static(TRIED)).await?;
        let read = self.read_back(blob, as_clients).await;
        self.delete_pieces(id).await?;
        read
    }

    async fn read_back(&self, blob: Blob<'_>, as_clients: bool) -> anyhow::Result<bool> {
        let other = "the storage gave back something else than was written";
        ensure!(self.whole(blob, 1024).await? == TRIED, other);
        if !as_clients {
            return Ok(false);
        }
        let headers = ("text/plain", "attachment");
        let Some(url) = self.signed_url(blob, headers).await? else {
            return Ok(false);
        };
        let read = fetch(&url).await.map_err(reqwest::Error::without_url);
        let read = read.context("a signed URL of the storage does not work")?;
        ensure!(read == TRIED, "by a signed URL {other}");
        Ok(true)
    }
}

/// What a client gets that is sent to this URL of the storage.
#[expect(
    clippy::disallowed_methods,
    reason = "one request of doctor's, with the limits of every step of the storage"
)]
async fn fetch(url: &str) -> reqwest::Result<Bytes> {
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let answer = client.get(url).send().await?.error_for_status()?;
    answer.bytes().await
}
