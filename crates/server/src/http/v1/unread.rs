//! `/api/chat/messages/unread/` and `/read-all/`: over all rooms.

use axum::extract::State;
use orderchat_domain::project::MessageView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{Nothing, PageQuery, Result};
use crate::chat::unread::Position;
use crate::http::AppState;
use crate::http::body::OptionalJsonBody;
use crate::http::caller::{Acknowledging, Authenticated};
use crate::http::page::{Here, Page};
use crate::http::query::QueryOf;
use crate::http::reply::Json;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read_all))
}

/// What a cursor of this list holds: after this seq of this room.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    unread: (i64, u64),
}

/// List what one has not read
///
/// The messages that count as unread, of all rooms that the caller is in: room by room, the oldest
/// room first, in each in their order. How many there are in all says `/me/`. A page may hold fewer
/// than `limit` and still go on: follow `next`. There is no way back: what was read is gone from it.
#[utoipa::path(get, path = "/messages/unread/", tag = "Messages", params(PageQuery),
    responses((status = 200, body = Page<MessageView>)))]
async fn list(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    here: Here,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<MessageView>>> {
    let after = query
        .place::<Place>(&here)?
        .map(|Place { unread }| Position {
            room: unread.0,
            seq: unread.1,
        });
    let page = state.chat.unread(&ctx, after, query.limit.get()).await?;
    let link = |rest: Position| -> Result<String> {
        let unread = (rest.room, rest.seq);
        here.page(&Place { unread })
    };
    Ok(Json(Page {
        next: page.rest.map(link).transpose()?,
        previous: None,
        results: page.messages,
    }))
}

/// What was marked as read, and what is left.
#[derive(Debug, Serialize, ToSchema)]
struct ReadAllView {
    /// Rooms that had unread messages
    rooms_read: u64,
    /// Messages that were unread in them
    messages_read: u64,
    /// Unread messages in all rooms now
    unread_count: u64,
    /// Rooms with unread messages now
    unread_rooms: u64,
}

/// Mark everything as read
///
/// In every room that the caller is in. Repeating it is safe, and takes in what came since.
#[utoipa::path(post, path = "/messages/read-all/", tag = "Messages",
    request_body = Option<Nothing>, responses((status = 200, body = ReadAllView)))]
async fn read_all(
    State(state): State<AppState>,
    Acknowledging(ctx): Acknowledging,
    OptionalJsonBody(Nothing {}): OptionalJsonBody<Nothing>,
) -> Result<Json<ReadAllView>> {
    let done = state.chat.read_all(&ctx).await?;
    let me = state.chat.me(&ctx).await?;
    Ok(Json(ReadAllView {
        rooms_read: done.rooms,
        messages_read: done.messages,
        unread_count: me.unread_messages,
        unread_rooms: me.unread_rooms,
    }))
}
