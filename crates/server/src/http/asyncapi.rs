//! The AsyncAPI document: every frame of `orderchat.v1`, made from the enums that the server reads
//! and writes, so that it cannot say anything else. What REST shows, too, is described in the words
//! of the OpenAPI document.

mod frames;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::live::protocol::{ClientFrame, SUBPROTOCOL, ServerFrame};
use frames::{Frame, Sender};

const ABOUT: &str = "\
Everything that happens in a room, at once, over one WebSocket; after any interruption a client has \
exactly what it would have had. One JSON object a text frame, told apart by `type`.

The first frame is `hello` with a token of the shop. `ref`, which any frame of a client may have, \
stands in its answer; without it only refusals are answered. Commands are answered in the order \
sent. Clients ignore types, kinds and fields that they do not know.

`docs/PROTOCOL.md` explains all of it with real frames.";

/// Examples of every frame. A text `$Name` stands for the example of that object of REST.
const EXAMPLES: &str = include_str!("asyncapi/examples.json");

/// What a stream of events is sent: it is not asked, and does not answer.
const STREAMED: [&str; 8] = [
    "event",
    "caught_up",
    "capabilities",
    "receipt",
    "typing",
    "presence",
    "resync",
    "bye",
];

const SCHEMAS: &str = "#/components/schemas/";

/// The document; `rest` describes the same objects.
pub(crate) fn document(rest: &OpenApi) -> Value {
    let rest = json!(rest.components);
    let client = frames::of::<ClientFrame>(Sender::Client);
    let server = frames::of::<ServerFrame<'static>>(Sender::Server);
    let all = || client.frames.iter().chain(&server.frames);
    let named = |name: &str| {
        let of_rest = rest["schemas"].get(name);
        let of_frames = || server.named.get(name).or_else(|| client.named.get(name));
        of_rest.or_else(of_frames).cloned()
    };
    let examples = examples(&rest["schemas"]);
    let messages: Map<_, _> = all()
        .map(|frame| (frame.id(), message(frame, &examples)))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Orderchat, live",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "websocket": server_at("ws", "wss"),
            "events": server_at("http", "https"),
        },
        "channels": channels(&client.frames, &server.frames),
        "operations": operations(&client.frames, &server.frames),
        "components": {
            "messages": messages,
            "schemas": schemas(all(), named),
        },
    })
}

fn server_at(protocol: &str, secured: &str) -> Value {
    let about = format!("The server's own default; behind a proxy with TLS it is {secured}");
    json!({ "host": "127.0.0.1:8080", "protocol": protocol, "description": about })
}

fn channels(client: &[Frame], server: &[Frame]) -> Value {
    let refer = |frame: &Frame| {
        let target = format!("#/components/messages/{}", frame.id());
        (frame.id(), json!({ "$ref": target }))
    };
    let both: Map<_, _> = client.iter().chain(server).map(refer).collect();
    let streamed: Map<_, _> = server.iter().filter(is_streamed).map(refer).collect();
    json!({
        "live": {
            "address": "/api/chat/ws/",
            "title": "One connection of a user",
            "servers": [{ "$ref": "#/servers/websocket" }],
            "messages": both,
            "bindings": { "ws": {
                "method": "GET",
                "headers": {
                    "type": "object",
                    "required": ["Sec-WebSocket-Protocol"],
                    "properties": {
                        "Sec-WebSocket-Protocol": { "type": "string", "const": SUBPROTOCOL },
                    },
                },
                "bindingVersion": "0.1.0",
            }},
        },
        "events": {
            "address": "/api/chat/events/",
            "title": "Server-Sent Events of up to eight rooms",
            "description": "Each event's data is one frame. The request is described in the \
                            OpenAPI document.",
            "servers": [{ "$ref": "#/servers/events" }],
            "messages": streamed,
        },
    })
}

fn is_streamed(frame: &&Frame) -> bool {
    STREAMED.contains(&frame.kind.as_str())
}

/// As the server does them: it receives what clients send.
fn operations(client: &[Frame], server: &[Frame]) -> Value {
    let in_channel = |channel: &str, id: &str| {
        let target = format!("#/channels/{channel}/messages/{id}");
        json!({ "$ref": target })
    };
    let live = json!({ "$ref": "#/channels/live" });
    let mut operations = Map::new();
    for frame in client {
        let answers = answers(&frame.kind).map(|kind| {
            let id = Sender::Server.id(kind);
            in_channel("live", &id)
        });
        let operation = json!({
            "action": "receive",
            "channel": live,
            "summary": frame.about,
            "messages": [in_channel("live", &frame.id())],
            "reply": { "channel": live, "messages": answers },
        });
        operations.insert(frame.kind.clone(), operation);
    }
    let sent = |channel: &str, frames: Vec<&Frame>| {
        let messages = frames.iter().map(|frame| in_channel(channel, &frame.id()));
        json!({
            "action": "send",
            "channel": { "$ref": format!("#/channels/{channel}") },
            "messages": messages.collect::<Vec<_>>(),
        })
    };
    let told = sent("live", server.iter().collect());
    let streamed = sent("events", server.iter().filter(is_streamed).collect());
    operations.insert("told".to_owned(), told);
    operations.insert("streamed".to_owned(), streamed);
    Value::Object(operations)
}

/// The types of the frames that answer one of this type.
fn answers(kind: &str) -> [&'static str; 2] {
    match kind {
        "hello" => ["welcome", "error"],
        "ping" => ["pong", "error"],
        _ => ["ok", "error"],
    }
}

fn message(frame: &Frame, examples: &Value) -> Value {
    let given = examples[frame.sender.as_str()][&frame.kind].as_array();
    let payloads = given.into_iter().flatten().map(|given| {
        let mut payload = json!({ "type": frame.kind });
        // An object of REST that is a frame lacks its type.
        let fields = given.as_object().into_iter().flatten();
        fields.for_each(|(name, field)| payload[name] = field.clone());
        json!({ "payload": payload })
    });
    let payloads: Vec<_> = payloads.collect();
    json!({
        "name": frame.kind,
        "title": frame.id(),
        "summary": frame.about,
        "payload": frame.schema,
        "examples": payloads,
    })
}

/// What the frames refer to, and what that refers to.
fn schemas<'a>(
    frames: impl Iterator<Item = &'a Frame>,
    named: impl Fn(&str) -> Option<Value>,
) -> Map<String, Value> {
    let mut open = BTreeSet::new();
    for frame in frames {
        references(&frame.schema, &mut open);
    }
    let mut found = Map::new();
    while let Some(name) = open.pop_first() {
        if found.contains_key(&name) {
            continue;
        }
        if let Some(mut schema) = named(&name) {
            frames::annotate(&mut schema);
            references(&schema, &mut open);
            found.insert(name, schema);
        }
    }
    found.sort_keys();
    found
}

/// The names of the schemas that `value` refers to.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let target = fields.get("$ref").and_then(Value::as_str);
            found.extend(
                target
                    .and_then(|target| target.strip_prefix(SCHEMAS))
                    .map(str::to_owned),
            );
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// [`EXAMPLES`], the objects of REST in their places.
fn examples(rest: &Value) -> Value {
    // A test reads the file: it is never malformed in a build.
    let mut examples = serde_json::from_str(EXAMPLES).unwrap_or_default();
    fill(&mut examples, rest);
    examples
}

fn fill(value: &mut Value, rest: &Value) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix('$') {
                *value = rest[name]["example"].clone();
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, rest)),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, rest)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
