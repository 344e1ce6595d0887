//! From a refusal or a failure to the problem that it is answered with.

use axum::http::StatusCode;
use orderchat_domain::{FieldError, Refusal, Rule};

use super::Problem;
use crate::chat::{ChatError, StoreError};
use crate::limits::RetryAfter;
use crate::media::MediaError;

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
        Rule::TokenRoom => "The token is good for one room only",
        Rule::FileKind => "Not a file of this kind",
        Rule::FileRefused => "This file cannot be taken",
        Rule::FilePending => "The file is still being scanned",
        Rule::FileShare => "Your files take all the room that you have",
        Rule::UploadState => "The upload is at another place",
    }
}

impl From<FieldError> for Problem {
    fn from(FieldError { pointer, detail }: FieldError) -> Self {
        Self::invalid(pointer, detail)
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

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        let of = |rule: Rule, status, detail: String| {
            Self::new(rule.as_str(), title(rule), status, detail)
        };
        match error {
            MediaError::Chat(error) => error.into(),
            MediaError::Refused(refused) if refused.status() == 415 => of(
                Rule::FileKind,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                refused.to_string(),
            ),
            MediaError::Refused(refused) => of(
                Rule::FileRefused,
                StatusCode::UNPROCESSABLE_ENTITY,
                refused.to_string(),
            ),
            MediaError::TooLarge { limit } => Self::file_too_large(limit),
            MediaError::TooMany { at_once } => Self::new(
                "too-many-uploads",
                "Too many uploads at once",
                StatusCode::TOO_MANY_REQUESTS,
                format!("{at_once} of your uploads are under way; wait until one is done"),
            )
            .again_after(1),
            MediaError::Busy => {
                Self::unavailable("too many pictures are being worked on; try again")
            }
            MediaError::BrokeOff => Self::malformed("the upload broke off"),
            MediaError::OtherChecksum => Self::other_checksum(),
            MediaError::Full => Self::storage_full(),
            MediaError::Storage | MediaError::Lost => {
                Self::unavailable("files cannot be stored or read now; messages without one can")
            }
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
