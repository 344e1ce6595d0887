//! People talk in their rooms, and everybody hears it: how many deliveries a second, and how soon.
//!
//! Each text carries when it was due, so whoever hears it knows how long it took; that is one clock
//! for everybody. Counted as delivered is what another connection than the sender's has heard.

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::crowd;
use super::line::{Line, Place};
use super::talker::{Order, Shared, Talker};
use super::tally::{Around, Faults, Talked, Tally};
use crate::client::Target;
use crate::clock::monotonic_ns;
use crate::history::Journal;
use crate::load::{self, Plan};
use crate::memory::Memory;
use crate::schedule::Schedule;
use crate::setup::World;

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

impl Manner {
    /// Whether the `number`th connection sends, in rooms of so many people.
    const fn sends(self, number: usize, people: usize) -> bool {
        number % people < self.senders
    }
}

/// Where the connections are: those that send at one server, those that only listen at another
/// node of it or at the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Servers<'a> {
    pub(crate) send: &'a Target,
    pub(crate) listen: &'a Target,
}

impl<'a> From<&'a Target> for Servers<'a> {
    fn from(one: &'a Target) -> Self {
        Self {
            send: one,
            listen: one,
        }
    }
}

/// Where what was sent and what was heard is kept for the checker.
#[derive(Debug)]
pub(crate) struct Journals {
    pub(super) sent: Journal,
    pub(super) heard: Journal,
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
pub(crate) async fn run<'a>(
    servers: impl Into<Servers<'a>>,
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
    let Servers { send, listen } = servers.into();
    let target_of = |place: &Place| match manner.sends(place.number, people) {
        true => send,
        false => listen,
    };
    let began_ns = monotonic_ns();
    let lines = crowd::open(target_of, &places).await?;
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
            let sends = manner.sends(number, people);
            let (order, orders) = mpsc::unbounded_channel();
            if sends {
                talk.senders.push(order.clone());
            }
            talk.orders.push(order);
            let depth = if sends && !open_loop { manner.depth } else { 0 };
            let head = Arc::clone(&heads[number / people]);
            let talker = Talker::new(line, shared, head, depth, orders, report.clone());
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
