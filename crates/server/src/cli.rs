//! The command line: what may be asked for; what is done about it is the app's.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use orderchat_domain::TokenRole;

use crate::app;
use crate::config::{Need, Settings, SettingsArgs, show_settings};

/// A token of `orderchat chat` is good for so long; another one is signed when it is needed.
const CHAT_TOKEN: Duration = Duration::from_secs(3_600);

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
    /// Serve sample orders of three pharmacies from a temporary folder, some of them living; nothing to
    /// configure
    Demo(DemoArgs),
    /// Bring the database to this version's schema, and stop
    Migrate(#[command(flatten)] SettingsArgs),
    /// Sign a token with ORDERCHAT_AUTH_SECRET and print it
    Token(TokenArgs),
    /// Print the OpenAPI document
    Openapi,
    /// Print the AsyncAPI document: every frame of a live connection
    Asyncapi,
    /// Verify the record, and what one needs for it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at order policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Copy everything, while the server runs, into a new folder; on PostgreSQL say how, and check
    /// the copy
    Backup(BackupArgs),
    /// Put a backup in place, with a new epoch
    Restore(RestoreArgs),
    /// Talk in a room from the terminal, over the public protocol
    Chat(ChatArgs),
    /// Check configuration, secrets, database and limits, and say what to fix
    Doctor(#[command(flatten)] SettingsArgs),
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// How fast the orders live that move on by themselves: 2 is twice as fast, with 0 none does
    #[arg(long, default_value = "1", value_parser = app::Pace::parse)]
    pace: app::Pace,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Debug, Args)]
