//! Puts everything together, once, and runs it: the one module that knows all the others.

mod audit;
mod audit_files;
mod backup;
mod backup_files;
mod bus;
mod chat;
mod demo;
mod doctor;
mod files;
mod keys;
mod live;
mod out;
mod policy;
mod private;
mod restore;
mod run;
mod token;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use orderchat_domain::policy::OrderPolicy;
use orderchat_domain::text::hex;
use orderchat_store::{Alone, Options, Store};
use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};

use crate::auth::{Expected, KeySource, Verifier};
use crate::chat::attachments::FileRules;
use crate::chat::{Chat, Rules};
use crate::config::{Database, JwksLocation, LogFormat, Settings};
use crate::{http, telemetry};

pub(crate) use audit::{
    Wanted as WantedProof, head as audit_head, public_key, verify as audit_verify,
};
pub(crate) use backup::backup;
pub(crate) use chat::{Identity, chat};
pub(crate) use demo::{Pace, demo};
pub(crate) use doctor::doctor;
pub(crate) use out::print_line;
pub(crate) use policy::{check as policy_check, simulate as policy_simulate};
pub(crate) use restore::{Wanted as WantedRestore, restore};
pub(crate) use token::{Wanted, token};

/// Serves until a signal ends it.
pub(crate) fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    let hang_up = {
        let _entered = runtime.enter();
        signal(SignalKind::hangup())?
    };
    start_logging(&settings)?;
    private::make_private(&settings)?;
    let alone = match &settings.database {
        Database::Sqlite(file) => Some(Alone::on(file)?),
        Database::Postgres(_) => None,
    };
    let served = runtime.block_on(async {
        let more = run::More {
            hang_up: Some(hang_up),
            ..run::More::default()
        };
        let addresses = run::Addresses::take(&settings)?;
        let verifier = verifier(&settings).await?;
        let chat = open(&settings).await?;
        let key = keys::signing_key(&settings)?;
        keys::note_another(&chat, &key).await?;
        let settings = Arc::new(settings);
        run::run(settings, addresses, chat, verifier, key, more, |_, _| ()).await
    });
    // Whatever still reads or writes the file ends before another server may have it.
    drop(runtime);
    drop(alone);
    served
}

/// Brings the database to this version's schema.
pub(crate) fn migrate(settings: &Settings) -> anyhow::Result<ExitCode> {
    private::make_private(settings)?;
    let store = runtime()?.block_on(open_store(settings))?;
    let migrated = store.migrated();
    println!(
        "schema version {}, {} migrations applied now",
        migrated.version, migrated.applied
    );
    Ok(ExitCode::SUCCESS)
}

/// The OpenAPI document as it is served.
pub(crate) fn openapi() -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&http::document())?)
}

/// The AsyncAPI document as it is served.
pub(crate) fn asyncapi() -> anyhow::Result<String> {
    let document = http::asyncapi::document(&http::document());
    Ok(serde_json::to_string_pretty(&document)?)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")
}

fn start_logging(settings: &Settings) -> anyhow::Result<()> {
    telemetry::init(&settings.log, settings.log_format == LogFormat::Json)
        .context("the log cannot be started")
}

fn options(settings: &Settings) -> Options {
    match &settings.database {
        Database::Sqlite(path) => Options::Sqlite(path.clone()),
        Database::Postgres(url) => Options::Postgres {
            url: url.expose_secret().to_owned(),
            connections: settings.database_connections,
        },
    }
}

/// For what looks at a database and makes none: there must be one.
fn ensure_there(settings: &Settings) -> anyhow::Result<()> {
    if let Database::Sqlite(file) = &settings.database {
        ensure!(
            file.try_exists()?,
            "there is no database {}; check ORDERCHAT_DATABASE, and the folder you are in",
            std::path::absolute(file)?.display()
        );
    }
    Ok(())
}

/// Opens the database that the settings name, to write.
async fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    let opened = Store::open(&options(settings)).await;
    opened.context("ORDERCHAT_DATABASE cannot be opened")
}

/// Opens the database and the commands over it.
async fn open(settings: &Settings) -> anyhow::Result<Chat> {
    // What is refused is refused before there is a database.
    let given = policy::given(settings)?;
    let store = open_store(settings).await?;
    let migrated = store.migrated();
    let engine = store.engine().await?;
    tracing::info!(
        engine = engine.name,
        engine_version = engine.version,
        schema_version = migrated.version,
        migrations_applied = migrated.applied,
        "the database is open"
    );
    store.keep_free(settings.disk_reserve as u64);
    let chat = commands(settings, store);
    chat.ensure_epoch().await?;
    policy::note(settings, chat.take_policy(given).await?);
    Ok(chat)
}

fn commands(settings: &Settings, store: Store) -> Chat {
    let rules = Rules {
        message_length: settings.message_length,
        online_window: millis(settings.online_window),
        files: FileRules {
            largest: settings.max_upload as u64,
            share: settings.file_share as u64,
            unsent: millis(settings.unsent_file),
        },
    };
    Chat::new(store, OrderPolicy::default(), rules)
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

async fn verifier(settings: &Settings) -> anyhow::Result<Verifier> {
    let source = match (&settings.auth_secret, &settings.auth_jwks) {
        (Some(secret), _) => KeySource::Secret(secret.clone()),
        (None, Some(JwksLocation::File(path))) => KeySource::JwksFile(path.clone()),
        (None, Some(JwksLocation::Url(url))) => KeySource::JwksUrl(url.clone()),
        (None, None) => anyhow::bail!("no key to verify tokens with; set ORDERCHAT_AUTH_SECRET"),
    };
    let named = match source {
        KeySource::Secret(_) => "ORDERCHAT_AUTH_SECRET",
        KeySource::JwksFile(_) | KeySource::JwksUrl(_) => "ORDERCHAT_AUTH_JWKS",
    };
    let verifier = Verifier::new(source, expected(settings)).await;
    verifier.context(named)
}

fn expected(settings: &Settings) -> Expected {
    Expected {
        issuer: settings.auth_issuer.clone(),
        audience: settings.auth_audience.clone(),
    }
}
