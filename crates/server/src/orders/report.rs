//! A report of an order: taken as a difference, in one transaction with all that follows from it.

use std::sync::Arc;

use orderchat_domain::event::EventKind;
use orderchat_domain::news::News;
use orderchat_domain::order::{Change, Order, Report, take};
use orderchat_domain::participant::Ended;
use orderchat_domain::permission::{Action, permit_everywhere};
use orderchat_domain::policy::OrderPolicy;
use orderchat_domain::project::{OrderRecord, OrderView, ParticipantRecord, Person, order};
use orderchat_domain::room::{RoomChange, RoomStatus, Transition};
use orderchat_domain::system::{About, Voice, news};
use orderchat_domain::{OrderId, Role};
use orderchat_store::orders::Told;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, orders, participants, rooms};
use serde_json::json;

use super::people::{self, People};
use crate::chat::access::rights_of;
use crate::chat::closing::{self, StateChange};
use crate::chat::{Chat, Context, Result, Scribe, members, opening};

/// What the timeline calls a report of the whole order.
const REPORTED: &str = "order.reported";

/// What became of a report.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    pub(crate) order: OrderView,
    pub(crate) is_new: bool,
}

/// Takes a report: the order changes as far as no newer report has set it, its room opens, people
/// come and go, the room hears the news. `body` is the report as it came, for the timeline.
pub(crate) async fn report(
    chat: &Chat,
    ctx: &Context,
    id: OrderId,
    report: Report,
    body: String,
) -> Result<Reported> {
    permit_everywhere(&ctx.caller, Action::ReportOrders)?;
    let (commands, asked) = (chat.clone(), ctx.clone());
    let (record, is_new) = chat
        .write(None, move |tx| {
            let told = Told {
                kind: REPORTED,
                event: None,
                sequence: report.sequence,
                body: &body,
            };
            orders::lock(tx, &id)?;
            let known = orders::by_id(tx, &id)?;
            let applied = apply(&commands, tx, &asked, &id, known.as_ref(), &report, told)?;
            super::events::take_waiting(&commands, tx, &asked, &id, applied)
        })
        .await?;
    Ok(Reported {
        order: order(chat.viewer(ctx, None), &record),
        is_new,
    })
}

/// Takes a report of an order, which is locked and so far as `known`. The order, and whether it is
/// new.
pub(super) fn apply(
    chat: &Chat,
    tx: &mut Tx<'_>,
    ctx: &Context,
    id: &OrderId,
    known: Option<&OrderRecord>,
    report: &Report,
    told: Told<'_>,
) -> Result<(Arc<OrderRecord>, bool)> {
    let (order, mut changes) = take(
        known.map(|known| &known.order),
        report,
        chat.policy(),
        ctx.now,
    )?;
    let people = people::learn(tx, ctx, known, report, &order)?;
    if let Some(known) = known
        && !changes.contains(&Change::Details)
        && people.are_renamed(known)
    {
        changes.push(Change::Details);
    }
    let record = match known {
        Some(known) if known.order == order && changes.is_empty() => {
            // An older report than the newest is kept on the timeline also when it changes nothing,
            // an event always.
            if told.event.is_some() || report.sequence < known.order.sequences.newest {
                orders::keep(tx, known.key, told, ctx.now)?;
            }
            return Ok((Arc::new(known.clone()), false));
        }
        _ => store(tx, ctx, known, id, order, people)?,
    };
    chat.note_status(&record.order.status);
    tell_of_boarding(chat.policy(), tx, known, &record);
    orders::keep(tx, record.key, told, ctx.now)?;
    let record = if changes.is_empty() {
        Arc::new(record)
    } else {
        follow(chat, tx, ctx, known, record, &changes)?
    };
    Ok((record, known.is_none()))
}

/// Riders may lose or get back the right to write about their last order when the next one comes on
/// board or leaves it.
fn tell_of_boarding(
    policy: &OrderPolicy,
    tx: &mut Tx<'_>,
    before: Option<&OrderRecord>,
    now: &OrderRecord,
) {
    if !policy.muted_while_next_on_board {
        return;
    }
    let carrier = |order: &OrderRecord| {
        let is_on_board = policy.on_board.contains(&order.order.status);
        order
            .rider
            .as_ref()
            .filter(|_| is_on_board)
            .map(|rider| rider.key)
    };
    let (before, now) = (before.and_then(carrier), carrier(now));
    if before != now {
        for rider in [before, now].into_iter().flatten() {
            tx.announce(News::Rights(rider));
        }
    }
}

/// Stores the order as it is after the report.
fn store(
    tx: &mut Tx<'_>,
    ctx: &Context,
    known: Option<&OrderRecord>,
    id: &OrderId,
    order: Order,
    people: People,
) -> Result<OrderRecord> {
    let keys = people.keys();
    let key = orders::save(tx, id, &order, &keys, known.map(|known| known.key), ctx.now)?;
    if known.is_none_or(|known| known.order.staff != order.staff) {
        orders::set_staff(tx, key, &keys.staff)?;
    }
    Ok(OrderRecord {
        key,
        id: id.clone(),
        order,
        customer: people.customer,
        rider: people.rider,
        staff: people.staff,
        version: known.map_or(0, |known| known.version),
        created_at: known.map_or(ctx.now, |known| known.created_at),
        updated_at: ctx.now,
    })
}

