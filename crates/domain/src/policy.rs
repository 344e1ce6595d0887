//! What the order's state allows: the order policy.
//!
//! A policy is a TOML file that a shop owner can read; `policy.toml` of the repository is the
//! built-in one and its documentation. [`OrderPolicy::parse`] makes tables of it. Everything asks
//! [`OrderPolicy::rights`] and the few functions beside it; none of them waits or reads a clock.

mod cells;
mod file;
mod in_force;
mod mistake;
mod names;
mod reader;
pub mod simulate;
mod table;
mod wording;
mod words;

use std::sync::{Arc, LazyLock};

use sha2::{Digest, Sha256};

pub use cells::{Cell, Reading, Roles, Who, Writing};
pub use in_force::InForce;
pub use mistake::{Mistake, Mistakes};
pub use names::{NameStyle, Names};
pub use table::{RightsNow, RightsTable, StatusRights};
pub use words::{QuickReply, Texts, fill};

use crate::event::Hash;
use crate::refusal::{Refusal, Rule};
use crate::role::Role;
use crate::room::{RoomStatus, Transition};
use crate::time::Millis;

/// The text of the built-in policy.
pub const BUILT_IN: &str = include_str!("../../../policy.toml");

static DEFAULT: LazyLock<OrderPolicy> =
    LazyLock::new(|| match file::read(BUILT_IN, &file::nothing()) {
        Ok(policy) => policy,
        Err(mistakes) => unreachable!("the built-in policy, which tests read: {mistakes}"),
    });

/// The rules of one business, as tables. Durations are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPolicy {
    /// Grows with every change of the file.
    pub version: i64,
    /// The file.
    pub text: Arc<str>,
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
    /// Whether a rider sees what was said before they were assigned.
    pub rider_sees_earlier: bool,
    /// Whether a rider may not write about an order that is over while the next one is on board.
    pub muted_while_next_on_board: bool,
    /// The statuses of an order that is on board.
    pub on_board: Vec<String>,
    /// How long customers and riders may edit and delete their own messages.
    pub edit_window: i64,
    pub delete_window: i64,
    /// How customers, riders and guests are shown the names of others.
    pub names: Names,
    /// What the system says in rooms.
    pub texts: Texts,
    quick_replies: Vec<QuickReply>,
    /// Of a status that the file does not name.
    active_row: cells::Row,
    final_row: cells::Row,
    /// Of the active, then the final statuses, in their order.
    rows: Vec<cells::Row>,
}

impl Default for OrderPolicy {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

/// Which policy file: the higher version is right, the hash tells files of one version apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    pub version: i64,
    pub hash: Hash,
}

/// Which of two policies is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The one given, which is new to the database.
    Given,
    /// They are the same.
    Same,
    /// The database's, which is newer.
    Stored,
    /// The database's, which has the same version and says something else.
    Disputed,
}

impl Edition {
    #[must_use]
    pub fn hash_in_hex(&self) -> String {
        crate::text::hex(&self.hash)
    }

