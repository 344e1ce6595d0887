//! How a connection begins: the first frame says who is there, and what they had before.

use std::time::Duration;

use orderchat_domain::RoomId;
use tokio::time::timeout;

use super::socket::{Incoming, Socket};
use super::{End, Going, Session};
use crate::chat::{ChatError, Origin};
use crate::limits::quota;
use crate::live::Live;
use crate::live::protocol::{ClientFrame, CloseCode, Hello, Numbered, Resume, ServerFrame};
use crate::live::waiting::Unknown;
use crate::net::Received;
use crate::problem::Problem;
use crate::random;
use crate::signin::SignedIn;

/// Time to say who one is.
const HELLO_PATIENCE: Duration = Duration::from_secs(5);
/// Rooms of a user that are asked for at once.
const ROOMS_PAGE: u32 = 500;

/// A connection that has just been opened.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// Where it came from.
    pub(crate) origin: Origin,
    /// Its place among those who have not said who they are.
    pub(crate) unknown: Unknown,
    pub(crate) received: Received,
}

/// Waits for the first frame, and says who the client is.
pub(super) async fn sign_in(
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
    let problem = match it {
        Ok(ClientFrame::Hello(Hello { token, resume })) => {
            match signed_in(live, &token, origin).await {
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
    let refused = ServerFrame::refused(reference.as_ref(), &problem);
    socket.send(refused.encode()).await?;
    Err(End::Close(code))
}

/// Who this is; not for as long as they have to wait because of what they guessed.
async fn signed_in(live: &Live, token: &str, origin: &Origin) -> Result<SignedIn, Problem> {
    let target = || "live hello".to_owned();
    let who = live.sign_in.bearer(Some(token), origin, target).await?;
    quota::reads(&live.limits, &who.ctx.caller)?;
    Ok(who)
}

impl Session<'_> {
    /// The first frame, and the rooms that are followed from then on.
    pub(super) async fn welcome(&mut self, resume: Option<Resume>, is_news: bool) -> Going {
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
        // Without it the connection is no good; the client comes back.
        let kept = self.following.keep_to(&self.who.ctx.caller).await;
        kept.map_err(|_| End::Close(CloseCode::Reconnect))?;
        if let Some(resume) = resume {
            let same_epoch = resume.epoch == self.live.epoch;
            for (name, seq) in resume.rooms {
                // A name that nothing has is looked for like one that is hidden, and found gone in its turn.
                let room = match self.live.chat.room_id(&name).await {
                    Ok(RoomId::OF_NONE) | Err(ChatError::Refused(_)) => {
                        RoomId(uuid::Uuid::from_bytes(random::bytes()))
                    }
                    Ok(room) => room,
                    Err(_) => return Err(End::Close(CloseCode::Reconnect)),
                };
                self.following.resume(room, name, seq, same_epoch);
            }
        }
        let caller = &self.who.ctx.caller;
        if caller.acts_for_business() {
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
    pub(super) async fn follow_own(&mut self) -> Going {
        let (chat, mut after) = (&self.live.chat, Some(0));
        while let Some(key) = after {
            let ctx = self.who.now();
            let rooms = chat.rooms_to_follow(&ctx, key, ROOMS_PAGE).await;
            // Without its rooms the connection is no good; the client comes back.
            let (rooms, more) = rooms.map_err(|_| End::Close(CloseCode::Reconnect))?;
            for room in rooms {
                self.following.add_from_head(room);
            }
            after = more;
        }
        Ok(())
    }
}
