//! What other nodes committed: their hints, and by itself every two seconds, the cursor over the
//! logs of all rooms.

use std::time::Duration;

use futures_util::FutureExt;
use orderchat_domain::event::EventKind;
use orderchat_domain::news::ReceiptNews;
use orderchat_domain::{Millis, RoomId};
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Relay, Unreadable};
use crate::bus::{Hint, Received};
use crate::clock;
use crate::live::connection::Signal;
use crate::live::protocol::ServerFrame;
use crate::net::spawn;

/// How often to look without being told.
const EVERY: Duration = Duration::from_secs(2);
/// Between making up for lost hints and doing so again; twice as long each time that some were lost
/// meanwhile.
const REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_secs(80);
/// How soon to look after a hint: joins and summaries wait so long, events of followed rooms are
/// read at once.
const SOON: Duration = Duration::from_millis(100);

/// How long to rest the next time, when some were lost during this one or not.
fn rest_after(rest: Duration, goes_on: bool) -> Duration {
    if goes_on {
        (rest * 2).min(LONGEST_REST)
    } else {
        REST
    }
}

/// From where on to look: behind the entry `g` of the transaction `tx`, and all entries of those
/// that had not ended when it was looked there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Since {
    pub(crate) tx: i64,
    pub(crate) g: i64,
    pub(crate) running: Vec<i64>,
}

/// What has grown since then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Elsewhere {
    /// From where on to look next; `None` where nobody else writes.
    pub(crate) next: Option<Since>,
    pub(crate) grown: Vec<Grown>,
    /// There may be more already.
    pub(crate) more: bool,
}

/// An entry of some room's log.
#[derive(Clone, Debug)]
pub(crate) struct Grown {
    pub(crate) room: RoomId,
    pub(crate) seq: u64,
    pub(crate) kind: EventKind,
    /// The user whom it happened to, of a participant's entries.
    pub(crate) user: Option<i64>,
    /// The pharmacy of the room's order.
    pub(crate) pharmacy: String,
}

impl Relay {
    /// Follows what other nodes write, until `stop`.
    pub(super) async fn look_elsewhere(self, stop: CancellationToken) {
        let mut hints = self.0.bus.subscribe();
        let mut since = None;
        // Never again once it is known that nobody else writes into this database.
        let mut next = Some(clock::instant());
        loop {
            let due = next.unwrap_or_else(clock::instant);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                received = hints.next() => {
                    let soon = clock::instant() + SOON;
                    if self.take(received) {
                        next = next.map(|next| next.min(soon));
                    }
                    continue;
                }
                () = sleep_until(due), if next.is_some() => {}
            }
            next = match self.look(since.clone()).await {
                Ok(found) => {
                    since = found.next;
                    let pause = if found.more { Duration::ZERO } else { EVERY };
                    since.is_some().then(|| clock::instant() + pause)
                }
                // Whether others write is not known yet, or they do.
                Err(Unreadable) => Some(clock::instant() + SOON),
            };
        }
    }

    /// Takes a hint. `true` when it is worth looking at the database soon.
    pub(super) fn take(&self, received: Received) -> bool {
        let hub = &self.0.hub;
        match received {
            Received::Missed => {
                self.read_all();
                self.0.missed.notify_one();
                true
            }
            Received::Hint(Hint::Room { room, seq }) => {
                self.grew_to(room, seq);
                true
            }
            Received::Hint(Hint::Receipt {
                room,
                participant,
                user,
                delivered_seq,
                read_seq,
                at,
            }) => {
                let news = ReceiptNews {
                    room,
                    participant,
                    user,
                    delivered_seq,
                    read_seq,
                    at,
                };
                hub.people.summarize_for(user, room);
                hub.tell_receipt(&news);
                false
            }
            Received::Hint(Hint::Typing {
                room,
                participant,
                user,
            }) => {
                let frame = ServerFrame::Typing { room, participant };
                hub.tell(room, &frame.encode(), |to| to.connection.user != user);
                false
            }
            Received::Hint(Hint::Presence {
                user,
                online: false,
                ..
            }) if hub.people.has(user) => {
                // They went there and are still here, which those who were told so hear from us.
                self.0.bus.publish(Hint::Presence {
                    user,
                    online: true,
                    seen: Millis(clock::now_ms()),
                    is_known: false,
                });
                false
            }
            Received::Hint(Hint::Presence {
                user,
                online,
                seen,
                is_known,
            }) => {
                hub.fading.remove(user);
                if is_known {
                    return false;
                }
                let relay = self.clone();
                spawn("relay-presence", async move {
                    let places = relay.0.reader.places(user).await;
                    for place in places.into_iter().flatten() {
                        relay.0.hub.tell_presence(place, user, online, seen);
                    }
                });
                false
            }
            Received::Hint(Hint::Missed) => {
                // Events are found by looking; only of these nothing is written down.
                self.0.missed.notify_one();
                false
            }
            Received::Hint(Hint::Rights { user }) => {
                hub.people.signal(user, Signal::Rights);
                false
            }
            Received::Hint(Hint::Revoked { user }) => {
                self.revoked(user);
                false
            }
        }
    }

    /// Makes up for hints that may have been missed and that stand in no log, until `stop`: how far
    /// everybody is, and that what a rider may do has changed with their next order.
    pub(super) async fn make_up(self, stop: CancellationToken) {
        let telling = async {
            let mut rest = REST;
            loop {
                self.0.missed.notified().await;
                self.0.hub.recheck_riders();
                // One room after the other: there may be many, and their messages come first.
                for room in self.0.hub.rooms() {
                    match self.0.reader.marks(room).await {
                        Ok(marks) => {
                            for mark in &marks {
                                self.0.hub.tell_receipt(mark);
                            }
                        }
                        Err(Unreadable) => self.0.missed.notify_one(),
                    }
                }
                // A bus that takes less than there is to say loses hints all the time.
                sleep(rest).await;
                let goes_on = self.0.missed.notified().now_or_never().is_some();
                if goes_on {
                    self.0.missed.notify_one();
                }
                rest = rest_after(rest, goes_on);
            }
        };
        stop.run_until_cancelled(telling).await;
    }

    /// Looks at what has grown. What this node wrote itself is there, too, and is no news.
    async fn look(&self, since: Option<Since>) -> Result<Elsewhere, Unreadable> {
        let mut found = self.0.reader.since(since).await?;
        for grown in found.grown.drain(..) {
            self.who_comes((grown.room, grown.seq), grown.kind, grown.user);
            self.grew_to(grown.room, grown.seq);
            if !self.knows(grown.room, grown.seq) {
                self.0.hub.people.summarize(grown.room, &grown.pharmacy);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_that_are_lost_all_the_time_are_made_up_for_less_and_less_often() {
        let mut rest = REST;
        let rests = [true, true, true, true, true, false, true].map(|goes_on| {
            rest = rest_after(rest, goes_on);
            rest.as_secs()
        });
        assert_eq!(rests, [10, 20, 40, 80, 80, 5, 10]);
    }
}
