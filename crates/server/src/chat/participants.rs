//! Participants: list, invite, remove, change; join and leave.

use orderchat_domain::event::EventKind;
use orderchat_domain::participant::{Ended, Entrance, check_role, comes_back_as};
use orderchat_domain::permission::{Action, Reach, permit_rank};
use orderchat_domain::project::{
    self, ParticipantRecord, ParticipantView, Person, RoomView, Surface,
};
use orderchat_domain::{Refusal, Role, RoomId, Rule, UserId, preferences};
pub(crate) use orderchat_store::participants::Page;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, participants, users};
use serde_json::{Map, Value};

use super::access::{Scene, enter, enter_locked, enter_to_change, rights_of};
use super::members::{Newcomer, admit, end, is_in, not_in_it};
use super::rooms::Seen;
use super::scribe::{detail, reason};
use super::{Chat, Context, Result, Scribe};

/// Somebody whom staff want in the room.
#[derive(Clone, Debug)]
pub(crate) struct Invitation {
    pub(crate) user: UserId,
    /// `None`: their own role in the shop.
    pub(crate) role: Option<Role>,
}

/// What is changed about a participant; `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct ParticipantChange {
    pub(crate) role: Option<Role>,
    pub(crate) preferences: Option<Map<String, Value>>,
}

/// A participant of a list, and the key by which the list goes on.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) view: ParticipantView,
    pub(crate) key: i64,
}

/// A participant with all that showing it needs.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) scene: Scene,
    pub(crate) participant: ParticipantRecord,
}

impl Chat {
    /// The participant as the caller sees it.
    pub(crate) fn show_participant(&self, ctx: &Context, mut shown: Shown) -> ParticipantView {
        self.note_seen(&mut shown.participant);
        let viewer = self.viewer(ctx, shown.scene.own.as_ref());
        let circumstances = shown.scene.circumstances(ctx.now);
        project::participant(viewer, Surface::Answer, circumstances, &shown.participant)
    }

