//! The room log as clients see it: every seq from where they see on, none missing.

use std::collections::HashMap;

use orderchat_domain::RoomId;
use orderchat_domain::event::Subject;
use orderchat_domain::permission::Action;
use orderchat_domain::project::{
    self, EventData, EventView, MessageRecord, OrderRecord, ParticipantRecord, Place, Surface,
    Viewer, actor, hidden, may_know,
};
use orderchat_store::actors::{self, Actors};
use orderchat_store::log::{self, LogEntry};
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

/// What the entries of a page are about, as it is now.
struct Things {
    messages: HashMap<u64, MessageRecord>,
    participants: HashMap<u64, ParticipantRecord>,
    order: Option<OrderRecord>,
    actors: Actors,
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
                let mut entries = log::range(tx, scene.key(), from, limit + 1)?;
                let has_newer = entries.len() > limit as usize;
                entries.truncate(limit as usize);
                let things = things(tx, &scene.room, &entries)?;
                let events = entries
                    .iter()
                    .map(|entry| event(viewer, &scene.room, entry, &things))
                    .collect();
                Ok((scene, EventPage { events, has_newer }))
            })
            .await?;
        self.note_reading(ctx, &scene).await?;
        Ok(page)
    }
}

fn things(tx: &mut Tx<'_>, room: &StoredRoom, entries: &[LogEntry]) -> Result<Things> {
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
    let acted = entries.iter().map(|entry| (room.record.key, entry.actor));
    let order = if subjects(Subject::Order).is_empty() {
        None
    } else {
        orders::by_key(tx, room.record.order.key)?
    };
    Ok(Things {
        messages: messages::by_seqs(tx, room, &subjects(Subject::Message))?
            .into_iter()
            .map(|message| (message.seq, message))
            .collect(),
        participants: participants::by_keys(tx, &keys)?
            .into_iter()
            .map(|participant| (participant.key.unsigned_abs(), participant))
            .collect(),
        order,
        actors: actors::of(tx, acted)?,
    })
}

fn event(viewer: Viewer<'_>, room: &StoredRoom, entry: &LogEntry, things: &Things) -> EventView {
    let message = things.messages.get(&entry.subject);
    let about_order = match entry.kind.subject() {
        Subject::Message => message.is_some_and(|message| message.message_type.is_order_news()),
        Subject::Room | Subject::Participant | Subject::Order => false,
    };
    // A message from before what they see may be edited or deleted after it.
    let before = entry.kind.subject() == Subject::Message && entry.subject < viewer.visible_from();
    if before || !may_know(viewer, entry.kind, about_order) {
        return hidden(room.record.id, entry.seq, entry.at);
    }
    let by = things
        .actors
        .record(room.record.key, entry.actor, &entry.actor_role);
    EventView {
        room: room.record.id,
        seq: entry.seq,
        kind: entry.kind.as_str(),
        at: entry.at,
        actor: by.map(|by| actor(viewer, &by)),
        data: data(viewer, room, entry, things),
    }
}

fn data(
    viewer: Viewer<'_>,
    room: &StoredRoom,
    entry: &LogEntry,
    things: &Things,
) -> Option<EventData> {
    let circumstances = room.record.circumstances(viewer.now);
    match entry.kind.subject() {
        Subject::Message => {
            let message = things.messages.get(&entry.subject)?;
            let place = Place {
                room_status: room.record.status,
                circumstances,
            };
            let view = project::message(viewer, Surface::Event, place, message, None);
            Some(EventData::Message(Box::new(view)))
        }
        Subject::Participant => {
            let participant = things.participants.get(&entry.subject)?;
            let view = project::participant(viewer, Surface::Event, circumstances, participant);
            Some(EventData::Participant(Box::new(view)))
        }
        Subject::Order => {
            let view = project::order(viewer, things.order.as_ref()?);
            Some(EventData::Order(Box::new(view)))
        }
        Subject::Room => {
            let view = project::room(viewer, Surface::Event, &room.record, None);
            Some(EventData::Room(Box::new(view)))
        }
    }
}
