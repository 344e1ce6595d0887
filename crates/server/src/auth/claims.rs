//! The claims of a verified token: each present, of its type and in its range (SPEC 14), or none
//! of them counts.

use std::sync::Arc;

use orderchat_domain::id::{PharmacyId, RoomName, UserId};
use orderchat_domain::{Caller, Millis, TokenRole, text};
use serde_json::{Map, Value};

use super::{AuthError, Expected};

/// How far the shop's clock may be ahead of ours, for `iat` and `nbf`; `exp` has no leeway.
const LEEWAY_MS: i64 = 30_000;
/// The longest time from `iat` to `exp`.
const LONGEST_LIFE_S: i64 = 24 * 60 * 60;
/// The end of the year 9999: times beyond are mistakes.
const LAST_SECOND: i64 = 253_402_300_799;
const MOST_PHARMACIES: usize = 100;
/// RFC 5321: the longest address that mail can be sent to.
const LONGEST_EMAIL: usize = 254;
/// RFC 5646: what software has to allow for a language tag.
const LONGEST_LANGUAGE: usize = 35;

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) caller: Arc<Caller>,
    /// Seconds since 1970: what revocation compares with.
    pub(crate) iat_s: i64,
    /// Seconds since 1970: from then on the token is good for nothing.
    pub(crate) exp_s: i64,
}

impl Claims {
    pub(crate) const fn issued_at(&self) -> Millis {
        Millis(self.iat_s.saturating_mul(1_000))
    }

    pub(crate) const fn expires_at(&self) -> Millis {
        Millis(self.exp_s.saturating_mul(1_000))
    }

    pub(crate) fn has_expired(&self, now_ms: i64) -> bool {
        now_ms >= self.expires_at().0
    }
}

/// Reads all claims.
pub(super) fn read(
    payload: &Map<String, Value>,
    expected: &Expected,
    now_ms: i64,
) -> Result<Claims, AuthError> {
    let reader = Reader(payload);
    if reader.required_text("iss")? != expected.issuer {
        return Err(problem("iss", "is another issuer than ours"));
    }
    reader.audience(&expected.audience)?;
    let (iat_s, exp_s) = reader.lifetime(now_ms)?;
    let caller = Caller {
        user: UserId::parse("", reader.required_text("sub")?)
            .map_err(|_| problem("sub", "is not 1 to 128 characters without controls"))?,
        role: TokenRole::parse(reader.required_text("role")?)
            .ok_or(problem("role", "is none of the six roles"))?,
        name: reader.name()?,
        email: reader.email()?,
        pharmacies: reader.pharmacies()?,
        language: reader.language()?,
        room: reader.room()?,
    };
    Ok(Claims {
        caller: Arc::new(caller),
        iat_s,
        exp_s,
    })
}

fn problem(claim: &'static str, problem: &'static str) -> AuthError {
    AuthError::Claim { claim, problem }
}

struct Reader<'a>(&'a Map<String, Value>);

impl<'a> Reader<'a> {
    fn text(&self, claim: &'static str) -> Result<Option<&'a str>, AuthError> {
        match self.0.get(claim) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(problem(claim, "is no text")),
        }
    }

    fn required_text(&self, claim: &'static str) -> Result<&'a str, AuthError> {
        self.text(claim)?.ok_or(problem(claim, "is missing"))
    }

    /// Whole seconds since 1970. `1.7e9` and `1700000000.0` are no whole numbers here: whoever
    /// writes times so may round them so.
    fn seconds(&self, claim: &'static str) -> Result<Option<i64>, AuthError> {
        let Some(value) = self.0.get(claim) else {
            return Ok(None);
        };
        value
            .as_i64()
            .filter(|seconds| (0..=LAST_SECOND).contains(seconds))
            .map(Some)
            .ok_or(problem(claim, "is no whole number of seconds since 1970"))
    }

    fn lifetime(&self, now_ms: i64) -> Result<(i64, i64), AuthError> {
        let iat_s = self.seconds("iat")?.ok_or(problem("iat", "is missing"))?;
        let exp_s = self.seconds("exp")?.ok_or(problem("exp", "is missing"))?;
        let is_ahead = |seconds: i64| seconds * 1_000 > now_ms.saturating_add(LEEWAY_MS);
        if exp_s <= iat_s {
            return Err(problem("exp", "is not after iat"));
        }
        if exp_s - iat_s > LONGEST_LIFE_S {
            return Err(problem("exp", "is more than 24 hours after iat"));
        }
        if exp_s * 1_000 <= now_ms {
            return Err(AuthError::Expired);
        }
        if is_ahead(iat_s) {
            return Err(problem("iat", "is in the future"));
        }
        if self.seconds("nbf")?.is_some_and(is_ahead) {
            return Err(problem("nbf", "is in the future"));
        }
        Ok((iat_s, exp_s))
    }

    fn audience(&self, ours: &str) -> Result<(), AuthError> {
        let is_ours = match self.0.get("aud") {
            None => return Err(problem("aud", "is missing")),
            Some(Value::String(audience)) => audience == ours,
            Some(Value::Array(audiences)) if audiences.iter().all(Value::is_string) => {
                audiences.iter().any(|audience| audience == ours)
            }
            Some(_) => return Err(problem("aud", "is neither a text nor a list of texts")),
        };
        if is_ours {
            Ok(())
        } else {
            Err(problem("aud", "does not name us"))
        }
    }

    fn name(&self) -> Result<Option<String>, AuthError> {
        let Some(name) = self.text("name")? else {
            return Ok(None);
        };
        text::clean("", name, text::NAME_LENGTH)
            .map(Some)
            .map_err(|_| problem("name", "is not 1 to 200 characters that can be shown"))
    }

    fn email(&self) -> Result<Option<String>, AuthError> {
        let Some(email) = self.text("email")? else {
            return Ok(None);
        };
        let plausible = (3..=LONGEST_EMAIL).contains(&email.len())
            && email.contains('@')
            && !email.chars().any(|c| c.is_control() || c.is_whitespace());
        if !plausible {
            return Err(problem("email", "is no e-mail address"));
        }
        Ok(Some(email.to_owned()))
    }

    /// One pharmacy or a list of them.
    fn pharmacies(&self) -> Result<Vec<PharmacyId>, AuthError> {
        let refused = problem("pharmacy", "is neither an id nor a list of at most 100 ids");
        let id = |value: &Value| {
            let text = value.as_str().ok_or(refused)?;
            PharmacyId::parse("", text).map_err(|_| refused)
        };
        match self.0.get("pharmacy") {
            None => Ok(Vec::new()),
            Some(Value::Array(ids)) if ids.len() <= MOST_PHARMACIES => ids.iter().map(id).collect(),
            Some(one) => Ok(vec![id(one)?]),
        }
    }

    fn language(&self) -> Result<Option<String>, AuthError> {
        let Some(language) = self.text("language")? else {
            return Ok(None);
        };
        let is_tag = (1..=LONGEST_LANGUAGE).contains(&language.len())
            && language
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_tag {
            return Err(problem(
                "language",
                "is no language tag such as de or pt-BR",
            ));
        }
        Ok(Some(language.to_owned()))
    }

    fn room(&self) -> Result<Option<String>, AuthError> {
        let Some(room) = self.text("room")? else {
            return Ok(None);
        };
        RoomName::parse(room)
            .map_err(|_| problem("room", "is neither a room's id nor its code"))?;
        Ok(Some(room.to_owned()))
    }
}
