//! A report of an order: taken as a difference, in one transaction with all that follows from it.

use std::collections::HashMap;

use orderchat_domain::event::EventKind;
use orderchat_domain::order::{Change, Named, Report, take};
use orderchat_domain::participant::{Ended, check_role};
use orderchat_domain::permission::{Action, permit_role};
use orderchat_domain::project::{
    OrderRecord, OrderView, ParticipantRecord, Person, masked_name, order,
};
use orderchat_domain::room::{RoomChange, RoomStatus, Transition};
use orderchat_domain::system::{About, news};
use orderchat_domain::{OrderId, Role, UserId};
use orderchat_store::orders::People;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::users::{Source, Told};
use orderchat_store::{StoreError, Tx, orders, participants, rooms, users};
use serde_json::json;

use crate::chat::access::rights_of;
use crate::chat::closing::{self, StateChange};
use crate::chat::{Chat, Context, Result, Scribe, members, opening};

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
    permit_role(ctx.caller.role, Action::ReportOrders)?;
    let (commands, asked) = (chat.clone(), ctx.clone());
    let (record, is_new) = chat
        .write(None, move |tx| {
            apply(&commands, tx, &asked, &id, &report, &body)
        })
        .await?;
    Ok(Reported {
        order: order(chat.viewer(ctx, None), &record),
        is_new,
    })
}

fn apply(
    chat: &Chat,
    tx: &mut Tx<'_>,
    ctx: &Context,
    id: &OrderId,
    report: &Report,
    body: &str,
) -> Result<(OrderRecord, bool)> {
    let policy = chat.policy();
    orders::lock(tx, id)?;
    let known = orders::by_id(tx, id)?;
    let (order, mut changes) = take(
        known.as_ref().map(|known| &known.order),
        report,
        policy,
        ctx.now,
    )?;
    let people = learn_people(tx, ctx, known.as_ref(), report, &order.staff)?;
    if let Some(known) = &known
        && !changes.contains(&Change::Details)
        && is_renamed(tx, known)?
    {
        changes.push(Change::Details);
    }
    let unchanged = known.as_ref().is_some_and(|known| known.order == order) && changes.is_empty();
    if unchanged && !is_late(known.as_ref(), report) {
        let record = orders::by_id(tx, id)?.ok_or(StoreError::Conflict)?;
        return Ok((record, false));
    }
    let people = People {
        rider: rider_key(tx, known.as_ref(), &people, order.rider.as_ref())?,
        ..people
    };
    if !unchanged {
        orders::save(tx, id, &order, &people, known.is_none(), ctx.now)?;
    }
    let mut record = orders::by_id(tx, id)?.ok_or(StoreError::Conflict)?;
    if known
        .as_ref()
        .is_none_or(|known| known.order.staff != order.staff)
    {
        orders::set_staff(tx, record.key, &people.staff)?;
        record = orders::by_id(tx, id)?.ok_or(StoreError::Conflict)?;
    }
    orders::keep_report(tx, record.key, report.sequence, body, ctx.now)?;
    if !changes.is_empty() {
        follow(chat, tx, ctx, known.as_ref(), &record, &changes)?;
    }
    let record = orders::by_id(tx, id)?.ok_or(StoreError::Conflict)?;
    Ok((record, known.is_none()))
}

/// An older report than the newest: kept on the timeline even when it changes nothing.
fn is_late(known: Option<&OrderRecord>, report: &Report) -> bool {
    known.is_some_and(|known| report.sequence < known.order.sequences.newest)
}

/// Whether somebody in the order has another name or address than before the report.
fn is_renamed(tx: &mut Tx<'_>, known: &OrderRecord) -> Result<bool> {
    let now = orders::by_key(tx, known.key)?.ok_or(StoreError::Conflict)?;
    let people = |record: &OrderRecord| {
        (
            record.customer.clone(),
            record.rider.clone(),
            record.staff.clone(),
        )
    };
    Ok(people(&now) != people(known))
}

/// Takes note of the people a report names, and gives their keys. What an order says of somebody
/// overrides neither their token nor `PUT /users`.
fn learn_people(
    tx: &mut Tx<'_>,
    ctx: &Context,
    known: Option<&OrderRecord>,
    report: &Report,
    staff: &[UserId],
) -> Result<People> {
    let keys = learn_named(tx, ctx, known, report)?;
    let key = |named: &Named| keys.get(&named.id).copied();
    let customer = match (&report.customer, known) {
        (Some(customer), _) => key(customer),
        (None, Some(known)) => Some(known.customer.key),
        // A new order without a customer was refused before.
        (None, None) => None,
    };
    let rider = report.rider.iter().flatten().find_map(key);
    let before = known
        .map(|known| known.staff.as_slice())
        .unwrap_or_default();
    let key_of = |user: &UserId| {
        keys.get(user).copied().or_else(|| {
            before
                .iter()
                .find(|person| person.user == *user)
                .map(|person| person.key)
        })
    };
    Ok(People {
        customer: customer.ok_or(StoreError::Conflict)?,
        rider,
        staff: staff.iter().filter_map(key_of).collect(),
    })
}

