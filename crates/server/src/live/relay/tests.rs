//! Relay and hub against a log in memory: whatever is lost, late, repeated or out of order on the
//! way, every follower gets every entry once, in order. Each run prints its seed;
//! `ORDERCHAT_TEST_SEED` repeats one.

use std::collections::HashMap;

use orderchat_domain::id::{OrderId, PharmacyId, RoomCode};
use orderchat_domain::message::MessageType;
use orderchat_domain::news::NewEntry;
use orderchat_domain::policy::{InForce, OrderPolicy};
use orderchat_domain::project::{MessageRecord, OrderBrief};
use orderchat_domain::room::RoomStatus;
use orderchat_domain::{Caller, MessageId, TokenRole, UserId};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::timeout;
use uuid::Uuid;

use super::*;
use crate::bus::Received;
use crate::live::connection::{Connection, QUEUE};
use crate::live::hub::{Expected, Eyesight, Follower};

/// Runs with a seed each.
const RUNS: u64 = 60;
const ROOMS: u64 = 3;
const COMMITS: u64 = 120;
const READERS: u64 = 12;

/// SplitMix64: small, and the same everywhere.
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn one_in(&mut self, chance: u64) -> bool {
        self.below(chance) == 0
    }

    async fn pause(&mut self) {
        for _ in 0..self.below(6) {
            yield_now().await;
        }
    }
}

/// What the database holds: entries are there once they are committed.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<HashMap<RoomId, Vec<EventRecord>>>>);

fn id(number: u64) -> RoomId {
    RoomId(Uuid::from_u64_pair(1, number))
}

fn room(id: RoomId, seq: u64) -> RoomRecord {
    let name = |text: &str| OrderId::parse("id", text).unwrap();
    RoomRecord {
        key: 1,
        id,
        code: RoomCode::parse("CHAT-AAAA-AAAA").unwrap(),
        order: OrderBrief {
            key: 1,
            id: name("o1"),
            number: "1".to_owned(),
            status: "accepted".to_owned(),
            delivery_status: None,
            pharmacy: PharmacyId::parse("pharmacy", "p1").unwrap(),
            customer: 1,
            rider: None,
            final_at: None,
        },
        title: None,
        description: None,
        status: RoomStatus::Open,
        is_public: false,
        max_participants: 10,
        participant_count: 1,
        message_count: seq,
        ordinal: seq,
        news: 0,
        language: None,
        created_at: Millis(0),
        closed_at: None,
        closed_by: None,
        close_reason: None,
        closed_by_policy: false,
        reopened_at: None,
        archived_at: None,
        deleted_at: None,
        last_activity: Millis(0),
        seq,
        version: 0,
    }
}

fn message(room: RoomId, seq: u64) -> Arc<MessageRecord> {
    let id = MessageId(Uuid::from_u64_pair(2, seq));
    let (at, content) = (Millis(0), "text".to_owned());
    Arc::new(MessageRecord::written(
        id,
        (room, seq),
        at,
        MessageType::Text,
        content,
    ))
}

impl Log {
    /// Commits the next entries of the room, and gives what is to be heard of it.
    fn commit(&self, of: RoomId, count: u64, fresh: bool) -> LogNews {
        let mut log = self.0.lock();
        let entries = log.entry(of).or_default();
        let mut news = Vec::new();
        for _ in 0..count {
            let seq = entries.len() as u64 + 1;
            let message = message(of, seq);
            entries.push(EventRecord {
                seq,
                kind: EventKind::MessageCreated,
                at: Millis(0),
                actor: None,
                thing: Thing::Message(Arc::clone(&message)),
            });
            news.push(NewEntry {
                seq,
                kind: EventKind::MessageCreated,
                at: Millis(0),
                user: None,
                fresh: fresh.then_some(Fresh::Message(message)),
            });
        }
        LogNews {
            room: room(of, entries.len() as u64),
            entries: news,
        }
    }

    fn part(&self, of: RoomId, after: u64, limit: usize) -> LogPart {
        let log = self.0.lock();
        let all = log.get(&of).map_or(&[][..], Vec::as_slice);
        let rest = &all[usize::try_from(after).unwrap().min(all.len())..];
        LogPart {
            room: room(of, all.len() as u64),
            events: rest.iter().take(limit).cloned().collect(),
            all: rest.len() <= limit,
        }
    }

    fn head(&self, of: RoomId) -> u64 {
        self.0.lock().get(&of).map_or(0, |log| log.len() as u64)
    }
}

/// A log that takes its time.
struct SlowLog {
    log: Log,
    dice: Mutex<Dice>,
    /// Asked what other nodes wrote. Without it nobody else writes, as on SQLite.
    others: Option<mpsc::Sender<oneshot::Sender<Elsewhere>>>,
}

impl SlowLog {
    fn dice(&self) -> Dice {
        Dice(self.dice.lock().roll())
    }
}

