//! An order gets its room, with whom it was asked for.

use orderchat_domain::participant::{Entrance, SeatFor};
use orderchat_domain::permission::{Action, permit, permit_role};
use orderchat_domain::project::RoomView;
use orderchat_domain::room::RoomChange;
use orderchat_domain::{OrderId, Refusal, Role, Rule};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, orders, participants};

use super::super::access::{Scene, look_by_key};
use super::super::members::{Newcomer, admit, is_in, seats};
use super::super::participants::{Invitation, person};
use super::super::{Chat, ChatError, Context, Result, Scribe, opening};
use super::{Seen, order_and_room};

/// A room that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct RoomDraft {
    pub(crate) order: OrderId,
    pub(crate) settings: RoomChange,
    pub(crate) participants: Vec<Invitation>,
}

impl Chat {
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
        let (order, room) = order_and_room(tx, ctx, &draft.order)?;
        if let Some(scene) = room {
            self.reach_existing(ctx, &scene)?;
            return Ok((scene, false));
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
    fn reach_existing(&self, ctx: &Context, scene: &Scene) -> Result<()> {
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
        Ok(())
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
        let other = SeatFor::Other;
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
}

/// What is wrong with one of the participants is wrong with the request: nobody comes in.
fn all_or_none(error: ChatError, place: usize) -> ChatError {
    use ChatError::Refused;
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
