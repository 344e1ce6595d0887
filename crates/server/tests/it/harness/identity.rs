//! Who a client says it is: the claims of a token, and the token over them.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::now_s;

/// The claims of a token, good for an hour unless a test changes them.
#[derive(Clone)]
pub(crate) struct Identity {
    claims: Map<String, Value>,
}

impl Identity {
    /// Somebody with this role and this id in the shop's system, issued now.
    pub(crate) fn new(role: &str, sub: &str) -> Self {
        Self::issued_at(now_s(), role, sub)
    }

    /// The same, issued at another time, in seconds since 1970.
    pub(crate) fn issued_at(now: i64, role: &str, sub: &str) -> Self {
        let claims = json!({
            "sub": sub,
            "role": role,
            "iss": "orderchat",
            "aud": "orderchat",
            "iat": now,
            "exp": now + 3600,
        });
        let Value::Object(claims) = claims else {
            unreachable!("the literal is an object")
        };
        Self { claims }
    }

    /// The same with one claim set, whatever its type.
    pub(crate) fn with(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(claim.into(), value.into());
        self
    }

    /// The same without one claim.
    pub(crate) fn without(mut self, claim: &str) -> Self {
        self.claims.shift_remove(claim);
        self
    }

    /// The `sub` claim if it is text.
    pub(crate) fn sub(&self) -> &str {
        self.claims
            .get("sub")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The claims as the JSON that gets signed.
    pub(crate) fn claims(&self) -> String {
        Value::Object(self.claims.clone()).to_string()
    }
}

/// The key that a server and its tests share.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// 32 random bytes in hexadecimal; the text itself is the HS256 key.
    pub(crate) fn random() -> Self {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The value of `ORDERCHAT_AUTH_SECRET`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// A well-formed HS256 token over these claims.
    pub(crate) fn sign(&self, identity: &Identity) -> String {
        let header = Header::new(Algorithm::HS256);
        let key = EncodingKey::from_secret(self.0.as_bytes());
        jsonwebtoken::encode(&header, &identity.claims, &key).expect("claims can be signed")
    }

    /// A token with exactly this header and these claims as bytes, rightly signed with HMAC-SHA256
    /// whatever the header says.
    pub(crate) fn sign_bytes(&self, header: &str, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            base64url(header.as_bytes()),
            base64url(claims.as_bytes())
        );
        let key = EncodingKey::from_secret(self.0.as_bytes());
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).expect("signs");
        format!("{signed}.{signature}")
    }
}

/// Base64 as tokens use it: URL alphabet, no padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
