//! Drives a workload over many connections and measures it.
//!
//! Closed loop: every connection sends its next request when it has the answer to the last. Open
//! loop: requests are due at fixed times whether or not the server keeps up, and a latency counts
//! from when the request was *due*, so that a stall is felt by all who came during it (no
//! coordinated omission).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use tokio::task::JoinSet;

use crate::client::{Answer, Connection, Lost, Target};
use crate::clock::monotonic_ns;
use crate::cpu::CpuTime;
use crate::measured::{Measured, Tally};
use crate::schedule::Schedule;

/// A server that drops this many connections in a row of one client is gone.
const MAX_LOST_IN_A_ROW: u32 = 5;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) connections: usize,
    /// Before anything is counted.
    pub(crate) warm_up: Duration,
    pub(crate) duration: Duration,
    /// Requests per second for an open loop; `None` is the closed loop.
    pub(crate) rate: Option<u32>,
    /// Whose processor time to measure beside.
    pub(crate) server_pid: Option<u32>,
}

/// One exchange as the client saw it.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Which of the connections; its exchanges follow one another.
    pub(crate) client: usize,
    /// The number of the request.
    pub(crate) n: u64,
    pub(crate) invoke_ns: u64,
    pub(crate) return_ns: u64,
    /// From when its latency counts.
    pub(crate) due_ns: u64,
    /// Whether it is in the time that is measured.
    pub(crate) counts: bool,
    pub(crate) result: Result<Answer, Lost>,
}

pub(crate) trait Workload: Send + Sync + 'static {
    /// The `n`th request of the run.
    fn request(&self, n: u64) -> Result<Request<Full<Bytes>>>;

    /// Hears of every exchange, of those in the warm-up too.
    fn finished(&self, _exchange: &Exchange) -> Result<()> {
        Ok(())
    }
}

/// Runs `workload` against `target` as planned.
///
/// # Errors
/// When the server cannot be reached or goes away. Refusals and lost answers are counted, not
/// errors.
pub(crate) async fn run<W: Workload>(
    target: &Target,
    workload: &Arc<W>,
    plan: &Plan,
) -> Result<Measured> {
    let mut connections = Vec::with_capacity(plan.connections);
    for _ in 0..plan.connections {
        connections.push(connect(target).await?);
    }
    let schedule = Arc::new(Schedule::begin(plan.warm_up, plan.duration, plan.rate)?);
    let mut clients = JoinSet::new();
    for (number, connection) in connections.into_iter().enumerate() {
        let client = Client {
            number,
            target: target.clone(),
            connection,
            workload: Arc::clone(workload),
            schedule: Arc::clone(&schedule),
        };
        clients.spawn(client.run());
    }
    let cpu = cpu_in_window(plan.server_pid, &schedule).await?;
    let mut tally = Tally::new()?;
    while let Some(finished) = clients.join_next().await {
        tally.add(&finished.context("a client of the load ended")??)?;
    }
    Ok(Measured::new(plan, tally, schedule.unsent(), cpu))
}

/// Sends the first `count` requests, each once, as fast as it goes; nothing is measured.
///
/// # Errors
/// At the first answer that is not a success.
pub(crate) async fn each<W: Workload>(
    target: &Target,
    workload: &Arc<W>,
    connections: u64,
    count: u64,
) -> Result<()> {
    let mut clients = JoinSet::new();
    for first in 0..connections.min(count) {
        let workload = Arc::clone(workload);
        let mut connection = connect(target).await?;
        clients.spawn(async move {
            for n in (first..count).step_by(usize::try_from(connections)?) {
                let answer = connection.exchange(workload.request(n)?).await?;
                anyhow::ensure!(
                    answer.status.is_success(),
                    "request {n} of {count}: {}",
                    crate::api::refusal(&answer)
                );
            }
            anyhow::Ok(())
        });
    }
    while let Some(finished) = clients.join_next().await {
        finished.context("a client of the load ended")??;
    }
    Ok(())
}

async fn connect(target: &Target) -> Result<Connection> {
    Connection::open(target)
        .await
        .with_context(|| format!("connecting to {target}; is the server running there?"))
}

/// One connection's part of the load.
struct Client<W> {
    number: usize,
    target: Target,
    connection: Connection,
    workload: Arc<W>,
    schedule: Arc<Schedule>,
}

impl<W: Workload> Client<W> {
    async fn run(mut self) -> Result<Tally> {
        let mut tally = Tally::new()?;
        let mut lost_in_a_row = 0;
        while let Some(turn) = self.schedule.next().await {
            let request = self.workload.request(turn.n)?;
            let invoke_ns = monotonic_ns();
            let result = self.connection.exchange(request).await;
            let return_ns = monotonic_ns();
            let exchange = Exchange {
                client: self.number,
                n: turn.n,
                invoke_ns,
                return_ns,
                due_ns: turn.due_ns,
                counts: self.schedule.counts(&turn, return_ns),
                result,
            };
            if exchange.counts {
                let latency = Duration::from_nanos(return_ns - turn.due_ns);
                tally.count(&exchange, latency);
            }
            self.workload.finished(&exchange)?;
            match exchange.result {
                Ok(_) => lost_in_a_row = 0,
                Err(lost) => {
                    lost_in_a_row += 1;
                    self.reconnect(lost, lost_in_a_row).await?;
                }
            }
        }
        Ok(tally)
    }

    async fn reconnect(&mut self, lost: Lost, in_a_row: u32) -> Result<()> {
        let reconnected = if in_a_row < MAX_LOST_IN_A_ROW {
            connect(&self.target).await
        } else {
            Err(lost).with_context(|| format!("{} lost {in_a_row} answers in a row", self.target))
        };
        // The other clients would only find the same.
        self.connection = reconnected.inspect_err(|_| self.schedule.abandon())?;
        Ok(())
    }
}

/// The processor time that was used while answers counted.
pub(crate) async fn cpu_in_window(
    server_pid: Option<u32>,
    schedule: &Schedule,
) -> Result<Option<CpuTime>> {
    let Some(pid) = server_pid else {
        return Ok(None);
    };
    sleep_until(schedule.counted_from_ns()).await;
    let before = CpuTime::now(pid)?;
    sleep_until(schedule.end_ns()).await;
    Ok(Some(CpuTime::now(pid)?.since(before)))
}

pub(crate) async fn sleep_until(ns: u64) {
    let left = ns.saturating_sub(monotonic_ns());
    tokio::time::sleep(Duration::from_nanos(left)).await;
}
