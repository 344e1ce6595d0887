//! An order's timeline: what the shop told and what happened in the room, in one order.

use orderchat_domain::event::EventKind;
use orderchat_domain::permission::Action;
use orderchat_domain::project::{self, EventRecord, EventView, ToldRecord, ToldView, Viewer};
use orderchat_domain::{Millis, OrderId, Refusal};
use orderchat_store::orders::{Kept, told_after};
use orderchat_store::{StoreError, Tx};

use super::access::Scene;
use super::events::entries;
use super::rooms::order_for;
use super::{Chat, Context, Result};

/// How far a timeline was read: the seq of the room's last event, and the last thing told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) seq: u64,
    pub(crate) told: i64,
}

/// Something on the timeline.
#[derive(Clone, Debug)]
pub(crate) enum TimelineEntry {
    /// The shop told it: its kind, when it came, what it says.
    Told(String, Millis, Box<ToldView>),
    /// It happened in the room.
    Event(Box<EventView>),
}

/// A page of it, oldest first. It may hold less than asked for, and go on all the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimelinePage {
    pub(crate) entries: Vec<TimelineEntry>,
    pub(crate) next: Option<Place>,
}

impl Chat {
    /// What is on the order's timeline after `after`, as the caller sees it.
    pub(crate) async fn timeline(
        &self,
        ctx: &Context,
        order: &str,
        after: Place,
        limit: u32,
    ) -> Result<TimelinePage> {
        let id = OrderId::parse("id", order).map_err(|_| Refusal::NotFound)?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, page) = self
            .read(move |tx| {
                let (order, scene) = order_for(&chat, tx, &asked, &id, Action::ReadOrder)?;
                let own = scene.as_ref().and_then(|scene| scene.own.as_ref());
                let viewer = chat.viewer(&asked, own);
                let told = told_after(tx, order.key, after.told, limit + 1)?;
                let happened = happened(tx, viewer, scene.as_ref(), after.seq, limit + 1)?;
                let page = merge(viewer, scene.as_ref(), (told, happened), after, limit)?;
                Ok((scene, page))
            })
            .await?;
        if let Some(scene) = &scene {
            self.note_reading(ctx, scene).await?;
        }
        Ok(page)
    }
}

fn happened(
    tx: &mut Tx<'_>,
    viewer: Viewer<'_>,
    scene: Option<&Scene>,
    after: u64,
    limit: u32,
) -> Result<Vec<EventRecord>> {
    match scene {
        None => Ok(Vec::new()),
        Some(scene) => {
            let from = after.max(viewer.visible_from() - 1);
            entries(tx, &scene.room, from, limit)
        }
    }
}

/// Both in the order of time; what the shop told comes before what followed from it.
fn merge(
    viewer: Viewer<'_>,
    scene: Option<&Scene>,
    (told, happened): (Vec<Kept>, Vec<EventRecord>),
    after: Place,
    limit: u32,
) -> Result<TimelinePage> {
    let since = sees_since(viewer);
    let mut place = after;
    let mut page = TimelinePage::default();
    let (mut told, mut happened) = (told.into_iter().peekable(), happened.into_iter().peekable());
    for _ in 0..limit {
        let told_first = match (told.peek(), happened.peek()) {
            (Some(told), Some(happened)) => told.at <= happened.at,
            (told, _) => told.is_some(),
        };
        if told_first && let Some(kept) = told.next() {
            place.told = kept.key;
            if kept.at >= since {
                page.entries.push(of_shop(viewer, kept)?);
            }
        } else if let (Some(scene), Some(record)) = (scene, happened.next()) {
            place.seq = record.seq;
            page.entries.extend(of_room(viewer, scene, &record));
        } else {
            break;
        }
    }
    let has_more = told.peek().is_some() || happened.peek().is_some();
    page.next = has_more.then_some(place);
    Ok(page)
}

/// Who sees the room from their coming on sees of the order what was told from then on.
fn sees_since(viewer: Viewer<'_>) -> Millis {
    match viewer.participant {
        Some(own) if viewer.visible_from() > 1 => own.joined_at,
        _ => Millis(i64::MIN),
    }
}

fn of_shop(viewer: Viewer<'_>, kept: Kept) -> Result<TimelineEntry> {
    let unreadable = |_| StoreError::Corrupt("what the shop told is no JSON object".to_owned());
    let record = ToldRecord {
        at: kept.at,
        kind: kept.kind,
        sequence: kept.sequence,
        source: kept.source,
        event_id: kept.event_id,
        body: serde_json::from_str(&kept.body).map_err(unreadable)?,
    };
    let view = project::told(viewer, &record);
    Ok(TimelineEntry::Told(record.kind, record.at, Box::new(view)))
}

/// Each message stands there once, as it is now; of the order the shop has told.
fn of_room(viewer: Viewer<'_>, scene: &Scene, record: &EventRecord) -> Option<TimelineEntry> {
    let again = matches!(
        record.kind,
        EventKind::MessageEdited
            | EventKind::MessageDeleted
            | EventKind::MessageFailed
            | EventKind::OrderUpdated
    );
    let view = project::event(viewer, &scene.room.record, record);
    let shown = !again && view.data.is_some();
    shown.then(|| TimelineEntry::Event(Box::new(view)))
}
