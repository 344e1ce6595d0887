//! `orderchat doctor`: what is configured, what it means, what is wrong and how to mend it.

use std::fmt;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::process::ExitCode;

use orderchat_store::copy::folder_of;
use orderchat_store::restore::EPOCH;
use orderchat_store::{Disk, Store, StoreError, meta, newest_schema};

use super::keys::{ANOTHER_SIGNED, another_signed, own_public_key};
use super::out::{print, print_line};
use super::private::{self, Openness, PrivateFile};
use super::{options, runtime, verifier};
use crate::bus::check as check_bus;
use crate::config::{BusLocation, ConfigError, Database, Settings};

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

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.remedy.is_some() {
            "WRONG"
        } else {
            "good "
        };
        writeln!(f, "{mark}  {}: {}", self.what, self.found)?;
        writeln!(f, "       {}", self.meaning)?;
        self.remedy
            .iter()
            .try_for_each(|remedy| writeln!(f, "       → {remedy}"))
    }
}

/// Looks at everything and prints it; fails when something is to be done.
pub(crate) fn doctor(settings: Result<Settings, ConfigError>) -> anyhow::Result<ExitCode> {
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            let wrong = |problem| format!("WRONG  configuration\n       {problem}\n");
            print(&error.problems.iter().map(wrong).collect::<String>())?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let listed = settings.listing().map(|setting| {
        format!(
            "       {} = {} ({})\n       {}\n",
            setting.name, setting.value, setting.source, setting.meaning
        )
    });
    // At once: what comes takes a while.
    print(&listed.collect::<String>())?;
    let mut findings = vec![open_files()];
    findings.extend(private_files(&settings));
    findings.extend(free_space(&settings));
    findings.extend(unwritable(&settings));
    findings.push(order_policy(&settings));
    runtime()?.block_on(async {
        findings.push(keys(&settings).await);
        findings.push(signing_key(&settings));
        findings.extend(database(&settings).await);
        findings.push(storage(&settings).await);
        findings.extend(scanner(&settings).await);
        findings.push(bus(&settings).await);
    });
    print(&findings.iter().map(Finding::to_string).collect::<String>())?;
    let wrong = findings.iter().filter(|one| one.remedy.is_some()).count();
    print_line(&match wrong {
        0 => format!("all {} good", findings.len()),
        _ => format!("{wrong} of {} WRONG", findings.len()),
    })?;
    Ok(ExitCode::from(u8::from(wrong > 0)))
}

/// That SQLite could not write, if so: to its file, or beside it.
fn unwritable(settings: &Settings) -> Option<Finding> {
    let Database::Sqlite(file) = &settings.database else {
        return None;
    };
    let to_file = || match OpenOptions::new().write(true).open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        opened => opened.map(drop),
    };
    // It has no name, and is gone when it is closed.
    let error = tempfile::tempfile_in(folder_of(file))
        .map(drop)
        .and_then(|()| to_file())
        .err()?;
    let found = format!("{} cannot be written: {error}", file.display());
    let meaning = "the database and what lies beside it are written all the time";
    let remedy = "let the server's user write to the file and its folder";
    Some(Finding::bad("database file", found, meaning, remedy))
}

