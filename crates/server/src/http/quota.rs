//! Which rate limit a command counts against (SPEC 13). The service has none but its sends.

use orderchat_domain::RoomId;

use super::problem::Problem;
use crate::chat::Context;
use crate::limits::{Limits, Quota};

/// Counts a read, or anything that has no narrower limit.
///
/// # Errors
/// 429, as of all of these; nothing was counted then.
pub(super) fn reads(limits: &Limits, context: &Context) -> Result<(), Problem> {
    check(limits, context, |user| Quota::Read { user })
}

/// Counts a receipt.
pub(super) fn receipts(limits: &Limits, context: &Context) -> Result<(), Problem> {
    check(limits, context, |user| Quota::Receipt { user })
}

/// Counts a search.
pub(super) fn searches(limits: &Limits, context: &Context) -> Result<(), Problem> {
    check(limits, context, |user| Quota::Search { user })
}

/// Counts an edit, a delete or another change: they share the user's limit of sends.
pub(super) fn changes(limits: &Limits, context: &Context) -> Result<(), Problem> {
    check(limits, context, |user| Quota::Send { user })
}

/// Counts a send in the room, against the user's limit and the room's. The
/// retry of an accepted send is not limited: whoever is refused here looks for one.
pub(super) fn sends(limits: &Limits, context: &Context, room: RoomId) -> Result<(), Problem> {
    let RoomId(room) = room;
    if context.caller.is_service() {
        return Ok(limits.check(Quota::ServiceSend { room })?);
    }
    changes(limits, context)?;
    Ok(limits.check(Quota::RoomSend { room })?)
}

fn check<'a>(
    limits: &Limits,
    context: &'a Context,
    quota: impl FnOnce(&'a str) -> Quota<'a>,
) -> Result<(), Problem> {
    if context.caller.is_service() {
        return Ok(());
    }
    Ok(limits.check(quota(context.caller.user.as_str()))?)
}
