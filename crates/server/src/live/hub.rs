//! Who follows which room on this node, and the one place where events reach them.
//!
//! A room's events are given to its followers in the order of the log, each encoded once for all
//! who see the same of it. Whoever follows a room is looked at again at every event that may take
//! it from them: their own, the room's, the order's.

mod fading;
mod people;
mod room;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use orderchat_domain::news::ReceiptNews;
use orderchat_domain::policy::InForce;
use orderchat_domain::project::{EventRecord, RoomRecord};
use orderchat_domain::{Millis, ParticipantId, Role, RoomId};
use parking_lot::{Mutex, MutexGuard};

use fading::Fading;
pub(crate) use people::{People, Watch};
pub(crate) use room::Follower;
use room::Room;

use super::connection::Signal;
use super::protocol::{Frame, ServerFrame};

/// Locks that rooms are spread over.
const SHARDS: usize = 32;

/// Everybody who is connected to this node.
#[derive(Debug)]
pub(crate) struct Hub {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    pub(crate) people: People,
    pub(crate) fading: Fading,
    eyes: Eyesight,
}

/// What looking at a room hangs on beside who looks.
#[derive(Clone, Debug)]
pub(crate) struct Eyesight {
    pub(crate) policies: Arc<InForce>,
    /// Seen within so many milliseconds counts as online.
    pub(crate) online_window: i64,
}

/// A user's place in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) room: RoomId,
    pub(crate) participant: ParticipantId,
    pub(crate) role: Role,
}

type Shard = HashMap<RoomId, Room>;

/// What is to be done with new entries of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nobody follows the room, or they have them already.
    Nothing,
    /// They come right after what the followers have.
    Deliver,
    /// Some before them are missing here, or what they are about: read the log after this seq.
    Load { after: u64 },
}

