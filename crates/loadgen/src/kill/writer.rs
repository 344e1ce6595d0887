//! One client: sends, edits, deletes, reads and looks, until its connection is cut.

mod attempt;
mod live;
mod with_file;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use hyper::Method;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::json;

use super::files::Way;
use crate::api::{self, message_path, room_path};
use crate::check::Violation;
use crate::client::{Connection, Target};
use crate::clock::monotonic_ns;
use crate::history::{Journal, Op, Outcome, Record};
use crate::setup::{Person, Room};
use crate::text;
use attempt::{Attempt, Tried};
use live::LiveLine;

/// Of ten sends of a live writer so many go by its live connection, the others by REST.
const BY_LIVE: u32 = 7;

/// Of ten sends so many bring a file, where files are sent at all.
const WITH_FILE: u32 = 2;

/// How many of its latest messages a writer edits, deletes and marks as read.
const REMEMBERED: usize = 64;

#[derive(Debug)]
pub(super) struct Writer {
    process: String,
    run: String,
    room: Arc<Room>,
    person: Arc<Person>,
    rng: StdRng,
    /// Whether it has a live connection to send by, too.
    live: bool,
    /// Sends files, too.
    files: bool,
    /// Numbers the texts.
    said: u64,
    mine: VecDeque<Mine>,
    /// Keys of sends that got no answer.
    unanswered: Vec<String>,
    records: Vec<Record>,
    journal: Journal,
    refusals: Vec<Violation>,
}

/// A message of one's own that is not deleted, as far as one knows.
#[derive(Debug, Clone)]
struct Mine {
    id: String,
    seq: u64,
    /// Has a file: only texts can be edited.
    with_file: bool,
}

/// The connections of a writer.
struct Lines {
    rest: Connection,
    live: Option<LiveLine>,
}

impl Writer {
    pub(super) fn new(
        process: String,
        run: &str,
        room: Arc<Room>,
        person: Arc<Person>,
        rng: StdRng,
        journal: &Path,
    ) -> Result<Self> {
        Ok(Self {
            process,
            run: run.to_owned(),
            room,
            person,
            rng,
            live: false,
            files: false,
            said: 0,
            mine: VecDeque::new(),
            unanswered: Vec::new(),
            records: Vec::new(),
            journal: Journal::create(journal)?,
            refusals: Vec::new(),
        })
    }

    /// Sends by a live connection, too.
    pub(super) fn with_live(mut self) -> Self {
        self.live = true;
        self
    }

    /// Sends files, too.
    pub(super) fn with_files(mut self) -> Self {
        self.files = true;
        self
    }

    /// Everything it ever tried.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// What the server refused, or failed at, although it is allowed.
    pub(super) fn refusals(&self) -> &[Violation] {
        &self.refusals
    }

    pub(super) fn acked(&self) -> usize {
        let writes = self.records.iter().filter(|record| {
            record.outcome == Outcome::Ok && !matches!(record.op, Op::Head | Op::Watermark)
        });
        writes.count()
    }

    /// Writes one thing after the other until no answer comes.
    pub(super) async fn write_until_cut(&mut self, target: &Target) -> Result<()> {
        // Killed before the first connection: nothing was tried.
        let Ok(rest) = Connection::open(target).await else {
            return Ok(());
        };
        let live = match self.live {
            true => match LiveLine::open(target, &self.person).await {
                Ok(line) => Some(line),
                Err(_) => return Ok(()),
            },
            false => None,
        };
        let mut lines = Lines { rest, live };
        // However few writes the time is enough for, files are among them.
        let begins_with_file = self.files && self.rng.random();
        let mut tried = if begins_with_file {
            self.send_file(&mut lines.rest).await?
        } else {
            self.step(&mut lines).await?
        };
        while !tried.cut {
            tried = self.step(&mut lines).await?;
        }
        self.journal.flush()
    }

    /// Sends again what got no answer. The server has to take it, as new or as the message it is.
    /// In the end it looks how far the room is: the answer to a delete does not say.
    pub(super) async fn retry(&mut self, target: &Target) -> Result<Vec<Violation>> {
        let mut connection = Connection::open(target).await?;
        let mut violations = Vec::new();
        for key in std::mem::take(&mut self.unanswered) {
            let sent = self.send(&mut connection, key.clone()).await?;
            if sent.outcome != Outcome::Ok {
                let detail = format!("the send {key} was not taken after the restart");
                violations.push(self.violation("retry-taken", detail));
            }
        }
        self.look(&mut connection).await?;
        self.journal.flush()?;
        Ok(violations)
    }

    /// Sends a message, or does `op` to the first it sent and still has.
    ///
    /// # Errors
    /// When the server does not ack it.
    pub(super) async fn once(&mut self, target: &Target, op: Op) -> Result<()> {
        let mut connection = Connection::open(target).await?;
        let tried = match op {
            Op::Edit => self.edit(&mut connection, 0).await?,
            Op::Delete => self.delete(&mut connection, 0).await?,
            Op::Read => self.read(&mut connection, 0).await?,
            _ => {
                let key = self.next_key();
                self.send(&mut connection, key).await?
            }
        };
        ensure!(tried.outcome == Outcome::Ok, "{op:?} was not acked");
        self.journal.flush()
    }

