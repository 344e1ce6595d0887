//! `/api/users/`: what the shop says of its users.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{Nothing, Result};
use super::rooms::created;
use crate::chat::users::{Profile, UserReport};
use crate::http::AppState;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::caller::Writing;
use crate::http::path::PathOf;
use crate::http::reply::Json;
use crate::limits::quota;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(put))
        .routes(routes!(revoke))
}

/// One pharmacy or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum Pharmacies {
    One(String),
    Several(Vec<String>),
}

/// A user as the shop knows them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Mei Tanaka", "role": "pharmacy", "pharmacy": "ph-marigold"}))]
struct NewUser {
    name: String,
    /// customer, rider, pharmacy, support or admin
    role: String,
    email: Option<String>,
    pharmacy: Option<Pharmacies>,
    language: Option<String>,
}

/// A user as known here.
#[derive(Debug, Serialize, ToSchema)]
struct UserView {
    id: String,
    name: Option<String>,
    role: Option<&'static str>,
    email: Option<String>,
    pharmacy: Option<Vec<String>>,
    language: Option<String>,
}

impl From<Profile> for UserView {
    fn from(profile: Profile) -> Self {
        let user = profile.user;
        let role = user.role.filter(|_| !user.is_unknown());
        Self {
            id: user.person.user.as_str().to_owned(),
            name: user.person.name,
            role: role.map(orderchat_domain::Role::as_str),
            email: user.person.email,
            pharmacy: user
                .pharmacy
                .and_then(|list| serde_json::from_str(&list).ok()),
            language: user.language,
        }
    }
}

/// Tell about a user
///
/// The service alone. Another role than before also revokes the user's tokens.
#[utoipa::path(put, path = "/users/{user}/", tag = "Users", params(("user" = String, Path)),
    request_body = NewUser,
    responses((status = 201, body = UserView), (status = 200, body = UserView)))]
async fn put(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(user): PathOf<String>,
    JsonBody(body): JsonBody<NewUser>,
) -> Result<Response> {
    // The service has no limit here; who is none is refused, so often and no more.
    quota::changes(&state.limits, &ctx.caller)?;
    let pharmacies = body.pharmacy.map(|given| match given {
        Pharmacies::One(id) => vec![id],
        Pharmacies::Several(ids) => ids,
    });
    let (email, language) = (body.email.as_deref(), body.language.as_deref());
    let report = UserReport::parse(&body.name, &body.role, email, pharmacies, language)?;
    let profile = state.chat.put_user(&ctx, &user, report).await?;
    Ok(created(profile.is_new, UserView::from(profile)))
}

/// Revoke a user's tokens
///
/// The service alone. Every token issued up to now dies, also of a user who has not come yet: their
/// `role` is null in the answer.
#[utoipa::path(post, path = "/users/{user}/revoke/", tag = "Users", params(("user" = String, Path)),
    request_body = Option<Nothing>, responses((status = 200, body = UserView)))]
async fn revoke(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(user): PathOf<String>,
    OptionalJsonBody(Nothing {}): OptionalJsonBody<Nothing>,
) -> Result<Json<UserView>> {
    quota::changes(&state.limits, &ctx.caller)?;
    let profile = state.chat.revoke_user(&ctx, &user).await?;
    Ok(Json(UserView::from(profile)))
}
