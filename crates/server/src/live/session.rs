//! One WebSocket, from its first frame to its last. All of it is one task: what the client reads
//! slowly is not sent faster, and what it asks for meanwhile waits.

mod socket;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::WebSocket;
use futures_util::FutureExt;
use orderchat_domain::{Millis, RoomId};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::Live;
use super::commands::{Commands, error, execute, note_refusal};
use super::connected::Connected;
use super::connection::Connection;
use super::follow::{Following, Step};
use super::hub::Watch;
use super::protocol::{
    ClientFrame, CloseCode, Frame, Hello, Numbered, Ref, Resume, ResyncReason, RoomSummary,
    ServerFrame, Subscribe,
};
use super::waiting::Unknown;
use crate::bus::Hint;
use crate::chat::Origin;
use crate::chat::live::From;
use crate::limits::quota;
use crate::net::Received;
use crate::problem::Problem;
use crate::signin::SignedIn;
use crate::{clock, random};
use socket::{Incoming, Socket};

/// Time to say who one is.
const HELLO_PATIENCE: Duration = Duration::from_secs(5);
/// Rooms of a user that are asked for at once.
const ROOMS_PAGE: u32 = 500;
/// How long changes of rooms gather before their summaries are sent, and how many go at once.
const SUMMARY_WAIT: Duration = Duration::from_millis(500);
const SUMMARIES: usize = 100;
/// A user's typing is told so often at most.
const TYPING_EVERY: Duration = Duration::from_secs(1);
/// Frames that are sent before anything else is looked at.
const AT_ONCE: usize = 64;
/// How often it is recorded that somebody reads a room they are not in.
const NOTE_EVERY: Duration = Duration::from_mins(10);
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

/// A connection that has just been opened.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) socket: WebSocket,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// Its place among those who have not said who they are.
    pub(crate) unknown: Unknown,
    pub(crate) received: Received,
}

/// Serves one connection until it closes.
pub(crate) async fn run(live: Arc<Live>, arrival: Arrival) {
    let mut socket = Socket::new(arrival.socket, arrival.received);
    let origin = arrival.origin;
    let stopping = live.stopping.clone();
    let came = tokio::select! {
        came = sign_in(&live, &mut socket, &origin) => came,
        () = stopping.cancelled() => Err(End::Close(CloseCode::GoingAway)),
    };
    drop(arrival.unknown);
    let ended = match came {
        Ok((who, resume)) => serve(&live, &mut socket, origin, who, resume).await,
        Err(end) => end,
    };
    if let End::Close(code) = ended {
        let retry_after = match code {
            CloseCode::GoingAway => Some(u64::from(
                u16::from_be_bytes(random::bytes()) % (COME_BACK_WITHIN + 1),
            )),
            other => other.retry_after(),
        };
        let bye = ServerFrame::Bye { code, retry_after };
        socket.close(code, &bye.encode()).await;
    }
}

/// Waits for the first frame, and says who the client is.
async fn sign_in(
    live: &Live,
    socket: &mut Socket,
    origin: &Origin,
) -> Result<(SignedIn, Option<Resume>), End> {
    let unauthenticated = End::Close(CloseCode::Unauthenticated);
    let first = timeout(HELLO_PATIENCE, socket.next()).await;
    let Ok(first) = first else {
        return Err(unauthenticated);
    };
    let text = match first {
        Incoming::Text(text) => text,
        Incoming::Heard => return Err(unauthenticated),
        Incoming::Gone => return Err(End::Gone),
        Incoming::Broken(code) => return Err(End::Close(code)),
    };
    let Numbered { reference, it } = ClientFrame::parse(&text);
    let target = || "live hello".to_owned();
    let problem = match it {
        Ok(ClientFrame::Hello(Hello { token, resume })) => {
            match live.sign_in.bearer(Some(&token), origin, target).await {
                Ok(who) => return Ok((who, resume)),
                Err(problem) => problem,
            }
        }
        Ok(_) => Problem::invalid("/type", "the first frame must be hello, with a token"),
        Err(problem) => problem,
    };
    let code = match problem.retry_after_s() {
        Some(_) => CloseCode::TooSlow,
        None => CloseCode::Unauthenticated,
    };
    socket.send(error(reference.as_ref(), &problem)).await?;
    Err(End::Close(code))
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
    summaries_due: Option<Instant>,
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
    live.hub.people.watch(&connection, &watch);
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
        next_ping: now() + live.settings.heartbeat,
        next_note: now() + NOTE_EVERY,
        summaries_due: None,
        typed: HashMap::new(),
        frames,
        timer: Box::pin(sleep_until(now())),
    };
    let is_person = !session.who.ctx.caller.is_service();
    let is_news = connected.is_first && is_person && live.came(connection.user, seen_before);
    let ended = match session.welcome(resume, is_news).await {
        Ok(()) => session.go_on().await,
        Err(end) => end,
    };
    session.following.end();
    session.finish(ended).await;
    live.hub.people.unwatch(&connection, &session.watch);
    drop(connected);
    ended
}

