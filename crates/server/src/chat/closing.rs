//! A room changes its state: it is closed, reopened, archived, by somebody or by the order policy.

use orderchat_domain::event::EventKind;
use orderchat_domain::permission::Action;
use orderchat_domain::policy::{OrderPolicy, Step};
use orderchat_domain::project::{ActorRecord, RoomView};
use orderchat_domain::room::Transition;
use orderchat_domain::system::{About, Voice, system_message};
use orderchat_domain::{Millis, RoomId};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::timers::Timer;
use orderchat_store::{Tx, actors, participants, rooms, timers};

use super::access::enter_to_change;
use super::members::refresh_readable;
use super::rooms::Seen;
use super::scribe::{NOTHING, place_of, reason};
use super::{Chat, Context, Result, Scribe};
use crate::clock;

/// A change of state, and on whose account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateChange<'a> {
    pub(crate) transition: Transition,
    /// The order policy wants it, not a person.
    pub(crate) by_policy: bool,
    /// What the person wrote.
    pub(crate) why: Option<&'a str>,
}

impl StateChange<'_> {
    pub(crate) const fn of_policy(transition: Transition) -> Self {
        Self {
            transition,
            by_policy: true,
            why: None,
        }
    }
}

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
                let wanted = StateChange {
                    transition,
                    by_policy: false,
                    why: why.as_deref(),
                };
                let seq = change(tx, policy, &mut scribe, &mut scene.room, wanted)?;
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

    /// At most `limit` timers, those due first first.
    pub(crate) async fn soonest_timers(&self, limit: u32) -> Result<Vec<Timer>> {
        self.look(move |tx| Ok(timers::soonest(tx, limit)?)).await
    }

    /// Looks at a room whose timer is due, and does what the order policy has for it to do by now,
    /// if anything: the room's state decides, not what the timer said. So it may be asked as often
    /// as one likes, on several nodes at once.
    pub(crate) async fn follow_policy(&self, timer: Timer) -> Result<Option<Step>> {
        let chat = self.clone();
        self.write(Some(timer.id), move |tx| {
            rooms::lock(tx, &[timer.room])?;
            let Some(mut room) = rooms::by_key(tx, timer.room)? else {
                return Ok(None);
            };
            // Only now: it may have waited for the room.
            let now = Millis(clock::now_ms());
            let policy = chat.policy();
            if room.record.deleted_at.is_some() {
                timers::set(tx, timer.room, None)?;
                return Ok(None);
            }
            let Some(step) = policy.due_step(room.record.circumstances(now)) else {
                schedule(tx, policy, &room)?;
                return Ok(None);
            };
            let mut scribe = Scribe::of_the_server(now);
            let wanted = StateChange::of_policy(step.transition);
            change(tx, policy, &mut scribe, &mut room, wanted)?;
            scribe.finish(tx, &room)?;
            Ok(Some(step))
        })
        .await
    }

    /// Puts the timer of a room that could not be looked at off, by the wall clock.
    pub(crate) async fn postpone_timer(&self, timer: Timer, until: Millis) -> Result<()> {
        self.write(None, move |tx| Ok(timers::postpone(tx, timer.room, until)?))
            .await
    }
}

/// Sets the room's timer to when the order policy next has something to do in it: with every change
/// of the room's state, and of whether its order is active. The room is locked.
pub(crate) fn schedule(tx: &mut Tx<'_>, policy: &OrderPolicy, room: &StoredRoom) -> Result<()> {
    // When the next step is does not hang on what time it is.
    let next = policy.next_step(room.record.circumstances(room.record.last_activity));
    Ok(timers::set(tx, room.record.key, next.map(|step| step.at))?)
}

/// Changes the state: the system says so, then the event. The room is locked; gives the event's seq.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    scribe: &mut Scribe,
    room: &mut StoredRoom,
    wanted: StateChange<'_>,
) -> Result<u64> {
    let transition = wanted.transition;
    let status = room.record.status.after(transition)?;
    let order = room.record.order.clone();
    let about = About {
        order_id: order.id.as_str(),
        order_number: &order.number,
    };
    let voice = Voice {
        texts: &policy.texts,
        language: room.record.language.as_deref(),
    };
    let message = system_message(voice, about, transition, wanted.by_policy);
    scribe.says(room, message);
    let kind = match transition {
        Transition::Close => EventKind::RoomClosed,
        Transition::Reopen => EventKind::RoomReopened,
        Transition::Archive => EventKind::RoomArchived,
    };
    let seq = scribe.room(room, kind, wanted.why, &NOTHING);
    let at = room.record.last_activity;
    let record = &mut room.record;
    record.status = status;
    match transition {
        Transition::Close => {
            record.closed_at = Some(at);
            record.closed_by_policy = wanted.by_policy;
        }
        Transition::Reopen => {
            if !wanted.by_policy {
                record.reopened_at = Some(at);
            }
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
    schedule(tx, policy, room)?;
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
    if transition != Transition::Close {
        return Ok(scribe.finish(tx, room)?);
    }
    let appended = scribe.finish_placed(tx, room)?;
    room.close_reason = Some(place_of(&appended, seq)?);
    Ok(rooms::update(tx, room)?)
}

/// The caller as the one who closes; the service closes as nobody.
fn closer(tx: &mut Tx<'_>, ctx: &Context, room: i64) -> Result<Option<ActorRecord>> {
    let found = actors::of(tx, [(room, ctx.user)])?;
    Ok(found.record(room, ctx.user, ctx.caller.role.as_str()))
}
