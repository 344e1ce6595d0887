//! Links that download a file without a bearer, in somebody's name, for five minutes.
//!
//! A link is who asked for it and for which file, sealed: it can neither be made nor read outside. It
//! gives nobody rights: whoever it names is asked about again when it is used.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use orderchat_domain::id::PharmacyId;
use orderchat_domain::{AttachmentId, Caller, Millis, TokenRole, UserId};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::AppState;
use super::caller::{identify, origin};
use super::query::QueryOf;
use super::seal::Seal;
use crate::chat::Context;
use crate::clock;
use crate::limits::quota;
use crate::problem::Problem;

/// How long a link is good for, in milliseconds.
const GOOD_FOR: i64 = 5 * 60 * 1_000;
/// What links are sealed as: nothing else that is sealed is one.
const LINK: &str = "attachment link";
/// A token may name many pharmacies.
const LONGEST: usize = 16 << 10;

/// Who asks, where no header can say it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LinkQuery {
    /// From `POST …/url/`, instead of the bearer
    link: Option<String>,
}

/// What a link holds.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    attachment: AttachmentId,
    made_at: i64,
    user: String,
    role: String,
    name: Option<String>,
    email: Option<String>,
    pharmacies: Vec<String>,
    language: Option<String>,
    room: Option<String>,
}

impl Sealed {
    fn caller(&self) -> Option<Caller> {
        let pharmacies = self.pharmacies.iter();
        let pharmacies = pharmacies.map(|id| PharmacyId::parse("", id));
        Some(Caller {
            user: UserId::parse("", &self.user).ok()?,
            role: TokenRole::parse(&self.role)?,
            name: self.name.clone(),
            email: self.email.clone(),
            pharmacies: pharmacies.collect::<Result<_, _>>().ok()?,
            language: self.language.clone(),
            room: self.room.clone(),
        })
    }
}

/// A link to the file for the caller, and when it ends.
pub(super) fn make(
    seal: &Seal,
    ctx: &Context,
    attachment: AttachmentId,
) -> Result<(String, Millis), Problem> {
    let caller = &ctx.caller;
    let pharmacies = caller.pharmacies.iter();
    let sealed = Sealed {
        attachment,
        made_at: ctx.now.0,
        user: caller.user.as_str().to_owned(),
        role: caller.role.as_str().to_owned(),
        name: caller.name.clone(),
        email: caller.email.clone(),
        pharmacies: pharmacies.map(|id| id.as_str().to_owned()).collect(),
        language: caller.language.clone(),
        room: caller.room.clone(),
    };
    let link = seal.encode(LINK, &sealed)?;
    Ok((link, ctx.now.plus(GOOD_FOR)))
}

/// Whoever downloads: by their token, or by a link to this file. Counts as a read.
#[derive(Clone, Debug)]
pub(super) struct Downloading {
    pub(super) ctx: Context,
    /// The request names no bearer: what a browser asks for by itself, such as an `<img>`.
    pub(super) by_link: bool,
}

impl FromRequestParts<AppState> for Downloading {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let QueryOf(LinkQuery { link }) = QueryOf::from_request_parts(parts, state).await?;
        let (ctx, by_link) = match link {
            Some(link) => match by_link(parts, state, &link).await {
                Ok(ctx) => (ctx, true),
                Err(problem) => return Err(state.sign_in.refuse(&origin(parts, state), problem)),
            },
            None => (identify(parts, state).await?, false),
        };
        quota::reads(&state.limits, &ctx.caller)?;
        Ok(Self { ctx, by_link })
    }
}

/// Whom the link names. One that is not good says no more than a file that does not exist.
async fn by_link(parts: &Parts, state: &AppState, link: &str) -> Result<Context, Problem> {
    let now = Millis(clock::now_ms());
    let sealed: Sealed = state
        .seal
        .open_text(LINK, link, LONGEST)
        .ok_or_else(Problem::not_found)?;
    let asked = sealed.attachment.to_string();
    let is_for_this = parts.uri.path().split('/').any(|part| part == asked);
    let made_at = Millis(sealed.made_at);
    if !is_for_this || now >= made_at.plus(GOOD_FOR) {
        return Err(Problem::not_found());
    }
    let caller = Arc::new(sealed.caller().ok_or_else(Problem::not_found)?);
    let origin = origin(parts, state);
    let known = state.chat.identify(&caller, made_at, origin, now).await;
    known.map_err(|_| Problem::not_found())
}
