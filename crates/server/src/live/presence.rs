//! Who is online, for those who are in a room with them. Best effort: no frame of it is in a log.
//!
//! A user is online while connected, and for a while after they were seen last. So coming is told
//! at once, and going when that while is over.

use std::sync::Arc;
use std::time::Duration;

use orderchat_domain::Millis;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Live, LivePlace};
use crate::bus::Hint;
use crate::chat::live::Place;
use crate::clock;

/// How often to look.
const EVERY: Duration = Duration::from_secs(1);

impl From<Place> for LivePlace {
    fn from(place: Place) -> Self {
        Self {
            room: place.room,
            participant: place.participant,
            role: place.role,
        }
    }
}

impl Live {
    /// The user connected, with no other connection here; `seen_before` is when they were last seen
    /// before that. Whether those who are in a room with them have to be told.
    pub(super) fn came(&self, user: i64, seen_before: Option<Millis>) -> bool {
        let now = Millis(clock::now_ms());
        let is_known = self.hub.fading.remove(user);
        // Who was there when the last process ended has been told of by that one. A request in this one
        // told nobody.
        let was_there = seen_before.filter(|seen| *seen < self.began);
        let is_news = !is_known && !self.is_online(was_there, now);
        self.bus.publish(Hint::Presence {
            user,
            online: true,
            seen: now,
            is_known: !is_news,
        });
        is_news
    }

    /// The user's last connection here went.
    pub(super) fn went(&self, user: i64) {
        self.hub.fading.add(user, Millis(clock::now_ms()));
    }

    fn is_online(&self, seen: Option<Millis>, now: Millis) -> bool {
        let window = self.chat.rules().online_window;
        seen.is_some_and(|seen| now < seen.plus(window))
    }

    /// When the user was seen last, not before `left`.
    async fn seen_since(&self, user: i64, left: Millis) -> Millis {
        let seen = match self.chat.last_seen_anywhere(user).await {
            Ok(seen) => seen,
            Err(error) => {
                tracing::debug!(%error, "when other nodes saw somebody cannot be looked up");
                self.chat.last_seen(user)
            }
        };
        seen.unwrap_or(left).max(left)
    }

    /// Tells those who are in a room with the user, as far as the policy lets them know.
    pub(super) async fn tell_presence(&self, user: i64, is_online: bool, seen: Millis) {
        match self.chat.places_of(user).await {
            Ok(places) => {
                for place in places {
                    self.hub.tell_presence(place.into(), user, is_online, seen);
                }
            }
            Err(error) => tracing::debug!(%error, "somebody's presence is not told"),
        }
    }
}

/// Tells of those who have been away for long enough, and of rights that end or begin by the clock,
/// until `stop`.
pub(super) async fn watch(live: Arc<Live>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(EVERY) => {}
        }
        let now = Millis(clock::now_ms());
        live.hub.tell_rights(now);
        let gone = live
            .hub
            .fading
            .take(|seen| !live.is_online(Some(seen), now));
        for (user, left) in gone {
            // They may have asked by REST since, or be connected to another node.
            let seen = live.seen_since(user, left).await;
            if live.is_online(Some(seen), now) {
                live.hub.fading.add(user, seen);
                continue;
            }
            live.tell_presence(user, false, seen).await;
            live.bus.publish(Hint::Presence {
                user,
                online: false,
                seen,
                is_known: false,
            });
        }
    }
}
