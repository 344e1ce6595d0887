//! Which rate limit a command counts against (SPEC 13). The service has none but its sends.
//!
//! Each answers [`RetryAfter`] when it is too often; nothing was counted then.

use orderchat_domain::{Caller, RoomId};

use super::{Limits, Quota, RetryAfter};

type Result = std::result::Result<(), RetryAfter>;

/// Counts a read, or anything that has no narrower limit.
pub(crate) fn reads(limits: &Limits, caller: &Caller) -> Result {
    check(limits, caller, |user| Quota::Read { user })
}

/// Counts a receipt.
pub(crate) fn receipts(limits: &Limits, caller: &Caller) -> Result {
    check(limits, caller, |user| Quota::Receipt { user })
}

/// Counts a search.
pub(crate) fn searches(limits: &Limits, caller: &Caller) -> Result {
    check(limits, caller, |user| Quota::Search { user })
}

/// Counts an upload.
pub(crate) fn uploads(limits: &Limits, caller: &Caller) -> Result {
    check(limits, caller, |user| Quota::Upload { user })
}

/// Counts an edit, a delete or another change: they share the user's limit of sends.
pub(crate) fn changes(limits: &Limits, caller: &Caller) -> Result {
    check(limits, caller, |user| Quota::Send { user })
}

/// Counts a send in the room, against the user's limit and the room's. The retry of an accepted
/// send is not limited: whoever is refused here looks for one.
pub(crate) fn sends(limits: &Limits, caller: &Caller, room: RoomId) -> Result {
    let RoomId(room) = room;
    if caller.is_service() {
        return limits.check(Quota::ServiceSend { room });
    }
    changes(limits, caller)?;
    limits.check(Quota::RoomSend { room })
}

fn check<'a>(
    limits: &Limits,
    caller: &'a Caller,
    quota: impl FnOnce(&'a str) -> Quota<'a>,
) -> Result {
    if caller.is_service() {
        return Ok(());
    }
    limits.check(quota(caller.user.as_str()))
}
