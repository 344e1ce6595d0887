//! `orderchat demo`: sample orders of three pharmacies, with their people and what they said, in a
//! temporary folder; nothing to configure. Some more live while it runs.

mod cast;
mod guide;
mod journey;
mod living;
mod people;
mod sample;
mod script;
mod stage;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use orderchat_domain::Millis;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

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
        let addresses = run::Addresses::take(&settings)?;
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
        let cast = cast::Cast::of(&sample::samples()?, &script)?;
        let settings = Arc::new(settings);
        let in_hand = stage::InHand::default();
        let stage = stage::Stage {
            settings: Arc::clone(&settings),
            secret,
            cast,
            in_hand: in_hand.clone(),
        };
        let more = run::More {
            routes: stage::router(stage),
            is_demo: true,
            hang_up: None,
        };
        let shop = chat.clone();
        let ready = move |address: SocketAddr, stop: &CancellationToken| {
            println!("{}", guide.replace("{address}", &address.to_string()));
            if pace.moves() {
                let lives = living::run(shop, script, pace, in_hand, stop.clone());
                net::spawn("demo", lives);
            }
        };
        run::run(settings, addresses, chat, verifier, key, more, ready).await
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
