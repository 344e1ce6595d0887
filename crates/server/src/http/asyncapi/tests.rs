use serde_json::Value;

use super::*;

fn whole() -> Value {
    document(&crate::http::document())
}

#[test]
fn the_examples_are_json_and_every_frame_has_one() {
    let read: Value = serde_json::from_str(EXAMPLES).unwrap();
    let document = whole();
    let messages = document["components"]["messages"].as_object().unwrap();
    let given = |side: &str| read[side].as_object().unwrap().len();
    assert_eq!(messages.len(), given("client") + given("server"));
    for (name, message) in messages {
        assert!(
            message["examples"][0]["payload"]["type"].is_string(),
            "{name}"
        );
        assert!(
            message["summary"].as_str().is_some_and(|it| !it.is_empty()),
            "{name}"
        );
    }
}

#[test]
fn clients_frames_are_read_as_their_examples_say() {
    let document = whole();
    let messages = document["components"]["messages"].as_object().unwrap();
    let clients = messages
        .iter()
        .filter(|(name, _)| name.starts_with("client."));
    for (name, message) in clients {
        for example in message["examples"].as_array().unwrap() {
            let read = ClientFrame::parse(&example["payload"].to_string());
            assert!(read.it.is_ok(), "{name}: {read:?}");
        }
        // A field that the schema does not have is not taken.
        let mut more = message["examples"][0]["payload"].clone();
        more["unheard_of"] = json!(1);
        assert!(ClientFrame::parse(&more.to_string()).it.is_err(), "{name}");
        assert_eq!(message["payload"]["additionalProperties"], false, "{name}");
    }
}

#[test]
fn what_a_stream_is_sent_are_frames() {
    let document = whole();
    let streamed = document["channels"]["events"]["messages"]
        .as_object()
        .unwrap();
    assert_eq!(streamed.len(), STREAMED.len());
}
