//! The rooms that one connection follows: what was missed is read from the log, page by page, until
//! the hub can give what comes. While a room is caught up with, nothing of it waits in memory.

mod catch_up;

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use orderchat_domain::{Caller, RoomId};

use super::Live;
use super::connection::{Connection, Signal};
use super::hub::Expected;
use super::protocol::{Frame, Ref, ResyncReason, ServerFrame};
use crate::chat::live::{Followed, From};

/// The rooms of one connection.
pub(super) struct Following {
    live: Arc<Live>,
    pub(super) connection: Arc<Connection>,
    /// Rooms that the user comes into are followed, too.
    all: bool,
    /// Their own rooms are followed without being asked for: they act for themselves.
    pub(super) follows_own: bool,
    /// The user just came online: those who are in a room with them are told.
    pub(super) announces: bool,
    rooms: HashMap<RoomId, State>,
    /// The one room that the token is good for; `None`: it is good for all.
    good_for: Option<RoomId>,
    /// Rooms that wait to be read, in the order they were asked for.
    waiting: VecDeque<CatchUp>,
    /// The one that is being read.
    reading: Option<Box<Reading>>,
}

type Reading = (CatchUp, BoxFuture<'static, crate::chat::Result<Followed>>);

/// How a room is followed.
#[derive(Debug)]
enum State {
    /// What was missed is being read. `called`: the user came into the room meanwhile, and what is read
    /// may be of before.
    CatchingUp { called: bool },
    /// The hub gives what comes.
    Live {
        #[expect(dead_code, reason = "held: the hub notes what comes for as long")]
        expected: Expected,
        /// They look from outside, which is recorded.
        outside: bool,
    },
    /// The user lost it after this seq, and may come back.
    Gone(u64),
    /// The client wants no more of it; up to where it was sent it, if that is known.
    Left(Option<u64>),
}

/// A room that is to be caught up with.
#[derive(Debug)]
struct CatchUp {
    expected: Expected,
    from: From,
    why: Why,
    /// How far the log was read before.
    read_to: Option<u64>,
    /// The client asked for it by `subscribe`.
    is_subscribed: bool,
    /// Somebody waits for the answer to this.
    reference: Option<Ref>,
    /// As the client called it.
    name: Option<String>,
    /// The version of the order policy when it began to be read.
    told_by: i64,
    /// It could not be read just now.
    pause: bool,
    /// The user had lost the room after this seq, and goes on there should they get it back.
    lost_after: Option<u64>,
}

impl CatchUp {
    /// Up to where the client has it, as far as is known.
    const fn sent(&self) -> Option<u64> {
        match (self.read_to, self.from) {
            (Some(seq), _) | (None, From::After(seq)) => Some(seq),
            (None, From::Head | From::Visible) => None,
        }
    }

    /// That the room cannot be gone on with, as the client called it.
    fn resync(&self, reason: ResyncReason, seq: Option<u64>) -> Frame {
        let room = match &self.name {
            Some(name) => Cow::Borrowed(name.as_str()),
            None => Cow::Owned(self.expected.room.to_string()),
        };
        resync(room, reason, seq)
    }
}

/// What made a room be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It is the user's, or the client asked for it.
    Asked,
    /// The client had a cursor.
    Resumed,
    /// The client's cursor is of another epoch.
    OtherEpoch,
    /// Too much waited.
    Behind,
}

/// What following came to.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) frames: Vec<Frame>,
    /// A room that the client asked for by `subscribe` does not exist, or not for the user.
    pub(super) not_found: Option<Option<Ref>>,
    /// A room that the client has a cursor of does not exist, or not for the user.
    pub(super) guessed: bool,
    /// The room that the token is good for is gone.
    pub(super) room_gone: bool,
    /// The user's token may have been revoked.
    pub(super) recheck: bool,
    /// The process was asked to stop.
    pub(super) stopping: bool,
}

impl Step {
    /// There is nothing to do.
    pub(super) const fn is_nothing(&self) -> bool {
        let Self {
            frames,
            not_found,
            guessed,
            room_gone,
            recheck,
            stopping,
        } = self;
        frames.is_empty()
            && not_found.is_none()
            && !(*guessed || *room_gone || *recheck || *stopping)
    }
}

