//! The order policy that the settings name: read at the start and on SIGHUP, and looked at by
//! `orderchat policy …`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use orderchat_domain::policy::{OrderPolicy, Settled};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::chat::Chat;
use crate::chat::policy::Taken;
use crate::config::Settings;

/// Largest policy file.
const LARGEST: usize = 1 << 20;

/// The policy of the settings; the built-in one without a file.
pub(super) fn given(settings: &Settings) -> anyhow::Result<OrderPolicy> {
    match &settings.policy {
        None => Ok(OrderPolicy::default()),
        Some(file) => {
            read(file).with_context(|| format!("ORDERCHAT_POLICY {} is refused", file.display()))
        }
    }
}

/// Reads a policy file; every mistake in it is a line of the error.
pub(super) fn read(file: &Path) -> anyhow::Result<OrderPolicy> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    anyhow::ensure!(
        text.len() <= LARGEST,
        "{} is larger than {LARGEST} bytes",
        file.display()
    );
    Ok(OrderPolicy::parse(&text)?)
}

/// Says which policy is in force when it is not the one that was given.
pub(super) fn note(settings: &Settings, taken: Taken) {
    let file = settings.policy.as_deref();
    let given = file.map_or_else(|| "built-in".to_owned(), |file| file.display().to_string());
    let version = taken.version;
    match taken.settled {
        Settled::Given => tracing::info!(given, version, "the order policy is in force"),
        Settled::Same => {}
        Settled::Stored => tracing::warn!(
            given,
            version,
            "the order policy in the database has a higher version: it is in force, not the one \
             given"
        ),
        Settled::Disputed => tracing::error!(
            given,
            version,
            "the order policy in the database has the same version and says something else: it is \
             in force; to change it, raise the version in the file"
        ),
    }
}

/// Reads the policy again whenever SIGHUP asks for it, until stopped. A file with mistakes is
/// refused whole, and the policy in force stays.
pub(super) fn reload_on_signal(
    settings: Arc<Settings>,
    chat: Chat,
    stop: CancellationToken,
) -> anyhow::Result<impl Future<Output = ()> + Send> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                asked = hangup.recv() => if asked.is_none() { return },
            }
            match reload(&settings, &chat).await {
                Ok(taken) => {
                    note(&settings, taken);
                    tracing::info!(version = taken.version, "the order policy was read again");
                }
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    version = chat.policy().version,
                    "the order policy file is refused; the policy in force stays"
                ),
            }
        }
    })
}

async fn reload(settings: &Settings, chat: &Chat) -> anyhow::Result<Taken> {
    Ok(chat.take_policy(given(settings)?).await?)
}

/// `orderchat policy check FILE`
pub(crate) fn check(file: &Path) -> anyhow::Result<ExitCode> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{shown} cannot be read"))?;
    match OrderPolicy::parse(&text) {
        Ok(policy) => {
            let statuses: Vec<_> = policy.statuses().collect();
            println!("{shown}: good, version {}", policy.version);
            println!("statuses: {}", statuses.join(", "));
            Ok(ExitCode::SUCCESS)
        }
        Err(mistakes) => {
            for mistake in &mistakes.0 {
                println!("{shown}: {mistake}");
            }
            Ok(ExitCode::FAILURE)
        }
    }
}
