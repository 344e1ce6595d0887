//! The policy as a table for people: who may do what, by status and now.

use serde::Serialize;

use super::{As, Circumstances, OrderPolicy, Reading, Who, Writing};
use crate::role::Role;
use crate::time::{Millis, SECOND};

/// What one may do in a status, as the policy file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusRights {
    /// A status that the policy names
    pub status: String,
    pub is_final: bool,
    /// `customer`, `rider`, `guest`, `pharmacy`, `support` or `admin`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub role: &'static str,
    /// `always`, `while_open` or `never`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub read: &'static str,
    pub write: bool,
    /// For how many seconds after the first final status, or a manual reopening; null without an end
    pub write_s: Option<i64>,
    pub attach: bool,
    /// As `write_s`
    pub attach_s: Option<i64>,
    /// The roles of which they see whether they are online
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub sees_online: Vec<Role>,
}

/// What one may do now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RightsNow {
    /// `customer`, `rider`, `guest`, `pharmacy`, `support` or `admin`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub role: &'static str,
    pub read: bool,
    pub write: bool,
    pub attach: bool,
    /// When the right to write ends by the clock
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Millis>,
    /// The rule by which they may not write
    pub why_not: Option<String>,
}

/// The table of rights of an order, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RightsTable {
    /// Of the policy file
    pub version: i64,
    /// SHA-256 of the policy file, in hex
    pub hash: String,
    /// The order's status
    pub status: String,
    /// `open`, `closed`, `archived`, or null while the order has no room
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub room: Option<&'static str>,
    /// The status from which on the room opens
    pub opens_at: String,
    /// What the server does with the room next: `close`, `archive` or null
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub next: Option<&'static str>,
    /// When
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub next_at: Option<Millis>,
    /// What each may do now; empty while the order has no room
    pub now: Vec<RightsNow>,
    /// What the policy says of every status that it names
    pub statuses: Vec<StatusRights>,
}

const fn as_of(who: Who) -> As {
    let (role, guest) = match who {
        Who::Customer => (Role::Customer, false),
        Who::Rider => (Role::Rider, false),
        Who::Guest => (Role::Customer, true),
        Who::Pharmacy => (Role::Pharmacy, false),
        Who::Support => (Role::Support, false),
        Who::Admin => (Role::Admin, false),
    };
    As { role, guest }
}

fn writing(writing: Writing) -> (bool, Option<i64>) {
    match writing {
        Writing::Yes => (true, None),
        Writing::No => (false, None),
        Writing::For(ms) => (true, Some(ms / SECOND)),
    }
}

impl OrderPolicy {
    /// What each may do in a room now. Nobody writes in a room that is not open.
    #[must_use]
    pub fn rights_now(&self, at: Circumstances<'_>) -> Vec<RightsNow> {
        let row = |who: Who| {
            let rights = self.rights(as_of(who), at);
            let state = crate::room::check_state(
                at.room_status,
                crate::permission::Action::SendMessage,
                crate::room::By::Person,
            );
            let write = rights.read && rights.write.is_ok() && state.is_ok();
            RightsNow {
                role: who.as_str(),
                read: rights.read,
                write,
                attach: write && rights.attach.is_ok(),
                until: rights.until.filter(|_| write),
                why_not: state.and(rights.write).err().map(|why| why.to_string()),
            }
        };
        Who::ALL.map(row).into()
    }

    /// What the file says of every status that it names.
    #[must_use]
    pub fn rights_by_status(&self) -> Vec<StatusRights> {
        let cells = self
            .statuses()
            .flat_map(|status| Who::ALL.map(|who| (status, who)));
        cells
            .map(|(status, who)| {
                let cell = self.cell(who, status);
                let (write, write_s) = writing(cell.write);
                let (attach, attach_s) = writing(cell.attach);
                StatusRights {
                    status: status.to_owned(),
                    is_final: self.is_final(status),
                    role: who.as_str(),
                    read: Reading::as_str(cell.read),
                    write,
                    write_s,
                    attach,
                    attach_s,
                    sees_online: cell.sees_online.iter().collect(),
                }
            })
            .collect()
    }
}
