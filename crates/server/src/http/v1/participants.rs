//! `/api/chat/…/participants/`: who is in a room.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use orderchat_domain::project::ParticipantView;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{Reason, Result};
use super::rooms::{NewParticipant, created};
use super::window::{Step, cut};
use crate::chat::moderation::Moderation;
use crate::chat::participants::{Page as Part, ParticipantChange};
use crate::chat::users::parse_role;
use crate::http::AppState;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::caller::{Authenticated, Writing};
use crate::http::page::{Here, Page};
use crate::http::path::PathOf;
use crate::http::query::{Limit, QueryOf};
use crate::http::reply::Json;
use crate::limits::quota;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(read, put, patch, remove))
        .routes(routes!(mute))
        .routes(routes!(unmute))
        .routes(routes!(block))
        .routes(routes!(unblock))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// With those who left, were removed or blocked (staff only); default false
    #[serde(default)]
    ended: bool,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// From `next` or `previous`
    cursor: Option<String>,
}

/// What a cursor of this list holds.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    participants: Step<i64>,
}

/// List the participants of a room
///
/// In the order in which they first came.
#[utoipa::path(get, path = "/rooms/{room}/participants/", tag = "Participants",
    params(("room" = String, Path), ListQuery),
    responses((status = 200, body = Page<ParticipantView>)))]
async fn list(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    here: Here,
    PathOf(room): PathOf<String>,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<Page<ParticipantView>>> {
    let place = here.place::<Place>(query.cursor.as_deref())?;
    let step = place.map(|place| place.participants);
    let part = match step {
        Some(Step { from, back: true }) => Part::Before(from),
        Some(Step { from, back: false }) => Part::After(from),
        None => Part::After(0),
    };
    let room = state.chat.room_id(&room).await?;
    let limit = query.limit.get();
    let mut listed = state
        .chat
        .participants(&ctx, room, part, query.ended, limit)
        .await?;
    if matches!(part, Part::Before(_)) {
        listed.reverse();
    }
    let page = cut(
        listed.into_iter().map(|one| (one.view, one.key)).collect(),
        limit,
        step,
    );
    let link = |participants| -> Result<String> { here.page(&Place { participants }) };
    Ok(Json(Page {
        next: page.next.map(link).transpose()?,
        previous: page.previous.map(link).transpose()?,
        results: page.results,
    }))
}

/// Bring somebody into a room
///
/// A user known here. Who is in it already: 200, unchanged. Who ended comes back with the same id.
#[utoipa::path(post, path = "/rooms/{room}/participants/", tag = "Participants",
    params(("room" = String, Path)), request_body = NewParticipant,
    responses((status = 201, body = ParticipantView), (status = 200, body = ParticipantView)))]
async fn add(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(room): PathOf<String>,
    JsonBody(body): JsonBody<NewParticipant>,
) -> Result<Response> {
    quota::changes(&state.limits, &ctx.caller)?;
    let room = state.chat.room_id(&room).await?;
    let (view, is_new) = state
        .chat
        .add_participant(&ctx, room, body.parse("")?)
        .await?;
    Ok(created(is_new, view))
}

/// Read a participant
#[utoipa::path(get, path = "/participants/{participant}/", tag = "Participants",
    params(("participant" = String, Path)), responses((status = 200, body = ParticipantView)))]
async fn read(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(participant): PathOf<String>,
) -> Result<Json<ParticipantView>> {
    Ok(Json(state.chat.participant(&ctx, &participant).await?))
}

/// What is changed about a participant; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"notification_preferences": {"sound": false}}))]
struct ParticipantPatch {
    /// Staff change it: the user's own role or a lower one
    role: Option<String>,
    /// Only the participant changes their own: keys given replace, null removes
    #[schema(value_type = Option<Object>)]
    notification_preferences: Option<Map<String, Value>>,
}

/// Change a participant
#[utoipa::path(put, path = "/participants/{participant}/", tag = "Participants",
    params(("participant" = String, Path)), request_body = ParticipantPatch,
    responses((status = 200, body = ParticipantView)))]
