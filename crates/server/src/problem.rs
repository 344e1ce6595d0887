//! What went wrong, as RFC 9457 has it. [`causes`] is the one place where refusals become answers.

mod causes;

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use orderchat_domain::{FieldError, Refusal, Rule};
use serde::Serialize;
use utoipa::ToSchema;

/// What the `type` of every problem begins with.
const TYPE_PREFIX: &str = "urn:orderchat:problem:";
/// The media type of every refusal.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What every problem of one `type` has in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    /// The end of `type`: what clients match on.
    name: &'static str,
    title: &'static str,
    status: StatusCode,
}

/// An answer that is none: what was wrong, with which field, and what to do.
///
/// Nothing in it repeats what people wrote; at most the names of unknown fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense.
    retry_after_s: Option<u64>,
}

/// A problem on the wire (RFC 9457, `application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// What kind of problem it is: a stable name to match on.
    #[schema(example = "urn:orderchat:problem:room-full")]
    r#type: String,
    /// The kind in words; the same for every problem of this type.
    title: &'a str,
    /// The answer's status.
    status: u16,
    /// What was wrong this time, and what to do.
    detail: &'a str,
    /// The fields that were wrong; empty when it is not about fields.
    errors: Vec<ProblemError<'a>>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemError<'a> {
    /// A JSON pointer (RFC 6901) into the body, or the name of a query parameter or header.
    pointer: &'a str,
    detail: &'a str,
}

impl Problem {
    fn new(
        name: &'static str,
        title: &'static str,
        status: StatusCode,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind: Kind {
                name,
                title,
                status,
            },
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    fn again_after(self, seconds: u64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// 404: the same, byte for byte, for whatever does not exist and whatever the caller may not
    /// know of.
    pub(crate) fn not_found() -> Self {
        Self::new(
            "not-found",
            "Not found",
            StatusCode::NOT_FOUND,
            "there is nothing here, or nothing that you may know of",
        )
    }

    /// 400: the request cannot be read at all.
    pub(crate) fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            "malformed",
            "The request cannot be read",
            StatusCode::BAD_REQUEST,
            detail,
        )
    }

    /// 401 without a token.
    pub(crate) fn token_missing() -> Self {
        Self::new(
            "token-missing",
            "A token is needed",
            StatusCode::UNAUTHORIZED,
            "send a token from your shop in the header: Authorization: Bearer <token>",
        )
    }

