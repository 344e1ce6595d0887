//! The frames of the live protocol: what this program says, and what it reads of what it hears.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;

use super::socket::Ended;

/// Where a client stands in one database: resumes from there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) epoch: String,
    /// Rooms and the last `seq` seen in each.
    pub(crate) rooms: Vec<(String, u64)>,
}

/// A frame from the server. Every kind of frame fits; what a kind does not have is absent.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Frame<'a> {
    #[serde(rename = "type")]
    pub(crate) sort: &'a str,
    #[serde(rename = "ref")]
    pub(crate) reference: Option<&'a str>,
    pub(crate) epoch: Option<&'a str>,
    pub(crate) room: Option<&'a str>,
    pub(crate) seq: Option<u64>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) at: Option<&'a str>,
    pub(crate) actor: Option<Actor<'a>>,
    pub(crate) data: Option<Data<'a>>,
    /// Of the answer to a send.
    pub(crate) message: Option<Message<'a>>,
    pub(crate) problem: Option<Problem>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) code: Option<u16>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Actor<'a> {
    pub(crate) participant: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Data<'a> {
    #[serde(borrow)]
    pub(crate) message: Option<Message<'a>>,
    pub(crate) participant: Option<Participant<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Participant<'a> {
    /// The shop's id, as far as one may know it: one's own always.
    pub(crate) user: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message<'a> {
    pub(crate) id: &'a str,
    pub(crate) seq: u64,
    pub(crate) version: u64,
    #[serde(borrow, default)]
    pub(crate) content: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) detail: Option<String>,
}

impl<'a> Frame<'a> {
    /// # Errors
    /// When `text` is no frame, with its beginning.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Ended> {
        serde_json::from_str(text).map_err(|error| {
            let beginning: String = text.chars().take(200).collect();
            Ended::Garbled(format!("no frame of the contract: {error}: {beginning}"))
        })
    }

    /// The text that an event shows, if it is about a message.
    pub(crate) fn shown(&self) -> Option<&Message<'a>> {
        self.data.as_ref()?.message.as_ref()
    }
}

/// The first frame of a connection.
pub(crate) fn hello(token: &str, resume: Option<&Cursor>) -> String {
    let mut frame = json!({ "type": "hello", "token": token });
    if let Some(cursor) = resume {
        let rooms = cursor
            .rooms
            .iter()
            .map(|(id, seq)| (id.clone(), json!(seq)));
        frame["resume"] = json!({
            "epoch": cursor.epoch,
            "rooms": rooms.collect::<serde_json::Map<_, _>>(),
        });
    }
    frame.to_string()
}

pub(crate) fn subscribe(room: &str, after: Option<u64>) -> String {
    let mut frame = json!({ "type": "subscribe", "room": room });
    if let Some(after) = after {
        frame["after"] = after.into();
    }
    frame.to_string()
}

/// A message to be sent; its `ref` is its key.
#[derive(Debug)]
pub(crate) struct Send<'a> {
    pub(crate) room: &'a str,
    pub(crate) content: &'a str,
    pub(crate) client_message_id: &'a str,
}

impl Send<'_> {
    pub(crate) fn frame(&self) -> String {
        json!({
            "type": "send",
            "ref": self.client_message_id,
            "room": self.room,
            "content": self.content,
            "client_message_id": self.client_message_id,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_whatever_else_it_has() {
        let text = r#"{"type":"event","room":"r-1","seq":17,"kind":"message.created",
            "at":"2026-11-22T20:30:00.000Z","actor":{"participant":"p-1","name":"Ma\"ria"},
            "data":{"message":{"id":"m","seq":17,"version":18,"content":"a\nb","metadata":{}}},
            "later":[1]}"#;
        let frame = Frame::parse(text).unwrap();
        assert_eq!((frame.sort, frame.seq), ("event", Some(17)));
        let message = frame.shown().unwrap();
        assert_eq!((message.version, &*message.content), (18, "a\nb"));
    }

    #[test]
    fn an_actor_may_be_nobody_and_data_without_a_message() {
        let text = r#"{"type":"event","room":"r","seq":1,"kind":"hidden","actor":null,"data":{}}"#;
        let frame = Frame::parse(text).unwrap();
        assert!(frame.actor.is_none() && frame.shown().is_none());
    }

    #[test]
    fn what_is_said_is_as_the_contract_shows_it() {
        let send = Send {
            room: "r",
            content: "hi",
            client_message_id: "k",
        };
        assert_eq!(
            send.frame(),
            r#"{"type":"send","ref":"k","room":"r","content":"hi","client_message_id":"k"}"#
        );
        let cursor = Cursor {
            epoch: "e".into(),
            rooms: vec![("r".into(), 7)],
        };
        assert_eq!(
            hello("t", Some(&cursor)),
            r#"{"type":"hello","token":"t","resume":{"epoch":"e","rooms":{"r":7}}}"#
        );
        assert_eq!(
            subscribe("r", Some(0)),
            r#"{"type":"subscribe","room":"r","after":0}"#
        );
    }
}
