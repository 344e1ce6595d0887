//! The home of time: nothing else asks the machine's clocks (`clippy.toml` holds the rule).
//!
//! Rules never ask: whoever runs a command reads the clock once and passes the value in.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z by the wall clock, which may jump either way.
#[expect(clippy::disallowed_methods, reason = "the home of the wall clock")]
pub(crate) fn now_ms() -> i64 {
    let now = SystemTime::now();
    match now.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

/// A point on the clock that never runs backwards: for durations and deadlines.
#[expect(clippy::disallowed_methods, reason = "the home of the monotone clock")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// The same, for what waits until then.
pub(crate) fn instant() -> tokio::time::Instant {
    monotonic().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_counts_milliseconds_of_this_century() {
        let year_2020 = 1_577_836_800_000;
        let year_2100 = 4_102_444_800_000;
        assert!((year_2020..year_2100).contains(&now_ms()));
    }

    #[test]
    fn the_monotone_clock_does_not_run_backwards() {
        let first = monotonic();
        assert!(monotonic() >= first);
    }
}
