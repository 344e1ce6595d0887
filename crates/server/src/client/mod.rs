//! `orderchat chat`: a small client for the terminal, on the public protocol alone. It is for trying
//! out, for looking into a room, and an example of how a client goes on after any interruption.
//!
//! [`talk`] knows what follows from what arrives and what is typed; here is what waits: for the
//! connection ([`link`]), the answers of REST ([`rest`]) and the person ([`terminal`]).

mod address;
mod command;
mod link;
mod rest;
mod shown;
mod talk;
mod terminal;

use std::process::ExitCode;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use crate::{clock, random};
use link::{Incoming, Link};
use rest::Rest;
use talk::{Effect, Talk};
use terminal::{Input, Terminal};

/// Where to connect, as whom.
pub(crate) struct Options {
    /// `http://…` or `https://…`
    pub(crate) url: String,
    /// The id or code of the room to open; the newest if not given.
    pub(crate) room: Option<String>,
    /// Gives a token that is good now.
    pub(crate) token: Box<dyn Fn() -> anyhow::Result<String> + Send + Sync>,
    /// Whether `token` gives another one when this one is no good any more.
    pub(crate) renews: bool,
    /// What to look at when the server does not take the token.
    pub(crate) unauthenticated: Option<&'static str>,
}

/// How often to say what was read, and to look what is due.
const TICK: Duration = Duration::from_millis(250);
/// Between two attempts to connect: a random part of this, which doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Close codes of the protocol that decide what to do; after any other the client comes back.
const UNAUTHENTICATED: u16 = 4401;
const ROOM_GONE: u16 = 4403;
const TOO_MANY: u16 = 4009;

/// Talks until the person leaves.
pub(crate) async fn run(mut options: Options) -> anyhow::Result<ExitCode> {
    options.url = address::checked(&options.url)?;
    let rest = Rest::new(&options.url, options.unauthenticated)?;
    let me = rest.me(&(options.token)()?).await?;
    let staff = matches!(
        shown::text(&me, "role"),
        "pharmacy" | "support" | "admin" | "service"
    );
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut client = Client {
        talk: Talk::new(random::uuid_v7(clock::now_ms()).simple().to_string()),
        terminal: Terminal::open()?,
        rest,
        options,
        staff,
        tick,
        ended: None,
        undone: false,
    };
    let name = me["name"].as_str().unwrap_or(shown::text(&me, "id"));
    let role = shown::text(&me, "role_display");
    client.say(&format!(
        "you are {name} ({role}); /help lists what can be typed"
    ))?;
    let effects = client.list(true).await?;
    client.perform(effects, None).await?;
    client.talk_on().await
}

struct Client {
    options: Options,
    rest: Rest,
    talk: Talk,
    terminal: Terminal,
    staff: bool,
    tick: Interval,
    /// Since when the input is at its end: only what is unanswered is waited for.
    ended: Option<Instant>,
    /// Something that was asked for was not done.
    undone: bool,
}

/// Why a connection, or the wait for one, is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// The person leaves.
    Quit,
    /// Come back, after so many seconds at least.
    Lost(u64),
    /// By this code; `bye` said for how long to wait.
    Closed(u16, u64),
}

impl Client {
    /// Connects, again and again, until the person leaves.
    async fn talk_on(&mut self) -> anyhow::Result<ExitCode> {
        let mut failures = 0;
        loop {
            let mut link = match self.connect(failures).await? {
                Some(link) => link,
                None => return self.left(),
            };
            let (over, welcomed) = self.listen(&mut link).await?;
            failures = if welcomed { 1 } else { failures + 1 };
            let wait = match over {
                Over::Quit => {
                    link.close().await;
                    return self.left();
                }
                Over::Closed(UNAUTHENTICATED, _) if welcomed && self.options.renews => 0,
                Over::Closed(UNAUTHENTICATED | ROOM_GONE | TOO_MANY, _)
                    if self.ended.is_some() && self.talk.is_idle() =>
                {
                    return self.left();
                }
                Over::Closed(code @ (UNAUTHENTICATED | ROOM_GONE | TOO_MANY), _) => {
                    let why = match code {
                        UNAUTHENTICATED => "the token is not good any more",
                        ROOM_GONE => "the room that the token is good for is gone",
                        _ => "you have too many connections; close one",
                    };
                    self.say(why)?;
                    self.left()?;
                    return Ok(ExitCode::FAILURE);
                }
                Over::Closed(_, wait) | Over::Lost(wait) => wait,
            };
            self.say("not connected; what you type is sent later")?;
            if !self.wait(Duration::from_secs(wait)).await? {
                return self.left();
            }
        }
    }

