//! Why something was not done: one type for every rule of the house.

use thiserror::Error;

/// The rule that refused, by the name that clients may match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The permission table says no to this role.
    Permission,
    /// The other outranks the caller.
    Rank,
    /// Nobody mutes or blocks themselves.
    Oneself,
    /// The order policy says no to this role in this status.
    Policy,
    /// The participant is muted.
    Muted,
    /// Not the caller's own message.
    Ownership,
    /// The time to edit or delete is over.
    Window,
    /// Only text messages that are not deleted can be edited.
    NotEditable,
    /// No such edge in the room's state machine, or the state forbids the action.
    RoomState,
    /// No seat is free.
    RoomFull,
    /// The order has had its room, and it was deleted.
    RoomDeleted,
    /// The order is over.
    OrderInactive,
    /// An order keeps its customer and its pharmacy.
    OrderIdentity,
    /// The person is blocked in this room.
    Blocked,
    /// The same key came with other content.
    KeyReused,
    /// A value is missing, of the wrong kind or out of range.
    Invalid,
    /// The token is good for another room only.
    TokenRoom,
    /// The file is not what it says it is, or of a kind that is not taken.
    FileKind,
    /// The file cannot be taken: too many pixels, broken, empty.
    FileRefused,
    /// The scanner has not looked at the file yet.
    FilePending,
    /// The user's files take all the room that one user has.
    FileShare,
    /// An upload is at another place than the request says, or over.
    UploadState,
}

impl Rule {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::Rank => "rank",
            Self::Oneself => "oneself",
            Self::Policy => "policy",
            Self::Muted => "muted",
            Self::Ownership => "ownership",
            Self::Window => "window",
            Self::NotEditable => "not-editable",
            Self::RoomState => "room-state",
            Self::RoomFull => "room-full",
            Self::RoomDeleted => "room-deleted",
            Self::OrderInactive => "order-inactive",
            Self::OrderIdentity => "order-identity",
            Self::Blocked => "blocked",
            Self::KeyReused => "key-reused",
            Self::Invalid => "invalid",
            Self::TokenRoom => "token-room",
            Self::FileKind => "file-kind",
            Self::FileRefused => "file-refused",
            Self::FilePending => "file-pending",
            Self::FileShare => "file-share",
            Self::UploadState => "upload-state",
        }
    }
}

/// What is wrong with one field. `pointer` is an RFC 6901 JSON pointer, or the name of a query
/// parameter or header; `detail` never repeats what people wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub pointer: String,
    pub detail: String,
}

/// A decision against the caller. Which answer it becomes is the surface's business.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It does not exist, or the caller may not know that it does: nobody can tell which.
    #[error("not found")]
    NotFound,
    /// The caller may know of it, but not do this.
    #[error("{}: {detail}", rule.as_str())]
    Forbidden { rule: Rule, detail: String },
    /// The state of things forbids it now.
    #[error("{}: {detail}", rule.as_str())]
    Conflict { rule: Rule, detail: String },
    /// What was asked for is malformed or out of range.
    #[error("{}", .errors.first().map_or("invalid", |e| e.detail.as_str()))]
    Invalid { rule: Rule, errors: Vec<FieldError> },
}

impl Refusal {
    /// What it says, without the rule's name.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::NotFound => "not found",
            Self::Forbidden { detail, .. } | Self::Conflict { detail, .. } => detail,
            Self::Invalid { errors, .. } => errors.first().map_or("invalid", |error| &error.detail),
        }
    }

    #[must_use]
    pub fn forbidden(rule: Rule, detail: impl Into<String>) -> Self {
        Self::Forbidden {
            rule,
            detail: detail.into(),
        }
    }

    #[must_use]
    pub fn conflict(rule: Rule, detail: impl Into<String>) -> Self {
        Self::Conflict {
            rule,
            detail: detail.into(),
        }
    }

    #[must_use]
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid {
            rule: Rule::Invalid,
            errors: vec![FieldError {
                pointer: pointer.into(),
                detail: detail.into(),
            }],
        }
    }
}
