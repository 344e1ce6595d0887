//! When users were last seen. Kept in memory, written down by [`Chat::write_presence`]: presence is
//! best effort and never slows a message.

use std::collections::HashMap;

use orderchat_domain::Millis;
use parking_lot::Mutex;

use super::{Chat, Result};

/// Users whose time is kept at most before it is written; beyond it the newest are forgotten,
/// which makes `last_seen` stale, nothing else.
const KEPT: usize = 100_000;

#[derive(Debug, Default)]
pub(crate) struct Presence {
    seen: Mutex<HashMap<i64, Seen>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Millis,
    written: bool,
}

impl Presence {
    pub(super) fn note(&self, user: i64, now: Millis) {
        let mut seen = self.seen.lock();
        if seen.len() < KEPT || seen.contains_key(&user) {
            seen.insert(
                user,
                Seen {
                    at: now,
                    written: false,
                },
            );
        }
    }

    pub(super) fn last_seen(&self, user: i64) -> Option<Millis> {
        self.seen.lock().get(&user).map(|seen| seen.at)
    }

    fn unwritten(&self) -> Vec<(i64, Millis)> {
        let seen = self.seen.lock();
        let mut unwritten: Vec<_> = seen
            .iter()
            .filter(|(_, seen)| !seen.written)
            .map(|(user, seen)| (*user, seen.at))
            .collect();
        // In one order everywhere, so that two nodes never wait for each other's rows.
        unwritten.sort_unstable_by_key(|(user, _)| *user);
        unwritten
    }

    /// Marks as written what has not changed since, and forgets who was written before.
    fn written(&self, done: &[(i64, Millis)]) {
        let mut seen = self.seen.lock();
        seen.retain(|_, seen| !seen.written);
        for (user, at) in done {
            if let Some(seen) = seen.get_mut(user)
                && seen.at == *at
            {
                seen.written = true;
            }
        }
    }
}

impl Chat {
    /// Writes down who was seen. Called by the app every half minute, so that `last_seen` is at
    /// most a minute stale after a crash, and once at the end.
    pub(crate) async fn write_presence(&self) -> Result<()> {
        let seen = self.0.presence.unwritten();
        if seen.is_empty() {
            return Ok(());
        }
        let rows = seen.clone();
        self.write_anyway(None, move |tx| Ok(orderchat_store::users::seen(tx, &rows)?))
            .await?;
        self.0.presence.written(&seen);
        Ok(())
    }
}
