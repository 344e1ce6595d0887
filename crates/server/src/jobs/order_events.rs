//! Events that wait for their order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orderchat_domain::time::MINUTE;
use tokio_util::sync::CancellationToken;

use super::every;
use crate::chat::Chat;
use crate::net::spawn;
use crate::orders::take_arrived;

/// How often it is looked whether an order has arrived that events wait for.
const EVERY: Duration = Duration::from_secs(10);
/// An event misses its order only where both come at the same moment: what came within this time, in
/// milliseconds, is looked through.
const NEW: i64 = 10 * MINUTE;
/// One look in so many, the first among them, is through all that waits: what could not be taken, and
/// what came before a stop.
const ALL_ONCE_IN: u64 = 360;

/// Starts the job. It ends when `stop` is cancelled.
pub(super) fn start(chat: &Chat, stop: &CancellationToken) {
    let chat = chat.clone();
    let looks = AtomicU64::new(0);
    let take = move || {
        let chat = chat.clone();
        let look = looks.fetch_add(1, Ordering::Relaxed);
        let within = if look.is_multiple_of(ALL_ONCE_IN) {
            i64::MAX
        } else {
            NEW
        };
        async move { take_arrived(&chat, within).await }
    };
    spawn(
        "order-events",
        every("order-events", EVERY, stop.clone(), take),
    );
}
