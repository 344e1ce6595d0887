//! Replays what a shop told of one order, and says after each step who could do what.

use super::{As, Circumstances, OrderPolicy, Who};
use crate::order::{Order, Report, take};
use crate::role::Role;
use crate::room::{RoomStatus, Transition};
use crate::time::Millis;

/// Something that the shop told.
#[derive(Clone, Debug)]
pub struct Told {
    pub at: Millis,
    pub what: String,
    /// `None`: it changes nothing.
    pub report: Option<Report>,
}

/// What somebody may do at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct May {
    pub read: bool,
    pub write: bool,
    pub attach: bool,
}

/// Whose rights change: those of staff do not.
pub const SHOWN: [Who; 3] = [Who::Customer, Who::Rider, Who::Guest];

/// A moment in which something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub at: Millis,
    pub what: String,
    pub status: Option<String>,
    /// `None` while there is no room.
    pub room: Option<RoomStatus>,
    /// Of those in [`SHOWN`]; the rider's while the order has one.
    pub may: [May; SHOWN.len()],
}

struct Play<'a> {
    policy: &'a OrderPolicy,
    order: Option<Order>,
    room: Option<RoomStatus>,
    closed_at: Option<Millis>,
    moments: Vec<Moment>,
}

/// The moments of an order, in the order of time, until the server has nothing more to do.
#[must_use]
pub fn simulate(policy: &OrderPolicy, told: &[Told]) -> Vec<Moment> {
    let mut play = Play {
        policy,
        order: None,
        room: None,
        closed_at: None,
        moments: Vec::new(),
    };
    let mut now = Millis(i64::MIN);
    for one in told {
        play.pass(now, one.at);
        // As the server hears of it: not before what it heard last.
        now = now.max(one.at);
        play.hear(one, now);
    }
    play.pass(now, Millis(i64::MAX));
    play.moments
}

impl Play<'_> {
    fn circumstances(&self, now: Millis) -> Option<Circumstances<'_>> {
        let order = self.order.as_ref()?;
        Some(Circumstances {
            order_status: &order.status,
            room_status: self.room?,
            final_at: order.final_at,
            reopened_at: None,
            closed_at: self.closed_at,
            now,
        })
    }

    fn hear(&mut self, told: &Told, now: Millis) {
        let Some(report) = &told.report else {
            return self.note(now, told.what.clone());
        };
        let order = match take(self.order.as_ref(), report, self.policy, now) {
            Ok((order, _)) => order,
            Err(refusal) => {
                return self.note(now, format!("{}: refused, {refusal}", told.what));
            }
        };
        let opens = self.policy.opens(&order.status);
        self.order = Some(order);
        let reopens = self
            .circumstances(now)
            .is_some_and(|at| self.policy.reopens(at, true));
        let mut what = told.what.clone();
        if self.room.is_none() && opens {
            self.room = Some(RoomStatus::Open);
            what.push_str("; the room opens");
        } else if reopens {
            self.room = Some(RoomStatus::Open);
            self.closed_at = None;
            what.push_str("; the room opens again");
        }
        self.note(now, what);
    }

    /// What happens by the clock after `from`, until `to`.
    fn pass(&mut self, from: Millis, to: Millis) {
        let mut from = from;
        while let Some((at, what)) = self.next(from, to) {
            if let Some(transition) = what {
                self.do_step(transition, at);
            } else {
                self.note_ends(at);
            }
            from = at;
        }
    }

    /// What comes next by the clock: a step of the server, or somebody's right to write ends.
    fn next(&self, from: Millis, to: Millis) -> Option<(Millis, Option<Transition>)> {
        let at = self.circumstances(from)?;
        let step = self.policy.next_step(at);
        let step = step.map(|step| (step.at.max(from), Some(step.transition)));
        let ends = SHOWN
            .iter()
            .filter_map(|who| self.policy.rights(as_shown(*who), at).until)
            .filter(|until| *until > from && at.room_status == RoomStatus::Open)
            .map(|until| (until, None));
        // A room that closes at the moment in which a right ends says all.
        step.into_iter()
            .chain(ends)
            .filter(|(at, _)| *at <= to)
            .min_by_key(|(at, what)| (*at, what.is_none()))
    }

    fn do_step(&mut self, transition: Transition, at: Millis) {
        let what = match transition {
            Transition::Close => {
                self.room = Some(RoomStatus::Closed);
                self.closed_at = Some(at);
                "the room closes"
            }
            Transition::Reopen => {
                self.room = Some(RoomStatus::Open);
                "the room opens again"
            }
            Transition::Archive => {
                self.room = Some(RoomStatus::Archived);
                "the room is archived"
            }
        };
        self.note(at, what.to_owned());
    }

    fn note_ends(&mut self, at: Millis) {
        let Some(now) = self.circumstances(at) else {
            return;
        };
        let ended = SHOWN
            .iter()
            .filter(|who| self.policy.rights(as_shown(**who), now).until == Some(at));
        let names: Vec<_> = ended.map(|who| who.as_str()).collect();
        self.note(at, format!("time to write is over: {}", names.join(", ")));
    }

    fn note(&mut self, at: Millis, what: String) {
        let may = SHOWN.map(|who| self.may(who, at));
        self.moments.push(Moment {
            at,
            what,
            status: self.order.as_ref().map(|order| order.status.clone()),
            room: self.room,
            may,
        });
    }

    fn may(&self, who: Who, now: Millis) -> May {
        let is_there = who != Who::Rider || self.order.as_ref().is_some_and(|o| o.rider.is_some());
        let at = self.circumstances(now).filter(|_| is_there);
        let Some(at) = at else {
            return May {
                read: false,
                write: false,
                attach: false,
            };
        };
        let rights = self.policy.rights(as_shown(who), at);
        let write = rights.read && at.room_status == RoomStatus::Open && rights.write.is_ok();
        May {
            read: rights.read,
            write,
            attach: write && rights.attach.is_ok(),
        }
    }
}

