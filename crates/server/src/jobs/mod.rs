//! What happens without being asked for, beside the requests. Each job is a loop of its own that
//! ends with the server; what it does is a command of `chat`, like any other.

mod checkpoints;
mod files;
mod followers;
mod order_events;
mod policy;
mod timers;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::chat::{Chat, Result};
use crate::media::Media;
use crate::net::spawn;
use crate::signing::SigningKey;

/// How often it is written down who was seen: `last_seen` is at most a minute stale.
const PRESENCE_EVERY: Duration = Duration::from_secs(30);

/// What the jobs need beside the commands.
#[derive(Clone, Debug)]
pub(crate) struct Needs {
    pub(crate) signing_key: SigningKey,
    pub(crate) checkpoint_every: Duration,
    pub(crate) media: Media,
}

/// Starts every job. They end when `stop` is cancelled.
pub(crate) fn start(chat: &Chat, needs: Needs, stop: &CancellationToken) {
    checkpoints::start(chat, needs.signing_key, needs.checkpoint_every, stop);
    files::start(&needs.media, stop);
    let presence = chat.clone();
    let write_presence = move || {
        let chat = presence.clone();
        async move { chat.write_presence().await }
    };
    spawn(
        "presence",
        every("presence", PRESENCE_EVERY, stop.clone(), write_presence),
    );
    spawn("timers", timers::run(chat.clone(), stop.clone()));
    spawn("policy", policy::run(chat.clone(), stop.clone()));
    order_events::start(chat, stop);
    followers::start(chat, stop);
}

/// Does `step` at once and then every `period`, until stopped. A failure is logged under `name`,
/// and the step tried again a period later.
async fn every<S, F>(name: &'static str, period: Duration, stop: CancellationToken, step: S)
where
    S: Fn() -> F + Send,
    F: Future<Output = Result<()>> + Send,
{
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = step().await {
            tracing::warn!(job = name, %error, "a job failed; it is tried again later");
        }
    }
}