    /// 401 with a token that is not good. `detail` repeats nothing of the token.
    pub(crate) fn token_refused(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            "token-refused",
            "The token is not good",
            StatusCode::UNAUTHORIZED,
            detail,
        )
    }

    /// 403: a page of another site.
    pub(crate) fn foreign_origin() -> Self {
        Self::new(
            "foreign-origin",
            "Not from this page",
            StatusCode::FORBIDDEN,
            "pages of this origin may not connect; list it in ORDERCHAT_ORIGINS",
        )
    }

    /// 426: a route that is a WebSocket.
    pub(crate) fn upgrade_required(detail: &'static str) -> Self {
        Self::new(
            "upgrade-required",
            "A WebSocket is needed",
            StatusCode::UPGRADE_REQUIRED,
            detail,
        )
    }

    /// 429: the user's connections are as many as may be.
    pub(crate) fn too_many_connections(detail: &'static str) -> Self {
        Self::new(
            "too-many-connections",
            "Too many connections",
            StatusCode::TOO_MANY_REQUESTS,
            detail,
        )
        .again_after(30)
    }

    /// 405; the router adds `Allow`.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            "method-not-allowed",
            "Not this method",
            StatusCode::METHOD_NOT_ALLOWED,
            "this path does not take the method; the header Allow names those that it takes",
        )
    }

    /// 413.
    pub(crate) fn too_large(limit_bytes: usize) -> Self {
        Self::larger(format!("the body is larger than {limit_bytes} bytes"))
    }

    /// 413 for what a form has beside its file.
    pub(crate) fn form_too_large(limit_bytes: u64) -> Self {
        Self::larger(format!(
            "beside its file the form has more than {limit_bytes} bytes, or is none"
        ))
    }

    /// 413 for a file.
    pub(crate) fn file_too_large(limit_bytes: u64) -> Self {
        Self::larger(format!(
            "the file is larger than {limit_bytes} bytes; send a smaller one"
        ))
    }

    fn larger(detail: String) -> Self {
        Self::new(
            "too-large",
            "The body is too large",
            StatusCode::PAYLOAD_TOO_LARGE,
            detail,
        )
    }

    /// 460, as tus has it.
    pub(crate) fn other_checksum() -> Self {
        Self::new(
            "checksum-mismatch",
            "The piece was damaged on its way",
            StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST),
            "the piece is not what Upload-Checksum says; nothing of it was kept, send it again",
        )
    }

    /// 412 for a version of tus that is not spoken here.
    pub(crate) fn other_tus() -> Self {
        Self::new(
            "tus-version",
            "Another version of tus",
            StatusCode::PRECONDITION_FAILED,
            "send Tus-Resumable: 1.0.0",
        )
    }

    /// 416.
    pub(crate) fn beyond_the_end(size: u64) -> Self {
        Self::new(
            "range-not-satisfiable",
            "The range lies behind the end",
            StatusCode::RANGE_NOT_SATISFIABLE,
            format!("the file has {size} bytes, the first of them is 0"),
        )
    }

    /// 415.
    pub(crate) fn unsupported_media_type(detail: &'static str) -> Self {
        Self::new(
            "unsupported-media-type",
            "Not this kind of body",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            detail,
        )
    }

    /// 422 about one field.
    pub(crate) fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Refusal::invalid(pointer, detail).into()
    }

    /// 500. What happened stands in the log, under the request's id.
    pub(crate) fn internal() -> Self {
        Self::new(
            "internal",
            "Something went wrong here",
            StatusCode::INTERNAL_SERVER_ERROR,
            "this is our fault; the header X-Request-Id names the request in our log",
        )
    }

    /// 503: not now; nothing was done.
    pub(crate) fn unavailable(detail: &'static str) -> Self {
        Self::new(
            "unavailable",
            "Not now",
            StatusCode::SERVICE_UNAVAILABLE,
            detail,
        )
        .again_after(1)
    }

    /// 503: the time for answering is over, or the database went away while it wrote.
    pub(crate) fn outcome_unknown(detail: &'static str) -> Self {
        Self::new(
            "outcome-unknown",
            "It may or may not have been done",
            StatusCode::SERVICE_UNAVAILABLE,
            detail,
        )
        .again_after(1)
    }

    /// 507.
    pub(crate) fn storage_full() -> Self {
        Self::new(
            "storage-full",
            "No room left on the server",
            StatusCode::INSUFFICIENT_STORAGE,
            "the disk is full: nothing can be written now, reading goes on",
        )
    }

    /// What one may not know of, or what does not exist.
    pub(crate) fn is_not_found(&self) -> bool {
        self.kind.status == StatusCode::NOT_FOUND
    }

    /// The server failed, or was in no state to do it.
    pub(crate) fn is_failure(&self) -> bool {
        self.kind.status.is_server_error()
    }

    /// The role may not do it, whatever else is the case.
    pub(crate) fn is_by_role(&self) -> bool {
        ProblemName(self.kind.name).is_by_role()
    }

    /// Seconds after which trying again makes sense.
    pub(crate) const fn retry_after_s(&self) -> Option<u64> {
        self.retry_after_s
    }

    /// As it goes over the wire.
    pub(crate) fn body(&self) -> ProblemBody<'_> {
        let errors = self.errors.iter().map(|error| ProblemError {
            pointer: &error.pointer,
            detail: &error.detail,
        });
        ProblemBody {
            r#type: format!("{TYPE_PREFIX}{}", self.kind.name),
            title: self.kind.title,
            status: self.kind.status.as_u16(),
            detail: &self.detail,
            errors: errors.collect(),
        }
    }

    /// RFC 6750: a token that was not good is told from none.
    fn challenge(&self) -> Option<HeaderValue> {
        match self.kind.name {
            "token-missing" => Some(HeaderValue::from_static("Bearer")),
            "token-refused" => Some(HeaderValue::from_static("Bearer error=\"invalid_token\"")),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Strings and numbers: they can always be written as JSON.
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (self.kind.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
            .extensions_mut()
            .insert(ProblemName(self.kind.name));
        response
    }
}

/// The end of a problem's `type`: an extension of its answer, for those around the handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProblemName(pub(crate) &'static str);

impl ProblemName {
    /// What refuses a role, whatever else is the case.
    pub(crate) fn is_by_role(self) -> bool {
        [Rule::Permission, Rule::Rank]
            .map(Rule::as_str)
            .contains(&self.0)
    }
}

#[cfg(test)]
mod tests;
