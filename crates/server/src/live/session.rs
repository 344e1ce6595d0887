//! One WebSocket, from its first frame to its last. All of it is one task: what the client reads
//! slowly is not sent faster, and what it asks for meanwhile waits.
//!
//! A task is as large as the largest thing it may ever wait for. Most connections wait for nothing but
//! the next event, so whatever is waited for seldom is boxed: an idle connection does not pay for it.

mod arrival;
mod requests;
mod socket;
mod timers;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use orderchat_domain::RoomId;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::Live;
use super::commands::{Commands, note_refusal};
use super::connected::Connected;
use super::connection::Connection;
use super::follow::{Following, Step};
use super::hub::Watch;
use super::protocol::{ClientFrame, CloseCode, Frame, Numbered, Resume, ServerFrame};
use super::waiting::Unknown;
use crate::chat::Origin;
use crate::clock::instant;
use crate::problem::Problem;
use crate::random;
use crate::signin::SignedIn;
pub(crate) use arrival::Arrival;
use socket::{Incoming, Socket};

/// Frames that are sent before anything else is looked at.
const AT_ONCE: usize = 64;
/// Answers under way are waited for so long when the connection ends.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
/// Clients come back within so many seconds after a node went, so that not all do at once.
const COME_BACK_WITHIN: u16 = 5;

/// Why the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client went.
    Gone,
    Close(CloseCode),
}

type Going = Result<(), End>;

/// Serves one connection until it closes.
pub(crate) fn run(live: Arc<Live>, arrival: Arrival) -> impl Future<Output = ()> {
    // Taken apart before the task begins, which would keep room for the whole besides its parts.
    let mut socket = Socket::new(arrival.socket, arrival.received);
    let (origin, unknown) = (arrival.origin, arrival.unknown);
    async move {
        let ended = served(&live, &mut socket, origin, unknown).await;
        if let End::Close(code) = ended {
            Box::pin(say_goodbye(&mut socket, code)).await;
        }
    }
}

/// Until the client says who they are, and then until something ends it.
async fn served(live: &Arc<Live>, socket: &mut Socket, origin: Origin, unknown: Unknown) -> End {
    let came = Box::pin(arrival::sign_in(live, socket, &origin));
    let came = live.stopping.run_until_cancelled(came).await;
    drop(unknown);
    match came {
        Some(Ok((who, resume))) => serve(live, socket, origin, who, resume).await,
        Some(Err(end)) => end,
        None => End::Close(CloseCode::GoingAway),
    }
}

async fn say_goodbye(socket: &mut Socket, code: CloseCode) {
    let retry_after = match code {
        CloseCode::GoingAway => Some(u64::from(
            u16::from_be_bytes(random::bytes()) % (COME_BACK_WITHIN + 1),
        )),
        other => other.retry_after(),
    };
    let bye = ServerFrame::Bye { code, retry_after };
    socket.close(code, &bye.encode()).await;
}
/// One who is signed in, connected for as long as this lives.
struct Session<'a> {
    live: &'a Arc<Live>,
    socket: &'a mut Socket,
    origin: Origin,
    who: SignedIn,
    connection: Arc<Connection>,
    following: Following,
    commands: Commands,
    watch: Watch,
    /// Nothing was heard of the client since; it was asked whether it is there.
    pinged: bool,
    next_ping: Instant,
    next_note: Instant,
    typed: HashMap<RoomId, Instant>,
    frames: Option<governor::DefaultDirectRateLimiter>,
    /// For whatever is due next.
    timer: Pin<Box<Sleep>>,
}

async fn serve(
    live: &Arc<Live>,
    socket: &mut Socket,
    origin: Origin,
    who: SignedIn,
    resume: Option<Resume>,
) -> End {
    let seen_before = live.chat.last_seen(who.ctx.user);
    live.chat.seen(&who.ctx);
    let Some(connected) = Connected::new(live, &who) else {
        return End::Close(CloseCode::TooMany);
    };
    let connection = Arc::clone(&connected.connection);
    let watch = Watch::of(&who.ctx.caller);
    live.hub.people.watch(&connection, &watch, &who.ctx.caller);
    let frames = live.settings.frame_rate.map(governor::RateLimiter::direct);
    let mut session = Session {
        live,
        socket,
        origin,
        who,
        following: Following::new(Arc::clone(live), Arc::clone(&connection), true),
        connection: Arc::clone(&connection),
        commands: Commands::default(),
        watch,
        pinged: false,
        next_ping: instant() + live.settings.heartbeat,
        next_note: instant() + timers::NOTE_EVERY,
        typed: HashMap::new(),
        frames,
        timer: Box::pin(sleep_until(instant())),
    };
    let is_person = !session.who.ctx.caller.is_service();
    let is_news = connected.is_first && is_person && live.came(connection.user, seen_before);
    let ended = match Box::pin(session.welcome(resume, is_news)).await {
        Ok(()) => session.go_on().await,
        Err(end) => end,
    };
    session.following.end();
    Box::pin(session.finish(ended)).await;
    live.hub.people.unwatch(&connection, &session.watch);
    drop(connected);
    ended
}

