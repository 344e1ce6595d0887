//! `/api/chat/rooms/`: list, create, read, change, delete.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use orderchat_domain::project::RoomView;
use orderchat_domain::room::{RoomChange, RoomStatus};
use orderchat_domain::{OrderId, Refusal, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{Reason, Result};
use super::window::{Step, cut};
use crate::chat::participants::Invitation;
use crate::chat::rooms::{Cursor, Direction, ListScope, Ordering, RoomDraft, RoomQuery};
use crate::chat::users::parse_role;
use crate::http::AppState;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::caller::{Authenticated, Writing};
use crate::http::page::{Here, Page};
use crate::http::path::PathOf;
use crate::http::query::{Limit, QueryOf};
use crate::http::reply::Json;
use crate::json::given;
use crate::limits::quota;
use crate::problem::Problem;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, put, patch, delete))
}

/// Which rooms, in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `open`, `closed` or `archived`
    status: Option<String>,
    /// Whether outsiders see its card and may join
    is_public: Option<bool>,
    /// The order's id: the list has at most one room then
    order: Option<String>,
    /// The caller's own role in the room
    role: Option<String>,
    /// The beginning of an order number, a code or a word of the title
    search: Option<String>,
    /// `mine` (default), `all` that the caller reaches, or `public` ones to join
    scope: Option<String>,
    /// `last_activity` or `created_at`, with a minus for newest first, with a plus or nothing for oldest
    /// first; default `-last_activity`
    ordering: Option<String>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// From `next` or `previous`
    cursor: Option<String>,
}

/// What a cursor of this list holds.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    rooms: Step<Key>,
}

/// The value that the list is ordered by, and the room's internal key.
type Key = (i64, i64);

const DEFAULT_ORDERING: &str = "-last_activity";

impl ListQuery {
    fn parse(&self, here: &Here) -> Result<(RoomQuery, Option<Step<Key>>)> {
        let (ordering, direction) =
            parse_ordering(self.ordering.as_deref().unwrap_or(DEFAULT_ORDERING))?;
        let place = here.place::<Place>(self.cursor.as_deref())?;
        let step = place.map(|place| place.rooms);
        let back = step.is_some_and(|step| step.back);
        let query = RoomQuery {
            scope: parse_scope(self.scope.as_deref())?,
            status: self.status.as_deref().map(parse_status).transpose()?,
            is_public: self.is_public,
            order: self
                .order
                .as_deref()
                .map(|id| OrderId::parse("order", id))
                .transpose()?,
            role: self
                .role
                .as_deref()
                .map(|role| parse_role("role", role))
                .transpose()?,
            search: self
                .search
                .clone()
                .filter(|search| !search.trim().is_empty()),
            ordering,
            direction: if back {
                direction.reversed()
            } else {
                direction
            },
            after: step.map(|step| Cursor {
                at: step.from.0,
                key: step.from.1,
            }),
            limit: self.limit.get(),
        };
        Ok((query, step))
    }
}

fn parse_ordering(text: &str) -> Result<(Ordering, Direction)> {
    let (name, direction) = match text.strip_prefix('-') {
        Some(name) => (name, Direction::Descending),
        // A plus that is not escaped arrives as a space.
        None => (
            text.strip_prefix(['+', ' ']).unwrap_or(text),
            Direction::Ascending,
        ),
    };
    match name {
        "last_activity" => Ok((Ordering::LastActivity, direction)),
        "created_at" => Ok((Ordering::CreatedAt, direction)),
        _ => {
            let detail =
                "is unknown; give last_activity or created_at, with a minus for newest first";
            Err(Problem::invalid("ordering", detail))
        }
    }
}

fn parse_scope(text: Option<&str>) -> Result<ListScope> {
    match text {
        None | Some("mine") => Ok(ListScope::Mine),
        Some("all") => Ok(ListScope::All),
        Some("public") => Ok(ListScope::Public),
        Some(_) => Err(Problem::invalid(
            "scope",
            "is unknown; give mine, all or public",
        )),
    }
}

fn parse_status(text: &str) -> Result<RoomStatus> {
    RoomStatus::parse(text)
        .ok_or_else(|| Problem::invalid("status", "is unknown; give open, closed or archived"))
}

/// List rooms
///
/// Newest activity first, unless asked otherwise.
#[utoipa::path(get, path = "/rooms/", tag = "Rooms", params(ListQuery),
    responses((status = 200, body = Page<RoomView>)))]
async fn list(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    here: Here,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<Page<RoomView>>> {
    let (wanted, step) = query.parse(&here)?;
    let limit = wanted.limit;
    let listed = state.chat.rooms(&ctx, wanted).await?;
    let listed = listed
        .into_iter()
        .map(|room| (room.view, (room.cursor.at, room.cursor.key)));
    let page = cut(listed.collect(), limit, step);
    let link = |rooms| -> Result<String> { here.page(&Place { rooms }) };
    Ok(Json(Page {
        next: page.next.map(link).transpose()?,
        previous: page.previous.map(link).transpose()?,
        results: page.results,
    }))
}

/// A room to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"order": "order-10482", "title": "Antibiotics for Aisha",
    "participants": [{"user": "rider-ravi"}]}))]
