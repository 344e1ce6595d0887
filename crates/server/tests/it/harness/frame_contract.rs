//! Holds every frame that any test is sent against the AsyncAPI document.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The snapshot at the root of the workspace, `None` before it was written for the first time.
pub(crate) fn document() -> Option<&'static Value> {
    static DOCUMENT: OnceLock<Option<Value>> = OnceLock::new();
    DOCUMENT
        .get_or_init(|| {
            let text = std::fs::read_to_string(snapshot_path()).ok()?;
            Some(serde_json::from_str(&text).expect("asyncapi.json is JSON"))
        })
        .as_ref()
}

/// Where the snapshot lies.
pub(crate) fn snapshot_path() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../asyncapi.json")
}

/// Fails if the server must not send this frame. Clients ignore fields that they do not know; here
/// one that the document does not name fails, too.
#[track_caller]
pub(crate) fn check(frame: &Value) {
    if document().is_none() {
        return;
    }
    if let Err(why) = validate(
        &format!("server.{}", frame["type"].as_str().unwrap_or("")),
        frame,
    ) {
        panic!("a frame is not as asyncapi.json says: {why}\n{frame}");
    }
}

/// Holds a payload against a message of the document, named like `client.send`.
pub(crate) fn validate(message: &str, payload: &Value) -> Result<(), String> {
    static VALIDATORS: OnceLock<BTreeMap<String, Validator>> = OnceLock::new();
    let validators = VALIDATORS.get_or_init(|| validators(document().expect("asyncapi.json")));
    let validator = validators.get(message);
    let validator = validator.ok_or_else(|| format!("{message} is no message"))?;
    let errors: Vec<_> = validator
        .iter_errors(payload)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.join("; "))
    }
}

fn validators(document: &Value) -> BTreeMap<String, Validator> {
    let mut schemas = document["components"]["schemas"].clone();
    close(&mut schemas);
    let messages = document["components"]["messages"].as_object();
    let validator = |(name, message): (&String, &Value)| {
        let mut schema = message["payload"].clone();
        close(&mut schema);
        schema["components"] = json!({ "schemas": schemas });
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&schema);
        (name.clone(), validator.expect("a schema of asyncapi.json"))
    };
    messages.into_iter().flatten().map(validator).collect()
}

/// Takes no fields but those that are named, wherever some are.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            let names_fields = keywords.get("properties").is_some_and(Value::is_object);
            if names_fields && !keywords.contains_key("additionalProperties") {
                keywords.insert("additionalProperties".to_owned(), json!(false));
            }
            keywords.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
