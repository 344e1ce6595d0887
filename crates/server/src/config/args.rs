//! The settings as flags. clap's derive would need the names and texts a second time, so this
//! builds the flags from the table.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};

use super::table::{ROWS, Row};

/// The flags that were given; flattened into every subcommand that reads settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingsArgs {
    /// The settings file.
    pub(crate) config: Option<PathBuf>,
    /// By key.
    pub(super) given: BTreeMap<&'static str, String>,
}

const CONFIG: &str = "config";
const HEADING: &str = "Settings";

impl Args for SettingsArgs {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new(CONFIG)
            .long(CONFIG)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help_heading(HEADING)
            .help("TOML file with settings [variable ORDERCHAT_CONFIG, default none]");
        ROWS.iter()
            .map(flag)
            .fold(command.arg(config), Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// The command with these settings alone in its help, by their keys: it reads no others. All of them
/// may be given to any command, as they may in the file.
pub(crate) fn show_settings(command: Command, keys: &[&str]) -> Command {
    let is_other = |arg: &Arg| {
        arg.get_help_heading() == Some(HEADING) && !keys.contains(&arg.get_id().as_str())
    };
    command
        .mut_args(|arg| {
            let hidden = arg.is_hide_set() || is_other(&arg);
            arg.hide(hidden)
        })
        .after_help("All settings: orderchat serve --help")
}

fn flag(row: &'static Row) -> Arg {
    let default = if row.default.is_empty() {
        "none"
    } else {
        row.default
    };
    let help = format!(
        "{} [variable {}, default {default}]",
        row.meaning(),
        row.variable()
    );
    Arg::new(row.key)
        .long(row.flag())
        .value_name(row.shape)
        .help_heading(HEADING)
        .help(help)
}

impl FromArgMatches for SettingsArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        if let Some(path) = matches.get_one::<PathBuf>(CONFIG) {
            self.config = Some(path.clone());
        }
        for row in ROWS {
            if let Some(text) = matches.get_one::<String>(row.key) {
                self.given.insert(row.key, text.clone());
            }
        }
        Ok(())
    }
}
