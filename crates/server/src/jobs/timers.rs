//! Timers: rooms close and are archived when the order policy says so.
//!
//! What is due is decided by the wall clock, which may jump; what is waited for is the monotone
//! clock, never longer than [`LONGEST_WAIT`]. So a clock that jumps is noticed within a second, and
//! whatever the jump made due is done then.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use orderchat_domain::Millis;
use orderchat_domain::policy::Step;
use orderchat_store::timers::Timer;
use tokio_util::sync::CancellationToken;

use crate::chat::{Chat, Result};
use crate::clock;

/// The wall clock is asked at least so often.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Timers taken from the database at once.
const BATCH: u32 = 64;
/// Rooms looked at at once: a room that is held must not hold up all others, and after an outage
/// thousands are due. On SQLite they share a commit.
const AT_ONCE: usize = 8;
/// A room that could not be looked at is tried again so much later, in milliseconds.
const RETRY_AFTER: i64 = 5_000;

/// Runs until stopped.
pub(super) async fn run(chat: Chat, stop: CancellationToken) {
    loop {
        let pause = match round(&chat, &stop).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "the timers could not be read; tried again in a second");
                LONGEST_WAIT
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Does what is due, at most [`BATCH`] of it, and says how long there is nothing to do.
async fn round(chat: &Chat, stop: &CancellationToken) -> Result<Duration> {
    let timers = chat.soonest_timers(BATCH).await?;
    let now = Millis(clock::now_ms());
    let late = timers.first().map_or(0, |first| now.0 - first.due_at.0);
    metrics::gauge!("orderchat_timers_late_seconds").set(seconds(late.max(0)));
    let next = timers.iter().find(|timer| timer.due_at > now).copied();
    let is_full = timers.len() == BATCH as usize;
    let due = timers.into_iter().filter(|timer| timer.due_at <= now);
    let all_fired = stream::iter(due)
        .take_until(stop.cancelled())
        .map(|timer| fire(chat, timer))
        .buffer_unordered(AT_ONCE)
        .fold(true, |all, fired| async move { all && fired })
        .await;
    Ok(match next {
        Some(next) => until(next).min(LONGEST_WAIT),
        None if is_full && all_fired => Duration::ZERO,
        None => LONGEST_WAIT,
    })
}

/// Whether the room could be looked at.
async fn fire(chat: &Chat, timer: Timer) -> bool {
    match chat.follow_policy(timer).await {
        Ok(Some(step)) => note(step),
        // Another node was first, or something happened that put it off.
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(room = %timer.id, %error, "a timer failed; it is tried again later");
            let again = Millis(clock::now_ms()).plus(RETRY_AFTER);
            if let Err(error) = chat.postpone_timer(timer, again).await {
                tracing::warn!(room = %timer.id, %error, "a timer could not be put off");
            }
            return false;
        }
    }
    true
}

fn note(step: Step) {
    let late = clock::now_ms() - step.at.0;
    metrics::histogram!("orderchat_timer_late_seconds").record(seconds(late));
}

/// How long from now by the wall clock.
fn until(timer: Timer) -> Duration {
    let ms = timer.due_at.0.saturating_sub(clock::now_ms());
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}
