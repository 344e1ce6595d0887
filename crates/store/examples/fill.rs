//! Fills an empty database with rooms and messages, for measurements of large ones:
//!
//! ```sh
//! cargo run --release -p orderchat-store --example fill -- sqlite:large.db 100000 1000000
//! ```
//!
//! Every tenth room has the customer `regular`; every word but a few is of a vocabulary of its own,
//! the commoner the earlier. Afterwards the followers take it all, and how fast they were is
//! printed.

#![expect(
    clippy::disallowed_methods,
    reason = "a program of its own, which times what it does"
)]

use std::collections::HashMap;
use std::time::Instant;

use orderchat_domain::event::EventKind;
use orderchat_domain::id::PharmacyId;
use orderchat_domain::message::MessageType;
use orderchat_domain::order::{Order, Sequences};
use orderchat_domain::project::{ParticipantRecord, Person};
use orderchat_domain::receipt::{Unread, Watermarks};
use orderchat_domain::{MessageId, Millis, OrderId, ParticipantId, Role, RoomCode, RoomId, UserId};
use orderchat_store::follow::Step;
use orderchat_store::log::{Actor, Appender, Entry, NewMessage, Text};
use orderchat_store::rooms::{NewRoom, StoredRoom};
use orderchat_store::search::{Indexer, merge};
use orderchat_store::statistics::Statistics;
use orderchat_store::users::{Source, Told};
use orderchat_store::{Options, Result, Store, StoreError, Tx, orders, participants, rooms, users};
use uuid::Uuid;

/// 2026-01-01.
const FIRST_DAY: i64 = 1_767_225_600_000;
/// Rooms that are made, or written into, in one transaction.
const TOGETHER: u64 = 500;
const PHARMACIES: u64 = 100;
const WORDS: u64 = 4_000;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> std::result::Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [database, rooms, messages] = &arguments[..] else {
        return Err("give sqlite:FILE or postgres://…, how many rooms, how many messages".into());
    };
    let options = match database.strip_prefix("sqlite:") {
        Some(path) => Options::Sqlite(path.into()),
        None => Options::Postgres {
            url: database.clone(),
            connections: None,
        },
    };
    let (rooms, messages): (u64, u64) = (rooms.parse()?, messages.parse()?);
    let store = Store::open(&options).await?;
    let started = Instant::now();
    for first in (0..rooms).step_by(TOGETHER as usize) {
        let numbers = first..(first + TOGETHER).min(rooms);
        write(&store, move |tx| {
            numbers.clone().try_for_each(|n| make_room(tx, n))
        })
        .await?;
    }
    println!("{rooms} rooms in {:.1} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let each = messages.div_ceil(rooms);
    for round in 0..each {
        for first in (0..rooms).step_by(TOGETHER as usize) {
            let numbers = first..(first + TOGETHER).min(rooms);
            write(&store, move |tx| talk(tx, numbers.clone(), round, rooms)).await?;
        }
    }
    report("messages", rooms * each, started);
    let started = Instant::now();
    while store.follow(&Indexer).await? == Step::Moved {
        while merge(&store).await? == Step::Moved {}
    }
    report("messages indexed", rooms * each, started);
    let started = Instant::now();
    while store.follow(&Statistics).await? == Step::Moved {}
    report("messages counted", rooms * each, started);
    Ok(())
}

fn report(what: &str, count: u64, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    let each = seconds * 1e6 / count as f64;
    println!("{count} {what} in {seconds:.1} s, {each:.1} µs each");
}

async fn write<T: Send + 'static>(
    store: &Store,
    write: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    store.write::<T, StoreError, _>(None, write).await
}

fn id(kind: u8, n: u64) -> Uuid {
    Uuid::from_u128(u128::from(kind) << 120 | u128::from(spread(n)) << 48 | u128::from(n))
}

