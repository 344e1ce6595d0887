//! The rooms that one connection follows: what was missed is read from the log, page by page, until
//! the hub can give what comes. While a room is caught up with, nothing of it waits in memory.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use orderchat_domain::project::{self, ParticipantRecord, RoomRecord};
use orderchat_domain::{Millis, Refusal, RoomId};
use tokio::time::sleep;

use super::Live;
use super::connection::{Connection, Signal};
use super::hub::{Expected, Follower, Place};
use super::protocol::{Frame, Ref, ResyncReason, ServerFrame};
use crate::chat::live::{Followed, From};
use crate::chat::{ChatError, Context};
use crate::problem::Problem;
use crate::signin::SignedIn;

/// Before a room that could not be read is read again.
const PAUSE: Duration = Duration::from_millis(500);
/// Bytes of events that are encoded at once.
const MOST_AT_ONCE: usize = 256 * 1024;

/// The rooms of one connection.
pub(super) struct Following {
    live: Arc<Live>,
    pub(super) connection: Arc<Connection>,
    /// Rooms that the user comes into are followed, too.
    all: bool,
    /// The user just came online: those who are in a room with them are told.
    pub(super) announces: bool,
    rooms: HashMap<RoomId, State>,
    /// Rooms that wait to be read, in the order they were asked for.
    waiting: VecDeque<CatchUp>,
    /// The one that is being read.
    reading: Option<(CatchUp, BoxFuture<'static, crate::chat::Result<Followed>>)>,
}

/// How a room is followed.
#[derive(Debug)]
enum State {
    /// What was missed is being read.
    CatchingUp,
    /// The hub gives what comes.
    Live {
        #[expect(dead_code, reason = "held: the hub notes what comes for as long")]
        expected: Expected,
        /// They look from outside, which is recorded.
        outside: bool,
    },
    /// The user lost it after this seq, and may come back.
    Gone(u64),
}

/// A room that is to be caught up with.
#[derive(Debug)]
struct CatchUp {
    expected: Expected,
    from: From,
    why: Why,
    /// How far the log was read before.
    read_to: Option<u64>,
    /// Somebody waits for the answer to this.
    reference: Option<Ref>,
    /// As the client called it.
    name: Option<String>,
    /// It could not be read just now.
    pause: bool,
    /// The user had lost the room after this seq, and goes on there should they get it back.
    lost_after: Option<u64>,
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
    /// The room that the token is good for is gone.
    pub(super) room_gone: bool,
    /// The user's token may have been revoked.
    pub(super) recheck: bool,
    /// The process was asked to stop.
    pub(super) stopping: bool,
}

impl Following {
    /// With `all` the rooms that the user comes into are followed, too.
    pub(super) fn new(live: Arc<Live>, connection: Arc<Connection>, all: bool) -> Self {
        Self {
            live,
            connection,
            all,
            announces: false,
            rooms: HashMap::new(),
            waiting: VecDeque::new(),
            reading: None,
        }
    }

    /// Follows the room, unless it is followed.
    pub(super) fn add(&mut self, room: RoomId) {
        match self.rooms.get(&room) {
            Some(State::CatchingUp | State::Live { .. }) => {}
            Some(State::Gone(seq)) => self.begin(room, From::After(*seq), Why::Asked),
            None => self.begin(room, From::Visible, Why::Asked),
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
        asked.reference = reference;
        self.leave(room);
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
            reference: None,
            name: None,
            pause: false,
            lost_after: match self.rooms.get(&room) {
                Some(State::Gone(seq)) => Some(*seq),
                Some(State::CatchingUp | State::Live { .. }) | None => None,
            },
        }
    }

    fn put(&mut self, asked: CatchUp) {
        self.rooms.insert(asked.expected.room, State::CatchingUp);
        self.waiting.push_back(asked);
    }

    /// No longer follows the room.
    pub(super) fn leave(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.waiting.retain(|asked| asked.expected.room != room);
        if self
            .reading
            .as_ref()
            .is_some_and(|(asked, _)| asked.expected.room == room)
        {
            self.reading = None;
        }
        self.live.hub.detach(room, self.connection.id);
    }

    /// Follows all rooms anew, as whoever the caller is now.
    pub(super) fn restart(&mut self) {
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
        let reading = self.reading.iter().map(|(asked, _)| asked);
        let mut all = self.waiting.iter().chain(reading);
        all.any(|asked| asked.reference.is_some())
    }

