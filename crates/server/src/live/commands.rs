//! What a client asks for on its connection. Each does what its route of REST does, with the same
//! checks, keys, limits and answers.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use orderchat_domain::RoomId;
use orderchat_domain::message::{Asked, Draft, IdempotencyKey, Notice};
use orderchat_domain::project::MessageView;
use tokio::time::timeout;

use super::Live;
use super::protocol::{ClientFrame, Delete, Edit, Frame, Mark, Numbered, Ref, Send, ServerFrame};
use crate::chat::Context;
use crate::chat::audit::Attempt;
use crate::chat::receipts::Kind;
use crate::clock;
use crate::limits::quota;
use crate::problem::Problem;

/// Sends of one connection that are under way at once. Other commands wait for those before them.
const PIPELINE: usize = 16;

/// What a command came to.
struct Done {
    message: Option<MessageView>,
    notices: Option<Vec<Notice>>,
}

const DONE: Done = Done {
    message: None,
    notices: None,
};

type Outcome = Result<Done, Problem>;

type Running = FuturesOrdered<BoxFuture<'static, Option<Frame>>>;

/// The commands of one connection that are under way; they are answered in their order.
#[derive(Default)]
pub(super) struct Commands {
    /// `None` while nothing runs: most connections only listen.
    running: Option<Box<Running>>,
    /// All that run are sends, of which the next may be another.
    sends: bool,
    /// Waits until those before it are done.
    held: Option<Box<Numbered<ClientFrame>>>,
}

impl Commands {
    /// Whether another one is taken.
    pub(super) fn has_room(&self) -> bool {
        let running = self.running.as_ref().map_or(0, |running| running.len());
        self.held.is_none() && running < PIPELINE
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none()
    }

    /// The next answer, `None` for who wants none; waits for ever while nothing runs.
    pub(super) async fn next_answer(&mut self) -> Option<Frame> {
        let Some(running) = &mut self.running else {
            return std::future::pending().await;
        };
        let answer = running.next().await;
        if running.is_empty() {
            self.running = None;
        }
        answer.flatten()
    }

    fn push(&mut self, command: BoxFuture<'static, Option<Frame>>) {
        let running = self.running.get_or_insert_default();
        running.push_back(command);
    }

    /// An answer behind those that are to come.
    pub(super) fn answer(&mut self, frame: Frame) {
        self.push(Box::pin(std::future::ready(Some(frame))));
    }

    /// Runs the command beside those that run, if it may; else it is held.
    pub(super) fn put(&mut self, frame: Numbered<ClientFrame>) -> Option<Numbered<ClientFrame>> {
        let runs_beside = runs_beside_sends(&frame.it);
        if self.is_idle() || (runs_beside && self.sends) {
            self.sends = runs_beside;
            return Some(frame);
        }
        self.held = Some(Box::new(frame));
        None
    }

    /// The command that was held, once nothing runs before it.
    pub(super) fn take_held(&mut self) -> Option<Numbered<ClientFrame>> {
        if !self.is_idle() {
            return None;
        }
        let held = *self.held.take()?;
        self.sends = runs_beside_sends(&held.it);
        Some(held)
    }

    pub(super) fn run(
        &mut self,
        command: impl Future<Output = Option<Frame>> + std::marker::Send + 'static,
    ) {
        self.push(Box::pin(command));
    }
}

/// Sends are written in the order they reach the store. One that names its room by code has to ask
/// the database first, and another would overtake it.
fn runs_beside_sends(command: &ClientFrame) -> bool {
    matches!(command, ClientFrame::Send(send) if RoomId::parse(&send.room).is_some())
}

/// Runs a command and encodes its answer; `None` when nobody waits for one.
pub(super) async fn execute(
    live: Arc<Live>,
    ctx: Context,
    command: Numbered<ClientFrame>,
) -> Option<Frame> {
    let (reference, route) = (command.reference, name(&command.it));
    let began = clock::monotonic();
    let outcome = match timeout(live.settings.deadline, outcome(&live, &ctx, command.it)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::outcome_unknown(
            "the answer took too long; look whether it was done, or repeat a send with its key",
        )),
    };
    let status = match &outcome {
        Ok(_) => "ok",
        Err(problem) if problem.is_failure() => "failed",
        Err(_) => "refused",
    };
    metrics::counter!("orderchat_live_commands_total", "command" => route, "status" => status)
        .increment(1);
    metrics::histogram!("orderchat_live_command_seconds", "command" => route)
        .record(began.elapsed());
    match outcome {
        Ok(done) => reference.as_ref().map(|reference| ok(reference, &done)),
        Err(problem) => {
            let problem = note_refusal(&live, &ctx, problem, route).await;
            Some(ServerFrame::refused(reference.as_ref(), &problem).encode())
        }
    }
}