impl Hub {
    pub(crate) fn new(eyes: Eyesight) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            people: People::default(),
            fading: Fading::default(),
            eyes,
        }
    }

    fn shard(&self, room: RoomId) -> MutexGuard<'_, Shard> {
        let place = self.hasher.hash_one(room) as usize % self.shards.len();
        self.shards[place].lock()
    }

    /// Somebody is about to follow the room: what is committed from now on is noted, so that
    /// [`Hub::attach`] knows whether they have it.
    pub(crate) fn expect(self: &Arc<Self>, room: RoomId) -> Expected {
        self.shard(room).entry(room).or_default().expected += 1;
        Expected {
            hub: Arc::clone(self),
            room,
        }
    }

    /// Lets somebody follow the room, which is `record`, from `follower.seq` on, which the log was read
    /// up to after [`Hub::expect`]; `anyway` when reading it again brought nothing: what other nodes say
    /// to be there need not be so.
    ///
    /// # Errors
    /// The follower back, when the room has moved on: read what came, and try again.
    pub(crate) fn attach(
        &self,
        expected: &Expected,
        follower: Follower,
        record: &Arc<RoomRecord>,
        anyway: bool,
    ) -> Result<(), Follower> {
        self.shard(expected.room)
            .entry(expected.room)
            .or_default()
            .attach(follower, record, anyway)
    }

    /// The version of the order policy in force.
    pub(crate) fn policy_version(&self) -> i64 {
        self.eyes.policies.now().version
    }

    /// Tells those whose right to write no event has changed, but the clock or another order policy.
    pub(crate) fn tell_rights(&self, now: Millis) {
        for shard in &self.shards {
            for room in shard.lock().values_mut() {
                room.tell_rights(&self.eyes, now);
            }
        }
    }

    /// They no longer follow the room. The seq up to which they were sent it, if they did.
    pub(crate) fn detach(&self, room: RoomId, connection: u64) -> Option<u64> {
        let mut shard = self.shard(room);
        let Entry::Occupied(mut entry) = shard.entry(room) else {
            return None;
        };
        let seq = entry.get_mut().detach(connection);
        if entry.get().is_idle() {
            entry.remove();
        }
        seq
    }

    /// New entries of the room, up to `last`, were committed; what to do with them. `first` is the
    /// seq of the first whose content is at hand, if all are.
    pub(crate) fn grown(&self, room: RoomId, first: Option<u64>, last: u64) -> Next {
        let mut shard = self.shard(room);
        match shard.get_mut(&room) {
            Some(room) => room.grown(first, last),
            None => Next::Nothing,
        }
    }

    /// Gives events to the room's followers. They come right after what the followers have.
    pub(crate) fn deliver(&self, record: &RoomRecord, events: &[EventRecord], now: Millis) {
        let mut shard = self.shard(record.id);
        if let Entry::Occupied(mut entry) = shard.entry(record.id) {
            entry.get_mut().deliver(record, events, &self.eyes, now);
            if entry.get().is_idle() {
                entry.remove();
            }
        }
    }

    /// [`Hub::deliver`] of what was read because of [`Next::Load`]: the log up to `up_to`, `all` there
    /// was of it. Where to go on reading, if there is more.
    pub(crate) fn loaded(
        &self,
        record: &RoomRecord,
        events: &[EventRecord],
        (up_to, all): (u64, bool),
        now: Millis,
    ) -> Option<u64> {
        let mut shard = self.shard(record.id);
        let Entry::Occupied(mut entry) = shard.entry(record.id) else {
            return None;
        };
        let room = entry.get_mut();
        room.deliver(record, events, &self.eyes, now);
        let more = room.loaded(up_to, all);
        if room.is_idle() {
            entry.remove();
        }
        more
    }

    /// What riders may do in a room may have changed by their next order.
    pub(crate) fn recheck_riders(&self) {
        if !self.eyes.policies.now().muted_while_next_on_board {
            return;
        }
        for shard in &self.shards {
            for room in shard.lock().values() {
                room.signal_riders(Signal::Rights);
            }
        }
    }

    /// Whether somebody follows the room.
    pub(crate) fn is_followed(&self, room: RoomId) -> bool {
        self.shard(room).get(&room).is_some_and(Room::is_followed)
    }

    /// Every room that somebody follows.
    pub(crate) fn rooms(&self) -> Vec<RoomId> {
        let rooms = |shard: &Mutex<Shard>| -> Vec<RoomId> {
            let shard = shard.lock();
            let followed = shard.iter().filter(|(_, room)| room.is_followed());
            followed.map(|(id, _)| *id).collect()
        };
        self.shards.iter().flat_map(rooms).collect()
    }

    /// How far the room's followers are; `None` where there are none.
    pub(crate) fn head(&self, room: RoomId) -> Option<u64> {
        self.shard(room).get(&room).and_then(Room::head)
    }

    /// Tells everybody in the room how far somebody is now.
    pub(crate) fn tell_receipt(&self, news: &ReceiptNews) {
        if self.is_followed(news.room) {
            self.tell(news.room, &ServerFrame::receipt(news).encode(), |_| true);
        }
    }

    /// Tells those in the room who may know that somebody came online, or is no longer.
    pub(crate) fn tell_presence(
        &self,
        place: Place,
        user: i64,
        is_online: bool,
        last_seen: Millis,
    ) {
        let frame = ServerFrame::Presence {
            room: place.room,
            participant: place.participant,
            is_online,
            last_seen: Some(last_seen),
        };
        // Which status the order has is not known here: told is what no status hides.
        let policy = self.eyes.policies.now();
        let may_know = |to: &Follower| {
            let sees = |viewer| policy.always_sees_presence(viewer, place.role);
            to.connection.user != user && to.looks_as().is_none_or(sees)
        };
        if self.is_followed(place.room) {
            self.tell(place.room, &frame.encode(), may_know);
        }
    }

    /// Somebody who follows the room types there. Their participant, if they are in it and may
    /// write; others are told.
    pub(crate) fn types(&self, room: RoomId, connection: u64) -> Option<ParticipantId> {
        let shard = self.shard(room);
        let followed = shard.get(&room)?;
        let (user, participant) = followed.types(connection)?;
        let frame = ServerFrame::Typing { room, participant };
        followed.tell(&frame.encode(), |to| to.connection.user != user);
        Some(participant)
    }

    /// Reading the room's log came to nothing: the next news reads again.
    pub(crate) fn gave_up(&self, room: RoomId) {
        if let Some(room) = self.shard(room).get_mut(&room) {
            room.gave_up();
        }
    }

    /// Sends a frame that is no event to those followers of the room for whom `to` says so. Who has
    /// no room for it does without.
    pub(crate) fn tell(&self, room: RoomId, frame: &Frame, to: impl Fn(&Follower) -> bool) {
        if let Some(room) = self.shard(room).get(&room) {
            room.tell(frame, to);
        }
    }
}

/// That somebody is about to follow the room, or follows it.
#[derive(Debug)]
pub(crate) struct Expected {
    hub: Arc<Hub>,
    pub(crate) room: RoomId,
}

impl Drop for Expected {
    fn drop(&mut self) {
        let mut shard = self.hub.shard(self.room);
        if let Entry::Occupied(mut entry) = shard.entry(self.room) {
            let room = entry.get_mut();
            room.expected = room.expected.saturating_sub(1);
            if room.is_idle() {
                entry.remove();
            }
        }
    }
}