/// Learns of everybody the report names, and gives their keys by their ids. A report that is older
/// than the one that set the names tells no new ones.
fn learn_named(
    tx: &mut Tx<'_>,
    ctx: &Context,
    known: Option<&OrderRecord>,
    report: &Report,
) -> Result<HashMap<UserId, i64>> {
    let sequences = known.map(|known| known.order.sequences).unwrap_or_default();
    let (details, rider) = (
        report.sequence >= sequences.rest,
        report.sequence >= sequences.rider,
    );
    let staff = report
        .pharmacy
        .iter()
        .flat_map(|pharmacy| pharmacy.staff.iter().flatten());
    let mut named: Vec<(&Named, Role, bool, String)> = Vec::new();
    named.extend(
        report
            .customer
            .iter()
            .map(|one| (one, Role::Customer, details, "/customer".into())),
    );
    let reported_rider = report.rider.iter().flatten();
    named.extend(reported_rider.map(|one| (one, Role::Rider, rider, "/rider".into())));
    named.extend(staff.enumerate().map(|(place, one)| {
        (
            one,
            Role::Pharmacy,
            details,
            format!("/pharmacy/staff/{place}"),
        )
    }));
    // In one order everywhere, so that two reports never wait for each other's users.
    named.sort_by(|(one, ..), (other, ..)| one.id.cmp(&other.id));
    let mut keys = HashMap::with_capacity(named.len());
    for (one, role, is_newer, pointer) in named {
        let told = Told {
            user: &one.id,
            role: Some(role),
            name: Some(one.name.as_str()).filter(|_| is_newer),
            email: one.email.as_deref().filter(|_| is_newer),
            pharmacy: None,
            language: None,
            source: Source::Order,
        };
        let (user, _) = users::learn(tx, told, ctx.now)?;
        check_role(&pointer, role, user.role.unwrap_or(role))?;
        keys.insert(one.id.clone(), user.person.key);
    }
    Ok(keys)
}

/// The key of the order's rider after the report: the one reported, or the one it keeps.
fn rider_key(
    tx: &mut Tx<'_>,
    known: Option<&OrderRecord>,
    people: &People,
    rider: Option<&UserId>,
) -> Result<Option<i64>> {
    let Some(rider) = rider else { return Ok(None) };
    if let Some(kept) = known.and_then(|known| known.rider.as_ref())
        && kept.user == *rider
    {
        return Ok(Some(kept.key));
    }
    match people.rider {
        Some(key) => Ok(Some(key)),
        None => Ok(users::by_id(tx, rider, false)?.map(|user| user.person.key)),
    }
}

/// What follows from the changes for the room.
fn follow(
    chat: &Chat,
    tx: &mut Tx<'_>,
    ctx: &Context,
    known: Option<&OrderRecord>,
    record: &OrderRecord,
    changes: &[Change],
) -> Result<()> {
    let policy = chat.policy();
    let mut scribe = Scribe::of(ctx);
    let Some(key) = rooms::key_of_order(tx, &record.id)? else {
        if !policy.opens(&record.order.status) {
            return Ok(());
        }
        let mut room = opening::open(tx, policy, &mut scribe, record, &RoomChange::default())?;
        // The first thing said in it is the news that opened it, unless it opened with the order.
        if known.is_some() {
            tell(&mut scribe, &mut room, record, changes);
        }
        return Ok(scribe.finish(tx, &room).map(drop)?);
    };
    rooms::lock(tx, &[key])?;
    let mut room = rooms::by_key(tx, key)?.ok_or(StoreError::Conflict)?;
    if room.record.deleted_at.is_some() || room.record.status == RoomStatus::Archived {
        // The news goes to the timeline only.
        return Ok(());
    }
    let by_policy = room.record.closed_by_policy;
    if policy.reopens(room.record.circumstances(ctx.now), by_policy) {
        let reopen = StateChange::of_policy(Transition::Reopen);
        closing::change(tx, policy, &mut scribe, &mut room, reopen)?;
    } else if changes.iter().any(is_status) {
        closing::schedule(tx, policy, &room)?;
    }
    move_people(chat, tx, &mut scribe, &mut room, known, record, changes)?;
    tell(&mut scribe, &mut room, record, changes);
    if changes.contains(&Change::Details) {
        let (code, title) = (&room.record.code, room.record.title.as_deref());
        rooms::set_words(tx, key, code, &record.order.number, title)?;
    }
    let seq = scribe.order(&mut room, &json!({"status": record.order.status}));
    scribe.finish(tx, &room)?;
    Ok(orders::set_version(tx, record.key, seq)?)
}

const fn is_status(change: &Change) -> bool {
    matches!(change, Change::Status { .. })
}

/// The room hears what changed.
fn tell(scribe: &mut Scribe, room: &mut StoredRoom, record: &OrderRecord, changes: &[Change]) {
    let about = About {
        order_id: record.id.as_str(),
        order_number: &record.order.number,
    };
    let rider = record
        .rider
        .as_ref()
        .map(|rider| masked_name(rider.name.as_deref().unwrap_or_default(), Role::Rider));
    for change in changes {
        if let Some(message) = news(about, change, rider.as_deref()) {
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
        participant.guest = false;
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
