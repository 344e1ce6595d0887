//! Attempts of note that were refused: which they are, and their way into the audit.

use std::time::Duration;

use axum::extract::MatchedPath;
use axum::http::request::Parts;
use axum::response::Response;
use tokio::time::timeout;

use crate::problem::ProblemName;
use crate::chat::audit::Attempt;
use crate::chat::{Chat, Context};

/// How long an answer waits for its entry in the audit.
const PATIENCE: Duration = Duration::from_secs(2);
/// What refuses a role, whatever else is the case.
const BY_ROLE: [&str; 2] = ["permission", "rank"];

/// The room that a path of this route names.
pub(super) fn room_of(route: Option<&MatchedPath>, path: &str) -> Option<String> {
    let pattern = route?.as_str();
    let mut segments = pattern.split('/').zip(path.split('/'));
    let (_, name) = segments.find(|(segment, _)| *segment == "{room}")?;
    Some(name.to_owned())
}

/// The route's pattern: a path holds ids of the shop.
pub(super) fn route_of(parts: &Parts) -> &str {
    let route = parts.extensions.get::<MatchedPath>();
    route.map_or("none", MatchedPath::as_str)
}

/// The attempt that an answer tells of: a change that the role may not make, or one 404 too many.
/// Reading what one's role may not read is no more than a wrong turn.
pub(super) fn of_answer(response: &Response, method: &str, is_probing: bool) -> Option<Attempt> {
    if is_probing {
        return Some(Attempt::Probing);
    }
    let ProblemName(name) = response.extensions().get::<ProblemName>()?;
    (BY_ROLE.contains(name) && !["GET", "HEAD"].contains(&method)).then_some(Attempt::Forbidden)
}

/// Records the attempt. Whoever made it is answered all the same.
pub(super) async fn note(
    chat: &Chat,
    by: &Context,
    attempt: Attempt,
    room: Option<&str>,
    route: String,
) {
    match timeout(PATIENCE, chat.note_attempt(by, attempt, room, route)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a refused attempt could not be recorded"),
        Err(_) => tracing::warn!("a refused attempt was not recorded in time"),
    }
}
