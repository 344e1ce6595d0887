//! The figures of live connections, one after the other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::engine::{Bench, Engine};
use crate::fsync;
use crate::live::idle::{self, Idle};
use crate::live::resume::{Away, Resumed};
use crate::live::talk::{self, Manner, Servers};
use crate::live::{self, Talked};
use crate::server::{Launch, Server};
use crate::setup::World;
use crate::text;
use crate::token::Minter;

const CONNECTIONS: usize = 1000;
const IDLE: usize = 15_000;
/// Until what was allocated only to open them has been given back.
const HOLD: Duration = Duration::from_secs(5);
const RESUMING: usize = 10_000;
const MISSED: u32 = 20;
/// Sends per second of the open loop.
const OFFERED: u32 = 500;

/// A room's size, and how many of its people send how much at once: enough to keep the server busy
/// and no queue beyond that.
#[derive(Debug, Clone, Copy)]
struct Rooms {
    people: u32,
    manner: Manner,
}

const FIVES: Rooms = Rooms {
    people: 5,
    manner: Manner {
        senders: 1,
        depth: 2,
    },
};
const FIFTIES: Rooms = Rooms {
    people: 50,
    manner: Manner {
        senders: 4,
        depth: 2,
    },
};

/// A load on the server, and the same on the yardstick with frames of the same size.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) server: Talked,
    pub(super) limit: Talked,
}

/// What was measured on one engine.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) engine: Engine,
    pub(super) fsync_p50: Duration,
    pub(super) fives: Pair,
    pub(super) fifties: Pair,
    /// Sends of an open loop in rooms of five.
    pub(super) offered: Talked,
    /// The same, all but the senders on another node.
    pub(super) across: Option<Talked>,
    pub(super) idle: Idle,
    pub(super) resumed: Resumed,
}

impl Bench {
    pub(super) async fn measure_live(&self, engine: Engine, database: &str) -> Result<Figures> {
        let measured = self.live_figures(engine, database).await;
        measured.with_context(|| format!("measuring live connections on {}", engine.name()))
    }

    async fn live_figures(&self, engine: Engine, database: &str) -> Result<Figures> {
        let fsync_p50 = fsync::p50(&self.folder)?;
        println!("fsync p50 {:.2} ms", fsync_p50.as_secs_f64() * 1e3);
        let secret = text::secret();
        let run = LiveRun {
            bench: self,
            minter: Minter::new(&secret)?,
            launch: Launch::orderchat(&self.server, &self.folder, database, &secret)?
                .with("ORDERCHAT_MAX_CONNECTIONS", IDLE + CONNECTIONS),
            name: engine.name(),
        };
        let server = run.launch.start().await?;
        let fives = run.pair(&server, FIVES).await?;
        let fifties = run.pair(&server, FIFTIES).await?;
        let offered = run.talk(&server, FIVES, Some(OFFERED)).await?;
        server.stop().await?;
        let across = match (engine, &self.nats) {
            (Engine::Postgres, Some(nats)) => Some(run.across(nats).await?),
            _ => None,
        };
        Ok(Figures {
            engine,
            fsync_p50,
            fives,
            fifties,
            offered,
            across,
            idle: run.idle().await?,
            resumed: run.resume().await?,
        })
    }
}

struct LiveRun<'a> {
    bench: &'a Bench,
    minter: Minter,
    launch: Launch,
    name: &'static str,
}

impl LiveRun<'_> {
    /// A closed loop on the server and then on the yardstick.
    async fn pair(&self, server: &Server, rooms: Rooms) -> Result<Pair> {
        let served = self.talk(server, rooms, None).await?;
        let yardstick = yardstick(&self.bench.folder, &served)?.start().await?;
        let world = World::unreported(&self.minter, live::size(CONNECTIONS, rooms.people))?;
        let limit = self
            .run("limit-live", &yardstick, &world, rooms, None)
            .await?;
        yardstick.stop().await?;
        Ok(Pair {
            server: served,
            limit,
        })
    }

    async fn talk(&self, server: &Server, rooms: Rooms, rate: Option<u32>) -> Result<Talked> {
        let size = live::size(CONNECTIONS, rooms.people);
        let world = World::open(&server.target, &self.minter, size).await?;
        self.run(&format!("{} live", self.name), server, &world, rooms, rate)
            .await
    }

    /// The open loop on two nodes: who sends is connected to the one, who listens to the other.
    async fn across(&self, nats: &str) -> Result<Talked> {
        let launch = self
            .launch
            .clone()
            .with("ORDERCHAT_BUS", nats)
            // Made by the server that was measured alone, in the same folder.
            .with("ORDERCHAT_SIGNING_KEY", "orderchat-signing.key");
        let (speaking, listening) = (launch.start().await?, launch.start().await?);
        let size = live::size(CONNECTIONS, FIVES.people);
        let world = World::open(&speaking.target, &self.minter, size).await?;
        let plan = self.bench.plan(CONNECTIONS, Some(OFFERED), None);
        let servers = Servers {
            send: &speaking.target,
            listen: &listening.target,
        };
        let talked = talk::run(servers, &world, &plan, FIVES.manner, None).await?;
        let what = format!("{} live, two nodes", self.name);
        live::print(&what, &talked, &talked.sentence(&what))?;
        speaking.stop().await?;
        listening.stop().await?;
        Ok(talked)
    }

    async fn run(
        &self,
        what: &str,
        server: &Server,
        world: &World,
        rooms: Rooms,
        rate: Option<u32>,
    ) -> Result<Talked> {
        let plan = self.bench.plan(CONNECTIONS, rate, Some(server.pid()?));
        let talked = talk::run(&server.target, world, &plan, rooms.manner, None).await?;
        live::print(what, &talked, &talked.sentence(what))?;
        Ok(talked)
    }

    /// On a server that has not served anything yet, whose memory is so its own and the rooms'.
    async fn idle(&self) -> Result<Idle> {
        let server = self.launch.start().await?;
        let size = live::size(IDLE, FIVES.people);
        let world = World::open(&server.target, &self.minter, size).await?;
        let pid = server.pid()?;
        let idle = idle::run(&server.target, &world, IDLE, HOLD, pid).await?;
        let what = format!("{} idle", self.name);
        live::print(&what, &idle, &idle.sentence(&what))?;
        server.stop().await?;
        Ok(idle)
    }

    /// Everybody is away while the server is restarted.
    async fn resume(&self) -> Result<Resumed> {
        let server = self.launch.start().await?;
        let size = live::size(RESUMING, FIVES.people);
        let world = Arc::new(World::open(&server.target, &self.minter, size).await?);
        let away = Away::leave(&server.target, &world, RESUMING, MISSED).await?;
        server.stop().await?;
        let server = self.launch.start().await?;
        let resumed = away.come_back(&server.target, Some(server.pid()?)).await?;
        let what = format!("{} resume", self.name);
        live::print(&what, &resumed, &resumed.sentence(&what))?;
        server.stop().await?;
        Ok(resumed)
    }
}

/// The bare broadcast, with frames as large as were measured.
fn yardstick(folder: &Path, measured: &Talked) -> Result<Launch> {
    let arguments = [
        "limit-live".to_owned(),
        format!("--event-bytes={}", measured.event_bytes),
        format!("--ok-bytes={}", measured.ok_bytes),
    ];
    Launch::yardstick(folder, arguments.into())
}
