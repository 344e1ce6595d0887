//! A message that comes with its file, as a form.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use orderchat_domain::RoomId;
use orderchat_domain::message::{Asked, Draft};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::attachments::{incoming, no_file, two_files};
use super::fields::Result;
use super::sent;
use crate::chat::Context;
use crate::http::AppState;
use crate::http::form::{FilePart, Form};
use crate::json;
use crate::limits::quota;
use crate::media::Received;
use crate::problem::Problem;

/// The texts that the form may have.
const TEXTS: &[&str] = &[
    "content",
    "message_type",
    "reply_to",
    "metadata",
    "client_message_id",
];

/// A message with a file, of which texts that stand before the file are known when it comes.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the form, which is read as it comes")]
pub(super) struct NewFileMessage {
    /// Its bytes, with a name. JPEG, PNG, WebP, GIF, PDF, plain text, MP4, M4A, OGG or WebM.
    #[schema(value_type = String, format = Binary)]
    file: String,
    /// The caption
    content: Option<String>,
    /// `image` or `file`; the content decides, and a wrong one is refused
    message_type: Option<String>,
    /// The id of a message of the same room
    reply_to: Option<String>,
    /// A JSON object, at most 4 KiB
    metadata: Option<String>,
    /// Makes the send repeatable: the same key gives the same message, for ever
    client_message_id: Option<String>,
}

/// A file that came, and why the send is refused unless it repeats an earlier one.
struct Come {
    received: Received,
    refusal: Option<Problem>,
}

/// Takes the form, stores its file and sends the message.
pub(super) async fn send(
    state: &AppState,
    ctx: &Context,
    room: RoomId,
    reply_to: Option<String>,
    request: Request,
) -> Result<Response> {
    let headers = request.headers().clone();
    let mut form = Form::of(request, state.media.largest(), TEXTS)?;
    take(state, ctx, room, reply_to.as_deref(), &headers, &mut form).await
}

async fn take(
    state: &AppState,
    ctx: &Context,
    room: RoomId,
    reply_to: Option<&str>,
    headers: &HeaderMap,
    form: &mut Form,
) -> Result<Response> {
    let Some(part) = form.next_file().await? else {
        return Err(no_file());
    };
    let come = come(state, ctx, room, headers, form, part).await?;
    let sent = finish(state, ctx, room, reply_to, headers, form, &come).await;
    let kept = come.received.kept.as_ref();
    match (&sent, kept) {
        // The message has it.
        (Ok((true, _)), _) | (_, None) => {}
        (_, Some(kept)) => state.media.let_go(kept).await,
    }
    sent.map(|(_, answer)| answer)
}

/// Receives the file. Of a send that will be refused, or repeats one, it is only looked at: which of
/// both it is, is known when all of the form is.
async fn come(
    state: &AppState,
    ctx: &Context,
    room: RoomId,
    headers: &HeaderMap,
    form: &Form,
    part: FilePart,
) -> Result<Come> {
    let key = sent::key(form.text("client_message_id"), headers)?;
    let is_repeat = match &key {
        Some(key) => state.chat.is_key_known(ctx, room, key).await?,
        None => false,
    };
    let allowed = match quota::sends(&state.limits, &ctx.caller, room) {
        Err(too_often) => Err(Problem::from(too_often)),
        Ok(()) => state
            .chat
            .may_attach(ctx, room)
            .await
            .map_err(Problem::from),
    };
    let incoming = incoming(room, &part, false);
    let refusal = match allowed {
        Ok(()) if !is_repeat => {
            let received = state.media.receive(ctx, incoming, part.bytes()).await?;
            return Ok(Come {
                received,
                refusal: None,
            });
        }
        // No repeat of theirs can have been accepted.
        Err(problem) if problem.is_not_found() || problem.is_by_role() => return Err(problem),
        allowed => allowed.err(),
    };
    let received = state.media.look_at(ctx, &incoming, part.bytes()).await?;
    Ok(Come { received, refusal })
}

/// Reads the rest of the form and sends. `true`: there is a new message.
async fn finish(
    state: &AppState,
    ctx: &Context,
    room: RoomId,
    reply_to: Option<&str>,
    headers: &HeaderMap,
    form: &mut Form,
    come: &Come,
) -> Result<(bool, Response)> {
    if form.next_file().await?.is_some() {
        return Err(two_files());
    }
    let key = sent::key(form.text("client_message_id"), headers)?;
    let given = form.text("reply_to");
    if reply_to.is_some() && given.is_some() && given != reply_to {
        let detail = "is another message than the path's; leave it out";
        return Err(Problem::invalid("/reply_to", detail));
    }
    let asked = Asked {
        message_type: form.text("message_type"),
        content: form.text("content").unwrap_or_default(),
        reply_to: reply_to.or(given),
        attachment: None,
        metadata: form.text("metadata").map(metadata).transpose()?,
        key,
    };
    let longest = state.chat.rules().message_length;
    let file = Some(come.received.file);
    let draft = Draft::with_file(ctx.caller.is_service(), asked, file, longest)?;
    if let Some(refusal) = &come.refusal
        && !state.chat.is_repeat(ctx, room, &draft).await?
    {
        return Err(refusal.clone());
    }
    let answer = state.chat.send(ctx, room, draft).await?;
    Ok((answer.is_new, sent::sent(answer)))
}

fn metadata(text: &str) -> Result<Map<String, Value>> {
    match json::parse(text.as_bytes()) {
        Ok(Value::Object(metadata)) => Ok(metadata),
        _ => Err(Problem::invalid("/metadata", "must be a JSON object")),
    }
}
