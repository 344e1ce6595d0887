use std::sync::Arc;

use orderchat_domain::Millis;

use super::Live;
use super::connection::{Connection, Signal};
use crate::signin::SignedIn;

/// The user counts as connected for as long as this lives, however the connection ends.
pub(super) struct Connected {
    live: Arc<Live>,
    pub(super) connection: Arc<Connection>,
    /// The user had no other connection here.
    is_first: bool,
}

impl Connected {
    /// `None` when the user has too many connections.
    pub(super) fn new(live: &Arc<Live>, who: &SignedIn) -> Option<Self> {
        let caller = &who.ctx.caller;
        let most = if caller.acts_for_business() {
            live.settings.max_staff_connections
        } else {
            live.settings.max_connections
        };
        let connection = Arc::new(Connection::new(
            live.connection_id(),
            who.ctx.user,
            live.settings.queue,
        ));
        let count = live.hub.people.add(&connection);
        if live.chat.revocations() != who.revocations {
            connection.signal(Signal::Recheck);
        }
        metrics::gauge!("orderchat_live_connections").increment(1);
        let connected = Self {
            live: Arc::clone(live),
            connection,
            is_first: count == 1,
        };
        (count <= most).then_some(connected)
    }

    /// Whether others are to be told that the user came. `seen_before`: when they were seen last, before
    /// they connected.
    pub(super) fn is_news(&self, who: &SignedIn, seen_before: Option<Millis>) -> bool {
        let is_person = !who.ctx.caller.is_service();
        self.is_first && is_person && self.live.came(self.connection.user, seen_before)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        metrics::gauge!("orderchat_live_connections").decrement(1);
        let left = self.live.hub.people.remove(&self.connection);
        if left == 0 {
            self.live.went(self.connection.user);
        }
    }
}
