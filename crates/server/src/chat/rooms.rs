//! Rooms: read, change, delete; whose order they are.

mod create;
mod list;

use orderchat_domain::event::EventKind;
use orderchat_domain::permission::{Action, Reach, permit};
use orderchat_domain::project::{self, OrderRecord, QuoteRecord, RoomView, Surface};
use orderchat_domain::room::RoomChange;
use orderchat_domain::{OrderId, Refusal, RoomId};
use orderchat_store::messages::PlacesAndNewest;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, messages, orders, participants, rooms, timers};
use serde_json::json;

use super::access::{NO_KEY, Scene, enter_to_change, look, look_by_key};
use super::members::seats;
use super::scribe::{NOTHING, reason};
use super::{Chat, ChatError, Context, Result, Scribe, audit};
pub(crate) use create::RoomDraft;
pub(crate) use list::{Cursor, Direction, ListScope, Ordering, RoomQuery};

/// A room with all that showing it needs.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) scene: Scene,
    last_message: Option<QuoteRecord>,
}

impl Seen {
    pub(crate) fn of(
        tx: &mut Tx<'_>,
        scene: Scene,
    ) -> std::result::Result<Self, orderchat_store::StoreError> {
        let last_message = match scene.last_shown() {
            Some(seq) => messages::quoted(tx, &scene.room, seq)?,
            None => None,
        };
        Ok(Self {
            scene,
            last_message,
        })
    }
}

impl Seen {
    /// These rooms as a list shows them to the caller: what was said last only where they are in it.
    /// Reading a room is recorded; a list is not, and tells nothing of what was said there.
    pub(super) fn of_list(
        tx: &mut Tx<'_>,
        ctx: &Context,
        found: Vec<StoredRoom>,
    ) -> Result<Vec<Self>> {
        let pairs: Vec<_> = found
            .iter()
            .map(|room| (room.record.key, ctx.user))
            .collect();
        let known = messages::places_and_newest(tx, &found, &pairs)?;
        let seen = |room| Self::known(&known, ctx, room);
        Ok(found.into_iter().map(seen).collect())
    }

    /// The same of a room whose places and newest messages were read.
    pub(super) fn known(known: &PlacesAndNewest, ctx: &Context, room: StoredRoom) -> Self {
        let (places, newest) = known;
        let key = room.record.key;
        let own = places.get(&(key, ctx.user)).cloned();
        let scene = Scene { room, own };
        let may_read = scene.active().is_some() || ctx.caller.is_service();
        let shown = scene.last_shown().filter(|_| may_read);
        Self {
            last_message: shown.and_then(|seq| newest.get(&(key, seq)).cloned()),
            scene,
        }
    }
}

impl Chat {
    /// The room as the caller sees it.
    pub(crate) fn show(&self, ctx: &Context, mut seen: Seen) -> RoomView {
        if let Some(own) = &mut seen.scene.own {
            self.note_seen(own);
        }
        let viewer = self.viewer(ctx, seen.scene.own.as_ref());
        project::room(
            viewer,
            Surface::Answer,
            &seen.scene.room.record,
            seen.last_message.as_ref(),
        )
    }

    /// The room, or its card for outsiders of a public one.
    pub(crate) async fn room(&self, ctx: &Context, name: &str) -> Result<RoomView> {
        let room = self.room_id(name).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let seen = self
            .read(move |tx| {
                let mut scene = look(tx, &asked, room)?;
                scene.note_next_on_board(tx, chat.policy())?;
                if scene.reach(chat.policy(), &asked) < Reach::Card {
                    return Err(Refusal::NotFound.into());
                }
                Ok(Seen::of(tx, scene)?)
            })
            .await?;
        if seen.scene.reach(self.policy(), ctx) == Reach::Card {
            return Ok(project::card(&seen.scene.room.record));
        }
        self.note_reading(ctx, &seen.scene).await?;
        Ok(self.show(ctx, seen))
    }

