//! Tokens as the shop would give them to its people.

use anyhow::{Context as _, Result, ensure};
use hyper::header::HeaderValue;
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;

use crate::clock;

/// Half of what the server accepts: long enough for any run, with room for clock skew.
const LIFETIME_S: u64 = 12 * 3600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    Customer,
    Rider,
    Pharmacy,
    Admin,
    Service,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    role: Role,
    iss: &'static str,
    aud: &'static str,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pharmacy: Option<&'a str>,
}

/// Signs tokens with the server's own HS256 secret.
pub(crate) struct Minter {
    key: EncodingKey,
}

impl std::fmt::Debug for Minter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Minter")
    }
}

impl Minter {
    /// # Errors
    /// When the secret is shorter than the 32 bytes that the server asks for.
    pub(crate) fn new(secret: &str) -> Result<Self> {
        ensure!(
            secret.len() >= 32,
            "the secret has {} bytes; give the server's ORDERCHAT_AUTH_SECRET, at least 32",
            secret.len()
        );
        Ok(Self {
            key: EncodingKey::from_secret(secret.as_bytes()),
        })
    }

    /// The value of an `Authorization` header for `user`.
    pub(crate) fn bearer(
        &self,
        user: &str,
        role: Role,
        pharmacy: Option<&str>,
    ) -> Result<HeaderValue> {
        let iat = clock::unix_seconds();
        let claims = Claims {
            sub: user,
            role,
            iss: "orderchat",
            aud: "orderchat",
            iat,
            exp: iat + LIFETIME_S,
            pharmacy,
        };
        let token = jsonwebtoken::encode(&Header::default(), &claims, &self.key)
            .with_context(|| format!("signing a token for {user}"))?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))?;
        bearer.set_sensitive(true);
        Ok(bearer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    use serde_json::Value;

    const SECRET: &str = "a secret of the tests, 32 bytes and more";

    #[test]
    fn a_token_verifies_and_carries_every_required_claim() {
        let minter = Minter::new(SECRET).unwrap();
        let bearer = minter
            .bearer("staff-1", Role::Pharmacy, Some("ph-1"))
            .unwrap();
        let token = bearer.to_str().unwrap().strip_prefix("Bearer ").unwrap();

        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&["orderchat"]);
        rules.set_issuer(&["orderchat"]);
        rules.set_required_spec_claims(&["sub", "iss", "aud", "exp"]);
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        let claims = jsonwebtoken::decode::<Value>(token, &key, &rules)
            .unwrap()
            .claims;
        assert_eq!(claims["sub"], "staff-1");
        assert_eq!(claims["role"], "pharmacy");
        assert_eq!(claims["pharmacy"], "ph-1");
        let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(lifetime, LIFETIME_S);
    }

    #[test]
    fn a_short_secret_is_refused_before_any_request() {
        let refusal = Minter::new("short").unwrap_err().to_string();
        assert!(refusal.contains("ORDERCHAT_AUTH_SECRET"), "{refusal}");
    }
}
