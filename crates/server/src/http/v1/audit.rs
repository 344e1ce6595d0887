//! `/api/audit/`: what no room shows, for admins.

use axum::extract::State;
use orderchat_domain::id::RoomName;
use orderchat_domain::{Millis, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::fields::Result;
use super::window::Step;
use crate::chat::audit::{AuditPage, AuditQuery, Cursor, Listed};
use crate::http::AppState;
use crate::http::caller::Authenticated;
use crate::http::page::{Here, Page};
use crate::http::query::{Limit, QueryOf};
use crate::http::reply::Json;
use crate::problem::Problem;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which entries. All that is given must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The id of the person who did it, or of the service
    actor: Option<String>,
    /// What was done, as in `action`
    action: Option<String>,
    /// The id or the code of a room
    room: Option<String>,
    /// RFC 3339: not before
    from: Option<String>,
    /// RFC 3339: before
    to: Option<String>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// From `next` or `previous`
    cursor: Option<String>,
}

/// The time and the number of an entry.
type Key = (i64, i64);

/// What a cursor of this list holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    audit: Step<Key>,
}

/// An entry of the audit.
#[derive(Debug, Serialize, ToSchema)]
struct AuditView {
    /// Its number; they grow, with gaps
    #[schema(example = 17)]
    id: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Millis,
    /// The user's id in the shop; null for the server itself
    #[schema(required = true)]
    actor: Option<String>,
    /// In which role they did it; empty for the server
    actor_role: String,
    /// `room.read`, `room.deleted`, `participant.blocked`, `user.revoked`, `message.reported`,
    /// `database.restored`, `attempt.forbidden`, `attempt.probing`, `attempt.revoked_token`, …
    #[schema(example = "room.read")]
    action: String,
    /// The room's id
    #[schema(required = true)]
    room: Option<Uuid>,
    /// To what it was done: an id, or the route of an attempt
    #[schema(required = true)]
    target: Option<String>,
    /// The reason that was given; empty for none
    detail: String,
    /// The `X-Request-Id` of the answer
    #[schema(required = true)]
    request_id: Option<String>,
    #[schema(required = true)]
    ip: Option<String>,
    #[schema(required = true)]
    user_agent: Option<String>,
}

impl From<Listed> for AuditView {
    fn from(entry: Listed) -> Self {
        Self {
            id: entry.number,
            at: entry.at,
            actor: entry.actor.map(|user| user.as_str().to_owned()),
            actor_role: entry.actor_role,
            action: entry.action,
            room: entry.room.map(|room| room.0),
            target: entry.target,
            detail: entry.detail,
            request_id: entry.request_id,
            ip: entry.ip,
            user_agent: entry.user_agent,
        }
    }
}

impl ListQuery {
    fn parse(&self, here: &Here) -> Result<(AuditQuery, Option<Step<Key>>)> {
        let place = here.place::<Place>(self.cursor.as_deref())?;
        let step = place.map(|place| place.audit);
        let not_a_room = |_| Problem::invalid("room", "is neither the id nor the code of a room");
        let query = AuditQuery {
            actor: self
                .actor
                .as_deref()
                .map(|id| UserId::parse("actor", id))
                .transpose()?,
            action: self.action.clone(),
            room: self
                .room
                .as_deref()
                .map(|name| RoomName::parse(name).map_err(not_a_room))
                .transpose()?,
            from: time("from", self.from.as_deref())?,
            to: time("to", self.to.as_deref())?,
            after: step.map(|step| Cursor {
                at: step.from.0,
                number: step.from.1,
            }),
            back: step.is_some_and(|step| step.back),
            limit: self.limit.get(),
        };
        Ok((query, step))
    }
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Millis>> {
    let parse = |text| {
        Millis::parse(text).ok_or_else(|| {
            Problem::invalid(name, "is no RFC 3339 time, such as 2026-11-22T20:00:00Z")
        })
    };
    text.map(parse).transpose()
}

/// The steps to the newer and to the older entries.
type Steps = (Option<Step<Key>>, Option<Step<Key>>);

/// A page may be short of its limit, or empty, and go on all the same: what is rare is looked for
/// in many entries.
fn steps(page: &AuditPage, step: Option<Step<Key>>) -> Steps {
    let key = |place: Cursor| (place.at, place.number);
    let to = |from, back| Step { from, back };
    let onward = page.onward.map(key);
    let (first, last) = (page.entries.first(), page.entries.last());
    match step {
        Some(step) if step.back => {
            let older = last.map_or((step.from.0, step.from.1.saturating_add(1)), |entry| {
                key(entry.place())
            });
            (onward.map(|from| to(from, true)), Some(to(older, false)))
        }
        Some(step) => {
            let newer = first.map_or((step.from.0, step.from.1.saturating_sub(1)), |entry| {
                key(entry.place())
            });
            (Some(to(newer, true)), onward.map(|from| to(from, false)))
        }
        None => (None, onward.map(|from| to(from, false))),
    }
}

/// List the audit
///
/// Admins alone. What no room shows: who read a room that they are not in, blocked, deleted, revoked,
/// reported, or tried what they may not; newest first. A page may hold fewer than `limit` and still
/// have a `next`.
#[utoipa::path(get, path = "/audit/", tag = "Audit", params(ListQuery),
    responses((status = 200, body = Page<AuditView>)))]
async fn list(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    here: Here,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<Page<AuditView>>> {
    let (wanted, step) = query.parse(&here)?;
    let page = state.chat.audit(&ctx, wanted).await?;
    let (previous, next) = steps(&page, step);
    let link = |audit| -> Result<String> { here.page(&Place { audit }) };
    Ok(Json(Page {
        next: next.map(link).transpose()?,
        previous: previous.map(link).transpose()?,
        results: page.entries.into_iter().map(AuditView::from).collect(),
    }))
}
