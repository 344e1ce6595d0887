//! From an enum of frames to one schema a frame.
//!
//! utoipa describes a variant as its tag beside a reference to its fields; such a schema cannot say
//! that nothing else is taken. Here each frame becomes one object with all of its fields.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::SCHEMAS;

/// Who sends a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Server,
}

impl Sender {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// A frame's name in the document: `typing` is sent by both.
    pub(super) fn id(self, kind: &str) -> String {
        format!("{}.{kind}", self.as_str())
    }
}

/// One frame, described.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) sender: Sender,
    /// Its `type`.
    pub(super) kind: String,
    /// What it says, in words.
    pub(super) about: String,
    pub(super) schema: Value,
}

impl Frame {
    pub(super) fn id(&self) -> String {
        self.sender.id(&self.kind)
    }
}

/// All frames of an enum, and the schemas of what they refer to.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) frames: Vec<Frame>,
    pub(super) named: BTreeMap<String, Value>,
}

/// The frames of `T`, which is tagged by `type`.
pub(super) fn of<T: ToSchema>(sender: Sender) -> Frames {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let named: BTreeMap<_, _> = named
        .into_iter()
        .map(|(name, schema)| {
            let mut schema = json!(schema);
            if sender == Sender::Server {
                require_all(&mut schema);
            }
            (name, schema)
        })
        .collect();
    let whole = json!(T::schema());
    let variants = whole["oneOf"].as_array();
    let frames = variants
        .into_iter()
        .flatten()
        .map(|variant| frame(sender, variant, &named));
    Frames {
        frames: frames.collect(),
        named,
    }
}

fn frame(sender: Sender, variant: &Value, named: &BTreeMap<String, Value>) -> Frame {
    let mut fields = Fields::default();
    fields.take(variant, named);
    let kind = fields.properties["type"]["enum"][0].take();
    let kind = kind.as_str().unwrap_or_default().to_owned();
    let mut properties = Map::new();
    let tag = json!({ "type": "string", "const": kind });
    properties.insert("type".to_owned(), tag);
    if sender == Sender::Client {
        let reference = json!({
            "type": "string", "minLength": 1, "maxLength": 128,
            "description": "Stands in the answer; without it only a refusal is answered.",
        });
        properties.insert("ref".to_owned(), reference);
    }
    fields.properties.shift_remove("type");
    properties.append(&mut fields.properties);
    let mut required = vec!["type".to_owned()];
    required.extend(fields.required.into_iter().filter(|name| name != "type"));
    let mut schema = json!({ "type": "object", "required": required, "properties": properties });
    if sender == Sender::Client {
        // Read as strictly as a body of REST; what the server sends may grow.
        schema["additionalProperties"] = json!(false);
    }
    annotate(&mut schema);
    Frame {
        sender,
        kind,
        about: fields.about,
        schema,
    }
}

/// The fields of a frame, from all the parts of its variant.
#[derive(Default)]
struct Fields {
    about: String,
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Fields {
    /// Takes a part: its own words before those of what it refers to.
    fn take(&mut self, part: &Value, named: &BTreeMap<String, Value>) {
        let parts = || part["allOf"].as_array().into_iter().flatten();
        for described in std::iter::once(part).chain(parts()) {
            if let (true, Some(about)) = (self.about.is_empty(), described["description"].as_str())
            {
                about.clone_into(&mut self.about);
            }
        }
        for part in parts() {
            self.take(part, named);
        }
        let target = part["$ref"].as_str();
        let target = target.and_then(|target| target.strip_prefix(SCHEMAS));
        if let Some(part) = target.and_then(|name| named.get(name)) {
            self.take(part, named);
        }
        for (name, field) in part["properties"].as_object().into_iter().flatten() {
            self.properties.insert(name.clone(), field.clone());
        }
        let required = part["required"].as_array().into_iter().flatten();
        let required = required.filter_map(Value::as_str).map(str::to_owned);
        self.required.extend(required);
    }
}

/// Every field of an object that is sent is always there; utoipa takes an `Option` for a field that
/// may be missing.
fn require_all(schema: &mut Value) {
    if let Some(properties) = schema["properties"].as_object() {
        let names: Vec<_> = properties.keys().cloned().collect();
        schema["required"] = json!(names);
    }
}

/// JSON Schema's word for what OpenAPI calls `example`.
pub(super) fn annotate(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            if let Some(example) = keywords.shift_remove("example") {
                keywords.insert("examples".to_owned(), json!([example]));
            }
            for (keyword, value) in keywords.iter_mut() {
                match (keyword.as_str(), value) {
                    // Names in it are no keywords.
                    ("properties", Value::Object(named)) => {
                        named.values_mut().for_each(annotate);
                    }
                    ("examples" | "enum" | "const" | "required", _) => {}
                    (_, value) => annotate(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(annotate),
        _ => {}
    }
}
