//! `/api/chat/…/messages/`: what is said in a room.

use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use orderchat_domain::RoomId;
use orderchat_domain::message::{Asked, Draft, MessageType};
use orderchat_domain::project::MessageView;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{Nothing, Reason, Result};
use super::send_file::{self, NewFileMessage};
use super::sent::{self, SentMessage};
use crate::chat::Context;
use crate::chat::messages::{Around, MessagePage};
use crate::chat::receipts::Kind;
use crate::http::AppState;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::caller::{Acknowledging, Authenticated, Writing};
use crate::http::form::is_form;
use crate::http::page::{Here, Page};
use crate::http::path::PathOf;
use crate::http::query::{Limit, QueryOf};
use crate::http::reply::Json;
use crate::limits::quota;
use crate::problem::Problem;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, send))
        .routes(routes!(read, put, patch, delete))
        .routes(routes!(mark_read))
        .routes(routes!(mark_delivered))
        .routes(routes!(reply))
}

/// Which messages; at most one of `before`, `after`, `around`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The newest before this seq
    before: Option<u64>,
    /// The oldest after this seq
    after: Option<u64>,
    /// Half of them before this seq, half from it on
    around: Option<u64>,
    /// `text`, `image`, `file`, `system`, `order_update` or `delivery_update`
    r#type: Option<String>,
}

impl ListQuery {
    fn around(&self) -> Result<Around> {
        match (self.before, self.after, self.around) {
            (None, None, None) => Ok(Around::Newest),
            (Some(seq), None, None) => Ok(Around::Before(seq)),
            (None, Some(seq), None) => Ok(Around::After(seq)),
            (None, None, Some(seq)) => Ok(Around::Seq(seq)),
            _ => Err(Problem::invalid(
                "around",
                "give only one of before, after and around",
            )),
        }
    }

    fn message_type(&self) -> Result<Option<MessageType>> {
        let parse = |text: &str| {
            let unknown = || {
                let names = MessageType::ALL.map(MessageType::as_str).join(", ");
                Problem::invalid("type", format!("is unknown; give one of {names}"))
            };
            MessageType::parse(text).ok_or_else(unknown)
        };
        self.r#type.as_deref().map(parse).transpose()
    }
}

/// List the messages of a room
///
/// Always ascending; the newest without `before`, `after` or `around`. `next` is newer, `previous`
/// older.
#[utoipa::path(get, path = "/rooms/{room}/messages/", tag = "Messages",
    params(("room" = String, Path), ListQuery),
    responses((status = 200, body = Page<MessageView>)))]
