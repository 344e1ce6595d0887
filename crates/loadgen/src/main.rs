//! Drives a server over REST and live, measures it, and checks what it kept.
//!
//! It knows the server only by its contract and shares no code with it.

mod api;
mod bench;
mod check;
mod client;
mod clock;
mod cpu;
mod events;
#[cfg(test)]
mod fake;
mod files;
mod fsync;
mod heard;
mod history;
mod kill;
mod limit;
mod limit_files;
mod limit_live;
mod listen;
mod live;
mod load;
mod measured;
mod memory;
mod postgres;
mod read;
mod scale;
mod schedule;
mod send;
mod server;
mod setup;
mod text;
mod timers;
mod token;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    version,
    about = "Load, measurements and the history checker for Orderchat"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send messages, as fast as each connection goes or at a fixed rate
    Send(send::Args),
    /// Tell what happens to orders, and measure when their customers hear of it
    Events(events::Args),
    /// Look at what a server does that has orders whose timers are open, and nothing else to do
    Timers(timers::Args),
    /// Read pages of history or of the room list
    Read(read::Args),
    /// Talk on live connections, hold them idle, or resume them all at once
    Live(live::Args),
    /// Measure everything that is promised and print a table of it
    Bench(bench::Args),
    /// Compare what reading costs in a large database with a small one
    Scale(scale::Args),
    /// Check histories against what the servers kept
    Check(check::Args),
    /// Kill a server again and again, and check that it lost nothing it had acked
    Kill(kill::Args),
    /// Serve the yardstick: axum alone, parsing and answering the same JSON
    Limit(limit::Args),
    /// Serve the yardstick of live connections: a bare broadcast in rooms
    LimitLive(limit_live::Args),
    /// Serve the yardstick of files: bodies into a folder, and out of it
    LimitFiles(limit_files::Args),
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Send(args) => send::run(args).await?,
        Command::Events(args) => events::run(args).await?,
        Command::Timers(args) => timers::run(args).await?,
        Command::Read(args) => read::run(args).await?,
        Command::Live(args) => live::run(args).await?,
        Command::Bench(args) => bench::run(args).await?,
        Command::Scale(args) => scale::run(args).await?,
        Command::Check(args) => return check::run(args).await,
        Command::Kill(args) => return kill::run(args).await,
        Command::Limit(args) => limit::run(args).await?,
        Command::LimitLive(args) => limit_live::run(args).await?,
        Command::LimitFiles(args) => limit_files::run(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}
