//! The figures of orders: their events, heard live, and the timers of those that are over.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::engine::{Bench, Engine};
use super::row::{self, Row};
use crate::events::{self, Told};
use crate::fsync;
use crate::measured::thousands;
use crate::server::Launch;
use crate::setup::{Size, World};
use crate::text;
use crate::timers::{self, Waiting};
use crate::token::Minter;

/// Events per second of the open loop.
const OFFERED: u32 = 1_000;
const CONNECTIONS: usize = 128;
/// Orders with open timers.
const WAITING: u32 = 10_000;
/// Long enough for one tick of the kernel's clock to be 0.05 %.
const LOOKED: Duration = Duration::from_secs(20);
/// "Nothing measurable": as much as the figure differs by from one look to the next.
const HARDLY: f64 = 0.5;

/// What was measured on one engine.
#[derive(Debug)]
pub(super) struct Figures {
    engine: Engine,
    fsync_p50: Duration,
    told: Told,
    waiting: Waiting,
}

impl Bench {
    pub(super) async fn measure_orders(&self, engine: Engine, database: &str) -> Result<Figures> {
        let measured = self.order_figures(engine, database).await;
        measured.with_context(|| format!("measuring orders on {}", engine.name()))
    }

    async fn order_figures(&self, engine: Engine, database: &str) -> Result<Figures> {
        let fsync_p50 = fsync::p50(&self.folder)?;
        let secret = text::secret();
        let minter = Minter::new(&secret)?;
        let launch = Launch::orderchat(&self.server, &self.folder, database, &secret)?;
        let server = launch.start().await?;
        let (target, pid) = (&server.target, server.pid()?);
        let world = Arc::new(World::open(target, &minter, self.size).await?);
        let plan = self.plan(CONNECTIONS, Some(OFFERED), Some(pid));
        let told = events::tell(target, &minter, world, &plan).await?;
        told.print(&format!("{} events", engine.name()))?;
        let size = Size {
            rooms: WAITING,
            people: 3,
            ..self.size
        };
        let waiting = timers::wait(target, &minter, size, LOOKED, pid).await?;
        waiting.print(&format!("{} timers", engine.name()))?;
        server.stop().await?;
        Ok(Figures {
            engine,
            fsync_p50,
            told,
            waiting,
        })
    }
}

/// A Markdown table for each engine.
pub(super) fn markdown(figures: &[Figures]) -> String {
    let tables = figures.iter().map(|figures| {
        let rows = [told(figures), waiting(&figures.waiting)];
        row::table(figures.engine, figures.fsync_p50, &rows) + "\n"
    });
    tables.collect()
}

fn told(figures: &Figures) -> Row {
    let told = &figures.told;
    let latency = told.delivery_ms;
    let most = row::ms(figures.fsync_p50) + 1.0;
    let offered = thousands(f64::from(told.answers.offered_per_s.unwrap_or(0)));
    let measured = format!(
        "p50 {} ms, p99 {} ms, max {} ms; server CPU {} µs each",
        latency.p50,
        latency.p99,
        latency.max,
        told.answers.server_cpu_us.unwrap_or_default()
    );
    let elsewhere = told.answers.elsewhere();
    Row::new(
        &format!("order events heard live, {offered}/s offered"),
        measured,
        &elsewhere,
        &told.failures(),
    )
    .target(
        format!("p50 ≤ 1 fsync + 1 ms = {most:.2} ms, p99 ≤ 15 ms"),
        latency.p50 <= most && latency.p99 <= 15.0,
    )
}

fn waiting(waiting: &Waiting) -> Row {
    let more = waiting.with_percent - waiting.before_percent;
    Row::new(
        &format!("idle with {} open timers", thousands(waiting.orders as f64)),
        format!(
            "{} % of a processor, {} % without",
            waiting.with_percent, waiting.before_percent
        ),
        &waiting.elsewhere(),
        "",
    )
    .target(format!("≤ {HARDLY} % more than without"), more <= HARDLY)
}
