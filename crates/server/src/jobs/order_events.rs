//! Events that wait for their order.

use std::sync::Arc;
use std::time::Duration;

use orderchat_domain::time::MINUTE;
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::every;
use crate::chat::Chat;
use crate::clock;
use crate::net::spawn;
use crate::orders::take_arrived;

/// How often it is looked whether an order has arrived that events wait for.
const EVERY: Duration = Duration::from_secs(10);
/// An event misses its order only where both come at the same moment: what came within this time, in
/// milliseconds, is looked through.
const NEW: i64 = 10 * MINUTE;
/// How often all that waits is looked through, the first time at once: what could not be taken, and
/// what came before a stop.
const ALL_EVERY: Duration = Duration::from_secs(60 * 60);

/// Starts the job. It ends when `stop` is cancelled.
pub(super) fn start(chat: &Chat, stop: &CancellationToken) {
    let chat = chat.clone();
    // When all were looked through last, to the end.
    let last: Arc<Mutex<Option<Instant>>> = Arc::default();
    let take = move || {
        let (chat, last) = (chat.clone(), Arc::clone(&last));
        async move {
            let began = clock::instant();
            let all = last.lock().is_none_or(|last| last + ALL_EVERY <= began);
            let done = take_arrived(&chat, if all { i64::MAX } else { NEW }).await;
            if all && done.is_ok() {
                *last.lock() = Some(began);
            }
            done
        }
    };
    spawn(
        "order-events",
        every("order-events", EVERY, stop.clone(), take),
    );
}
