//! Events that wait for their order.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::every;
use crate::chat::Chat;
use crate::net::spawn;
use crate::orders::take_arrived;

/// How often it is looked whether an order has arrived that events wait for.
const EVERY: Duration = Duration::from_secs(10);

/// Starts the job. It ends when `stop` is cancelled.
pub(super) fn start(chat: &Chat, stop: &CancellationToken) {
    let chat = chat.clone();
    let take = move || {
        let chat = chat.clone();
        async move { take_arrived(&chat).await }
    };
    spawn(
        "order-events",
        every("order-events", EVERY, stop.clone(), take),
    );
}
