//! Who follows which room on this node, and the one place where events reach them.
//!
//! A room's events are given to its followers in the order of the log, each encoded once for all
//! who see the same of it. Whoever follows a room is looked at again at every event that may take
//! it from them: their own, the room's, the order's.

mod people;
mod room;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use orderchat_domain::policy::OrderPolicy;
use orderchat_domain::project::{EventRecord, RoomRecord};
use orderchat_domain::{Millis, RoomId};
use parking_lot::{Mutex, MutexGuard};

pub(crate) use people::{People, Watch};
pub(crate) use room::Follower;
use room::Room;

use super::protocol::Frame;

/// Locks that rooms are spread over.
const SHARDS: usize = 32;

/// Everybody who is connected to this node.
#[derive(Debug)]
pub(crate) struct Hub {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    pub(crate) people: People,
    eyes: Eyesight,
}

/// What looking at a room hangs on beside who looks.
#[derive(Clone, Debug)]
pub(crate) struct Eyesight {
    pub(crate) policy: Arc<OrderPolicy>,
    /// Seen within so many milliseconds counts as online.
    pub(crate) online_window: i64,
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

    /// Lets somebody follow the room from `follower.seq` on, which the log was read up to after
    /// [`Hub::expect`].
    ///
    /// # Errors
    /// The follower back, when the room has moved on: read what came, and try again.
    pub(crate) fn attach(&self, expected: &Expected, follower: Follower) -> Result<(), Follower> {
        self.shard(expected.room)
            .entry(expected.room)
            .or_default()
            .attach(follower)
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

    /// [`Hub::deliver`] of what was read because of [`Next::Load`]; `up_to` is how far the log was
    /// read. Where to go on reading, if more came meanwhile.
    pub(crate) fn loaded(
        &self,
        record: &RoomRecord,
        events: &[EventRecord],
        up_to: u64,
        now: Millis,
    ) -> Option<u64> {
        let mut shard = self.shard(record.id);
        let Entry::Occupied(mut entry) = shard.entry(record.id) else {
            return None;
        };
        let room = entry.get_mut();
        room.deliver(record, events, &self.eyes, now);
        let more = room.loaded(up_to);
        if room.is_idle() {
            entry.remove();
            return None;
        }
        more
    }

    /// Reading the room's log came to nothing: the next news reads again.
    pub(crate) fn gave_up(&self, room: RoomId) {
        if let Some(room) = self.shard(room).get_mut(&room) {
            room.gave_up();
        }
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
