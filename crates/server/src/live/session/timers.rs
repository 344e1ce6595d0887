//! What a session does by the clock.

use std::time::Duration;

use tokio::time::Instant;

use super::{End, Going, Session};
use crate::chat::live::From;
use crate::clock::{instant, now_ms};
use crate::live::protocol::CloseCode;

/// How often it is recorded that somebody reads a room they are not in.
pub(super) const NOTE_EVERY: Duration = Duration::from_mins(10);
/// How often to look at the wall clock for the token's end.
const EXPIRY_CHECK: Duration = Duration::from_secs(4);

impl Session<'_> {
    /// When something has to be done by the clock.
    fn due(&self) -> Instant {
        let left = self.who.claims.expires_at().0.saturating_sub(now_ms());
        // Looked at every so often, too: the wall clock may be set.
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        let expiry = instant() + left.min(EXPIRY_CHECK);
        self.next_ping.min(expiry)
    }

    fn set_timer(&mut self) {
        let due = self.due();
        self.timer.as_mut().reset(due);
    }

    pub(super) async fn on_time(&mut self) -> Going {
        let done = self.do_what_is_due().await;
        self.set_timer();
        done
    }

    async fn do_what_is_due(&mut self) -> Going {
        let now = instant();
        self.check_token()?;
        if self.socket.came_to_nothing() > 2 * self.live.settings.max_frame as u64 {
            // Fragments without an end, or of nothing.
            return Err(End::Close(CloseCode::TooSlow));
        }
        if self.next_ping <= now {
            if self.pinged {
                // It did not answer the last one.
                return Err(End::Close(CloseCode::Reconnect));
            }
            self.pinged = true;
            self.next_ping = now + self.live.settings.heartbeat;
            self.socket.ping().await?;
        }
        if self.next_note <= now {
            self.next_note = now + NOTE_EVERY;
            Box::pin(self.note_reading()).await;
        }
        Ok(())
    }

    /// Who follows a room without being in it goes on reading it.
    async fn note_reading(&mut self) {
        let (ctx, chat) = (self.who.now(), &self.live.chat);
        for room in self.following.looked_into() {
            if let Err(error) = chat.follow(&ctx, room, From::Head).await {
                tracing::debug!(%error, "it could not be recorded who reads a room");
            }
        }
    }
}
