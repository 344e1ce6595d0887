//! `loadgen check`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};

use super::{Evidence, Reading, Violation, check, fetch};
use crate::client::Target;
use crate::heard::Heard;
use crate::history::{self, Record};
use crate::token::Minter;

/// Violations beyond these are counted, not printed.
const SHOWN: usize = 100;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Histories of all clients of the rooms, as `send --history` and `kill` write them
    #[arg(required = true, value_name = "HISTORY")]
    histories: Vec<PathBuf>,
    /// What followers heard, as `live --heard` and `kill` write it
    #[arg(long, value_name = "FILE")]
    heard: Vec<PathBuf>,
    /// A node to read the rooms from; give it once for each node
    #[arg(long = "url", default_value = "http://127.0.0.1:8080")]
    urls: Vec<Target>,
    /// The server's HS256 secret, to sign an admin's token with
    #[arg(long, env = "ORDERCHAT_AUTH_SECRET", hide_env_values = true)]
    secret: String,
    /// The server runs on a restored backup: the end of the history may be missing
    #[arg(long)]
    restored: bool,
}

/// Exit status 1 when a rule is broken.
pub(crate) async fn run(args: Args) -> Result<ExitCode> {
    let mut records = Vec::new();
    for path in &args.histories {
        records.extend(history::read(path)?);
    }
    let mut heard = Vec::new();
    for path in &args.heard {
        heard.extend(history::read::<Heard>(path)?);
    }
    ensure!(
        !records.is_empty(),
        "the histories are empty; nothing was checked"
    );
    let minter = Minter::new(&args.secret)?;
    let readings = read_all(&args.urls, &minter, &records).await?;
    let violations = check(&Evidence {
        records: &records,
        heard: &heard,
        readings: &readings,
        restored: args.restored,
    });
    report(&violations);
    let rooms = readings.first().map_or(0, |reading| reading.rooms.len());
    println!(
        "{} attempts and {} frames in {rooms} rooms on {} nodes, {} violations",
        records.len(),
        heard.len(),
        readings.len(),
        violations.len()
    );
    Ok(ExitCode::from(u8::from(!violations.is_empty())))
}

/// The rooms of `records` as each node shows them.
pub(crate) async fn read_all(
    nodes: &[Target],
    minter: &Minter,
    records: &[Record],
) -> Result<Vec<Reading>> {
    let mut readings = Vec::with_capacity(nodes.len());
    for node in nodes {
        readings.push(fetch::read(node, minter, records).await?);
    }
    Ok(readings)
}

/// Prints the violations, one on a line.
pub(crate) fn report(violations: &[Violation]) {
    for violation in violations.iter().take(SHOWN) {
        println!("{violation}");
    }
    if violations.len() > SHOWN {
        println!("… and {} more", violations.len() - SHOWN);
    }
}
