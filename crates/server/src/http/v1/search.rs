//! `/api/chat/search/`: messages by what they say.

use axum::extract::State;
use orderchat_domain::message::MessageType;
use orderchat_domain::project::MessageView;
use orderchat_domain::search::Query;
use orderchat_domain::{Millis, ParticipantId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::Result;
use crate::chat::search::{By, Place, Position, Search};
use crate::http::AppState;
use crate::http::caller::Searching;
use crate::http::page::{Here, Page};
use crate::http::query::{Limit, QueryOf};
use crate::http::reply::Json;
use crate::http::seal::Seal;
use crate::problem::Problem;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What is searched for, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// 1 to 200 characters, taken literally: a part of a message in any script, or the beginning of
    /// an order's number or a room's code
    #[param(min_length = 1, max_length = 200)]
    q: String,
    /// A room's id or code
    room: Option<String>,
    /// `text`, `image`, `file`, `system`, `order_update` or `delivery_update`
    r#type: Option<String>,
    /// A participant's id; for staff also a user's id, for others their own
    sender: Option<String>,
    /// Sent at or after this time (RFC 3339)
    #[param(format = DateTime)]
    from: Option<String>,
    /// Sent before this time (RFC 3339)
    #[param(format = DateTime)]
    to: Option<String>,
    /// `file`: only messages with one
    has: Option<String>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// From `next`
    cursor: Option<String>,
}

/// What the cursors of this list are sealed for.
const LIST: &str = "search";

/// What a cursor of this list holds: a place in the log of all rooms, which is nobody's to know, and
/// how much was looked at.
#[derive(Debug, Serialize, Deserialize)]
struct After {
    found: (i64, i64),
    seen: u32,
}

impl SearchQuery {
    fn after(&self, here: &Here, seal: &Seal) -> Result<Option<Place>> {
        let cursor = here.own(self.cursor.as_deref())?;
        let open = |cursor| seal.decode::<After>(LIST, cursor);
        let after = cursor.map(open).transpose()?;
        Ok(after.map(|after| Place {
            before: Position {
                tx: after.found.0,
                g: after.found.1,
            },
            seen: after.seen,
        }))
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

    fn sender(&self) -> Result<Option<By>> {
        let parse = |text: &str| -> Result<By> {
            Ok(match ParticipantId::parse(text) {
                Some(id) => By::Participant(id),
                None => By::User(UserId::parse("sender", text)?),
            })
        };
        self.sender.as_deref().map(parse).transpose()
    }

    fn has_file(&self) -> Result<bool> {
        match self.has.as_deref() {
            None => Ok(false),
            Some("file") => Ok(true),
            Some(_) => Err(Problem::invalid("has", "is unknown; give file")),
        }
    }
}

/// A time in milliseconds since 1970.
fn time(name: &str, text: Option<&str>, otherwise: i64) -> Result<i64> {
    let parse = |text| {
        let detail = "is no time of RFC 3339, such as 2026-11-22T20:22:52Z";
        Millis::parse(text).ok_or_else(|| Problem::invalid(name, detail))
    };
    Ok(text.map(parse).transpose()?.map_or(otherwise, |at| at.0))
}

/// Search in messages
///
/// Finds the caller's messages whose text has the query in it, whatever the script, the case or the
/// accents, and all those of an order whose number, or a room whose code, begins with it. Newest
/// first; an edited message stands where it was edited. One or two characters search the newest
/// 5,000 messages of the caller's rooms, and name an order by its whole number. A page may
/// be short, or empty, and still have a `next`: follow it to the end. Pages go forward only:
/// `previous` is null.
#[utoipa::path(get, path = "/search/", tag = "Messages", params(SearchQuery),
    responses((status = 200, body = Page<MessageView>)))]
async fn search(
    State(state): State<AppState>,
    Searching(ctx): Searching,
    here: Here,
    QueryOf(query): QueryOf<SearchQuery>,
) -> Result<Json<Page<MessageView>>> {
    let from = time("from", query.from.as_deref(), i64::MIN)?;
    let to = time("to", query.to.as_deref(), i64::MAX)?;
    let mut search = Search {
        query: Query::parse(&query.q)?,
        room: None,
        message_type: query.message_type()?,
        sender: query.sender()?,
        sent: from..to,
        has_file: query.has_file()?,
        after: query.after(&here, &state.seal)?,
        limit: query.limit.get(),
    };
    if let Some(name) = &query.room {
        search.room = Some(state.chat.room_id(name).await?);
    }
    let page = state.chat.search(&ctx, search).await?;
    let link = |next: Place| -> Result<String> {
        let after = After {
            found: (next.before.tx, next.before.g),
            seen: next.seen,
        };
        Ok(here.page_at(&state.seal.encode(LIST, &after)?))
    };
    Ok(Json(Page {
        results: page.messages,
        next: page.next.map(link).transpose()?,
        previous: None,
    }))
}