    fn left(&mut self) -> anyhow::Result<ExitCode> {
        let is_idle = self.talk.is_idle();
        if !is_idle {
            for line in self.talk.unacknowledged() {
                self.say(&line)?;
            }
        }
        // Who types was told, and did it again or did not want it any more.
        if !is_idle || self.terminal.is_piped && self.undone {
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// A connection; `None` when the person leaves meanwhile.
    async fn connect(&mut self, mut failures: u32) -> anyhow::Result<Option<Link>> {
        loop {
            if failures > 0 && !self.wait(backoff(failures)).await? || self.is_done() {
                return Ok(None);
            }
            let hello = self.talk.hello(&(self.options.token)()?);
            let url = self.options.url.clone();
            let mut opening = std::pin::pin!(Link::open(&url, &hello));
            let opened = loop {
                let acted = tokio::select! {
                    opened = &mut opening => break opened,
                    acted = self.terminal.input.recv(), if self.ended.is_none() => acted,
                };
                if !self.acted(acted, None).await? {
                    return Ok(None);
                }
            };
            match opened {
                Ok(link) => return Ok(Some(link)),
                Err(error) if failures == 0 => {
                    self.say(&format!("no live connection: {error:#}"))?
                }
                // Said once.
                Err(_) => {}
            }
            failures += 1;
        }
    }

    /// Waits, and takes what is typed meanwhile. `false`: the person leaves.
    async fn wait(&mut self, time: Duration) -> anyhow::Result<bool> {
        let until = now() + time;
        loop {
            let until = self.gives_up_at().map_or(until, |last| last.min(until));
            let acted = tokio::select! {
                () = sleep_until(until) => return Ok(true),
                acted = self.terminal.input.recv(), if self.ended.is_none() => acted,
            };
            if !self.acted(acted, None).await? {
                return Ok(false);
            }
        }
    }

    /// Takes what arrives and what is typed, until the connection is over; and whether it was one
    /// that the server took.
    async fn listen(&mut self, link: &mut Link) -> anyhow::Result<(Over, bool)> {
        let (mut welcomed, mut retry_after) = (false, 0);
        loop {
            if self.is_done() {
                return Ok((Over::Quit, welcomed));
            }
            let effects = tokio::select! {
                incoming = link.next() => match incoming {
                    Incoming::Frame(frame) => {
                        if frame["type"] == "welcome" {
                            welcomed = true;
                        }
                        retry_after = frame["retry_after"].as_u64().unwrap_or(retry_after);
                        let effects = self.talk.take(&frame, now().into_std());
                        link.expect_pings_every(self.talk.heartbeat());
                        effects
                    }
                    Incoming::Closed(Some(code)) => {
                        return Ok((Over::Closed(code, retry_after), welcomed));
                    }
                    Incoming::Closed(None) => return Ok((Over::Lost(0), welcomed)),
                },
                acted = self.terminal.input.recv(), if self.ended.is_none() => {
                    if !self.acted(acted, Some(&mut *link)).await? {
                        return Ok((Over::Quit, welcomed));
                    }
                    continue;
                }
                _ = self.tick.tick() => self.talk.tick(now().into_std()),
            };
            if !self.perform(effects, Some(&mut *link)).await? {
                return Ok((Over::Lost(0), welcomed));
            }
        }
    }

    /// Nothing will be typed, nothing is unanswered, and one's own messages were shown.
    fn is_done(&self) -> bool {
        let said = self.talk.is_idle() && self.talk.has_seen_own();
        self.gives_up_at()
            .is_some_and(|until| said || until <= now())
    }

    /// When nothing more is waited for; never before the end of the input.
    fn gives_up_at(&self) -> Option<Instant> {
        let ended = self.ended?.into_std();
        Some(self.talk.waits_until(ended).into())
    }

    /// Does what was typed; `None` is the end of the input. `false`: the person leaves.
    async fn acted(
        &mut self,
        acted: Option<Input>,
        link: Option<&mut Link>,
    ) -> anyhow::Result<bool> {
        let effects = match acted {
            Some(Input::Line(line)) => self.talk.typed(&line),
            Some(Input::Typing) => self.talk.typing(Some(now().into_std())),
            None => return Ok(self.ends()),
        };
        let quits = effects.contains(&Effect::Quit);
        if quits && self.terminal.is_piped {
            // Whoever wrote it all at once wants what comes before it to be done.
            return Ok(self.ends());
        }
        // A connection that is lost shows when it is read next.
        self.perform(effects, link).await?;
        Ok(!quits)
    }

    /// The input is at its end. `false`: there is nothing to wait for.
    fn ends(&mut self) -> bool {
        self.ended = Some(now());
        !self.is_done()
    }

    /// `false`: the connection is lost.
    async fn perform(
        &mut self,
        effects: Vec<Effect>,
        mut link: Option<&mut Link>,
    ) -> anyhow::Result<bool> {
        let mut open: std::collections::VecDeque<_> = effects.into();
        while let Some(effect) = open.pop_front() {
            match effect {
                Effect::Print(line) => self.terminal.print(&line)?,
                Effect::Undone(why) => self.undone(&why)?,
                Effect::Send(frame) => {
                    if self.talk.is_welcome()
                        && let Some(link) = &mut link
                        && link.send(&frame).await.is_err()
                    {
                        return Ok(false);
                    }
                }
                Effect::Open(name) => open.extend(self.open(&name).await?),
                Effect::List => open.extend(self.list(false).await?),
                Effect::Quit => {}
            }
        }
        Ok(true)
    }

    async fn open(&mut self, name: &str) -> anyhow::Result<Vec<Effect>> {
        match self.rest.open(&(self.options.token)()?, name).await {
            Ok(opened) => Ok(self.talk.open(opened)),
            Err(error) => {
                if self.terminal.is_piped {
                    // What comes next was meant for that room, and for no other.
                    self.talk.leave();
                }
                self.undone(&format!("{name} cannot be opened: {error:#}"))?;
                Ok(Vec::new())
            }
        }
    }

    /// Prints the rooms; at the start opens the wanted one, or the newest.
    async fn list(&mut self, at_start: bool) -> anyhow::Result<Vec<Effect>> {
        let rooms = match self.rest.rooms(&(self.options.token)()?, self.staff).await {
            Ok(rooms) => rooms,
            Err(error) if at_start => return Err(error),
            Err(error) => {
                self.undone(&format!("the rooms cannot be listed: {error:#}"))?;
                return Ok(Vec::new());
            }
        };
        self.say(match rooms.len() {
            0 => "there is no room yet; the first one is opened when it comes",
            _ => "the rooms with the newest activity:",
        })?;
        for room in &rooms {
            self.talk.meet(room);
            self.terminal.print(&shown::room(room))?;
        }
        let newest = || rooms.first().map(|room| shown::text(room, "id").to_owned());
        let wanted = self.options.room.clone().or_else(newest);
        match wanted {
            Some(room) if at_start => self.open(&room).await,
            None if at_start => {
                self.talk.wait_for_a_room();
                Ok(Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Says what was not done, and why.
    fn undone(&mut self, why: &str) -> anyhow::Result<()> {
        self.undone = true;
        self.say(why)
    }

    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        self.terminal.print(&shown::news(text))
    }
}

fn now() -> Instant {
    clock::instant()
}

/// A random part of a time that doubles with each failure: of many clients that lost the same
/// server, not all come back at once.
fn backoff(failures: u32) -> Duration {
    let longest = FIRST_WAIT
        .saturating_mul(1 << failures.min(10))
        .min(LONGEST_WAIT);
    longest.mul_f64(f64::from(u16::from_be_bytes(random::bytes())) / f64::from(u16::MAX))
}
