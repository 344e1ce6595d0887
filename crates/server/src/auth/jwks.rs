//! A key set from a file or a URL, and when it is read again. The home of the HTTP client.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::{Mutex, RwLock};
use tokio::io::AsyncReadExt;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::keys::{KeyError, KeySet};

/// Larger sets are a mistake.
const LARGEST_SET: usize = 256 * 1024;
/// A fetch from connecting to the last byte.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a source is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    /// Without a reason.
    pub(super) every: Duration,
    /// After a failure.
    pub(super) after_failure: Duration,
    /// At most so often because a token names an unknown key: such tokens cost the sender nothing.
    pub(super) at_most: Duration,
}

/// The file's time and size are looked at, which costs little.
const FILE_RHYTHM: Rhythm = Rhythm {
    every: Duration::from_secs(5),
    after_failure: Duration::from_secs(5),
    at_most: Duration::from_secs(1),
};
const URL_RHYTHM: Rhythm = Rhythm {
    every: Duration::from_mins(10),
    after_failure: Duration::from_secs(30),
    at_most: Duration::from_secs(30),
};

#[derive(Debug)]
enum Source {
    File(PathBuf),
    Url {
        client: reqwest::Client,
        url: String,
    },
}

/// What changes when a file is written or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    inode: u64,
    bytes: u64,
}

/// The present keys, with a number that changes when they do.
#[derive(Clone, Debug, Default)]
pub(super) struct Present {
    pub(super) keys: Arc<KeySet>,
    pub(super) generation: u64,
}

/// A key set that is kept fresh.
///
/// Only [`keep_fresh`](Self::keep_fresh) reads the source again: one reader at a time, and one that
/// a client cannot interrupt by hanging up. A failure keeps the keys that were there.
#[derive(Debug)]
pub(super) struct Jwks {
    source: Source,
    rhythm: Rhythm,
    present: RwLock<Present>,
    /// Of the file, when it was read last.
    stamp: Mutex<Option<Stamp>>,
    /// Somebody waits for a key that is not there.
    wanted: Notify,
    /// When the source was read last.
    read_at: watch::Sender<Instant>,
}

impl Jwks {
    /// Reads the file.
    ///
    /// # Errors
    /// When it has no usable keys: an operator's mistake, to be seen at the start.
    pub(super) async fn from_file(path: PathBuf) -> Result<Self, KeyError> {
        let jwks = Self::new(Source::File(path), FILE_RHYTHM);
        jwks.read_again().await?;
        Ok(jwks)
    }

    /// Fetches the set. If that fails the server starts without keys and tries again: the shop's
    /// other half may be starting too.
    pub(super) async fn from_url(url: String) -> Result<Self, KeyError> {
        let jwks = Self::new(
            Source::Url {
                client: client()?,
                url,
            },
            URL_RHYTHM,
        );
        if let Err(error) = jwks.read_again().await {
            tracing::warn!(
                %error,
                "no keys yet, tokens cannot be verified: check ORDERCHAT_AUTH_JWKS and its server"
            );
        }
        Ok(jwks)
    }

    fn new(source: Source, rhythm: Rhythm) -> Self {
        Self {
            source,
            rhythm,
            present: RwLock::default(),
            stamp: Mutex::new(None),
            wanted: Notify::new(),
            read_at: watch::Sender::new(Instant::now()),
        }
    }

    pub(super) fn present(&self) -> Present {
        self.present.read().clone()
    }

    /// Waits until the source was read again, if that is allowed so soon after the last time.
    pub(super) async fn want_newer(&self) {
        let mut read_at = self.read_at.subscribe();
        if read_at.borrow_and_update().elapsed() < self.rhythm.at_most {
            return;
        }
        self.wanted.notify_one();
        // A little longer than reading may take; if it takes longer, the caller has no newer keys.
        let _ = timeout(FETCH_TIMEOUT + Duration::from_secs(1), read_at.changed()).await;
    }

    /// Reads the source again, regularly and when wanted, until `shutdown`.
    pub(super) async fn keep_fresh(&self, shutdown: CancellationToken) {
        let mut next = Instant::now() + self.rhythm.every;
        if self.present().keys.is_empty() {
            next = Instant::now() + self.rhythm.after_failure;
        }
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep_until(next) => {}
                () = self.wanted.notified() => {
                    if self.read_at.borrow().elapsed() < self.rhythm.at_most {
                        continue;
                    }
                }
            }
            next = Instant::now() + self.rhythm.every;
            if self.may_have_changed().await
                && let Err(error) = self.read_again().await
            {
                tracing::warn!(
                    %error,
                    "keys were not renewed, the earlier ones stay: check ORDERCHAT_AUTH_JWKS"
                );
                next = Instant::now() + self.rhythm.after_failure;
            }
            self.read_at.send_replace(Instant::now());
        }
    }

    /// Reads the source now and puts the keys in place of the present ones.
    async fn read_again(&self) -> Result<(), KeyError> {
        *self.stamp.lock() = self.stamp_now().await;
        let json = match &self.source {
            Source::File(path) => read_file(path).await,
            Source::Url { client, url } => fetch(client, url).await,
        };
        let keys = KeySet::parse(&json.map_err(KeyError::Unreadable)?)?;
        let mut present = self.present.write();
        if *present.keys != keys {
            tracing::info!(keys = keys.len(), "keys were read");
            *present = Present {
                keys: Arc::new(keys),
                generation: present.generation + 1,
            };
        }
        Ok(())
    }

    /// A file that looks as it did when it was read last is not read again.
    async fn may_have_changed(&self) -> bool {
        let now = self.stamp_now().await;
        matches!(self.source, Source::Url { .. }) || *self.stamp.lock() != now
    }

    /// `None` for a URL, and for a file that is not there.
    async fn stamp_now(&self) -> Option<Stamp> {
        let Source::File(path) = &self.source else {
            return None;
        };
        let found = tokio::fs::metadata(path).await.ok()?;
        Some(Stamp {
            modified: found.modified().ok()?,
            inode: found.ino(),
            bytes: found.len(),
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the home of the HTTP client")]
fn client() -> Result<reqwest::Client, KeyError> {
    reqwest::Client::builder()
        .timeout(FETCH_TIMEOUT)
        // The operator named this URL and no other.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("orderchat/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| KeyError::Unreadable(error.to_string()))
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Vec<u8>, String> {
    let plain = |error: reqwest::Error| in_full(&error.without_url());
    let mut answer = client.get(url).send().await.map_err(plain)?;
    if answer.status() != http::StatusCode::OK {
        return Err(format!("the answer was {}", answer.status()));
    }
    let mut json = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(plain)? {
        json.extend_from_slice(&chunk);
        if json.len() > LARGEST_SET {
            return Err(too_large());
        }
    }
    Ok(json)
}

/// The error and its causes, on one line. Call it without the URL, which may hold a password.
fn in_full(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

async fn read_file(path: &PathBuf) -> Result<Vec<u8>, String> {
    let named = |error| format!("{}: {error}", path.display());
    let file = tokio::fs::File::open(path).await.map_err(named)?;
    let mut json = Vec::new();
    file.take(LARGEST_SET as u64 + 1)
        .read_to_end(&mut json)
        .await
        .map_err(named)?;
    if json.len() > LARGEST_SET {
        Err(too_large())
    } else {
        Ok(json)
    }
}

fn too_large() -> String {
    format!("it is larger than {LARGEST_SET} bytes")
}

#[cfg(test)]
mod tests;
