//! The AsyncAPI document: the snapshot is up to date and complete. That the server sends what it says
//! every test of live connections checks, in [`frame_contract`].

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::process::run;
use crate::harness::{Server, frame_contract};

fn document() -> &'static Value {
    frame_contract::document().expect("asyncapi.json is missing; run `make snapshots`")
}

#[tokio::test]
async fn the_snapshot_is_what_the_binary_prints() {
    let printed = run(&["asyncapi"], &[]).await;
    assert!(printed.status.success(), "{}", printed.output);
    let snapshot = std::fs::read_to_string(frame_contract::snapshot_path()).unwrap_or_default();
    assert!(
        printed.stdout.trim_end() == snapshot.trim_end(),
        "asyncapi.json is not what the frames are; run `make snapshots` and look at the difference"
    );
}

#[tokio::test]
async fn the_server_serves_the_document() {
    let server = Server::start().await;
    let served = server.anonymous().get("/api/asyncapi.json").await.ok(200);
    assert_eq!(&served, document());
}

#[test]
fn every_example_is_as_its_schema_says() {
    let messages = document()["components"]["messages"].as_object();
    for (name, message) in messages.expect("the document has messages") {
        let examples = message["examples"].as_array().expect("examples");
        assert!(!examples.is_empty(), "{name}");
        for example in examples {
            let valid = frame_contract::validate(name, &example["payload"]);
            assert_eq!(valid, Ok(()), "{name}: {example}");
        }
    }
}

/// What the SDK's tests replay was recorded from a server of its time: it is what this one says.
#[test]
fn every_recorded_frame_is_as_its_schema_says() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../web/packages/sdk/fixtures/frames"
    );
    let files = std::fs::read_dir(folder).expect("the recorded frames");
    let mut recorded = BTreeSet::new();
    for file in files {
        let path = file.expect("a file").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let frame: Value = serde_json::from_slice(&std::fs::read(&path).expect("a frame"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let side = name.split('.').next().unwrap_or_default();
        let message = format!("{side}.{}", frame["type"].as_str().unwrap_or_default());
        assert_eq!(frame_contract::validate(&message, &frame), Ok(()), "{name}");
        recorded.insert(message);
    }
    let messages = document()["components"]["messages"].as_object();
    let documented = messages.expect("the document has messages").keys();
    assert_eq!(recorded, documented.cloned().collect());
}

#[test]
fn its_references_lead_somewhere() {
    let mut open = vec![document()];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let target = reference.strip_prefix('#');
                    let found = target.and_then(|to| document().pointer(to));
                    assert!(found.is_some(), "{reference} leads nowhere");
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}
