//! A live client: one WebSocket that reads all the time and keeps every frame.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use futures_util::stream::SplitSink;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::{Client, Fields as _, Room, frame_contract};

/// The longest that a test waits for a frame that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// One live connection of one client.
pub(crate) struct Live {
    out: SplitSink<WebSocketStream<TcpStream>, Message>,
    incoming: UnboundedReceiver<Heard>,
    reader: JoinHandle<()>,
    /// Every frame, in the order they came.
    pub(crate) received: Vec<Value>,
    /// Places in `received` of those that no expectation has claimed.
    unclaimed: Vec<usize>,
    refs: usize,
    ended: Option<Ended>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// The close code; `None` when the connection broke.
    pub(crate) code: Option<u16>,
    pub(crate) at: Instant,
}

enum Heard {
    Frame(Value),
    Ended(Ended),
}

/// The connection ended before what was waited for came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut;

/// Where a client is: what it resumes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) epoch: String,
    pub(crate) rooms: BTreeMap<String, i64>,
}

impl Cursor {
    /// The cursor of one room.
    pub(crate) fn of(epoch: &str, room: &str, seq: i64) -> Self {
        Self {
            epoch: epoch.into(),
            rooms: BTreeMap::from([(room.into(), seq)]),
        }
    }

    fn json(&self) -> Value {
        json!({ "epoch": self.epoch, "rooms": self.rooms })
    }
}

