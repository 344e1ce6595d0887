//! What the session does for a client itself. Everything else runs beside it, as `commands`.

use std::sync::Arc;
use std::time::Duration;

use orderchat_domain::{Millis, RoomId};
use tokio::time::Instant;

use super::{End, Going, Session};
use crate::bus::Hint;
use crate::clock::{instant, now_ms};
use crate::limits::quota;
use crate::live::commands::{execute, note_refusal};
use crate::live::hub::Watch;
use crate::live::protocol::{ClientFrame, CloseCode, Numbered, Ref, ServerFrame, Subscribe};
use crate::problem::Problem;

/// A user's typing is told so often at most.
const TYPING_EVERY: Duration = Duration::from_secs(1);

impl Session<'_> {
    /// Begins a command that nothing before it stands against.
    pub(super) async fn start(&mut self, command: Numbered<ClientFrame>) -> Going {
        let Numbered { reference, it } = command;
        match it {
            ClientFrame::Ping => {
                let pong = ServerFrame::Pong {
                    r#ref: reference.as_ref(),
                    at: Millis(now_ms()),
                };
                self.commands.answer(pong.encode());
                Ok(())
            }
            ClientFrame::Auth(auth) => Box::pin(self.renew(reference, &auth.token)).await,
            ClientFrame::Subscribe(it) => Box::pin(self.subscribe(reference, it)).await,
            ClientFrame::Unsubscribe(it) => {
                let room = Box::pin(self.live.chat.room_id(&it.room)).await;
                self.following.unsubscribe(room.unwrap_or(RoomId::OF_NONE));
                self.done(reference.as_ref());
                Ok(())
            }
            ClientFrame::Typing(it) => {
                Box::pin(self.typing(reference, &it.room)).await;
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
            self.commands.answer(ServerFrame::done(reference).encode());
        }
    }

    pub(super) async fn refuse(
        &mut self,
        reference: Option<&Ref>,
        problem: Problem,
        command: &str,
    ) {
        let problem = note_refusal(self.live, &self.who.ctx, problem, command).await;
        self.commands
            .answer(ServerFrame::refused(reference, &problem).encode());
    }

    /// Another token of the same user. Where it says something else of them, the rooms are followed
    /// anew, each from where it was.
    async fn renew(&mut self, reference: Option<Ref>, token: &str) -> Going {
        let target = || "live auth".to_owned();
        let sign_in = &self.live.sign_in;
        match sign_in
            .bearer(Some(token), &self.who.ctx.origin, target)
            .await
        {
            // A service of the same name is somebody else.
            Ok(who) if who.ctx.user == self.who.ctx.user => {
                let same = who.ctx.caller == self.who.ctx.caller;
                let of_one = self.who.ctx.caller.room.clone();
                self.who = who;
                let kept = self.following.keep_to(&self.who.ctx.caller).await;
                kept.map_err(|_| End::Close(CloseCode::Reconnect))?;
                if !same {
                    let watch = Watch::of(&self.who.ctx.caller);
                    self.live.hub.people.unwatch(&self.connection, &self.watch);
                    let caller = &self.who.ctx.caller;
                    self.live.hub.people.watch(&self.connection, &watch, caller);
                    self.watch = watch;
                    self.following.follows_own = !caller.acts_for_business();
                    self.following.restart();
                    let caller = &self.who.ctx.caller;
                    let is_wider = of_one.is_some() && caller.room != of_one;
                    if is_wider && !caller.acts_for_business() {
                        self.follow_own().await?;
                    }
                }
                self.done(reference.as_ref());
                Ok(())
            }
            Ok(_) => {
                let other = "the token is of another user; open another connection for them";
                self.turn_away(reference, &Problem::token_refused(other))
                    .await
            }
            Err(problem) => self.turn_away(reference, &problem).await,
        }
    }

    /// Says why the connection closes.
    async fn turn_away(&mut self, reference: Option<Ref>, problem: &Problem) -> Going {
        let refused = ServerFrame::refused(reference.as_ref(), problem);
        self.socket.send(refused.encode()).await?;
        Err(End::Close(CloseCode::Unauthenticated))
    }

    async fn subscribe(&mut self, reference: Option<Ref>, it: Subscribe) -> Going {
        if let Err(too_often) = quota::reads(&self.live.limits, &self.who.ctx.caller) {
            self.refuse(reference.as_ref(), too_often.into(), "subscribe")
                .await;
            return Ok(());
        }
        match self.live.chat.room_id(&it.room).await {
            Ok(room) => self.following.subscribe(room, it.after, reference),
            Err(error) => {
                self.refuse(reference.as_ref(), error.into(), "subscribe")
                    .await;
            }
        }
        Ok(())
    }

    async fn typing(&mut self, reference: Option<Ref>, name: &str) {
        let room = self
            .live
            .chat
            .room_id(name)
            .await
            .unwrap_or(RoomId::OF_NONE);
        if let Err(too_often) = quota::receipts(&self.live.limits, &self.who.ctx.caller) {
            self.refuse(reference.as_ref(), too_often.into(), "typing")
                .await;
            return;
        }
        if !self.following.is_following(room) {
            self.refuse(reference.as_ref(), Problem::not_found(), "typing")
                .await;
            return;
        }
        let now = instant();
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
}
