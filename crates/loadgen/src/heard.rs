//! What followers heard on their live connections: the checker's evidence of what was pushed.
//!
//! One JSON object per line, in the order in which a follower heard it; [`crate::history`] has what
//! was asked. The times of both are of one clock.

use serde::{Deserialize, Serialize};

use crate::live::frame::Frame;
use crate::text;

/// One frame about a room, or one step of the follower itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heard {
    /// The follower, across all its connections; what it heard stands in order.
    pub(crate) process: String,
    /// The user it follows as.
    pub(crate) user: String,
    pub(crate) op: Sign,
    /// The room's `id`; of a `bye` or a `closed` absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) room: Option<String>,
    /// Of an event, a `caught_up` or a `resync` the frame's; of a `follow` the cursor that was
    /// given, absent where the follower began with what comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    /// Of an event: as in the frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    /// The acting participant's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) actor: Option<String>,
    /// Of an event about a message: the message's id, its `version` as shown, and the SHA-256 of
    /// its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body_hash: Option<String>,
    /// Of a `resync`, a `bye` or a `closed`: what the server gave as its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// When it was heard; of a step, when it began.
    pub(crate) at_ns: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sign {
    /// A step: the follower asks for the room, at once or when it says hello.
    Follow,
    Event,
    CaughtUp,
    Resync,
    Bye,
    /// The connection is gone.
    Closed,
    /// A step: from here on the follower only waited, and long enough, for what was acked before.
    Waited,
}

impl Heard {
    /// A step, or the end of a connection.
    pub(crate) fn step(process: &str, user: &str, op: Sign, at_ns: u64) -> Self {
        Self {
            process: process.to_owned(),
            user: user.to_owned(),
            op,
            room: None,
            seq: None,
            kind: None,
            at: None,
            actor: None,
            message: None,
            version: None,
            body_hash: None,
            detail: None,
            at_ns,
        }
    }

    /// `None` for frames that the rules do not look at.
    pub(crate) fn frame(process: &str, user: &str, frame: &Frame<'_>, at_ns: u64) -> Option<Self> {
        let op = match frame.sort {
            "event" => Sign::Event,
            "caught_up" => Sign::CaughtUp,
            "resync" => Sign::Resync,
            "bye" => Sign::Bye,
            _ => return None,
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let message = frame.shown();
        Some(Self {
            room: owned(frame.room),
            seq: frame.seq,
            kind: owned(frame.kind),
            at: owned(frame.at),
            actor: owned(frame.actor.as_ref().and_then(|actor| actor.participant)),
            message: message.map(|message| message.id.to_owned()),
            version: message.map(|message| message.version),
            body_hash: message.map(|message| text::hash(&message.content)),
            detail: owned(frame.reason).or(frame.code.map(|code| code.to_string())),
            ..Self::step(process, user, op, at_ns)
        })
    }
}
