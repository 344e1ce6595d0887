//! Somebody who follows one room through a network that breaks.

use serde_json::{Value, json};

use super::snapshot::Snapshot;
use crate::harness::live::{Cursor, Live};
use crate::harness::{Client, Fields as _, Room};

/// What of an event is equal everywhere and for ever.
pub(super) type Entry = (i64, String, Value, Value);

/// The last message of a run.
pub(super) const THE_END: &str = "the end";

/// What may never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// An event does not follow on what the reader has.
    NotNext { has: i64, got: i64 },
    /// Something is missing before `caught_up`, or it says more than there is.
    CaughtUp { has: i64, said: i64 },
    /// A cursor that was good was not served.
    Resync(String),
}

/// The frames of one room, over all connections.
pub(super) struct History {
    room: String,
    pub(super) seq: i64,
    pub(super) log: Vec<Entry>,
}

impl History {
    pub(super) fn new(room: &str, seq: i64) -> Self {
        Self {
            room: room.into(),
            seq,
            log: Vec::new(),
        }
    }

    /// Takes in a frame; `true` when it is the room's next event.
    pub(super) fn take(&mut self, frame: &Value) -> Result<bool, Broken> {
        if frame["room"] != self.room.as_str() {
            return Ok(false);
        }
        let has = self.seq;
        match frame["type"].as_str() {
            Some("event") => {
                let got = frame.number("seq");
                if got != has + 1 {
                    return Err(Broken::NotNext { has, got });
                }
                self.seq = got;
                self.log.push(of_log(frame));
                Ok(true)
            }
            Some("caught_up") if frame.number("seq") != has => {
                let said = frame.number("seq");
                Err(Broken::CaughtUp { has, said })
            }
            Some("resync") => Err(Broken::Resync(frame.string("reason"))),
            _ => Ok(false),
        }
    }
}

/// Without the actor's participant: staff who act from outside have none, and do once they join.
pub(super) fn of_log(event: &Value) -> Entry {
    let actor = &event["actor"];
    (
        event.number("seq"),
        event.string("kind"),
        event["at"].clone(),
        json!([actor["name"], actor["role"]]),
    )
}

pub(super) struct Reader<'a> {
    pub(super) client: &'a Client,
    epoch: String,
    history: History,
    pub(super) state: Snapshot,
    pub(super) resumes: usize,
    /// A closed room was not theirs for a while: they began anew.
    pub(super) has_lost: bool,
}

impl std::ops::Deref for Reader<'_> {
    type Target = History;

    fn deref(&self) -> &History {
        &self.history
    }
}

impl<'a> Reader<'a> {
    /// A reader who has loaded the room, which stands still.
    pub(super) async fn new(client: &'a Client, room: &Room, epoch: &str) -> Self {
        let state = Snapshot::take(client, room).await;
        Self {
            client,
            epoch: epoch.into(),
            history: History::new(&room.id, state.seq),
            state,
            resumes: 0,
            has_lost: false,
        }
    }

    pub(super) fn user(&self) -> &str {
        &self.client.user
    }

    /// The seq of the first event that came.
    pub(super) fn first(&self) -> i64 {
        self.log.first().map_or(i64::MAX, |(seq, ..)| *seq)
    }

    /// Reads, and comes back whenever the connection breaks, until the end of the run.
    pub(super) async fn read(&mut self, url: &str) -> Result<(), Broken> {
        loop {
            let cursor = Cursor::of(&self.epoch, &self.room, self.seq.max(0));
            self.resumes += 1;
            let Some(mut live) = Live::try_resume(url, self.client, &cursor).await else {
                continue;
            };
            let mut place = 0;
            while let Ok(frame) = live.next_after(place).await {
                place += 1;
                if self.take(&frame)? {
                    return Ok(());
                }
            }
        }
    }

    /// Comes back once more over a network that holds, and hears how far everybody is.
    pub(super) async fn come_back(&mut self, room: &Room) {
        let cursor = Cursor::of(&self.epoch, &room.id, self.seq);
        let mut live = Live::resume(self.client, &cursor).await;
        live.caught_up(room).await;
        live.fence().await;
        let receipts = live.frames_of(room);
        for receipt in receipts.iter().filter(|frame| frame["type"] == "receipt") {
            self.state.mark(receipt);
        }
    }

    /// `true` at the end of the run.
    fn take(&mut self, frame: &Value) -> Result<bool, Broken> {
        let rider = self.client.user.starts_with("rider");
        if rider && frame["type"] == "resync" && frame["reason"] == "gone" {
            // The room is closed. When it reopens it comes whole.
            self.has_lost = true;
            self.history.seq = -1;
            self.history.log.clear();
            return Ok(false);
        }
        if self.seq == -1 && frame["type"] == "event" {
            self.history.seq = frame.number("seq") - 1;
        }
        if self.history.take(frame)? {
            self.state.apply(frame);
        } else if frame["type"] == "receipt" {
            self.state.mark(frame);
        }
        let said = &frame["data"]["message"]["content"];
        Ok(frame["type"] == "event" && *said == json!(THE_END))
    }
}
