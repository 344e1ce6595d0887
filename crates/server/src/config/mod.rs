//! The settings: what an operator may choose, where it was chosen, and whether it can be used.
//!
//! A setting is one row of [`table`]: its key, meaning, default, shape and parser. The flag
//! (`--request-deadline`), the variable (`ORDERCHAT_REQUEST_DEADLINE`), the key in the settings
//! file (`request_deadline`), the help text and the listing of `doctor` all come from that row.
//!
//! Flags win over variables, variables over the settings file, the file over the defaults. An
//! empty value counts as not given. Everything wrong is refused at once, each by the name under
//! which it was given, with its value (never a secret's) and the remedy.

mod args;
mod file;
mod layers;
mod parse;
mod table;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) use args::{SettingsArgs, show_settings};
use layers::Layers;
pub(crate) use layers::Source;
pub(crate) use table::Settings;
pub(crate) use values::{
    BusLocation, Database, JwksLocation, KeyLocation, LogFormat, Rate, ScannerLocation,
    StorageLocation,
};

/// The name of a signing key that is made here.
const SIGNING_KEY_FILE: &str = "orderchat-signing.key";

/// What a command needs beyond settings that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A key to verify tokens with: `serve`, `token`.
    Identity,
    /// Nothing: `demo` brings its own secret, `migrate` and `openapi` verify no token.
    Nothing,
}

/// Every setting that cannot be used, one line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub(crate) struct ConfigError {
    pub(crate) problems: Vec<String>,
}

impl Settings {
    /// Reads flags, `ORDERCHAT_*` among `variables`, and the settings file that one of them names.
    ///
    /// # Errors
    /// All problems together: unknown names, values that cannot be read, settings that do not go
    /// together, and what `need` asks for and is not there.
    pub(crate) fn load(
        args: &SettingsArgs,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        need: Need,
    ) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let layers = Layers::gather(args, variables, &mut problems);
        let settings = Self::from_layers(&layers, &mut problems);
        if let Some(settings) = &settings {
            settings.check_together(need, &mut problems);
        }
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(ConfigError { problems }),
        }
    }

    /// The file of the signing key, `None` when the key itself was given. Without a setting it is
    /// made beside the SQLite file, with PostgreSQL in the working folder.
    pub(crate) fn signing_key_file(&self) -> Option<PathBuf> {
        match (&self.signing_key, &self.database) {
            (Some(KeyLocation::Given(_)), _) => None,
            (Some(KeyLocation::File(path)), _) => Some(path.clone()),
            (None, Database::Sqlite(database)) => Some(database.with_file_name(SIGNING_KEY_FILE)),
            (None, Database::Postgres(_)) => Some(PathBuf::from(SIGNING_KEY_FILE)),
        }
    }

    /// Settings that are good alone and not together.
    fn check_together(&self, need: Need, problems: &mut Vec<String>) {
        match (&self.auth_secret, &self.auth_jwks) {
            (Some(_), Some(_)) => problems.push(
                "ORDERCHAT_AUTH_SECRET and ORDERCHAT_AUTH_JWKS are both given: tokens are signed \
                 one way, remove the one that your shop does not use"
                    .to_owned(),
            ),
            (None, None) if need == Need::Identity => problems.push(
                "neither ORDERCHAT_AUTH_SECRET nor ORDERCHAT_AUTH_JWKS is given: set the secret \
                 to at least 32 random bytes (openssl rand -base64 48), or the JWKS to the file \
                 or URL with your shop's public keys"
                    .to_owned(),
            ),
            _ => {}
        }
        for (name, address) in [
            ("ORDERCHAT_LISTEN", self.listen),
            ("ORDERCHAT_METRICS_LISTEN", self.metrics_listen),
        ] {
            if !self.rate_limits && !address.ip().is_loopback() {
                problems.push(format!(
                    "ORDERCHAT_RATE_LIMITS is off and {name} is {address}: without rate limits \
                     every listener must be on a loopback address, such as 127.0.0.1"
                ));
            }
        }
        if let BusLocation::Nats(_) = self.bus {
            self.check_several_nodes(problems);
        }
        if self.listen == self.metrics_listen && self.listen.port() != 0 {
            problems.push(format!(
                "ORDERCHAT_LISTEN and ORDERCHAT_METRICS_LISTEN are both {}: metrics have a \
                 listener of their own, give it another port",
                self.listen
            ));
        }
        if self.shutdown_grace < self.request_deadline {
            problems.push(format!(
                "ORDERCHAT_SHUTDOWN_GRACE ({:?}) is shorter than ORDERCHAT_REQUEST_DEADLINE \
                 ({:?}): accepted requests could not be answered before the end",
                self.shutdown_grace, self.request_deadline
            ));
        }
    }

    /// What nodes must share for a bus between them to make sense.
    fn check_several_nodes(&self, problems: &mut Vec<String>) {
        let listed = self.listing().find(|listed| listed.name == "ORDERCHAT_BUS");
        let bus = listed.map_or_else(String::new, |listed| {
            format!("ORDERCHAT_BUS is {}", listed.value)
        });
        if let Database::Sqlite(path) = &self.database {
            problems.push(format!(
                "{bus} and ORDERCHAT_DATABASE is sqlite:{}: nodes cannot share a SQLite file; give \
                 all of them one postgres:// database, or set ORDERCHAT_BUS to local",
                path.display()
            ));
        }
        if self.signing_key.is_none() {
            problems.push(format!(
                "{bus} and ORDERCHAT_SIGNING_KEY is not given: nodes sign with one key; make one \
                 with: openssl genpkey -algorithm ed25519 -out orderchat-signing.key, and give it to \
                 all of them"
            ));
        }
    }
}

#[cfg(test)]
mod tests;
