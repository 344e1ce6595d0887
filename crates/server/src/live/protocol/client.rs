use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::json;
use crate::problem::Problem;

/// Characters of a `ref` at most.
const LONGEST_REF: usize = 128;

/// What the client calls its command: the answer has the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, max_length = 128)]
pub(crate) struct Ref(String);

/// A frame and its `ref`.
#[derive(Clone, Debug)]
pub(crate) struct Numbered<T> {
    pub(crate) reference: Option<Ref>,
    pub(crate) it: T,
}

/// Everything that a client can send.
#[derive(Clone, Debug, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ClientFrame {
    /// The first frame, within five seconds.
    Hello(Hello),
    /// Another token of the same user, before the old one expires.
    Auth(Auth),
    /// Follow a room; with `after` from that seq on.
    Subscribe(Subscribe),
    /// No longer follow a room.
    Unsubscribe(Unsubscribe),
    /// Send a message: as `POST /rooms/{id}/messages/`.
    Send(Send),
    /// Edit a message: as `PUT /messages/{id}/`.
    Edit(Edit),
    /// Delete a message: as `DELETE /messages/{id}/`.
    Delete(Delete),
    /// Everything up to the seq was received.
    Delivered(Mark),
    /// Everything up to the seq was read.
    Read(Mark),
    /// The user types; at most every two seconds.
    Typing(Typing),
    /// Answered with `pong`.
    Ping,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hello {
    pub(crate) token: String,
    pub(crate) resume: Option<Resume>,
}

/// Where the client was.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resume {
    /// Of the `welcome` that the seqs are of.
    pub(crate) epoch: String,
    /// The last seq of each room that the client has.
    #[schema(value_type = Object)]
    pub(crate) rooms: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    pub(crate) token: String,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subscribe {
    /// A room's `id` or `room_id`, as everywhere in frames of clients.
    pub(crate) room: String,
    /// Go on after this seq; 0 gives the whole log. Without it what comes from now on.
    pub(crate) after: Option<u64>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unsubscribe {
    pub(crate) room: String,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Send {
    pub(crate) room: String,
    /// May be left out of a message with a file.
    #[serde(default)]
    pub(crate) content: String,
    pub(crate) message_type: Option<String>,
    pub(crate) reply_to: Option<String>,
    /// A file that was uploaded to this room.
    pub(crate) attachment: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Option<Map<String, Value>>,
    /// Makes the send repeatable: the same key gives the same message, for ever.
    pub(crate) client_message_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    /// A message's id.
    pub(crate) message: String,
    pub(crate) content: String,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delete {
    /// A message's id.
    pub(crate) message: String,
    pub(crate) reason: Option<String>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    pub(crate) room: String,
    pub(crate) seq: u64,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typing {
    pub(crate) room: String,
}

/// A frame without fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

const TYPES: &str = "hello, auth, subscribe, unsubscribe, send, edit, delete, delivered, read, \
                     typing or ping";

impl ClientFrame {
    /// Reads a frame as strictly as a body of REST: it, or what is wrong with it, and its `ref` as
    /// far as it has one.
    pub(crate) fn parse(text: &str) -> Numbered<Result<Self, Problem>> {
        let mut reference = None;
        let it = Self::numbered(text, &mut reference);
        Numbered { reference, it }
    }

    fn numbered(text: &str, reference: &mut Option<Ref>) -> Result<Self, Problem> {
        let value = json::parse(text.as_bytes())
            .map_err(|error| Problem::malformed(format!("the frame is no JSON: {error}")))?;
        let Value::Object(mut fields) = value else {
            return Err(Problem::invalid("", "must be a JSON object"));
        };
        *reference = fields.shift_remove("ref").map(Ref::read).transpose()?;
        Self::read(fields)
    }

    fn read(mut fields: Map<String, Value>) -> Result<Self, Problem> {
        let kind = match fields.shift_remove("type") {
            Some(Value::String(kind)) => kind,
            Some(_) => return Err(Problem::invalid("/type", format!("must be {TYPES}"))),
            None => {
                return Err(Problem::invalid(
                    "/type",
                    format!("is missing; give {TYPES}"),
                ));
            }
        };
        Ok(match kind.as_str() {
            "hello" => Self::Hello(typed(fields)?),
            "auth" => Self::Auth(typed(fields)?),
            "subscribe" => Self::Subscribe(typed(fields)?),
            "unsubscribe" => Self::Unsubscribe(typed(fields)?),
            "send" => Self::Send(typed(fields)?),
            "edit" => Self::Edit(typed(fields)?),
            "delete" => Self::Delete(typed(fields)?),
            "delivered" => Self::Delivered(typed(fields)?),
            "read" => Self::Read(typed(fields)?),
            "typing" => Self::Typing(typed(fields)?),
            "ping" => {
                let Nothing {} = typed(fields)?;
                Self::Ping
            }
            _ => {
                return Err(Problem::invalid(
                    "/type",
                    format!("is unknown; give {TYPES}"),
                ));
            }
        })
    }
}

fn typed<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    json::from_value(Value::Object(fields)).map_err(|mismatch| mismatch.in_body().into())
}

impl Ref {
    fn read(value: Value) -> Result<Self, Problem> {
        match value {
            Value::String(text) if (1..=LONGEST_REF).contains(&text.chars().count()) => {
                Ok(Self(text))
            }
            _ => {
                let detail = format!("must be a text of 1 to {LONGEST_REF} characters");
                Err(Problem::invalid("/ref", detail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of `@orderchat/sdk`, as it sends them.
    #[test]
    fn what_the_sdk_sends_is_understood() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../web/packages/sdk/fixtures/frames"
        );
        let mut understood = 0;
        for file in std::fs::read_dir(folder).expect("the recorded frames") {
            let path = file.expect("a file").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            if !name.starts_with("client.") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a frame");
            let parsed = ClientFrame::parse(&text);
            assert!(parsed.it.is_ok(), "{name}: {:?}", parsed.it);
            let has_ref = text.contains(r#""ref":"#);
            assert_eq!(parsed.reference.is_some(), has_ref, "{name}");
            understood += 1;
        }
        assert!(understood >= 11, "{understood} frames of clients");
    }
}