async fn put(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(participant): PathOf<String>,
    JsonBody(body): JsonBody<ParticipantPatch>,
) -> Result<Json<ParticipantView>> {
    quota::changes(&state.limits, &ctx.caller)?;
    let change = ParticipantChange {
        role: body
            .role
            .as_deref()
            .map(|role| parse_role("/role", role))
            .transpose()?,
        preferences: body.notification_preferences,
    };
    Ok(Json(
        state
            .chat
            .change_participant(&ctx, &participant, change)
            .await?,
    ))
}

/// Change a participant
///
/// The same as `PUT`.
#[utoipa::path(patch, path = "/participants/{participant}/", tag = "Participants",
    params(("participant" = String, Path)), request_body = ParticipantPatch,
    responses((status = 200, body = ParticipantView)))]
async fn patch(
    state: State<AppState>,
    caller: Writing,
    participant: PathOf<String>,
    body: JsonBody<ParticipantPatch>,
) -> Result<Json<ParticipantView>> {
    put(state, caller, participant, body).await
}

/// Remove a participant
///
/// They cannot come back by themselves; staff may add them again.
#[utoipa::path(delete, path = "/participants/{participant}/", tag = "Participants",
    params(("participant" = String, Path)), request_body = Option<Reason>,
    responses((status = 204)))]
async fn remove(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(participant): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<StatusCode> {
    quota::changes(&state.limits, &ctx.caller)?;
    state
        .chat
        .remove_participant(&ctx, &participant, body.reason.as_deref())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why and for how long somebody is muted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "insults", "duration": 3600}))]
struct MuteRequest {
    #[serde(default)]
    reason: Option<String>,
    /// Whole seconds, 1 to 31,536,000; until lifted if not given
    #[serde(default)]
    duration: Option<i64>,
}

async fn moderate(
    state: &AppState,
    Writing(ctx): Writing,
    participant: &str,
    what: Moderation,
    reason: Option<&str>,
) -> Result<Json<ParticipantView>> {
    quota::changes(&state.limits, &ctx.caller)?;
    Ok(Json(
        state.chat.moderate(&ctx, participant, what, reason).await?,
    ))
}

/// Mute a participant
///
/// They read on, but may not write.
#[utoipa::path(post, path = "/participants/{participant}/mute/", tag = "Participants",
    params(("participant" = String, Path)), request_body = Option<MuteRequest>,
    responses((status = 200, body = ParticipantView)))]
async fn mute(
    State(state): State<AppState>,
    caller: Writing,
    PathOf(participant): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<MuteRequest>,
) -> Result<Json<ParticipantView>> {
    let what = Moderation::mute(body.duration)?;
    moderate(&state, caller, &participant, what, body.reason.as_deref()).await
}

/// Lift a mute
#[utoipa::path(post, path = "/participants/{participant}/unmute/", tag = "Participants",
    params(("participant" = String, Path)), request_body = Option<Reason>,
    responses((status = 200, body = ParticipantView)))]
async fn unmute(
    State(state): State<AppState>,
    caller: Writing,
    PathOf(participant): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<Json<ParticipantView>> {
    moderate(
        &state,
        caller,
        &participant,
        Moderation::Unmute,
        body.reason.as_deref(),
    )
    .await
}

/// Block a participant
///
/// The room does not exist for them any more, on any surface.
#[utoipa::path(post, path = "/participants/{participant}/block/", tag = "Participants",
    params(("participant" = String, Path)), request_body = Option<Reason>,
    responses((status = 200, body = ParticipantView)))]
async fn block(
    State(state): State<AppState>,
    caller: Writing,
    PathOf(participant): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<Json<ParticipantView>> {
    moderate(
        &state,
        caller,
        &participant,
        Moderation::Block,
        body.reason.as_deref(),
    )
    .await
}

/// Lift a block
///
/// They are not in the room again: staff may add them.
#[utoipa::path(post, path = "/participants/{participant}/unblock/", tag = "Participants",
    params(("participant" = String, Path)), request_body = Option<Reason>,
    responses((status = 200, body = ParticipantView)))]
async fn unblock(
    State(state): State<AppState>,
    caller: Writing,
    PathOf(participant): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<Json<ParticipantView>> {
    moderate(
        &state,
        caller,
        &participant,
        Moderation::Unblock,
        body.reason.as_deref(),
    )
    .await
}
