//! A room changes its state: it is closed, reopened, archived.

use orderchat_domain::RoomId;
use orderchat_domain::event::EventKind;
use orderchat_domain::permission::Action;
use orderchat_domain::policy::OrderPolicy;
use orderchat_domain::project::{ActorRecord, RoomView};
use orderchat_domain::room::Transition;
use orderchat_domain::system::{About, system_message};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, actors, participants};

use super::access::enter_to_change;
use super::members::refresh_readable;
use super::rooms::Seen;
use super::scribe::{NOTHING, place_of, reason};
use super::{Chat, Context, Result, Scribe};

const fn action_of(transition: Transition) -> Action {
    match transition {
        Transition::Close => Action::CloseRoom,
        Transition::Reopen => Action::ReopenRoom,
        Transition::Archive => Action::ArchiveRoom,
    }
}

impl Chat {
    /// Closes, reopens or archives the room. Who may is [`Action::CloseRoom`], `ReopenRoom`,
    /// `ArchiveRoom` in `orderchat_domain::permission::TABLE`.
    pub(crate) async fn change_state(
        &self,
        ctx: &Context,
        room: RoomId,
        transition: Transition,
        why: Option<&str>,
    ) -> Result<RoomView> {
        let why = reason(why)?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let seen = self
            .write(Some(room), move |tx| {
                let policy = chat.policy();
                let mut scene = enter_to_change(tx, policy, &asked, room, action_of(transition))?;
                let closer = closer(tx, &asked, scene.key())?;
                let mut scribe = Scribe::of(&asked);
                let seq = change(
                    tx,
                    policy,
                    &mut scribe,
                    &mut scene.room,
                    transition,
                    why.as_deref(),
                )?;
                if transition == Transition::Close {
                    scene.room.record.closed_by = closer;
                    scene.room.record.close_reason.clone_from(&why);
                }
                finish(tx, scribe, &mut scene.room, transition, seq)?;
                Ok(Seen::of(tx, scene)?)
            })
            .await?;
        Ok(self.show(ctx, seen))
    }
}

/// Changes the state: the system says so, then the event. The room is locked; gives the event's seq.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    scribe: &mut Scribe,
    room: &mut StoredRoom,
    transition: Transition,
    why: Option<&str>,
) -> Result<u64> {
    let status = room.record.status.after(transition)?;
    let order = room.record.order.clone();
    let about = About {
        order_id: order.id.as_str(),
        order_number: &order.number,
    };
    scribe.says(room, system_message(about, transition));
    let kind = match transition {
        Transition::Close => EventKind::RoomClosed,
        Transition::Reopen => EventKind::RoomReopened,
        Transition::Archive => EventKind::RoomArchived,
    };
    let seq = scribe.room(room, kind, why, &NOTHING);
    let at = room.record.last_activity;
    let record = &mut room.record;
    record.status = status;
    match transition {
        Transition::Close => {
            record.closed_at = Some(at);
            record.closed_by_policy = false;
        }
        Transition::Reopen => {
            record.reopened_at = Some(at);
            record.closed_at = None;
            record.closed_by = None;
            record.close_reason = None;
            record.closed_by_policy = false;
            room.close_reason = None;
        }
        Transition::Archive => record.archived_at = Some(at),
    }
    refresh_readable(tx, policy, scribe, room)?;
    if transition == Transition::Archive {
        participants::nothing_unread(tx, room.record.key)?;
    }
    Ok(seq)
}

/// Writes the change down; the reason for closing is found again by its place in the log.
pub(crate) fn finish(
    tx: &mut Tx<'_>,
    scribe: Scribe,
    room: &mut StoredRoom,
    transition: Transition,
    seq: u64,
) -> Result<()> {
    let appended = scribe.finish(tx, room)?;
    if transition == Transition::Close {
        room.close_reason = Some(place_of(&appended, seq)?);
        orderchat_store::rooms::update(tx, room)?;
    }
    Ok(())
}

/// The caller as the one who closes; the service closes as nobody.
fn closer(tx: &mut Tx<'_>, ctx: &Context, room: i64) -> Result<Option<ActorRecord>> {
    let found = actors::of(tx, [(room, ctx.user)])?;
    Ok(found.record(room, ctx.user, ctx.caller.role.as_str()))
}
