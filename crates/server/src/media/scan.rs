//! Files are looked at by ClamAV before they are served. While it is away they wait; nothing else does.

mod pauses;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use orderchat_domain::attachment::FileState;
use orderchat_store::attachments::StoredFile;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::blobs::Blob;
use super::{Media, MediaError};
use crate::chat::attachments::Judged;
use crate::clock;

pub(crate) use pauses::Pauses;

/// The longest that clamd may take for one file.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked for files that wait, beside being told of each.
const EVERY: Duration = Duration::from_secs(5);
/// Files that are asked for in one go.
const BATCH: u32 = 20;
/// Bytes of clamd's answer at most.
const ANSWER: u64 = 4 << 10;
/// Bytes that clamd is sent at once.
const CHUNK: usize = 64 << 10;

/// Where clamd listens.
#[derive(Clone, Debug)]
pub(crate) enum Scanner {
    Socket(PathBuf),
    /// Host and port.
    Tcp(String),
}

/// What clamd says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Clean,
    Found,
}

/// clamd did not judge the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    #[error("clamd cannot be reached: {0}")]
    Away(#[from] std::io::Error),
    /// In the midst of a file: it ended, or the file ended it.
    #[error("clamd hung up: {0}")]
    HungUp(std::io::Error),
    #[error("clamd took longer than {} s", PATIENCE.as_secs())]
    TooSlow,
    /// What it said instead, cut; it never repeats the file.
    #[error("clamd answered: {0}")]
    Said(String),
    #[error(transparent)]
    Storage(#[from] MediaError),
}

impl ScanError {
    /// With another file it may go well.
    const fn is_about_the_file(&self) -> bool {
        matches!(
            self,
            Self::HungUp(_) | Self::Said(_) | Self::TooSlow | Self::Storage(MediaError::Lost)
        )
    }
}

trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

impl Scanner {
    async fn connect(&self) -> std::io::Result<Box<dyn Socket>> {
        Ok(match self {
            Self::Socket(path) => Box::new(UnixStream::connect(path).await?),
            Self::Tcp(address) => Box::new(TcpStream::connect(address).await?),
        })
    }

    /// Whether clamd answers; `doctor` asks.
    pub(crate) async fn ping(&self) -> Result<(), ScanError> {
        let asked = async {
            let mut socket = self.connect().await?;
            socket.write_all(b"zPING\0").await?;
            answer(socket).await
        };
        match timeout(PATIENCE, asked)
            .await
            .map_err(|_| ScanError::TooSlow)??
        {
            said if said == "PONG" => Ok(()),
            said => Err(ScanError::Said(said)),
        }
    }

    async fn scan(
        &self,
        bytes: BoxStream<'static, Result<Bytes, MediaError>>,
    ) -> Result<Verdict, ScanError> {
        let asked = self.ask(bytes);
        let said = timeout(PATIENCE, asked)
            .await
            .map_err(|_| ScanError::TooSlow)??;
        if said.ends_with(" FOUND") {
            return Ok(Verdict::Found);
        }
        if said == "stream: OK" {
            return Ok(Verdict::Clean);
        }
        Err(ScanError::Said(said))
    }

    /// `INSTREAM`: the bytes in chunks, each behind its length, then an empty one.
    async fn ask(
        &self,
        mut bytes: BoxStream<'static, Result<Bytes, MediaError>>,
    ) -> Result<String, ScanError> {
        let mut socket = self.connect().await?;
        send(&mut socket, b"zINSTREAM\0").await?;
        while let Some(next) = bytes.try_next().await? {
            for chunk in next.chunks(CHUNK) {
                let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
                let sent = match send(&mut socket, &length.to_be_bytes()).await {
                    Ok(()) => send(&mut socket, chunk).await,
                    refused => refused,
                };
                if let Err(hung_up) = sent {
                    // A file that it will not look at to the end it answers at once, and hangs up.
                    let said = answer(socket).await.unwrap_or_default();
                    return Err(if said.is_empty() {
                        hung_up
                    } else {
                        ScanError::Said(said)
                    });
                }
            }
        }
        send(&mut socket, &0_u32.to_be_bytes()).await?;
        answer(socket).await
    }
}

async fn send(socket: &mut Box<dyn Socket>, bytes: &[u8]) -> Result<(), ScanError> {
    socket.write_all(bytes).await.map_err(ScanError::HungUp)
}

async fn answer(socket: Box<dyn Socket>) -> Result<String, ScanError> {
    let mut said = Vec::new();
    let read = socket.take(ANSWER).read_to_end(&mut said).await;
    if said.is_empty() {
        read.map_err(ScanError::HungUp)?;
    }
    let said = String::from_utf8_lossy(&said);
    Ok(said.trim_end_matches(['\0', '\n']).to_owned())
}

impl Media {
    /// Waits until there may be something to scan; for ever where nothing is scanned.
    pub(crate) async fn scan_due(&self) {
        if self.0.settings.scanner.is_none() {
            return std::future::pending().await;
        }
        tokio::select! {
            () = self.0.scan_due.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }

    /// Has everything that waits looked at, until clamd fails: then it waits on. A file that clamd
    /// will not judge waits longer each time.
    pub(crate) async fn scan_waiting(&self) -> Result<(), ScanError> {
        let Some(scanner) = &self.0.settings.scanner else {
            return Ok(());
        };
        let outcome = self.scan_all(scanner).await;
        let up = if outcome.is_ok() { 1.0 } else { 0.0 };
        metrics::gauge!("orderchat_scanner_up").set(up);
        outcome
    }

    async fn scan_all(&self, scanner: &Scanner) -> Result<(), ScanError> {
        self.0.pauses.lock().forget_gone(clock::monotonic());
        let mut after = 0;
        loop {
            let waiting = self.0.chat.files_pending(after, BATCH).await;
            let waiting = waiting.map_err(MediaError::from)?;
            let Some(last) = waiting.last() else {
                return Ok(());
            };
            after = last.key;
            for file in &waiting {
                let now = clock::monotonic();
                if !self.0.pauses.lock().is_due(file.key, now) {
                    continue;
                }
                match self.scan_one(scanner, file).await {
                    // The others need not wait for it.
                    Err(error) if error.is_about_the_file() => {
                        self.put_off(file, &error);
                        // Unless it is clamd that fails, and not this file.
                        let pinged = scanner.ping().await.map_err(std::io::Error::other);
                        pinged.map_err(ScanError::Away)?;
                    }
                    done => {
                        done?;
                        self.0.pauses.lock().end(file.key);
                    }
                }
            }
        }
    }

    /// The file is not looked at again before its pause is over.
    fn put_off(&self, file: &StoredFile, error: &ScanError) {
        let grown = self.0.pauses.lock().grow(file.key, clock::monotonic());
        if let Some(pause) = grown {
            let again_in_s = pause.as_secs();
            tracing::error!(%error, attachment = %file.id, again_in_s,
                "a file cannot be scanned; it waits");
        }
    }

    async fn scan_one(&self, scanner: &Scanner, file: &StoredFile) -> Result<(), ScanError> {
        let bytes = self.0.blobs.get(Blob::File(file.id), None).await?.boxed();
        let verdict = scanner.scan(bytes).await?;
        let is_clean = verdict == Verdict::Clean;
        let judged = self.0.chat.judge_file(file, is_clean).await;
        match judged.map_err(MediaError::from)? {
            _ if is_clean => Ok(()),
            Judged::Now => self.throw_out(file).await,
            // It may be served by now: its bytes go only with what is recorded of it.
            Judged::Before(FileState::Ready) => {
                tracing::warn!(attachment = %file.id,
                    "the scanner rejected a file that was found clean before; it stays");
                Ok(())
            }
            // Whoever was first deletes it.
            Judged::Before(_) => Ok(()),
        }
    }

    /// The bytes of a file that was rejected go. Should it fail, or end here, the collector does it.
    async fn throw_out(&self, file: &StoredFile) -> Result<(), ScanError> {
        metrics::counter!("orderchat_files_rejected_total").increment(1);
        tracing::warn!(attachment = %file.id, "the scanner rejected a file");
        self.0.blobs.delete(file.id).await?;
        let forgotten = self.0.chat.forget_file(file.id).await;
        Ok(forgotten.map_err(MediaError::from)?)
    }
}