    /// Sends a message with a file. Gives the key that the file is made from.
    ///
    /// # Errors
    /// When the server does not ack it.
    pub(super) async fn once_with_file(&mut self, target: &Target) -> Result<String> {
        let mut connection = Connection::open(target).await?;
        let key = self.next_key() + Way::Form.ending();
        let tried = self.send(&mut connection, key.clone()).await?;
        ensure!(tried.outcome == Outcome::Ok, "a file was not acked");
        self.journal.flush()?;
        Ok(key)
    }

    /// Takes the last attempt off the record; the history on disk keeps it.
    pub(super) fn forget_last(&mut self) {
        self.records.pop();
    }

    async fn step(&mut self, lines: &mut Lines) -> Result<Tried> {
        let connection = &mut lines.rest;
        let dice = self.rng.random_range(0..100);
        let mine = (!self.mine.is_empty()).then(|| self.rng.random_range(0..self.mine.len()));
        match mine {
            Some(which) if dice >= 60 => match dice {
                60..75 if !self.mine[which].with_file => self.edit(connection, which).await,
                75..83 => self.delete(connection, which).await,
                83..94 => self.read(connection, which).await,
                _ => self.look(connection).await,
            },
            _ if self.files && self.rng.random_range(0..10) < WITH_FILE => {
                self.send_file(connection).await
            }
            _ => {
                let key = self.next_key();
                let by_live = self.rng.random_range(0..10) < BY_LIVE;
                match &mut lines.live {
                    Some(live) if by_live => self.send_live(live, connection, key).await,
                    _ => self.send(connection, key).await,
                }
            }
        }
    }

    async fn send_file(&mut self, connection: &mut Connection) -> Result<Tried> {
        let by_form = self.rng.random();
        let way = if by_form { Way::Form } else { Way::Named };
        let key = self.next_key() + way.ending();
        self.send(connection, key).await
    }

    fn next_key(&mut self) -> String {
        self.said += 1;
        format!("{}-{}-{}", self.run, self.process, self.said)
    }

    async fn send(&mut self, connection: &mut Connection, key: String) -> Result<Tried> {
        let request = match self.request_of(connection, &key).await? {
            Ok(request) => request,
            Err(tried) => return Ok(tried),
        };
        let attempt = Attempt {
            op: Op::Send,
            request,
            body_hash: Some(text::hash(&text::of(&key))),
            key: Some(key.clone()),
            seq: None,
        };
        let tried = self.attempt(connection, attempt).await?;
        if tried.outcome == Outcome::Maybe {
            self.unanswered.push(key);
        }
        Ok(tried)
    }

    async fn edit(&mut self, connection: &mut Connection, which: usize) -> Result<Tried> {
        let id = self.mine[which].id.clone();
        let content = text::of(&self.next_key());
        let attempt = Attempt {
            op: Op::Edit,
            body_hash: Some(text::hash(&content)),
            seq: None,
            request: self.request(
                Method::PATCH,
                &message_path(&id, ""),
                Some(json!({ "content": content }).to_string()),
            )?,
            key: Some(id),
        };
        self.attempt(connection, attempt).await
    }

    async fn delete(&mut self, connection: &mut Connection, which: usize) -> Result<Tried> {
        let id = self.mine[which].id.clone();
        // Forgotten before it is known whether it is gone.
        self.mine.remove(which);
        let attempt = Attempt {
            op: Op::Delete,
            request: self.request(Method::DELETE, &message_path(&id, ""), None)?,
            key: Some(id),
            seq: None,
            body_hash: None,
        };
        self.attempt(connection, attempt).await
    }

    /// Marks everything up to one of its messages as read; often one before the mark, which must
    /// not move it.
    async fn read(&mut self, connection: &mut Connection, which: usize) -> Result<Tried> {
        let Mine { id, seq, .. } = self.mine[which].clone();
        let attempt = Attempt {
            op: Op::Read,
            request: self.request(Method::POST, &message_path(&id, "read/"), Some("{}".into()))?,
            key: Some(id),
            seq: Some(seq),
            body_hash: None,
        };
        self.attempt(connection, attempt).await
    }

    /// Looks how far the room is and how far it has read itself.
    async fn look(&mut self, connection: &mut Connection) -> Result<Tried> {
        #[derive(Deserialize)]
        struct Seen {
            seq: u64,
            my_participant: Receipts,
        }
        #[derive(Deserialize)]
        struct Receipts {
            read_seq: u64,
        }
        let request = self.request(Method::GET, &room_path(&self.room.id, ""), None)?;
        let invoke_ns = monotonic_ns();
        let result = connection.exchange(request).await;
        let return_ns = monotonic_ns();
        let tried = self.judge(Op::Head, &result);
        if let (Outcome::Ok, Ok(answer)) = (tried.outcome, &result) {
            let seen: Seen = api::parse(answer)?;
            let read_seq = seen.my_participant.read_seq;
            for (op, seq) in [(Op::Head, seen.seq), (Op::Watermark, read_seq)] {
                self.record(Record {
                    op,
                    key: None,
                    invoke_ns,
                    return_ns,
                    outcome: Outcome::Ok,
                    seq: Some(seq),
                    body_hash: None,
                    ..self.blank()
                })?;
            }
        }
        Ok(tried)
    }
}
