//! People talk in their rooms, and everybody hears it: how many deliveries a second, and how soon.
//!
//! Each text carries when it was due, so whoever hears it knows how long it took; that is one clock
//! for everybody. Counted as delivered is what another connection than the sender's has heard.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::crowd;
use super::frame::{Frame, Message, Send};
use super::line::{Line, Place};
use super::tally::{Around, Faults, Talked, Tally};
use crate::client::Target;
use crate::clock::monotonic_ns;
use crate::heard::{Heard, Sign};
use crate::history::{Journal, Op, Outcome, Record};
use crate::load::{self, Plan};
use crate::memory::Memory;
use crate::schedule::{Schedule, Turn};
use crate::setup::World;
use crate::text;

/// After the last send was answered, how long its event may still take.
const SETTLE: Duration = Duration::from_secs(10);

/// Connections share a few tallies: one of their own would be larger than the processor's cache.
const TALLIES: usize = 8;

/// Who talks, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Connections of each room that send; all of it listen.
    pub(crate) senders: usize,
    /// Sends that each of them has under way in a closed loop.
    pub(crate) depth: usize,
}

/// Where what was sent and what was heard is kept for the checker.
#[derive(Debug)]
pub(crate) struct Journals {
    sent: Journal,
    heard: Journal,
}

impl Journals {
    pub(crate) fn create(sent: &Path, heard: &Path) -> Result<Self> {
        Ok(Self {
            sent: Journal::create(sent)?,
            heard: Journal::create(heard)?,
        })
    }

    fn flush(&self) -> Result<()> {
        self.sent.flush()?;
        self.heard.flush()
    }
}

/// Runs the load on a connection for each of the first `plan.connections` people.
///
/// # Errors
/// When a connection cannot be opened or ends. What was refused or lost is counted.
pub(crate) async fn run(
    target: &Target,
    world: &World,
    plan: &Plan,
    manner: Manner,
    journals: Option<Journals>,
) -> Result<Talked> {
    let places = Place::all(world, plan.connections);
    let people = world.rooms.first().map_or(0, |room| room.people.len());
    ensure!(
        places.len() == plan.connections,
        "{} rooms of {people} have no {} people",
        world.rooms.len(),
        plan.connections
    );
    let began_ns = monotonic_ns();
    let lines = crowd::open(target, &places).await?;
    let tallies = (0..TALLIES)
        .map(|_| Tally::new().map(Mutex::new))
        .collect::<Result<_>>()?;
    let shared = Arc::new(Shared {
        run: world.run.clone(),
        schedule: Schedule::begin(plan.warm_up, plan.duration, plan.rate)?,
        tallies,
        journals,
    });
    let mut talk = Talk::begin(
        lines,
        people,
        manner,
        plan.rate.is_some(),
        &shared,
        began_ns,
    )?;
    let cpu = talk.until_over(plan.server_pid).await?;
    let faults = talk.settle().await?;
    let memory = plan.server_pid.map(Memory::of).transpose()?;
    if let Some(journals) = &shared.journals {
        journals.flush()?;
    }
    let mut tally = Tally::new()?;
    for one in &shared.tallies {
        tally.add(&one.lock().unwrap_or_else(PoisonError::into_inner))?;
    }
    let around = Around {
        people,
        faults,
        unsent: shared.schedule.unsent(),
        cpu,
        memory,
    };
    Ok(Talked::new(plan, tally, around))
}

#[derive(Debug)]
struct Shared {
    run: String,
    schedule: Schedule,
    // Locks held for the count of one frame; a fraction of the connections takes each.
    tallies: Vec<Mutex<Tally>>,
    journals: Option<Journals>,
}

/// What a connection is told to do beside listening.
#[derive(Debug)]
enum Order {
    Say(Turn),
    /// Nothing more is sent: listen until everything sent is answered, and report.
    End,
    /// Everything is answered: wait for what has not come.
    Settle,
}

/// All connections, from the outside.
struct Talk {
    talkers: JoinSet<Result<Faults>>,
    orders: Vec<UnboundedSender<Order>>,
    /// Who may be told to send, in an open loop.
    senders: Vec<UnboundedSender<Order>>,
    /// One for each connection that has nothing under way any more.
    ended: UnboundedReceiver<()>,
    shared: Arc<Shared>,
}

