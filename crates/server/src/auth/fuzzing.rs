//! Tokens and claims, as [`crate::fuzzing`] feeds them.

use secrecy::SecretString;

use super::keys::{Key, KeySet};
use super::token::Token;
use super::{Expected, claims};

/// When fuzzing takes place: after the `iat` of the corpus, before its `exp`.
const NOW_MS: i64 = 1_790_000_000_000;

fn expected() -> Expected {
    Expected {
        issuer: "orderchat".to_owned(),
        audience: "orderchat".to_owned(),
    }
}

/// Takes the token apart and verifies it with a key that nobody signs with.
pub(crate) fn token(text: &str) {
    let Ok(token) = Token::parse(text) else {
        return;
    };
    let key = Key::from_secret(&SecretString::from("the-key-of-the-fuzz-targets-only"));
    if let Ok(payload) = token.verify(&key) {
        drop(claims::read(&payload, &expected(), NOW_MS));
    }
}

/// Reads the claims of a payload, and the bytes as a key set besides.
pub(crate) fn claims(data: &[u8]) {
    drop(KeySet::parse(data));
    let Ok(serde_json::Value::Object(payload)) = crate::json::parse(data) else {
        return;
    };
    if let Ok(claims) = claims::read(&payload, &expected(), NOW_MS) {
        assert!(!claims.has_expired(NOW_MS), "an expired token was taken");
        assert!(
            claims.exp_s > claims.iat_s,
            "a token without a life was taken"
        );
    }
}