async fn list(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    here: Here,
    PathOf(room): PathOf<String>,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<Page<MessageView>>> {
    let (around, message_type) = (query.around()?, query.message_type()?);
    let room = state.chat.room_id(&room).await?;
    let page = state
        .chat
        .messages(&ctx, room, around, message_type, query.limit.get())
        .await?;
    Ok(Json(linked(&here, page, around)))
}

/// The parameters that say where a page of messages is.
const PLACES: &[&str] = &["before", "after", "around"];

fn linked(here: &Here, page: MessagePage, around: Around) -> Page<MessageView> {
    let first = page.messages.first().map(|message| message.seq);
    let last = page.messages.last().map(|message| message.seq);
    // An empty page still knows where it stood.
    let (first, last) = match around {
        Around::Before(seq) => (first, last.or(Some(seq.saturating_sub(1)))),
        Around::After(seq) => (first.or(Some(seq.saturating_add(1))), last),
        Around::Newest | Around::Seq(_) => (first, last),
    };
    let newer = last
        .filter(|_| page.has_newer)
        .map(|seq| here.with("after", &seq.to_string(), PLACES));
    let older = first
        .filter(|_| page.has_older)
        .map(|seq| here.with("before", &seq.to_string(), PLACES));
    Page {
        results: page.messages,
        next: newer,
        previous: older,
    }
}

/// A message to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"content": "I am at the door.", "client_message_id": "5f0c1a9e"}))]
struct NewMessage {
    /// 1 to 8,000 characters after trimming; with an attachment it may be left out
    #[serde(default)]
    content: String,
    /// `text`, or `image` or `file` as the attachment is; the service: `system`, `order_update` or `delivery_update`
    message_type: Option<String>,
    /// The id of a message of the same room
    reply_to: Option<String>,
    /// The id of a file uploaded to this room
    attachment: Option<String>,
    /// At most 4 KiB
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// Makes the send repeatable: the same key gives the same message, for ever
    client_message_id: Option<String>,
}

/// Send a message
///
/// With a file as `multipart/form-data`, or with `attachment` for one uploaded before.
/// With `client_message_id` or the header `Idempotency-Key`, repeating it is safe: 200 with the
/// message as it now is. The same key with other content is 422. Staff who are not in the room
/// join it.
#[utoipa::path(post, path = "/rooms/{room}/messages/", tag = "Messages",
    params(("room" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters")),
    request_body(content((NewMessage = "application/json"), (NewFileMessage = "multipart/form-data"))),
    responses((status = 201, body = SentMessage), (status = 200, body = SentMessage)))]
async fn send(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(room): PathOf<String>,
    request: Request,
) -> Result<Response> {
    if is_form(request.headers()) {
        let room = state.chat.room_id(&room).await?;
        return send_file::send(&state, &ctx, room, None, request).await;
    }
    let headers = request.headers().clone();
    let JsonBody(body) = JsonBody::from_request(request, &state).await?;
    let draft = draft(&state, &ctx, &headers, body).await?;
    let room = state.chat.room_id(&room).await?;
    send_draft(&state, &ctx, room, draft).await
}

async fn draft(
    state: &AppState,
    ctx: &Context,
    headers: &HeaderMap,
    body: NewMessage,
) -> Result<Draft> {
    let key = sent::key(body.client_message_id.as_deref(), headers)?;
    let asked = Asked {
        message_type: body.message_type.as_deref(),
        content: &body.content,
        reply_to: body.reply_to.as_deref(),
        attachment: body.attachment.as_deref(),
        metadata: body.metadata,
        key,
    };
    let longest = state.chat.rules().message_length;
    let draft = Draft::parse(ctx.caller.is_service(), asked, longest)?;
    let given = body.message_type.as_deref();
    Ok(state.chat.know_file(ctx, draft, given).await?)
}

async fn send_draft(
    state: &AppState,
    ctx: &Context,
    room: RoomId,
    draft: Draft,
) -> Result<Response> {
    // The retry of an accepted send is not limited; whether it is one is asked only when in doubt.
    if let Err(too_often) = quota::sends(&state.limits, &ctx.caller, room)
        && !state.chat.is_repeat(ctx, room, &draft).await?
    {
        return Err(too_often.into());
    }
    Ok(sent::sent(state.chat.send(ctx, room, draft).await?))
}

/// Read a message
///
/// Its sender and staff also see who has received and read it.
#[utoipa::path(get, path = "/messages/{message}/", tag = "Messages",
    params(("message" = String, Path)), responses((status = 200, body = MessageView)))]
async fn read(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(message): PathOf<String>,
) -> Result<Json<MessageView>> {
    Ok(Json(state.chat.message(&ctx, &message).await?))
}

/// The new text of a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"content": "I am at the back door."}))]
struct Edit {
    content: String,
}

/// Edit a message
///
/// Its sender only, and customers and riders only for 15 minutes. Earlier texts stay, for admins.
#[utoipa::path(put, path = "/messages/{message}/", tag = "Messages",
    params(("message" = String, Path)), request_body = Edit,
    responses((status = 200, body = MessageView)))]
async fn put(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(message): PathOf<String>,
    JsonBody(body): JsonBody<Edit>,
) -> Result<Json<MessageView>> {
    quota::changes(&state.limits, &ctx.caller)?;
    Ok(Json(state.chat.edit(&ctx, &message, &body.content).await?))
}

