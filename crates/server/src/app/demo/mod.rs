//! `orderchat demo`: sample orders of three pharmacies, with their people and what they said, in a
//! temporary folder; nothing to configure. Some more live while it runs.

mod guide;
mod living;
mod people;
mod sample;
mod script;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use orderchat_domain::Millis;
use secrecy::SecretString;

use super::{keys, run, start_logging, verifier};
use crate::config::{BusLocation, Database, Settings, Source, StorageLocation};
use crate::{clock, net, random};

pub(crate) use script::Pace;

/// Serves the sample until a signal ends it; then the folder is gone.
pub(crate) fn demo(mut settings: Settings, pace: Pace) -> anyhow::Result<ExitCode> {
    start_logging(&settings)?;
    let folder = tempfile::Builder::new()
        .prefix("orderchat-demo-")
        .tempdir()?;
    for name in unused(&settings) {
        eprintln!(
            "{name} is not used: the demo has a database, files and keys of its own, in {}",
            folder.path().display()
        );
    }
    settings.database = Database::Sqlite(folder.path().join("orderchat.db"));
    settings.storage = StorageLocation::Folder(folder.path().join("files"));
    settings.bus = BusLocation::Local;
    settings.auth_jwks = None;
    settings.signing_key = None;
    let secret = SecretString::from(super::hex(&random::bytes::<32>()));
    settings.auth_secret = Some(secret.clone());
    super::runtime()?.block_on(async {
        let chat = super::open(&settings).await?;
        let now = Millis(clock::now_ms());
        sample::load(&chat, now)
            .await
            .context("the sample orders cannot be loaded")?;
        let script = script::Script::read()?;
        let verifier = verifier(&settings).await?;
        let key = keys::signing_key(&settings)?;
        let guide = guide::Guide {
            settings: &settings,
            secret: &secret,
            folder: folder.path(),
        };
        let guide = guide.text(&script, pace)?;
        let shop = chat.clone();
        run::run(
            Arc::new(settings),
            chat,
            verifier,
            key,
            move |address, stop| {
                println!("{}", guide.replace("{address}", &address.to_string()));
                if pace.moves() {
                    net::spawn("demo", living::run(shop, script, pace, stop.clone()));
                }
            },
        )
        .await
    })
}

/// Settings that were given and that the demo does not heed.
fn unused(settings: &Settings) -> Vec<&str> {
    const NOT_USED: [&str; 5] = [
        "ORDERCHAT_DATABASE",
        "ORDERCHAT_STORAGE",
        "ORDERCHAT_AUTH_SECRET",
        "ORDERCHAT_AUTH_JWKS",
        "ORDERCHAT_SIGNING_KEY",
    ];
    let given = settings.listing().filter(|setting| {
        setting.source != Source::Default && NOT_USED.contains(&setting.name.as_str())
    });
    given.map(|setting| setting.name.as_str()).collect()
}
