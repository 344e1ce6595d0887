//! What becomes of events: each is taken once, changes what no newer one has set, and stands on the
//! timeline. Those for orders not yet known wait.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use orderchat_domain::permission::{Action, permit_everywhere};
use orderchat_domain::project::OrderRecord;
use orderchat_domain::time::DAY;
use orderchat_domain::{Millis, OrderId, Refusal};
use orderchat_store::orders::{self, Found, Told};
use orderchat_store::{AsStoreError, StoreError, Tx};

use super::event::Event;
use super::report::apply;
use crate::chat::{Chat, ChatError, Context, Result};
use crate::clock;

/// How long an event waits for its order.
const WAITS: i64 = 7 * DAY;
/// Orders of a batch that are worked on at once, fewer than a node has connections to its database;
/// the events of one order come one after another.
const AT_ONCE: usize = 8;
/// Orders that arrived after their events and are looked up in one go.
const ARRIVED_AT_ONCE: u32 = 100;
/// Events that have waited too long and are forgotten in one go: longer, and other writes would wait.
const FORGOTTEN_AT_ONCE: u32 = 1_000;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    Accepted,
    /// It came before; nothing was done.
    Repeated,
}

/// Takes events, and says of each what became of it, in their order.
pub(crate) async fn take_events(
    chat: &Chat,
    ctx: &Context,
    events: Vec<Event>,
) -> Result<Vec<Result<Became>>> {
    permit_everywhere(&ctx.caller, Action::ReportOrders)?;
    let mut by_order: BTreeMap<String, Vec<(usize, Event)>> = BTreeMap::new();
    for (place, event) in events.into_iter().enumerate() {
        let of_one = by_order.entry(event.order.as_str().to_owned());
        of_one.or_default().push((place, event));
    }
    let mut became: Vec<_> = stream::iter(by_order.into_values())
        .map(|of_one| async move {
            let mut became = Vec::with_capacity(of_one.len());
            for (place, event) in of_one {
                became.push((place, take_one(chat, ctx, event).await));
            }
            became
        })
        .buffer_unordered(AT_ONCE)
        .flat_map(stream::iter)
        .collect()
        .await;
    became.sort_by_key(|(place, _)| *place);
    Ok(became.into_iter().map(|(_, became)| became).collect())
}

async fn take_one(chat: &Chat, ctx: &Context, event: Event) -> Result<Became> {
    if !event.is_familiar {
        chat.note_event_type(&event.kind);
    }
    let (commands, asked) = (chat.clone(), ctx.clone());
    chat.write(None, move |tx| {
        orders::lock(tx, &event.order)?;
        let name = (event.source.as_str(), event.id.as_str());
        match orders::for_event(tx, &event.order, name)? {
            Found::Repeated => return Ok(Became::Repeated),
            Found::Order(known) => happen(&commands, tx, &asked, &event, &known)?,
            Found::NoOrder => begin(&commands, tx, &asked, &event)?,
        }
        Ok(Became::Accepted)
    })
    .await
}

fn told(event: &Event) -> Told<'_> {
    Told {
        kind: &event.kind,
        event: Some((&event.source, &event.id)),
        sequence: event.sequence,
        body: &event.body,
    }
}

/// An event of an order that is known and locked.
fn happen(
    chat: &Chat,
    tx: &mut Tx<'_>,
    ctx: &Context,
    event: &Event,
    known: &OrderRecord,
) -> Result<()> {
    match &event.report {
        Some(report) => {
            let known = Some(known);
            apply(chat, tx, ctx, &event.order, known, report, told(event)).map(drop)
        }
        None => Ok(orders::keep(tx, known.key, told(event), ctx.now)?),
    }
}

/// An event of an order that is not known: it makes it known if it says enough, else it waits.
fn begin(chat: &Chat, tx: &mut Tx<'_>, ctx: &Context, event: &Event) -> Result<()> {
    let says_enough = event.kind == "order.created"
        || event.report.as_ref().is_some_and(|report| {
            report.number.is_some()
                && report.status.is_some()
                && report.customer.is_some()
                && report.pharmacy.is_some()
        });
    if let Some(report) = event.report.as_ref().filter(|_| says_enough) {
        let applied = apply(chat, tx, ctx, &event.order, None, report, told(event));
        let applied = applied.map_err(in_data)?;
        return take_waiting(chat, tx, ctx, &event.order, applied).map(drop);
    }
    let name = (event.source.as_str(), event.id.as_str());
    Ok(orders::wait(tx, &event.order, name, &event.body, ctx.now)?)
}