fn ok(reference: &Ref, done: &Done) -> Frame {
    let frame = ServerFrame::Ok {
        r#ref: reference,
        message: done.message.as_ref(),
        notices: done.notices.as_deref(),
    };
    frame.encode()
}

const fn name(command: &ClientFrame) -> &'static str {
    match command {
        ClientFrame::Hello(_) => "hello",
        ClientFrame::Auth(_) => "auth",
        ClientFrame::Subscribe(_) => "subscribe",
        ClientFrame::Unsubscribe(_) => "unsubscribe",
        ClientFrame::Send(_) => "send",
        ClientFrame::Edit(_) => "edit",
        ClientFrame::Delete(_) => "delete",
        ClientFrame::Delivered(_) => "delivered",
        ClientFrame::Read(_) => "read",
        ClientFrame::Typing(_) => "typing",
        ClientFrame::Ping => "ping",
    }
}

/// Guesses and forbidden attempts count and are recorded as those by REST are. Gives what is answered.
pub(super) async fn note_refusal(
    live: &Live,
    ctx: &Context,
    problem: Problem,
    command: &str,
) -> Problem {
    let user = ctx.caller.user.as_str();
    let probing = problem
        .is_not_found()
        .then(|| live.limits.note_not_found(user).err());
    let (attempt, problem) = match probing.flatten() {
        Some(too_often) => (Attempt::Probing, too_often.into()),
        None if problem.is_by_role() => (Attempt::Forbidden, problem),
        None => return problem,
    };
    let route = format!("live {command}");
    live.chat.note_refused(ctx, attempt, None, route).await;
    problem
}

async fn outcome(live: &Live, ctx: &Context, command: ClientFrame) -> Outcome {
    match command {
        ClientFrame::Send(it) => send(live, ctx, it).await,
        ClientFrame::Edit(it) => edit(live, ctx, it).await,
        ClientFrame::Delete(it) => delete(live, ctx, it).await,
        ClientFrame::Delivered(it) => mark(live, ctx, Kind::Delivered, it).await,
        ClientFrame::Read(it) => mark(live, ctx, Kind::Read, it).await,
        ClientFrame::Hello(_) => {
            let detail = "hello comes once, first; send auth to renew the token";
            Err(Problem::invalid("/type", detail))
        }
        // The session's own.
        ClientFrame::Auth(_)
        | ClientFrame::Subscribe(_)
        | ClientFrame::Unsubscribe(_)
        | ClientFrame::Typing(_)
        | ClientFrame::Ping => Ok(DONE),
    }
}

async fn send(live: &Live, ctx: &Context, it: Send) -> Outcome {
    let key = IdempotencyKey::from_request(it.client_message_id.as_deref(), None)?;
    let asked = Asked {
        message_type: it.message_type.as_deref(),
        content: &it.content,
        reply_to: it.reply_to.as_deref(),
        attachment: it.attachment.as_deref(),
        metadata: it.metadata,
        key,
    };
    let longest = live.chat.rules().message_length;
    let draft = Draft::parse(ctx.caller.is_service(), asked, longest)?;
    let draft = live.chat.know_file(ctx, draft, it.message_type.as_deref());
    let draft = draft.await?;
    let room = live.chat.room_id(&it.room).await?;
    // The retry of an accepted send is not limited; whether it is one is asked only when in doubt.
    if let Err(too_often) = quota::sends(&live.limits, &ctx.caller, room)
        && !live.chat.is_repeat(ctx, room, &draft).await?
    {
        return Err(too_often.into());
    }
    let sent = live.chat.send(ctx, room, draft).await?;
    Ok(Done {
        message: Some(sent.message),
        notices: Some(sent.notices),
    })
}

async fn edit(live: &Live, ctx: &Context, it: Edit) -> Outcome {
    quota::changes(&live.limits, &ctx.caller)?;
    let message = live.chat.edit(ctx, &it.message, &it.content).await?;
    Ok(Done {
        message: Some(message),
        notices: None,
    })
}

async fn delete(live: &Live, ctx: &Context, it: Delete) -> Outcome {
    quota::changes(&live.limits, &ctx.caller)?;
    let reason = it.reason.as_deref();
    live.chat.delete(ctx, &it.message, reason).await?;
    Ok(DONE)
}

async fn mark(live: &Live, ctx: &Context, kind: Kind, it: Mark) -> Outcome {
    quota::receipts(&live.limits, &ctx.caller)?;
    let room = live.chat.room_id(&it.room).await?;
    live.chat.mark(ctx, room, kind, it.seq).await?;
    Ok(DONE)
}
