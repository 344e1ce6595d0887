//! From a token to who asks.

use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::claims::{self, Claims};
use super::jwks::Jwks;
use super::keys::{Key, KeyError};
use super::token::Token;
use super::{AuthError, Expected, KeySource};
use crate::generations::Generations;

/// Tokens that are remembered as verified at least; twice as many at most.
const REMEMBERED: usize = 4 * 1024;
/// Longer ones are verified every time: the memory for [`REMEMBERED`] stays below 16 MiB.
const LONGEST_REMEMBERED: usize = 2 * 1024;

#[derive(Debug)]
enum Keys {
    Secret(Key),
    Jwks(Jwks),
}

/// A token that was verified, and with which generation of the keys.
#[derive(Debug)]
struct Verified {
    claims: Arc<Claims>,
    generation: u64,
}

/// Verifies tokens. One per process.
#[derive(Debug)]
pub(crate) struct Verifier {
    keys: Keys,
    expected: Expected,
    /// By digest: the tokens themselves are not kept.
    verified: Mutex<Generations<[u8; 32], Verified>>,
}

impl Verifier {
    /// Reads the keys. Run [`keep_fresh`](Self::keep_fresh) beside it.
    ///
    /// # Errors
    /// When the file has no usable keys. A URL that does not answer is no error: it is tried again.
    pub(crate) async fn new(source: KeySource, expected: Expected) -> Result<Self, KeyError> {
        let keys = match source {
            KeySource::Secret(secret) => Keys::Secret(Key::from_secret(&secret)),
            KeySource::JwksFile(path) => Keys::Jwks(Jwks::from_file(path).await?),
            KeySource::JwksUrl(url) => Keys::Jwks(Jwks::from_url(url).await?),
        };
        Ok(Self::with_keys(keys, expected))
    }

    #[cfg(test)]
    pub(super) fn with_jwks(jwks: Jwks, expected: Expected) -> Self {
        Self::with_keys(Keys::Jwks(jwks), expected)
    }

    fn with_keys(keys: Keys, expected: Expected) -> Self {
        Self {
            keys,
            expected,
            verified: Mutex::new(Generations::new(REMEMBERED)),
        }
    }

    /// Whether tokens can be verified: a key set that was never fetched verifies none.
    pub(crate) fn has_keys(&self) -> bool {
        match &self.keys {
            Keys::Secret(_) => true,
            Keys::Jwks(jwks) => !jwks.present().keys.is_empty(),
        }
    }

    /// What the token says, if it can be believed at `now_ms`.
    ///
    /// Revocation is not looked at here: compare [`Claims::iat_s`] with the user's.
    ///
    /// # Errors
    /// Everything but [`AuthError::KeysUnavailable`] means 401.
    pub(crate) async fn verify(&self, token: &str, now_ms: i64) -> Result<Arc<Claims>, AuthError> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(claims) = self.remembered(&digest) {
            // The other claims were good once and so for ever.
            return if claims.has_expired(now_ms) {
                Err(AuthError::Expired)
            } else {
                Ok(claims)
            };
        }
        let parsed = Token::parse(token)?;
        let (payload, generation) = match &self.keys {
            Keys::Secret(key) => (parsed.verify(key)?, 0),
            Keys::Jwks(jwks) => verify_with_set(jwks, &parsed).await?,
        };
        let claims = Arc::new(claims::read(&payload, &self.expected, now_ms)?);
        if token.len() <= LONGEST_REMEMBERED {
            let verified = Verified {
                claims: Arc::clone(&claims),
                generation,
            };
            self.verified.lock().insert(digest, verified);
        }
        Ok(claims)
    }

    /// Follows changes of the key set until `shutdown`; returns at once when there is only a
    /// secret. `app` runs it as a task.
    pub(crate) async fn keep_fresh(&self, shutdown: CancellationToken) {
        if let Keys::Jwks(jwks) = &self.keys {
            jwks.keep_fresh(shutdown).await;
        }
    }

    /// A token verified before, unless the keys have changed since: its key may be withdrawn.
    fn remembered(&self, digest: &[u8; 32]) -> Option<Arc<Claims>> {
        let generation = match &self.keys {
            Keys::Secret(_) => 0,
            Keys::Jwks(jwks) => jwks.present().generation,
        };
        let mut verified = self.verified.lock();
        let known = verified.get(digest)?;
        (known.generation == generation).then(|| Arc::clone(&known.claims))
    }
}

type Payload = serde_json::Map<String, serde_json::Value>;

/// Verifies with the key that the token means; for one that is not there the set is read again.
async fn verify_with_set(jwks: &Jwks, token: &Token<'_>) -> Result<(Payload, u64), AuthError> {
    let id = token.key_id.as_deref();
    let mut present = jwks.present();
    if present.keys.find(id).is_none() {
        jwks.want_newer().await;
        present = jwks.present();
    }
    if present.keys.is_empty() {
        return Err(AuthError::KeysUnavailable);
    }
    let key = present.keys.find(id).ok_or(AuthError::UnknownKey)?;
    Ok((token.verify(key)?, present.generation))
}
