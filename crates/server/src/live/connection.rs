//! A connection as the hub knows it: what waits to be sent on it, and what it is to look at.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use orderchat_domain::{Caller, RoomId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::protocol::Frame;

/// Rooms whose summaries may wait.
const MOST_SUMMARIES: usize = 10_000;

/// How many frames may wait for a client that reads slowly, and their bytes together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    pub(crate) frames: usize,
    pub(crate) bytes: usize,
}

#[cfg(test)]
pub(super) const QUEUE: Queue = Queue {
    frames: 256,
    bytes: 1 << 20,
};

/// One live connection of a user.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: u64,
    /// The user's internal key.
    pub(crate) user: i64,
    queue: Queue,
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Frame>,
    bytes: usize,
    signals: Vec<Signal>,
    /// As whom the user is shown summaries; `None` for who gets none.
    watcher: Option<Arc<Caller>>,
    /// Rooms whose summary has changed.
    summaries: HashSet<RoomId>,
}

/// What a connection is told beside frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The user came into the room: follow it.
    Joined(RoomId),
    /// The user may read the room, perhaps again: follow it, unless the client left it.
    Readable(RoomId),
    /// Too much waits: the room's events go on by catching up, after this seq.
    Behind(RoomId, u64),
    /// The last event that the user may see of the room, with its seq, was sent.
    Gone(RoomId, u64),
    /// A room that the user is shown summaries of was deleted.
    Deleted(RoomId),
    /// The user's tokens may have been revoked.
    Recheck,
    /// What the user may do has changed somewhere.
    Rights,
    /// The process was asked to stop.
    Stopping,
}

/// There is no room for another frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Connection {
    pub(crate) fn new(id: u64, user: i64, queue: Queue) -> Self {
        Self {
            id,
            user,
            queue,
            waiting: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// Puts the frame behind those that wait.
    pub(crate) fn push(&self, frame: &Frame) -> Result<(), Full> {
        let mut waiting = self.waiting.lock();
        let bytes = waiting.bytes + frame.len();
        if waiting.frames.len() >= self.queue.frames || bytes > self.queue.bytes {
            return Err(Full);
        }
        waiting.bytes = bytes;
        waiting.frames.push_back(frame.clone());
        drop(waiting);
        self.wake.notify_one();
        Ok(())
    }

    /// The next frame to be sent.
    pub(crate) fn pop(&self) -> Option<Frame> {
        let mut waiting = self.waiting.lock();
        let Some(frame) = waiting.frames.pop_front() else {
            // An idle connection holds no memory for what it was once sent.
            waiting.frames = VecDeque::new();
            return None;
        };
        waiting.bytes -= frame.len();
        Some(frame)
    }

    /// Takes out what waits of the room. Up to where the client was sent it, where something waited, or is
    /// to be caught up with.
    pub(crate) fn take_back(&self, room: RoomId) -> Option<u64> {
        let mut waiting = self.waiting.lock();
        let Waiting {
            frames,
            bytes,
            signals,
            ..
        } = &mut *waiting;
        let behind = signals.iter().find_map(|signal| match signal {
            Signal::Behind(of, seq) | Signal::Gone(of, seq) if *of == room => Some(*seq),
            _ => None,
        });
        let mut first = None;
        frames.retain(|frame| {
            let Some((_, seq)) = frame.place.filter(|(of, _)| *of == room) else {
                return true;
            };
            *bytes -= frame.len();
            first = first.or(Some(seq));
            false
        });
        first.map(|first| first.saturating_sub(1)).or(behind)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let mut waiting = self.waiting.lock();
        if !waiting.signals.contains(&signal) {
            waiting.signals.push(signal);
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// What the connection was told since it asked last.
    pub(crate) fn signals(&self) -> Vec<Signal> {
        std::mem::take(&mut self.waiting.lock().signals)
    }

    /// From now on rooms' summaries are sent as the caller may see them, or none at all.
    pub(crate) fn watch_as(&self, watcher: Option<Arc<Caller>>) {
        let mut waiting = self.waiting.lock();
        if watcher.is_none() {
            waiting.summaries = HashSet::new();
        }
        waiting.watcher = watcher;
    }

    /// The room's summary is to be sent. `true` when it is the first that waits.
    pub(crate) fn summarize(&self, room: RoomId) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.watcher.is_none() || waiting.summaries.len() >= MOST_SUMMARIES {
            return false;
        }
        waiting.summaries.insert(room) && waiting.summaries.len() == 1
    }

    /// At most `limit` of the rooms whose summaries wait, as whom they are shown, and whether others
    /// are left.
    pub(crate) fn take_summaries(&self, limit: usize) -> Option<(Arc<Caller>, Vec<RoomId>, bool)> {
        let mut waiting = self.waiting.lock();
        let watcher = waiting.watcher.clone()?;
        let taken: Vec<_> = waiting.summaries.iter().copied().take(limit).collect();
        for room in &taken {
            waiting.summaries.remove(room);
        }
        let are_left = !waiting.summaries.is_empty();
        if !are_left {
            waiting.summaries = HashSet::new();
        }
        Some((watcher, taken, are_left))
    }

    /// No frame waits to be sent.
    pub(crate) fn is_drained(&self) -> bool {
        self.waiting.lock().frames.is_empty()
    }

    /// There is still something to do.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until something was put in; may return early.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: String) -> Frame {
        Frame {
            text: text.into(),
            place: None,
        }
    }

    #[test]
    fn what_waits_is_bounded_in_frames_and_in_bytes() {
        let connection = Connection::new(1, 1, QUEUE);
        let small = frame("{}".to_owned());
        let pushed = (0..1_000)
            .take_while(|_| connection.push(&small).is_ok())
            .count();
        assert_eq!(pushed, QUEUE.frames);

        let connection = Connection::new(1, 1, QUEUE);
        let large = frame("x".repeat(QUEUE.bytes / 4));
        let pushed = (0..1_000)
            .take_while(|_| connection.push(&large).is_ok())
            .count();
        assert_eq!(pushed, 4);
        assert!(connection.pop().is_some());
        assert_eq!(connection.push(&large), Ok(()));
    }

    #[test]
    fn what_waits_of_a_room_is_taken_back() {
        let room = |number: u64| RoomId(uuid::Uuid::from_u64_pair(1, number));
        let of = |number: u64, seq: u64| Frame {
            text: format!("{number} {seq}").into(),
            place: Some((room(number), seq)),
        };
        let connection = Connection::new(1, 1, QUEUE);
        let staying = [of(2, 1), frame("{}".to_owned()), of(2, 2)];
        for frame in [&of(1, 1), &staying[0], &staying[1], &of(1, 2), &staying[2]] {
            connection.push(frame).unwrap();
        }
        assert_eq!(connection.take_back(room(1)), Some(0));
        assert_eq!(connection.take_back(room(1)), None);
        connection.signal(Signal::Behind(room(1), 7));
        assert_eq!(connection.take_back(room(1)), Some(7));
        let bytes: usize = staying.iter().map(Frame::len).sum();
        assert_eq!(connection.waiting.lock().bytes, bytes);
        let out: Vec<_> = std::iter::from_fn(|| connection.pop()).collect();
        assert_eq!(out, staying);
    }

    #[test]
    fn frames_come_out_in_the_order_they_went_in() {
        let connection = Connection::new(1, 1, QUEUE);
        for text in ["a", "b", "c"] {
            connection.push(&frame(text.to_owned())).unwrap();
        }
        let out: Vec<_> = std::iter::from_fn(|| connection.pop()).collect();
        assert_eq!(out, ["a", "b", "c"].map(|text| frame(text.to_owned())));
    }
}
