//! Rooms: create, read, list, change, delete.

use orderchat_domain::event::EventKind;
use orderchat_domain::participant::Entrance;
use orderchat_domain::permission::{Action, Reach, permit, permit_role};
use orderchat_domain::project::{self, OrderRecord, QuoteRecord, RoomView, Surface};
use orderchat_domain::room::{RoomChange, RoomStatus, search_words};
use orderchat_domain::{OrderId, Refusal, Role, RoomId, Rule};
use orderchat_store::messages::PlacesAndNewest;
pub(crate) use orderchat_store::rooms::{Cursor, Direction, Ordering};
use orderchat_store::rooms::{Filter, Scope, StoredRoom};
use orderchat_store::{Tx, messages, orders, participants, rooms, timers};
use serde_json::json;

use super::access::{Scene, enter_to_change, id_of, look, look_by_key};
use super::members::{Newcomer, admit, is_in, seats};
use super::participants::{Invitation, person};
use super::scribe::{NOTHING, reason};
use super::{Chat, ChatError, Context, Result, Scribe, audit, opening};

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

/// A room that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct RoomDraft {
    pub(crate) order: OrderId,
    pub(crate) settings: RoomChange,
    pub(crate) participants: Vec<Invitation>,
}

/// Which rooms a list shows.
#[derive(Clone, Debug)]
pub(crate) struct RoomQuery {
    pub(crate) scope: ListScope,
    pub(crate) status: Option<RoomStatus>,
    pub(crate) is_public: Option<bool>,
    pub(crate) order: Option<OrderId>,
    pub(crate) role: Option<Role>,
    pub(crate) search: Option<String>,
    pub(crate) ordering: Ordering,
    pub(crate) direction: Direction,
    pub(crate) after: Option<Cursor>,
    pub(crate) limit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListScope {
    Mine,
    All,
    Public,
}

/// A room of a list, and where the list goes on after it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) view: RoomView,
    pub(crate) cursor: Cursor,
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

    /// Creates the order's room; whoever asks later gets the same. The flag says whether it is new.
    pub(crate) async fn create_room(
        &self,
        ctx: &Context,
        draft: RoomDraft,
    ) -> Result<(RoomView, bool)> {
        permit_role(ctx.caller.role, Action::CreateRoom)?;
        let title = draft.settings.title.as_ref().and_then(Option::as_deref);
        let description = draft
            .settings
            .description
            .as_ref()
            .and_then(Option::as_deref);
        RoomChange::check_title(title, description)?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (seen, is_new) = self
            .write(None, move |tx| {
                let (scene, is_new) = chat.create(tx, &asked, &draft)?;
                Ok((Seen::of(tx, scene)?, is_new))
            })
            .await?;
        if !is_new {
            self.note_reading(ctx, &seen.scene).await?;
        }
        Ok((self.show(ctx, seen), is_new))
    }

    fn create(&self, tx: &mut Tx<'_>, ctx: &Context, draft: &RoomDraft) -> Result<(Scene, bool)> {
        orders::lock(tx, &draft.order)?;
        let order = orders::by_id(tx, &draft.order)?.ok_or(Refusal::NotFound)?;
        if let Some(key) = rooms::key_of_order(tx, &draft.order)? {
            return Ok((self.existing(tx, ctx, key)?, false));
        }
        let theirs = ctx.caller.works_for(order.order.pharmacy.as_str());
        // A token for one room is good for no room that is yet to be.
        if ctx.caller.room.is_some() || (ctx.caller.person() == Some(Role::Pharmacy) && !theirs) {
            return Err(Refusal::NotFound.into());
        }
        if !order.order.is_active() {
            let detail = format!(
                "the order is {}; only active orders get a room",
                order.order.status
            );
            return Err(Refusal::conflict(Rule::OrderInactive, detail).into());
        }
        let mut scribe = Scribe::of(ctx);
        let policy = self.policy();
        let mut room = opening::open(tx, policy, &mut scribe, &order, &draft.settings)?;
        self.seat_creator(tx, ctx, &mut scribe, &mut room)?;
        for (place, invitation) in draft.participants.iter().enumerate() {
            self.invite(tx, &mut scribe, &mut room, invitation)
                .map_err(|error| all_or_none(error, place))?;
        }
        scribe.finish(tx, &room)?;
        Ok((look_by_key(tx, ctx, room.record.key)?, true))
    }

