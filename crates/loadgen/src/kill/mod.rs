//! `loadgen kill`: what was acked survives `kill -9` at any instant.
//!
//! Each round writes with several clients, by REST and by live connections, some of it with files, while
//! others follow;
//! kills the server at a random moment, starts it again on the same database, repeats every send
//! that got no answer, lets the followers resume, and checks the whole history so far.
//! In the end the run makes sure that it would have noticed a loss, see [`control`].

mod audience;
mod control;
mod database;
mod files;
mod follower;
mod sabotage;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::check::{self, Evidence, Violation};
use crate::client::Target;
use crate::heard::Heard;
use crate::history::Record;
use crate::server::{Launch, Server};
use crate::setup::{Size, Staff, World};
use crate::text;
use crate::token::Minter;
use audience::Audience;
use control::Control;
use database::Database;
use sabotage::Sabotage;
use writer::Writer;

/// Few rooms for the writers, so that several write into each.
const ROOMS: u32 = 4;
const PEOPLE: u32 = 8;
const WRITERS: usize = 8;
/// When the server is killed, after the writers began.
const KILL_AFTER_MS: std::ops::RangeInclusive<u64> = 50..=800;
/// The same of a server with a defect.
const SABOTAGED_KILL_AFTER_MS: std::ops::RangeInclusive<u64> = 1_500..=3_000;
/// Where the server has its files, in its folder.
const STORED: &str = "orderchat-files";
/// How long what was acked may take to reach a follower.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server's binary
    #[arg(long, default_value = "target/debug/orderchat")]
    server: PathBuf,
    #[command(flatten)]
    engine: Engine,
    /// How often to kill it
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Chooses the instants and what the writers do; printed, random if absent
    #[arg(long)]
    seed: Option<u64>,
    /// The defect of the server, which is built with the feature `sabotage`: it must be found, by the
    /// rule for it; the run ends there
    #[arg(long, value_enum)]
    sabotage: Option<Sabotage>,
    /// Where to make the folder for the database, the log and the histories. It is removed after
    /// a run without violations
    #[arg(long, value_name = "DIR", default_value_os_t = std::env::temp_dir())]
    data_dir: PathBuf,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Engine {
    /// On SQLite, in the data folder
    #[arg(long)]
    sqlite: bool,
    /// On PostgreSQL: the URL of a database as a role that may create others. The run makes its
    /// own and drops it after a run without violations
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl Args {
    fn launch(&self, folder: &Path, database: &str, secret: &str) -> Result<Launch> {
        let launch = Launch::orderchat(&self.server, folder, database, secret)?;
        Ok(match self.sabotage {
            Some(sabotage) => launch.with(sabotage::VARIABLE, sabotage.name()),
            None => launch,
        })
    }

    /// A defect needs its time to show.
    fn kill_after_ms(&self) -> std::ops::RangeInclusive<u64> {
        match self.sabotage {
            Some(_) => SABOTAGED_KILL_AFTER_MS,
            None => KILL_AFTER_MS,
        }
    }

    fn is_as_expected(&self, violations: &[Violation]) -> bool {
        match self.sabotage {
            Some(sabotage) => sabotage.is_found(violations),
            None => violations.is_empty(),
        }
    }
}

/// Exit status 1 when a promise is broken.
pub(crate) async fn run(args: Args) -> Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(rand::random);
    println!("seed {seed}");
    let cannot = || format!("cannot write in {}", args.data_dir.display());
    std::fs::create_dir_all(&args.data_dir).with_context(cannot)?;
    // The server runs in the folder, so a relative path would lead elsewhere.
    let data_dir = args.data_dir.canonicalize().with_context(cannot)?;
    let mut folder = tempfile::Builder::new()
        .prefix("orderchat-kill-")
        .tempdir_in(data_dir)
        .with_context(cannot)?;
    let database = match &args.engine.database {
        Some(admin_url) => Database::postgres(admin_url).await?,
        None => Database::sqlite(folder.path()),
    };
    let ended = rounds(&args, seed, folder.path(), &database).await;
    let clean = matches!(&ended, Ok(violations) if args.is_as_expected(violations));
    if clean {
        database.drop_it().await?;
    } else {
        keep(&mut folder, &database);
    }
    let violations = ended.with_context(|| format!("seed {seed}"))?;
    if let Some(sabotage) = args.sabotage {
        return Ok(sabotage.report(&violations, seed));
    }
    check::report(&violations);
    println!("{} rounds, {} violations", args.rounds, violations.len());
    Ok(ExitCode::from(u8::from(!clean)))
}

/// Leaves the evidence for a look.
fn keep(folder: &mut TempDir, database: &Database) {
    folder.disable_cleanup(true);
    println!("log and histories are kept in {}", folder.path().display());
    println!("the database is kept as {database}");
}

