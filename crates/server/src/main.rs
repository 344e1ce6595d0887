//! Orderchat: every order gets its own conversation. See `docs/ARCHITECTURE.md` for the map.

mod app;
mod auth;
mod chat;
mod cli;
mod clock;
mod config;
mod generations;
mod http;
mod jobs;
mod json;
mod limits;
mod net;
mod orders;
mod random;
mod signing;
mod telemetry;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("orderchat: {error:#}");
            ExitCode::FAILURE
        }
    }
}
