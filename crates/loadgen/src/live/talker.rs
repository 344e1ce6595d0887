//! One live connection of a load: sends, listens, and counts what it hears.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use super::frame::{Frame, Message, Send};
use super::line::Line;
use super::talk::Journals;
use super::tally::{Faults, Tally};
use crate::clock::monotonic_ns;
use crate::heard::{Heard, Sign};
use crate::history::{Op, Outcome, Record};
use crate::schedule::{Schedule, Turn};
use crate::text;

/// After the last send was answered, how long its event may still take.
const SETTLE: Duration = Duration::from_secs(10);

/// What all connections of a load have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) run: String,
    pub(super) schedule: Schedule,
    // Locks held for the count of one frame; a fraction of the connections takes each.
    pub(super) tallies: Vec<Mutex<Tally>>,
    pub(super) journals: Option<Journals>,
}

/// What a connection is told to do beside listening.
#[derive(Debug)]
pub(super) enum Order {
    Say(Turn),
    /// Nothing more is sent: listen until everything sent is answered, and report.
    End,
    /// Everything is answered: wait for what has not come.
    Settle,
}

/// A send that is under way.
#[derive(Debug)]
struct Said {
    key: String,
    turn: Turn,
    invoke_ns: u64,
}

/// One connection.
pub(super) struct Talker {
    process: String,
    line: Line,
    shared: Arc<Shared>,
    /// The greatest seq in this room that was acked to anybody.
    head: Arc<AtomicU64>,
    /// Sends to keep under way; 0 for who sends only when told to.
    depth: usize,
    /// Numbers the texts.
    said: u64,
    /// In the order sent, in which the answers must come.
    waiting: VecDeque<Said>,
    orders: UnboundedReceiver<Order>,
    report: Option<UnboundedSender<()>>,
}

impl Talker {
    pub(super) fn new(
        line: Line,
        shared: &Arc<Shared>,
        head: Arc<AtomicU64>,
        depth: usize,
        orders: UnboundedReceiver<Order>,
        report: UnboundedSender<()>,
    ) -> Self {
        Self {
            process: format!("live-{}", line.place.number),
            line,
            shared: Arc::clone(shared),
            head,
            depth,
            said: 0,
            waiting: VecDeque::new(),
            orders,
            report: Some(report),
        }
    }

    pub(super) async fn run(mut self) -> Result<Faults> {
        let user = self.line.place.person.user.clone();
        self.talk()
            .await
            .with_context(|| format!("the connection of {user}"))
    }

    async fn talk(&mut self) -> Result<Faults> {
        for _ in 0..self.depth {
            self.say_next().await?;
        }
        let mut ending = false;
        loop {
            if ending && self.waiting.is_empty() {
                // Said once; whoever listens for it has not gone before.
                if let Some(report) = self.report.take() {
                    let _ = report.send(());
                }
            }
            tokio::select! {
                text = self.line.socket.next() => self.hear(&text?).await?,
                order = self.orders.recv() => match order {
                    Some(Order::Say(turn)) => self.say(turn).await?,
                    Some(Order::End) => ending = true,
                    Some(Order::Settle) | None => break,
                },
            }
        }
        self.settle().await
    }

    /// The next turn of a closed loop, if it is not over.
    async fn say_next(&mut self) -> Result<()> {
        match self.shared.schedule.next().await {
            Some(turn) => self.say(turn).await,
            None => Ok(()),
        }
    }

    async fn say(&mut self, turn: Turn) -> Result<()> {
        self.said += 1;
        let key = format!(
            "{}-{}-{}-{}",
            self.shared.run, self.line.place.number, self.said, turn.due_ns
        );
        let send = Send {
            room: &self.line.place.room.id,
            content: &text::of(&key),
            client_message_id: &key,
        };
        let frame = send.frame();
        let invoke_ns = monotonic_ns();
        self.line.socket.send(frame).await?;
        self.waiting.push_back(Said {
            key,
            turn,
            invoke_ns,
        });
        Ok(())
    }

    async fn hear(&mut self, text: &str) -> Result<()> {
        let now_ns = monotonic_ns();
        let frame = Frame::parse(text)?;
        if let Some(journals) = &self.shared.journals
            && let Some(heard) = Heard::frame(&self.process, self.user(), &frame, now_ns)
        {
            journals.heard.append(&heard)?;
        }
        match frame.sort {
            "event" => self.event(&frame, text.len(), now_ns),
            "ok" => {
                let message = frame.message.as_ref();
                let message = message.context("an `ok` to a send without its message")?;
                self.head.fetch_max(message.seq, Ordering::Relaxed);
                self.answered(&frame, Some(message), text.len(), now_ns)?;
                self.go_on().await
            }
            "error" => {
                self.answered(&frame, None, text.len(), now_ns)?;
                self.go_on().await
            }
            "resync" | "bye" => bail!("the server said `{text}`"),
            _ => Ok(()),
        }
    }