impl Reader for SlowLog {
    fn log(&self, room: RoomId, after: u64) -> BoxFuture<'_, Result<Option<LogPart>, Unreadable>> {
        let mut dice = self.dice();
        Box::pin(async move {
            dice.pause().await;
            let limit = 1 + usize::try_from(dice.below(5)).unwrap();
            let part = self.log.part(room, after, limit);
            dice.pause().await;
            Ok(Some(part))
        })
    }

    fn people(&self, _room: RoomId) -> BoxFuture<'_, Result<Vec<i64>, Unreadable>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn note_revocation(&self, _user: i64) {}

    fn lets_in(&self, _kind: EventKind) -> bool {
        false
    }

    fn places(&self, _user: i64) -> BoxFuture<'_, Result<Vec<Place>, Unreadable>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn marks(&self, _room: RoomId) -> BoxFuture<'_, Result<Vec<ReceiptNews>, Unreadable>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn since(&self, _since: Option<Since>) -> BoxFuture<'_, Result<Elsewhere, Unreadable>> {
        Box::pin(async {
            let Some(others) = &self.others else {
                return Ok(Elsewhere::default());
            };
            let (answer, answered) = oneshot::channel();
            others.send(answer).await.map_err(|_| Unreadable)?;
            answered.await.map_err(|_| Unreadable)
        })
    }
}

/// Somebody who follows one room, is interrupted, and comes back.
struct Subscriber {
    hub: Arc<Hub>,
    log: Log,
    room: RoomId,
    connection: Arc<Connection>,
    dice: Dice,
    /// What they have, in the order they got it.
    has: Vec<u64>,
    held: Option<Expected>,
}

impl Subscriber {
    async fn follow(&mut self) {
        let expected = self.hub.expect(self.room);
        let mut read_to = None;
        loop {
            self.dice.pause().await;
            let after = self.has.last().copied().unwrap_or(0);
            let part = self.log.part(self.room, after, 3);
            self.has.extend(part.events.iter().map(|event| event.seq));
            let seq = self.has.last().copied().unwrap_or(0);
            self.dice.pause().await;
            if !part.all {
                continue;
            }
            let follower = Follower {
                connection: Arc::clone(&self.connection),
                caller: Arc::new(admin()),
                own: None,
                seq,
                capabilities: orderchat_domain::capabilities::Capabilities {
                    read: true,
                    write: true,
                    attach: false,
                    edit_s: None,
                    delete_s: None,
                    why_not: None,
                    until: None,
                },
                told_by: 0,
            };
            let anyway = read_to == Some(seq) && part.events.is_empty();
            read_to = Some(seq);
            let record = Arc::new(part.room);
            if self
                .hub
                .attach(&expected, follower, &record, anyway)
                .is_ok()
            {
                self.held = Some(expected);
                return;
            }
        }
    }

    fn take(&mut self) -> bool {
        let behind = self.connection.signals().into_iter().any(|signal| {
            assert!(matches!(signal, Signal::Behind(..)), "{signal:?}");
            true
        });
        while let Some(frame) = self.connection.pop() {
            let (_, seq) = frame.place.expect("an event");
            self.has.push(seq);
        }
        behind
    }

    /// Follows, and is interrupted now and then, until it has everything up to `end` of the room.
    async fn run(mut self, end: impl Fn() -> Option<u64>) -> Vec<u64> {
        self.follow().await;
        loop {
            if self.take() {
                self.held = None;
                self.follow().await;
            }
            let has = self.has.last().copied().unwrap_or(0);
            if end().is_some_and(|end| has >= end) {
                self.hub.detach(self.room, self.connection.id);
                return self.has;
            }
            // At the end nobody comes back, who would read what was not given.
            if end().is_none() && self.dice.one_in(40) {
                self.hub.detach(self.room, self.connection.id);
                self.held = None;
                // What it had not read of what waited is lost with the connection.
                self.connection = Arc::new(Connection::new(self.dice.roll(), 1, QUEUE));
                self.dice.pause().await;
                self.follow().await;
            }
            yield_now().await;
        }
    }
}

fn admin() -> Caller {
    Caller {
        user: UserId::parse("id", "a1").unwrap(),
        role: TokenRole::Admin,
        name: None,
        email: None,
        pharmacies: Vec::new(),
        language: None,
        room: None,
    }
}

/// What becomes of the news on their way. Unless some are `lost`, nothing is told but this: what
/// is missed then stays missing.
async fn tell(relay: Relay, news: LogNews, lost: bool, mut dice: Dice) {
    dice.pause().await;
    let (room, seq) = (news.room.id, news.room.seq);
    match dice.below(6) {
        // Another node wrote it, and says so, perhaps twice.
        0 => {
            relay.take(Received::Hint(Hint::Room { room, seq }));
            dice.pause().await;
            relay.take(Received::Hint(Hint::Room { room, seq }));
        }
        // It was lost on the bus, and is looked for later.
        1 if lost => {
            for _ in 0..10 {
                dice.pause().await;
            }
            relay.take(Received::Missed);
        }
        _ => relay.hear(vec![News::Log(Box::new(news))]),
    }
}

