//! The live protocol `orderchat.v1`: everything that a client can send, and everything that it
//! can receive. `docs/PROTOCOL.md` explains them with real frames.

mod client;
mod close;

use std::borrow::Cow;

use axum::extract::ws::Utf8Bytes;
use orderchat_domain::capabilities::Capabilities;
use orderchat_domain::message::Notice;
use orderchat_domain::news::ReceiptNews;
use orderchat_domain::project::{EventView, MessageView, Quote};
use orderchat_domain::{Millis, ParticipantId, RoomId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemBody};

pub(crate) use client::{ClientFrame, Hello, Numbered, Ref, Resume, Subscribe};
pub(crate) use client::{Delete, Edit, Mark, Send};
pub(crate) use close::CloseCode;

/// The WebSocket subprotocol.
pub(crate) const SUBPROTOCOL: &str = "orderchat.v1";

/// An encoded frame, shared by all who are sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) text: Utf8Bytes,
    /// The room and the seq up to which whoever has it has the log.
    pub(crate) place: Option<(RoomId, u64)>,
}

impl Frame {
    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.text.as_str().len()
    }
}

/// Everything that a client can receive.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerFrame<'a> {
    /// The first frame: the token was good.
    Welcome {
        /// Names the database: stands in every cursor.
        epoch: &'a str,
        /// The caller's id in the shop.
        #[schema(value_type = String)]
        user: &'a UserId,
        /// Seconds between two pings of the server.
        heartbeat: u64,
    },
    /// What was asked for with `ref` is done.
    Ok {
        r#ref: &'a Ref,
        /// Of a send or an edit.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a MessageView>,
        /// Of a send: what its sender should know.
        #[serde(skip_serializing_if = "Option::is_none")]
        notices: Option<&'a [Notice]>,
    },
    /// What was asked for was not done.
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        r#ref: Option<&'a Ref>,
        problem: ProblemBody<'a>,
        /// Seconds after which trying again makes sense.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// An entry of a room's log.
    Event(&'a EventView),
    /// Everything up to `seq` was sent; what follows is live.
    CaughtUp {
        #[schema(value_type = uuid::Uuid)]
        room: RoomId,
        seq: u64,
        capabilities: &'a Capabilities,
    },
    /// What one may do in the room has changed.
    Capabilities {
        #[schema(value_type = uuid::Uuid)]
        room: RoomId,
        #[serde(flatten)]
        capabilities: &'a Capabilities,
    },
    /// How far somebody has received and read.
    Receipt {
        #[schema(value_type = uuid::Uuid)]
        room: RoomId,
        #[schema(value_type = uuid::Uuid)]
        participant: ParticipantId,
        delivered_seq: u64,
        read_seq: u64,
        #[schema(value_type = String, format = DateTime)]
        at: Millis,
    },
    /// Somebody types; over at most six seconds after the last one.
    Typing {
        #[schema(value_type = uuid::Uuid)]
        room: RoomId,
        #[schema(value_type = uuid::Uuid)]
        participant: ParticipantId,
    },
    /// Somebody came online, or has been away for a while.
    Presence {
        #[schema(value_type = uuid::Uuid)]
        room: RoomId,
        #[schema(value_type = uuid::Uuid)]
        participant: ParticipantId,
        is_online: bool,
        #[schema(value_type = Option<String>, format = DateTime, required = true)]
        last_seen: Option<Millis>,
    },
    /// For lists of rooms: staff are told of all of theirs, also of those they do not follow.
    RoomSummary(Box<RoomSummary>),
    /// The cursor cannot be served: reload the room by REST. From `seq` on it is live.
    Resync {
        /// As the client named it.
        #[schema(value_type = String)]
        room: Cow<'a, str>,
        reason: ResyncReason,
        /// Null when the room is gone.
        #[schema(required = true)]
        seq: Option<u64>,
    },
    /// The answer to `ping`.
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        r#ref: Option<&'a Ref>,
        #[schema(value_type = String, format = DateTime)]
        at: Millis,
    },
    /// The connection closes with this code.
    Bye {
        #[schema(value_type = u16)]
        code: CloseCode,
        /// Seconds to wait before coming back; null when coming back does not help.
        #[schema(required = true)]
        retry_after: Option<u64>,
    },
}

/// A room as a list of rooms shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct RoomSummary {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) room: RoomId,
    pub(crate) status: &'static str,
    pub(crate) seq: u64,
    /// Null for who is not in the room.
    pub(crate) unread_count: Option<u64>,
    /// Null for who is not in the room.
    pub(crate) last_message: Option<Quote>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) last_activity: Millis,
}

/// Why a cursor cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResyncReason {
    /// It is of another database, or of before a restore.
    Epoch,
    /// It is beyond the head of the log.
    Future,
    /// The room does not exist, or not for the caller.
    Gone,
    /// What it goes on from is no longer the caller's to see.
    TooOld,
}

/// Bytes that most frames fit into.
const TYPICAL: usize = 1_024;

impl<'a> ServerFrame<'a> {
    /// That what was asked for is done, and nothing more.
    pub(crate) const fn done(reference: &'a Ref) -> Self {
        Self::Ok {
            r#ref: reference,
            message: None,
            notices: None,
        }
    }

    /// That it was not done, and why.
    pub(crate) fn refused(reference: Option<&'a Ref>, problem: &'a Problem) -> Self {
        Self::Error {
            r#ref: reference,
            problem: problem.body(),
            retry_after: problem.retry_after_s(),
        }
    }

    pub(crate) const fn receipt(news: &ReceiptNews) -> Self {
        Self::Receipt {
            room: news.room,
            participant: news.participant,
            delivered_seq: news.delivered_seq,
            read_seq: news.read_seq,
            at: news.at,
        }
    }

    /// As it goes over the wire.
    pub(crate) fn encode(&self) -> Frame {
        let place = match self {
            Self::Event(event) => Some((event.room, event.seq)),
            Self::CaughtUp { room, seq, .. } => Some((*room, *seq)),
            _ => None,
        };
        let mut text = Vec::with_capacity(TYPICAL);
        // Strings, numbers, ids: they can always be written as JSON, which is text.
        let written = serde_json::to_writer(&mut text, self).is_ok();
        let text = String::from_utf8(text).ok().filter(|_| written);
        Frame {
            text: text.unwrap_or_default().into(),
            place,
        }
    }
}