fn resync(room: Cow<'_, str>, reason: ResyncReason, seq: Option<u64>) -> Frame {
    ServerFrame::Resync { room, reason, seq }.encode()
}

impl Following {
    /// With `all` the rooms that the user comes into are followed, too.
    pub(super) fn new(live: Arc<Live>, connection: Arc<Connection>, all: bool) -> Self {
        Self {
            live,
            connection,
            all,
            follows_own: false,
            announces: false,
            rooms: HashMap::new(),
            good_for: None,
            waiting: VecDeque::new(),
            reading: None,
        }
    }

    /// Notes which room the caller's token is good for, where it is for one.
    ///
    /// # Errors
    /// The database could not be asked.
    pub(super) async fn keep_to(&mut self, caller: &Caller) -> crate::chat::Result<()> {
        self.good_for = self.live.chat.good_for(caller).await?;
        Ok(())
    }

    /// Follows the room, unless it is followed.
    pub(super) fn add(&mut self, room: RoomId) {
        match self.rooms.get_mut(&room) {
            Some(State::CatchingUp { called }) => *called = true,
            Some(State::Live { .. }) => {}
            Some(State::Gone(seq) | State::Left(Some(seq))) => {
                let after = From::After(*seq);
                self.begin(room, after, Why::Asked);
            }
            Some(State::Left(None)) | None => self.begin(room, From::Visible, Why::Asked),
        }
    }

    /// Follows a room of the user from now on.
    pub(super) fn add_from_head(&mut self, room: RoomId) {
        if !self.rooms.contains_key(&room) {
            self.begin(room, From::Head, Why::Asked);
        }
    }

    /// Goes on after the client's cursor, or says that it cannot be served.
    pub(super) fn resume(&mut self, room: RoomId, name: String, seq: u64, same_epoch: bool) {
        let (from, why) = if same_epoch {
            (From::After(seq), Why::Resumed)
        } else {
            (From::Head, Why::OtherEpoch)
        };
        let mut asked = self.catch_up(room, from, why);
        asked.name = Some(name);
        // It may be named twice, by id and by code.
        self.leave(room);
        self.put(asked);
    }

    /// Follows the room anew, as the client asks.
    pub(super) fn subscribe(&mut self, room: RoomId, after: Option<u64>, reference: Option<Ref>) {
        let (from, why) = match after {
            Some(seq) => (From::After(seq), Why::Resumed),
            None => (From::Head, Why::Asked),
        };
        let mut asked = self.catch_up(room, from, why);
        asked.is_subscribed = true;
        asked.reference = reference;
        self.leave(room);
        if after.is_some() {
            // It is read again from there.
            self.connection.take_back(room);
        }
        self.put(asked);
    }

    fn begin(&mut self, room: RoomId, from: From, why: Why) {
        let asked = self.catch_up(room, from, why);
        self.put(asked);
    }

    fn catch_up(&self, room: RoomId, from: From, why: Why) -> CatchUp {
        CatchUp {
            expected: self.live.hub.expect(room),
            from,
            why,
            read_to: None,
            is_subscribed: false,
            reference: None,
            name: None,
            told_by: self.live.hub.policy_version(),
            pause: false,
            lost_after: match self.rooms.get(&room) {
                Some(State::Gone(seq)) => Some(*seq),
                Some(State::CatchingUp { .. } | State::Live { .. } | State::Left(_)) | None => None,
            },
        }
    }

    fn put(&mut self, asked: CatchUp) {
        let catching_up = State::CatchingUp { called: false };
        self.rooms.insert(asked.expected.room, catching_up);
        self.waiting.push_back(asked);
    }

    /// No longer follows the room, as the client asks: it is not followed until it is asked for again, or
    /// the user comes into it anew.
    pub(super) fn unsubscribe(&mut self, room: RoomId) {
        let waited = self.connection.take_back(room);
        // Who looks from outside comes into none by an event.
        let (comes_by_itself, known) = match self.rooms.get(&room) {
            Some(State::Gone(seq)) => (true, Some(*seq)),
            Some(State::Left(seq)) => (true, *seq),
            Some(State::CatchingUp { .. }) => {
                let sent = self.asked(room).and_then(CatchUp::sent);
                (self.follows_own, sent)
            }
            Some(State::Live { outside, .. }) => (!outside, None),
            None => (false, None),
        };
        let given = self.leave(room);
        if comes_by_itself {
            let sent = waited.or(given).or(known);
            self.rooms.insert(room, State::Left(sent));
        }
    }

