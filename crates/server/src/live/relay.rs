//! From what was committed, here or on another node, to those who are connected here.
//!
//! What this node commits is heard at once ([`Relay::hear`]) and mostly needs no reading: a new
//! message, unless it quotes another, and news of an order come with all of it. Whatever is missing,
//! came out of order, or was only hinted at by another node is read from the log. So nothing hangs on
//! hearing: it is only quicker.

mod elsewhere;
mod receipts;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use orderchat_domain::event::EventKind;
use orderchat_domain::news::{Fresh, LogNews, News, ReceiptNews};
use orderchat_domain::project::{EventRecord, RoomRecord, Thing};
use orderchat_domain::{Millis, RoomId};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::connection::Signal;
use super::hub::{Hub, Next, Place};
use crate::bus::{Bus, Hint};
use crate::clock;
use crate::generations::Generations;
use crate::net::spawn;
pub(crate) use elsewhere::{Elsewhere, Grown, Since};
use receipts::Receipts;

/// Commits that may wait to be relayed; what does not fit is read from the log.
const QUEUE: usize = 8_192;
/// Rooms of which is remembered what this node wrote.
const OWN: usize = 10_000;
/// Rooms whose logs are read at once.
const READS: usize = 8;
/// Rooms of which is asked at once who may read them: their events come first.
const ASKS: usize = 2;
/// After a read that failed.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What hearing alone does not tell. The app passes the commands in.
pub(crate) trait Reader: Send + Sync + 'static {
    /// The room's log after a seq, a bounded part of it; `None` when there is no such room.
    fn log(&self, room: RoomId, after: u64) -> BoxFuture<'_, Result<Option<LogPart>, Unreadable>>;
    /// The users who may read the room as participants.
    fn people(&self, room: RoomId) -> BoxFuture<'_, Result<Vec<i64>, Unreadable>>;
    /// Whether, with an event of this kind, others who are in a room than who did it, or to whom it
    /// happened, may get to read it.
    fn lets_in(&self, kind: EventKind) -> bool;
    /// The user's places in rooms.
    fn places(&self, user: i64) -> BoxFuture<'_, Result<Vec<Place>, Unreadable>>;
    /// How far everybody in the room has received and read.
    fn marks(&self, room: RoomId) -> BoxFuture<'_, Result<Vec<ReceiptNews>, Unreadable>>;
    /// Some of the user's tokens were revoked.
    fn note_revocation(&self, user: i64);
    /// Which rooms' logs have grown since then, whoever wrote.
    fn since(&self, since: Option<Since>) -> BoxFuture<'_, Result<Elsewhere, Unreadable>>;
}

/// A read that failed; what failed was logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// A part of a room's log.
#[derive(Clone, Debug)]
pub(crate) struct LogPart {
    /// The room as it is now.
    pub(crate) room: RoomRecord,
    pub(crate) events: Vec<EventRecord>,
    /// There is nothing after it.
    pub(crate) all: bool,
}

/// Carries what was committed to the hub. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Relay(Arc<Inner>);

struct Inner {
    hub: Arc<Hub>,
    bus: Bus,
    reader: Box<dyn Reader>,
    /// A room always has the same carrier, so that its events stay in order.
    carriers: Vec<mpsc::Sender<News>>,
    hasher: RandomState,
    /// How far this node itself brought the rooms it wrote to lately.
    own: Mutex<Generations<RoomId, u64>>,
    /// Entries by which somebody came into a room, and of which they were told.
    told: Mutex<Generations<(RoomId, u64), ()>>,
    /// Something did not fit into a carrier's queue.
    overflowed: AtomicBool,
    reads: Semaphore,
    asks: Semaphore,
    /// What stands in no log may have been missed: marks, rights.
    missed: Notify,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").finish_non_exhaustive()
    }
}