/// Edit a message
///
/// The same as `PUT`.
#[utoipa::path(patch, path = "/messages/{message}/", tag = "Messages",
    params(("message" = String, Path)), request_body = Edit,
    responses((status = 200, body = MessageView)))]
async fn patch(
    state: State<AppState>,
    caller: Writing,
    message: PathOf<String>,
    body: JsonBody<Edit>,
) -> Result<Json<MessageView>> {
    put(state, caller, message, body).await
}

/// Delete a message
///
/// A tombstone stays for everybody. Support and admins delete anybody's, with a reason.
#[utoipa::path(delete, path = "/messages/{message}/", tag = "Messages",
    params(("message" = String, Path)), request_body = Option<Reason>,
    responses((status = 204)))]
async fn delete(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(message): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<StatusCode> {
    quota::changes(&state.limits, &ctx.caller)?;
    state
        .chat
        .delete(&ctx, &message, body.reason.as_deref())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mark a message as read
///
/// And everything before it.
#[utoipa::path(post, path = "/messages/{message}/read/", tag = "Messages",
    params(("message" = String, Path)), request_body = Option<Nothing>,
    responses((status = 200, body = MessageView)))]
async fn mark_read(
    State(state): State<AppState>,
    Acknowledging(ctx): Acknowledging,
    PathOf(message): PathOf<String>,
    OptionalJsonBody(Nothing {}): OptionalJsonBody<Nothing>,
) -> Result<Json<MessageView>> {
    Ok(Json(
        state.chat.acknowledge(&ctx, &message, Kind::Read).await?,
    ))
}

/// Acknowledge that a message was received
///
/// And everything before it.
#[utoipa::path(post, path = "/messages/{message}/delivered/", tag = "Messages",
    params(("message" = String, Path)), request_body = Option<Nothing>,
    responses((status = 200, body = MessageView)))]
async fn mark_delivered(
    State(state): State<AppState>,
    Acknowledging(ctx): Acknowledging,
    PathOf(message): PathOf<String>,
    OptionalJsonBody(Nothing {}): OptionalJsonBody<Nothing>,
) -> Result<Json<MessageView>> {
    Ok(Json(
        state
            .chat
            .acknowledge(&ctx, &message, Kind::Delivered)
            .await?,
    ))
}

/// Reply to a message
///
/// A send in the message's room, with `reply_to` set.
#[utoipa::path(post, path = "/messages/{message}/reply/", tag = "Messages",
    params(("message" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters")),
    request_body(content((NewMessage = "application/json"), (NewFileMessage = "multipart/form-data"))),
    responses((status = 201, body = SentMessage), (status = 200, body = SentMessage)))]
async fn reply(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(message): PathOf<String>,
    request: Request,
) -> Result<Response> {
    if is_form(request.headers()) {
        let room = room_to_reply_in(&state, &ctx, &message).await?;
        return send_file::send(&state, &ctx, room, Some(message), request).await;
    }
    let headers = request.headers().clone();
    let JsonBody(mut body) = JsonBody::<NewMessage>::from_request(request, &state).await?;
    if body
        .reply_to
        .as_ref()
        .is_some_and(|given| *given != message)
    {
        let detail = "is another message than the path's; leave it out";
        return Err(Problem::invalid("/reply_to", detail));
    }
    let room = room_to_reply_in(&state, &ctx, &message).await?;
    body.reply_to = Some(message);
    let draft = draft(&state, &ctx, &headers, body).await?;
    send_draft(&state, &ctx, room, draft).await
}

async fn room_to_reply_in(state: &AppState, ctx: &Context, message: &str) -> Result<RoomId> {
    match state.chat.room_of_visible(ctx, message).await {
        Ok(room) => Ok(room),
        Err(refused) => {
            // A send counts once its room is known; what finds none counts, too.
            quota::changes(&state.limits, &ctx.caller)?;
            Err(refused.into())
        }
    }
}
