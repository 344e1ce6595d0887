//! `/api/chat/rooms/{room}/…`: close, reopen, archive, join, leave, read; the room log.

use axum::extract::State;
use orderchat_domain::project::{EventView, RoomView};
use orderchat_domain::room::Transition;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{Reason, Result};
use crate::http::AppState;
use crate::http::body::OptionalJsonBody;
use crate::http::caller::{Acknowledging, Authenticated, Writing};
use crate::http::page::{Here, Page};
use crate::http::path::PathOf;
use crate::http::query::{Limit, QueryOf};
use crate::http::reply::Json;
use crate::limits::quota;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(close))
        .routes(routes!(reopen))
        .routes(routes!(archive))
        .routes(routes!(join))
        .routes(routes!(leave))
        .routes(routes!(mark_read))
        .routes(routes!(events))
        .routes(routes!(quick_replies))
}

async fn change_state(
    state: &AppState,
    Writing(ctx): Writing,
    room: &str,
    transition: Transition,
    body: &Reason,
) -> Result<Json<RoomView>> {
    quota::changes(&state.limits, &ctx.caller)?;
    let room = state.chat.room_id(room).await?;
    let view = state
        .chat
        .change_state(&ctx, room, transition, body.reason.as_deref())
        .await?;
    Ok(Json(view))
}

/// Close a room
///
/// It takes receipts, messages of the system and reading until it is reopened.
#[utoipa::path(post, path = "/rooms/{room}/close/", tag = "Rooms", params(("room" = String, Path)),
    request_body = Option<Reason>, responses((status = 200, body = RoomView)))]
async fn close(
    State(state): State<AppState>,
    caller: Writing,
    PathOf(room): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<Json<RoomView>> {
    change_state(&state, caller, &room, Transition::Close, &body).await
}

/// Reopen a closed room
#[utoipa::path(post, path = "/rooms/{room}/reopen/", tag = "Rooms", params(("room" = String, Path)),
    request_body = Option<Reason>, responses((status = 200, body = RoomView)))]
async fn reopen(
    State(state): State<AppState>,
    caller: Writing,
    PathOf(room): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<Json<RoomView>> {
    change_state(&state, caller, &room, Transition::Reopen, &body).await
}

/// Archive a room
///
/// For good: it can only be read from then on.
#[utoipa::path(post, path = "/rooms/{room}/archive/", tag = "Rooms", params(("room" = String, Path)),
    request_body = Option<Reason>, responses((status = 200, body = RoomView)))]
async fn archive(
    State(state): State<AppState>,
    caller: Writing,
    PathOf(room): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<Json<RoomView>> {
    change_state(&state, caller, &room, Transition::Archive, &body).await
}

/// Join a room
///
/// A public one, one that staff reach, one that the caller left. A reason is taken as by the other
/// actions; that somebody joined is told without one.
#[utoipa::path(post, path = "/rooms/{room}/join/", tag = "Rooms", params(("room" = String, Path)),
    request_body = Option<Reason>, responses((status = 200, body = RoomView)))]
async fn join(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(room): PathOf<String>,
    OptionalJsonBody(_why): OptionalJsonBody<Reason>,
) -> Result<Json<RoomView>> {
    quota::changes(&state.limits, &ctx.caller)?;
    let room = state.chat.room_id(&room).await?;
    Ok(Json(state.chat.join_room(&ctx, room).await?))
}

/// Leave a room
///
/// Answers with the room as it is left; `/join/` brings the caller back.
#[utoipa::path(post, path = "/rooms/{room}/leave/", tag = "Rooms", params(("room" = String, Path)),
    request_body = Option<Reason>, responses((status = 200, body = RoomView)))]
async fn leave(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(room): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<Json<RoomView>> {
    quota::changes(&state.limits, &ctx.caller)?;
    let room = state.chat.room_id(&room).await?;
    Ok(Json(
        state
            .chat
            .leave_room(&ctx, room, body.reason.as_deref())
            .await?,
    ))
}

/// Mark a room as read
///
/// A reason is taken as by the other actions of a room, and told to nobody.
#[utoipa::path(post, path = "/rooms/{room}/read/", tag = "Messages", params(("room" = String, Path)),
    request_body = Option<Reason>, responses((status = 200, body = RoomView)))]
async fn mark_read(
    State(state): State<AppState>,
    Acknowledging(ctx): Acknowledging,
    PathOf(room): PathOf<String>,
    OptionalJsonBody(_why): OptionalJsonBody<Reason>,
) -> Result<Json<RoomView>> {
    let room = state.chat.room_id(&room).await?;
    Ok(Json(state.chat.read_room(&ctx, room).await?))
}

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// The last seq that the client has; 0 for all
    #[serde(default)]
    after: u64,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
}

/// Read the room log
///
/// For clients that sync by polling: every seq from where the caller sees on, ascending, each with
/// the thing as it is now. `next` is null when there is nothing newer yet.
#[utoipa::path(get, path = "/rooms/{room}/events/", tag = "Rooms",
    params(("room" = String, Path), EventsQuery),
    responses((status = 200, body = Page<EventView>)))]
async fn events(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    here: Here,
    PathOf(room): PathOf<String>,
    QueryOf(query): QueryOf<EventsQuery>,
) -> Result<Json<Page<EventView>>> {
    let room = state.chat.room_id(&room).await?;
    let page = state
        .chat
        .events(&ctx, room, query.after, query.limit.get())
        .await?;
    let last = page.events.last().map(|event| event.seq);
    let next = last
        .filter(|_| page.has_newer)
        .map(|seq| here.with("after", &seq.to_string(), &[]));
    Ok(Json(Page {
        results: page.events,
        next,
        previous: None,
    }))
}

/// List quick replies
///
/// Sentences that one click sends: for the caller's role in the room and the order's status, in the
/// room's language. All of them are on the first page.
#[utoipa::path(get, path = "/rooms/{room}/quick-replies/", tag = "Rooms",
    params(("room" = String, Path)), responses((status = 200, body = Page<String>,
        example = json!({"results": ["I am at the door.", "I am running late."], "next": null, "previous": null}))))]
async fn quick_replies(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(room): PathOf<String>,
) -> Result<Json<Page<String>>> {
    let room = state.chat.room_id(&room).await?;
    Ok(Json(Page {
        results: state.chat.quick_replies(&ctx, room).await?,
        next: None,
        previous: None,
    }))
}
