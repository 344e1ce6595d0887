//! Rate limits: how often a user, a room or an address may do something on this node (SPEC 13).
//!
//! Each limit is a GCRA cell per key: `count` things per period evenly, `burst` at once after rest.
//! What is refused costs nothing, so whoever waits as long as told is let through.

pub(crate) mod quota;

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{NotUntil, RateLimiter};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::config::{Rate, Settings};
use crate::generations::Generations;
use crate::shares::{Share, Shares};

/// Keys that one limit keeps at least; it keeps twice as many at most, 2 MiB.
const KEYS: usize = 32 * 1024;

/// Requests of one person that are under way at once: more than any client asks, and far fewer than a node
/// has places, which nobody is to take from all others by asking slowly.
const UNDER_WAY: usize = 32;

/// What is about to be done, and whose limit it counts against.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quota<'a> {
    /// A person sends, edits or deletes.
    Send { user: &'a str },
    /// A person reads.
    Read { user: &'a str },
    /// A person acknowledges delivery or reading.
    Receipt { user: &'a str },
    /// A person uploads a file.
    Upload { user: &'a str },
    /// A person searches in messages.
    Search { user: &'a str },
    /// A person sends in the room; ask [`Quota::Send`] first.
    RoomSend { room: Uuid },
    /// The service sends in the room.
    ServiceSend { room: Uuid },
    /// Somebody without a valid token.
    Anonymous { address: IpAddr },
}

/// Too often: whole seconds to wait, at least 1, for the header `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests: try again in {0} s")]
pub(crate) struct RetryAfter(pub(crate) u64);

/// All limits of this node.
#[derive(Debug)]
pub(crate) struct Limits<C: Clock = DefaultClock> {
    /// `None`: switched off.
    cells: Option<Cells<C>>,
    /// Requests under way, by internal user key.
    under_way: Shares<i64>,
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self::with_clock(settings, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn with_clock(settings: &Settings, clock: C) -> Self {
        Self {
            cells: settings.rate_limits.then(|| Cells::new(settings, &clock)),
            under_way: Shares::default(),
        }
    }

    /// Counts one, or says how long to wait.
    ///
    /// # Errors
    /// [`RetryAfter`]; nothing was counted then.
    pub(crate) fn check(&self, quota: Quota<'_>) -> Result<(), RetryAfter> {
        self.cells
            .as_ref()
            .map_or(Ok(()), |cells| cells.check(quota))
    }

    /// A request of the user begins, for as long as what is given lives.
    ///
    /// # Errors
    /// [`RetryAfter`] when they have as many under way as one may have.
    pub(crate) fn begin(&self, user: i64) -> Result<Share<i64>, RetryAfter> {
        let most = self.cells.as_ref().map_or(usize::MAX, |_| UNDER_WAY);
        self.under_way.take(user, most).ok_or(RetryAfter(1))
    }

    /// Counts an answer 404 that the user got. Over the limit all of the user's quotas are refused
    /// until the limit allows another 404: whoever tries ids sees 429 then, never more 404s.
    ///
    /// # Errors
    /// It was one too many: they are answered this instead.
    pub(crate) fn note_not_found(&self, user: &str) -> Result<(), RetryAfter> {
        match &self.cells {
            Some(cells) => cells.note_not_found(user),
            None => Ok(()),
        }
    }
}

#[derive(Debug)]
struct Cells<C: Clock> {
    clock: C,
    /// Keys are kept as hashes: a long id takes no more memory than a short one. The hash has a
    /// random key, so nobody can make an id that shares another's cell.
    hasher: RandomState,
    send: Limiter<C>,
    read: Limiter<C>,
    receipt: Limiter<C>,
    search: Limiter<C>,
    upload: Limiter<C>,
    room_send: Limiter<C>,
    service_send: Limiter<C>,
    anonymous: Limiter<C>,
    not_found: Limiter<C>,
    /// Users over the limit of 404 answers, until when.
    barred: Mutex<Generations<u64, C::Instant>>,
}

type Limiter<C> = RateLimiter<u64, Store, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl<C: Clock + Clone> Cells<C> {
    fn new(settings: &Settings, clock: &C) -> Self {
        let limiter = |rate| RateLimiter::new(quota(rate), Store::default(), clock.clone());
        Self {
            clock: clock.clone(),
            hasher: RandomState::new(),
            send: limiter(settings.send_rate),
            read: limiter(settings.read_rate),
            receipt: limiter(settings.receipt_rate),
            search: limiter(settings.search_rate),
            upload: limiter(settings.upload_rate),
            room_send: limiter(settings.room_send_rate),
            service_send: limiter(settings.service_send_rate),
            anonymous: limiter(settings.anonymous_rate),
            not_found: limiter(settings.not_found_rate),
            barred: Mutex::new(Generations::new(KEYS)),
        }
    }

    fn check(&self, quota: Quota<'_>) -> Result<(), RetryAfter> {
        match quota {
            Quota::Send { user } => self.check_user(&self.send, user),
            Quota::Read { user } => self.check_user(&self.read, user),
            Quota::Receipt { user } => self.check_user(&self.receipt, user),
            Quota::Search { user } => self.check_user(&self.search, user),
            Quota::Upload { user } => self.check_user(&self.upload, user),
            Quota::RoomSend { room } => self.check_key(&self.room_send, self.key(room)),
            Quota::ServiceSend { room } => self.check_key(&self.service_send, self.key(room)),
            Quota::Anonymous { address } => {
                self.check_key(&self.anonymous, self.key(network(address)))
            }
        }
    }

    fn check_user(&self, limiter: &Limiter<C>, user: &str) -> Result<(), RetryAfter> {
        let key = self.key(user);
        self.check_barred(key)?;
        self.check_key(limiter, key)
    }

    fn check_key(&self, limiter: &Limiter<C>, key: u64) -> Result<(), RetryAfter> {
        limiter
            .check_key(&key)
            .map_err(|refused: NotUntil<C::Instant>| {
                retry_after(refused.wait_time_from(self.clock.now()).as_nanos())
            })
    }

    fn check_barred(&self, key: u64) -> Result<(), RetryAfter> {
        let mut barred = self.barred.lock();
        if barred.is_empty() {
            return Ok(());
        }
        let Some(until) = barred.get(&key).copied() else {
            return Ok(());
        };
        let now = self.clock.now();
        if until > now {
            return Err(retry_after(u128::from(until.duration_since(now).as_u64())));
        }
        barred.remove(&key);
        Ok(())
    }

    fn note_not_found(&self, user: &str) -> Result<(), RetryAfter> {
        let key = self.key(user);
        let Err(refused) = self.not_found.check_key(&key) else {
            return Ok(());
        };
        self.barred.lock().insert(key, refused.earliest_possible());
        self.check_barred(key)
    }

    fn key(&self, of: impl Hash) -> u64 {
        self.hasher.hash_one(of)
    }
}

/// The rate as governor has it.
pub(crate) fn quota(rate: Rate) -> governor::Quota {
    let every = rate.per / rate.count.get();
    // A rate is at most a million a second: `every` is a microsecond at least.
    governor::Quota::with_period(every)
        .unwrap_or(governor::Quota::per_second(rate.count))
        .allow_burst(rate.burst)
}

/// Whole seconds, rounded up: whoever waits them is let through.
fn retry_after(nanos: u128) -> RetryAfter {
    let seconds = nanos.div_ceil(1_000_000_000);
    RetryAfter(u64::try_from(seconds).unwrap_or(u64::MAX).max(1))
}

/// Who an address belongs to: an IPv6 customer has a whole /64 of them.
pub(crate) fn network(address: IpAddr) -> [u16; 4] {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            [0, 0, u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            [a, b, c, d]
        }
    }
}

/// The cells of one limit, bounded in number. A forgotten cell is a full one: somebody who spreads
/// over more than [`KEYS`] addresses could not be held by a limit per address anyway.
#[derive(Debug)]
struct Store(Mutex<Generations<u64, Nanos>>);

impl Default for Store {
    fn default() -> Self {
        Self(Mutex::new(Generations::new(KEYS)))
    }
}

impl StateStore for Store {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut cells = self.0.lock();
        let (answer, cell) = f(cells.get(key).copied())?;
        cells.insert(*key, cell);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests;
