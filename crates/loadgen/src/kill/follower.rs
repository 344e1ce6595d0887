//! Somebody who follows rooms on a live connection, and resumes after each cut.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::Instant;

use crate::client::Target;
use crate::clock::monotonic_ns;
use crate::heard::{Heard, Sign};
use crate::history::Journal;
use crate::live::frame::{self, Cursor, Frame};
use crate::live::socket::{Ended, Socket};
use crate::setup::{Person, Room};

#[derive(Debug)]
pub(super) struct Follower {
    process: String,
    person: Arc<Person>,
    rooms: Vec<Followed>,
    epoch: Option<String>,
    socket: Option<Socket>,
    heard: Vec<Heard>,
    journal: Journal,
    /// How long what was acked may take to arrive.
    patience: Duration,
}

#[derive(Debug)]
struct Followed {
    room: Arc<Room>,
    /// The last seq, once something was heard.
    had: Option<u64>,
    /// One's own block was heard, or that the room is gone.
    ended: bool,
}

impl Follower {
    pub(super) fn new(
        process: String,
        person: Arc<Person>,
        rooms: Vec<Arc<Room>>,
        journal: &Path,
        patience: Duration,
    ) -> Result<Self> {
        let rooms = rooms.into_iter().map(|room| Followed {
            room,
            had: None,
            ended: false,
        });
        Ok(Self {
            process,
            person,
            rooms: rooms.collect(),
            epoch: None,
            socket: None,
            heard: Vec::new(),
            journal: Journal::create(journal)?,
            patience,
        })
    }

    /// Everything it ever heard.
    pub(super) fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// Connects; the first time it begins with the rooms as they are, or asks for all of their
    /// logs, later it resumes from where it was cut.
    pub(super) async fn connect(&mut self, target: &Target) -> Result<()> {
        let cursor = self.epoch.clone().map(|epoch| Cursor {
            epoch,
            rooms: self.cursors(),
        });
        let asks = cursor.is_none() && !self.person.follows_by_itself();
        let now_ns = monotonic_ns();
        for (room, seq) in self.cursors() {
            let after = (asks || cursor.is_some()).then_some(seq);
            self.step(Sign::Follow, room, after, now_ns)?;
        }
        let mut socket = Socket::open(target, 0)
            .await
            .with_context(|| format!("{} connects", self.process))?;
        let hello = frame::hello(self.person.token(), cursor.as_ref());
        socket.send(hello).await?;
        if asks {
            for (room, seq) in self.cursors() {
                socket.send(frame::subscribe(&room, Some(seq))).await?;
            }
        }
        self.socket = Some(socket);
        Ok(())
    }

    /// Hears what comes until the connection is cut.
    pub(super) async fn until_cut(&mut self) -> Result<()> {
        while self.hear().await? {}
        self.journal.flush()
    }

    /// Hears what comes until it has everything up to `heads`, or should have.
    pub(super) async fn wait_for(&mut self, heads: &BTreeMap<String, u64>) -> Result<()> {
        let waited_ns = monotonic_ns();
        let deadline = Instant::now() + self.patience;
        while self.misses(heads) {
            match tokio::time::timeout_at(deadline, self.hear()).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) | Err(_) => break,
                Ok(Err(error)) => return Err(error),
            }
        }
        // Written down behind what came meanwhile, with the time when the wait began.
        for (room, _) in self.cursors() {
            self.step(Sign::Waited, room, None, waited_ns)?;
        }
        self.journal.flush()
    }

    fn misses(&self, heads: &BTreeMap<String, u64>) -> bool {
        self.rooms.iter().any(|followed| {
            let head = heads.get(&followed.room.id).copied().unwrap_or(0);
            !followed.ended && followed.had.unwrap_or(0) < head
        })
    }

    fn cursors(&self) -> Vec<(String, u64)> {
        let rooms = self.rooms.iter();
        rooms
            .map(|followed| (followed.room.id.clone(), followed.had.unwrap_or(0)))
            .collect()
    }

    /// Hears one frame. Answers whether the connection goes on.
    async fn hear(&mut self) -> Result<bool> {
        let Some(socket) = &mut self.socket else {
            return Ok(false);
        };
        let text = match socket.next().await {
            Ok(text) => text,
            Err(error @ Ended::Garbled(_)) => return Err(error.into()),
            Err(ended) => {
                self.socket = None;
                let mut closed = Heard::step(
                    &self.process,
                    &self.person.user,
                    Sign::Closed,
                    monotonic_ns(),
                );
                closed.detail = Some(ended.to_string());
                self.keep(closed)?;
                return Ok(false);
            }
        };
        let frame = Frame::parse(&text)?;
        if let Some(epoch) = frame.epoch {
            self.epoch = Some(epoch.to_owned());
        }
        anyhow::ensure!(frame.sort != "error", "{} heard {text}", self.process);
        self.learn(&frame);
        let heard = Heard::frame(&self.process, &self.person.user, &frame, monotonic_ns());
        if let Some(heard) = heard {
            self.keep(heard)?;
        }
        Ok(true)
    }

    fn learn(&mut self, frame: &Frame<'_>) {
        let mut rooms = self.rooms.iter_mut();
        let Some(followed) = rooms.find(|followed| frame.room == Some(&followed.room.id)) else {
            return;
        };
        match frame.sort {
            "event" | "caught_up" => followed.had = followed.had.max(frame.seq),
            "resync" => {
                followed.had = frame.seq.or(followed.had);
                followed.ended = frame.seq.is_none();
            }
            _ => {}
        }
        let about = frame
            .data
            .as_ref()
            .and_then(|data| data.participant.as_ref());
        if frame.kind == Some("participant.blocked")
            && about.is_some_and(|about| about.user == Some(&self.person.user))
        {
            followed.ended = true;
        }
    }

    fn step(&mut self, op: Sign, room: String, seq: Option<u64>, at_ns: u64) -> Result<()> {
        self.keep(Heard {
            room: Some(room),
            seq,
            ..Heard::step(&self.process, &self.person.user, op, at_ns)
        })
    }

    fn keep(&mut self, heard: Heard) -> Result<()> {
        self.journal
            .append(&heard)
            .context("keeping what was heard")?;
        self.heard.push(heard);
        Ok(())
    }
}
