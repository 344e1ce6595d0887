//! The order policy: what another node has put into force is taken, and the rooms brought after it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::chat::{Chat, Result};

/// How often it is looked whether another node has a newer policy, or rooms are left to bring after
/// the one in force.
const EVERY: Duration = Duration::from_secs(2);
/// Rest between two steps, so that people's writes come between them.
const REST: Duration = Duration::from_millis(10);

/// Runs until stopped.
pub(super) async fn run(chat: Chat, stop: CancellationToken) {
    loop {
        let rest = match step(&chat).await {
            Ok(true) => REST,
            Ok(false) => EVERY,
            Err(error) => {
                tracing::error!(%error, "the order policy could not be followed; tried again");
                EVERY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Whether there is more to do.
async fn step(chat: &Chat) -> Result<bool> {
    if let Some(version) = chat.follow_newest_policy().await? {
        tracing::warn!(
            version,
            "another node has a newer order policy: it is in force here now"
        );
    }
    chat.apply_policy().await
}
