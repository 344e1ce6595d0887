//! JSON bodies: what is taken, how large, and how it becomes a type of ours.

use axum::body::HttpBody;
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::json;
use crate::problem::Problem;

/// The largest JSON body that is taken, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// A JSON object, which must be there.
///
/// Refused are, in this order: another media type (415), too large (413), what is no strict JSON
/// (400), what is no object or does not fit `T` (422, naming the field). `T` takes no unknown
/// fields: `#[serde(deny_unknown_fields)]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

/// Like [`JsonBody`]; without a body it is the default.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptionalJsonBody<T>(pub(crate) T);

impl<T, S> FromRequest<S> for JsonBody<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
    BodyLimit: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let text = read(request, BodyLimit::from_ref(state)).await?;
        if text.is_empty() {
            return Err(Problem::malformed("there is no body: send a JSON object"));
        }
        from_json(&text).map(Self)
    }
}

impl<T, S> FromRequest<S> for OptionalJsonBody<T>
where
    T: DeserializeOwned + Default,
    S: Send + Sync,
    BodyLimit: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let text = read(request, BodyLimit::from_ref(state)).await?;
        if text.is_empty() {
            return Ok(Self(T::default()));
        }
        from_json(&text).map(Self)
    }
}

fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let value = json::parse(text)
        .map_err(|error| Problem::malformed(format!("the body is no JSON: {error}")))?;
    if !value.is_object() {
        return Err(Problem::invalid("", "must be a JSON object"));
    }
    json::from_value(value).map_err(|mismatch| mismatch.in_body().into())
}

/// The whole body, which must be JSON; empty when there is none.
async fn read(request: Request, limit: BodyLimit) -> Result<Vec<u8>, Problem> {
    if request.body().is_end_stream() {
        return Ok(Vec::new());
    }
    check_type(request.headers())?;
    read_body(request, limit).await
}

/// The whole body, whatever it is.
pub(super) async fn read_body(
    request: Request,
    BodyLimit(limit): BodyLimit,
) -> Result<Vec<u8>, Problem> {
    let mut body = request.into_body();
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > limit {
        return Err(Problem::too_large(limit));
    }
    let mut text = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed("the body broke off"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if text.len() + data.len() > limit {
            return Err(Problem::too_large(limit));
        }
        text.extend_from_slice(&data);
    }
    Ok(text)
}

/// JSON in UTF-8, as it is: anything that a form of another site could send is refused.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    const REMEDY: &str = "send the body with Content-Type: application/json";
    let refused = || Problem::unsupported_media_type(REMEDY);
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let (Some(kind), None) = (given.next(), given.next()) else {
        return Err(refused());
    };
    let kind = kind.to_str().map_err(|_| refused())?.to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_json = essence == "application/json"
        || essence.starts_with("application/") && essence.ends_with("+json");
    let is_utf8 = parts
        .filter_map(|parameter| parameter.strip_prefix("charset="))
        .all(|charset| charset.trim_matches('"') == "utf-8");
    if !is_json || !is_utf8 {
        return Err(refused());
    }
    check_coding(headers)
}

/// The body is sent as it is.
pub(super) fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let as_it_is = |coding: &axum::http::HeaderValue| coding.as_bytes() == b"identity";
    if !headers.get_all(CONTENT_ENCODING).iter().all(as_it_is) {
        return Err(Problem::unsupported_media_type(
            "send the body as it is, without Content-Encoding",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
