//! `/api/chat/me/`: the caller.

use axum::extract::State;
use orderchat_domain::preferences;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::Result;
use crate::chat::Context;
use crate::chat::users::{Me, MyChange};
use crate::http::AppState;
use crate::http::body::JsonBody;
use crate::http::caller::{Authenticated, Writing};
use crate::http::reply::Json;
use crate::limits::quota;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read, patch))
}

/// The caller's profile and unread totals.
#[derive(Debug, Serialize, ToSchema)]
struct MeView {
    /// The caller's id in the shop
    id: String,
    name: Option<String>,
    email: Option<String>,
    /// The token's role
    role: &'static str,
    role_display: &'static str,
    /// The pharmacies of the token
    pharmacy: Vec<String>,
    language: Option<String>,
    /// The only room that the token is good for
    room: Option<String>,
    /// Unread messages in all rooms
    unread_count: u64,
    /// Rooms with unread messages
    unread_rooms: u64,
    /// What a room's own preferences start from
    #[schema(value_type = Object)]
    notification_preferences: Map<String, Value>,
}

fn view(ctx: &Context, me: Me) -> Json<MeView> {
    let role = ctx.caller.role;
    Json(MeView {
        id: ctx.caller.user.as_str().to_owned(),
        name: me.user.person.name,
        email: me.user.person.email,
        role: role.as_str(),
        role_display: role
            .person()
            .map_or("Service", orderchat_domain::Role::display),
        pharmacy: ctx
            .caller
            .pharmacies
            .iter()
            .map(|id| id.as_str().to_owned())
            .collect(),
        language: me.user.language,
        room: ctx.caller.room.clone(),
        unread_count: me.unread_messages,
        unread_rooms: me.unread_rooms,
        notification_preferences: preferences::shown(&me.user.preferences),
    })
}

/// Read one's own profile
#[utoipa::path(get, path = "/me/", tag = "Me", responses((status = 200, body = MeView)))]
async fn read(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
) -> Result<Json<MeView>> {
    let me = state.chat.me(&ctx).await?;
    Ok(view(&ctx, me))
}

/// What is changed about oneself; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"language": "de", "notification_preferences": {"sound": false}}))]
struct MyPatch {
    /// A language tag like de or en-GB
    language: Option<String>,
    /// Keys given replace, null removes
    #[schema(value_type = Option<Object>)]
    notification_preferences: Option<Map<String, Value>>,
}

/// Change one's own profile
#[utoipa::path(patch, path = "/me/", tag = "Me", request_body = MyPatch,
    responses((status = 200, body = MeView)))]
async fn patch(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    JsonBody(body): JsonBody<MyPatch>,
) -> Result<Json<MeView>> {
    quota::changes(&state.limits, &ctx.caller)?;
    let change = MyChange {
        language: body.language,
        preferences: body.notification_preferences,
    };
    let me = state.chat.change_me(&ctx, change).await?;
    Ok(view(&ctx, me))
}