    /// Changes title, description, visibility and capacity. What is the same changes nothing.
    pub(crate) async fn change_room(
        &self,
        ctx: &Context,
        room: RoomId,
        change: RoomChange,
    ) -> Result<RoomView> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let seen = self
            .write(Some(room), move |tx| {
                let policy = chat.policy();
                let mut scene = enter_to_change(tx, policy, &asked, room, Action::UpdateRoom)?;
                apply(tx, &asked, &mut scene.room, &change)?;
                Ok(Seen::of(tx, scene)?)
            })
            .await?;
        // Also who changes nothing is shown the room.
        self.note_reading(ctx, &seen.scene).await?;
        Ok(self.show(ctx, seen))
    }

    /// Hides the room from everybody for good. It stays the order's room.
    pub(crate) async fn delete_room(
        &self,
        ctx: &Context,
        room: RoomId,
        why: Option<&str>,
    ) -> Result<()> {
        let why = reason(why)?;
        let (chat, asked) = (self.clone(), ctx.clone());
        self.write(Some(room), move |tx| {
            let mut scene = enter_to_change(tx, chat.policy(), &asked, room, Action::DeleteRoom)?;
            let mut scribe = Scribe::of(&asked);
            scribe.room(
                &mut scene.room,
                EventKind::RoomDeleted,
                why.as_deref(),
                &NOTHING,
            );
            scene.room.record.deleted_at = Some(scene.room.record.last_activity);
            scribe.finish(tx, &scene.room)?;
            participants::nothing_unread(tx, scene.key())?;
            timers::set(tx, scene.key(), None)?;
            let target = scene.room.record.id.to_string();
            let why = why.as_deref().unwrap_or_default();
            let key = Some(scene.key());
            audit::record(tx, &asked, "room.deleted", key, Some(&target), why)
        })
        .await
    }
}

fn apply(tx: &mut Tx<'_>, ctx: &Context, room: &mut StoredRoom, change: &RoomChange) -> Result<()> {
    let before = room.record.clone();
    let record = &mut room.record;
    if let Some(title) = &change.title {
        record.title.clone_from(title);
    }
    if let Some(description) = &change.description {
        record.description.clone_from(description);
    }
    RoomChange::check_title(record.title.as_deref(), record.description.as_deref())?;
    record.is_public = change.is_public.unwrap_or(record.is_public);
    if let Some(max) = change.max_participants
        && max != record.max_participants
    {
        let active = participants::active(tx, record.key)?;
        seats(room, &active).resize(max)?;
        room.record.max_participants = max;
    }
    if room.record == before {
        return Ok(());
    }
    let record = &room.record;
    let detail = json!({
        "title": record.title,
        "description": record.description,
        "is_public": record.is_public,
        "max_participants": record.max_participants,
    });
    if record.title != before.title {
        let title = record.title.as_deref();
        rooms::set_words(tx, record.key, &record.code, &record.order.number, title)?;
    }
    let mut scribe = Scribe::of(ctx);
    scribe.room(room, EventKind::RoomUpdated, None, &detail);
    scribe.finish(tx, room)?;
    Ok(())
}

/// The order that the caller asks for, if they may do this: [`Action::ReadOrder`], `ReadRights`.
pub(crate) fn order_for(
    chat: &Chat,
    tx: &mut Tx<'_>,
    ctx: &Context,
    id: &OrderId,
    action: Action,
) -> Result<(OrderRecord, Option<Scene>)> {
    let (order, scene) = order_and_room(tx, ctx, id)?;
    let there = scene.filter(|scene| scene.room.record.deleted_at.is_none());
    if let Some(scene) = there {
        scene.permit(chat.policy(), ctx, action)?;
        return Ok((order, Some(scene)));
    }
    // Without a room the order is for its pharmacy, support, admin and the service.
    let access = orderchat_domain::permission::Access {
        standing: orderchat_domain::permission::Standing::Outside,
        theirs: ctx.caller.works_for(order.order.pharmacy.as_str()),
        public: false,
        readable: false,
    };
    if ctx.caller.room.is_some() {
        return Err(Refusal::NotFound.into());
    }
    permit(ctx.caller.role, action, access)?;
    Ok((order, None))
}

/// The order and the room that it has, unasked. One that does not exist is looked for like one that is
/// hidden, and one without a room like one that has one.
fn order_and_room(
    tx: &mut Tx<'_>,
    ctx: &Context,
    id: &OrderId,
) -> Result<(OrderRecord, Option<Scene>)> {
    let order = orders::by_id(tx, id)?;
    let key = rooms::key_of_order(tx, id)?.unwrap_or(NO_KEY);
    let scene = match look_by_key(tx, ctx, key) {
        Err(ChatError::Refused(Refusal::NotFound)) => None,
        found => Some(found?),
    };
    Ok((order.ok_or(Refusal::NotFound)?, scene))
}