/// What a report lacks is looked for in the event's data.
fn in_data(error: ChatError) -> ChatError {
    match error {
        ChatError::Refused(refusal) => super::event::within_data(refusal).into(),
        failed => failed,
    }
}

/// Takes the events that waited for this order, which has arrived and is locked: the oldest by their
/// sequence first. One that cannot be taken stands on the timeline all the same.
pub(super) fn take_waiting(
    chat: &Chat,
    tx: &mut Tx<'_>,
    ctx: &Context,
    id: &OrderId,
    (mut record, is_new): (Arc<OrderRecord>, bool),
) -> Result<(Arc<OrderRecord>, bool)> {
    let waiting = orders::take_waiting(tx, id)?;
    // What has waited too long may still be there: it is looked for from time to time.
    let since = ctx.now.plus(-WAITS);
    let mut events: Vec<_> = waiting
        .iter()
        .filter(|(at, _)| *at >= since)
        .filter_map(|(_, body)| read(id, body))
        .collect();
    events.sort_by_key(|event| event.sequence);
    for event in &events {
        // Meanwhile the shop may have told the same of another order.
        let name = (event.source.as_str(), event.id.as_str());
        let Found::Order(known) = orders::for_event(tx, id, name)? else {
            continue;
        };
        match happen(chat, tx, ctx, event, &known) {
            Ok(()) => {}
            Err(ChatError::Refused(refusal)) => {
                refused_late(&refusal, event);
                orders::keep(tx, known.key, told(event), ctx.now)?;
            }
            Err(failed) => return Err(failed),
        }
    }
    if !events.is_empty() {
        record = orders::by_id(tx, id)?.map_or(record, Arc::new);
    }
    Ok((record, is_new))
}

/// The event as it was kept. What was taken by other rules, of a version before, may not be one by these.
fn read(order: &OrderId, body: &str) -> Option<Event> {
    let event = Event::read(body);
    if event.is_none() {
        tracing::warn!(
            order = order.as_str(),
            "an event that waited for its order is not read any more"
        );
    }
    event
}

/// Nobody waits for the answer any more.
fn refused_late(refusal: &Refusal, event: &Event) {
    tracing::warn!(order = event.order.as_str(), kind = event.kind, %refusal,
        "an event that waited for its order was refused; it stands on the timeline");
}

/// Takes what has waited since then, in milliseconds before now, for orders that have arrived meanwhile,
/// and forgets what has waited too long. An order and an event of it that came at the same moment may not
/// have seen each other. What cannot be taken waits on and holds up no other order, unless it is the
/// database that fails.
pub(crate) async fn take_arrived(chat: &Chat, within: i64) -> Result<()> {
    let now = Millis(clock::now_ms());
    forget_expired(chat, now.plus(-WAITS)).await?;
    let since = now.plus(-within.min(WAITS));
    let mut last = None;
    loop {
        let after = last.take();
        let arrived = chat
            .look(move |tx| Ok(orders::arrived(tx, since, after.as_ref(), ARRIVED_AT_ONCE)?))
            .await?;
        let Some(end) = arrived.last() else {
            return Ok(());
        };
        last = Some(end.clone());
        for id in arrived {
            let taken = take_late(chat, id.clone(), now).await;
            if let Err(error) = taken {
                if error
                    .store_error()
                    .is_some_and(StoreError::is_of_the_database)
                {
                    return Err(error);
                }
                tracing::warn!(order = id.as_str(), %error,
                    "events that waited for their order cannot be taken; they are tried again");
            }
        }
    }
}

async fn forget_expired(chat: &Chat, before: Millis) -> Result<()> {
    while chat
        .look(move |tx| Ok(orders::has_waited_since(tx, before)?))
        .await?
    {
        chat.write_anyway(None, move |tx| {
            Ok(orders::expire_waiting(tx, before, FORGOTTEN_AT_ONCE)?)
        })
        .await?;
    }
    Ok(())
}

/// Takes what waits for this order.
async fn take_late(chat: &Chat, id: OrderId, now: Millis) -> Result<()> {
    let (commands, asked) = (chat.clone(), Context::of_the_server(now)?);
    chat.write(None, move |tx| {
        orders::lock(tx, &id)?;
        if let Some(record) = orders::by_id(tx, &id)? {
            take_waiting(&commands, tx, &asked, &id, (Arc::new(record), false))?;
        }
        Ok(())
    })
    .await
}