impl Talk {
    fn begin(
        lines: Vec<Line>,
        people: usize,
        manner: Manner,
        open_loop: bool,
        shared: &Arc<Shared>,
        began_ns: u64,
    ) -> Result<Self> {
        let (report, ended) = mpsc::unbounded_channel();
        let mut talk = Self {
            talkers: JoinSet::new(),
            orders: Vec::with_capacity(lines.len()),
            senders: Vec::new(),
            ended,
            shared: Arc::clone(shared),
        };
        let rooms = lines.len().div_ceil(people);
        let heads: Vec<Arc<AtomicU64>> = (0..rooms).map(|_| Arc::default()).collect();
        for line in lines {
            let number = line.place.number;
            let sends = number % people < manner.senders;
            let (order, orders) = mpsc::unbounded_channel();
            if sends {
                talk.senders.push(order.clone());
            }
            talk.orders.push(order);
            let talker = Talker {
                process: format!("live-{number}"),
                head: Arc::clone(&heads[number / people]),
                depth: if sends && !open_loop { manner.depth } else { 0 },
                said: 0,
                waiting: VecDeque::new(),
                line,
                shared: Arc::clone(shared),
                orders,
                report: Some(report.clone()),
            };
            talker.began(began_ns)?;
            talk.talkers.spawn(talker.run());
        }
        Ok(talk)
    }

    /// Hands out the turns of an open loop and measures, until the load is over.
    async fn until_over(&mut self, server_pid: Option<u32>) -> Result<Option<crate::cpu::CpuTime>> {
        let shared = Arc::clone(&self.shared);
        let senders = std::mem::take(&mut self.senders);
        let open_loop = async {
            // A closed loop has no turns to hand out: its connections take them themselves.
            if shared.schedule.is_open() {
                for sender in senders.iter().cycle() {
                    let Some(turn) = shared.schedule.next().await else {
                        break;
                    };
                    // A connection that has ended ends the run, just below.
                    let _ = sender.send(Order::Say(turn));
                }
            }
            anyhow::Ok(())
        };
        let measured = async {
            let cpu = load::cpu_in_window(server_pid, &shared.schedule).await?;
            load::sleep_until(shared.schedule.end_ns()).await;
            anyhow::Ok(cpu)
        };
        let over = async { tokio::try_join!(measured, open_loop) };
        let (cpu, ()) = tokio::select! {
            over = over => over?,
            early = self.talkers.join_next() => return Err(ended_early(early)),
        };
        Ok(cpu)
    }

    /// Waits for all answers, then for all events.
    async fn settle(mut self) -> Result<Faults> {
        self.tell(|| Order::End);
        for _ in 0..self.orders.len() {
            tokio::select! {
                _ = self.ended.recv() => {}
                early = self.talkers.join_next() => return Err(ended_early(early)),
            }
        }
        self.tell(|| Order::Settle);
        let mut faults = Faults::default();
        while let Some(found) = self.talkers.join_next().await {
            faults.add(found.context("a live connection ended")??);
        }
        Ok(faults)
    }

    fn tell(&self, order: impl Fn() -> Order) {
        for orders in &self.orders {
            // Who has ended will be noticed when it is waited for.
            let _ = orders.send(order());
        }
    }
}

fn ended_early(early: Option<Result<Result<Faults>, tokio::task::JoinError>>) -> anyhow::Error {
    match early {
        Some(Ok(Err(error))) => error,
        Some(Err(error)) => error.into(),
        _ => anyhow::anyhow!("a live connection ended before the load"),
    }
}

/// A send that is under way.
#[derive(Debug)]
struct Said {
    key: String,
    turn: Turn,
    invoke_ns: u64,
}

/// One connection.
struct Talker {
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
    async fn run(mut self) -> Result<Faults> {
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
        let frame = send.frame()?;
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
    fn began(&self, began_ns: u64) -> Result<()> {
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

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.shared.tallies[self.line.place.number % TALLIES]
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