    /// The participants in the order they first came; staff may ask for those who ended, too. One
    /// more than the limit is read.
    pub(crate) async fn participants(
        &self,
        ctx: &Context,
        room: RoomId,
        page: Page,
        ended_too: bool,
        limit: u32,
    ) -> Result<Vec<Listed>> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, found) = self
            .read(move |tx| {
                let scene = enter(tx, chat.policy(), &asked, room, Action::ReadRoom)?;
                let ended_too = ended_too && asked.caller.role.is_staff();
                let found = participants::page(tx, scene.key(), page, ended_too, limit + 1)?;
                Ok((scene, found))
            })
            .await?;
        self.note_reading(ctx, &scene).await?;
        let show = |participant: ParticipantRecord| {
            let key = participant.key;
            let shown = Shown {
                scene: scene.clone(),
                participant,
            };
            Listed {
                view: self.show_participant(ctx, shown),
                key,
            }
        };
        Ok(found.into_iter().map(show).collect())
    }

    /// One participant.
    pub(crate) async fn participant(&self, ctx: &Context, id: &str) -> Result<ParticipantView> {
        let (room, key) = self.participant_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let shown = self
            .read(move |tx| {
                let scene = enter(tx, chat.policy(), &asked, room, Action::ReadRoom)?;
                let participant = found(tx, key)?;
                // Customers and riders see who is there, not who was.
                if !participant.is_active() && !asked.caller.role.is_staff() {
                    return Err(Refusal::NotFound.into());
                }
                Ok(Shown { scene, participant })
            })
            .await?;
        self.note_reading(ctx, &shown.scene).await?;
        Ok(self.show_participant(ctx, shown))
    }

    /// Staff bring somebody in. The flag says whether they were never here before.
    pub(crate) async fn add_participant(
        &self,
        ctx: &Context,
        room: RoomId,
        invitation: Invitation,
    ) -> Result<(ParticipantView, bool)> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let (shown, is_new) = self
            .write(Some(room), move |tx| {
                let action = Action::AddParticipant;
                let mut scene = enter_to_change(tx, chat.policy(), &asked, room, action)?;
                let mut scribe = Scribe::of(&asked);
                let (participant, is_new) =
                    chat.invite(tx, &mut scribe, &mut scene.room, &invitation)?;
                scribe.finish(tx, &scene.room)?;
                if participant.person.key == asked.user {
                    scene.own = Some(participant.clone());
                }
                Ok((Shown { scene, participant }, is_new))
            })
            .await?;
        self.note_reading(ctx, &shown.scene).await?;
        Ok((self.show_participant(ctx, shown), is_new))
    }

    /// Brings the invited person in, unless they are in it already.
    pub(super) fn invite(
        &self,
        tx: &mut Tx<'_>,
        scribe: &mut Scribe,
        room: &mut StoredRoom,
        invitation: &Invitation,
    ) -> Result<(ParticipantRecord, bool)> {
        let unknown = || {
            let detail = "is no user known here; report them with an order or PUT /api/users/{id}/";
            Refusal::invalid("/user", detail)
        };
        let user = users::by_id(tx, &invitation.user, false)?.ok_or_else(unknown)?;
        let own_role = user.role.ok_or_else(unknown)?;
        let role = invitation.role.unwrap_or(own_role);
        check_role("/role", role, own_role)?;
        let before = participants::of_user(tx, room.record.key, user.person.key)?;
        let is_new = before.is_none();
        match before {
            Some(present) if present.is_active() => Ok((present, false)),
            before => {
                let entrance = Entrance::Staff;
                let newcomer = Newcomer {
                    person: user.person,
                    user_role: own_role,
                    role,
                    guest: false,
                    entrance,
                    by_staff_token: false,
                };
                let came = admit(tx, self.policy(), scribe, room, &newcomer, before)?;
                Ok((came, is_new))
            }
        }
    }

    /// Staff take somebody out. Who left or was handed over is removed too: they cannot come back.
    pub(crate) async fn remove_participant(
        &self,
        ctx: &Context,
        id: &str,
        why: Option<&str>,
    ) -> Result<()> {
        let why = reason(why)?;
        let (room, key) = self.participant_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        self.write(Some(room), move |tx| {
            let action = Action::RemoveParticipant;
            let mut scene = enter_to_change(tx, chat.policy(), &asked, room, action)?;
            let mut participant = found(tx, key)?;
            permit_rank(asked.caller.role, participant.role)?;
            if matches!(participant.ended, Some(Ended::Removed | Ended::Blocked)) {
                return Ok(());
            }
            let mut scribe = Scribe::of(&asked);
            let room = &mut scene.room;
            end(
                tx,
                &mut scribe,
                room,
                &mut participant,
                Ended::Removed,
                why.as_deref(),
            )?;
            scribe.finish(tx, room)?;
            Ok(())
        })
        .await
    }

    /// Staff change a participant's role; everybody their own preferences.
    pub(crate) async fn change_participant(
        &self,
        ctx: &Context,
        id: &str,
        change: ParticipantChange,
    ) -> Result<ParticipantView> {
        let (room, key) = self.participant_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let shown = self
            .write(Some(room), move |tx| {
                chat.change(tx, &asked, room, key, &change)
            })
            .await?;
        self.note_reading(ctx, &shown.scene).await?;
        Ok(self.show_participant(ctx, shown))
    }

    fn change(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        room: RoomId,
        key: i64,
        change: &ParticipantChange,
    ) -> Result<Shown> {
        let mut scene = enter_locked(tx, self.policy(), ctx, room, Action::ReadRoom)?;
        let mut participant = found(tx, key)?;
        let own = participant.person.key == ctx.user;
        if change.role.is_some() || (change.preferences.is_none() && !own) {
            scene.permit(self.policy(), ctx, Action::ChangeParticipant)?;
            permit_rank(ctx.caller.role, participant.role)?;
        }
        if change.preferences.is_some() && !own {
            let detail = "only the participant changes their own notification preferences";
            return Err(Refusal::forbidden(Rule::Ownership, detail).into());
        }
        scene.check_state(ctx, Action::ChangeParticipant)?;
        if !participant.is_active() {
            return Err(no_longer_in_it().into());
        }
        let before = participant.clone();
        if let Some(role) = change.role {
            permit_rank(ctx.caller.role, role)?;
            let user = users::by_key(tx, participant.person.key)?.ok_or(Refusal::NotFound)?;
            check_role("/role", role, user.role.unwrap_or(participant.role))?;
            participant.role = role;
        }
        if let Some(given) = &change.preferences {
            participant.preferences = preferences::merge(&participant.preferences, given)?;
        }
        if participant != before {
            let mut scribe = Scribe::of(ctx);
            let told = detail("role", participant.role.as_str());
            let kind = EventKind::ParticipantUpdated;
            scribe.participant(&mut scene.room, kind, &mut participant, None, &told);
            let at = scene.room.record.circumstances(ctx.now);
            let readable = rights_of(self.policy(), &participant, at).read;
            participants::update(tx, &participant, readable)?;
            scribe.finish(tx, &scene.room)?;
        }
        if own {
            scene.own = Some(participant.clone());
        }
        Ok(Shown { scene, participant })
    }

    /// The caller joins: a public room, one they reach as staff, one they left.
    pub(crate) async fn join_room(&self, ctx: &Context, room: RoomId) -> Result<RoomView> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let seen = self
            .write(Some(room), move |tx| {
                let action = Action::JoinRoom;
                let mut scene = enter_to_change(tx, chat.policy(), &asked, room, action)?;
                if !is_in(scene.own.as_ref()) {
                    let mut scribe = Scribe::of(&asked);
                    join(tx, chat.policy(), &asked, &mut scribe, &mut scene)?;
                    scribe.finish(tx, &scene.room)?;
                }
                Ok(Seen::of(tx, scene)?)
            })
            .await?;
        Ok(self.show(ctx, seen))
    }

    /// The caller leaves; they may come back.
    pub(crate) async fn leave_room(
        &self,
        ctx: &Context,
        room: RoomId,
        why: Option<&str>,
    ) -> Result<RoomView> {
        let why = reason(why)?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let seen = self
            .write(Some(room), move |tx| {
                let action = Action::LeaveRoom;
                let mut scene = enter_to_change(tx, chat.policy(), &asked, room, action)?;
                let Some(mut own) = scene.active().cloned() else {
                    return Err(not_in_it().into());
                };
                let mut scribe = Scribe::of(&asked);
                let (room, why) = (&mut scene.room, why.as_deref());
                end(tx, &mut scribe, room, &mut own, Ended::Left, why)?;
                scribe.finish(tx, room)?;
                // The answer shows the room as they leave it, for the last time.
                let last = Scene {
                    own: Some(ParticipantRecord { ended: None, ..own }),
                    ..scene
                };
                Ok(Seen::of(tx, last)?)
            })
            .await?;
        let mut shown = self.show(ctx, seen);
        if let Some(own) = &mut shown.my_participant {
            own.is_active = false;
            own.ended = Some(Ended::Left.as_str());
        }
        Ok(shown)
    }
}