fn hub() -> Arc<Hub> {
    Arc::new(Hub::new(Eyesight {
        policies: Arc::new(InForce::new(OrderPolicy::default())),
        online_window: 0,
    }))
}

async fn run(seed: u64) {
    let mut dice = Dice(seed);
    let log = Log::default();
    let hub = hub();
    let stop = CancellationToken::new();
    let reader = SlowLog {
        log: log.clone(),
        dice: Mutex::new(Dice(dice.roll())),
        others: None,
    };
    let relay = Relay::start(Arc::clone(&hub), Bus::local(), Box::new(reader), &stop);
    // Somebody is connected: otherwise nothing is relayed.
    hub.people.add(&Arc::new(Connection::new(0, 1, QUEUE)));
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let room = id(number % ROOMS);
            let subscriber = Subscriber {
                hub: Arc::clone(&hub),
                log: log.clone(),
                room,
                connection: Arc::new(Connection::new(1 + number, 1, QUEUE)),
                dice: Dice(dice.roll()),
                has: Vec::new(),
                held: None,
            };
            let (done, log) = (Arc::clone(&done), log.clone());
            let end = move || done.load(Ordering::Relaxed).then(|| log.head(room));
            spawn("subscriber", subscriber.run(end))
        })
        .collect();
    let mut told = Vec::new();
    for _ in 0..COMMITS {
        let (room, count) = (id(dice.below(ROOMS)), 1 + dice.below(3));
        let news = log.commit(room, count, !dice.one_in(4));
        told.push(spawn(
            "tell",
            tell(
                relay.clone(),
                news,
                seed.is_multiple_of(2),
                Dice(dice.roll()),
            ),
        ));
        dice.pause().await;
    }
    for one in told {
        one.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for (number, reader) in (0..READERS).zip(readers) {
        let has = timeout(Duration::from_secs(20), reader).await;
        let has = has.expect("everything arrives").unwrap();
        let all: Vec<u64> = (1..=log.head(id(number % ROOMS))).collect();
        assert_eq!(has, all, "subscriber {number}, seed {seed}");
    }
    stop.cancel();
}

#[tokio::test]
async fn every_follower_gets_every_entry_once_and_in_order_whatever_happens_on_the_way() {
    let seed = std::env::var("ORDERCHAT_TEST_SEED").ok();
    let seed: u64 = seed
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(20_261_129);
    for run_seed in seed..seed + RUNS {
        println!("seed {run_seed}");
        run(run_seed).await;
    }
}

/// This happened to somebody in the room, as this node hears of it and as the log shows it.
fn happened(of: RoomId, seq: u64, kind: EventKind, user: i64) -> (LogNews, Grown) {
    let user = Some(user);
    let room = room(of, seq);
    let pharmacy = room.order.pharmacy.to_string();
    let entry = NewEntry {
        seq,
        kind,
        at: Millis(0),
        user,
        fresh: None,
    };
    let news = LogNews {
        room,
        entries: vec![entry],
    };
    let grown = Grown {
        room: of,
        seq,
        kind,
        user,
        pharmacy,
    };
    (news, grown)
}

#[tokio::test]
async fn who_came_into_a_room_is_told_once_by_this_node_and_by_the_log() {
    let (hub, stop) = (hub(), CancellationToken::new());
    let (others, mut asked) = mpsc::channel(1);
    let reader = SlowLog {
        log: Log::default(),
        dice: Mutex::new(Dice(1)),
        others: Some(others),
    };
    let relay = Relay::start(Arc::clone(&hub), Bus::local(), Box::new(reader), &stop);
    let connection = Arc::new(Connection::new(1, 7, QUEUE));
    hub.people.add(&connection);
    let mut look = async |grown: Vec<Grown>| {
        let answer = asked.recv().await.expect("it looks");
        let next = Some(Since {
            tx: 1,
            g: 1,
            running: Vec::new(),
        });
        let found = Elsewhere {
            next,
            grown,
            more: true,
        };
        answer.send(found).expect("it waits");
    };
    let [first, second] = [1, 2].map(|room| happened(id(room), 1, EventKind::ParticipantJoined, 7));
    let (then, _) = happened(id(2), 2, EventKind::ParticipantUpdated, 7);
    let told = async || {
        loop {
            let told = connection.signals();
            if !told.is_empty() {
                return told;
            }
            yield_now().await;
        }
    };
    relay.hear(vec![News::Log(Box::new(first.0))]);
    assert_eq!(told().await, [Signal::Joined(id(1))]);
    // What is heard of what the log told already, is heard in vain.
    look(vec![first.1, second.1]).await;
    assert_eq!(told().await, [Signal::Joined(id(2))]);
    relay.hear(vec![News::Log(Box::new(second.0))]);
    relay.hear(vec![News::Log(Box::new(then))]);
    assert_eq!(told().await, [Signal::Readable(id(2))]);
    stop.cancel();
}