    /// Which is in force, this one or the one that stands in the database.
    #[must_use]
    pub fn settle(self, stored: Option<Self>) -> Settled {
        match stored {
            None => Settled::Given,
            Some(stored) if stored == self => Settled::Same,
            Some(stored) if stored.version < self.version => Settled::Given,
            Some(stored) if stored.version == self.version => Settled::Disputed,
            Some(_) => Settled::Stored,
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

impl As {
    /// Staff have the rights of their role as guests, too.
    const fn who(self) -> Who {
        match self.role {
            Role::Pharmacy => Who::Pharmacy,
            Role::Support => Who::Support,
            Role::Admin => Who::Admin,
            Role::Customer | Role::Rider if self.guest => Who::Guest,
            Role::Customer => Who::Customer,
            Role::Rider => Who::Rider,
        }
    }
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
    /// Why they may not attach files, if so.
    pub attach: Result<(), Refusal>,
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

    /// Reads a policy file; what it leaves out is as in the built-in policy.
    ///
    /// # Errors
    /// Every mistake in it, with its place.
    pub fn parse(text: &str) -> Result<Self, Mistakes> {
        file::read(text, &DEFAULT)
    }

    #[must_use]
    pub fn edition(&self) -> Edition {
        Edition {
            version: self.version,
            hash: Sha256::digest(self.text.as_bytes()).into(),
        }
    }

    /// Every status that the policy names: the active ones, then the final ones.
    pub fn statuses(&self) -> impl Iterator<Item = &str> {
        let all = self.active_statuses.iter().chain(&self.final_statuses);
        all.map(String::as_str)
    }

    /// What somebody may do in this status, as the file says.
    #[must_use]
    pub fn cell(&self, who: Who, status: &str) -> &Cell {
        let named = self.statuses().position(|known| known == status);
        let row = named.and_then(|place| self.rows.get(place));
        &row.unwrap_or(&self.active_row)[who.place()]
    }

    /// Whether somebody may read a room in one status of its order and not in another, as far as the
    /// file goes.
    #[must_use]
    pub fn reading_hangs_on_status(&self) -> bool {
        let rows = || self.rows.iter().chain([&self.active_row, &self.final_row]);
        let mut people = Who::ALL.into_iter().map(Who::place);
        people.any(|place| rows().any(|row| row[place].read != self.active_row[place].read))
    }

    /// What a participant may do. Closed and archived rooms take no messages from anybody; that is
    /// the room's state ([`crate::room::check_state`]), not a matter of policy.
    #[must_use]
    pub fn rights(&self, who: As, at: Circumstances<'_>) -> Rights {
        let who = who.who();
        let cell = self.cell(who, at.order_status);
        let read = match cell.read {
            Reading::Always => true,
            Reading::WhileOpen => at.room_status == RoomStatus::Open,
            Reading::Never => false,
        };
        let until = |writing| match writing {
            Writing::For(grace) => countdown(at).map(|from| from.plus(grace)),
            Writing::Yes | Writing::No => None,
        };
        let may = |writing, what| match (writing, until(writing)) {
            (Writing::No, _) => Err(Self::refuse(who, what, at.order_status, "")),
            (_, Some(until)) if at.now >= until => {
                let after = format!(" after {until}");
                Err(Self::refuse(who, what, at.order_status, &after))
            }
            _ => Ok(()),
        };
        Rights {
            read,
            write: may(cell.write, "write"),
            attach: may(cell.attach, "attach files"),
            until: until(cell.write),
        }
    }

    /// [`Self::rights`] of a rider of the order who has another order on board.
    #[must_use]
    pub(crate) fn rights_with_next_on_board(
        &self,
        rights: Rights,
        at: Circumstances<'_>,
    ) -> Rights {
        if !self.muted_while_next_on_board || at.final_at.is_none() {
            return rights;
        }
        let refuse = |what| {
            let next = " while the next order is on board";
            Err(Self::refuse(Who::Rider, what, at.order_status, next))
        };
        Rights {
            write: rights.write.and_then(|()| refuse("write")),
            attach: rights.attach.and_then(|()| refuse("attach files")),
            ..rights
        }
    }

    fn refuse(who: Who, what: &str, status: &str, when: &str) -> Refusal {
        let detail = format!(
            "policy: {} may not {what} in '{status}'{when}",
            who.as_str()
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

    /// Whether the viewer may know if somebody of this role is online. A guest knows what the file
    /// says of guests, as far as others of their role know it.
    #[must_use]
    pub fn sees_presence(&self, viewer: As, of: Role, order_status: &str) -> bool {
        let sees = |who| self.cell(who, order_status).sees_online.has(of);
        sees(Who::from(viewer.role)) && (!viewer.guest || sees(Who::Guest))
    }

    /// [`Self::sees_presence`] in every status: for those who do not know which the order has.
    #[must_use]
    pub fn always_sees_presence(&self, viewer: As, of: Role) -> bool {
        let mut rows = self.rows.iter().chain([&self.active_row]);
        let sees = |row: &cells::Row, who: Who| row[who.place()].sees_online.has(of);
        rows.all(|row| {
            sees(row, Who::from(viewer.role)) && (!viewer.guest || sees(row, Who::Guest))
        })
    }

    /// How the viewer is shown the names of others; staff see them as they are.
    #[must_use]
    pub const fn name_style(&self, viewer: As) -> NameStyle {
        match (viewer.role, viewer.guest) {
            (_, true) => self.names.guest,
            (Role::Customer, false) => self.names.customer,
            (Role::Rider, false) => self.names.rider,
            (Role::Pharmacy | Role::Support | Role::Admin, false) => NameStyle::FullName,
        }
    }

    /// The sentences offered to somebody in this status, in the order of the file.
    pub fn quick_replies<'a>(
        &'a self,
        who: As,
        order_status: &'a str,
        language: Option<&'a str>,
    ) -> impl Iterator<Item = &'a str> {
        let offered = self.quick_replies.iter();
        offered
            .filter(move |reply| reply.is_for(who.who(), order_status))
            .filter_map(move |reply| reply.text(language, &self.texts.default_language))
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
mod mistakes;

#[cfg(test)]
mod tests;
