//! What has happened so far, and what the pure evaluator of `domain` gives for it.

use orderchat_domain::participant::Ended;
use orderchat_domain::permission::{Access, Action, Standing, permit};
use orderchat_domain::policy::{As, Circumstances, OrderPolicy, Rights};
use orderchat_domain::room::{By, RoomStatus, Transition, check_state};
use orderchat_domain::{Millis, Role, TokenRole};

/// Who may have rights: the order's customer, a guest and three riders who take turns.
pub(super) const PEOPLE: usize = 5;
pub(super) const CUSTOMER: usize = 0;
pub(super) const GUEST: usize = 1;
pub(super) const FIRST_RIDER: usize = 2;

/// An event as the shop made it; the sequence says when, not in which order it comes.
#[derive(Clone, Debug)]
pub(super) enum Told {
    Status(&'static str),
    /// A place among the people; `None`: the order has no rider now.
    Rider(Option<usize>),
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct May {
    pub(super) read: bool,
    pub(super) write: bool,
}

pub(super) struct Model {
    pub(super) policy: OrderPolicy,
    pub(super) status: &'static str,
    status_sequence: i64,
    pub(super) rider: Option<usize>,
    rider_sequence: i64,
    final_at: Option<Millis>,
    reopened_at: Option<Millis>,
    pub(super) room: RoomStatus,
    closed_by_policy: bool,
    pub(super) muted: [bool; PEOPLE],
    was_in: [bool; PEOPLE],
}

impl Model {
    /// An accepted order in its open room, with the first rider.
    pub(super) fn new(policy: OrderPolicy) -> Self {
        let mut was_in = [false; PEOPLE];
        for place in [CUSTOMER, GUEST, FIRST_RIDER] {
            was_in[place] = true;
        }
        Self {
            policy,
            status: "accepted",
            status_sequence: 1,
            rider: Some(FIRST_RIDER),
            rider_sequence: 1,
            final_at: None,
            reopened_at: None,
            room: RoomStatus::Open,
            closed_by_policy: false,
            muted: [false; PEOPLE],
            was_in,
        }
    }

    /// An event has come: it changes what no newer one has set.
    pub(super) fn hear(&mut self, sequence: i64, told: &Told, now: Millis) {
        let changes = match *told {
            Told::Status(status) if sequence > self.status_sequence => {
                self.status_sequence = sequence;
                let changes = status != self.status;
                self.status = status;
                let is_final = self.policy.is_final(status);
                self.final_at = is_final.then(|| self.final_at.unwrap_or(now));
                changes
            }
            Told::Rider(rider) if sequence > self.rider_sequence => {
                self.rider_sequence = sequence;
                let changes = rider != self.rider;
                self.rider = rider;
                if let Some(place) = rider {
                    self.was_in[place] = true;
                }
                changes
            }
            Told::Status(_) | Told::Rider(_) => false,
        };
        if changes
            && self
                .policy
                .reopens(self.circumstances(now), self.closed_by_policy)
        {
            self.room = RoomStatus::Open;
        }
    }

    /// A person closes the room, or opens it again.
    pub(super) fn person_does(&mut self, transition: Transition, now: Millis) {
        self.closed_by_policy = false;
        if transition == Transition::Reopen {
            self.reopened_at = Some(now);
            self.room = RoomStatus::Open;
        } else {
            self.room = RoomStatus::Closed;
        }
    }

    /// The clock has moved: whether the policy closes the room now.
    pub(super) fn closes_by_itself(&mut self, now: Millis) -> bool {
        let due = self.policy.due_step(self.circumstances(now));
        let closes = due.is_some_and(|step| step.transition == Transition::Close);
        if closes {
            self.room = RoomStatus::Closed;
            self.closed_by_policy = true;
        }
        closes
    }

    fn circumstances(&self, now: Millis) -> Circumstances<'_> {
        Circumstances {
            order_status: self.status,
            room_status: self.room,
            final_at: self.final_at,
            reopened_at: self.reopened_at,
            // It is archived 30 days after: no test takes so long.
            closed_at: None,
            now,
        }
    }

    fn rights(&self, place: usize, now: Millis) -> Rights {
        let role = match token_role(place) {
            TokenRole::Rider => Role::Rider,
            _ => Role::Customer,
        };
        let guest = place == GUEST;
        self.policy
            .rights(As { role, guest }, self.circumstances(now))
    }

    fn standing(&self, place: usize) -> Standing {
        let is_rider = place >= FIRST_RIDER;
        match (self.was_in[place], is_rider && self.rider != Some(place)) {
            (false, _) => Standing::Outside,
            (true, true) => Standing::Ended(Ended::HandedOver),
            (true, false) => Standing::In {
                guest: place == GUEST,
            },
        }
    }

    pub(super) fn is_in(&self, place: usize) -> bool {
        matches!(self.standing(place), Standing::In { .. })
    }

    pub(super) fn may(&self, place: usize, now: Millis) -> May {
        let rights = self.rights(place, now);
        let access = Access {
            standing: self.standing(place),
            theirs: false,
            public: true,
            readable: self.is_in(place) && rights.read,
        };
        let permits = |action| permit(token_role(place), action, access).is_ok();
        let takes = check_state(self.room, Action::SendMessage, By::Person).is_ok();
        May {
            read: permits(Action::ReadRoom),
            write: permits(Action::SendMessage)
                && takes
                && !self.muted[place]
                && rights.write.is_ok(),
        }
    }

    /// The same of a role, whoever has it: what the table of rights says.
    pub(super) fn role_may(&self, place: usize, now: Millis) -> May {
        let rights = self.rights(place, now);
        let takes = check_state(self.room, Action::SendMessage, By::Person).is_ok();
        May {
            read: rights.read,
            write: rights.read && rights.write.is_ok() && takes,
        }
    }
}

pub(super) const fn token_role(place: usize) -> TokenRole {
    if place >= FIRST_RIDER {
        TokenRole::Rider
    } else {
        TokenRole::Customer
    }
}
