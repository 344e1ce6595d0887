//! Who asks: tokens, the keys that verify them, and the claims in them.
//!
//! [`Verifier::verify`] is the only way from a token to [`Claims`]. In order: length, form,
//! header, key, signature, claims. Which algorithm a key is for is said by the settings or by the
//! key itself, never by the token; the token's `kid` only picks among our keys, and `jku`, `x5u`,
//! `jwk` and `x5c` are not even read.

mod claims;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod jwks;
mod keys;
mod token;
mod verifier;

use std::path::PathBuf;

use secrecy::SecretString;

pub(crate) use claims::Claims;
pub(crate) use token::mint;
pub(crate) use verifier::Verifier;

/// Where the keys come from.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// One key for HS256.
    Secret(SecretString),
    /// A JSON Web Key Set in a file, read again when it changes.
    JwksFile(PathBuf),
    /// A JSON Web Key Set behind a URL, fetched again now and then.
    JwksUrl(String),
}

/// What a token must say of its origin and purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// `iss`.
    pub(crate) issuer: String,
    /// `aud`, or one of them.
    pub(crate) audience: String,
}

/// Why a token is not taken. The text may be shown to whoever sent the token: it repeats nothing
/// of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("the token is longer than {} bytes", token::LONGEST_TOKEN)]
    TooLong,
    #[error("the token is no signed JWT: {0}")]
    Malformed(&'static str),
    #[error("the token names a key that is not known here")]
    UnknownKey,
    #[error("the token is signed with another algorithm than its key is for")]
    WrongAlgorithm,
    #[error("the token's signature does not fit")]
    BadSignature,
    #[error("the token's claim {claim} {problem}")]
    Claim {
        claim: &'static str,
        problem: &'static str,
    },
    #[error("the token has expired")]
    Expired,
    /// No key was ever loaded; not the token's fault (503).
    #[error("the keys that verify tokens cannot be fetched")]
    KeysUnavailable,
}

#[cfg(test)]
mod tests;
