//! Who asks: extractors that cannot be had without a good token.
//!
//! Which one a handler takes says which limit its route counts against. A token stands in the
//! header `Authorization` and nowhere else: URLs are logged by others.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;

use super::observe::Asked;
use super::{AppState, attempts, query};
use crate::chat::{Context, Origin};
use crate::limits::quota;
use crate::problem::Problem;
use crate::signin::SignedIn;

/// Bytes of `User-Agent` that the audit keeps.
const LONGEST_USER_AGENT: usize = 256;

/// Somebody with a good token, on a route without a narrower limit: counts as a read.
#[derive(Clone, Debug)]
pub(crate) struct Authenticated(pub(crate) Context);

/// Somebody who acknowledges delivery or reading: counts as a receipt.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledging(pub(crate) Context);

/// Somebody who searches in messages: counts as a search.
#[derive(Clone, Debug)]
pub(crate) struct Searching(pub(crate) Context);

/// Somebody who writes: counts nothing yet, the handler asks [`quota::sends`] or
/// [`quota::changes`] when it is due.
#[derive(Clone, Debug)]
pub(crate) struct Writing(pub(crate) Context);

impl FromRequestParts<AppState> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let context = identify(parts, state).await?;
        quota::reads(&state.limits, &context.caller)?;
        Ok(Self(context))
    }
}

impl FromRequestParts<AppState> for Acknowledging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let context = identify(parts, state).await?;
        quota::receipts(&state.limits, &context.caller)?;
        Ok(Self(context))
    }
}

impl FromRequestParts<AppState> for Searching {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let context = identify(parts, state).await?;
        quota::searches(&state.limits, &context.caller)?;
        Ok(Self(context))
    }
}

impl FromRequestParts<AppState> for Writing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        identify(parts, state).await.map(Self)
    }
}

/// Whose token stands in the header. What they are answered counts as theirs.
pub(super) async fn signed_in(parts: &Parts, state: &AppState) -> Result<SignedIn, Problem> {
    let route = attempts::route_of(parts);
    let target = || format!("{} {route}", parts.method);
    let origin = origin(parts, state);
    let who = state
        .sign_in
        .bearer(bearer(&parts.headers), &origin, target)
        .await?;
    let asked = parts.extensions.get::<Arc<Asked>>();
    if let (Some(asked), false) = (asked, who.ctx.caller.is_service()) {
        asked.by(&who.ctx, &state.limits)?;
    }
    Ok(who)
}

pub(super) async fn identify(parts: &Parts, state: &AppState) -> Result<Context, Problem> {
    let route = attempts::route_of(parts);
    let context = signed_in(parts, state).await?.ctx;
    state.chat.seen(&context);
    if !state.with_query.has(&parts.method, route) {
        query::none_taken(&parts.uri)?;
    }
    Ok(context)
}

/// Where a request came from.
pub(super) fn origin(parts: &Parts, state: &AppState) -> Origin {
    let asked = parts.extensions.get::<Arc<Asked>>();
    Origin {
        request_id: asked.map_or_else(String::new, |asked| asked.request_id.clone()),
        ip: (state.settings.client_address)(&parts.extensions, &parts.headers),
        user_agent: user_agent(&parts.headers),
    }
}

/// The token of `Authorization: Bearer`, if there is exactly one such header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// What the client says it is, cut; `None` when it is no plain text.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text[..text.floor_char_boundary(LONGEST_USER_AGENT)].to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[rstest]
    #[case("Bearer a.b.c")]
    #[case("bearer a.b.c")]
    #[case("BEARER   a.b.c ")]
    fn a_bearer_token_is_taken_in_any_case(#[case] value: &str) {
        assert_eq!(bearer(&headers(&[value])), Some("a.b.c"));
    }

    #[rstest]
    #[case(&[])]
    #[case(&["a.b.c"])]
    #[case(&["Bearer"])]
    #[case(&["Bearer "])]
    #[case(&["Basic a.b.c"])]
    #[case(&["Bearer a.b.c", "Bearer d.e.f"])]
    fn nothing_else_is_a_token(#[case] values: &[&str]) {
        assert_eq!(bearer(&headers(values)), None);
    }

    #[test]
    fn a_long_user_agent_is_cut() {
        let mut headers = HeaderMap::new();
        headers.insert(
            USER_AGENT,
            HeaderValue::from_str(&"x".repeat(10_000)).unwrap(),
        );
        assert_eq!(user_agent(&headers).unwrap().len(), 256);
    }
}
