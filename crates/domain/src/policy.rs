//! What the order's state allows: the order policy.
//!
//! [`OrderPolicy`] is plain data, so that a policy file can fill it; [`OrderPolicy::default`] is
//! the built-in policy of SPEC 8. Everything asks [`OrderPolicy::rights`] and the few functions
//! beside it; none of them waits or reads a clock.

use crate::refusal::{Refusal, Rule};
use crate::role::Role;
use crate::room::{RoomStatus, Transition};
use crate::time::{DAY, HOUR, MINUTE, Millis};

/// The rules of one business. Durations are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPolicy {
    /// Order statuses while the order is active, in the order they are passed.
    pub active_statuses: Vec<String>,
    /// Order statuses that end an order.
    pub final_statuses: Vec<String>,
    /// The room opens when the order is at or past this status, while active.
    pub opens_at: String,
    /// The room closes so long after the first final status or a manual reopening.
    pub closes_after: i64,
    /// A room is archived so long after it closed, whoever closed it.
    pub archives_after: i64,
    /// How long after the first final status (or a manual reopening) a rider may write.
    pub rider_writes_after: i64,
    /// How long after the first final status (or a manual reopening) a customer may write.
    pub customer_writes_after: i64,
    /// Whether a rider sees what was said before they were assigned.
    pub rider_sees_earlier: bool,
    /// How long customers and riders may edit and delete their own messages.
    pub edit_window: i64,
    pub delete_window: i64,
}

impl Default for OrderPolicy {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        Self {
            active_statuses: words(&[
                "pending",
                "accepted",
                "preparing",
                "ready_for_pickup",
                "picked_up",
            ]),
            final_statuses: words(&["delivered", "cancelled", "refunded"]),
            opens_at: "accepted".to_owned(),
            closes_after: 2 * HOUR,
            archives_after: 30 * DAY,
            rider_writes_after: 30 * MINUTE,
            customer_writes_after: 2 * HOUR,
            rider_sees_earlier: false,
            edit_window: 15 * MINUTE,
            delete_window: 15 * MINUTE,
        }
    }
}

/// As whom the policy looks somebody up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct As {
    pub role: Role,
    /// Came in by a public room's card, by their own wish.
    pub guest: bool,
}

/// What the policy is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    pub order_status: &'a str,
    pub room_status: RoomStatus,
    /// When the order first reached a final status; `None` while it is active.
    pub final_at: Option<Millis>,
    /// When a person last reopened the room: restarts the closing timer.
    pub reopened_at: Option<Millis>,
    /// When the room closed; `None` while it is open.
    pub closed_at: Option<Millis>,
    pub now: Millis,
}

/// What the policy does with a room by itself, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub transition: Transition,
    pub at: Millis,
}

/// What somebody may do in a room now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    pub read: bool,
    /// Why they may not write, if so.
    pub write: Result<(), Refusal>,
    /// When the right to write ends by the clock.
    pub until: Option<Millis>,
}

impl OrderPolicy {
    #[must_use]
    pub fn is_final(&self, status: &str) -> bool {
        self.final_statuses.iter().any(|known| known == status)
    }

    /// Whether the room of an order in this status opens by itself: the status is at or past
    /// [`Self::opens_at`], and not final. A status the policy does not know opens nothing.
    #[must_use]
    pub fn opens(&self, status: &str) -> bool {
        let place = |status: &str| {
            self.active_statuses
                .iter()
                .position(|known| known == status)
        };
        matches!((place(status), place(&self.opens_at)), (Some(at), Some(from)) if at >= from)
    }

    /// What a participant may do. Closed and archived rooms take no messages from anybody; that is
    /// the room's state ([`crate::room::check_state`]), not a matter of policy.
    #[must_use]
    pub fn rights(&self, who: As, at: Circumstances<'_>) -> Rights {
        let open = at.room_status == RoomStatus::Open;
        let read = match (who.role, who.guest) {
            (Role::Pharmacy | Role::Support | Role::Admin, _) => true,
            (_, true) | (Role::Rider, false) => open,
            (Role::Customer, false) => true,
        };
        let grace = match (who.role, who.guest) {
            (Role::Pharmacy | Role::Support | Role::Admin, _) | (_, true) => None,
            (Role::Rider, false) => Some(self.rider_writes_after),
            (Role::Customer, false) => Some(self.customer_writes_after),
        };
        let until = grace.and_then(|grace| countdown(at).map(|from| from.plus(grace)));
        let write = match until {
            Some(until) if at.now >= until => Err(self.too_late(who.role, at.order_status, until)),
            _ => Ok(()),
        };
        Rights { read, write, until }
    }

    fn too_late(&self, role: Role, status: &str, until: Millis) -> Refusal {
        let detail = format!(
            "policy: {} may not write in '{status}' after {until}",
            role.as_str()
        );
        Refusal::forbidden(Rule::Policy, detail)
    }

    /// When the room closes by the policy; `None` while the order is active.
    #[must_use]
    pub fn closes_at(&self, at: Circumstances<'_>) -> Option<Millis> {
        countdown(at).map(|from| from.plus(self.closes_after))
    }

    /// What the policy does with the room next, if nothing else happens to it; `None` when it has
    /// nothing to do. An open room whose order is active stays open, however long.
    #[must_use]
    pub fn next_step(&self, at: Circumstances<'_>) -> Option<Step> {
        let (transition, at) = match at.room_status {
            RoomStatus::Open => (Transition::Close, self.closes_at(at)?),
            RoomStatus::Closed => (Transition::Archive, at.closed_at?.plus(self.archives_after)),
            RoomStatus::Archived => return None,
        };
        Some(Step { transition, at })
    }

