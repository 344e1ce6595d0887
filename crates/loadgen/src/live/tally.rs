//! What a live load came to, and how it is printed.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hdrhistogram::Histogram;
use serde::Serialize;

use super::line::Slice;
use crate::cpu::CpuTime;
use crate::load::Plan;
use crate::measured::{Latency, elsewhere, histogram, micros, round, thousands};
use crate::memory::Memory;

/// How many of one kind of frame came, and their bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frames {
    count: u64,
    bytes: u64,
}

impl Frames {
    pub(super) fn add(&mut self, bytes: usize) {
        self.count += 1;
        self.bytes += bytes as u64;
    }

    fn mean(self) -> u64 {
        self.bytes / self.count.max(1)
    }
}

/// The count of some of the connections, while the load runs.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) delivery_us: Histogram<u64>,
    pub(super) ack_us: Histogram<u64>,
    /// By HTTP status.
    pub(super) errors: BTreeMap<String, u64>,
    /// All that came, counted or not.
    pub(super) events: Frames,
    pub(super) oks: Frames,
    pub(super) first_due_ns: u64,
    pub(super) last_ns: u64,
}

impl Tally {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            delivery_us: histogram()?,
            ack_us: histogram()?,
            errors: BTreeMap::new(),
            events: Frames::default(),
            oks: Frames::default(),
            first_due_ns: u64::MAX,
            last_ns: 0,
        })
    }

    /// Something that was due at `due_ns` was there at `now_ns`.
    pub(super) fn took(&mut self, due_ns: u64, now_ns: u64) -> u64 {
        self.first_due_ns = self.first_due_ns.min(due_ns);
        self.last_ns = self.last_ns.max(now_ns);
        now_ns.saturating_sub(due_ns) / 1000
    }

    pub(super) fn add(&mut self, other: &Self) -> Result<()> {
        let adding = || "adding histograms";
        self.delivery_us
            .add(&other.delivery_us)
            .with_context(adding)?;
        self.ack_us.add(&other.ack_us).with_context(adding)?;
        for (error, count) in &other.errors {
            *self.errors.entry(error.clone()).or_default() += count;
        }
        for (mine, others) in [(&mut self.events, other.events), (&mut self.oks, other.oks)] {
            mine.count += others.count;
            mine.bytes += others.bytes;
        }
        self.first_due_ns = self.first_due_ns.min(other.first_due_ns);
        self.last_ns = self.last_ns.max(other.last_ns);
        Ok(())
    }
}

/// What is wrong with what arrived; all of it makes a run fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Faults {
    /// Events that were acked and had not come when the run had waited long enough.
    pub(crate) lost: u64,
    /// Seqs that were jumped over.
    pub(crate) gaps: u64,
    /// Events that came again or after a later one.
    pub(crate) repeated: u64,
}

impl Faults {
    /// Of a connection whose room ends, at the least, at `head`.
    pub(super) fn of(slice: &Slice, head: u64) -> Self {
        Self {
            lost: head.saturating_sub(slice.seq),
            gaps: slice.gaps,
            repeated: slice.repeated,
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.gaps += other.gaps;
        self.repeated += other.repeated;
    }

    /// # Errors
    /// When there is any.
    pub(crate) fn ensure_none(self) -> Result<()> {
        let Self {
            lost,
            gaps,
            repeated,
        } = self;
        ensure!(
            self == Self::default(),
            "what was acked did not arrive exactly once: {lost} lost, {gaps} jumped over, \
             {repeated} repeated"
        );
        Ok(())
    }
}

/// The result of a live load, as its JSON line shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Talked {
    pub(crate) connections: usize,
    /// Connections in each room.
    pub(crate) people: usize,
    /// Sends per second offered by an open loop.
    pub(crate) offered_per_s: Option<u32>,
    /// Acked in the counted time.
    pub(crate) sends: u64,
    pub(crate) sends_per_s: f64,
    /// Events of these sends that reached another connection than the sender's.
    pub(crate) deliveries: u64,
    pub(crate) deliveries_per_s: f64,
    #[serde(flatten)]
    pub(crate) faults: Faults,
    /// Refused sends by HTTP status.
    pub(crate) errors: BTreeMap<String, u64>,
    /// Due in an open loop and not sent.
    pub(crate) unsent: u64,
    /// From when the send was due until another connection had the event.
    pub(crate) delivery_ms: Latency,
    /// From when the send was due until the sender had its `ok`.
    pub(crate) ack_ms: Latency,
    /// The server's user and system time, all threads, per delivery.
    pub(crate) server_cpu_us: Option<f64>,
    /// This program's.
    pub(crate) client_cpu_us: Option<f64>,
    /// Processors that were busy with neither of the two.
    pub(crate) elsewhere_cores: Option<f64>,
    /// The server's at the end.
    pub(crate) server_rss_kib: Option<u64>,
    /// Mean size of the frames.
    pub(crate) event_bytes: u64,
    pub(crate) ok_bytes: u64,
}