impl Live {
    /// Opens a connection to `http://ADDRESS:PORT` and says nothing. `None` when it is cut before
    /// the upgrade, as a faulty network does.
    pub(crate) async fn try_open(url: &str) -> Option<Self> {
        let address = url.strip_prefix("http://").expect("plain HTTP");
        let request = format!("ws://{address}/api/chat/ws/").into_client_request();
        let mut request = request.expect("a request");
        request.headers_mut().insert(
            "sec-websocket-protocol",
            HeaderValue::from_static("orderchat.v1"),
        );
        let stream = TcpStream::connect(address).await.ok()?;
        let (socket, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .ok()?;
        let (out, mut frames) = socket.split();
        let (heard, incoming) = unbounded_channel();
        let reader = tokio::spawn(async move {
            let mut code = None;
            while let Some(Ok(message)) = frames.next().await {
                match message {
                    Message::Text(text) => take(&heard, &text),
                    Message::Close(frame) => code = frame.map(|frame| frame.code.into()),
                    _ => {}
                }
            }
            let at = Instant::now();
            // Fails only when the test has dropped its end.
            let _ = heard.send(Heard::Ended(Ended { code, at }));
        });
        Some(Self {
            out,
            incoming,
            reader,
            received: Vec::new(),
            unclaimed: Vec::new(),
            refs: 0,
            ended: None,
        })
    }

    /// The same where nothing stands between.
    pub(crate) async fn open(url: &str) -> Self {
        Self::try_open(url).await.expect("the server upgrades")
    }

    /// Opens a connection and says hello; its `welcome` has come.
    pub(crate) async fn of(client: &Client) -> Self {
        let mut live = Self::open(client.url()).await;
        live.say(json!({ "type": "hello", "token": client.token() }))
            .await;
        live.expect(json!({ "type": "welcome" })).await;
        live
    }

    /// The same, going on from a cursor.
    pub(crate) async fn resume(client: &Client, cursor: &Cursor) -> Self {
        let mut live = Self::open(client.url()).await;
        live.say(hello(client, cursor)).await;
        live.expect(json!({ "type": "welcome" })).await;
        live
    }

    /// The same through a network that may cut at any byte.
    pub(crate) async fn try_resume(url: &str, client: &Client, cursor: &Cursor) -> Option<Self> {
        let mut live = Self::try_open(url).await?;
        live.try_say(hello(client, cursor)).await.ok()?;
        Some(live)
    }

    /// Opens a connection and follows the room from now on.
    pub(crate) async fn following(client: &Client, room: &Room) -> Self {
        let mut live = Self::of(client).await;
        live.follow(room).await;
        live
    }

    /// Follows the room, which has caught up when this returns.
    pub(crate) async fn follow(&mut self, room: &Room) {
        let subscribe = json!({ "type": "subscribe", "room": room.id });
        self.done(subscribe).await;
        // Whoever follows their rooms anyway was told before, too.
        let caught_up = json!({ "type": "caught_up", "room": room.id });
        let answered = self
            .received
            .iter()
            .rposition(|frame| frame["type"] == "ok");
        let received = &self.received;
        self.unclaimed
            .retain(|place| Some(*place) > answered || !fits(&caught_up, &received[*place]));
        self.caught_up(room).await;
    }

    /// Sends a frame, unless the connection is broken.
    pub(crate) async fn try_say(&mut self, frame: Value) -> Result<(), Cut> {
        self.write(Message::text(frame.to_string())).await
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.try_say(frame).await.expect("the server reads on");
    }

    /// Sends a frame as it stands.
    pub(crate) async fn say_raw(&mut self, text: &str) {
        let sent = self.write(Message::text(text)).await;
        sent.expect("the server reads on");
    }

    async fn write(&mut self, message: Message) -> Result<(), Cut> {
        self.out.send(message).await.map_err(|_| Cut)
    }

    /// Sends a command with a `ref` of its own; the `ref`.
    pub(crate) async fn command(&mut self, mut frame: Value) -> String {
        self.refs += 1;
        let reference = format!("r{}", self.refs);
        frame["ref"] = json!(reference);
        self.say(frame).await;
        reference
    }

    /// Sends a command and waits for its answer: `ok`, `error` or `pong`.
    pub(crate) async fn ask(&mut self, frame: Value) -> Value {
        let reference = self.command(frame).await;
        self.answer(&reference).await
    }

    /// The answer to a command.
    pub(crate) async fn answer(&mut self, reference: &str) -> Value {
        self.expect(json!({ "ref": reference })).await
    }

    /// Sends a command that must be done; the `ok`.
    pub(crate) async fn done(&mut self, frame: Value) -> Value {
        let asked = frame.to_string();
        let answer = self.ask(frame).await;
        assert_eq!(answer["type"], "ok", "{asked} was answered {answer}");
        answer
    }

    /// Sends a command that must be refused with this status; the problem.
    pub(crate) async fn refused(&mut self, frame: Value, status: u16) -> Value {
        let asked = frame.to_string();
        let answer = self.ask(frame).await;
        assert_eq!(answer["type"], "error", "{asked} was answered {answer}");
        let problem = answer["problem"].clone();
        assert_eq!(problem["status"], status, "{asked} was answered {answer}");
        problem
    }

    /// Sends a text to a room, which must be accepted; the message.
    pub(crate) async fn send(&mut self, room: &Room, content: &str) -> Value {
        let send = json!({ "type": "send", "room": room.id, "content": content });
        self.done(send).await["message"].clone()
    }

    /// The next frame that no expectation has claimed and that has everything `pattern` has,
    /// whatever came before it. Fails after 30 s, or when the connection ends first.
    pub(crate) async fn expect(&mut self, pattern: Value) -> Value {
        match self.try_expect(&pattern).await {
            Ok(frame) => frame,
            Err(Cut) => panic!("the connection ended before {pattern} came: {self:?}"),
        }
    }

    /// The same for who reckons with being cut.
    pub(crate) async fn try_expect(&mut self, pattern: &Value) -> Result<Value, Cut> {
        let deadline = Instant::now() + PATIENCE;
        let mut looked_at = 0;
        loop {
            while let Some(place) = self.unclaimed.get(looked_at).copied() {
                if fits(pattern, &self.received[place]) {
                    self.unclaimed.remove(looked_at);
                    return Ok(self.received[place].clone());
                }
                looked_at += 1;
            }
            if self.ended.is_some() {
                return Err(Cut);
            }
            let heard = tokio::time::timeout_at(deadline.into(), self.incoming.recv()).await;
            match heard {
                Ok(heard) => self.keep(heard),
                Err(_) => panic!("waited 30 s for {pattern} in vain: {self:?}"),
            }
        }
    }

    fn keep(&mut self, heard: Option<Heard>) {
        match heard {
            Some(Heard::Frame(frame)) => {
                frame_contract::check(&frame);
                self.unclaimed.push(self.received.len());
                self.received.push(frame);
            }
            Some(Heard::Ended(ended)) => self.ended = Some(ended),
            None => {}
        }
    }

    /// The next frame in the order they came, claimed or not; `Cut` at the connection's end.
    pub(crate) async fn next_after(&mut self, place: usize) -> Result<Value, Cut> {
        while self.received.len() <= place {
            if self.ended.is_some() {
                return Err(Cut);
            }
            let heard = tokio::time::timeout(PATIENCE, self.incoming.recv()).await;
            self.keep(heard.expect("a frame or the connection's end within 30 s"));
        }
        Ok(self.received[place].clone())
    }

    /// Waits until everything that the server had for this connection has come.
    pub(crate) async fn fence(&mut self) {
        self.ask(json!({ "type": "ping" })).await;
    }

    /// Waits for the `caught_up` of a room.
    pub(crate) async fn caught_up(&mut self, room: &Room) -> Value {
        self.expect(json!({ "type": "caught_up", "room": room.id }))
            .await
    }

    /// The next unclaimed event of this kind in a room.
    pub(crate) async fn event(&mut self, room: &Room, kind: &str) -> Value {
        self.expect(json!({ "type": "event", "room": room.id, "kind": kind }))
            .await
    }

    /// Waits for the event with this seq.
    pub(crate) async fn event_at(&mut self, room: &Room, seq: i64) -> Value {
        self.expect(json!({ "type": "event", "room": room.id, "seq": seq }))
            .await
    }

    /// The events of a room that have come, in their order.
    pub(crate) fn events_of(&self, room: &Room) -> Vec<Value> {
        let pattern = json!({ "type": "event", "room": room.id });
        let events = self.received.iter().filter(|frame| fits(&pattern, frame));
        events.cloned().collect()
    }

    /// Everything about a room that the server sent of itself: no answers.
    pub(crate) fn frames_of(&self, room: &Room) -> Vec<Value> {
        let about = |frame: &&Value| frame["room"] == room.id.as_str();
        self.received.iter().filter(about).cloned().collect()
    }

    /// Waits for the end of the connection.
    pub(crate) async fn ended(&mut self) -> Ended {
        loop {
            if let Some(ended) = self.ended {
                return ended;
            }
            let heard = tokio::time::timeout(PATIENCE, self.incoming.recv()).await;
            match heard {
                Ok(heard) => self.keep(heard),
                Err(_) => panic!("the connection did not end within 30 s: {self:?}"),
            }
        }
    }

    /// Waits for the end of the connection, which must be a `bye` and a close frame of this code;
    /// the `bye`.
    pub(crate) async fn closed_with(&mut self, code: u16) -> Value {
        let ended = self.ended().await;
        assert_eq!(ended.code, Some(code), "{self:?}");
        let last = self.received.last().cloned().unwrap_or_default();
        assert_eq!(last["type"], "bye", "the last frame is a bye: {self:?}");
        assert_eq!(last["code"], code, "a bye has the close code: {last}");
        last
    }

    /// Whether the connection is there and answers.
    pub(crate) async fn is_alive(&mut self) -> bool {
        let ping = json!({ "type": "ping", "ref": "alive" });
        self.try_say(ping).await.is_ok()
            && self.try_expect(&json!({ "ref": "alive" })).await.is_ok()
    }

    /// The epoch of the server's `welcome`.
    pub(crate) fn epoch(&self) -> String {
        self.received[0].string("epoch")
    }

    /// How far this connection has each room.
    pub(crate) fn cursor(&self) -> Cursor {
        let mut rooms = BTreeMap::new();
        for frame in &self.received {
            if ["event", "caught_up", "resync"]
                .iter()
                .any(|kind| frame["type"] == *kind)
                && let (Some(room), Some(seq)) = (frame["room"].as_str(), frame["seq"].as_i64())
            {
                rooms.insert(room.to_owned(), seq);
            }
        }
        Cursor {
            epoch: self.epoch(),
            rooms,
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "received:")?;
        for frame in &self.received {
            writeln!(f, "  {frame}")?;
        }
        write!(f, "ended: {:?}", self.ended)
    }
}

fn take(heard: &UnboundedSender<Heard>, text: &str) {
    let frame = serde_json::from_str(text).expect("the server sends JSON");
    let _ = heard.send(Heard::Frame(frame));
}

fn hello(client: &Client, cursor: &Cursor) -> Value {
    json!({ "type": "hello", "token": client.token(), "resume": cursor.json() })
}

/// Whether the frame has everything that the pattern has.
pub(crate) fn fits(pattern: &Value, frame: &Value) -> bool {
    let object = |fields: &Map<String, Value>| {
        fields
            .iter()
            .all(|(name, wanted)| frame.get(name).is_some_and(|given| fits(wanted, given)))
    };
    match pattern {
        Value::Object(fields) => object(fields),
        other => other == frame,
    }
}
