//! When a file that clamd would not judge is sent to it again: after a pause that doubles each time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The first pause of a file.
const FIRST: Duration = Duration::from_secs(10);
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(600);
/// Files whose pauses are known at once. Of more, those that are due first are looked at again sooner.
const KNOWN: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Pause {
    length: Duration,
    until: Instant,
}

/// The files, by their keys, that are not to be looked at yet. Gone with the process.
#[derive(Debug, Default)]
pub(crate) struct Pauses(HashMap<i64, Pause>);

impl Pauses {
    /// Whether the file is to be looked at now.
    pub(super) fn is_due(&self, file: i64, now: Instant) -> bool {
        self.0.get(&file).is_none_or(|pause| pause.until <= now)
    }

    /// The file was not judged. Gives its pause if that is longer than the one before.
    pub(super) fn grow(&mut self, file: i64, now: Instant) -> Option<Duration> {
        let before = self.0.get(&file).map(|pause| pause.length);
        if before.is_none() && self.0.len() >= KNOWN {
            self.forget_first_due();
        }
        let length = before.map_or(FIRST, |before| (before * 2).min(LONGEST));
        let until = now + length;
        self.0.insert(file, Pause { length, until });
        (before != Some(length)).then_some(length)
    }

    /// The file was judged.
    pub(super) fn end(&mut self, file: i64) {
        self.0.remove(&file);
    }

    /// Forgets files that nobody looked for when they were due: they are not there any more.
    pub(super) fn forget_gone(&mut self, now: Instant) {
        self.0.retain(|_, pause| pause.until + LONGEST > now);
    }

    fn forget_first_due(&mut self) {
        let first = self.0.iter().min_by_key(|(_, pause)| pause.until);
        if let Some(file) = first.map(|(file, _)| *file) {
            self.0.remove(&file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_pause_doubles_up_to_ten_minutes_and_is_told_as_long_as_it_grows() {
        let (mut pauses, mut now) = (Pauses::default(), clock::monotonic());
        assert!(pauses.is_due(1, now));
        let mut told = Vec::new();
        for _ in 0..10 {
            told.extend(pauses.grow(1, now).map(|pause| pause.as_secs()));
            assert!(!pauses.is_due(1, now) && pauses.is_due(2, now));
            now += pauses.0[&1].length;
            assert!(pauses.is_due(1, now));
        }
        assert_eq!(told, [10, 20, 40, 80, 160, 320, 600]);
        pauses.end(1);
        assert!(pauses.is_due(1, now));
        assert_eq!(pauses.grow(1, now), Some(FIRST));
    }

    #[test]
    fn files_that_are_gone_are_forgotten_and_others_are_not() {
        let (mut pauses, start) = (Pauses::default(), clock::monotonic());
        pauses.grow(1, start);
        let later = start + LONGEST;
        pauses.grow(2, later);
        pauses.forget_gone(later);
        assert_eq!(pauses.0.len(), 2);
        pauses.forget_gone(later + FIRST);
        assert_eq!(pauses.0.keys().collect::<Vec<_>>(), [&2]);
    }

    #[test]
    fn no_more_are_known_than_there_is_room_for() {
        let (mut pauses, start) = (Pauses::default(), clock::monotonic());
        for file in 0..=KNOWN as i64 {
            let at = start + Duration::from_millis(file as u64);
            assert_eq!(pauses.grow(file, at), Some(FIRST));
        }
        assert_eq!(pauses.0.len(), KNOWN);
        assert!(pauses.is_due(0, start));
        assert!(!pauses.is_due(1, start));
    }
}
