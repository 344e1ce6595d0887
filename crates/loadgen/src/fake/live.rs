//! The live connections of the server in memory, and the ways to spoil what they push.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::{Kept, Room, Shared, lock, sub};
use crate::live::socket::PROTOCOL;

const EPOCH: &str = "fake";

/// What is wrong with what is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// Every so many pushes one is forgotten.
    DropEvery(u64),
    /// Now and then an event gets the seq of the one before.
    ReuseSeq,
    /// Who is blocked is told everything all the same.
    ForgetBlocks,
}

pub(super) async fn upgrade(State(kept): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols([PROTOCOL])
        .on_upgrade(move |socket| async move {
            let session = Session {
                user: String::new(),
                rooms: BTreeMap::new(),
                kept,
            };
            // How a client goes is of no interest here.
            let _ = session.run(socket).await;
        })
}

struct Session {
    user: String,
    rooms: BTreeMap<String, Followed>,
    kept: Shared,
}

/// How many entries of a room's log were pushed, and whether it was said that they are all.
struct Followed {
    pushed: usize,
    caught_up: bool,
}

impl Session {
    async fn run(mut self, mut socket: WebSocket) -> Result<(), axum::Error> {
        let changed = lock(&self.kept).changed.clone();
        loop {
            // Listening before looking: what is written meanwhile is noticed.
            let written = changed.notified();
            for frame in self.due() {
                socket.send(Message::Text(frame.to_string().into())).await?;
            }
            tokio::select! {
                () = written => {}
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        let said = serde_json::from_str(&text).unwrap();
                        if let Some(answer) = self.answer(&said) {
                            socket.send(Message::Text(answer.to_string().into())).await?;
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                    None => return Ok(()),
                },
            }
        }
    }

    fn answer(&mut self, said: &Value) -> Option<Value> {
        match said["type"].as_str().unwrap() {
            "hello" => {
                self.hello(said);
                Some(json!({ "type": "welcome", "epoch": EPOCH, "heartbeat": 25 }))
            }
            "subscribe" => {
                let id = said["room"].as_str().unwrap();
                self.follow(id, said["after"].as_u64())
            }
            "send" => {
                let mut kept = lock(&self.kept);
                let room = kept.room(said["room"].as_str().unwrap());
                let (_, message) = room.send(&self.user, said);
                kept.changed.notify_waiters();
                Some(json!({ "type": "ok", "ref": said["ref"], "message": message }))
            }
            other => panic!("nobody here says `{other}`"),
        }
    }

    fn hello(&mut self, said: &Value) {
        self.user = sub(said["token"].as_str().unwrap());
        if let Some(cursors) = said["resume"]["rooms"].as_object() {
            assert_eq!(said["resume"]["epoch"], EPOCH);
            for (id, seq) in cursors {
                self.follow(id, seq.as_u64());
            }
            return;
        }
        let own: Vec<String> = {
            let kept = lock(&self.kept);
            // Customer and rider follow their rooms by themselves.
            let theirs = kept.rooms.iter().filter(|room| {
                room.participants[..2]
                    .iter()
                    .any(|(_, user)| *user == self.user)
            });
            theirs.map(|room| room.id.clone()).collect()
        };
        for id in own {
            self.follow(&id, None);
        }
    }

    fn follow(&mut self, id: &str, after: Option<u64>) -> Option<Value> {
        let mut kept = lock(&self.kept);
        let forgets = kept.sabotage == Some(Sabotage::ForgetBlocks);
        let room = kept.room(id);
        if after > Some(room.head()) {
            let head = room.head();
            return Some(json!({ "type": "resync", "room": id, "reason": "future", "seq": head }));
        }
        if !forgets && room.blocked.contains(&self.user) {
            return Some(json!({ "type": "resync", "room": id, "reason": "gone", "seq": null }));
        }
        let pushed = room.entries_up_to(after.unwrap_or(u64::MAX));
        let followed = Followed {
            pushed,
            caught_up: false,
        };
        self.rooms.insert(id.to_owned(), followed);
        None
    }

    /// What has to be pushed now.
    fn due(&mut self) -> Vec<Value> {
        let mut kept = lock(&self.kept);
        let kept = &mut *kept;
        let mut frames = Vec::new();
        self.rooms.retain(|id, followed| {
            let sabotage = kept.sabotage;
            let room = kept.rooms.iter().find(|room| room.id == *id).unwrap();
            for event in &room.events[followed.pushed..] {
                followed.pushed += 1;
                kept.pushes += 1;
                if !matches!(sabotage, Some(Sabotage::DropEvery(n)) if kept.pushes.is_multiple_of(n)) {
                    frames.push(frame(room, event));
                }
                let own_end = event["kind"] == "participant.blocked"
                    && event["data"]["participant"]["user"] == self.user.as_str();
                if own_end && sabotage != Some(Sabotage::ForgetBlocks) {
                    return false;
                }
            }
            if !followed.caught_up {
                followed.caught_up = true;
                let head = room.head();
                frames.push(json!({ "type": "caught_up", "room": id, "seq": head }));
            }
            true
        });
        frames
    }
}

/// The event with its message as it is now.
fn frame(room: &Room, event: &Value) -> Value {
    let mut frame = event.clone();
    frame["type"] = "event".into();
    frame["room"] = room.id.as_str().into();
    let id = event["data"]["message"]["id"].as_str();
    if let Some(message) = room.messages.iter().find(|m| m["id"].as_str() == id) {
        frame["data"]["message"] = message.clone();
    }
    frame
}

impl Kept {
    fn room(&mut self, id: &str) -> &mut Room {
        super::room_of(self, id)
    }
}

impl Room {
    /// How many entries of the log have at most this seq.
    fn entries_up_to(&self, seq: u64) -> usize {
        let entries = self.events.iter();
        entries
            .take_while(|event| event["seq"].as_u64() <= Some(seq))
            .count()
    }
}
