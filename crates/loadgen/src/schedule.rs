//! When each request of a load is due, and which of them count.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::Semaphore;

use crate::clock::{monotonic_ns, nanos};

/// After the end of an open loop, how long requests that are overdue are still sent.
const DRAIN: Duration = Duration::from_secs(10);

/// Between setting up and the first request, for all clients to be waiting.
const HEAD_START: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Schedule {
    start_ns: u64,
    counted_from_ns: u64,
    end_ns: u64,
    next: AtomicU64,
    pace: Pace,
}

#[derive(Debug)]
enum Pace {
    Closed,
    Open {
        per_second: u32,
        total: u64,
        sent: AtomicU64,
        /// One permit for every request that is due. Clients wait here rather than on a timer of
        /// their own: tokio's timers round up to whole milliseconds, which would be counted as
        /// the server's.
        due: Arc<Semaphore>,
    },
}

/// Leave to send one request.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) n: u64,
    /// From when its latency counts: now in a closed loop, its appointed time in an open one.
    pub(crate) due_ns: u64,
}

impl Schedule {
    /// Begins at once. An open loop has a thread of its own that ends with the schedule.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn begin(warm_up: Duration, duration: Duration, rate: Option<u32>) -> Result<Self> {
        let start_ns = monotonic_ns() + nanos(HEAD_START);
        let counted_from_ns = start_ns + nanos(warm_up);
        let end_ns = counted_from_ns + nanos(duration);
        let pace = match rate {
            None => Pace::Closed,
            Some(per_second) => {
                let total = due_by(end_ns - start_ns, per_second);
                let due = Arc::new(Semaphore::new(0));
                let permits = Arc::clone(&due);
                std::thread::Builder::new()
                    .name("pacer".into())
                    .spawn(move || release(&permits, start_ns, per_second, total))
                    .context("starting the thread that paces an open loop")?;
                Pace::Open {
                    per_second,
                    total,
                    sent: AtomicU64::new(0),
                    due,
                }
            }
        };
        Ok(Self {
            start_ns,
            counted_from_ns,
            end_ns,
            next: AtomicU64::new(0),
            pace,
        })
    }

    /// Waits for the next request to be due; `None` when the run is over.
    pub(crate) async fn next(&self) -> Option<Turn> {
        match &self.pace {
            Pace::Closed => {
                let now = monotonic_ns();
                let n = self.next.fetch_add(1, Ordering::Relaxed);
                (now < self.end_ns).then_some(Turn { n, due_ns: now })
            }
            Pace::Open {
                per_second,
                total,
                sent,
                due,
            } => {
                if *total == 0 {
                    return None;
                }
                // Closed when the run is abandoned, and with the last turn.
                due.acquire().await.ok()?.forget();
                // Numbered only now: who took a number first may get its permit later than who came next,
                // whose turn would then be over before it is due.
                let n = self.next.fetch_add(1, Ordering::Relaxed);
                if n + 1 == *total {
                    due.close();
                }
                if monotonic_ns() > self.end_ns + nanos(DRAIN) {
                    return None;
                }
                sent.fetch_add(1, Ordering::Relaxed);
                let due_ns = self.start_ns + due_after(n, *per_second);
                Some(Turn { n, due_ns })
            }
        }
    }

    /// Whether an exchange counts. A closed loop counts what was done within the window; an open
    /// one what was due in it, however late the answer.
    pub(crate) fn counts(&self, turn: &Turn, return_ns: u64) -> bool {
        turn.due_ns >= self.counted_from_ns
            && (matches!(self.pace, Pace::Open { .. }) || return_ns <= self.end_ns)
    }

    /// Requests that were due and not sent, because the server did not keep up.
    pub(crate) fn unsent(&self) -> u64 {
        match &self.pace {
            Pace::Closed => 0,
            Pace::Open { total, sent, .. } => total - sent.load(Ordering::Relaxed),
        }
    }

    /// Ends the run early for all clients.
    pub(crate) fn abandon(&self) {
        if let Pace::Open { due, .. } = &self.pace {
            due.close();
        }
    }

    /// Whether requests are due at fixed times.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.pace, Pace::Open { .. })
    }

    pub(crate) fn counted_from_ns(&self) -> u64 {
        self.counted_from_ns
    }

    pub(crate) fn end_ns(&self) -> u64 {
        self.end_ns
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// Nanoseconds after the start at which request `n` is due.
fn due_after(n: u64, per_second: u32) -> u64 {
    let ns = u128::from(n) * 1_000_000_000 / u128::from(per_second.max(1));
    u64::try_from(ns).unwrap_or(u64::MAX)
}

/// How many requests are due before `elapsed_ns` after the start.
fn due_by(elapsed_ns: u64, per_second: u32) -> u64 {
    let due = (u128::from(elapsed_ns) * u128::from(per_second)).div_ceil(1_000_000_000);
    u64::try_from(due).unwrap_or(u64::MAX)
}

/// Hands out a permit at each appointed time until `total` are given or nobody wants them.
fn release(permits: &Semaphore, start_ns: u64, per_second: u32, total: u64) {
    let mut given = 0;
    while given < total && !permits.is_closed() {
        let now = monotonic_ns();
        let due = if now < start_ns {
            0
        } else {
            due_by(now - start_ns + 1, per_second).min(total)
        };
        permits.add_permits(usize::try_from(due - given).unwrap_or(0));
        given = due;
        let next_ns = start_ns + due_after(given, per_second);
        std::thread::sleep(Duration::from_nanos(next_ns.saturating_sub(monotonic_ns())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appointed_times_are_evenly_spaced() {
        assert_eq!(due_after(0, 1000), 0);
        assert_eq!(due_after(5, 1000), 5_000_000);
        assert_eq!(due_after(3, 1_000_000), 3_000);
    }

    #[test]
    fn a_request_is_due_from_its_appointed_time_on() {
        assert_eq!(due_by(0, 1000), 0);
        assert_eq!(due_by(1, 1000), 1);
        assert_eq!(due_by(1_000_000, 1000), 1);
        assert_eq!(due_by(1_000_001, 1000), 2);
    }

    #[tokio::test]
    async fn an_open_loop_gives_every_turn_once_and_its_appointed_time() {
        let schedule =
            Schedule::begin(Duration::ZERO, Duration::from_millis(50), Some(1000)).unwrap();
        let mut due = Vec::new();
        while let Some(turn) = schedule.next().await {
            assert!(monotonic_ns() >= turn.due_ns, "handed out before its time");
            due.push(turn.due_ns - schedule.start_ns);
        }
        let expected: Vec<u64> = (0..50).map(|n| n * 1_000_000).collect();
        assert_eq!(due, expected);
        assert_eq!(schedule.unsent(), 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn clients_at_once_get_no_turn_before_it_is_due() {
        let schedule =
            Schedule::begin(Duration::ZERO, Duration::from_millis(200), Some(100_000)).unwrap();
        let schedule = Arc::new(schedule);
        let mut clients = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let schedule = Arc::clone(&schedule);
            clients.spawn(async move {
                let mut turns = 0;
                while let Some(turn) = schedule.next().await {
                    assert!(monotonic_ns() >= turn.due_ns, "handed out before its time");
                    turns += 1;
                }
                turns
            });
        }
        let turns: u64 = clients.join_all().await.into_iter().sum();
        assert_eq!((turns, schedule.unsent()), (20_000, 0));
    }

    #[tokio::test]
    async fn what_an_abandoned_open_loop_did_not_send_is_told() {
        let schedule = Schedule::begin(Duration::ZERO, Duration::from_secs(1), Some(1000)).unwrap();
        assert!(schedule.next().await.is_some());
        schedule.abandon();
        assert!(schedule.next().await.is_none());
        assert_eq!(schedule.unsent(), 999);
    }

    #[test]
    fn a_closed_loop_counts_what_began_after_the_warm_up_and_ended_in_time() {
        let schedule =
            Schedule::begin(Duration::from_secs(1), Duration::from_secs(1), None).unwrap();
        let warm = schedule.counted_from_ns();
        let turn = |due_ns| Turn { n: 0, due_ns };
        assert!(!schedule.counts(&turn(warm - 1), warm + 1));
        assert!(schedule.counts(&turn(warm), warm + 1));
        assert!(!schedule.counts(&turn(warm), schedule.end_ns() + 1));
    }

    #[test]
    fn an_open_loop_counts_late_answers() {
        let schedule = Schedule::begin(Duration::ZERO, Duration::from_secs(1), Some(1)).unwrap();
        let turn = Turn {
            n: 0,
            due_ns: schedule.counted_from_ns(),
        };
        assert!(schedule.counts(&turn, schedule.end_ns() + 1));
    }
}