    /// The room as it is being caught up with.
    fn asked(&self, room: RoomId) -> Option<&CatchUp> {
        self.to_catch_up().find(|asked| asked.expected.room == room)
    }

    /// Rooms that wait to be read, and the one that is.
    fn to_catch_up(&self) -> impl Iterator<Item = &CatchUp> {
        let reading = self.reading.iter().map(|reading| &reading.0);
        self.waiting.iter().chain(reading)
    }

    /// No longer follows the room. The seq up to which the hub gave it to them, where it did.
    fn leave(&mut self, room: RoomId) -> Option<u64> {
        self.rooms.remove(&room);
        self.waiting.retain(|asked| asked.expected.room != room);
        if self
            .reading
            .as_ref()
            .is_some_and(|reading| reading.0.expected.room == room)
        {
            self.reading = None;
        }
        self.live.hub.detach(room, self.connection.id)
    }

    /// Follows all rooms anew, as what the caller is and may do now.
    pub(super) fn restart(&mut self) {
        // What is being read is read as what they were.
        if let Some(reading) = self.reading.take() {
            self.waiting.push_front(reading.0);
        }
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        for room in rooms {
            let had = match self.rooms.get(&room) {
                Some(State::Live { .. }) => self.live.hub.detach(room, self.connection.id),
                Some(State::Gone(seq)) => Some(*seq),
                _ => None,
            };
            if let Some(seq) = had {
                self.begin(room, From::After(seq), Why::Behind);
            }
        }
    }

    pub(super) fn is_following(&self, room: RoomId) -> bool {
        matches!(self.rooms.get(&room), Some(State::Live { .. }))
    }

    fn has_left(&self, room: RoomId) -> bool {
        matches!(self.rooms.get(&room), Some(State::Left(_)))
    }

    /// The rooms that are followed from outside.
    pub(super) fn looked_into(&self) -> Vec<RoomId> {
        let outside = |(room, state): (&RoomId, &State)| {
            matches!(state, State::Live { outside: true, .. }).then_some(*room)
        };
        self.rooms.iter().filter_map(outside).collect()
    }

    /// No longer follows any room.
    pub(super) fn end(&mut self) {
        for room in self.rooms.keys() {
            self.live.hub.detach(*room, self.connection.id);
        }
        self.rooms.clear();
        self.waiting.clear();
        self.reading = None;
    }

    /// A client waits to be told that it follows a room.
    pub(super) fn owes_an_answer(&self) -> bool {
        self.to_catch_up().any(|asked| asked.reference.is_some())
    }

    /// What the connection was told since, as far as it is the rooms' business.
    pub(super) fn take_signals(&mut self) -> Step {
        let mut step = Step::default();
        for signal in self.connection.signals() {
            match signal {
                Signal::Readable(room) if self.has_left(room) => {}
                // Staff follow what they ask for, and go on with what they lost.
                Signal::Readable(room) if !self.follows_own && !self.rooms.contains_key(&room) => {}
                Signal::Joined(room) | Signal::Readable(room) => {
                    if self.all || self.rooms.contains_key(&room) {
                        self.add(room);
                    }
                }
                // What concerns a room as it was followed before is of no interest any more.
                Signal::Behind(room, _) | Signal::Gone(room, _) if !self.is_following(room) => {}
                Signal::Behind(room, seq) => self.begin(room, From::After(seq), Why::Behind),
                Signal::Gone(room, seq) => {
                    self.rooms.insert(room, State::Gone(seq));
                    if self.good_for == Some(room) {
                        step.room_gone = true;
                    } else {
                        // They may be back already, and were called while this was on its way.
                        self.begin(room, From::After(seq), Why::Asked);
                    }
                }
                // Who follows it had its last event.
                Signal::Deleted(room) if self.rooms.contains_key(&room) && !self.has_left(room) => {
                }
                Signal::Deleted(room) => {
                    let room = Cow::Owned(room.to_string());
                    step.frames.push(resync(room, ResyncReason::Gone, None));
                }
                Signal::Rights => self.restart(),
                Signal::Recheck => step.recheck = true,
                Signal::Stopping => step.stopping = true,
            }
        }
        step
    }
}
