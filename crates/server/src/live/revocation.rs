//! Tokens die on whichever node: those who are connected here with one are looked at again.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Live;
use super::connection::Signal;
use crate::signin::SignedIn;

/// How often to look. What this node revokes, and what the bus tells, is known at once.
const EVERY: Duration = Duration::from_secs(2);

/// Looks for revocations in the audit, until `stop`.
pub(super) async fn watch(live: Arc<Live>, stop: CancellationToken) {
    let mut since = None;
    loop {
        match live.chat.revoked(since).await {
            Ok((now, users)) => {
                since = Some(now);
                for user in users {
                    live.chat.note_revocation(user);
                    live.hub.people.signal(user, Signal::Recheck);
                }
            }
            Err(error) => tracing::warn!(%error, "revocations cannot be looked for"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(EVERY) => {}
        }
    }
}

impl Live {
    /// Whether the token was revoked. While that cannot be known, who may have been shut out is.
    pub(super) async fn is_shut_out(&self, who: &SignedIn) -> bool {
        let (ctx, issued_at) = (who.now(), who.claims.issued_at());
        let revoked = self.chat.is_revoked(&ctx, issued_at).await;
        revoked.unwrap_or(true)
    }
}
