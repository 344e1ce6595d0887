//! Orderchat: every order gets its own conversation. See `docs/ARCHITECTURE.md` for the map.
//!
//! The program is `main.rs`, which calls [`run`]. That this is a library serves the fuzz targets
//! alone: they reach its parsers through `fuzzing`.

mod app;
mod auth;
mod bus;
mod chat;
mod cli;
mod client;
mod clock;
mod config;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod generations;
mod http;
mod jobs;
mod json;
mod limits;
mod live;
mod media;
mod net;
mod orders;
mod problem;
mod random;
mod sabotage;
mod shares;
mod signin;
mod signing;
mod telemetry;

use std::process::ExitCode;

/// Does what the command line asks for.
#[must_use]
pub fn run() -> ExitCode {
    #[cfg(feature = "sabotage")]
    let did = sabotage::begin().and_then(|()| cli::run());
    #[cfg(not(feature = "sabotage"))]
    let did = cli::run();
    match did {
        Ok(code) => code,
        Err(error) => {
            eprintln!("orderchat: {error:#}");
            ExitCode::FAILURE
        }
    }
}
