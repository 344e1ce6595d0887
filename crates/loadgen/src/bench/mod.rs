//! `loadgen bench`: the promised figures in one run, each beside the yardstick and the disk as they
//! were in the same minutes. Only ratios of one run mean anything from machine to machine.

mod engine;
mod files;
mod live;
mod live_table;
mod orders;
mod row;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::postgres::OwnDatabase;
use crate::setup::Size;
use engine::{Bench, Engine};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server's binary, built for release
    #[arg(long, default_value = "target/release/orderchat")]
    server: PathBuf,
    /// Measure on PostgreSQL too: the URL of a database as a role that may create others. The run
    /// makes its own and drops it
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Measure two nodes on PostgreSQL too: the URL of a NATS server over which they speak
    #[arg(long, value_name = "URL", requires = "postgres")]
    nats: Option<String>,
    /// A folder on the disk to measure; the run makes its own in it and removes it
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    data_dir: PathBuf,
    /// How long each figure is measured
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How long each load runs before
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=60))]
    warm_up: u64,
    /// Measure this part alone
    #[arg(long, value_enum)]
    only: Option<Part>,
    #[command(flatten)]
    size: Size,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Sends and reads by REST
    Rest,
    /// Live connections
    Live,
    /// Events of orders, and their timers
    Orders,
    /// Uploads, downloads, and photos
    Files,
}

/// Prints each result as it comes and the table at the end. A missed target is a line in the
/// table, not an error; an error is what could not be measured.
pub(crate) async fn run(args: Args) -> Result<()> {
    let cannot = || format!("cannot write in {}", args.data_dir.display());
    std::fs::create_dir_all(&args.data_dir).with_context(cannot)?;
    // The server runs in the folder, so a relative path would lead elsewhere.
    let data_dir = args.data_dir.canonicalize().with_context(cannot)?;
    let folder = tempfile::Builder::new()
        .prefix("orderchat-bench-")
        .tempdir_in(data_dir)
        .with_context(cannot)?;
    let bench = Bench {
        server: args.server,
        folder: folder.path().to_path_buf(),
        size: args.size,
        warm_up: Duration::from_secs(args.warm_up),
        duration: Duration::from_secs(args.seconds),
        nats: args.nats,
    };
    let database = format!("sqlite:{}", folder.path().join("orderchat.db").display());
    let wanted = |part| args.only.is_none_or(|only| only == part);
    let mut measured = Measurements::default();
    measured
        .add(&bench, &wanted, Engine::Sqlite, &database)
        .await?;
    if let Some(admin_url) = &args.postgres {
        let own = OwnDatabase::create(admin_url).await?;
        let added = measured
            .add(&bench, &wanted, Engine::Postgres, &own.url()?)
            .await;
        own.drop_it().await?;
        added?;
    }
    println!("\n{}", table::markdown(&measured.rest));
    println!("{}", live_table::markdown(&measured.live));
    println!("{}", orders::markdown(&measured.orders));
    println!("{}", files::markdown(&measured.files));
    Ok(())
}

/// What was measured, engine by engine.
#[derive(Debug, Default)]
struct Measurements {
    rest: Vec<engine::Figures>,
    live: Vec<live::Figures>,
    orders: Vec<orders::Figures>,
    files: Vec<files::Figures>,
}

impl Measurements {
    async fn add(
        &mut self,
        bench: &Bench,
        wanted: &impl Fn(Part) -> bool,
        engine: Engine,
        database: &str,
    ) -> Result<()> {
        if wanted(Part::Rest) {
            self.rest.push(bench.measure(engine, database).await?);
        }
        if wanted(Part::Live) {
            self.live.push(bench.measure_live(engine, database).await?);
        }
        if wanted(Part::Orders) {
            self.orders
                .push(bench.measure_orders(engine, database).await?);
        }
        if wanted(Part::Files) {
            self.files
                .push(bench.measure_files(engine, database).await?);
        }
        Ok(())
    }
}
