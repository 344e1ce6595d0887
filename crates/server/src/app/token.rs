//! Signs tokens, for trying things out and for shops whose backend prefers to call a program.

use std::time::Duration;

use anyhow::Context as _;
use orderchat_domain::id::{PharmacyId, UserId};
use orderchat_domain::{Caller, TokenRole};
use secrecy::SecretString;

use super::expected;
use crate::config::Settings;
use crate::{auth, clock};

/// What the token should say.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) sub: String,
    pub(crate) role: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) pharmacies: Vec<String>,
    pub(crate) language: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) ttl: Duration,
}

/// A token signed with the settings' secret.
pub(crate) fn token(settings: &Settings, wanted: Wanted) -> anyhow::Result<String> {
    let Some(secret) = &settings.auth_secret else {
        anyhow::bail!(
            "tokens are signed with ORDERCHAT_AUTH_SECRET, which is not set; with \
             ORDERCHAT_AUTH_JWKS your shop signs them"
        );
    };
    let role = TokenRole::parse(&wanted.role).ok_or_else(|| {
        let names = TokenRole::ALL.map(TokenRole::as_str).join(", ");
        anyhow::anyhow!("--role {:?} is no role; give one of {names}", wanted.role)
    })?;
    let pharmacies = wanted
        .pharmacies
        .iter()
        .map(|id| PharmacyId::parse("--pharmacy", id))
        .collect::<Result<_, _>>()
        .context("--pharmacy")?;
    let caller = Caller {
        user: UserId::parse("--sub", &wanted.sub).context("--sub")?,
        role,
        name: wanted.name,
        email: wanted.email,
        pharmacies,
        language: wanted.language,
        room: wanted.room,
    };
    mint(settings, secret, &caller, wanted.ttl)
}

/// A token for this caller.
pub(super) fn mint(
    settings: &Settings,
    secret: &SecretString,
    caller: &Caller,
    ttl: Duration,
) -> anyhow::Result<String> {
    Ok(auth::mint(
        secret,
        &expected(settings),
        caller,
        clock::now_ms(),
        ttl,
    )?)
}