/// What follows from the changes for the room; the order with its new version, when they are an event
/// there.
fn follow(
    chat: &Chat,
    tx: &mut Tx<'_>,
    ctx: &Context,
    known: Option<&OrderRecord>,
    record: OrderRecord,
    changes: &[Change],
) -> Result<Arc<OrderRecord>> {
    let policy = chat.policy();
    let mut scribe = Scribe::of(ctx);
    let Some(mut room) = rooms::lock_of_order(tx, record.key)? else {
        if !policy.opens(&record.order.status) {
            return Ok(Arc::new(record));
        }
        let settings = RoomChange::default();
        let mut room = opening::open(tx, policy, &mut scribe, &record, &settings)?;
        // The first thing said in it is the news that opened it, unless it opened with the order.
        if known.is_some() {
            tell(policy, &mut scribe, &mut room, &record, changes);
        }
        scribe.finish(tx, &room)?;
        return Ok(Arc::new(record));
    };
    let key = room.record.key;
    if room.record.deleted_at.is_some() || room.record.status == RoomStatus::Archived {
        // The news goes to the timeline only.
        return Ok(Arc::new(record));
    }
    let by_policy = room.record.closed_by_policy;
    if policy.reopens(room.record.circumstances(ctx.now), by_policy) {
        let reopen = StateChange::of_policy(Transition::Reopen);
        closing::change(tx, policy, &mut scribe, &mut room, reopen)?;
    } else if changes.iter().any(is_status) {
        closing::schedule(tx, policy, &room)?;
        if policy.reading_hangs_on_status() {
            members::refresh_readable(tx, policy, &scribe, &room)?;
        }
    }
    move_people(chat, tx, &mut scribe, &mut room, known, &record, changes)?;
    tell(policy, &mut scribe, &mut room, &record, changes);
    if changes.contains(&Change::Details) {
        let (code, title) = (&room.record.code, room.record.title.as_deref());
        rooms::set_words(tx, key, code, &record.order.number, title)?;
    }
    let record = scribe.order(&mut room, record);
    scribe.finish(tx, &room)?;
    orders::set_version(tx, record.key, record.version)?;
    Ok(record)
}

const fn is_status(change: &Change) -> bool {
    matches!(change, Change::Status { .. })
}

/// The room hears what changed.
fn tell(
    policy: &OrderPolicy,
    scribe: &mut Scribe,
    room: &mut StoredRoom,
    record: &OrderRecord,
    changes: &[Change],
) {
    let language = room.record.language.clone();
    let voice = Voice {
        texts: &policy.texts,
        language: language.as_deref(),
    };
    let about = About {
        order_id: record.id.as_str(),
        order_number: &record.order.number,
    };
    let rider = record
        .rider
        .as_ref()
        .map(|rider| rider.name.as_deref().unwrap_or_default())
        // One text for all who read it, so as the customer is shown the name.
        .map(|name| policy.names.customer.show(name, Role::Rider));
    for change in changes {
        if let Some(message) = news(voice, about, change, rider.as_deref()) {
            scribe.says(room, message);
        }
    }
}

/// The rider who has the order no longer goes, the one who has it comes, new staff come.
fn move_people(
    chat: &Chat,
    tx: &mut Tx<'_>,
    scribe: &mut Scribe,
    room: &mut StoredRoom,
    known: Option<&OrderRecord>,
    record: &OrderRecord,
    changes: &[Change],
) -> Result<()> {
    if changes
        .iter()
        .any(|change| matches!(change, Change::Rider { .. }))
    {
        if let Some(before) = known.and_then(|known| known.rider.as_ref()) {
            hand_over(tx, scribe, room, record, before)?;
        }
        if let Some(rider) = &record.rider {
            seat_rider(chat, tx, scribe, room, rider)?;
        }
    }
    let before = known
        .map(|known| known.staff.as_slice())
        .unwrap_or_default();
    for person in &record.staff {
        if before.iter().all(|known| known.key != person.key) {
            opening::let_in(tx, chat.policy(), scribe, room, person, Role::Pharmacy)?;
        }
    }
    Ok(())
}

/// Ends the participation of the rider the order had, unless they are its customer or staff too.
fn hand_over(
    tx: &mut Tx<'_>,
    scribe: &mut Scribe,
    room: &mut StoredRoom,
    record: &OrderRecord,
    before: &Person,
) -> Result<()> {
    let still_in_it = |person: &Person| person.key == before.key;
    if still_in_it(&record.customer) || record.staff.iter().any(still_in_it) {
        return Ok(());
    }
    let participant = participants::of_user(tx, room.record.key, before.key)?;
    // Whoever left could come back: the order has another rider now.
    let ends =
        |participant: &ParticipantRecord| matches!(participant.ended, None | Some(Ended::Left));
    let Some(mut participant) = participant.filter(ends) else {
        return Ok(());
    };
    members::end(tx, scribe, room, &mut participant, Ended::HandedOver, None)
}

/// Brings the order's rider in; somebody who is in the room as something else becomes its rider.
fn seat_rider(
    chat: &Chat,
    tx: &mut Tx<'_>,
    scribe: &mut Scribe,
    room: &mut StoredRoom,
    rider: &Person,
) -> Result<()> {
    let policy = chat.policy();
    let present = participants::of_user(tx, room.record.key, rider.key)?;
    let Some(mut participant) = present.filter(|participant| participant.is_active()) else {
        opening::let_in(tx, policy, scribe, room, rider, Role::Rider)?;
        return Ok(());
    };
    if participant.guest || participant.role != Role::Rider {
        members::set_guest(tx, &mut participant, room, false)?;
        participant.role = Role::Rider;
        let kind = EventKind::ParticipantUpdated;
        scribe.participant(
            room,
            kind,
            &mut participant,
            None,
            &json!({"role": "rider"}),
        );
        let at = room.record.circumstances(scribe.now);
        let readable = rights_of(policy, &participant, at).read;
        participants::update(tx, &participant, readable)?;
    }
    Ok(())
}
