use std::collections::HashMap;

use orderchat_domain::Millis;
use parking_lot::Mutex;

/// Users whose going is yet to be told at most; beyond them it is not told.
const MOST: usize = 50_000;

/// Users who went, and when they were last seen: they count as online for a while.
#[derive(Debug, Default)]
pub(crate) struct Fading(Mutex<HashMap<i64, Millis>>);

impl Fading {
    pub(crate) fn add(&self, user: i64, seen: Millis) {
        let mut fading = self.0.lock();
        if fading.len() < MOST {
            fading.insert(user, seen);
        }
    }

    /// They came back. `true` when they had not been told to be gone.
    pub(crate) fn remove(&self, user: i64) -> bool {
        self.0.lock().remove(&user).is_some()
    }

    /// Those who were last seen so that `is_over` says so, who are taken out.
    pub(crate) fn take(&self, is_over: impl Fn(Millis) -> bool) -> Vec<(i64, Millis)> {
        let mut fading = self.0.lock();
        let over: Vec<_> = fading
            .iter()
            .filter(|(_, seen)| is_over(**seen))
            .map(|(user, seen)| (*user, *seen))
            .collect();
        for (user, _) in &over {
            fading.remove(user);
        }
        over
    }
}
