//! What went wrong, as RFC 9457 has it. The one place where refusals become answers.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use orderchat_domain::{FieldError, Refusal, Rule};
use serde::Serialize;
use utoipa::ToSchema;

use crate::chat::{ChatError, StoreError};
use crate::limits::RetryAfter;

/// What the `type` of every problem begins with.
const TYPE_PREFIX: &str = "urn:orderchat:problem:";
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What every problem of one `type` has in common, unless a [`Rule`] says more.
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
pub(super) struct ProblemBody<'a> {
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
pub(super) struct ProblemError<'a> {
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
        Self::new(
            "too-large",
            "The body is too large",
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {limit_bytes} bytes"),
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

    /// As it goes over the wire.
    pub(super) fn body(&self) -> ProblemBody<'_> {
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
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<RetryAfter> for Problem {
    fn from(RetryAfter(seconds): RetryAfter) -> Self {
        Self::new(
            "too-many-requests",
            "Too many requests",
            StatusCode::TOO_MANY_REQUESTS,
            format!("wait {seconds} s and try again"),
        )
        .again_after(seconds)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let of = |rule: Rule, status, detail| Self::new(rule.as_str(), title(rule), status, detail);
        match refusal {
            Refusal::NotFound => Self::not_found(),
            Refusal::Forbidden { rule, detail } => of(rule, StatusCode::FORBIDDEN, detail),
            Refusal::Conflict { rule, detail } => of(rule, StatusCode::CONFLICT, detail),
            Refusal::Invalid { rule, errors } => Self {
                errors: errors.clone(),
                ..of(rule, StatusCode::UNPROCESSABLE_ENTITY, summary(&errors))
            },
        }
    }
}

/// The first error in words, and how many more there are.
fn summary(errors: &[FieldError]) -> String {
    let first = match errors.first() {
        None => "a value is not valid".to_owned(),
        Some(error) if error.pointer.is_empty() => format!("the body {}", error.detail),
        Some(error) => format!("{} {}", error.pointer, error.detail),
    };
    match errors.len() {
        0 | 1 => first,
        count => format!("{first}; {} more", count - 1),
    }
}

const fn title(rule: Rule) -> &'static str {
    match rule {
        Rule::Permission => "Your role may not do this",
        Rule::Rank => "They outrank you",
        Rule::Oneself => "Not to oneself",
        Rule::Policy => "The order policy does not allow this now",
        Rule::Muted => "You are muted",
        Rule::Ownership => "Not your message",
        Rule::Window => "The time for this is over",
        Rule::NotEditable => "This message cannot be edited",
        Rule::RoomState => "The room's state does not allow this",
        Rule::RoomFull => "The room is full",
        Rule::RoomDeleted => "The order's room was deleted",
        Rule::OrderInactive => "The order is over",
        Rule::OrderIdentity => "An order keeps its customer and its pharmacy",
        Rule::Blocked => "They are blocked in this room",
        Rule::KeyReused => "The key was used for something else",
        Rule::Invalid => "The request is not valid",
        Rule::TokenRoom => "The token is good for another room",
    }
}

impl From<ChatError> for Problem {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Refused(refusal) => refusal.into(),
            ChatError::Failed(failure) => of_failure(&failure),
        }
    }
}

/// None of these is the caller's fault. They are logged inside the request's span, which names it.
fn of_failure(failure: &StoreError) -> Problem {
    match failure {
        StoreError::Busy(_) => {
            tracing::debug!(%failure, "the database is busy");
            Problem::unavailable("the database is busy; nothing was done, try again")
        }
        StoreError::Conflict => {
            tracing::warn!("a transaction met others again and again");
            Problem::unavailable("too many change the same thing; nothing was done, try again")
        }
        StoreError::DiskFull => {
            tracing::error!("the disk is full");
            Problem::storage_full()
        }
        StoreError::Failed(_) => {
            tracing::error!(%failure, "the database failed");
            Problem::outcome_unknown(
                "the database failed; look whether it was done, or repeat a send with its key",
            )
        }
        StoreError::Statement(_) | StoreError::Unusable(_) | StoreError::Corrupt(_) => {
            tracing::error!(%failure, "the database and this version do not fit");
            Problem::internal()
        }
    }
}

#[cfg(test)]
mod tests;
