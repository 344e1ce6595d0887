//! The home of randomness: nothing else asks the operating system for it.

use std::cell::RefCell;

use uuid::Uuid;

/// Drawn from the operating system at once: three system calls for each message would be more than
/// deciding about it takes.
const DRAWN: usize = 4 * 1024;

/// What a thread has drawn and not given out.
struct Drawn {
    bytes: [u8; DRAWN],
    given: usize,
}

thread_local! {
    static OWN: RefCell<Drawn> = const {
        RefCell::new(Drawn {
            bytes: [0; DRAWN],
            given: DRAWN,
        })
    };
}

/// `N` bytes fit for keys, salts and tokens; nothing is kept of them here.
///
/// # Panics
/// When the operating system has no randomness to give. Going on with anything weaker would make
/// keys that can be guessed.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    const { assert!(N <= DRAWN) };
    OWN.with_borrow_mut(|drawn| {
        if DRAWN - drawn.given < N {
            fill(&mut drawn.bytes);
            drawn.given = 0;
        }
        let from = &mut drawn.bytes[drawn.given..drawn.given + N];
        drawn.given += N;
        let mut bytes = [0; N];
        bytes.swap_with_slice(from);
        bytes
    })
}

#[expect(clippy::disallowed_methods, reason = "the home of randomness")]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives randomness");
}

/// An id that sorts by `now_ms` (a time before 1970 counts as 1970).
///
/// # Panics
/// As [`bytes()`].
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
    fn no_bytes_are_given_twice() {
        let many: std::collections::HashSet<[u8; 16]> = (0..2_000).map(|_| bytes()).collect();
        assert_eq!(many.len(), 2_000);
        assert_ne!(bytes::<32>(), [0; 32]);
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
