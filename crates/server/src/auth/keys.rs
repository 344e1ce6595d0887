//! Keys that verify tokens, each for one algorithm.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

/// More keys in one set are a mistake.
const MOST_KEYS: usize = 100;

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the key set cannot be read: {0}")]
    Unreadable(String),
    #[error("the key set is no JSON object with a list `keys` of at most {MOST_KEYS} keys")]
    NoKeySet,
    #[error(
        "the key set has no key for signatures that can be used here: it needs RSA of 2048 to 8192 \
         bits (RS256), EC on P-256 (ES256) or OKP on Ed25519 (EdDSA), without private parts"
    )]
    NoUsableKey,
}

/// A key for one algorithm.
#[derive(Clone)]
pub(super) struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
    /// What the key was made of, to see whether a set has changed.
    source: Value,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = (&self.id, self.algorithm);
        f.debug_tuple("Key").field(&shown).finish()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.source == other.source
    }
}

impl Key {
    pub(super) fn from_secret(secret: &SecretString) -> Self {
        Self {
            id: None,
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(secret.expose_secret().as_bytes()),
            source: Value::Null,
        }
    }

    /// A public key of a set; `None` for one that is not for signatures, not of a kind used here,
    /// or private.
    fn from_jwk(jwk: &Value) -> Option<Self> {
        let fields = jwk.as_object()?;
        let (algorithm, key) = match text(fields, "kty")? {
            "RSA" => {
                let (n, e) = (text(fields, "n")?, text(fields, "e")?);
                let bits = bytes(n)?.iter().skip_while(|byte| **byte == 0).count() * 8;
                (2048..=8192).contains(&bits).then_some(())?;
                (
                    Algorithm::RS256,
                    DecodingKey::from_rsa_components(n, e).ok()?,
                )
            }
            "EC" if text(fields, "crv")? == "P-256" => {
                let (x, y) = (text(fields, "x")?, text(fields, "y")?);
                (bytes(x)?.len() == 32 && bytes(y)?.len() == 32).then_some(())?;
                (
                    Algorithm::ES256,
                    DecodingKey::from_ec_components(x, y).ok()?,
                )
            }
            "OKP" if text(fields, "crv")? == "Ed25519" => {
                let x = text(fields, "x")?;
                (bytes(x)?.len() == 32).then_some(())?;
                (Algorithm::EdDSA, DecodingKey::from_ed_components(x).ok()?)
            }
            // A symmetric key that everybody may fetch would let everybody sign.
            _ => return None,
        };
        let absent_or = |name, expected| fields.get(name).is_none_or(|value| value == expected);
        let verifies = fields.get("key_ops").is_none_or(|operations| {
            operations
                .as_array()
                .is_some_and(|operations| operations.contains(&"verify".into()))
        });
        let usable = absent_or("alg", name_of(algorithm))
            && absent_or("use", "sig")
            && verifies
            && !fields.contains_key("d");
        let id = match fields.get("kid") {
            None => None,
            Some(id) => Some(id.as_str()?.to_owned()),
        };
        usable.then(|| Self {
            id,
            algorithm,
            key,
            source: jwk.clone(),
        })
    }

    /// The only `alg` that a token signed with this key may name.
    pub(super) fn algorithm_name(&self) -> &'static str {
        name_of(self.algorithm)
    }

    /// Whether `signature` (base64url) is this key's over exactly these bytes.
    pub(super) fn verifies(&self, signed: &str, signature: &str) -> bool {
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &self.key, self.algorithm)
            .unwrap_or(false)
    }
}

fn name_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "HS256",
        Algorithm::RS256 => "RS256",
        Algorithm::ES256 => "ES256",
        Algorithm::EdDSA => "EdDSA",
        // No key here is for another; no token can name this.
        _ => "",
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Keys that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// Reads a JSON Web Key Set (RFC 7517). Keys that cannot be used are left out, as the standard
    /// asks; of two with the same id the first counts.
    pub(super) fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let set: Value = serde_json::from_slice(json).map_err(|_| KeyError::NoKeySet)?;
        let listed = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(KeyError::NoKeySet)?;
        if listed.len() > MOST_KEYS {
            return Err(KeyError::NoKeySet);
        }
        let mut keys: Vec<Key> = Vec::new();
        for key in listed.iter().filter_map(Key::from_jwk) {
            if key.id.is_none() || keys.iter().all(|known| known.id != key.id) {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            return Err(KeyError::NoUsableKey);
        }
        Ok(Self { keys })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key that a token means: the one of its `kid`, or the only one if either of them has no
    /// id.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.keys.as_slice()) {
            (None, [only]) => Some(only),
            (Some(_), [only]) if only.id.is_none() => Some(only),
            (None, _) => None,
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        }
    }
}