struct NewRoom {
    /// The order's id
    order: String,
    title: Option<String>,
    /// Needs a title
    description: Option<String>,
    is_public: Option<bool>,
    /// 2 to 50; 10 if not given
    max_participants: Option<i64>,
    /// Who is brought in beside the order's people: all of them or the room is not created
    #[serde(default)]
    participants: Vec<NewParticipant>,
}

/// Somebody to be brought in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user": "rider-ravi", "role": "rider"}))]
pub(super) struct NewParticipant {
    /// The user's id in the shop; known from a token, an order or `PUT /api/users/{id}/`
    user: String,
    /// Their own role or a lower one; their own if not given
    role: Option<String>,
}

impl NewParticipant {
    pub(super) fn parse(&self, pointer: &str) -> std::result::Result<Invitation, Refusal> {
        let role = self.role.as_deref();
        Ok(Invitation {
            user: UserId::parse(&format!("{pointer}/user"), &self.user)?,
            role: role
                .map(|role| parse_role(&format!("{pointer}/role"), role))
                .transpose()?,
        })
    }
}

impl NewRoom {
    fn parse(&self) -> Result<RoomDraft> {
        let (title, description) = (self.title.as_deref(), self.description.as_deref());
        let participants = self.participants.iter().enumerate();
        Ok(RoomDraft {
            order: OrderId::parse("/order", &self.order)?,
            settings: RoomChange::parse(
                Some(title),
                Some(description),
                self.is_public,
                self.max_participants,
            )?,
            participants: participants
                .map(|(place, new)| new.parse(&format!("/participants/{place}")))
                .collect::<std::result::Result<_, _>>()?,
        })
    }
}

/// Create the room of an order
///
/// An order has one room, whoever asks first: asked again, this answers 200 with it and changes
/// nothing. The order's people and the caller (unless the service) join at once.
#[utoipa::path(post, path = "/rooms/", tag = "Rooms", request_body = NewRoom,
    responses((status = 201, body = RoomView), (status = 200, body = RoomView)))]
async fn create(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    JsonBody(body): JsonBody<NewRoom>,
) -> Result<Response> {
    quota::changes(&state.limits, &ctx.caller)?;
    let (room, is_new) = state.chat.create_room(&ctx, body.parse()?).await?;
    Ok(created(is_new, room))
}

/// 201 for what is new, 200 for what was there.
pub(super) fn created<T: Serialize>(is_new: bool, thing: T) -> Response {
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    (status, Json(thing)).into_response()
}

/// Read a room
///
/// By its id or its code. Outsiders of a public room see its card: most fields are null.
#[utoipa::path(get, path = "/rooms/{room}/", tag = "Rooms", params(("room" = String, Path)),
    responses((status = 200, body = RoomView)))]
async fn read(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(room): PathOf<String>,
) -> Result<Json<RoomView>> {
    Ok(Json(state.chat.room(&ctx, &room).await?))
}

/// What is changed about a room; what is left out stays, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Antibiotics for Aisha", "description": "Keep in the fridge"}))]
struct RoomPatch {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    is_public: Option<bool>,
    /// 2 to 50, never below those present and the seats kept for the order's people
    max_participants: Option<i64>,
}

/// Change a room
#[utoipa::path(put, path = "/rooms/{room}/", tag = "Rooms", params(("room" = String, Path)),
    request_body = RoomPatch, responses((status = 200, body = RoomView)))]
async fn put(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(room): PathOf<String>,
    JsonBody(body): JsonBody<RoomPatch>,
) -> Result<Json<RoomView>> {
    quota::changes(&state.limits, &ctx.caller)?;
    let room = state.chat.room_id(&room).await?;
    let change = RoomChange::parse(
        body.title.as_ref().map(Option::as_deref),
        body.description.as_ref().map(Option::as_deref),
        body.is_public,
        body.max_participants,
    )?;
    Ok(Json(state.chat.change_room(&ctx, room, change).await?))
}

/// Change a room
///
/// The same as `PUT`.
#[utoipa::path(patch, path = "/rooms/{room}/", tag = "Rooms", params(("room" = String, Path)),
    request_body = RoomPatch, responses((status = 200, body = RoomView)))]
async fn patch(
    state: State<AppState>,
    caller: Writing,
    room: PathOf<String>,
    body: JsonBody<RoomPatch>,
) -> Result<Json<RoomView>> {
    put(state, caller, room, body).await
}

/// Delete a room
///
/// It is hidden from everybody for good, and stays the order's room.
#[utoipa::path(delete, path = "/rooms/{room}/", tag = "Rooms", params(("room" = String, Path)),
    request_body = Option<Reason>, responses((status = 204)))]
async fn delete(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(room): PathOf<String>,
    OptionalJsonBody(body): OptionalJsonBody<Reason>,
) -> Result<StatusCode> {
    quota::changes(&state.limits, &ctx.caller)?;
    let room = state.chat.room_id(&room).await?;
    state
        .chat
        .delete_room(&ctx, room, body.reason.as_deref())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
