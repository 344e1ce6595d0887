//! How a caller stands to a room, from what is stored of both: what [`permission`] and the order
//! policy are then asked.
//!
//! [`permission`]: crate::permission

use crate::caller::Caller;
use crate::participant::{Ended, comes_back_as};
use crate::permission::{Access, Reach, Standing, permit, reach};
use crate::policy::{As, Circumstances, OrderPolicy, Rights};
use crate::project::{ParticipantRecord, RoomRecord};
use crate::room::RoomStatus;
use crate::time::Millis;
use crate::{Refusal, Rule, permission};

/// A caller and a room, with their place in it.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    pub caller: &'a Caller,
    pub room: &'a RoomRecord,
    /// The caller's participant there, active or ended.
    pub own: Option<&'a ParticipantRecord>,
    pub policy: &'a OrderPolicy,
    pub now: Millis,
}

impl Situation<'_> {
    /// How the caller stands to the room.
    #[must_use]
    pub fn access(&self) -> Access {
        let standing = match self.own {
            None => Standing::Outside,
            Some(own) => match own.ended {
                Some(ended) => Standing::Ended(ended),
                None => Standing::In { guest: own.guest },
            },
        };
        let at = self.room.circumstances(self.now);
        let readable = match self.own {
            // Who comes back may have less of a role by now.
            Some(own) if own.ended == Some(Ended::Left) => {
                let role = self.caller.person().map(|now| comes_back_as(own.role, now));
                role.is_some_and(|role| {
                    let guest = own.guest;
                    self.policy.rights(As { role, guest }, at).read
                })
            }
            Some(own) => rights_of(self.policy, own, at).read,
            None => self.would_read(at),
        };
        Access {
            standing,
            theirs: self.caller.works_for(self.room.order.pharmacy.as_str()),
            public: self.room.is_public,
            readable,
        }
    }

    /// Whether the order policy lets a guest of the caller's role read the room while it is open: that
    /// it is closed its card says, and the room's state is asked on its own.
    fn would_read(&self, at: Circumstances<'_>) -> bool {
        let open = Circumstances {
            room_status: RoomStatus::Open,
            ..at
        };
        let guest = |role| As { role, guest: true };
        let person = self.caller.person().map(guest);
        person.is_some_and(|guest| self.policy.rights(guest, open).read)
    }

    /// There is a room, and the token is good for it.
    fn exists(&self) -> bool {
        self.room.deleted_at.is_none() && self.caller.may_enter(self.room.id, &self.room.code)
    }

    /// How much of the room the caller reaches.
    #[must_use]
    pub fn reach(&self) -> Reach {
        if self.exists() {
            reach(self.caller.role, self.access())
        } else {
            Reach::Nothing
        }
    }

    /// May the caller do this here? Whether the room's state takes it is another question.
    ///
    /// # Errors
    /// As [`permit`]; [`Refusal::NotFound`] of a room that was deleted.
    pub fn permit(&self, action: permission::Action) -> Result<(), Refusal> {
        if self.exists() {
            permit(self.caller.role, action, self.access())
        } else {
            Err(Refusal::NotFound)
        }
    }

    /// Whether the caller may send a file now: they may write, and the order policy lets them attach.
    ///
    /// # Errors
    /// As [`Situation::may_write`].
    pub fn may_attach(&self) -> Result<(), Refusal> {
        self.may_write()?;
        match self.own {
            Some(own) => rights_of(self.policy, own, self.room.circumstances(self.now)).attach,
            None => Ok(()),
        }
    }

    /// Whether the caller may write now: not muted, and the order policy lets them.
    ///
    /// # Errors
    /// [`Rule::Muted`], [`Rule::Policy`].
    pub fn may_write(&self) -> Result<(), Refusal> {
        match self.own {
            Some(own) => may_write(self.policy, own, self.room.circumstances(self.now)),
            None => Ok(()),
        }
    }
}

/// What the order policy lets a participant do.
#[must_use]
pub fn rights_of(
    policy: &OrderPolicy,
    participant: &ParticipantRecord,
    at: Circumstances<'_>,
) -> Rights {
    let rights = policy.rights(
        As {
            role: participant.role,
            guest: participant.guest,
        },
        at,
    );
    if participant.next_on_board {
        policy.rights_with_next_on_board(rights, at)
    } else {
        rights
    }
}

/// Whether the participant may write now: not muted, and the order policy lets them. A mute goes on
/// for who ended: staff who leave and send come back muted.
///
/// # Errors
/// [`Rule::Muted`], [`Rule::Policy`].
pub fn may_write(
    policy: &OrderPolicy,
    own: &ParticipantRecord,
    at: Circumstances<'_>,
) -> Result<(), Refusal> {
    if own.is_muted(at.now) {
        let until = own
            .muted_until
            .map(|until| format!(" until {until}"))
            .unwrap_or_default();
        let detail = format!("you are muted here{until}");
        return Err(Refusal::forbidden(Rule::Muted, detail));
    }
    rights_of(policy, own, at).write
}
