//! `/api/chat/messages/{message}/thread/`: what a message answers, and what answers it.

use axum::extract::State;
use orderchat_domain::project::MessageView;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{PageQuery, Result};
use super::window::Step;
use crate::chat::threads::Part;
use crate::http::AppState;
use crate::http::caller::Authenticated;
use crate::http::page::{Here, Page};
use crate::http::path::PathOf;
use crate::http::query::QueryOf;
use crate::http::reply::Json;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read))
}

/// What a cursor of a thread holds.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    thread: Step<u64>,
}

/// Read the thread of a message
///
/// The chain of messages above it, the message itself, and all replies below it, direct or not, in
/// the order of the room. The first page holds what is nearest; `previous` goes up the chain,
/// `next` further down. A page may hold fewer than `limit` and still go on: follow the paths.
#[utoipa::path(get, path = "/messages/{message}/thread/", tag = "Messages",
    params(("message" = String, Path), PageQuery),
    responses((status = 200, body = Page<MessageView>)))]
async fn read(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    here: Here,
    PathOf(message): PathOf<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<MessageView>>> {
    let part = match query.place::<Place>(&here)?.map(|place| place.thread) {
        None => Part::Around,
        Some(Step { from, back: true }) => Part::Before(from),
        Some(Step { from, back: false }) => Part::After(from),
    };
    let page = state
        .chat
        .thread(&ctx, &message, part, query.limit.get())
        .await?;
    let link = |from, back| -> Result<String> {
        let thread = Step { from, back };
        here.page(&Place { thread })
    };
    Ok(Json(Page {
        next: page.after.map(|from| link(from, false)).transpose()?,
        previous: page.before.map(|from| link(from, true)).transpose()?,
        results: page.messages,
    }))
}
