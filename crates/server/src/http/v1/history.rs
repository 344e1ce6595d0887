//! `/api/chat/messages/{message}/history/`: for admins.

use axum::extract::State;
use orderchat_domain::project::RevisionView;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{PageQuery, Result};
use super::window::{Step, cut};
use crate::chat::history::Page as Part;
use crate::http::AppState;
use crate::http::caller::Authenticated;
use crate::http::page::{Here, Page};
use crate::http::path::PathOf;
use crate::http::query::QueryOf;
use crate::http::reply::Json;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read))
}

/// What a cursor of a history holds.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    revisions: Step<u64>,
}

/// Read the history of a message
///
/// As it was sent, each edit, and its deletion with the reason, oldest first: admins only. Reading
/// it in a room one is not in is recorded as any reading.
#[utoipa::path(get, path = "/messages/{message}/history/", tag = "Messages",
    params(("message" = String, Path), PageQuery),
    responses((status = 200, body = Page<RevisionView>)))]
async fn read(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    here: Here,
    PathOf(message): PathOf<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<RevisionView>>> {
    let step = query.place::<Place>(&here)?.map(|place| place.revisions);
    let part = match step {
        None => Part::After(0),
        Some(Step { from, back: true }) => Part::Before(from),
        Some(Step { from, back: false }) => Part::After(from),
    };
    let limit = query.limit.get();
    let found = state.chat.history(&ctx, &message, part, limit).await?;
    let keyed = found.into_iter().map(|one| {
        let version = one.version;
        (one, version)
    });
    let page = cut(keyed.collect(), limit, step);
    let link = |revisions| -> Result<String> { here.page(&Place { revisions }) };
    Ok(Json(Page {
        next: page.next.map(link).transpose()?,
        previous: page.previous.map(link).transpose()?,
        results: page.results,
    }))
}
