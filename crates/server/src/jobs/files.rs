//! Files that nobody wants: uploads that were begun and left, or never sent.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::media::Media;
use crate::net::spawn;

/// How often it is looked for them.
const EVERY: Duration = Duration::from_secs(10);

/// Starts the job. It ends when `stop` is cancelled.
pub(super) fn start(media: &Media, stop: &CancellationToken) {
    spawn("files", sweep(media.clone(), stop.clone()));
}

async fn sweep(media: Media, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        loop {
            match media.sweep().await {
                Ok(true) if !stop.is_cancelled() => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(job = "files", %error, "a job failed; it is tried again later");
                    break;
                }
            }
        }
    }
}
