//! Catching up with a room: its log page by page, then a place at the hub.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use orderchat_domain::news::ReceiptNews;
use orderchat_domain::project;
use orderchat_domain::{Refusal, RoomId};
use tokio::time::sleep;

use super::{CatchUp, Following, State, Step, Why};
use crate::chat::live::{Followed, From};
use crate::chat::{ChatError, Context};
use crate::live::hub::{Follower, Place};
use crate::live::protocol::{ResyncReason, ServerFrame};
use crate::problem::Problem;
use crate::signin::SignedIn;

/// Before a room that could not be read is read again.
const PAUSE: Duration = Duration::from_millis(500);
/// Bytes of events that are encoded at once.
const MOST_AT_ONCE: usize = 256 * 1024;

impl Following {
    /// Reads the next page of the room that is next; may be dropped and called again. Waits for ever
    /// when there is nothing to be caught up with.
    pub(in crate::live) async fn catch_up_next(&mut self, who: &SignedIn) -> Step {
        if self.reading.is_none() {
            let Some(asked) = self.waiting.pop_front() else {
                // Who waits for the next event keeps no room for what it once waited for.
                self.waiting = VecDeque::new();
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
            self.reading = Some(Box::new((asked, read)));
        }
        let Some(reading) = &mut self.reading else {
            return std::future::pending().await;
        };
        let result = (&mut reading.1).await;
        let Some(read) = self.reading.take() else {
            return Step::default();
        };
        let (asked, _) = *read;
        match result {
            Ok(followed) => self.go_on(&who.now(), asked, followed),
            Err(error) => self.refused(asked, error),
        }
    }

    fn go_on(&mut self, ctx: &Context, mut asked: CatchUp, followed: Followed) -> Step {
        let mut step = Step::default();
        let first = asked.read_to.is_none();
        asked.pause = false;
        if let Some(reference) = &asked.reference {
            step.frames.push(ServerFrame::done(reference).encode());
        }
        asked.reference = None;
        if first && let Some(reason) = unservable(&asked, &followed) {
            step.frames
                .push(asked.resync(reason, Some(followed.room.seq)));
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
            told_by: asked.told_by,
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
            let mark = |news: &ReceiptNews| ServerFrame::receipt(news).encode();
            step.frames.extend(followed.marks.iter().map(mark));
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

    /// Whether the user came into the room since its log began to be read.
    fn was_called(&self, room: RoomId) -> bool {
        matches!(
            self.rooms.get(&room),
            Some(State::CatchingUp { called: true })
        )
    }

    fn refused(&mut self, mut asked: CatchUp, error: ChatError) -> Step {
        let mut step = Step::default();
        let room = asked.expected.room;
        match error {
            ChatError::Refused(Refusal::NotFound) if self.was_called(room) => self.put(asked),
            ChatError::Refused(Refusal::NotFound) => {
                match asked.lost_after {
                    Some(seq) => self.rooms.insert(room, State::Gone(seq)),
                    None => self.rooms.remove(&room),
                };
                // Whoever asks for another room than their token's is told, and stays.
                step.room_gone = self.good_for == Some(room) && !asked.is_subscribed;
                if asked.is_subscribed {
                    step.not_found = Some(asked.reference);
                } else if asked.why != Why::Asked {
                    step.frames.push(asked.resync(ResyncReason::Gone, None));
                    step.guessed = asked.name.is_some();
                }
            }
            other => {
                let problem = Problem::from(other);
                match &asked.reference {
                    Some(reference) => {
                        self.rooms.remove(&room);
                        let refused = ServerFrame::refused(Some(reference), &problem);
                        step.frames.push(refused.encode());
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
