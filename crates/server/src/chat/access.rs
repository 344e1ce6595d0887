//! The gate: who reaches a room, and may they do this there?

use std::collections::HashMap;

use orderchat_domain::access::Situation;
pub(crate) use orderchat_domain::access::rights_of;
use orderchat_domain::id::RoomName;
use orderchat_domain::permission::{Action, Reach};
use orderchat_domain::policy::{Circumstances, OrderPolicy};
use orderchat_domain::project::{ParticipantRecord, by};
use orderchat_domain::room::check_state;
use orderchat_domain::{Caller, MessageId, Millis, OrderId, ParticipantId, Refusal, Role, RoomId};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, messages, orders, participants, rooms};

use super::{Chat, ChatError, Context, Result};

/// A room that the caller reached, and how they stand to it.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) room: StoredRoom,
    /// The caller's participant, active or ended.
    pub(crate) own: Option<ParticipantRecord>,
}

impl Scene {
    pub(crate) fn key(&self) -> i64 {
        self.room.record.key
    }

    /// The caller's participant while they are in the room.
    pub(crate) fn active(&self) -> Option<&ParticipantRecord> {
        self.own.as_ref().filter(|own| own.is_active())
    }

    /// Whether the caller is in the room as a guest, who is not to know which order it is of.
    pub(crate) fn is_guest(&self) -> bool {
        self.active().is_some_and(|own| own.guest)
    }

    /// The seq of the newest message that the caller is shown: guests see no news of the order.
    pub(crate) fn last_shown(&self) -> Option<u64> {
        if self.is_guest() {
            self.room.last_said
        } else {
            self.room.last_message
        }
    }

    /// Looks up whether the caller, the rider of an order that is over, has the next one on board,
    /// where that decides what they may.
    pub(super) fn note_next_on_board(
        &mut self,
        tx: &mut Tx<'_>,
        policy: &OrderPolicy,
    ) -> Result<()> {
        let order = &self.room.record.order;
        if !policy.muted_while_next_on_board || order.final_at.is_none() {
            return Ok(());
        }
        let Some(own) = &mut self.own else {
            return Ok(());
        };
        if own.role == Role::Rider && !own.guest {
            let under_way = orders::under_way(tx, own.person.key, order.key)?;
            own.next_on_board = under_way.iter().any(|one| policy.on_board.contains(one));
        }
        Ok(())
    }

    pub(crate) fn circumstances(&self, now: Millis) -> Circumstances<'_> {
        self.room.record.circumstances(now)
    }

    /// The caller and the room, as the rules ask of them.
    pub(crate) fn situation<'a>(
        &'a self,
        policy: &'a OrderPolicy,
        ctx: &'a Context,
    ) -> Situation<'a> {
        Situation {
            caller: &ctx.caller,
            room: &self.room.record,
            own: self.own.as_ref(),
            policy,
            now: ctx.now,
        }
    }

    pub(crate) fn permit(&self, policy: &OrderPolicy, ctx: &Context, action: Action) -> Result<()> {
        Ok(self.situation(policy, ctx).permit(action)?)
    }

    /// How much of the room the caller reaches.
    pub(crate) fn reach(&self, policy: &OrderPolicy, ctx: &Context) -> Reach {
        self.situation(policy, ctx).reach()
    }

    /// Whether the room in its present state takes this from the caller.
    pub(crate) fn check_state(&self, ctx: &Context, action: Action) -> Result<()> {
        Ok(check_state(
            self.room.record.status,
            action,
            by(ctx.caller.role),
        )?)
    }
}

/// The key that no room has. What is named and does not exist is looked up under it, so that it
/// costs the same statements as what the caller may not know.
pub(super) const NO_KEY: i64 = 0;

/// The room and the caller's place in it, unasked.
pub(crate) fn look(tx: &mut Tx<'_>, ctx: &Context, room: RoomId) -> Result<Scene> {
    let (room, own) = rooms::with_place_of(tx, room, ctx.user)?;
    Ok(Scene {
        room: room.ok_or(Refusal::NotFound)?,
        own,
    })
}

/// [`look`], by the room's internal key.
pub(crate) fn look_by_key(tx: &mut Tx<'_>, ctx: &Context, key: i64) -> Result<Scene> {
    let found = rooms::by_key(tx, key)?;
    place_in(tx, ctx, found)
}

/// Asks for the caller's place also where there is no room: see [`NO_KEY`].
fn place_in(tx: &mut Tx<'_>, ctx: &Context, found: Option<StoredRoom>) -> Result<Scene> {
    let key = found.as_ref().map_or(NO_KEY, |room| room.record.key);
    let own = participants::of_user(tx, key, ctx.user)?;
    Ok(Scene {
        room: found.ok_or(Refusal::NotFound)?,
        own,
    })
}

