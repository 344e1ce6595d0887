//! Which rate limit a command counts against (SPEC 13). The service has none but its sends.

use uuid::Uuid;

use super::problem::Problem;
use super::{AppState, Result};
use crate::chat::Context;
use crate::limits::Quota;

impl AppState {
    /// Counts a read of the caller's.
    ///
    /// # Errors
    /// 429, as of all of these; nothing was counted then.
    pub(crate) fn reads(&self, context: &Context) -> Result<()> {
        self.count(context, |user| Quota::Read { user })
    }

    /// Counts a receipt of the caller's.
    pub(crate) fn receipts(&self, context: &Context) -> Result<()> {
        self.count(context, |user| Quota::Receipt { user })
    }

    /// Counts an edit, a delete or another change: they share the limit of sends.
    pub(crate) fn sends(&self, context: &Context) -> Result<()> {
        self.count(context, |user| Quota::Send { user })
    }

    /// Counts a send in the room of this key, against the caller's limit and the room's. To be
    /// asked when it is known that the send is no retry of an accepted one.
    pub(crate) fn sends_in(&self, context: &Context, room: i64) -> Result<()> {
        let room = Uuid::from_u64_pair(0, room.cast_unsigned());
        if context.caller.is_service() {
            return Ok(self.limits.check(Quota::ServiceSend { room })?);
        }
        self.sends(context)?;
        Ok(self.limits.check(Quota::RoomSend { room })?)
    }

    fn count<'a>(
        &self,
        context: &'a Context,
        quota: impl FnOnce(&'a str) -> Quota<'a>,
    ) -> Result<()> {
        if context.caller.is_service() {
            return Ok(());
        }
        self.limits
            .check(quota(context.caller.user.as_str()))
            .map_err(Problem::from)
    }
}