    /// What the connection was told since, as far as it is the rooms' business.
    pub(super) fn take_signals(&mut self, ctx: &Context) -> Step {
        let mut step = Step::default();
        for signal in self.connection.signals() {
            match signal {
                Signal::Follow(room) if self.all || self.rooms.contains_key(&room) => {
                    self.add(room);
                }
                Signal::Follow(_) => {}
                // What concerns a room as it was followed before is of no interest any more.
                Signal::Behind(room, _) | Signal::Gone(room, _) if !self.is_following(room) => {}
                Signal::Behind(room, seq) => self.begin(room, From::After(seq), Why::Behind),
                Signal::Gone(room, seq) => {
                    self.rooms.insert(room, State::Gone(seq));
                    step.room_gone |= ctx.caller.room.is_some();
                }
                Signal::Recheck => step.recheck = true,
                Signal::Stopping => step.stopping = true,
            }
        }
        step
    }

    /// Reads the next page of the room that is next; may be dropped and called again. Waits for ever
    /// when there is nothing to be caught up with.
    pub(super) async fn catch_up_next(&mut self, who: &SignedIn) -> Step {
        if self.reading.is_none() {
            let Some(asked) = self.waiting.pop_front() else {
                return std::future::pending().await;
            };
            let (chat, ctx) = (self.live.chat.clone(), who.now());
            let (room, from, pause) = (asked.expected.room, asked.from, asked.pause);
            let read = Box::pin(async move {
                if pause {
                    sleep(PAUSE).await;
                }
                chat.follow(&ctx, room, from).await
            });
            self.reading = Some((asked, read));
        }
        let Some((_, read)) = &mut self.reading else {
            return std::future::pending().await;
        };
        let result = read.await;
        let Some((asked, _)) = self.reading.take() else {
            return Step::default();
        };
        match result {
            Ok(followed) => self.go_on(&who.now(), asked, followed),
            Err(error) => self.refused(&who.ctx, asked, error),
        }
    }

    fn go_on(&mut self, ctx: &Context, mut asked: CatchUp, followed: Followed) -> Step {
        let mut step = Step::default();
        let first = asked.read_to.is_none();
        asked.pause = false;
        if let Some(reference) = &asked.reference {
            let ok = ServerFrame::Ok {
                r#ref: reference,
                message: None,
                notices: None,
            };
            step.frames.push(ok.encode());
        }
        asked.reference = None;
        if first && let Some(reason) = unservable(&asked, &followed) {
            step.frames
                .push(resync(&asked, reason, Some(followed.room.seq)));
            asked.from = From::Head;
            return self.attach(ctx, asked, followed.at_head(), step);
        }
        let up_to = self.show(ctx, &followed, &mut step);
        if followed.all && up_to == followed.events.last().map(|event| event.seq) {
            return self.attach(ctx, asked, followed, step);
        }
        self.again(asked, up_to);
        step
    }

    /// Encodes the events, as many as may wait for a client that reads slowly. The seq of the last.
    fn show(&self, ctx: &Context, followed: &Followed, step: &mut Step) -> Option<u64> {
        let viewer = self.live.chat.viewer(ctx, followed.own.as_deref());
        let (mut bytes, mut up_to) = (0, None);
        for event in &followed.events {
            let view = project::event(viewer, &followed.room, event);
            let frame = ServerFrame::Event(&view).encode();
            bytes += frame.len();
            step.frames.push(frame);
            up_to = Some(event.seq);
            if bytes > MOST_AT_ONCE {
                break;
            }
        }
        up_to
    }

    /// Reads on after this seq, before other rooms: one after the other holds the least.
    fn again(&mut self, mut asked: CatchUp, up_to: Option<u64>) {
        if let Some(seq) = up_to {
            asked.from = From::After(seq);
            asked.read_to = Some(seq);
        }
        self.waiting.push_front(asked);
    }

