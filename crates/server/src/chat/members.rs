//! Who comes into a room and who goes: the one place that changes who is in it.

use orderchat_domain::event::EventKind;
use orderchat_domain::participant::{
    Capacity, Ended, Entrance, SeatFor, Seats, may_return, visible_from,
};
use orderchat_domain::policy::OrderPolicy;
use orderchat_domain::project::{ParticipantRecord, Person};
use orderchat_domain::receipt::{Unread, Watermarks};
use orderchat_domain::{ParticipantId, Refusal, Role};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, log, participants, receipts, users};
use serde_json::json;

use super::access::rights_of;
use super::{Result, Scribe};
use crate::random;

/// Somebody who is to come in.
#[derive(Clone, Debug)]
pub(crate) struct Newcomer {
    pub(crate) person: Person,
    /// Their own role in the shop.
    pub(crate) user_role: Role,
    pub(crate) role: Role,
    /// From outside the order, by their own wish.
    pub(crate) guest: bool,
    pub(crate) entrance: Entrance,
    /// Their token reaches the room as staff, whatever they are in it.
    pub(crate) by_staff_token: bool,
}

/// The room's seats as they stand. `active` are its active participants.
pub(crate) fn seats(room: &StoredRoom, active: &[ParticipantRecord]) -> Seats {
    let is_in = |user: i64| {
        active
            .iter()
            .any(|participant| participant.person.key == user)
    };
    let order = &room.record.order;
    Seats {
        max: room.record.max_participants,
        active: room.record.participant_count,
        customer_in: is_in(order.customer),
        rider_in: order.rider.is_some_and(is_in),
    }
}

/// Brings somebody into the room, for the first time or again, if a seat is free for them. The
/// room is locked. `before` is their ended participation, if they were here.
pub(crate) fn admit(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    scribe: &mut Scribe,
    room: &mut StoredRoom,
    newcomer: &Newcomer,
    before: Option<ParticipantRecord>,
) -> Result<ParticipantRecord> {
    let order = &room.record.order;
    let seat = match newcomer.person.key {
        key if key == order.customer => SeatFor::OrderCustomer,
        key if order.rider == Some(key) => SeatFor::OrderRider,
        _ => SeatFor::Other,
    };
    if let Some(ended) = before.as_ref().and_then(|before| before.ended) {
        may_return(ended, newcomer.entrance, newcomer.by_staff_token)?;
    }
    let active = participants::active(tx, room.record.key)?;
    seats(room, &active).take(seat)?;
    let capacity = match (seat, newcomer.role) {
        (SeatFor::OrderCustomer, _) => Capacity::OrderCustomer,
        (_, role) if role.is_staff() && !newcomer.guest => Capacity::Staff,
        (_, Role::Rider) if !newcomer.guest => Capacity::Rider,
        _ => Capacity::Guest,
    };
    let joined = room.record.seq + 1;
    let ended = before
        .as_ref()
        .and_then(|known| known.ended.map(|how| (how, known.visible_from)));
    let from = visible_from(capacity, joined, ended, policy.rider_sees_earlier);
    let is_new = before.is_none();
    let mut participant = match before {
        Some(before) => before,
        None => blank(tx, room, newcomer, scribe)?,
    };
    participant.role = newcomer.role;
    set_guest(tx, &mut participant, room, newcomer.guest)?;
    participant.ended = None;
    participant.left_at = None;
    participant.joined_at = scribe.now.max(room.record.last_activity);
    if ended.is_none_or(|(_, before)| before != from) {
        see_from(tx, &mut participant, room, from, joined)?;
    }
    room.record.participant_count += 1;
    let readable = rights_of(policy, &participant, room.record.circumstances(scribe.now)).read;
    if is_new {
        participant.key = participants::insert(tx, room.record.key, &participant, readable)?;
    }
    let detail = json!({"role": participant.role.as_str(), "guest": participant.guest});
    scribe.participant(
        room,
        EventKind::ParticipantJoined,
        &mut participant,
        None,
        &detail,
    );
    participants::update(tx, &participant, readable)?;
    Ok(participant)
}

