//! The order policy that the settings name: read at the start and on SIGHUP, and looked at by
//! `orderchat policy …`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use orderchat_domain::policy::{OrderPolicy, Settled, simulate as domain};
use orderchat_domain::room::RoomStatus;
use orderchat_domain::{Millis, Refusal};
use serde_json::Value;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use super::out::{print, print_line};
use crate::chat::Chat;
use crate::chat::policy::Taken;
use crate::config::Settings;
use crate::orders::Event;

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

/// Reads the policy again whenever `hang_up` asks for it, until stopped. A file with mistakes is
/// refused whole, and the policy in force stays.
pub(super) async fn reload_on_signal(
    mut hang_up: Signal,
    settings: Arc<Settings>,
    chat: Chat,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            asked = hang_up.recv() => if asked.is_none() { return },
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
}

async fn reload(settings: &Settings, chat: &Chat) -> anyhow::Result<Taken> {
    Ok(chat.take_policy(given(settings)?).await?)
}

/// `orderchat policy simulate FILE ORDER.jsonl`
pub(crate) fn simulate(file: &Path, order: &Path) -> anyhow::Result<ExitCode> {
    let policy = read(file).with_context(|| format!("{} is refused", file.display()))?;
    let shown = order.display();
    let text = std::fs::read_to_string(order).with_context(|| format!("{shown} cannot be read"))?;
    let lines = text.lines().enumerate();
    let told = lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| told(line).with_context(|| format!("{shown}, line {}", number + 1)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    print(&table(&domain::simulate(&policy, &told)))?;
    Ok(ExitCode::SUCCESS)
}

/// One event of the recorded order, which must say when it was.
fn told(line: &str) -> anyhow::Result<domain::Told> {
    let value: Value = serde_json::from_str(line).context("this is no JSON")?;
    let event = Event::parse(&value).map_err(|refusal| match &refusal {
        Refusal::Invalid { errors, .. } if !errors.is_empty() => {
            anyhow::anyhow!("{} {}", errors[0].pointer, errors[0].detail)
        }
        _ => refusal.into(),
    })?;
    let time = value.get("time").and_then(Value::as_str);
    let at = time
        .and_then(Millis::parse)
        .context("/time is missing: when was it?")?;
    let status = event
        .report
        .as_ref()
        .and_then(|report| report.status.clone());
    let what = match status {
        Some(status) => format!("{} {status}", event.kind),
        None => event.kind,
    };
    Ok(domain::Told {
        at,
        what,
        report: event.report,
    })
}

/// `rwa`: who may read, write and attach. Staff always may.
fn table(moments: &[domain::Moment]) -> String {
    let mut table = format!("{:<21}{:<18}{:<10}", "time", "status", "room");
    for who in domain::SHOWN {
        table.push_str(&format!("{:<10}", who.as_str()));
    }
    table.push_str("what happened\n");
    for moment in moments {
        let at = moment.at.to_string().replace('T', " ");
        let at = at.split('.').next().unwrap_or_default();
        let status = moment.status.as_deref().unwrap_or("-");
        let room = moment.room.map_or("-", RoomStatus::as_str);
        table.push_str(&format!("{at:<21}{status:<18}{room:<10}"));
        for may in moment.may {
            let letter = |may: bool, letter| if may { letter } else { '-' };
            let [r, w, a] = [
                letter(may.read, 'r'),
                letter(may.write, 'w'),
                letter(may.attach, 'a'),
            ];
            table.push_str(&format!("{r}{w}{a}       "));
        }
        table.push_str(&format!("{}\n", moment.what));
    }
    table
}

/// `orderchat policy check FILE`
pub(crate) fn check(file: &Path) -> anyhow::Result<ExitCode> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{shown} cannot be read"))?;
    match OrderPolicy::parse(&text) {
        Ok(policy) => {
            let statuses: Vec<_> = policy.statuses().collect();
            print_line(&format!("{shown}: good, version {}", policy.version))?;
            print_line(&format!("statuses: {}", statuses.join(", ")))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(mistakes) => {
            for mistake in &mistakes.0 {
                print_line(&format!("{shown}: {mistake}"))?;
            }
            Ok(ExitCode::FAILURE)
        }
    }
}