fn now() -> Instant {
    Instant::from_std(clock::monotonic())
}

impl Session<'_> {
    /// The first frame, and the rooms that are followed from then on.
    async fn welcome(&mut self, resume: Option<Resume>, is_news: bool) -> Going {
        if self.live.stopping.is_cancelled() {
            // It was asked to stop before it knew of this connection.
            return Err(End::Close(CloseCode::GoingAway));
        }
        let welcome = ServerFrame::Welcome {
            epoch: &self.live.epoch,
            user: &self.who.ctx.caller.user,
            heartbeat: self.live.settings.heartbeat.as_secs(),
        };
        self.socket.send(welcome.encode()).await?;
        if let Some(resume) = resume {
            let same_epoch = resume.epoch == self.live.epoch;
            for (name, seq) in resume.rooms {
                match self.live.chat.room_id(&name).await.unwrap_or(NO_ROOM) {
                    // A name that nothing has is gone like one that is hidden.
                    NO_ROOM => self.socket.send(gone(&name)).await?,
                    room => self.following.resume(room, name, seq, same_epoch),
                }
            }
        }
        let caller = &self.who.ctx.caller;
        if caller.role.is_staff() || caller.is_service() {
            if is_news {
                let (user, now) = (self.connection.user, self.who.now().now);
                self.live.tell_presence(user, true, now).await;
            }
            return Ok(());
        }
        self.following.announces = is_news;
        self.follow_own().await
    }

    /// Customers and riders follow all their open and closed rooms.
    async fn follow_own(&mut self) -> Going {
        let mut after = 0;
        loop {
            let ctx = self.who.now();
            let rooms = self
                .live
                .chat
                .rooms_to_follow(&ctx, after, ROOMS_PAGE)
                .await;
            let Ok(rooms) = rooms else {
                // Without its rooms the connection is no good; the client comes back.
                return Err(End::Close(CloseCode::Reconnect));
            };
            let Some((last, _)) = rooms.last() else {
                return Ok(());
            };
            after = *last;
            for (_, room) in rooms {
                self.following.add_from_head(room);
            }
        }
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
            incoming = socket.next(), if takes_more => self.incoming(incoming).await,
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
        let step = self.following.take_signals(&self.who.ctx);
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
        if self.summaries_due.is_none() && self.connection.has_summaries() {
            self.summaries_due = Some(now() + SUMMARY_WAIT);
            self.set_timer();
        }
        Ok(())
    }

    async fn take(&mut self, step: Step) -> Going {
        for frame in step.frames {
            self.socket.feed(frame).await?;
        }
        if step.stopping {
            return Err(End::Close(CloseCode::GoingAway));
        }
        if step.room_gone {
            return Err(End::Close(CloseCode::RoomGone));
        }
        if step.recheck && self.live.is_shut_out(&self.who).await {
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
                self.commands.answer(error(reference.as_ref(), &problem));
                Ok(())
            }
        }
    }

    /// Begins a command that nothing before it stands against.
    async fn start(&mut self, command: Numbered<ClientFrame>) -> Going {
        let Numbered { reference, it } = command;
        match it {
            ClientFrame::Ping => {
                let pong = ServerFrame::Pong {
                    r#ref: reference.as_ref(),
                    at: Millis(clock::now_ms()),
                };
                self.commands.answer(pong.encode());
                Ok(())
            }
            ClientFrame::Auth(auth) => self.renew(reference, &auth.token).await,
            ClientFrame::Subscribe(it) => self.subscribe(reference, it).await,
            ClientFrame::Unsubscribe(it) => {
                let room = self.live.chat.room_id(&it.room).await;
                self.following.leave(room.unwrap_or(NO_ROOM));
                self.done(reference.as_ref());
                Ok(())
            }
            ClientFrame::Typing(it) => {
                self.typing(reference, &it.room).await;
                Ok(())
            }
            it => {
                let command = Numbered { reference, it };
                let run = execute(Arc::clone(self.live), self.who.now(), command);
                self.commands.run(run);
                Ok(())
            }
        }
    }

    fn done(&mut self, reference: Option<&Ref>) {
        if let Some(reference) = reference {
            let ok = ServerFrame::Ok {
                r#ref: reference,
                message: None,
                notices: None,
            };
            self.commands.answer(ok.encode());
        }
    }

    async fn refuse(&mut self, reference: Option<&Ref>, problem: &Problem, command: &str) {
        note_refusal(self.live, &self.who.ctx, problem, command).await;
        self.commands.answer(error(reference, problem));
    }

    /// Another token of the same user. Where it says something else of them, the rooms are followed
    /// anew, each from where it was.
    async fn renew(&mut self, reference: Option<Ref>, token: &str) -> Going {
        let unauthenticated = End::Close(CloseCode::Unauthenticated);
        let target = || "live auth".to_owned();
        let sign_in = &self.live.sign_in;
        match sign_in.bearer(Some(token), &self.origin, target).await {
            Ok(who) if who.ctx.caller.user == self.who.ctx.caller.user => {
                let same = who.ctx.caller == self.who.ctx.caller;
                let is_person = who.ctx.user == self.who.ctx.user;
                self.who = who;
                if !is_person {
                    return Err(unauthenticated);
                }
                if !same {
                    let watch = Watch::of(&self.who.ctx.caller);
                    self.live.hub.people.unwatch(&self.connection, &self.watch);
                    self.live.hub.people.watch(&self.connection, &watch);
                    self.watch = watch;
                    self.following.restart();
                }
                self.done(reference.as_ref());
                Ok(())
            }
            Ok(_) => Err(unauthenticated),
            Err(problem) => {
                self.socket
                    .send(error(reference.as_ref(), &problem))
                    .await?;
                Err(unauthenticated)
            }
        }
    }

    async fn subscribe(&mut self, reference: Option<Ref>, it: Subscribe) -> Going {
        if let Err(too_often) = quota::reads(&self.live.limits, &self.who.ctx.caller) {
            let problem = too_often.into();
            self.refuse(reference.as_ref(), &problem, "subscribe").await;
            return Ok(());
        }
        match self.live.chat.room_id(&it.room).await {
            Ok(room) => self.following.subscribe(room, it.after, reference),
            Err(error) => {
                self.refuse(reference.as_ref(), &error.into(), "subscribe")
                    .await;
            }
        }
        Ok(())
    }

    async fn typing(&mut self, reference: Option<Ref>, name: &str) {
        let room = self.live.chat.room_id(name).await.unwrap_or(NO_ROOM);
        if let Err(too_often) = quota::receipts(&self.live.limits, &self.who.ctx.caller) {
            self.refuse(reference.as_ref(), &too_often.into(), "typing")
                .await;
            return;
        }
        if !self.following.is_following(room) {
            self.refuse(reference.as_ref(), &Problem::not_found(), "typing")
                .await;
            return;
        }
        let now = now();
        let lately = |at: &Instant| now.duration_since(*at) < TYPING_EVERY;
        self.typed.retain(|_, at| lately(at));
        if !self.typed.contains_key(&room) {
            // Who may not write there types unseen.
            if let Some(participant) = self.live.hub.types(room, self.connection.id) {
                self.typed.insert(room, now);
                self.live.bus.publish(Hint::Typing {
                    room,
                    participant,
                    user: self.connection.user,
                });
            }
        }
        self.done(reference.as_ref());
    }

    /// When something has to be done by the clock.
    fn due(&self) -> Instant {
        let left = self
            .who
            .claims
            .expires_at()
            .0
            .saturating_sub(clock::now_ms());
        // Looked at every so often, too: the wall clock may be set.
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        let expiry = now() + left.min(EXPIRY_CHECK);
        let due = self.next_ping.min(expiry);
        self.summaries_due
            .map_or(due, |summaries| due.min(summaries))
    }

    fn set_timer(&mut self) {
        let due = self.due();
        self.timer.as_mut().reset(due);
    }

    async fn on_time(&mut self) -> Going {
        let done = self.do_what_is_due().await;
        self.set_timer();
        done
    }

    async fn do_what_is_due(&mut self) -> Going {
        let now = now();
        if self.who.has_expired() {
            return Err(End::Close(CloseCode::Unauthenticated));
        }
        if self.summaries_due.is_some_and(|due| due <= now) {
            self.summaries_due = None;
            self.send_summaries().await?;
        }
        if self.socket.came_to_nothing() > 2 * self.live.settings.max_frame as u64 {
            // Fragments without an end, or of nothing.
            return Err(End::Close(CloseCode::TooSlow));
        }
        if self.next_ping <= now {
            if self.pinged {
                // It did not answer the last one.
                return Err(End::Close(CloseCode::Reconnect));
            }
            self.pinged = true;
            self.next_ping = now + self.live.settings.heartbeat;
            self.socket.ping().await?;
        }
        if self.next_note <= now {
            self.next_note = now + NOTE_EVERY;
            self.note_reading().await;
        }
        Ok(())
    }

    /// Who follows a room without being in it goes on reading it.
    async fn note_reading(&mut self) {
        let (ctx, chat) = (self.who.now(), &self.live.chat);
        for room in self.following.looked_into() {
            if let Err(error) = chat.follow(&ctx, room, From::Head).await {
                tracing::debug!(%error, "it could not be recorded who reads a room");
            }
        }
    }

    async fn send_summaries(&mut self) -> Going {
        let rooms = self.connection.take_summaries(SUMMARIES);
        if rooms.is_empty() {
            return Ok(());
        }
        let ctx = self.who.now();
        match self.live.chat.summaries(&ctx, rooms).await {
            Ok(views) => {
                for view in views {
                    let summary = RoomSummary {
                        room: view.id,
                        status: view.status,
                        seq: view.seq.unwrap_or_default(),
                        unread_count: view.unread_count,
                        last_message: view.last_message,
                        last_activity: view.last_activity.unwrap_or(ctx.now),
                    };
                    let frame = ServerFrame::RoomSummary(Box::new(summary));
                    self.socket.feed(frame.encode()).await?;
                }
                Ok(())
            }
            Err(error) => {
                tracing::debug!(%error, "summaries of rooms were not sent");
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

/// How often to look at the wall clock for the token's end.
const EXPIRY_CHECK: Duration = Duration::from_secs(4);
/// What no room is called.
const NO_ROOM: RoomId = RoomId(uuid::Uuid::nil());

fn gone(name: &str) -> Frame {
    let resync = ServerFrame::Resync {
        room: name.into(),
        reason: ResyncReason::Gone,
        seq: None,
    };
    resync.encode()
}

impl std::convert::From<socket::Stalled> for End {
    fn from(stalled: socket::Stalled) -> Self {
        match stalled {
            socket::Stalled::Slow => Self::Close(CloseCode::TooSlow),
            socket::Stalled::Gone => Self::Gone,
        }
    }
}
