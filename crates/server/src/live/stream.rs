//! Server-Sent Events: the same frames of a few rooms, for those who only listen.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use orderchat_domain::RoomId;
use tokio::time::{Instant, sleep_until};

use super::Live;
use super::connected::Connected;
use super::follow::{Following, Step};
use super::protocol::{CloseCode, Frame, ServerFrame};
use crate::chat::live::From;
use crate::clock;
use crate::problem::Problem;
use crate::signin::SignedIn;

/// Rooms of one stream at most.
pub(crate) const MOST_ROOMS: usize = 8;
/// How often to look whether the token is still good.
const CHECK: Duration = Duration::from_secs(2);

/// One stream of events.
pub(crate) struct Stream {
    live: Arc<Live>,
    who: SignedIn,
    connected: Connected,
    following: Following,
    /// Encoded and yet to be sent.
    ready: VecDeque<Frame>,
    /// Up to where each room was sent.
    seqs: BTreeMap<RoomId, u64>,
    ended: bool,
}

/// What is sent next.
#[derive(Debug)]
pub(crate) enum Item {
    /// A frame, and the cursor of whoever has it.
    Frame { text: String, id: Option<String> },
    /// Nothing for a while: a sign of life.
    Silence,
}

/// Where a client was: what it gives back as `Last-Event-ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastEventId {
    epoch: String,
    rooms: BTreeMap<RoomId, u64>,
}

impl LastEventId {
    /// Reads `epoch.room:seq[,room:seq…]`; what is not ours is of no epoch of ours.
    pub(crate) fn parse(text: &str) -> Self {
        let (epoch, places) = text.split_once('.').unwrap_or(("", ""));
        let place = |place: &str| {
            let (room, seq) = place.split_once(':')?;
            Some((RoomId::parse(room)?, seq.parse().ok()?))
        };
        let rooms: Option<BTreeMap<_, _>> = places.split(',').map(place).collect();
        match rooms {
            Some(rooms) => Self {
                epoch: epoch.to_owned(),
                rooms,
            },
            None => Self {
                epoch: String::new(),
                rooms: BTreeMap::new(),
            },
        }
    }
}

impl Live {
    /// Opens a stream of these rooms' events, by id or code, for who is signed in.
    ///
    /// # Errors
    /// 404 for a room that they may not read, 429 for too many connections.
    pub(crate) async fn stream(
        self: &Arc<Self>,
        who: SignedIn,
        rooms: &[String],
        last: Option<LastEventId>,
    ) -> Result<Stream, Problem> {
        let seen_before = self.chat.seen_before(&who.ctx);
        self.chat.seen(&who.ctx);
        crate::limits::quota::reads(&self.limits, &who.ctx.caller)?;
        let mut ids = Vec::with_capacity(rooms.len());
        for name in rooms {
            let room = self.chat.room_id(name).await?;
            // Who may not read it learns so before the stream begins.
            self.chat.follow(&who.ctx, room, From::Head).await?;
            ids.push((room, name.clone()));
        }
        let connected = Connected::new(self, &who).ok_or_else(|| {
            Problem::too_many_connections("close one of your connections and try again")
        })?;
        if connected.is_news(&who, seen_before) {
            self.tell_presence(who.ctx.user, true, who.ctx.now).await;
        }
        let connection = Arc::clone(&connected.connection);
        let mut following = Following::new(Arc::clone(self), connection, false);
        let mut seqs = BTreeMap::new();
        following.keep_to(&who.ctx.caller).await?;
        for (room, name) in ids {
            match &last {
                None => following.add_from_head(room),
                Some(last) if last.epoch != self.epoch => following.resume(room, name, 0, false),
                Some(last) => match last.rooms.get(&room) {
                    Some(seq) => {
                        // Part of the cursor also before anything of the room has come.
                        seqs.insert(room, *seq);
                        following.resume(room, name, *seq, true);
                    }
                    None => following.add_from_head(room),
                },
            }
        }
        Ok(Stream {
            live: Arc::clone(self),
            who,
            connected,
            following,
            ready: VecDeque::new(),
            seqs,
            ended: false,
        })
    }
}

impl Stream {
    /// What comes next; `None` when the stream is over.
    pub(crate) async fn next(&mut self) -> Option<Item> {
        let silent_until = clock::instant() + self.live.settings.heartbeat;
        loop {
            if !self.ended && self.who.has_expired() {
                self.ready.clear();
                self.end(CloseCode::Unauthenticated);
            }
            if let Some(frame) = self.ready.pop_front() {
                return Some(self.item(frame));
            }
            if self.ended {
                return None;
            }
            let step = self.following.take_signals();
            self.take(step).await;
            if let Some(frame) = self.connected.connection.pop() {
                return Some(self.item(frame));
            }
            if self.ready.is_empty() && !self.wait(silent_until).await {
                return Some(Item::Silence);
            }
        }
    }

    /// Waits for something to do; `false` when there was nothing for long.
    async fn wait(&mut self, silent_until: Instant) -> bool {
        self.live.chat.seen(&self.who.now());
        if self.live.stopping.is_cancelled() {
            self.end(CloseCode::GoingAway);
            return true;
        }
        let look = (clock::instant() + CHECK).min(silent_until);
        let step = tokio::select! {
            () = self.connected.connection.woken() => return true,
            step = self.following.catch_up_next(&self.who) => step,
            () = sleep_until(look) => return look < silent_until,
        };
        self.take(step).await;
        true
    }

    async fn take(&mut self, step: Step) {
        self.ready.extend(step.frames);
        if step.stopping {
            self.end(CloseCode::GoingAway);
        }
        if step.room_gone {
            // Their own end in the room is its last event, and waits here.
            let connection = &self.connected.connection;
            self.ready.extend(std::iter::from_fn(|| connection.pop()));
            self.end(CloseCode::RoomGone);
        }
        if step.recheck && self.live.is_shut_out(&self.who).await {
            self.end(CloseCode::Unauthenticated);
        }
    }

    fn end(&mut self, code: CloseCode) {
        self.ended = true;
        let bye = ServerFrame::Bye {
            code,
            retry_after: code.retry_after(),
        };
        self.ready.push_back(bye.encode());
    }

    fn item(&mut self, frame: Frame) -> Item {
        if let Some((room, seq)) = frame.place {
            self.seqs.insert(room, seq);
        }
        Item::Frame {
            text: frame.text.as_str().to_owned(),
            id: frame.place.map(|_| self.cursor()),
        }
    }

    fn cursor(&self) -> String {
        let places = self.seqs.iter().map(|(room, seq)| format!("{room}:{seq}"));
        let places: Vec<_> = places.collect();
        format!("{}.{}", self.live.epoch, places.join(","))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.following.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_what_is_none_is_of_no_epoch() {
        let room = RoomId(uuid::Uuid::max());
        let read = LastEventId::parse(&format!("e1.{room}:17"));
        assert_eq!(read.epoch, "e1");
        assert_eq!(read.rooms, BTreeMap::from([(room, 17)]));
        for forged in ["", "e1", "e1.", "e1.x:1", "e1.room:17,", "17"] {
            assert_eq!(LastEventId::parse(forged).epoch, "", "{forged}");
        }
    }
}
