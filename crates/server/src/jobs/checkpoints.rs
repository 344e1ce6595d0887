//! Signs how far every chain has come.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::every;
use crate::chat::Chat;
use crate::net::spawn;
use crate::signing::SigningKey;

/// Signs a checkpoint every `period` in which anything changed, on one of the nodes, until stopped.
pub(super) fn start(chat: &Chat, key: SigningKey, period: Duration, stop: &CancellationToken) {
    // A little less than the period: the node whose turn it was keeps it.
    let not_within = i64::try_from(period.as_millis() * 9 / 10).unwrap_or(i64::MAX);
    let chat = chat.clone();
    let sign = move || {
        let (chat, key) = (chat.clone(), key.clone());
        async move { chat.sign_checkpoint(&key, not_within).await }
    };
    spawn(
        "checkpoints",
        every("checkpoints", period, stop.clone(), sign),
    );
}
