//! Files that nobody wants: uploads that were begun and left, or never sent. And files that wait for
//! the scanner.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::media::Media;
use crate::net::spawn;

/// How often it is looked for them.
const EVERY: Duration = Duration::from_secs(10);

/// The pause after the scanner failed.
const AGAIN: Duration = Duration::from_secs(1);

/// Starts the jobs. They end when `stop` is cancelled.
pub(super) fn start(media: &Media, stop: &CancellationToken) {
    spawn("files", sweep(media.clone(), stop.clone()));
    spawn("scanner", scan(media.clone(), stop.clone()));
}

async fn scan(media: Media, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = media.scan_due() => {}
        }
        if let Err(error) = media.scan_waiting().await {
            tracing::warn!(job = "scanner", %error, "files wait for the scanner; it is asked again");
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }
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