    /// In a closed loop an answer is followed by the next send.
    async fn go_on(&mut self) -> Result<()> {
        if self.depth > 0 {
            self.say_next().await?;
        }
        Ok(())
    }

    fn event(&mut self, frame: &Frame<'_>, bytes: usize, now_ns: u64) -> Result<()> {
        let seq = frame.seq.context("an event without a seq")?;
        ensure!(
            frame.room == Some(self.line.place.room.id.as_str()),
            "an event of the room {:?}, which is not followed",
            frame.room
        );
        self.line.slice.event(seq);
        let Some(message) = frame.shown() else {
            return Ok(());
        };
        let mut tally = self.tally();
        tally.events.add(bytes);
        let Some([sender, _, due_ns]) = text::numbers(&message.content, &self.shared.run) else {
            return Ok(());
        };
        let turn = Turn { n: 0, due_ns };
        let own = usize::try_from(sender) == Ok(self.line.place.number);
        if !own && self.shared.schedule.counts(&turn, now_ns) {
            let us = tally.took(due_ns, now_ns);
            tally.delivery_us.saturating_record(us);
        }
        Ok(())
    }

    /// Counts the answer to the oldest send that is under way; `message` if it was taken.
    fn answered(
        &mut self,
        frame: &Frame<'_>,
        message: Option<&Message<'_>>,
        bytes: usize,
        now_ns: u64,
    ) -> Result<()> {
        let said = self.waiting.pop_front();
        let Some(said) = said.filter(|said| frame.reference == Some(said.key.as_str())) else {
            bail!(
                "an answer to {:?}, which is not the next that was asked: {}",
                frame.reference,
                refusal(frame)
            );
        };
        if self.shared.schedule.counts(&said.turn, now_ns) {
            let mut tally = self.tally();
            let us = tally.took(said.turn.due_ns, now_ns);
            if message.is_some() {
                tally.ack_us.saturating_record(us);
                tally.oks.add(bytes);
            } else {
                *tally.errors.entry(refusal(frame)).or_default() += 1;
            }
        }
        self.record(said, message, frame, now_ns)
    }

    fn record(
        &self,
        said: Said,
        message: Option<&Message<'_>>,
        frame: &Frame<'_>,
        return_ns: u64,
    ) -> Result<()> {
        let Some(journals) = &self.shared.journals else {
            return Ok(());
        };
        let refused = frame.problem.as_ref().map(|problem| problem.status);
        journals.sent.append(&Record {
            process: self.process.clone(),
            user: self.user().to_owned(),
            op: Op::Send,
            room: self.line.place.room.id.clone(),
            invoke_ns: said.invoke_ns,
            return_ns,
            outcome: match message {
                Some(_) => Outcome::Ok,
                None => Outcome::of_code(refused),
            },
            seq: message.map(|message| message.seq),
            body_hash: Some(text::hash(&text::of(&said.key))),
            key: Some(said.key),
        })
    }

    /// Waits until everything acked in the room has come, or should have.
    async fn settle(&mut self) -> Result<Faults> {
        let head = self.head.load(Ordering::Relaxed);
        let waited_ns = monotonic_ns();
        let deadline = Instant::now() + SETTLE;
        while self.line.slice.seq < head {
            match tokio::time::timeout_at(deadline, self.line.socket.next()).await {
                Ok(text) => self.hear(&text?).await?,
                Err(_) => break,
            }
        }
        self.step(Sign::Waited, waited_ns, None)?;
        Ok(Faults::of(&self.line.slice, head))
    }

    /// Writes down from where this connection follows its room.
    pub(super) fn began(&self, began_ns: u64) -> Result<()> {
        self.step(Sign::Follow, began_ns, None)?;
        self.step(Sign::CaughtUp, began_ns, Some(self.line.slice.seq))
    }

    fn step(&self, op: Sign, at_ns: u64, seq: Option<u64>) -> Result<()> {
        let Some(journals) = &self.shared.journals else {
            return Ok(());
        };
        journals.heard.append(&Heard {
            room: Some(self.line.place.room.id.clone()),
            seq,
            ..Heard::step(&self.process, self.user(), op, at_ns)
        })
    }

    fn user(&self) -> &str {
        &self.line.place.person.user
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        let tallies = &self.shared.tallies;
        tallies[self.line.place.number % tallies.len()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The status of the problem that an `error` carries.
fn refusal(frame: &Frame<'_>) -> String {
    match &frame.problem {
        Some(problem) => problem.status.to_string(),
        None => format!("`{}` without a problem", frame.sort),
    }
}