    /// The hub gives what comes from now on, or the log is read again where more came meanwhile.
    fn attach(
        &mut self,
        ctx: &Context,
        asked: CatchUp,
        followed: Followed,
        mut step: Step,
    ) -> Step {
        let seq = followed.seq();
        let own = followed.own.clone().filter(|own| own.is_active());
        let follower = Follower {
            connection: Arc::clone(&self.connection),
            caller: Arc::clone(&ctx.caller),
            own: followed.own,
            seq,
            capabilities: followed.capabilities.clone(),
        };
        let anyway = asked.read_to == Some(seq) && followed.events.is_empty();
        let room = Arc::new(followed.room);
        if self
            .live
            .hub
            .attach(&asked.expected, follower, &room, anyway)
            .is_err()
        {
            self.again(asked, Some(seq));
            return step;
        }
        let caught_up = ServerFrame::CaughtUp {
            room: room.id,
            seq,
            capabilities: &followed.capabilities,
        };
        step.frames.push(caught_up.encode());
        if asked.why != Why::Asked {
            // Receipts are not in the log: they are told as they are now.
            step.frames.extend(marks(&room, &followed.people, ctx.now));
        }
        if let (true, Some(own)) = (self.announces, &own) {
            let place = Place {
                room: room.id,
                participant: own.id,
                role: own.role,
            };
            let hub = &self.live.hub;
            hub.tell_presence(place, self.connection.user, true, ctx.now);
        }
        let live = State::Live {
            expected: asked.expected,
            outside: own.is_none(),
        };
        self.rooms.insert(room.id, live);
        step
    }

    fn refused(&mut self, ctx: &Context, mut asked: CatchUp, error: ChatError) -> Step {
        let mut step = Step::default();
        let room = asked.expected.room;
        match error {
            ChatError::Refused(Refusal::NotFound) => {
                match asked.lost_after {
                    Some(seq) => self.rooms.insert(room, State::Gone(seq)),
                    None => self.rooms.remove(&room),
                };
                // Whoever asks for another room than their token's is told, and stays.
                step.room_gone = ctx.caller.room.is_some() && asked.reference.is_none();
                match &asked.reference {
                    Some(reference) => {
                        step.frames.push(refusal(reference, &Problem::not_found()));
                    }
                    None if asked.why == Why::Asked => {}
                    None => step.frames.push(resync(&asked, ResyncReason::Gone, None)),
                }
            }
            other => {
                let problem = Problem::from(other);
                match &asked.reference {
                    Some(reference) => {
                        self.rooms.remove(&room);
                        step.frames.push(refusal(reference, &problem));
                    }
                    // The database is busy: it is tried again.
                    None => {
                        asked.pause = true;
                        self.waiting.push_back(asked);
                    }
                }
            }
        }
        step
    }
}

impl Followed {
    /// Up to where this is.
    fn seq(&self) -> u64 {
        self.events.last().map_or(self.room.seq, |event| event.seq)
    }

    /// The same from now on.
    fn at_head(mut self) -> Self {
        self.events.clear();
        self.all = true;
        self
    }
}

/// Why the cursor cannot be served, if so.
fn unservable(asked: &CatchUp, followed: &Followed) -> Option<ResyncReason> {
    match (asked.why, asked.from) {
        (Why::OtherEpoch, _) => Some(ResyncReason::Epoch),
        (Why::Resumed, From::After(seq)) if seq > followed.room.seq => Some(ResyncReason::Future),
        // What lies between was never theirs to see: going on would look like a loss.
        (Why::Resumed | Why::Behind, From::After(seq))
            if seq > 0 && seq + 1 < followed.visible_from =>
        {
            Some(ResyncReason::TooOld)
        }
        _ => None,
    }
}

fn resync(asked: &CatchUp, reason: ResyncReason, seq: Option<u64>) -> Frame {
    let room = match &asked.name {
        Some(name) => Cow::Borrowed(name.as_str()),
        None => Cow::Owned(asked.expected.room.to_string()),
    };
    ServerFrame::Resync { room, reason, seq }.encode()
}

fn refusal(reference: &Ref, problem: &Problem) -> Frame {
    let error = ServerFrame::Error {
        r#ref: Some(reference),
        problem: problem.body(),
        retry_after: problem.retry_after_s(),
    };
    error.encode()
}

/// Says how far everybody in the room is.
fn marks(room: &RoomRecord, people: &[ParticipantRecord], now: Millis) -> Vec<Frame> {
    let advanced = people.iter().filter(|one| one.marks.delivered > 0);
    let frame = |one: &ParticipantRecord| {
        let receipt = ServerFrame::Receipt {
            room: room.id,
            participant: one.id,
            delivered_seq: one.marks.delivered,
            read_seq: one.marks.read,
            at: now,
        };
        receipt.encode()
    };
    advanced.map(frame).collect()
}
