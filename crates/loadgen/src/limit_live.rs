//! `loadgen limit-live`: the yardstick of live connections. A bare broadcast in rooms on axum's
//! WebSocket, with frames of the same size as the server's: no tokens, no rights, no storage.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt as _;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::listen::Listen;
use crate::live::socket::PROTOCOL;

/// As the server's: a connection is cheap while nothing happens.
const READ_BUFFER: usize = 1024;

const WELCOME: &str = r#"{"type":"welcome","epoch":"none","user":"","heartbeat":25}"#;

/// Frames that wait for a connection are written together, up to so many.
const TOGETHER: usize = 64;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    listen: Listen,
    #[command(flatten)]
    sizes: Sizes,
}

/// How large frames are, as `loadgen live` measures them on a server.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Sizes {
    /// Bytes of an event with its message
    #[arg(long, default_value_t = 1100)]
    pub(crate) event_bytes: usize,
    /// Bytes of the answer to a send
    #[arg(long, default_value_t = 1000)]
    pub(crate) ok_bytes: usize,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let listener = args.listen.begin().await?;
    serve(listener, args.sizes).await
}

async fn serve(listener: TcpListener, sizes: Sizes) -> Result<()> {
    let hall = Arc::new(Hall {
        rooms: Mutex::default(),
        sizes,
    });
    let router = Router::new()
        .route("/api/chat/ws/", any(upgrade))
        .with_state(hall);
    // Else the system holds a small frame back until the one before it is acknowledged: 40 ms.
    let listener = listener.tap_io(|stream| {
        // A connection on which this fails is only slower.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await.context("serving")
}

/// All rooms; each begins when somebody first follows it.
#[derive(Debug)]
struct Hall {
    rooms: Mutex<HashMap<String, Arc<Room>>>,
    sizes: Sizes,
}

#[derive(Debug, Default)]
struct Room {
    // Held while an event is numbered and queued to everybody, so that all hear one order.
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    seq: u64,
    followers: Vec<UnboundedSender<Utf8Bytes>>,
}

/// What a client says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Said<'a> {
    r#type: &'a str,
    room: Option<&'a str>,
    r#ref: Option<&'a str>,
    content: Option<&'a str>,
}

async fn upgrade(State(hall): State<Arc<Hall>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .on_upgrade(move |socket| async move {
            // A client that went away is of no interest to a yardstick.
            let _ = converse(socket, &hall).await;
        })
}

async fn converse(mut socket: WebSocket, hall: &Hall) -> Result<()> {
    let (queue, mut queued) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            frame = queued.recv() => {
                let frame = frame.context("the queue is held here")?;
                write(&mut socket, frame, &mut queued).await?;
            }
            message = socket.next() => {
                let Some(message) = message else { return Ok(()) };
                if let Message::Text(text) = message?
                    && let Some(answer) = hall.answer(&text, &queue)?
                {
                    socket.send(Message::Text(answer.into())).await?;
                }
            }
        }
    }
}

/// Writes `first` and what else waits, at once.
async fn write(
    socket: &mut WebSocket,
    first: Utf8Bytes,
    queued: &mut UnboundedReceiver<Utf8Bytes>,
) -> Result<()> {
    socket.feed(Message::Text(first)).await?;
    for _ in 1..TOGETHER {
        let Ok(frame) = queued.try_recv() else { break };
        socket.feed(Message::Text(frame)).await?;
    }
    socket.flush().await.context("writing to a client")
}

impl Hall {
    fn answer(&self, text: &str, queue: &UnboundedSender<Utf8Bytes>) -> Result<Option<String>> {
        let said: Said<'_> = serde_json::from_str(text)?;
        match (said.r#type, said.room) {
            ("hello", _) => Ok(Some(WELCOME.to_owned())),
            ("subscribe", Some(id)) => {
                let seq = self.room(id).follow(queue);
                let caught_up = format!(r#"{{"type":"caught_up","room":"{id}","seq":{seq}}}"#);
                Ok(Some(caught_up))
            }
            ("send", Some(id)) => {
                let reference = said.r#ref.context("a send without a ref")?;
                let content = said.content.context("a send without content")?;
                let seq = self.room(id).publish(id, content, self.sizes);
                Ok(Some(ok(reference, seq, content, self.sizes)))
            }
            _ => Ok(None),
        }
    }

    fn room(&self, id: &str) -> Arc<Room> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(id) {
            return Arc::clone(room);
        }
        Arc::clone(rooms.entry(id.to_owned()).or_default())
    }
}

impl Room {
    fn follow(&self, queue: &UnboundedSender<Utf8Bytes>) -> u64 {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.followers.push(queue.clone());
        inside.seq
    }

    /// Numbers the event and queues it to everybody. Answers its seq.
    fn publish(&self, id: &str, content: &str, sizes: Sizes) -> u64 {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.seq += 1;
        let event = Utf8Bytes::from(event(id, inside.seq, content, sizes));
        let followers = &mut inside.followers;
        // Who has gone is followed no more.
        followers.retain(|follower| follower.send(event.clone()).is_ok());
        inside.seq
    }
}

fn event(room: &str, seq: u64, content: &str, sizes: Sizes) -> String {
    let mut text = String::with_capacity(sizes.event_bytes);
    // Writing to a String cannot fail. Texts of this program need no escaping.
    let _ = write!(
        text,
        concat!(
            r#"{{"type":"event","room":"{}","seq":{},"kind":"message.created","#,
            r#""at":"2026-11-22T20:30:00.000Z","#,
            r#""actor":{{"participant":"01936b2f-5c1e-7d44-9a51-2f0c8b7a6e11"}},"data":{{"#,
        ),
        room, seq
    );
    message(&mut text, seq, content, sizes.event_bytes.saturating_sub(2));
    text.push_str("}}");
    text
}

fn ok(reference: &str, seq: u64, content: &str, sizes: Sizes) -> String {
    let mut text = String::with_capacity(sizes.ok_bytes);
    let _ = write!(text, r#"{{"type":"ok","ref":"{reference}","#);
    message(&mut text, seq, content, sizes.ok_bytes.saturating_sub(1));
    text.push('}');
    text
}

/// Adds `"message":{…}` and fills `text` up to `size` bytes, if it has not as many.
fn message(text: &mut String, seq: u64, content: &str, size: usize) {
    let _ = write!(
        text,
        r#""message":{{"id":"01936b2f-5c1e-7d44-9a51-2f0c8b7a6e10","seq":{seq},"version":{seq},"content":"{content}","rest":""#
    );
    let missing = size.saturating_sub(text.len() + 2);
    text.extend(std::iter::repeat_n('-', missing));
    text.push_str("\"}");
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::client::Target;
    use crate::live::frame::Frame;

    const SIZES: Sizes = Sizes {
        event_bytes: 1100,
        ok_bytes: 1000,
    };

    /// A yardstick on a free port, for as long as the test runs.
    pub(crate) async fn start() -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, SIZES));
        url.parse().unwrap()
    }

    #[test]
    fn frames_have_the_size_that_is_asked_for_and_are_frames() {
        let event = event("room", 7, "text", SIZES);
        assert_eq!(event.len(), SIZES.event_bytes);
        assert_eq!(Frame::parse(&event).unwrap().shown().unwrap().seq, 7);
        let ok = ok("key", 7, "text", SIZES);
        assert_eq!(ok.len(), SIZES.ok_bytes);
        assert_eq!(Frame::parse(&ok).unwrap().message.unwrap().seq, 7);
    }
}
