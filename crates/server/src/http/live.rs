//! `GET /api/chat/ws/` and `GET /api/chat/events/`: the way into live connections.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRequestParts, State, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::caller::{origin, signed_in};
use super::query::parameters;
use crate::live::protocol::SUBPROTOCOL;
use crate::live::stream::{Item, LastEventId, MOST_ROOMS, Stream};
use crate::live::{Arrival, run};
use crate::net::Received;
use crate::problem::Problem;

const LAST_EVENT_ID: &str = "last-event-id";
/// Bytes that are read at once, and that gather before they are written: an idle connection costs
/// little more. A `hello` with a token of the usual size fits; what is longer makes the buffer larger.
const READ_BUFFER: usize = 640;
const WRITE_BUFFER: usize = 4 * 1024;

/// They count as connections, not as requests.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(websocket))
        .routes(routes!(events))
}

/// A page of this server, one of a listed origin, or no page at all.
fn is_allowed(state: &AppState, headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = given.next() else {
        return true;
    };
    given.next().is_none()
        && (state.settings.origins.contains(origin) || is_own(origin, headers.get(header::HOST)))
}

/// Whether the page came from this server: the host of its origin is the one that was asked.
fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let (Ok(origin), Some(Ok(host))) = (origin.to_str(), host.map(HeaderValue::to_str)) else {
        return false;
    };
    let of_origin = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    of_origin.is_some_and(|of_origin| of_origin.eq_ignore_ascii_case(host))
}

/// Open a live connection
///
/// A WebSocket with the subprotocol `orderchat.v1`. Who asks says the first frame (`hello`), so no
/// token is sent here. The frames are described by `/api/asyncapi.json`.
#[utoipa::path(
    get, path = "/api/chat/ws/", tag = "Live",
    params((
        "Sec-WebSocket-Protocol" = String, Header,
        description = "Must name `orderchat.v1`", example = "orderchat.v1",
    )),
    responses(
        (status = 101, description = "The connection is open; send `hello` within five seconds."),
        (
            status = 422, description = "There is a query: nothing is taken in it, a token least of all.",
        ),
        (
            status = 426, description = "No WebSocket was asked for, or not this subprotocol.",
        ),
    ),
    security(()),
)]
async fn websocket(State(state): State<AppState>, mut parts: Parts) -> Result<Response, Problem> {
    if !is_allowed(&state, &parts.headers) {
        return Err(Problem::foreign_origin());
    }
    if state.stopping.is_cancelled() {
        return Err(Problem::unavailable(
            "this server is stopping; resume elsewhere",
        ));
    }
    if let Some((name, _)) = parameters(&parts.uri)?.first() {
        let detail = "is unknown; nothing is taken here, a token goes into the first frame";
        return Err(Problem::invalid(name.as_str(), detail));
    }
    let upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection> =
        WebSocketUpgrade::from_request_parts(&mut parts, &state).await;
    let upgrade = upgrade.map_err(|_| {
        Problem::upgrade_required("open a WebSocket with the subprotocol orderchat.v1")
    })?;
    if !upgrade
        .requested_protocols()
        .any(|given| given == SUBPROTOCOL)
    {
        return Err(Problem::upgrade_required(
            "ask for the subprotocol orderchat.v1",
        ));
    }
    let origin = origin(&parts, &state);
    let live = Arc::clone(&state.live);
    let unknown = live.admit(origin.ip)?;
    let received = parts
        .extensions
        .get::<Received>()
        .cloned()
        .unwrap_or_default();
    let arrival = Box::new(Arrival {
        origin,
        unknown,
        received,
    });
    let max = live.settings.max_frame;
    Ok(upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(2 * max + WRITE_BUFFER)
        .max_message_size(max)
        .max_frame_size(max)
        .on_upgrade(move |socket| run(live, socket, arrival)))
}

/// Listen to rooms
///
/// Server-Sent Events: the frames that a live connection is sent of these rooms, one an event, as
/// `/api/asyncapi.json` describes them. Events of the log, and `caught_up`, have an id; whoever comes
/// back gives the last one in `Last-Event-ID` and is sent what they missed. The stream ends with the
/// frame `bye`.
#[utoipa::path(
    get, path = "/api/chat/events/", tag = "Live",
    params(
        (
            "room" = Vec<String>, Query,
            description = "A room's id or code; one to eight of them: `?room=ID&room=ID`",
            min_items = 1, max_items = 8,
        ),
        (
            "Last-Event-ID" = Option<String>, Header,
            description = "The id of the last event that one has; without it the stream begins now",
        ),
    ),
    responses((
        status = 200, description = "The stream.",
        body = String, content_type = "text/event-stream",
        example = "id: f3b1c5.019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17:9\ndata: {\"type\":\"caught_up\",…}\n\n",
    )),
)]
async fn events(State(state): State<AppState>, parts: Parts) -> Result<Response, Problem> {
    if state.stopping.is_cancelled() {
        return Err(Problem::unavailable(
            "this server is stopping; resume elsewhere",
        ));
    }
    let rooms = rooms(&parts.uri)?;
    let last = last_event_id(&parts.headers)?;
    let who = signed_in(&parts, &state).await?;
    let stream = state.live.stream(who, &rooms, last).await?;
    // A proxy that gathers what it passes on would hold back events.
    let headers = [("x-accel-buffering", "no"), ("cache-control", "no-store")];
    Ok((headers, Sse::new(stream::unfold(stream, next))).into_response())
}

async fn next(mut stream: Stream) -> Option<(Result<Event, Infallible>, Stream)> {
    let event = match stream.next().await? {
        Item::Frame { text, id: Some(id) } => Event::default().id(id).data(text),
        Item::Frame { text, id: None } => Event::default().data(text),
        Item::Silence => Event::default().comment(""),
    };
    Some((Ok(event), stream))
}

/// The rooms of the query, each once.
fn rooms(uri: &Uri) -> Result<Vec<String>, Problem> {
    let mut rooms: Vec<String> = Vec::new();
    for (name, value) in parameters(uri)? {
        if name != "room" {
            return Err(Problem::invalid(name, "is unknown; taken is room"));
        }
        if !rooms.contains(&value) {
            rooms.push(value);
        }
    }
    if rooms.is_empty() || rooms.len() > MOST_ROOMS {
        let detail = format!("name 1 to {MOST_ROOMS} rooms: ?room=ID&room=ID");
        return Err(Problem::invalid("room", detail));
    }
    Ok(rooms)
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<LastEventId>, Problem> {
    let Some(given) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let text = given
        .to_str()
        .map_err(|_| Problem::invalid("Last-Event-ID", "is no event id of this server"))?;
    Ok(Some(LastEventId::parse(text)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://chat.example", "chat.example", true)]
    #[case("http://localhost:8080", "localhost:8080", true)]
    #[case("https://CHAT.example", "chat.example", true)]
    #[case("https://chat.example.evil", "chat.example", false)]
    #[case("https://evil-chat.example", "chat.example", false)]
    #[case("https://chat.example:444", "chat.example", false)]
    #[case("null", "chat.example", false)]
    #[case("file://chat.example", "chat.example", false)]
    fn a_page_of_this_server_has_its_host(
        #[case] origin: &str,
        #[case] host: &str,
        #[case] own: bool,
    ) {
        let value = |text| HeaderValue::from_str(text).unwrap();
        assert_eq!(is_own(&value(origin), Some(&value(host))), own);
        assert!(!is_own(&value(origin), None));
    }
}