    /// The room that the order has: for those who reach it. One that was deleted stays the order's.
    fn existing(&self, tx: &mut Tx<'_>, ctx: &Context, key: i64) -> Result<Scene> {
        let scene = look_by_key(tx, ctx, key)?;
        let access = scene.situation(self.policy(), ctx).access();
        permit(ctx.caller.role, Action::CreateRoom, access)?;
        if !ctx
            .caller
            .may_enter(scene.room.record.id, &scene.room.record.code)
        {
            return Err(Refusal::NotFound.into());
        }
        if scene.room.record.deleted_at.is_some() {
            let detail = "the order's room was deleted; an order has one room";
            return Err(Refusal::conflict(Rule::RoomDeleted, detail).into());
        }
        Ok(scene)
    }

    /// The creator joins, unless only seats kept for the order's people remain: staff reach the
    /// room all the same.
    fn seat_creator(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        scribe: &mut Scribe,
        room: &mut StoredRoom,
    ) -> Result<()> {
        let Some(role) = ctx.caller.person() else {
            return Ok(());
        };
        let before = participants::of_user(tx, room.record.key, ctx.user)?;
        let active = participants::active(tx, room.record.key)?;
        let other = orderchat_domain::participant::SeatFor::Other;
        if is_in(before.as_ref()) || seats(room, &active).take(other).is_err() {
            return Ok(());
        }
        let (person, user_role) = person(tx, ctx, role)?;
        let newcomer = Newcomer {
            person,
            user_role,
            role,
            guest: false,
            entrance: Entrance::Own,
            by_staff_token: true,
        };
        admit(tx, self.policy(), scribe, room, &newcomer, before)?;
        Ok(())
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

    /// A page of rooms. One more than the limit is read, so that the page knows whether it goes on.
    pub(crate) async fn rooms(&self, ctx: &Context, query: RoomQuery) -> Result<Vec<Listed>> {
        let (chat, asked) = (self.clone(), ctx.clone());
        self.read(move |tx| chat.list(tx, &asked, &query)).await
    }

    fn list(&self, tx: &mut Tx<'_>, ctx: &Context, query: &RoomQuery) -> Result<Vec<Listed>> {
        let found = if let Some(order) = &query.order {
            self.listed_by_order(tx, ctx, query, order)?
        } else if let Some(name) = &ctx.caller.room {
            self.listed_by_name(tx, ctx, query, name)?
        } else {
            self.rooms_in_scope(tx, ctx, query)?
        };
        let listed = Seen::of_list(tx, ctx, found)?
            .into_iter()
            .filter_map(|seen| {
                let (room, key) = (&seen.scene.room.record, seen.scene.key());
                let at = match query.ordering {
                    Ordering::LastActivity => room.last_activity,
                    Ordering::CreatedAt => room.created_at,
                };
                let view = match seen.scene.reach(self.policy(), ctx) {
                    Reach::Room => self.show(ctx, seen),
                    Reach::Card => project::card(room),
                    Reach::Return | Reach::Nothing => return None,
                };
                Some(Listed {
                    view,
                    cursor: Cursor { at: at.0, key },
                })
            });
        Ok(listed.collect())
    }

    fn rooms_in_scope(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        query: &RoomQuery,
    ) -> Result<Vec<StoredRoom>> {
        let filter = Filter {
            user: ctx.user,
            status: query.status,
            is_public: query.is_public,
            role: query.role,
            search: query.search.as_deref(),
            blocked_too: ctx.caller.person() == Some(Role::Admin),
        };
        let mut list = |scope| {
            let (ordering, direction) = (query.ordering, query.direction);
            rooms::list(
                tx,
                scope,
                &filter,
                ordering,
                direction,
                query.after,
                query.limit + 1,
            )
        };
        let sees_all = ctx.caller.role.rank() >= Role::Support.rank();
        Ok(match query.scope {
            ListScope::Public => list(Scope::Public)?,
            ListScope::All if sees_all => list(Scope::All)?,
            ListScope::All if ctx.caller.person() == Some(Role::Pharmacy) => {
                let mut found = list(Scope::Mine)?;
                for pharmacy in &ctx.caller.pharmacies {
                    found.extend(list(Scope::Pharmacy(pharmacy.as_str()))?);
                }
                merged(found, query)
            }
            ListScope::Mine | ListScope::All => list(Scope::Mine)?,
        })
    }

    fn listed_by_order(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        query: &RoomQuery,
        order: &OrderId,
    ) -> Result<Vec<StoredRoom>> {
        let Some(key) = rooms::key_of_order(tx, order)? else {
            return Ok(Vec::new());
        };
        self.one_room(ctx, query, look_by_key(tx, ctx, key))
    }

    fn listed_by_name(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        query: &RoomQuery,
        name: &str,
    ) -> Result<Vec<StoredRoom>> {
        match id_of(tx, name)? {
            Some(id) => self.one_room(ctx, query, look(tx, ctx, id)),
            None => Ok(Vec::new()),
        }
    }

    /// The room as a list of one, if the query's scope and filters take it.
    fn one_room(
        &self,
        ctx: &Context,
        query: &RoomQuery,
        looked: Result<Scene>,
    ) -> Result<Vec<StoredRoom>> {
        let scene = match looked {
            Ok(scene) => scene,
            Err(ChatError::Refused(Refusal::NotFound)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let reach = scene.reach(self.policy(), ctx);
        let in_scope = match query.scope {
            ListScope::Mine => {
                reach == Reach::Room && (scene.active().is_some() || ctx.caller.is_service())
            }
            ListScope::All => reach == Reach::Room,
            ListScope::Public => scene.room.record.is_public && scene.own.is_none(),
        };
        // Outsiders and guests do not know of the order, and so do not find the room by it.
        let knows_order = reach == Reach::Room && scene.active().is_none_or(|own| !own.guest);
        let record = &scene.room.record;
        let search = query.search.as_ref().is_none_or(|search| {
            let search = search.to_lowercase();
            let (code, number) = (record.code.as_str(), &record.order.number);
            search_words(code, number, record.title.as_deref())
                .iter()
                .filter(|found| found.on_card || knows_order)
                .any(|found| found.word.starts_with(&search))
        });
        let fits = in_scope
            && search
            && (knows_order || query.order.is_none())
            && query.after.is_none()
            && query.status.is_none_or(|status| status == record.status)
            && query
                .is_public
                .is_none_or(|public| public == record.is_public)
            && query
                .role
                .is_none_or(|role| scene.active().is_some_and(|own| own.role == role));
        Ok(if fits { vec![scene.room] } else { Vec::new() })
    }
}

/// One list of several that are each in order: sorted, each room once, cut.
fn merged(mut found: Vec<StoredRoom>, query: &RoomQuery) -> Vec<StoredRoom> {
    let place = |room: &StoredRoom| {
        let at = match query.ordering {
            Ordering::LastActivity => room.record.last_activity,
            Ordering::CreatedAt => room.record.created_at,
        };
        (at, room.record.key)
    };
    found.sort_by_key(place);
    found.dedup_by_key(|room| room.record.key);
    if query.direction == Direction::Descending {
        found.reverse();
    }
    found.truncate(query.limit as usize + 1);
    found
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

/// What is wrong with one of the participants is wrong with the request: nobody comes in.
fn all_or_none(error: super::ChatError, place: usize) -> super::ChatError {
    use super::ChatError::Refused;
    let pointer = format!("/participants/{place}");
    match error {
        Refused(Refusal::Invalid { errors, rule }) => {
            let moved = errors.into_iter().map(|mut error| {
                error.pointer = format!("{pointer}{}", error.pointer);
                error
            });
            Refused(Refusal::Invalid {
                rule,
                errors: moved.collect(),
            })
        }
        Refused(Refusal::Conflict { detail, .. } | Refusal::Forbidden { detail, .. }) => {
            Refused(Refusal::invalid(pointer, detail))
        }
        other => other,
    }
}

/// The order that the caller asks for, if they may do this: [`Action::ReadOrder`], `ReadRights`.
pub(crate) fn order_for(
    chat: &Chat,
    tx: &mut Tx<'_>,
    ctx: &Context,
    id: &OrderId,
    action: Action,
) -> Result<(OrderRecord, Option<Scene>)> {
    let order = orders::by_id(tx, id)?.ok_or(Refusal::NotFound)?;
    if let Some(key) = rooms::key_of_order(tx, id)? {
        let scene = look_by_key(tx, ctx, key)?;
        if scene.room.record.deleted_at.is_none() {
            scene.permit(chat.policy(), ctx, action)?;
            if scene.active().is_some_and(|own| own.guest) {
                return Err(Refusal::NotFound.into());
            }
            return Ok((order, Some(scene)));
        }
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
