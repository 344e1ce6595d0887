//! `loadgen live`: many people on live connections.

mod crowd;
pub(crate) mod frame;
pub(crate) mod idle;
mod line;
pub(crate) mod resume;
pub(crate) mod socket;
pub(crate) mod talk;
mod talker;
mod tally;
#[cfg(test)]
mod tests;

use std::io::BufRead as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use serde::Serialize;

use crate::client::Target;
use crate::load::Plan;
use crate::send::NOBODY_S_SECRET;
use crate::setup::{Size, Staff, World};
use crate::token::Minter;
use resume::Away;
use talk::{Journals, Manner, Servers};

#[cfg(test)]
pub(crate) use tally::Faults;
pub(crate) use tally::Talked;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server; it must run with ORDERCHAT_RATE_LIMITS=off
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: Target,
    /// Talk: another node of the server, to which those who only listen connect: how soon what is
    /// said on the one is heard on the other. Needs one sender a room, or senders would hear each
    /// other on their own node
    #[arg(long, value_name = "URL")]
    listen_url: Option<Target>,
    /// The server's HS256 secret, to sign people's tokens with
    #[arg(
        long,
        env = "ORDERCHAT_AUTH_SECRET",
        hide_env_values = true,
        required_unless_present = "raw"
    )]
    secret: Option<String>,
    /// What the connections do
    #[arg(long, value_enum, default_value_t = What::Talk)]
    what: What,
    /// Live connections, each of somebody else
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..=18_000))]
    connections: u16,
    /// Connections in each room
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(3..=50))]
    people: u32,
    /// Talk: connections of each room that send; all of it listen
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=50))]
    senders: u16,
    /// Talk: sends that each sender has under way in a closed loop
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    depth: u16,
    /// Talk: open loop, sends per second, due at fixed times. Closed loop if absent
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// How long to measure; idle: how long to hold the connections
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Talk: how long to run before measuring
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up: u64,
    /// Resume: events that each connection misses
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    missed: u32,
    /// Resume: wait for a line on the standard input before resuming; restart the server meanwhile
    #[arg(long)]
    pause: bool,
    /// The server's process, to measure its CPU time and memory
    #[arg(long, value_name = "PID", required_if_eq("what", "idle"))]
    server_pid: Option<u32>,
    /// Talk: append every send and its answer here, for `loadgen check`
    #[arg(long, value_name = "FILE", requires = "heard")]
    history: Option<PathBuf>,
    /// Talk: append every frame that anybody heard here, for `loadgen check --heard`
    #[arg(long, value_name = "FILE", requires = "history")]
    heard: Option<PathBuf>,
    /// The server is `loadgen limit-live`: set nothing up
    #[arg(long, conflicts_with = "history")]
    raw: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Send, and hear what others send
    Talk,
    /// Follow a room in which nothing happens: the server's memory per connection
    Idle,
    /// Leave, miss something, and resume all at once
    Resume,
}

impl Args {
    fn plan(&self) -> Plan {
        Plan {
            connections: usize::from(self.connections),
            warm_up: Duration::from_secs(self.warm_up),
            duration: Duration::from_secs(self.seconds),
            rate: self.rate,
            server_pid: self.server_pid,
        }
    }
}

/// A world with somebody for each of `connections`, nobody in two rooms.
pub(crate) fn size(connections: usize, people: u32) -> Size {
    let rooms = connections.div_ceil(people as usize);
    Size {
        rooms: u32::try_from(rooms).unwrap_or(u32::MAX),
        people,
        staff: Staff::OfOneRoom,
    }
}

/// # Errors
/// Also when something was lost, came twice or out of order.
pub(crate) async fn run(args: Args) -> Result<()> {
    ensure!(
        !args.raw || args.what != What::Resume,
        "`loadgen limit-live` keeps nothing, so nobody can resume on it; leave `--raw` out"
    );
    ensure!(
        args.listen_url.is_none() || (args.what == What::Talk && args.senders == 1),
        "`--listen-url` is for `--what talk` with one sender a room; leave it or `--senders` out"
    );
    let secret = args.secret.as_deref().filter(|_| !args.raw);
    let minter = Minter::new(secret.unwrap_or(NOBODY_S_SECRET))?;
    let connections = usize::from(args.connections);
    let size = size(connections, args.people);
    let world = if args.raw {
        World::unreported(&minter, size)?
    } else {
        World::open(&args.url, &minter, size).await?
    };
    match args.what {
        What::Talk => talk(&args, &world).await,
        What::Idle => {
            let pid = args.server_pid.context("--server-pid is missing")?;
            let hold = Duration::from_secs(args.seconds);
            let idle = idle::run(&args.url, &world, connections, hold, pid).await?;
            print("idle", &idle, &idle.sentence("idle"))
        }
        What::Resume => resume(&args, Arc::new(world)).await,
    }
}

async fn talk(args: &Args, world: &World) -> Result<()> {
    let journals = match (&args.history, &args.heard) {
        (Some(sent), Some(heard)) => Some(Journals::create(sent, heard)?),
        _ => None,
    };
    let manner = Manner {
        senders: usize::from(args.senders),
        depth: usize::from(args.depth),
    };
    let servers = Servers {
        send: &args.url,
        listen: args.listen_url.as_ref().unwrap_or(&args.url),
    };
    let talked = talk::run(servers, world, &args.plan(), manner, journals).await?;
    let what = if args.raw { "limit-live" } else { "live" };
    print(what, &talked, &talked.sentence(what))?;
    talked.faults.ensure_none()
}

async fn resume(args: &Args, world: Arc<World>) -> Result<()> {
    let connections = usize::from(args.connections);
    let away = Away::leave(&args.url, &world, connections, args.missed).await?;
    if args.pause {
        println!("restart the server now, then press Enter");
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map(|_| line)
        });
        line.await?.context("reading the standard input")?;
    }
    let resumed = away.come_back(&args.url, args.server_pid).await?;
    print("resume", &resumed, &resumed.sentence("resume"))?;
    resumed.faults.ensure_none()
}

/// Prints a JSON line for programs and a line for people.
pub(crate) fn print(what: &str, measured: &impl Serialize, sentence: &str) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a, T> {
        what: &'a str,
        #[serde(flatten)]
        measured: &'a T,
    }
    println!("{}", serde_json::to_string(&Line { what, measured })?);
    println!("{sentence}");
    Ok(())
}
