//! The bus that the settings ask for.

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::chat::Chat;
use crate::config::{BusLocation, Settings};
use crate::net;

/// The bus, and the task that drives it until `stop`, if one is needed. NATS need not be there.
pub(super) async fn start(
    settings: &Settings,
    chat: &Chat,
    stop: CancellationToken,
) -> anyhow::Result<(Bus, Option<JoinHandle<()>>)> {
    let BusLocation::Nats(address) = &settings.bus else {
        return Ok((Bus::local(), None));
    };
    let epoch = chat.ensure_epoch().await?;
    let (bus, driver) = Bus::connect(address, &epoch, stop)
        .await
        .context("there is no bus")?;
    Ok((bus, Some(net::spawn("bus", driver))))
}
