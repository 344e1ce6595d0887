//! The AsyncAPI document: the snapshot is up to date and complete. That the server sends what it says
//! every test of live connections checks, in [`frame_contract`].

use serde_json::Value;

use crate::harness::server::run;
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
