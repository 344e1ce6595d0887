//! Which rooms a list shows to whom, and in which order.

use orderchat_domain::permission::Reach;
use orderchat_domain::project::{self, RoomView};
use orderchat_domain::room::{RoomStatus, search_words};
use orderchat_domain::{OrderId, Refusal, Role, RoomId};
pub(crate) use orderchat_store::rooms::{Cursor, Direction, Ordering};
use orderchat_store::rooms::{Filter, Scope, StoredRoom};
use orderchat_store::{Tx, rooms};

use super::super::access::{NO_KEY, Scene, id_of, look, look_by_key};
use super::super::{Chat, ChatError, Context, Result};
use super::Seen;

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
        // One that does not exist is looked for like one that is hidden.
        let key = rooms::key_of_order(tx, order)?.unwrap_or(NO_KEY);
        self.one_room(ctx, query, look_by_key(tx, ctx, key))
    }

    fn listed_by_name(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        query: &RoomQuery,
        name: &str,
    ) -> Result<Vec<StoredRoom>> {
        let id = id_of(tx, name)?.unwrap_or(RoomId::OF_NONE);
        self.one_room(ctx, query, look(tx, ctx, id))
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
        let knows_order = reach == Reach::Room && !scene.is_guest();
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