const fn as_shown(who: Who) -> As {
    let role = match who {
        Who::Rider => Role::Rider,
        _ => Role::Customer,
    };
    As {
        role,
        guest: matches!(who, Who::Guest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{PharmacyId, UserId};
    use crate::order::{Named, PharmacyReport};
    use crate::time::{HOUR, MINUTE};

    fn named(id: &str) -> Named {
        Named {
            id: UserId::parse("/id", id).expect("an id"),
            name: id.to_owned(),
            email: None,
        }
    }

    fn told(minutes: i64, status: &str) -> Told {
        let pharmacy = PharmacyReport {
            id: PharmacyId::parse("/id", "ph1").expect("an id"),
            name: "Corner".to_owned(),
            staff: None,
        };
        Told {
            at: Millis(minutes * MINUTE),
            what: status.to_owned(),
            report: Some(Report {
                number: Some("7".to_owned()),
                status: Some(status.to_owned()),
                customer: Some(named("c")),
                pharmacy: Some(pharmacy),
                rider: Some(Some(named("r"))),
                ..Report::default()
            }),
        }
    }

    #[test]
    fn an_order_by_the_built_in_policy_from_its_first_report_to_the_archive() {
        let policy = OrderPolicy::default();
        let story = [
            told(0, "pending"),
            told(10, "picked_up"),
            told(40, "delivered"),
        ];
        let moments = simulate(&policy, &story);
        let shown: Vec<_> = moments
            .iter()
            .map(|moment| {
                let writes = moment.may.map(|may| may.write);
                (moment.at.0 / MINUTE, moment.what.as_str(), writes)
            })
            .collect();
        assert_eq!(
            shown,
            [
                (0, "pending", [false; 3]),
                (10, "picked_up; the room opens", [true; 3]),
                (40, "delivered", [true; 3]),
                (70, "time to write is over: rider", [true, false, true]),
                (160, "the room closes", [false; 3]),
                (160 + 30 * 24 * 60, "the room is archived", [false; 3]),
            ]
        );
        assert_eq!(moments[4].may.map(|may| may.read), [true, false, false]);
    }

    #[test]
    fn an_order_that_is_active_again_opens_its_room_again() {
        let policy = OrderPolicy::default();
        let again = told(HOUR / MINUTE * 3, "preparing");
        let moments = simulate(&policy, &[told(0, "accepted"), told(1, "cancelled"), again]);
        let last = moments.last().map(|moment| moment.what.as_str());
        assert_eq!(last, Some("preparing; the room opens again"));
    }
}
