//! Those who follow the log of all rooms: a loop each, woken by this node's writes and, for other
//! nodes', by a timer.

use std::time::Duration;

use orderchat_store::follow::{self, Follower, Step};
use orderchat_store::search::{Indexer, merge};
use orderchat_store::statistics::Statistics;
use orderchat_store::{Result, Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::chat::Chat;
use crate::net::spawn;

/// How often a follower looks for what other nodes wrote.
const EVERY: Duration = Duration::from_secs(1);
/// Rest after each look, so that writes gather: a step for many costs little more than for one.
const REST: Duration = Duration::from_millis(200);

/// Starts every follower. They end when `stop` is cancelled.
pub(super) fn start(chat: &Chat, stop: &CancellationToken) {
    let store = chat.store();
    let index = async |store: &Store| match store.follow(&Indexer).await? {
        Step::Moved => {
            while merge(store).await? == Step::Moved {}
            Ok(Step::Moved)
        }
        Step::Idle => Ok(Step::Idle),
    };
    spawn(
        Indexer::NAME,
        run(Indexer::NAME, store.clone(), stop.clone(), index),
    );
    let count = async |store: &Store| store.follow(&Statistics).await;
    spawn(
        Statistics::NAME,
        run(Statistics::NAME, store.clone(), stop.clone(), count),
    );
}

/// Steps as long as there is something to be done, then waits for more. What failed is done again
/// after a rest: the position has not moved.
async fn run<S>(name: &'static str, store: Store, stop: CancellationToken, step: S)
where
    S: AsyncFn(&Store) -> Result<Step>,
{
    let mut commits = store.commits();
    while !stop.is_cancelled() {
        commits.mark_unchanged();
        match step(&store).await {
            Ok(Step::Moved) => continue,
            Ok(Step::Idle) => {}
            Err(error) => tracing::warn!(follower = name, %error, "a follower failed; it goes on"),
        }
        report(name, &store).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REST) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = commits.changed() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// How many entries the follower is behind.
async fn report(name: &'static str, store: &Store) {
    let lag = store
        .read::<_, StoreError, _>(move |tx| follow::lag(tx, name))
        .await;
    if let Ok(lag) = lag {
        metrics::gauge!("orderchat_follower_lag_entries", "follower" => name).set(lag as f64);
    }
}
