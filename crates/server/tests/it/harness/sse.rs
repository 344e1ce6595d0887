//! A reader of Server-Sent Events.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::live::fits;
use super::{Client, Room, frame_contract};

/// The longest that a test waits for an event that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// One open stream.
pub(crate) struct Sse {
    response: reqwest::Response,
    buffer: String,
}

/// One event of a stream: a frame, and the id that names the place after it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) id: Option<String>,
    pub(crate) frame: Value,
}

impl Sse {
    /// Opens the stream of these rooms, from now on or after an event id.
    pub(crate) async fn open(client: &Client, rooms: &[&Room], last: Option<&str>) -> Self {
        let names: Vec<_> = rooms
            .iter()
            .map(|room| format!("room={}", room.id))
            .collect();
        let path = format!("/api/chat/events/?{}", names.join("&"));
        let mut request = client.request(Method::GET, &path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        let kind = response.headers()["content-type"].to_str().ok();
        assert_eq!(kind, Some("text/event-stream"));
        Self {
            response,
            buffer: String::new(),
        }
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                if let Some(told) = told(&block) {
                    return Some(told);
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.expect("an event or the end within 30 s").ok()??;
            self.buffer
                .push_str(std::str::from_utf8(&chunk).expect("events are ASCII here"));
        }
    }

    /// The next event that has everything `pattern` has.
    pub(crate) async fn expect(&mut self, pattern: Value) -> Told {
        loop {
            let told = self.next().await;
            let told = told.unwrap_or_else(|| panic!("the stream ended before {pattern}"));
            if fits(&pattern, &told.frame) {
                return told;
            }
        }
    }
}

/// `None` for a comment.
fn told(block: &str) -> Option<Told> {
    let field = |name: &str| {
        let of = |line: &str| {
            Some(
                line.strip_prefix(name)?
                    .strip_prefix(':')?
                    .trim()
                    .to_owned(),
            )
        };
        block.lines().find_map(of)
    };
    let frame = serde_json::from_str(&field("data")?).expect("data is JSON");
    frame_contract::check(&frame);
    Some(Told {
        id: field("id"),
        frame,
    })
}
