//! What every way to send a message has: the key that makes it repeatable, and the answer.

use axum::http::HeaderMap;
use axum::response::Response;
use orderchat_domain::message::{IdempotencyKey, Notice};
use orderchat_domain::project::MessageView;
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::Result;
use super::rooms::created;
use crate::chat::send::SendAnswer;
use crate::problem::Problem;

/// A message that was sent, and what its sender should know.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SentMessage {
    #[serde(flatten)]
    message: MessageView,
    notices: Vec<Notice>,
}

pub(super) fn sent(sent: SendAnswer) -> Response {
    let answer = SentMessage {
        message: sent.message,
        notices: sent.notices,
    };
    created(sent.is_new, answer)
}

/// The key of a send: in its body, or in the header `Idempotency-Key`.
pub(super) fn key(given: Option<&str>, headers: &HeaderMap) -> Result<Option<IdempotencyKey>> {
    let header = match headers.get("idempotency-key") {
        None => None,
        Some(value) => Some(value.to_str().map_err(|_| {
            Problem::invalid(
                "Idempotency-Key",
                "must be 1 to 128 printable ASCII characters",
            )
        })?),
    };
    Ok(IdempotencyKey::from_request(given, header)?)
}
