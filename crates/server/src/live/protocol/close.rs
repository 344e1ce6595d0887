use axum::extract::ws::CloseFrame;
use serde::{Serialize, Serializer};

/// Why the server closes a connection (SPEC 12, and RFC 6455 for what is no protocol of ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseCode {
    /// Resume elsewhere.
    GoingAway = 1001,
    /// Not RFC 6455.
    Protocol = 1002,
    /// A binary frame.
    Unsupported = 1003,
    /// Text that is not UTF-8.
    NotText = 1007,
    /// A frame that is too large.
    TooLarge = 1009,
    /// Reconnect and resume.
    Reconnect = 4000,
    /// Too slow, or too much at once; resume after a while.
    TooSlow = 4008,
    /// The user has too many connections.
    TooMany = 4009,
    /// Authenticate again.
    Unauthenticated = 4401,
    /// The room that the token is good for is gone.
    RoomGone = 4403,
}

impl CloseCode {
    pub(crate) const fn code(self) -> u16 {
        self as u16
    }

    /// The close frame, with the reason in words for those who debug clients.
    pub(crate) fn frame(self) -> CloseFrame {
        let reason = match self {
            Self::GoingAway => "going away; resume elsewhere",
            Self::Protocol => "not RFC 6455",
            Self::Unsupported => "text frames only",
            Self::NotText => "not UTF-8",
            Self::TooLarge => "the frame is too large",
            Self::Reconnect => "reconnect and resume",
            Self::TooSlow => "too slow or too much; resume later",
            Self::TooMany => "too many connections",
            Self::Unauthenticated => "authenticate again",
            Self::RoomGone => "the token's room is gone",
        };
        CloseFrame {
            code: self.code(),
            reason: reason.into(),
        }
    }

    /// Seconds after which coming back makes sense; `None` when it does not help.
    pub(crate) const fn retry_after(self) -> Option<u64> {
        match self {
            Self::GoingAway | Self::Reconnect => Some(0),
            Self::TooSlow => Some(2),
            Self::TooMany => Some(30),
            Self::Protocol
            | Self::Unsupported
            | Self::NotText
            | Self::TooLarge
            | Self::Unauthenticated
            | Self::RoomGone => None,
        }
    }
}

impl Serialize for CloseCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.code())
    }
}