/// The room, if the caller may do this there. Every command passes here.
///
/// # Errors
/// [`Refusal::NotFound`] alike for what does not exist and what the caller may not know.
pub(crate) fn enter(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    ctx: &Context,
    room: RoomId,
    action: Action,
) -> Result<Scene> {
    let mut scene = look(tx, ctx, room)?;
    scene.note_next_on_board(tx, policy)?;
    scene.permit(policy, ctx, action)?;
    Ok(scene)
}

/// [`enter`], with the room locked until the transaction ends.
pub(crate) fn enter_locked(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    ctx: &Context,
    room: RoomId,
    action: Action,
) -> Result<Scene> {
    rooms::lock_ids(tx, &[room])?;
    enter(tx, policy, ctx, room, action)
}

/// [`enter`] for a change: the room is locked until the transaction ends, and its state must take
/// the action.
pub(crate) fn enter_to_change(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    ctx: &Context,
    room: RoomId,
    action: Action,
) -> Result<Scene> {
    let scene = enter_locked(tx, policy, ctx, room, action)?;
    scene.check_state(ctx, action)?;
    Ok(scene)
}

/// The id of the room of this name, for a token that names its room; `None` where there is none.
pub(crate) fn id_of(tx: &mut Tx<'_>, name: &str) -> Result<Option<RoomId>> {
    match RoomName::parse(name) {
        Ok(name) => id_of_name(tx, &name),
        Err(_) => Ok(None),
    }
}

fn id_of_name(tx: &mut Tx<'_>, name: &RoomName) -> Result<Option<RoomId>> {
    Ok(match name {
        RoomName::Id(id) => Some(*id),
        RoomName::Code(code) => rooms::id_of(tx, code)?,
    })
}

/// The internal key of the room of this name, if there is one; it says nothing of rights.
pub(crate) fn key_of(tx: &mut Tx<'_>, name: &RoomName) -> Result<Option<i64>> {
    let room = match id_of_name(tx, name)? {
        Some(id) => rooms::by_id(tx, id)?,
        None => None,
    };
    Ok(room.map(|room| room.record.key))
}

/// These rooms with the caller's places in them, unasked, in their order.
pub(crate) fn scenes(tx: &mut Tx<'_>, ctx: &Context, rooms: Vec<StoredRoom>) -> Result<Vec<Scene>> {
    let pairs: Vec<_> = rooms
        .iter()
        .map(|room| (room.record.key, ctx.user))
        .collect();
    let mut own: HashMap<i64, ParticipantRecord> = participants::by_room_and_user(tx, &pairs)?
        .into_iter()
        .collect();
    let scene = |room: StoredRoom| Scene {
        own: own.remove(&room.record.key),
        room,
    };
    Ok(rooms.into_iter().map(scene).collect())
}

impl Chat {
    /// The id of the room of this name. Nothing is asked of an id: whoever gets it asks [`enter`]
    /// next, which finds nothing under one that no room has.
    pub(crate) async fn room_id(&self, name: &str) -> Result<RoomId> {
        match RoomName::parse(name)? {
            RoomName::Id(id) => Ok(id),
            RoomName::Code(code) => {
                self.look(move |tx| Ok(rooms::id_of(tx, &code)?.unwrap_or(RoomId::OF_NONE)))
                    .await
            }
        }
    }

    /// The room that the caller's token is good for, where it is for one alone; one that nothing has
    /// where no room is called so.
    pub(crate) async fn good_for(&self, caller: &Caller) -> Result<Option<RoomId>> {
        let Some(name) = &caller.room else {
            return Ok(None);
        };
        match self.room_id(name).await {
            Ok(room) => Ok(Some(room)),
            Err(ChatError::Refused(_)) => Ok(Some(RoomId::OF_NONE)),
            Err(failed) => Err(failed),
        }
    }

    /// The room of an order; as [`Chat::room_id`], it says nothing of rights.
    pub(crate) async fn room_of_order(&self, order: &OrderId) -> Result<RoomId> {
        let order = order.clone();
        self.read(move |tx| {
            let key = rooms::key_of_order(tx, &order)?.unwrap_or(NO_KEY);
            let room = rooms::by_key(tx, key)?.ok_or(Refusal::NotFound)?;
            Ok(room.record.id)
        })
        .await
    }

    /// A participant's room, and the participant's key.
    pub(super) async fn participant_place(&self, id: &str) -> Result<(RoomId, i64)> {
        let id = ParticipantId::parse(id).ok_or(Refusal::NotFound)?;
        self.look(move |tx| Ok(participants::locate(tx, id)?.unwrap_or((RoomId::OF_NONE, NO_KEY))))
            .await
    }

    /// A message's room, and its seq there.
    pub(super) async fn message_place(&self, id: &str) -> Result<(RoomId, u64)> {
        let id = MessageId::parse(id).ok_or(Refusal::NotFound)?;
        self.look(move |tx| Ok(messages::locate(tx, id)?.unwrap_or((RoomId::OF_NONE, 0))))
            .await
    }
}
