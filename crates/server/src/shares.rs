//! So many of something at once for each: what a person has under way, who has not said who they are.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;

/// How many each has; who has none takes no memory. Clones are the same ones.
#[derive(Debug)]
pub(crate) struct Shares<K>(Arc<Mutex<HashMap<K, usize>>>);

/// One of them, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Share<K: Eq + Hash> {
    of: Shares<K>,
    key: K,
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Copy + Eq + Hash> Shares<K> {
    /// One more; `None` where there are `most` already.
    pub(crate) fn take(&self, key: K, most: usize) -> Option<Share<K>> {
        let mut counts = self.0.lock();
        let count = counts.get(&key).copied().unwrap_or(0);
        if count >= most {
            return None;
        }
        counts.insert(key, count + 1);
        drop(counts);
        Some(Share {
            of: self.clone(),
            key,
        })
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut counts = self.of.0.lock();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_so_many_at_once_and_gives_them_back() {
        let shares = Shares::default();
        let held: Vec<_> = (0..2).map(|_| shares.take(1, 2)).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(shares.take(1, 2).is_none());
        assert!(shares.take(2, 2).is_some(), "others have theirs");
        drop(held);
        assert!(shares.take(1, 2).is_some());
        assert!(
            shares.0.lock().is_empty(),
            "nothing is kept of who has none"
        );
    }
}
