//! Mute and unmute, block and unblock.

use orderchat_domain::event::EventKind;
use orderchat_domain::participant::Ended;
use orderchat_domain::permission::{Action, permit_rank};
use orderchat_domain::project::{ParticipantRecord, ParticipantView};
use orderchat_domain::time::SECOND;
use orderchat_domain::{Refusal, Rule};
use orderchat_store::{Tx, participants};

use super::access::{Scene, enter_to_change, rights_of};
use super::members::end;
use super::participants::{Shown, found, no_longer_in_it};
use super::scribe::{NOTHING, detail, reason};
use super::{Chat, Context, Result, Scribe, audit};

/// Longest mute or block, in seconds: a year.
const LONGEST: i64 = 31_536_000;

/// What moderators do to a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moderation {
    /// For so many seconds; `None`: until lifted.
    Mute(Option<i64>),
    Unmute,
    Block,
    Unblock,
}

impl Moderation {
    /// A mute of whole seconds, 1 to a year.
    pub(crate) fn mute(duration: Option<i64>) -> std::result::Result<Self, Refusal> {
        match duration {
            Some(seconds) if !(1..=LONGEST).contains(&seconds) => {
                let detail = format!("{seconds} is out of range; give 1 to {LONGEST} seconds");
                Err(Refusal::invalid("/duration", detail))
            }
            duration => Ok(Self::Mute(duration)),
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Mute(_) => Action::MuteParticipant,
            Self::Unmute => Action::UnmuteParticipant,
            Self::Block => Action::BlockParticipant,
            Self::Unblock => Action::UnblockParticipant,
        }
    }
}

impl Chat {
    /// Mutes, unmutes, blocks or unblocks. What is so already changes nothing.
    pub(crate) async fn moderate(
        &self,
        ctx: &Context,
        id: &str,
        what: Moderation,
        why: Option<&str>,
    ) -> Result<ParticipantView> {
        let why = reason(why)?;
        let (room, key) = self.participant_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let shown = self
            .write_anyway(Some(room), move |tx| {
                let mut scene = enter_to_change(tx, chat.policy(), &asked, room, what.action())?;
                let mut participant = found(tx, key)?;
                check_target(&asked, &participant)?;
                let why = why.as_deref();
                chat.apply_moderation(tx, &asked, &mut scene, &mut participant, what, why)?;
                Ok(Shown { scene, participant })
            })
            .await?;
        self.note_reading(ctx, &shown.scene).await?;
        Ok(self.show_participant(ctx, shown))
    }

    fn apply_moderation(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        scene: &mut Scene,
        participant: &mut ParticipantRecord,
        what: Moderation,
        why: Option<&str>,
    ) -> Result<()> {
        let mut scribe = Scribe::of(ctx);
        let room = &mut scene.room;
        match what {
            Moderation::Mute(duration) => {
                if !participant.is_active() {
                    return Err(no_longer_in_it().into());
                }
                participant.muted = true;
                participant.muted_until = duration.map(|seconds| ctx.now.plus(seconds * SECOND));
                let until = detail("muted_until", participant.muted_until);
                scribe.participant(room, EventKind::ParticipantMuted, participant, why, &until);
            }
            Moderation::Unmute if participant.is_muted(ctx.now) => {
                participant.muted = false;
                participant.muted_until = None;
                scribe.participant(
                    room,
                    EventKind::ParticipantUnmuted,
                    participant,
                    why,
                    &NOTHING,
                );
            }
            Moderation::Block if participant.ended != Some(Ended::Blocked) => {
                end(tx, &mut scribe, room, participant, Ended::Blocked, why)?;
                scribe.finish(tx, room)?;
                let target = participant.id.to_string();
                let (room, why) = (Some(room.record.key), why.unwrap_or_default());
                return audit::record(tx, ctx, "participant.blocked", room, Some(&target), why);
            }
            Moderation::Unblock if participant.ended == Some(Ended::Blocked) => {
                // Not in it again: staff may add them.
                participant.ended = Some(Ended::Removed);
                scribe.participant(
                    room,
                    EventKind::ParticipantUnblocked,
                    participant,
                    why,
                    &NOTHING,
                );
            }
            Moderation::Unmute | Moderation::Block | Moderation::Unblock => return Ok(()),
        }
        let at = room.record.circumstances(ctx.now);
        let readable = participant.is_active() && rights_of(self.policy(), participant, at).read;
        participants::update(tx, participant, readable)?;
        scribe.finish(tx, room)?;
        Ok(())
    }
}

/// Nobody mutes or blocks themselves, nor anybody who outranks them.
fn check_target(
    ctx: &Context,
    participant: &ParticipantRecord,
) -> std::result::Result<(), Refusal> {
    let own = participant.person.key == ctx.user;
    if own {
        return Err(Refusal::forbidden(
            Rule::Oneself,
            "nobody mutes or blocks themselves, or lifts it",
        ));
    }
    permit_rank(ctx.caller.role, participant.role)
}
