//! The room log as clients see it: every seq from where they see on, none missing.

use std::collections::HashMap;
use std::sync::Arc;

use orderchat_domain::RoomId;
use orderchat_domain::event::Subject;
use orderchat_domain::permission::Action;
use orderchat_domain::project::{self, EventRecord, EventView, MessageRecord, Thing};
use orderchat_store::log::LogEntry;
use orderchat_store::messages::InLog;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, messages, orders, participants};

use super::access::enter;
use super::{Chat, Context, Result};

/// A page of the log, ascending.
#[derive(Clone, Debug)]
pub(crate) struct EventPage {
    pub(crate) events: Vec<EventView>,
    pub(crate) has_newer: bool,
}

impl Chat {
    /// The entries after `after`, each with the thing as it is now.
    pub(crate) async fn events(
        &self,
        ctx: &Context,
        room: RoomId,
        after: u64,
        limit: u32,
    ) -> Result<EventPage> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, page) = self
            .read(move |tx| {
                let scene = enter(tx, chat.policy(), &asked, room, Action::ReadRoom)?;
                let viewer = chat.viewer(&asked, scene.own.as_ref());
                let from = after.max(viewer.visible_from() - 1);
                let mut records = entries(tx, &scene.room, from, limit + 1)?;
                let has_newer = records.len() > limit as usize;
                records.truncate(limit as usize);
                let events = records
                    .iter()
                    .map(|record| project::event(viewer, &scene.room.record, record))
                    .collect();
                Ok((scene, EventPage { events, has_newer }))
            })
            .await?;
        self.note_reading(ctx, &scene).await?;
        Ok(page)
    }
}

/// At most `limit` entries after `after`, ascending, with what they are about.
pub(super) fn entries(
    tx: &mut Tx<'_>,
    room: &StoredRoom,
    after: u64,
    limit: u32,
) -> Result<Vec<EventRecord>> {
    let InLog {
        entries,
        messages,
        actors,
    } = messages::in_log(tx, room, after, limit)?;
    let things = things(tx, room, &entries, messages)?;
    let record = |entry: LogEntry| {
        let thing = things.of(&entry).unwrap_or_else(|| {
            let (room, seq) = (room.record.id.0, entry.seq);
            tracing::error!(%room, seq, "what an entry of the log is about is not there");
            Thing::Lost
        });
        EventRecord {
            seq: entry.seq,
            kind: entry.kind,
            at: entry.at,
            actor: actors.record(room.record.key, entry.actor, &entry.actor_role),
            thing,
        }
    };
    Ok(entries.into_iter().map(record).collect())
}

/// What the entries of a page are about, as it is now.
struct Things {
    messages: HashMap<u64, Thing>,
    participants: HashMap<u64, Thing>,
    order: Option<Thing>,
}

impl Things {
    fn of(&self, entry: &LogEntry) -> Option<Thing> {
        match entry.kind.subject() {
            Subject::Message => self.messages.get(&entry.subject).cloned(),
            Subject::Participant => self.participants.get(&entry.subject).cloned(),
            Subject::Order => self.order.clone(),
            Subject::Room => Some(Thing::Room),
        }
    }
}

fn things(
    tx: &mut Tx<'_>,
    room: &StoredRoom,
    entries: &[LogEntry],
    messages: Vec<MessageRecord>,
) -> Result<Things> {
    let subjects = |wanted: Subject| {
        let about = entries
            .iter()
            .filter(|entry| entry.kind.subject() == wanted);
        let mut list: Vec<u64> = about.map(|entry| entry.subject).collect();
        list.sort_unstable();
        list.dedup();
        list
    };
    let keys: Vec<i64> = subjects(Subject::Participant)
        .into_iter()
        .map(u64::cast_signed)
        .collect();
    let order = if subjects(Subject::Order).is_empty() {
        None
    } else {
        orders::by_key(tx, room.record.order.key)?
    };
    Ok(Things {
        messages: messages
            .into_iter()
            .map(|message| (message.seq, Thing::Message(Arc::new(message))))
            .collect(),
        participants: participants::by_keys(tx, &keys)?
            .into_iter()
            .map(|found| {
                (
                    found.key.unsigned_abs(),
                    Thing::Participant(Arc::new(found)),
                )
            })
            .collect(),
        order: order.map(|order| Thing::Order(Arc::new(order))),
    })
}
