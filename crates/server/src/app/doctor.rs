//! `orderchat doctor`: what is configured, what it means, what is wrong and how to mend it.

use std::process::ExitCode;

use orderchat_store::Store;

use super::keys::own_public_key;
use super::{options, runtime, verifier};
use crate::config::{ConfigError, Settings};

/// Open files that a server with the default connection limit needs.
const FILES: u64 = 10_500;

/// One thing that was looked at.
struct Finding {
    what: String,
    found: String,
    meaning: String,
    /// `Some` when something is to be done.
    remedy: Option<String>,
}

impl Finding {
    fn good(what: &str, found: impl Into<String>, meaning: &str) -> Self {
        Self {
            what: what.to_owned(),
            found: found.into(),
            meaning: meaning.to_owned(),
            remedy: None,
        }
    }

    fn bad(what: &str, found: impl Into<String>, meaning: &str, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..Self::good(what, found, meaning)
        }
    }
}

/// Looks at everything and prints it; fails when something is to be done.
pub(crate) fn doctor(settings: Result<Settings, ConfigError>) -> anyhow::Result<ExitCode> {
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            for problem in &error.problems {
                println!("WRONG  configuration\n       {problem}");
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    for setting in settings.listing() {
        println!(
            "       {} = {} ({:?})",
            setting.name, setting.value, setting.source
        );
        println!("       {}", setting.meaning);
    }
    let mut findings = vec![open_files()];
    findings.extend(private_files(&settings));
    findings.push(order_policy(&settings));
    runtime()?.block_on(async {
        findings.push(keys(&settings).await);
        findings.push(signing_key(&settings));
        findings.extend(database(&settings).await);
    });
    let mut healthy = true;
    for finding in &findings {
        let mark = if finding.remedy.is_some() {
            "WRONG"
        } else {
            "good "
        };
        println!(
            "{mark}  {}: {}\n       {}",
            finding.what, finding.found, finding.meaning
        );
        if let Some(remedy) = &finding.remedy {
            healthy = false;
            println!("       → {remedy}");
        }
    }
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn open_files() -> Finding {
    let meaning = "every connection is an open file";
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let limit = line.and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    match limit {
        Some(limit) if limit < FILES => {
            let remedy = format!("raise the limit to {FILES} or more: ulimit -n, or LimitNOFILE=");
            Finding::bad("open files", limit.to_string(), meaning, remedy)
        }
        Some(limit) => Finding::good("open files", limit.to_string(), meaning),
        None => Finding::good("open files", "unlimited or unknown", meaning),
    }
}

fn order_policy(settings: &Settings) -> Finding {
    let meaning = "it says who may do what in which status of an order";
    match super::policy::given(settings) {
        Ok(policy) => {
            let found = match &settings.policy {
                Some(file) => format!("{}, version {}", file.display(), policy.version),
                None => "built-in".to_owned(),
            };
            Finding::good("order policy", found, meaning)
        }
        Err(error) => {
            let remedy = "mend it; orderchat policy check FILE says the same";
            Finding::bad("order policy", format!("{error:#}"), meaning, remedy)
        }
    }
}

fn private_files(settings: &Settings) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let meaning = "it holds private data or secrets";
    let look = |path: std::path::PathBuf| {
        let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o777;
        let (what, found) = (path.display().to_string(), format!("mode {mode:04o}"));
        Some(if mode & 0o007 == 0 {
            Finding::good(&what, found, meaning)
        } else {
            Finding::bad(&what, found, meaning, format!("chmod 600 {what}"))
        })
    };
    settings
        .private_files()
        .into_iter()
        .filter_map(look)
        .collect()
}

fn signing_key(settings: &Settings) -> Finding {
    let meaning = "checkpoints are signed with it; keep a copy, and its public part elsewhere";
    let file = settings.signing_key_file();
    let place = file.map_or("in the settings".to_owned(), |file| {
        file.display().to_string()
    });
    match own_public_key(settings) {
        Ok(Some(_)) => Finding::good("signing key", place, meaning),
        Ok(None) if settings.signing_key.is_none() => Finding::good(
            "signing key",
            format!("{place} is not there yet"),
            "serve makes it",
        ),
        Ok(None) => {
            let remedy = format!("make it with: openssl genpkey -algorithm ed25519 -out {place}");
            Finding::bad(
                "signing key",
                format!("{place} is not there"),
                meaning,
                remedy,
            )
        }
        Err(error) => {
            let remedy = "check ORDERCHAT_SIGNING_KEY";
            Finding::bad("signing key", format!("{error:#}"), meaning, remedy)
        }
    }
}

async fn keys(settings: &Settings) -> Finding {
    let meaning = "tokens are verified with them";
    match verifier(settings).await {
        Ok(_) => Finding::good("keys", "loaded", meaning),
        Err(error) => {
            let remedy = "check ORDERCHAT_AUTH_SECRET or ORDERCHAT_AUTH_JWKS";
            Finding::bad("keys", error.to_string(), meaning, remedy)
        }
    }
}

async fn database(settings: &Settings) -> Vec<Finding> {
    let store = match Store::open(&options(&settings.database)).await {
        Ok(store) => store,
        Err(error) => {
            let meaning = "nothing works without it";
            let remedy = "check ORDERCHAT_DATABASE, and that the server runs and lets us in";
            return vec![Finding::bad("database", error.to_string(), meaning, remedy)];
        }
    };
    let mut findings = Vec::new();
    match store.engine().await {
        Ok(engine) => {
            let meaning = if store.file().is_some() {
                "WAL and synchronous=FULL: what was acknowledged survives a power loss"
            } else {
                "durability is PostgreSQL's: keep fsync and synchronous_commit on"
            };
            let found = format!("{} {}", engine.name, engine.version);
            findings.push(Finding::good("database", found, meaning));
        }
        Err(error) => findings.push(Finding::bad(
            "database",
            error.to_string(),
            "it does not answer",
            "look at its own log",
        )),
    }
    findings.extend(durability(&store).await);
    let migrated = store.migrated();
    let found = format!(
        "version {}, {} applied now",
        migrated.version, migrated.applied
    );
    findings.push(Finding::good(
        "schema",
        found,
        "the newest this version knows",
    ));
    findings
}

/// The settings of PostgreSQL on which durability hangs.
async fn durability(store: &Store) -> Vec<Finding> {
    let meaning = "off loses acknowledged messages on a power loss";
    let finding = |(name, value): (&str, String)| match value.as_str() {
        "off" => Finding::bad(
            name,
            value,
            meaning,
            format!("set {name} = on in postgresql.conf"),
        ),
        _ => Finding::good(name, value, meaning),
    };
    store
        .durability()
        .await
        .unwrap_or_default()
        .into_iter()
        .map(finding)
        .collect()
}