/// What surrounds a [`Tally`].
#[derive(Debug)]
pub(super) struct Around {
    pub(super) people: usize,
    pub(super) faults: Faults,
    pub(super) unsent: u64,
    pub(super) cpu: Option<CpuTime>,
    pub(super) memory: Option<Memory>,
}

impl Talked {
    pub(super) fn new(plan: &Plan, tally: Tally, around: Around) -> Self {
        let (sends, deliveries) = (tally.ack_us.len(), tally.delivery_us.len());
        // An open loop that falls behind ends late; see `Measured::new`.
        let took = Duration::from_nanos(tally.last_ns.saturating_sub(tally.first_due_ns));
        let seconds = plan.duration.max(took).as_secs_f64();
        let cpu = around.cpu;
        let each = |cpu: Duration| round(cpu.as_secs_f64() * 1e6 / micros(deliveries.max(1)));
        Self {
            connections: plan.connections,
            people: around.people,
            offered_per_s: plan.rate,
            sends,
            sends_per_s: round(micros(sends) / seconds),
            deliveries,
            deliveries_per_s: round(micros(deliveries) / seconds),
            faults: around.faults,
            unsent: around.unsent,
            delivery_ms: Latency::of(&tally.delivery_us),
            ack_ms: Latency::of(&tally.ack_us),
            server_cpu_us: cpu.map(|cpu| each(cpu.server)),
            client_cpu_us: cpu.map(|cpu| each(cpu.client)),
            elsewhere_cores: cpu
                .map(|cpu| round(cpu.elsewhere.as_secs_f64() / plan.duration.as_secs_f64())),
            server_rss_kib: around.memory.map(|memory| memory.now),
            event_bytes: tally.events.mean(),
            ok_bytes: tally.oks.mean(),
            errors: tally.errors,
        }
    }

    pub(crate) fn sentence(&self, what: &str) -> String {
        let pace = match self.offered_per_s {
            Some(rate) => format!(", {rate} sends/s offered"),
            None => String::new(),
        };
        let mut sentence = format!(
            "{what}, {} connections in rooms of {}{pace}: {} deliveries/s of {} sends/s; \
             delivery ms {}; ok ms {}; {} bytes an event",
            self.connections,
            self.people,
            thousands(self.deliveries_per_s),
            thousands(self.sends_per_s),
            self.delivery_ms,
            self.ack_ms,
            self.event_bytes,
        );
        if let (Some(server), Some(client)) = (self.server_cpu_us, self.client_cpu_us) {
            sentence += &format!("; CPU µs a delivery: server {server}, client {client}");
        }
        sentence + &self.elsewhere() + &self.failures()
    }

    /// "; … cores busy elsewhere", or nothing when hardly any.
    pub(crate) fn elsewhere(&self) -> String {
        elsewhere(self.elsewhere_cores)
    }

    /// "; errors …" or nothing.
    pub(crate) fn failures(&self) -> String {
        let refused = self
            .errors
            .iter()
            .map(|(status, count)| (*count, status.as_str()));
        let others = [
            (self.faults.lost, "lost"),
            (self.faults.gaps, "jumped over"),
            (self.faults.repeated, "repeated"),
            (self.unsent, "not sent in time"),
        ];
        let parts: Vec<String> = refused
            .chain(others)
            .filter(|&(count, _)| count > 0)
            .map(|(count, error)| format!("{count} × {error}"))
            .collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!("; errors: {}", parts.join(", "))
        }
    }
}