struct BackupArgs {
    /// A folder that does not exist yet; on PostgreSQL the one with the dump
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["from", "adopt"]))]
struct RestoreArgs {
    /// The folder that `orderchat backup` made
    #[arg(value_name = "FOLDER")]
    from: Option<PathBuf>,
    /// The SQLite file to make, instead of that of ORDERCHAT_DATABASE
    #[arg(long, value_name = "FILE", conflicts_with = "adopt")]
    to: Option<PathBuf>,
    /// Put a database that is there aside; no server may be running on it
    #[arg(long, conflicts_with = "adopt")]
    overwrite: bool,
    /// The database of the settings was restored by other tools (pg_restore): check it and give it a
    /// new epoch
    #[arg(long)]
    adopt: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Verify every chain and checkpoint, of a running server or of a copy; exit status 1 when
    /// something is wrong
    Verify(VerifyArgs),
    /// Sign what has changed and print the newest checkpoint as JSON: keep it where nobody who can
    /// write to the database can
    Head(#[command(flatten)] SettingsArgs),
    /// Print the public part of the signing key
    PublicKey(#[command(flatten)] SettingsArgs),
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Say what is wrong with a policy file, line by line; exit status 1 when anything is
    Check {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Replay a recorded order and print who could read (r), write (w) and attach (a) when, and what
    /// the server does
    Simulate {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// CloudEvents of one order, one a line, each with its time
        #[arg(value_name = "ORDER.jsonl")]
        order: PathBuf,
    },
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// Only the room of this id or code
    #[arg(long, value_name = "ID|CODE")]
    room: Option<String>,
    /// A head that `orderchat audit head` printed: the record must still contain it
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// A public key that checkpoints may be signed with; may be given more than once. Without one,
    /// that of the settings' signing key
    #[arg(long = "public-key", value_name = "FILE")]
    public_keys: Vec<PathBuf>,
    /// Read every file that a message or a timeline shows, too, from the storage of the settings
    #[arg(long, conflicts_with = "room")]
    files: bool,
    #[command(flatten)]
    settings: SettingsArgs,
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
    /// Their e-mail address, which staff alone are shown
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
    #[arg(long, default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    ttl: u64,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true).args(["sub", "token"]))]
struct ChatArgs {
    /// The user's id in the shop; their token is signed with ORDERCHAT_AUTH_SECRET
    #[arg(long = "as", value_name = "USER")]
    sub: Option<String>,
    /// customer, rider, pharmacy, support or admin
    #[arg(long, requires = "sub", default_value = "customer")]
    role: String,
    /// The name that others are shown
    #[arg(long, requires = "sub")]
    name: Option<String>,
    /// A pharmacy that they work for; may be given more than once
    #[arg(long, requires = "sub")]
    pharmacy: Vec<String>,
    /// A token of the shop, instead; others on this machine can see it in the list of processes
    #[arg(long)]
    token: Option<String>,
    /// Where the server is
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The room to open, by its id or code; without it the one with the newest activity
    #[arg(long, value_name = "ID|CODE")]
    room: Option<String>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Settings that commands without a server read, by their keys.
const SIGNING: &[&str] = &["config", "auth_secret", "auth_issuer", "auth_audience"];
const RECORD: &[&str] = &["config", "database", "signing_key"];
const COPY: &[&str] = &["config", "database", "storage", "signing_key"];

/// What may be asked for. What serves, and `doctor`, have every setting in their help.
fn command() -> clap::Command {
    let show = |keys| move |command| show_settings(command, keys);
    let record = |audit: clap::Command| {
        ["verify", "head", "public-key"]
            .into_iter()
            .fold(audit, |audit, name| {
                audit.mut_subcommand(name, show(RECORD))
            })
    };
    Cli::command()
        .mut_subcommand("migrate", show(RECORD))
        .mut_subcommand("token", show(SIGNING))
        .mut_subcommand("chat", show(SIGNING))
        .mut_subcommand("backup", show(COPY))
        .mut_subcommand("restore", show(COPY))
        .mut_subcommand("audit", record)
}

/// Runs the command that was asked for.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let load = |args: &SettingsArgs, need| Settings::load(args, std::env::vars_os(), need);
    let asked =
        Cli::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit());
    match asked.command {
        Command::Serve(args) => app::serve(load(&args, Need::Identity)?),
        Command::Demo(args) => app::demo(load(&args.settings, Need::Nothing)?, args.pace),
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
            let is_of_none =
                wanted.role == TokenRole::Pharmacy.as_str() && wanted.pharmacies.is_empty();
            app::print_line(&app::token(&settings, wanted)?)?;
            if is_of_none {
                // Not refused: one may be asked into a room by name.
                eprintln!(
                    "orderchat: it is good for the rooms of no pharmacy; name theirs with --pharmacy"
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            app::print_line(&app::openapi()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Asyncapi => {
            app::print_line(&app::asyncapi()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Audit(command) => audit(command),
        Command::Policy(PolicyCommand::Check { file }) => app::policy_check(&file),
        Command::Policy(PolicyCommand::Simulate { file, order }) => {
            app::policy_simulate(&file, &order)
        }
        Command::Backup(args) => app::backup(&load(&args.settings, Need::Nothing)?, &args.to),
        Command::Restore(args) => {
            let wanted = app::WantedRestore {
                from: args.from,
                to: args.to,
                overwrite: args.overwrite,
            };
            app::restore(&load(&args.settings, Need::Nothing)?, &wanted)
        }
        Command::Chat(args) => chat(args),
        Command::Doctor(args) => app::doctor(load(&args, Need::Identity)),
    }
}

fn chat(args: ChatArgs) -> anyhow::Result<ExitCode> {
    let identity = match (args.token, args.sub) {
        (None, Some(sub)) => {
            let wanted = app::Wanted {
                sub,
                role: args.role,
                name: args.name,
                email: None,
                pharmacies: args.pharmacy,
                language: None,
                room: None,
                ttl: CHAT_TOKEN,
            };
            let settings = Settings::load(&args.settings, std::env::vars_os(), Need::Identity)?;
            app::Identity::Signed(Box::new(settings), wanted)
        }
        (token, _) => app::Identity::Given(token.unwrap_or_default()),
    };
    app::chat(identity, args.url, args.room)
}

fn audit(command: AuditCommand) -> anyhow::Result<ExitCode> {
    let load = |args: &SettingsArgs| Settings::load(args, std::env::vars_os(), Need::Nothing);
    match command {
        AuditCommand::Verify(args) => {
            let wanted = app::WantedProof {
                room: args.room,
                against: args.against,
                public_keys: args.public_keys,
                files: args.files,
            };
            app::audit_verify(&load(&args.settings)?, &wanted)
        }
        AuditCommand::Head(args) => app::audit_head(&load(&args)?),
        AuditCommand::PublicKey(args) => app::public_key(&load(&args)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn help_shows_the_settings_that_a_command_reads_and_no_others() {
        let mut all = command();
        all.build();
        let shown = |path: &str| {
            let mut one = &all;
            for name in path.split(' ') {
                one = one.find_subcommand(name).expect(path);
            }
            let settings = one
                .get_arguments()
                .filter(|arg| arg.get_help_heading() == Some("Settings") && !arg.is_hide_set());
            let keys: Vec<_> = settings.map(|arg| arg.get_id().to_string()).collect();
            keys
        };
        for (path, keys) in [
            ("token", SIGNING),
            ("chat", SIGNING),
            ("migrate", RECORD),
            ("audit verify", RECORD),
            ("audit head", RECORD),
            ("audit public-key", RECORD),
            ("backup", COPY),
            ("restore", COPY),
        ] {
            let mut keys = keys.to_vec();
            keys.sort_unstable();
            let mut shown = shown(path);
            shown.sort_unstable();
            assert_eq!(shown, keys, "{path}");
        }
        assert_eq!(shown("serve"), shown("doctor"));
        assert!(shown("serve").len() > 40, "{:?}", shown("serve"));
    }
}