/// The same for the same number, and like chance.
fn spread(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn bad(refused: &orderchat_domain::Refusal) -> StoreError {
    StoreError::Corrupt(format!("{refused:?}"))
}

fn person(tx: &mut Tx<'_>, name: &str, role: Role) -> Result<Person> {
    let user = UserId::parse("/id", name).map_err(|refused| bad(&refused))?;
    let told = Told {
        user: &user,
        role: Some(role),
        name: Some(name),
        email: None,
        pharmacy: None,
        language: None,
        source: Source::Shop,
    };
    users::learn(tx, told, Millis(FIRST_DAY)).map(|(user, _)| user.person)
}

/// Who is in the room: its customer, and staff of its pharmacy.
fn people(tx: &mut Tx<'_>, n: u64) -> Result<[(Person, Role); 2]> {
    let customer = match n % 10 {
        0 => "regular".to_owned(),
        _ => format!("customer-{}", spread(n) % 10_000),
    };
    let staff = format!("staff-{}", n % PHARMACIES);
    Ok([
        (person(tx, &customer, Role::Customer)?, Role::Customer),
        (person(tx, &staff, Role::Pharmacy)?, Role::Pharmacy),
    ])
}

fn make_room(tx: &mut Tx<'_>, n: u64) -> Result<()> {
    let people = people(tx, n)?;
    let order_id = OrderId::parse("/id", &format!("order-{n}")).map_err(|refused| bad(&refused))?;
    let pharmacy = format!("pharmacy-{}", n % PHARMACIES);
    let number = format!("N{n:07}");
    let order = Order {
        number: number.clone(),
        status: "accepted".to_owned(),
        delivery_status: None,
        customer: people[0].0.user.clone(),
        pharmacy: PharmacyId::parse("/id", &pharmacy).map_err(|refused| bad(&refused))?,
        pharmacy_name: "Corner Pharmacy".to_owned(),
        staff: Vec::new(),
        rider: None,
        eta: None,
        language: None,
        metadata: None,
        sequences: Sequences::default(),
        final_at: None,
    };
    let about = orders::People {
        customer: people[0].0.key,
        rider: None,
        staff: Vec::new(),
    };
    let at = Millis(FIRST_DAY + n as i64);
    orders::save(tx, &order_id, &order, &about, None, at)?;
    let lost = || StoreError::Corrupt("what was just written is not there".to_owned());
    let order = orders::by_id(tx, &order_id)?.ok_or_else(lost)?;
    let digit = |place: u32| (n / 30_u64.pow(place) % 30) as u8;
    let code = RoomCode::from_random([0, 0, 0, digit(4), digit(3), digit(2), digit(1), digit(0)]);
    let new = NewRoom {
        id: RoomId(id(0xA, n)),
        code: &code,
        order: order.key,
        order_number: &number,
        pharmacy: &pharmacy,
        title: None,
        description: None,
        is_public: false,
        max_participants: 10,
        language: None,
    };
    let room = rooms::insert(tx, &new, at)?.ok_or_else(lost)?;
    for (person, role) in people {
        let participant = participant(&room, person, role);
        participants::insert(tx, room.record.key, &participant, true)?;
    }
    Ok(())
}

fn participant(room: &StoredRoom, person: Person, role: Role) -> ParticipantRecord {
    let key = room.record.key.unsigned_abs() << 20 ^ person.key.unsigned_abs();
    ParticipantRecord {
        key: 0,
        id: ParticipantId(id(0xB, key)),
        room: room.record.id,
        person,
        user_role: role,
        role,
        guest: false,
        ended: None,
        muted: false,
        muted_until: None,
        joined_at: room.record.created_at,
        left_at: None,
        last_seen: None,
        preferences: serde_json::Map::new(),
        marks: Watermarks::default(),
        unread: Unread::default(),
        visible_from: 1,
        news_before: 0,
        next_on_board: false,
        messages_before: 0,
        version: 0,
    }
}

/// A message in each of these rooms.
fn talk(tx: &mut Tx<'_>, numbers: std::ops::Range<u64>, round: u64, rooms: u64) -> Result<()> {
    let ids: Vec<RoomId> = numbers.clone().map(|n| RoomId(id(0xA, n))).collect();
    rooms::lock_ids(tx, &ids)?;
    let found = rooms::by_ids(tx, &ids)?.into_iter();
    let mut found: HashMap<RoomId, StoredRoom> = found.map(|room| (room.record.id, room)).collect();
    let mut appender = Appender::default();
    for n in numbers {
        let id = RoomId(id(0xA, n));
        let Some(room) = found.get_mut(&id) else {
            return Err(StoreError::Corrupt("a room is missing".to_owned()));
        };
        let role = if round.is_multiple_of(2) {
            Role::Customer
        } else {
            Role::Pharmacy
        };
        let [customer, staff] = people(tx, n)?;
        let user = if round.is_multiple_of(2) {
            customer.0.key
        } else {
            staff.0.key
        };
        let number = round * rooms + n;
        let entry = message(
            number,
            Actor {
                user,
                role: role.as_str(),
            },
        );
        appender.append(room, Millis(FIRST_DAY + (round * rooms + n) as i64), entry);
        appender.finish(room);
    }
    appender.flush(tx)
}

fn message(number: u64, actor: Actor) -> Entry {
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&number.to_be_bytes());
    Entry {
        kind: EventKind::MessageCreated,
        actor,
        subject: 0,
        text: Text {
            salt,
            body: body(number),
            ..Text::default()
        },
        message: Some(NewMessage {
            id: MessageId(id(0xC, number)),
            message_type: MessageType::Text,
            reply_to: None,
            key_hash: None,
        }),
    }
}

/// Twelve words. Every fiftieth message says "delivery", every thousandth "refrigerator", and each
/// has a ticket of its own.
fn body(number: u64) -> String {
    let mut words: Vec<String> = (0..11)
        .map(|place| {
            let chance = spread(number * 16 + place);
            // The product of two chances is small more often than large.
            word((chance % WORDS) * (chance >> 32) % WORDS / 3)
        })
        .collect();
    if number.is_multiple_of(50) {
        words.push("delivery".to_owned());
    }
    if number % 1_000 == 7 {
        words.push("refrigerator".to_owned());
    }
    words.push(format!("t{:06x}", spread(number) % 0xFF_FFFF));
    words.join(" ")
}

/// The nth word: syllables.
fn word(n: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "an", "be", "co", "de", "er", "fi", "go", "hu", "in", "ka", "lo", "mi", "no", "pa", "ri",
        "tu",
    ];
    let mut rest = n + 16;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}
