//! `/api/orders/{id}/timeline/` and `/policy/`: what became of an order, and who may do what now.

use axum::extract::State;
use orderchat_domain::Millis;
use orderchat_domain::policy::RightsTable;
use orderchat_domain::project::{ActorView, EventData, ToldView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::Result;
use crate::chat::timeline::{Place, TimelineEntry};
use crate::http::AppState;
use crate::http::caller::Authenticated;
use crate::http::page::{Here, Page};
use crate::http::path::PathOf;
use crate::http::query::{Limit, QueryOf};
use crate::http::reply::Json;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(timeline))
        .routes(routes!(policy))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TimelineQuery {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// From `next`
    cursor: Option<String>,
}

/// What a cursor of this list holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimelineCursor {
    timeline: (u64, i64),
}

/// Something on an order's timeline: what the shop told, or an event of its room.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineView {
    /// `order.reported`, the type of the shop's event, or the kind of the room's event
    kind: String,
    #[schema(value_type = String, format = DateTime)]
    at: Millis,
    /// Of the room's event; null for what the shop told
    #[schema(required = true)]
    seq: Option<u64>,
    #[schema(required = true)]
    actor: Option<ActorView>,
    /// What the shop told; null for the room's events
    #[schema(required = true)]
    told: Option<ToldView>,
    /// What the room's event is about, as it is now; null for what the shop told
    #[schema(required = true)]
    data: Option<EventData>,
}

impl From<TimelineEntry> for TimelineView {
    fn from(entry: TimelineEntry) -> Self {
        match entry {
            TimelineEntry::Told(kind, at, told) => Self {
                kind,
                at,
                seq: None,
                actor: None,
                told: Some(*told),
                data: None,
            },
            TimelineEntry::Event(event) => Self {
                kind: event.kind.to_owned(),
                at: event.at,
                seq: Some(event.seq),
                actor: event.actor,
                told: None,
                data: event.data,
            },
        }
    }
}

/// Read an order's timeline
///
/// What the shop told of the order, messages, who came and went, the room's changes and proof of
/// delivery, oldest first, as far as the caller may know. A page may hold fewer than `limit` and still
/// have a `next`; there is no `previous`.
#[utoipa::path(get, path = "/orders/{order}/timeline/", tag = "Orders",
    params(("order" = String, Path), TimelineQuery),
    responses((status = 200, body = Page<TimelineView>)))]
async fn timeline(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    here: Here,
    PathOf(order): PathOf<String>,
    QueryOf(query): QueryOf<TimelineQuery>,
) -> Result<Json<Page<TimelineView>>> {
    let cursor = here.place::<TimelineCursor>(query.cursor.as_deref())?;
    let after = cursor.map_or(Place::default(), |cursor| Place {
        seq: cursor.timeline.0,
        told: cursor.timeline.1,
    });
    let limit = query.limit.get();
    let page = state.chat.timeline(&ctx, &order, after, limit).await?;
    let link = |place: Place| -> Result<String> {
        let timeline = (place.seq, place.told);
        here.page(&TimelineCursor { timeline })
    };
    Ok(Json(Page {
        results: page.entries.into_iter().map(TimelineView::from).collect(),
        next: page.next.map(link).transpose()?,
        previous: None,
    }))
}

/// Read an order's table of rights
///
/// Staff and the service. Who may read, write and attach now, what the server does with the room next,
/// and what the order policy says of every status.
#[utoipa::path(get, path = "/orders/{order}/policy/", tag = "Orders",
    params(("order" = String, Path)), responses((status = 200, body = RightsTable)))]
async fn policy(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(order): PathOf<String>,
) -> Result<Json<RightsTable>> {
    Ok(Json(state.chat.rights(&ctx, &order).await?))
}