impl Relay {
    /// Starts carrying, until `stop`.
    pub(crate) fn start(
        hub: Arc<Hub>,
        bus: Bus,
        reader: Box<dyn Reader>,
        stop: &CancellationToken,
    ) -> Self {
        let carriers = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..carriers).map(|_| mpsc::channel(QUEUE)).unzip();
        let relay = Self(Arc::new(Inner {
            hub,
            bus,
            reader,
            carriers: senders,
            hasher: RandomState::new(),
            own: Mutex::new(Generations::new(OWN)),
            told: Mutex::new(Generations::new(OWN)),
            overflowed: AtomicBool::new(false),
            reads: Semaphore::new(READS),
            asks: Semaphore::new(ASKS),
            missed: Notify::new(),
        }));
        for queue in receivers {
            spawn("relay", relay.clone().carry(queue, stop.clone()));
        }
        spawn(
            "relay-elsewhere",
            relay.clone().look_elsewhere(stop.clone()),
        );
        spawn("relay-missed", relay.clone().make_up(stop.clone()));
        relay
    }

    /// What the store tells of commits. It does not keep the relay: the store's writers would never
    /// end, which the relay's reader keeps in turn.
    pub(crate) fn hearer(&self) -> impl Fn(Vec<News>) + Send + Sync + 'static {
        let relay = Arc::downgrade(&self.0);
        move |news| {
            if let Some(relay) = relay.upgrade() {
                Self(relay).hear(news);
            }
        }
    }

    /// Takes in what was committed. Never waits.
    fn hear(&self, news: Vec<News>) {
        for one in news {
            let place = self.0.hasher.hash_one(one.room()) as usize % self.0.carriers.len();
            if self.0.carriers[place].try_send(one).is_err() {
                self.0.overflowed.store(true, Ordering::Relaxed);
                metrics::counter!("orderchat_relay_overflows_total").increment(1);
            }
        }
    }

    /// Those who are connected with a token of the user are looked at again.
    fn revoked(&self, user: i64) {
        self.0.reader.note_revocation(user);
        self.0.hub.people.signal(user, Signal::Recheck);
    }

    async fn carry(self, mut queue: mpsc::Receiver<News>, stop: CancellationToken) {
        let mut receipts = Receipts::default();
        loop {
            let due = receipts.due();
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = sleep_until(due.unwrap_or_else(clock::instant)), if due.is_some() => {
                    receipts.send(&self.0.hub);
                }
                news = queue.recv() => match news {
                    Some(News::Log(news)) => self.log_grew(&news),
                    Some(News::Receipt(news)) => self.mark_moved(news, &mut receipts),
                    Some(News::Revoked(user)) => {
                        self.revoked(user);
                        self.0.bus.publish(Hint::Revoked { user });
                    }
                    Some(News::Rights(user)) => {
                        self.0.hub.people.signal(user, Signal::Rights);
                        self.0.bus.publish(Hint::Rights { user });
                    }
                    None => return,
                },
            }
            if self.0.overflowed.swap(false, Ordering::Relaxed) {
                self.read_all();
            }
        }
    }

    fn log_grew(&self, news: &LogNews) {
        let (hub, room) = (&self.0.hub, news.room.id);
        self.0.bus.publish(Hint::Room {
            room,
            seq: news.room.seq,
        });
        if hub.people.is_empty() {
            return;
        }
        self.0.own.lock().insert(room, news.room.seq);
        for entry in &news.entries {
            self.who_comes((room, entry.seq), entry.kind, entry.user);
        }
        let fresh = news.entries.iter().all(|entry| entry.fresh.is_some());
        let first = fresh.then(|| news.first());
        match hub.grown(room, first, news.room.seq) {
            Next::Nothing => {}
            Next::Deliver => hub.deliver(&news.room, &fresh_events(news), Millis(clock::now_ms())),
            Next::Load { after } => self.read(room, after),
        }
        hub.people
            .summarize(room, news.room.order.pharmacy.as_str());
    }

    fn mark_moved(&self, news: ReceiptNews, receipts: &mut Receipts) {
        let (room, participant, user) = (news.room, news.participant, news.user);
        self.0.bus.publish(Hint::Receipt {
            room,
            participant,
            user,
            delivered_seq: news.delivered_seq,
            read_seq: news.read_seq,
            at: news.at,
        });
        self.0.hub.people.summarize_for(user, room);
        if self.0.hub.is_followed(room) {
            receipts.note(news);
        }
    }

    /// Whoever comes into a room by this entry, or may read it from now on, follows it.
    fn who_comes(&self, entry: (RoomId, u64), kind: EventKind, user: Option<i64>) {
        let people = &self.0.hub.people;
        match (kind, user) {
            (EventKind::ParticipantJoined, Some(user)) if self.tells(entry) => {
                people.signal(user, Signal::Joined(entry.0));
            }
            // What they are now may let them read.
            (EventKind::ParticipantUpdated, Some(user)) if self.tells(entry) => {
                people.signal(user, Signal::Readable(entry.0));
            }
            (kind, _) if self.0.reader.lets_in(kind) && !people.is_empty() && self.tells(entry) => {
                self.let_in(entry.0);
            }
            _ => {}
        }
    }

    /// Whether the entry is told of now for the first time, whoever found it: told again, it would bring
    /// back a room that a client has left since.
    fn tells(&self, entry: (RoomId, u64)) -> bool {
        let mut told = self.0.told.lock();
        let is_first = told.get(&entry).is_none();
        told.insert(entry, ());
        is_first
    }

    /// Everybody who may read the room follows it.
    fn let_in(&self, room: RoomId) {
        let relay = self.clone();
        spawn("relay-let-in", async move {
            let (people, mut pause) = (&relay.0.hub.people, PAUSE);
            while let Ok(_place) = relay.0.asks.acquire().await
                && !people.is_empty()
            {
                if let Ok(readers) = relay.0.reader.people(room).await {
                    for user in readers {
                        people.signal(user, Signal::Readable(room));
                    }
                    return;
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
    }

    /// Whether this node wrote the entry, and so has relayed it.
    fn knows(&self, room: RoomId, seq: u64) -> bool {
        let mut own = self.0.own.lock();
        own.get(&room).is_some_and(|newest| seq <= *newest)
    }

    /// Reads the log of every room that somebody follows.
    fn read_all(&self) {
        for room in self.0.hub.rooms() {
            if let Some(head) = self.0.hub.head(room) {
                self.grew_to(room, head + 1);
            }
        }
    }

    /// Somebody says that the room's log has come to this seq.
    fn grew_to(&self, room: RoomId, seq: u64) {
        if let Next::Load { after } = self.0.hub.grown(room, None, seq) {
            self.read(room, after);
        }
    }

    /// Reads the room's log after this seq, gives it to the followers, and goes on until they have
    /// all of it.
    fn read(&self, room: RoomId, after: u64) {
        let relay = self.clone();
        spawn("relay-read", async move {
            let _reading = Reading(&relay.0.hub, room);
            let (mut after, mut pause) = (after, PAUSE);
            while let Ok(_place) = relay.0.reads.acquire().await {
                match relay.0.reader.log(room, after).await {
                    Ok(Some(part)) => {
                        let up_to = part.events.last().map_or(after, |event| event.seq);
                        let (hub, now) = (&relay.0.hub, Millis(clock::now_ms()));
                        let read = (up_to, part.all);
                        match hub.loaded(&part.room, &part.events, read, now) {
                            Some(more) => (after, pause) = (more, PAUSE),
                            None => return,
                        }
                    }
                    Ok(None) => return,
                    Err(Unreadable) => {
                        sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
                if !relay.0.hub.is_followed(room) {
                    return;
                }
            }
        });
    }
}

/// A room whose log is read: however that ends, the next news may read it again.
struct Reading<'a>(&'a Hub, RoomId);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.gave_up(self.1);
    }
}

/// New entries as events, without reading them again.
fn fresh_events(news: &LogNews) -> Vec<EventRecord> {
    let events = news.entries.iter().filter_map(|entry| {
        let (actor, thing) = match entry.fresh.clone()? {
            Fresh::Message(message) => (message.sender.clone(), Thing::Message(message)),
            Fresh::Order(order) => (None, Thing::Order(order)),
        };
        Some(EventRecord {
            seq: entry.seq,
            kind: entry.kind,
            at: entry.at,
            actor,
            thing,
        })
    });
    events.collect()
}

#[cfg(test)]
mod tests;