/// The caller as a person, with their own role in the shop.
pub(super) fn person(tx: &mut Tx<'_>, ctx: &Context, token_role: Role) -> Result<(Person, Role)> {
    let user = users::by_key(tx, ctx.user)?.ok_or(Refusal::NotFound)?;
    Ok((user.person, user.role.unwrap_or(token_role)))
}

/// Brings the caller into the room by their own wish, as what their token says. From a public
/// room's card they come as a guest; staff of the room and who comes back do not.
pub(super) fn join(
    tx: &mut Tx<'_>,
    policy: &orderchat_domain::policy::OrderPolicy,
    ctx: &Context,
    scribe: &mut Scribe,
    scene: &mut Scene,
) -> Result<()> {
    let Some(token_role) = ctx.caller.person() else {
        return Err(Refusal::NotFound.into());
    };
    let guest = match (scene.reach(policy, ctx), &scene.own) {
        (Reach::Card, _) => true,
        (_, Some(before)) => before.guest,
        (_, None) => false,
    };
    let role = match &scene.own {
        Some(before) => comes_back_as(before.role, token_role),
        None => token_role,
    };
    let (person, user_role) = person(tx, ctx, token_role)?;
    let newcomer = Newcomer {
        person,
        user_role,
        role,
        guest,
        entrance: Entrance::Own,
        by_staff_token: token_role.is_staff(),
    };
    // Who is refused stays what they were.
    let before = scene.own.clone();
    scene.own = Some(admit(
        tx,
        policy,
        scribe,
        &mut scene.room,
        &newcomer,
        before,
    )?);
    Ok(())
}

/// A participant by its key.
pub(super) fn found(tx: &mut Tx<'_>, key: i64) -> Result<ParticipantRecord> {
    Ok(participants::by_keys(tx, &[key])?
        .pop()
        .ok_or(Refusal::NotFound)?)
}

/// What only somebody in the room can have done to them.
pub(super) fn no_longer_in_it() -> Refusal {
    Refusal::conflict(
        Rule::RoomState,
        "this person is no longer in the room; add them first",
    )
}
