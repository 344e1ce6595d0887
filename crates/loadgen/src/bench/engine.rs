//! All figures of one engine, one after the other.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::fsync;
use crate::load::{self, Plan};
use crate::measured::Measured;
use crate::read::{HistoryPages, RoomLists};
use crate::send::Sends;
use crate::server::Launch;
use crate::setup::{Size, World};
use crate::text;
use crate::token::Minter;

const CONNECTIONS: usize = 128;
/// On a slow disk a group commit has to be larger to carry the same rate.
const CONNECTIONS_ON_SLOW_DISK: usize = 512;
const SLOW_DISK: Duration = Duration::from_millis(1);
/// Sends per second of the open loop.
const OFFERED: u32 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    fn connections(self, fsync_p50: Duration) -> usize {
        match self {
            Self::Sqlite if fsync_p50 > SLOW_DISK => CONNECTIONS_ON_SLOW_DISK,
            Self::Sqlite | Self::Postgres => CONNECTIONS,
        }
    }
}

/// What was measured on one engine.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) engine: Engine,
    pub(super) fsync_p50: Duration,
    /// The yardstick, on as many connections as `sends`.
    pub(super) limit: Measured,
    pub(super) sends: Measured,
    /// Sends on one connection.
    pub(super) single: Measured,
    /// Sends of an open loop.
    pub(super) offered: Measured,
    pub(super) history: Measured,
    pub(super) rooms: Measured,
}

#[derive(Debug)]
pub(super) struct Bench {
    pub(super) server: PathBuf,
    /// For the database and the logs; on the disk that is measured.
    pub(super) folder: PathBuf,
    pub(super) size: Size,
    pub(super) warm_up: Duration,
    pub(super) duration: Duration,
    /// The NATS server over which two nodes on PostgreSQL speak.
    pub(super) nats: Option<String>,
}

impl Bench {
    pub(super) async fn measure(&self, engine: Engine, database: &str) -> Result<Figures> {
        let measured = self.figures(engine, database).await;
        measured.with_context(|| format!("measuring on {}", engine.name()))
    }

    async fn figures(&self, engine: Engine, database: &str) -> Result<Figures> {
        let fsync_p50 = fsync::p50(&self.folder)?;
        println!("fsync p50 {:.2} ms", fsync_p50.as_secs_f64() * 1e3);
        let secret = text::secret();
        let minter = Minter::new(&secret)?;
        let connections = engine.connections(fsync_p50);
        let limit = self.limit(&minter, connections).await?;

        let launch = Launch::orderchat(&self.server, &self.folder, database, &secret)?
            // By default 256 requests are worked on at once and the rest told to come again.
            .with("ORDERCHAT_MAX_IN_FLIGHT", 2 * CONNECTIONS_ON_SLOW_DISK);
        let server = launch.start().await?;
        let pid = Some(server.pid()?);
        let target = &server.target;
        let world = Arc::new(World::open(target, &minter, self.size).await?);
        let name = engine.name();

        let send = |tag| Arc::new(Sends::new(Arc::clone(&world), tag, None));
        let plan = self.plan(connections, None, pid);
        let sends = load::run(target, &send("s"), &plan).await?;
        sends.print(&format!("{name} send"))?;
        let plan = self.plan(1, None, pid);
        let single = load::run(target, &send("one"), &plan).await?;
        single.print(&format!("{name} send"))?;
        let plan = self.plan(CONNECTIONS, Some(OFFERED), pid);
        let offered = load::run(target, &send("open"), &plan).await?;
        offered.print(&format!("{name} send"))?;

        let plan = self.plan(CONNECTIONS, None, pid);
        let pages = Arc::new(HistoryPages::prepare(target, Arc::clone(&world)).await?);
        let history = load::run(target, &pages, &plan).await?;
        history.print(&format!("{name} history"))?;
        let lists = Arc::new(RoomLists::prepare(target, &world).await?);
        let rooms = load::run(target, &lists, &plan).await?;
        rooms.print(&format!("{name} rooms"))?;
        server.stop().await?;
        Ok(Figures {
            engine,
            fsync_p50,
            limit,
            sends,
            single,
            offered,
            history,
            rooms,
        })
    }

    /// What axum alone does, in a process of its own as the server is.
    async fn limit(&self, minter: &Minter, connections: usize) -> Result<Measured> {
        let server = Launch::yardstick(&self.folder, vec!["limit".into()])?
            .start()
            .await?;
        let world = Arc::new(World::unreported(minter, self.size)?);
        let sends = Arc::new(Sends::new(world, "s", None));
        let plan = self.plan(connections, None, Some(server.pid()?));
        let measured = load::run(&server.target, &sends, &plan).await?;
        measured.print("limit")?;
        server.stop().await?;
        Ok(measured)
    }

    pub(super) fn plan(
        &self,
        connections: usize,
        rate: Option<u32>,
        server_pid: Option<u32>,
    ) -> Plan {
        Plan {
            connections,
            warm_up: self.warm_up,
            duration: self.duration,
            rate,
            server_pid,
        }
    }
}