/// What the database has left to grow into; of PostgreSQL's disk nothing is known here.
fn free_space(settings: &Settings) -> Option<Finding> {
    const MIB: u64 = 1024 * 1024;
    let Database::Sqlite(file) = &settings.database else {
        return None;
    };
    let meaning = "below ORDERCHAT_DISK_RESERVE nothing new is taken (507)";
    let disk = match Disk::of(file) {
        Ok(disk) => disk,
        Err(error) => {
            let remedy = "check that the folder of ORDERCHAT_DATABASE exists";
            let found = format!("unknown: {error}");
            return Some(Finding::bad("free space", found, meaning, remedy));
        }
    };
    let kept = disk.kept(settings.disk_reserve as u64);
    let found = format!("{} of {} MiB", disk.free / MIB, disk.all / MIB);
    Some(if disk.free < kept {
        let remedy = format!(
            "make room on the disk of {}: {} MiB are to be kept free",
            file.display(),
            kept.div_ceil(MIB)
        );
        Finding::bad("free space", found, meaning, remedy)
    } else {
        Finding::good("free space", found, meaning)
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
    let meaning = "it holds private data or secrets";
    let look = |file: PrivateFile| {
        let Openness { mode, is_open } = file.openness().ok()??;
        let (what, found) = (file.path.display().to_string(), format!("mode {mode:04o}"));
        Some(if is_open {
            Finding::bad(&what, found, meaning, format!("chmod 600 {what}"))
        } else {
            Finding::good(&what, found, meaning)
        })
    };
    let files = private::files(settings).into_iter();
    files.filter_map(look).collect()
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
        Ok(verifier) if verifier.has_keys() => Finding::good("keys", "loaded", meaning),
        Ok(_) => {
            let remedy =
                "check ORDERCHAT_AUTH_JWKS, and that its server answers; serve tries it again";
            Finding::bad("keys", "the key set could not be fetched", meaning, remedy)
        }
        Err(error) => {
            let remedy = "check ORDERCHAT_AUTH_SECRET or ORDERCHAT_AUTH_JWKS";
            Finding::bad("keys", error.to_string(), meaning, remedy)
        }
    }
}

/// Looks at the database and changes nothing: one that is not there or is older is left to `serve`.
async fn database(settings: &Settings) -> Vec<Finding> {
    let unusable = |error: StoreError| {
        let meaning = "nothing works without it";
        let remedy = "check ORDERCHAT_DATABASE, and that the server runs and lets us in";
        vec![Finding::bad("database", error.to_string(), meaning, remedy)]
    };
    let options = options(settings);
    let newest = newest_schema();
    let version = match Store::schema(&options).await {
        Ok(Some(version)) => version,
        Ok(None) => {
            let found = "nothing is in it yet";
            return vec![Finding::good(
                "database",
                found,
                "serve makes what it needs",
            )];
        }
        Err(error) => return unusable(error),
    };
    let schema = format!("version {version}, this program's is {newest}");
    if version < newest {
        let meaning = "serve and migrate bring it up; make a backup first";
        return vec![Finding::good("schema", schema, meaning)];
    }
    let store = match Store::open_to_read(&options).await {
        Ok(store) => store,
        Err(error) => return unusable(error),
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
    findings.extend(signed_by_another(settings, &store).await);
    let meaning = "the newest this program knows";
    findings.push(Finding::good("schema", schema, meaning));
    findings
}

/// That the newest checkpoint is not of the key that these settings name, if so.
async fn signed_by_another(settings: &Settings, store: &Store) -> Option<Finding> {
    let own = own_public_key(settings).ok()??;
    let is_of_another = another_signed(store, &own).await.ok()?;
    let found = "the newest checkpoint was signed with another key";
    let meaning = "the record verifies with neither alone";
    let finding = || Finding::bad("signing key", found, meaning, ANOTHER_SIGNED);
    is_of_another.then(finding)
}

/// Whether files can be stored and read.
async fn storage(settings: &Settings) -> Finding {
    let meaning =
        "files lie there; without it messages go on, uploads and downloads are answered 503";
    let tried = match super::files::storage(settings) {
        Ok(blobs) => blobs.try_out(settings.storage_redirect).await,
        Err(error) => Err(error),
    };
    match tried {
        Ok(true) => {
            let found = "wrote a file, read it, also as clients are sent to it, and deleted it";
            Finding::good("storage", found, meaning)
        }
        Ok(false) => Finding::good("storage", "wrote, read and deleted a file", meaning),
        Err(error) => {
            let remedy = "check ORDERCHAT_STORAGE: that the folder can be written, or that the bucket \
                          is there and the AWS_* variables let us in";
            Finding::bad("storage", format!("{error:#}"), meaning, remedy)
        }
    }
}

/// Whether ClamAV answers, where files are scanned.
async fn scanner(settings: &Settings) -> Option<Finding> {
    let meaning = "files are served once it found nothing in them; while it is away they wait";
    let scanner = super::files::scanner(settings)?;
    Some(match scanner.ping().await {
        Ok(()) => Finding::good("scanner", "clamd answers", meaning),
        Err(error) => {
            let remedy = "check ORDERCHAT_CLAMAV, and that clamd runs and lets us in";
            Finding::bad("scanner", error.to_string(), meaning, remedy)
        }
    })
}

/// Whether hints come back by way of NATS. The server works without, so this tells of slowness.
async fn bus(settings: &Settings) -> Finding {
    let BusLocation::Nats(address) = &settings.bus else {
        return Finding::good("bus", "local", "this node is alone on its database");
    };
    let meaning = "nodes tell each other by it; without it others' news come up to 2 s later";
    match check_bus(address, &epoch(settings).await).await {
        Ok(()) => Finding::good("bus", "NATS passes on what this node says", meaning),
        Err(error) => {
            let remedy = "check ORDERCHAT_BUS: that NATS runs there, knows this user or token, lets \
                          it publish and subscribe orderchat.>, and with TLS has a certificate \
                          that this machine trusts";
            Finding::bad("bus", error.to_string(), meaning, remedy)
        }
    }
}

/// The epoch under which this deployment's nodes speak; while there is none any will do.
async fn epoch(settings: &Settings) -> String {
    let known = async {
        let store = Store::open_to_read(&options(settings)).await?;
        let epoch = store.read::<_, StoreError, _>(|tx| meta::get(tx, EPOCH));
        epoch.await
    };
    let known = known.await.ok().flatten();
    known.unwrap_or_else(|| "doctor".to_owned())
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
