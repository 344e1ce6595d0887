//! People, rooms and messages for tests that are about something else.

use orderchat_domain::event::EventKind;
use orderchat_domain::id::PharmacyId;
use orderchat_domain::message::MessageType;
use orderchat_domain::order::{Order, Sequences};
use orderchat_domain::project::{ParticipantRecord, Person};
use orderchat_domain::receipt::{Unread, Watermarks};
use orderchat_domain::{MessageId, Millis, OrderId, ParticipantId, Role, RoomCode, RoomId, UserId};
use orderchat_store::log::{Actor, Appended, Appender, Entry, LogEntry, NewMessage, Text};
use orderchat_store::rooms::{NewRoom, StoredRoom};
use orderchat_store::users::{Source, Told};
use orderchat_store::{
    Result, Store, StoreError, Tx, messages, orders, participants, rooms, users,
};
use uuid::Uuid;

/// When tests take place.
pub(crate) const NOW: Millis = Millis(1_790_000_000_000);

/// Runs a write that must succeed.
pub(crate) async fn write<T: Send + 'static>(
    store: &Store,
    write: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> T {
    store
        .write::<T, StoreError, _>(None, write)
        .await
        .expect("a write")
}

/// Runs a read that must succeed.
pub(crate) async fn read<T: Send + 'static>(
    store: &Store,
    read: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> T {
    store.read::<T, StoreError, _>(read).await.expect("a read")
}

/// An id that tells what it is of: `kind` of the thing, `n` among its like.
fn id(kind: u8, room: i64, n: u64) -> Uuid {
    Uuid::from_u128(u128::from(kind) << 120 | u128::from(room.unsigned_abs()) << 64 | u128::from(n))
}

pub(crate) fn user_id(text: &str) -> UserId {
    UserId::parse("/id", text).expect("a user's id")
}

pub(crate) fn order_id(text: &str) -> OrderId {
    OrderId::parse("/id", text).expect("an order's id")
}

/// The `n`th room's code; `n` below 30⁴.
pub(crate) fn code(n: u32) -> RoomCode {
    let digit = |place: u32| (n / 30_u32.pow(place) % 30) as u8;
    RoomCode::from_random([0, 0, 0, 0, digit(3), digit(2), digit(1), digit(0)])
}

/// A user, known from the shop. Asking for one again gives the same.
pub(crate) fn person(tx: &mut Tx<'_>, name: &str, role: Role) -> Result<Person> {
    let told = Told {
        user: &user_id(name),
        role: Some(role),
        name: Some(name),
        email: None,
        pharmacy: None,
        language: None,
        source: Source::Shop,
    };
    users::learn(tx, told, NOW).map(|(user, _)| user.person)
}

/// An order as the shop first reports it.
pub(crate) fn order(number: &str, customer: &Person, pharmacy: &str) -> Order {
    Order {
        number: number.to_owned(),
        status: "accepted".to_owned(),
        delivery_status: None,
        customer: customer.user.clone(),
        pharmacy: PharmacyId::parse("/id", pharmacy).expect("a pharmacy's id"),
        pharmacy_name: "Corner Pharmacy".to_owned(),
        staff: Vec::new(),
        rider: None,
        eta: None,
        language: None,
        metadata: None,
        sequences: Sequences::default(),
        final_at: None,
    }
}

/// What may differ from one room to the next.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) number: &'a str,
    pub(crate) title: Option<&'a str>,
    pub(crate) pharmacy: &'a str,
    pub(crate) is_public: bool,
    pub(crate) at: Millis,
}

impl Default for Given<'_> {
    fn default() -> Self {
        Self {
            number: "1042",
            title: None,
            pharmacy: "corner",
            is_public: false,
            at: NOW,
        }
    }
}

