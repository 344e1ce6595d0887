//! A room opens: by the order policy when the shop reports, or by staff before it would.

use orderchat_domain::event::EventKind;
use orderchat_domain::participant::Entrance;
use orderchat_domain::policy::OrderPolicy;
use orderchat_domain::project::{OrderRecord, Person};
use orderchat_domain::room::{DEFAULT_PARTICIPANTS, RoomChange};
use orderchat_domain::{Refusal, Role, RoomCode, RoomId, Rule};
use orderchat_store::rooms::{NewRoom, StoredRoom};
use orderchat_store::{StoreError, Tx, participants, rooms};

use super::members::{Newcomer, admit};
use super::scribe::NOTHING;
use super::{ChatError, Result, Scribe};
use crate::random;

/// How often a new code is tried: two rooms in 6.5 × 10¹¹ have the same.
const TRIES: usize = 5;

/// Opens the order's room and lets its people in: customer, rider, and the staff in list order
/// while seats remain. The order is locked and has no room.
pub(crate) fn open(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    scribe: &mut Scribe,
    order: &OrderRecord,
    settings: &RoomChange,
) -> Result<StoredRoom> {
    let mut room = make(tx, scribe, order, settings)?;
    scribe.room(&mut room, EventKind::RoomCreated, None, &NOTHING);
    let customer = std::iter::once((&order.customer, Role::Customer));
    let rider = order.rider.iter().map(|rider| (rider, Role::Rider));
    let staff = order.staff.iter().map(|staff| (staff, Role::Pharmacy));
    let mut seated: Vec<i64> = Vec::new();
    for (person, role) in customer.chain(rider).chain(staff) {
        if !seated.contains(&person.key) && let_in(tx, policy, scribe, &mut room, person, role)? {
            seated.push(person.key);
        }
    }
    Ok(room)
}

fn make(
    tx: &mut Tx<'_>,
    scribe: &Scribe,
    order: &OrderRecord,
    settings: &RoomChange,
) -> Result<StoredRoom> {
    for _ in 0..TRIES {
        let code = RoomCode::from_random(random::bytes());
        let new = NewRoom {
            id: RoomId(random::uuid_v7(scribe.now.0)),
            code: &code,
            order: order.key,
            order_number: &order.order.number,
            pharmacy: order.order.pharmacy.as_str(),
            title: settings.title.as_ref().and_then(Option::as_deref),
            description: settings.description.as_ref().and_then(Option::as_deref),
            is_public: settings.is_public.unwrap_or(false),
            max_participants: settings.max_participants.unwrap_or(DEFAULT_PARTICIPANTS),
            language: order.order.language.as_deref(),
        };
        if let Some(room) = rooms::insert(tx, &new, scribe.now)? {
            return Ok(room);
        }
    }
    Err(StoreError::Conflict.into())
}

/// Lets one of the order's people in, for the first time or again after a hand-over. `false` when
/// they may not come back, or no seat remains for them: they reach the room by claim.
pub(crate) fn let_in(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    scribe: &mut Scribe,
    room: &mut StoredRoom,
    person: &Person,
    role: Role,
) -> Result<bool> {
    let before = participants::of_user(tx, room.record.key, person.key)?;
    if super::members::is_in(before.as_ref()) {
        return Ok(false);
    }
    let entrance = Entrance::Order;
    let newcomer = Newcomer {
        person: person.clone(),
        user_role: role,
        role,
        guest: false,
        entrance,
        by_staff_token: false,
    };
    match admit(tx, policy, scribe, room, &newcomer, before) {
        Ok(_) => Ok(true),
        Err(ChatError::Refused(
            Refusal::NotFound
            | Refusal::Conflict {
                rule: Rule::RoomFull,
                ..
            },
        )) => Ok(false),
        Err(error) => Err(error),
    }
}
