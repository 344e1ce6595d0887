//! The home of randomness: nothing else asks the operating system for it.

use uuid::Uuid;

/// `N` bytes fit for keys, salts and tokens.
///
/// # Panics
/// When the operating system has no randomness to give. Going on with anything weaker would make
/// keys that can be guessed.
#[expect(clippy::disallowed_methods, reason = "the home of randomness")]
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// An id that sorts by `now_ms` (a time before 1970 counts as 1970).
///
/// # Panics
/// As [`bytes`].
pub(crate) fn uuid_v7(now_ms: i64) -> Uuid {
    let millis = u64::try_from(now_ms).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_later_milliseconds_sort_later() {
        assert!(uuid_v7(1_700_000_000_000) < uuid_v7(1_700_000_000_001));
    }

    #[test]
    fn ids_of_one_millisecond_differ() {
        assert_ne!(uuid_v7(1_700_000_000_000), uuid_v7(1_700_000_000_000));
    }

    #[test]
    fn a_time_before_1970_counts_as_1970() {
        assert_eq!(uuid_v7(-1).as_bytes()[..6], [0; 6]);
    }
}