impl Session<'_> {
    /// Sends, reads and asks until something ends it.
    async fn go_on(&mut self) -> End {
        loop {
            if let Err(end) = self.turn().await {
                return end;
            }
        }
    }

    async fn turn(&mut self) -> Going {
        self.send_waiting().await?;
        if let Some(held) = self.commands.take_held() {
            self.start(held).await?;
        }
        // Everything until here goes out in one write.
        self.socket.flush().await?;
        let takes_more = self.commands.has_room() && !self.following.owes_an_answer();
        let Self {
            socket,
            connection,
            following,
            commands,
            timer,
            who,
            ..
        } = self;
        tokio::select! {
            () = connection.woken() => Ok(()),
            answer = commands.next_answer() => self.answer(answer).await,
            step = following.catch_up_next(who) => self.take(step).await,
            incoming = socket.next(), if takes_more => Box::pin(self.incoming(incoming)).await,
            () = timer.as_mut() => self.on_time().await,
        }
    }

    /// Puts an answer into the buffer, and those that are there behind it.
    async fn answer(&mut self, answer: Option<Frame>) -> Going {
        let mut answer = Some(answer);
        while let Some(frame) = answer {
            if let Some(frame) = frame {
                self.socket.feed(frame).await?;
            }
            answer = self.commands.next_answer().now_or_never();
        }
        Ok(())
    }

    /// Sends what waits, and looks at what the connection was told.
    async fn send_waiting(&mut self) -> Going {
        let step = self.following.take_signals();
        self.take(step).await?;
        // Not all at once: what the connection is told meanwhile is looked at in between.
        let mut waiting = std::iter::from_fn(|| self.connection.pop()).take(AT_ONCE);
        if let Some(first) = waiting.next() {
            if self.who.has_expired() {
                return Err(End::Close(CloseCode::Unauthenticated));
            }
            self.socket.feed(first).await?;
            let mut count = 1;
            for frame in waiting {
                self.socket.feed(frame).await?;
                count += 1;
            }
            if count == AT_ONCE {
                self.connection.wake();
            }
        }
        Ok(())
    }

    async fn take(&mut self, step: Step) -> Going {
        for frame in step.frames {
            self.socket.feed(frame).await?;
        }
        if let Some(reference) = step.not_found {
            let problem = Problem::not_found();
            Box::pin(self.refuse(reference.as_ref(), problem, "subscribe")).await;
        }
        if step.guessed {
            // It counts as one that they ask for: over the limit all they ask waits, the next resume too.
            let ctx = &self.who.ctx;
            Box::pin(note_refusal(self.live, ctx, Problem::not_found(), "hello")).await;
        }
        if step.stopping {
            return Err(End::Close(CloseCode::GoingAway));
        }
        if step.room_gone {
            // Their own end in the room is its last event, and waits here.
            while let Some(frame) = self.connection.pop() {
                self.socket.feed(frame).await?;
            }
            return Err(End::Close(CloseCode::RoomGone));
        }
        if step.recheck && Box::pin(self.live.is_shut_out(&self.who)).await {
            return Err(End::Close(CloseCode::Unauthenticated));
        }
        Ok(())
    }

    async fn incoming(&mut self, incoming: Incoming) -> Going {
        match incoming {
            Incoming::Gone => return Err(End::Gone),
            Incoming::Broken(code) => return Err(End::Close(code)),
            Incoming::Heard | Incoming::Text(_) => {}
        }
        self.pinged = false;
        if self
            .frames
            .as_ref()
            .is_some_and(|frames| frames.check().is_err())
        {
            return Err(End::Close(CloseCode::TooSlow));
        }
        let ctx = self.who.now();
        self.live.chat.seen(&ctx);
        if self.who.has_expired() {
            return Err(End::Close(CloseCode::Unauthenticated));
        }
        let Incoming::Text(text) = incoming else {
            return Ok(());
        };
        let Numbered { reference, it } = ClientFrame::parse(&text);
        match it {
            Ok(it) => match self.commands.put(Numbered { reference, it }) {
                Some(frame) => self.start(frame).await,
                None => Ok(()),
            },
            Err(problem) => {
                let refused = ServerFrame::refused(reference.as_ref(), &problem);
                self.commands.answer(refused.encode());
                Ok(())
            }
        }
    }

    /// Answers what is under way, if the client is there to hear it.
    async fn finish(&mut self, ended: End) {
        if ended != End::Close(CloseCode::GoingAway) {
            return;
        }
        let answers = async {
            while !self.commands.is_idle() {
                if let Some(frame) = self.commands.next_answer().await
                    && self.socket.send(frame).await.is_err()
                {
                    return;
                }
            }
        };
        let _ = timeout(LAST_ANSWERS, answers).await;
    }
}

impl std::convert::From<socket::Stalled> for End {
    fn from(stalled: socket::Stalled) -> Self {
        match stalled {
            socket::Stalled::Slow => Self::Close(CloseCode::TooSlow),
            socket::Stalled::Gone => Self::Gone,
        }
    }
}
