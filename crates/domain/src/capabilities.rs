//! What somebody may do in a room now, for clients: they show it, the rules themselves decide when
//! it is tried.

use serde::Serialize;

use crate::access::{Situation, rights_of};
use crate::permission::{Action, Grant, Reach, grant};
use crate::project::by;
use crate::room::check_state;
use crate::time::{Millis, SECOND};

/// The capabilities of SPEC 12.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capabilities {
    pub read: bool,
    pub write: bool,
    pub attach: bool,
    /// For how many seconds after sending one may edit one's own texts; null without an end, 0 not
    /// at all.
    pub edit_s: Option<i64>,
    /// As `edit_s`, for deleting.
    pub delete_s: Option<i64>,
    /// The rule by which one may not write, in words; null when one may.
    pub why_not: Option<String>,
    /// When the clock alone changes `write`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Millis>,
}

impl Capabilities {
    #[must_use]
    pub fn of(at: &Situation<'_>) -> Self {
        let state = |action| check_state(at.room.status, action, by(at.caller.role));
        let write = at
            .permit(Action::SendMessage)
            .and_then(|()| state(Action::SendMessage))
            .and_then(|()| at.may_write());
        let changes = |action: Action, window: i64, allowed: bool| {
            let allowed = allowed && at.permit(action).is_ok() && state(action).is_ok();
            match grant(at.caller.role, action) {
                _ if !allowed => Some(0),
                Grant::OwnInTime => Some(window / SECOND),
                _ => None,
            }
        };
        let (edits, deletes) = (at.policy.edit_window, at.policy.delete_window);
        Self {
            read: at.reach() == Reach::Room,
            write: write.is_ok(),
            attach: write.is_ok() && !at.caller.is_service() && at.may_attach().is_ok(),
            edit_s: changes(Action::EditMessage, edits, write.is_ok()),
            delete_s: changes(Action::DeleteMessage, deletes, true),
            until: until(at, write.is_ok()),
            why_not: write.err().map(|refusal| refusal.detail().to_owned()),
        }
    }
}

/// When the clock alone changes whether they may write: a mute ends, or the policy's time is over.
fn until(at: &Situation<'_>, writes: bool) -> Option<Millis> {
    let own = at.own?;
    if own.is_muted(at.now) {
        return own.muted_until;
    }
    let rights = rights_of(at.policy, own, at.room.circumstances(at.now));
    rights.until.filter(|_| writes)
}