fn blank(
    tx: &mut Tx<'_>,
    room: &StoredRoom,
    newcomer: &Newcomer,
    scribe: &Scribe,
) -> Result<ParticipantRecord> {
    let known = users::by_key(tx, newcomer.person.key)?;
    Ok(ParticipantRecord {
        key: 0,
        id: ParticipantId(random::uuid_v7(scribe.now.0)),
        room: room.record.id,
        person: newcomer.person.clone(),
        user_role: newcomer.user_role,
        role: newcomer.role,
        guest: newcomer.guest,
        ended: None,
        muted: false,
        muted_until: None,
        joined_at: scribe.now,
        left_at: None,
        last_seen: None,
        preferences: known.map(|user| user.preferences).unwrap_or_default(),
        marks: Watermarks::default(),
        unread: Unread::default(),
        visible_from: 1,
        messages_before: 0,
        news_before: 0,
        next_on_board: false,
        version: 0,
    })
}

/// Makes them a guest of the room, or one of its people. Of what is deleted behind their mark a guest is
/// not counted news of the order, so it is counted anew.
pub(crate) fn set_guest(
    tx: &mut Tx<'_>,
    participant: &mut ParticipantRecord,
    room: &StoredRoom,
    guest: bool,
) -> Result<()> {
    if participant.guest == guest {
        return Ok(());
    }
    participant.guest = guest;
    let before = participant.visible_from.saturating_sub(1);
    let behind = (participant.marks.read.max(before), room.record.seq);
    let (key, user) = (room.record.key, participant.person.key);
    let (own_after, deleted_after) = receipts::passed(tx, key, behind, user, guest)?;
    participant.unread.own_after = own_after;
    participant.unread.deleted_after = deleted_after;
    Ok(())
}

/// Sets from where on they see: from the beginning or from now on. What lies before neither counts
/// as unread nor among the messages; of what they see from the beginning, what they have not read.
fn see_from(
    tx: &mut Tx<'_>,
    participant: &mut ParticipantRecord,
    room: &StoredRoom,
    from: u64,
    joined: u64,
) -> Result<()> {
    participant.visible_from = from;
    if from == joined {
        participant.messages_before = room.record.message_count;
        participant.news_before = room.record.news;
        participant.unread = Unread {
            read_ordinal: room.record.ordinal,
            read_news: room.record.news,
            ..Unread::default()
        };
        return Ok(());
    }
    let (key, read, user) = (
        room.record.key,
        participant.marks.read,
        participant.person.key,
    );
    let guest = participant.guest;
    let (own_after, deleted_after) = receipts::passed(tx, key, (read, joined), user, guest)?;
    participant.messages_before = 0;
    participant.news_before = 0;
    participant.unread = Unread {
        room_ordinal: 0,
        read_ordinal: log::ordinal_at(tx, key, read)?,
        read_news: log::news_up_to(tx, key, read)?,
        own_after,
        deleted_after,
    };
    Ok(())
}

/// Ends somebody's participation. Who had ended otherwise before keeps the time they left.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    scribe: &mut Scribe,
    room: &mut StoredRoom,
    participant: &mut ParticipantRecord,
    ended: Ended,
    reason: Option<&str>,
) -> Result<()> {
    if participant.is_active() {
        room.record.participant_count = room.record.participant_count.saturating_sub(1);
        participant.left_at = Some(scribe.now.max(room.record.last_activity));
    }
    participant.ended = Some(ended);
    let kind = match ended {
        Ended::Blocked => EventKind::ParticipantBlocked,
        Ended::Left | Ended::Removed | Ended::HandedOver => EventKind::ParticipantEnded,
    };
    let detail = json!({"ended": ended.as_str()});
    scribe.participant(room, kind, participant, reason, &detail);
    Ok(participants::update(tx, participant, false)?)
}

/// Sets for everybody in the room whether they may read it in its present state.
pub(crate) fn refresh_readable(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    scribe: &Scribe,
    room: &StoredRoom,
) -> Result<()> {
    let circumstances = room.record.circumstances(scribe.now);
    let readable: Vec<(i64, bool)> = participants::active(tx, room.record.key)?
        .iter()
        .map(|participant| {
            (
                participant.key,
                rights_of(policy, participant, circumstances).read,
            )
        })
        .collect();
    Ok(participants::set_readable(tx, &readable)?)
}

/// Somebody is in the room already; nothing is to be done.
pub(crate) fn is_in(participant: Option<&ParticipantRecord>) -> bool {
    participant.is_some_and(ParticipantRecord::is_active)
}

/// Staff who are not in the room and want what only participants can.
pub(crate) fn not_in_it() -> Refusal {
    use orderchat_domain::Rule;
    Refusal::conflict(Rule::RoomState, "you are not in this room; join it first")
}
