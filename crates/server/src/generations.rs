//! A map that cannot grow without bound: what was not used lately is forgotten.

use std::collections::HashMap;
use std::hash::Hash;

/// Two generations of a map. New and used entries live in the young one; when it is full, it
/// becomes the old one and what the old one still held is forgotten. So at least the `capacity`
/// entries used last are there, never more than twice as many, and no timer is needed.
#[derive(Debug)]
pub(crate) struct Generations<K, V> {
    capacity: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    /// `capacity` is at least 1.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// The entry, which now counts as used.
    pub(crate) fn get(&mut self, key: &K) -> Option<&V> {
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.insert(key, value);
        }
        self.young.get(key)
    }

    /// Puts the entry in, in place of an earlier one.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.capacity && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entries_used_last_are_kept() {
        let mut map = Generations::new(100);
        for n in 0..100_000 {
            map.insert(n, n);
            assert_eq!(map.get(&0).copied(), Some(0), "forgotten at {n}");
        }
        assert!((99_901..100_000).all(|n| map.get(&n).is_some()));
    }

    #[test]
    fn it_never_holds_more_than_twice_its_capacity() {
        let mut map = Generations::new(10);
        for n in 0..1_000 {
            map.insert(n, ());
            map.get(&(n / 2));
            assert!(map.len() <= 20);
        }
    }

    #[test]
    fn an_entry_is_there_once() {
        let mut map = Generations::new(2);
        map.insert("a", 1);
        map.insert("b", 1);
        map.insert("c", 1);
        map.insert("a", 2);
        assert_eq!(map.get(&"a"), Some(&2));
        map.remove(&"a");
        assert_eq!(map.get(&"a"), None);
        assert_eq!(map.len(), 2);
    }
}