/// The `n`th room, of the order `order-n` of the customer Ann, who is not in it yet.
pub(crate) fn room(tx: &mut Tx<'_>, n: u32, given: Given<'_>) -> Result<StoredRoom> {
    let customer = person(tx, "ann", Role::Customer)?;
    let order_id = order_id(&format!("order-{n}"));
    let people = orders::People {
        customer: customer.key,
        rider: None,
        staff: Vec::new(),
    };
    let order = order(given.number, &customer, given.pharmacy);
    orders::save(tx, &order_id, &order, &people, None, given.at)?;
    let order = orders::by_id(tx, &order_id)?.expect("the order just saved");
    let new = NewRoom {
        id: RoomId(id(0xA, 0, u64::from(n))),
        code: &code(n),
        order: order.key,
        order_number: given.number,
        pharmacy: given.pharmacy,
        title: given.title,
        description: None,
        is_public: given.is_public,
        max_participants: 10,
        language: None,
    };
    Ok(rooms::insert(tx, &new, given.at)?.expect("a new room"))
}

/// Brings a person into the room, who sees all of it.
pub(crate) fn participant(
    tx: &mut Tx<'_>,
    room: &StoredRoom,
    person: &Person,
    role: Role,
) -> Result<ParticipantRecord> {
    let user = users::by_key(tx, person.key)?.expect("the person is a user");
    let mut participant = ParticipantRecord {
        key: 0,
        id: ParticipantId(id(0xB, room.record.key, person.key.unsigned_abs())),
        room: room.record.id,
        person: person.clone(),
        user_role: user.role.expect("no service"),
        role,
        guest: false,
        ended: None,
        muted: false,
        muted_until: None,
        joined_at: NOW,
        left_at: None,
        last_seen: None,
        preferences: serde_json::Map::new(),
        marks: Watermarks::default(),
        unread: Unread::default(),
        visible_from: 1,
        news_before: 0,
        next_on_board: false,
        messages_before: 0,
        version: room.record.seq,
    };
    participant.key = participants::insert(tx, room.record.key, &participant, true)?;
    Ok(participant)
}

pub(crate) fn acting(person: &Person, role: Role) -> Actor {
    Actor {
        user: person.key,
        role: role.as_str(),
    }
}

/// A text whose salt is its own: equal texts must not look equal.
pub(crate) fn text(body: &str, salt: u64) -> Text {
    let mut own = [0x5A; 16];
    own[8..].copy_from_slice(&salt.to_be_bytes());
    Text {
        salt: own,
        body: body.to_owned(),
        ..Text::default()
    }
}

/// The room's next message.
pub(crate) fn message(room: &StoredRoom, actor: Actor, body: &str) -> Entry {
    let seq = room.record.seq + 1;
    Entry {
        kind: EventKind::MessageCreated,
        actor,
        subject: 0,
        text: text(body, seq),
        message: Some(NewMessage {
            id: message_id(room.record.key, seq),
            message_type: MessageType::Text,
            reply_to: None,
            key_hash: None,
        }),
    }
}

pub(crate) fn message_id(room: i64, seq: u64) -> MessageId {
    MessageId(id(0xC, room, seq))
}

/// The room's next event that is no message.
pub(crate) fn event(room: &StoredRoom, kind: EventKind, actor: Actor, subject: u64) -> Entry {
    Entry {
        kind,
        actor,
        subject,
        text: text("", room.record.seq + 1),
        message: None,
    }
}

/// Appends one entry.
pub(crate) fn append(
    tx: &mut Tx<'_>,
    room: &mut StoredRoom,
    now: Millis,
    entry: Entry,
) -> Result<Appended> {
    let mut appender = Appender::default();
    appender.append(room, now, entry);
    appender.finish(room);
    Ok(appender.flush_placed(tx)?[0])
}

/// At most `limit` entries of the room's log after `after`.
pub(crate) fn entries(tx: &mut Tx<'_>, room: i64, after: u64, limit: u32) -> Result<Vec<LogEntry>> {
    let room = rooms::by_key(tx, room)?.expect("the room");
    Ok(messages::in_log(tx, &room, after, limit)?.entries)
}

/// Appends a text message and gives its seq.
pub(crate) fn say(
    tx: &mut Tx<'_>,
    room: &mut StoredRoom,
    sender: &Person,
    role: Role,
    body: &str,
) -> Result<u64> {
    let entry = message(room, acting(sender, role), body);
    append(tx, room, NOW, entry).map(|appended| appended.seq)
}

/// What a defect in a command does, without a word to the console.
pub(crate) fn panic_quietly() -> ! {
    std::panic::resume_unwind(Box::new("a defect in this command"))
}