/// Runs the rounds up to the first with violations, and the control after the last.
async fn rounds(
    args: &Args,
    seed: u64,
    folder: &Path,
    database: &Database,
) -> Result<Vec<Violation>> {
    let secret = text::secret();
    let launch = args.launch(folder, &database.url()?, &secret)?;
    let minter = Minter::new(&secret)?;
    let mut rng = StdRng::seed_from_u64(seed);

    let mut server = launch.start().await?;
    let size = Size {
        rooms: ROOMS,
        people: PEOPLE,
        staff: Staff::Shared,
    };
    let world = World::open(&server.target, &minter, size).await?;
    let mut writers: Vec<Writer> = writers(&world, folder, &mut rng)?
        .into_iter()
        .map(Writer::with_files)
        .collect();
    let mut audience = Audience::gather(&server.target, &minter, &world, folder, PATIENCE).await?;
    audience.catch_up(&server.target, &heads(&writers)).await?;
    let (mut acked_before, mut files) = (0, 0);
    for round in 1..=args.rounds {
        let delay = Duration::from_millis(rng.random_range(args.kill_after_ms()));
        (writers, audience) = write_until_killed(server, writers, audience, delay).await?;
        server = launch.start().await.context("starting after a kill")?;
        let judged =
            look_back(&server.target, &minter, &world, &mut writers, &mut audience).await?;
        files = judged.files;
        let acked: usize = writers.iter().map(Writer::acked).sum();
        ensure!(
            acked > 0,
            "no write was acked before the kill; nothing was tried"
        );
        println!(
            "round {round}: killed after {} ms, {} writes acked, {files} files looked at",
            delay.as_millis(),
            acked - acked_before
        );
        acked_before = acked;
        if !judged.violations.is_empty() {
            return Ok(judged.violations);
        }
    }
    if args.sabotage.is_some() {
        return Ok(Vec::new());
    }
    ensure!(
        files > 0,
        "no message had a file; nothing was tried of them: run more rounds"
    );
    writers.push(witness(&world, folder, &mut rng)?);
    let control = Control {
        launch: &launch,
        minter: &minter,
        database,
        rooms: &world.rooms,
        stored: &folder.join(STORED),
    };
    control.run(server, &mut writers, &mut audience).await?;
    Ok(Vec::new())
}

/// What is to be done and found once the server runs again.
async fn look_back(
    target: &Target,
    minter: &Minter,
    world: &World,
    writers: &mut [Writer],
    audience: &mut Audience,
) -> Result<files::Judged> {
    let mut violations = retry(target, writers).await?;
    audience.catch_up(target, &heads(writers)).await?;
    violations.extend(judge(target, minter, writers, audience).await?);
    let mut judged = files::judge(target, minter, &world.rooms).await?;
    violations.append(&mut judged.violations);
    Ok(files::Judged {
        violations,
        ..judged
    })
}

/// A customer in each room, then the rider and staff: two writers to a room.
fn writers(world: &World, folder: &Path, rng: &mut StdRng) -> Result<Vec<Writer>> {
    let rooms = world.rooms.len();
    (0..WRITERS)
        .map(|number| {
            let room = &world.rooms[number % rooms];
            let person = if number < rooms {
                0
            } else {
                1 + number % rooms
            };
            let writer = Writer::new(
                format!("w{number}"),
                &world.run,
                Arc::clone(room),
                Arc::clone(&room.people[person]),
                StdRng::from_rng(rng),
                &folder.join(format!("history-{number}.jsonl")),
            )?;
            // In each room one of the two.
            let live = (number % 2 == 0) == (number < rooms);
            Ok(if live { writer.with_live() } else { writer })
        })
        .collect()
}

/// The one that writes in the control: staff, in a room where no writer is this person.
fn witness(world: &World, folder: &Path, rng: &mut StdRng) -> Result<Writer> {
    let room = &world.rooms[0];
    let journal = folder.join("history-control.jsonl");
    Writer::new(
        "control".to_owned(),
        &world.run,
        Arc::clone(room),
        Arc::clone(&room.people[2]),
        StdRng::from_rng(rng),
        &journal,
    )
}

async fn write_until_killed(
    server: Server,
    writers: Vec<Writer>,
    audience: Audience,
    delay: Duration,
) -> Result<(Vec<Writer>, Audience)> {
    let mut writing = JoinSet::new();
    for mut writer in writers {
        let target = server.target.clone();
        writing.spawn(async move {
            writer.write_until_cut(&target).await?;
            anyhow::Ok(writer)
        });
    }
    let target = server.target.clone();
    let hearing = audience.until_cut(&target, delay / 2);
    let killing = async {
        // The delay is the fault itself; nothing waits for it to be over.
        tokio::time::sleep(delay).await;
        server.kill().await
    };
    let (audience, ()) = tokio::try_join!(hearing, killing)?;
    let mut writers = Vec::with_capacity(writing.len());
    while let Some(writer) = writing.join_next().await {
        writers.push(writer.context("a writer ended")??);
    }
    Ok((writers, audience))
}

/// The greatest seq in each room that was acked to a writer.
fn heads(writers: &[Writer]) -> BTreeMap<String, u64> {
    let mut heads = BTreeMap::new();
    for record in writers.iter().flat_map(Writer::records) {
        let head: &mut u64 = heads.entry(record.room.clone()).or_default();
        *head = (*head).max(record.seq.unwrap_or(0));
    }
    heads
}

/// Repeats what got no answer; each must be taken now.
async fn retry(target: &Target, writers: &mut [Writer]) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for writer in writers {
        violations.extend(writer.retry(target).await?);
    }
    Ok(violations)
}

/// Checks everything that was ever done to the rooms.
async fn judge(
    target: &Target,
    minter: &Minter,
    writers: &[Writer],
    audience: &Audience,
) -> Result<Vec<Violation>> {
    let written = writers.iter().flat_map(Writer::records);
    let records: Vec<Record> = written.chain(audience.records()).cloned().collect();
    let heard: Vec<Heard> = audience.heard().cloned().collect();
    let readings = check::read_all(std::slice::from_ref(target), minter, &records).await?;
    let mut violations = check::check(&Evidence {
        records: &records,
        heard: &heard,
        readings: &readings,
        restored: false,
    });
    violations.extend(writers.iter().flat_map(Writer::refusals).cloned());
    Ok(violations)
}
