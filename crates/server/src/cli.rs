//! The command line: what may be asked for; what is done about it is the app's.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::app;
use crate::config::{Need, Settings, SettingsArgs};

#[derive(Debug, Parser)]
#[command(
    name = "orderchat",
    version,
    about = "Gives every order its own conversation"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the chat
    Serve(#[command(flatten)] SettingsArgs),
    /// Serve sample orders of three pharmacies from a temporary folder; nothing to configure
    Demo(#[command(flatten)] SettingsArgs),
    /// Bring the database to this version's schema, and stop
    Migrate(#[command(flatten)] SettingsArgs),
    /// Sign a token with ORDERCHAT_AUTH_SECRET and print it
    Token(TokenArgs),
    /// Print the OpenAPI document
    Openapi,
    /// Check configuration, secrets, database and limits, and say what to fix
    Doctor(#[command(flatten)] SettingsArgs),
}

#[derive(Debug, Args)]
struct TokenArgs {
    /// The user's id in the shop, 1 to 128 characters
    #[arg(long)]
    sub: String,
    /// customer, rider, pharmacy, support, admin or service
    #[arg(long)]
    role: String,
    /// The name that others are shown
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    email: Option<String>,
    /// A pharmacy that they work for; may be given more than once
    #[arg(long)]
    pharmacy: Vec<String>,
    /// A language tag like de or en-GB
    #[arg(long)]
    language: Option<String>,
    /// The only room that the token is good for: its id or its code
    #[arg(long)]
    room: Option<String>,
    /// Seconds until it expires, at most 86400
    #[arg(long, default_value_t = 3_600)]
    ttl: u64,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Runs the command that was asked for.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let load = |args: &SettingsArgs, need| Settings::load(args, std::env::vars_os(), need);
    match Cli::parse().command {
        Command::Serve(args) => app::serve(load(&args, Need::Identity)?),
        Command::Demo(args) => app::demo(load(&args, Need::Nothing)?),
        Command::Migrate(args) => app::migrate(&load(&args, Need::Nothing)?),
        Command::Token(args) => {
            let settings = load(&args.settings, Need::Identity)?;
            let wanted = app::Wanted {
                sub: args.sub,
                role: args.role,
                name: args.name,
                email: args.email,
                pharmacies: args.pharmacy,
                language: args.language,
                room: args.room,
                ttl: Duration::from_secs(args.ttl),
            };
            println!("{}", app::token(&settings, wanted)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            println!("{}", app::openapi()?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor(args) => app::doctor(load(&args, Need::Identity)),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