    /// The next step, if its time has come.
    #[must_use]
    pub fn due_step(&self, at: Circumstances<'_>) -> Option<Step> {
        self.next_step(at).filter(|step| step.at <= at.now)
    }

    /// Whether the order's report opens the room again that it has: one that the policy closed, of
    /// an order that is active again. What a person closed stays closed.
    #[must_use]
    pub fn reopens(&self, at: Circumstances<'_>, closed_by_policy: bool) -> bool {
        at.room_status == RoomStatus::Closed && closed_by_policy && at.final_at.is_none()
    }

    /// Whether the viewer may know if somebody of this role is online. Riders do not learn when a
    /// customer is; everybody else knows of everybody.
    #[must_use]
    pub const fn sees_presence(&self, viewer: Role, of: Role) -> bool {
        !matches!((viewer, of), (Role::Rider, Role::Customer))
    }
}

/// From when the grace periods count: the first final status, or a later manual reopening.
fn countdown(at: Circumstances<'_>) -> Option<Millis> {
    at.final_at.map(|final_at| {
        at.reopened_at
            .map_or(final_at, |reopened| reopened.max(final_at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMER: As = As {
        role: Role::Customer,
        guest: false,
    };
    const RIDER: As = As {
        role: Role::Rider,
        guest: false,
    };

    fn at(room_status: RoomStatus, final_minutes_ago: Option<i64>) -> Circumstances<'static> {
        let now = Millis(100 * HOUR);
        Circumstances {
            order_status: if final_minutes_ago.is_some() {
                "delivered"
            } else {
                "picked_up"
            },
            room_status,
            final_at: final_minutes_ago.map(|minutes| now.plus(-minutes * MINUTE)),
            reopened_at: None,
            closed_at: None,
            now,
        }
    }

    #[test]
    fn the_room_opens_when_the_order_is_or_passes_accepted_while_active() {
        let policy = OrderPolicy::default();
        for (status, opens) in [
            ("pending", false),
            ("accepted", true),
            ("picked_up", true),
            ("delivered", false),
            ("cancelled", false),
            ("lost in the post", false),
        ] {
            assert_eq!(policy.opens(status), opens, "{status}");
        }
    }

    #[test]
    fn the_rider_writes_until_30_minutes_and_the_customer_until_2_hours_after_the_end() {
        let policy = OrderPolicy::default();
        for (minutes, rider, customer) in [(29, true, true), (30, false, true), (120, false, false)]
        {
            let now = at(RoomStatus::Open, Some(minutes));
            assert_eq!(policy.rights(RIDER, now).write.is_ok(), rider, "{minutes}");
            assert_eq!(
                policy.rights(CUSTOMER, now).write.is_ok(),
                customer,
                "{minutes}"
            );
        }
        assert!(
            policy
                .rights(RIDER, at(RoomStatus::Open, None))
                .write
                .is_ok()
        );
    }

    #[test]
    fn a_manual_reopening_restarts_the_timers() {
        let policy = OrderPolicy::default();
        let late = at(RoomStatus::Open, Some(600));
        let reopened = Circumstances {
            reopened_at: Some(late.now.plus(-MINUTE)),
            ..late
        };
        assert!(policy.rights(CUSTOMER, late).write.is_err());
        assert!(policy.rights(CUSTOMER, reopened).write.is_ok());
        assert_eq!(
            policy.closes_at(reopened),
            Some(late.now.plus(-MINUTE + 2 * HOUR))
        );
    }

    #[test]
    fn the_room_does_not_exist_for_the_rider_and_guests_once_it_closed() {
        let policy = OrderPolicy::default();
        let closed = at(RoomStatus::Closed, Some(200));
        let guest = As {
            role: Role::Customer,
            guest: true,
        };
        assert!(!policy.rights(RIDER, closed).read);
        assert!(!policy.rights(guest, closed).read);
        assert!(policy.rights(CUSTOMER, closed).read);
        assert!(
            policy
                .rights(
                    As {
                        role: Role::Pharmacy,
                        guest: false
                    },
                    closed
                )
                .read
        );
    }
    #[test]
    fn the_room_closes_two_hours_after_the_end_and_is_archived_30_days_after_that() {
        let policy = OrderPolicy::default();
        let step = |at| policy.due_step(at).map(|step| step.transition);
        for (minutes, due) in [(119, None), (120, Some(Transition::Close))] {
            assert_eq!(step(at(RoomStatus::Open, Some(minutes))), due, "{minutes}");
        }
        assert_eq!(policy.next_step(at(RoomStatus::Open, None)), None);
        let closed = |ago: i64| {
            let now = at(RoomStatus::Closed, None);
            Circumstances {
                closed_at: Some(now.now.plus(-ago)),
                ..now
            }
        };
        assert_eq!(step(closed(30 * DAY - 1)), None);
        assert_eq!(step(closed(30 * DAY)), Some(Transition::Archive));
        assert_eq!(policy.next_step(at(RoomStatus::Archived, Some(9))), None);
    }

    #[test]
    fn an_active_order_reopens_what_the_policy_closed_and_nothing_else() {
        let policy = OrderPolicy::default();
        let closed = at(RoomStatus::Closed, None);
        assert!(policy.reopens(closed, true));
        assert!(!policy.reopens(closed, false));
        assert!(!policy.reopens(at(RoomStatus::Closed, Some(1)), true));
        assert!(!policy.reopens(at(RoomStatus::Open, None), true));
    }
}
