//! A token's outside: three parts, a header, a signature.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use orderchat_domain::Caller;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::keys::Key;
use super::{AuthError, Expected, claims};

/// Longer tokens are refused unread, bytes.
pub(super) const LONGEST_TOKEN: usize = 8 * 1024;

/// A token taken apart, nothing of it verified.
#[derive(Debug)]
pub(super) struct Token<'a> {
    /// What the signature covers, exactly as sent.
    signed: &'a str,
    signature: &'a str,
    payload: &'a str,
    algorithm: String,
    pub(super) key_id: Option<String>,
}

impl<'a> Token<'a> {
    /// Reads form and header.
    pub(super) fn parse(token: &'a str) -> Result<Self, AuthError> {
        if token.len() > LONGEST_TOKEN {
            return Err(AuthError::TooLong);
        }
        let parts = AuthError::Malformed("it has not three parts");
        let (signed, signature) = token.rsplit_once('.').ok_or(parts)?;
        let (header, payload) = signed.split_once('.').ok_or(parts)?;
        if payload.contains('.') {
            return Err(parts);
        }
        let header = object(header, "its header is no JSON object in base64url")?;
        let text = |name| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(AuthError::Malformed(
                "alg, kid and typ in its header are texts",
            )),
        };
        if let Some(kind) = text("typ")?
            && !["JWT", "at+jwt"]
                .iter()
                .any(|known| kind.eq_ignore_ascii_case(known))
        {
            return Err(AuthError::Malformed(
                "typ in its header is neither JWT nor at+jwt",
            ));
        }
        if header.contains_key("crit") {
            // RFC 7515, 4.1.11: extensions that are not understood must not be ignored.
            return Err(AuthError::Malformed(
                "crit in its header asks for extensions",
            ));
        }
        let algorithm = text("alg")?.ok_or(AuthError::Malformed("its header has no alg"))?;
        Ok(Self {
            signed,
            signature,
            payload,
            algorithm,
            key_id: text("kid")?,
        })
    }

    /// The payload, once the key has verified it.
    pub(super) fn verify(&self, key: &Key) -> Result<Map<String, Value>, AuthError> {
        if self.algorithm != key.algorithm_name() {
            return Err(AuthError::WrongAlgorithm);
        }
        if !key.verifies(self.signed, self.signature) {
            return Err(AuthError::BadSignature);
        }
        object(self.payload, "its payload is no JSON object in base64url")
    }
}

fn object(part: &str, problem: &'static str) -> Result<Map<String, Value>, AuthError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| AuthError::Malformed(problem))?;
    // Strictly: of two claims of one name nobody could say which was meant.
    match crate::json::parse(&bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(AuthError::Malformed(problem)),
    }
}

/// A token for `caller`, signed with HS256 and good for `ttl` from now on.
///
/// # Errors
/// [`AuthError::Claim`] for what [`Verifier`](super::Verifier) would refuse, such as a `ttl` of
/// more than 24 h.
pub(crate) fn mint(
    secret: &SecretString,
    expected: &Expected,
    caller: &Caller,
    now_ms: i64,
    ttl: Duration,
) -> Result<String, AuthError> {
    let issued_s = now_ms.div_euclid(1_000);
    let lifetime_s = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
    let mut payload = Map::new();
    let mut put = |claim: &str, value: Option<Value>| {
        if let Some(value) = value {
            payload.insert(claim.to_owned(), value);
        }
    };
    let pharmacies: Vec<&str> = caller.pharmacies.iter().map(|id| id.as_str()).collect();
    put("sub", Some(json!(caller.user.as_str())));
    put("role", Some(json!(caller.role.as_str())));
    put("iss", Some(json!(expected.issuer)));
    put("aud", Some(json!(expected.audience)));
    put("iat", Some(json!(issued_s)));
    put("exp", Some(json!(issued_s.saturating_add(lifetime_s))));
    put("name", caller.name.as_ref().map(|name| json!(name)));
    put("email", caller.email.as_ref().map(|email| json!(email)));
    put(
        "pharmacy",
        (!pharmacies.is_empty()).then(|| json!(pharmacies)),
    );
    put(
        "language",
        caller.language.as_ref().map(|language| json!(language)),
    );
    put("room", caller.room.as_ref().map(|room| json!(room)));
    claims::read(&payload, expected, now_ms)?;
    let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
    jsonwebtoken::encode(&Header::default(), &payload, &key)
        .map_err(|_| AuthError::Malformed("it could not be signed"))
}
