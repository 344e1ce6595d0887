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

use axum::extract::ws::WebSocket;
use futures_util::FutureExt;
use orderchat_domain::RoomId;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::Live;
use super::commands::{Commands, note_refusal};
use super::connected::Connected;
use super::connection::Connection;
use super::follow::{Following, Step};
use super::hub::Watch;
use super::protocol::{ClientFrame, CloseCode, Frame, Numbered, ServerFrame};
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
pub(crate) fn run(
    live: Arc<Live>,
    socket: WebSocket,
    arrival: Box<Arrival>,
) -> impl Future<Output = ()> {
    // Made before the task begins, which would keep room for what it was given besides.
    let mut socket = Socket::new(socket, arrival.received.clone());
    async move {
        let entered = Box::pin(enter(&live, &mut socket, arrival)).await;
        let ended = match entered {
            Ok((session, going)) => session.stay(going).await,
            Err(end) => end,
        };
        if let End::Close(code) = ended {
            Box::pin(say_goodbye(&mut socket, code)).await;
        }
    }
}

/// Until the client has said who they are and was welcomed; and whether that went well.
async fn enter<'a>(
    live: &'a Arc<Live>,
    socket: &'a mut Socket,
    arrival: Box<Arrival>,
) -> Result<(Box<Session<'a>>, Going), End> {
    let Arrival {
        origin, unknown, ..
    } = *arrival;
    let came = live
        .stopping
        .run_until_cancelled(arrival::sign_in(live, socket, &origin));
    let came = came.await;
    drop(unknown);
    let (who, resume) = came.unwrap_or(Err(End::Close(CloseCode::GoingAway)))?;
    let (mut session, is_news) = Session::begin(live, socket, who)?;
    let going = session.welcome(resume, is_news).await;
    Ok((session, going))
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
    _connected: Connected,
}

impl<'a> Session<'a> {
    /// Counts the user as connected; and whether that is news to others.
    fn begin(
        live: &'a Arc<Live>,
        socket: &'a mut Socket,
        who: SignedIn,
    ) -> Result<(Box<Self>, bool), End> {
        let seen_before = live.chat.seen_before(&who.ctx);
        live.chat.seen(&who.ctx);
        let connected = Connected::new(live, &who).ok_or(End::Close(CloseCode::TooMany))?;
        let connection = Arc::clone(&connected.connection);
        let caller = &who.ctx.caller;
        let watch = Watch::of(caller);
        live.hub.people.watch(&connection, &watch, caller);
        let is_news = connected.is_news(&who, seen_before);
        let mut following = Following::new(Arc::clone(live), Arc::clone(&connection), true);
        following.follows_own = !caller.acts_for_business();
        let session = Box::new(Self {
            live,
            socket,
            who,
            following,
            connection,
            commands: Commands::default(),
            watch,
            pinged: false,
            next_ping: instant() + live.settings.heartbeat,
            next_note: instant() + timers::NOTE_EVERY,
            typed: HashMap::new(),
            frames: live.settings.frame_rate.map(governor::RateLimiter::direct),
            timer: Box::pin(sleep_until(instant())),
            _connected: connected,
        });
        Ok((session, is_news))
    }

    /// Until something ends it.
    async fn stay(mut self: Box<Self>, welcomed: Going) -> End {
        let ended = match welcomed {
            Ok(()) => self.go_on().await,
            Err(end) => end,
        };
        self.following.end();
        Box::pin(self.finish(ended)).await;
        self.live.hub.people.unwatch(&self.connection, &self.watch);
        ended
    }

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
            Box::pin(self.start(held)).await?;
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
            // What waits may be of the same room, and comes before what is read of its log.
            step = following.catch_up_next(who), if connection.is_drained() => {
                Box::pin(self.take(step)).await
            }
            incoming = socket.next(), if takes_more => Box::pin(self.incoming(incoming)).await,
            () = timer.as_mut() => self.on_time().await,
        }
    }

    /// The token has not expired.
    fn check_token(&self) -> Going {
        if self.who.has_expired() {
            return Err(End::Close(CloseCode::Unauthenticated));
        }
        Ok(())
    }

    /// Puts an answer into the buffer, and those that are there behind it.
    fn answer(&mut self, first: Option<Frame>) -> impl Future<Output = Going> {
        // As in `Socket::put`: an async fn would keep the frame twice.
        let (session, mut next) = (self, Some(first));
        async move {
            while let Some(answer) = next.take() {
                if let Some(frame) = answer {
                    session.socket.feed(frame).await?;
                }
                next = session.commands.next_answer().now_or_never();
            }
            Ok(())
        }
    }

    /// Sends what waits, and looks at what the connection was told.
    async fn send_waiting(&mut self) -> Going {
        let step = self.following.take_signals();
        if !step.is_nothing() {
            Box::pin(self.take(step)).await?;
        }
        // Not all at once: what the connection is told meanwhile is looked at in between.
        let mut count = 0;
        while count < AT_ONCE
            && let Some(frame) = self.connection.pop()
        {
            // Each time: a client that reads slowly takes long.
            self.check_token()?;
            self.socket.feed(frame).await?;
            count += 1;
        }
        if count == AT_ONCE {
            self.connection.wake();
        }
        Ok(())
    }

    async fn take(&mut self, step: Step) -> Going {
        for frame in step.frames {
            self.check_token()?;
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
        self.check_token()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_what<A, B, C, F>(_: impl FnOnce(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// Fifteen thousand of them are idle at once: something large that is waited for in place costs
    /// more than all that they have to remember.
    #[test]
    fn an_idle_connection_is_small() {
        let (run, session) = (size_of_what(run), size_of::<Session<'_>>());
        assert!(run <= 960 && session <= 512, "{run}, {session}");
    }
}
