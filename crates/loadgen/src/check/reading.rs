//! Rooms as a node shows them.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// The node's URL.
    pub(crate) node: String,
    /// Every room of the histories, in the same order in all readings.
    pub(crate) rooms: Vec<RoomRead>,
}

/// A room read whole. One that does not exist is one without anything in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoomRead {
    pub(crate) id: String,
    pub(crate) events: Vec<Event>,
    pub(crate) messages: Vec<Message>,
    pub(crate) participants: Vec<Participant>,
}

impl RoomRead {
    /// The greatest seq, 0 in a room without events.
    pub(crate) fn head(&self) -> u64 {
        self.events.iter().map(|event| event.seq).max().unwrap_or(0)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Event {
    pub(crate) seq: u64,
    pub(crate) kind: String,
    /// UTC in RFC 3339 with milliseconds: sorts as text.
    pub(crate) at: String,
    #[serde(default)]
    pub(crate) actor: Value,
    #[serde(default)]
    pub(crate) data: Value,
}

impl Event {
    /// The id of the message that the event is about.
    pub(crate) fn message(&self) -> Option<&str> {
        self.data["message"]["id"].as_str()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) seq: u64,
    /// The seq of the last event about it.
    pub(crate) version: u64,
    /// A participant's id.
    pub(crate) sender: Option<String>,
    pub(crate) message_type: String,
    pub(crate) content: String,
    pub(crate) is_deleted: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Participant {
    pub(crate) id: String,
    pub(crate) user: Option<String>,
    /// In the room.
    #[serde(default)]
    pub(crate) role: Option<String>,
    pub(crate) delivered_seq: Option<u64>,
    pub(crate) read_seq: Option<u64>,
}
