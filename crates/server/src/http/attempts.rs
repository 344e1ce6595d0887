//! Attempts of note that were refused: which they are.

use axum::extract::MatchedPath;
use axum::http::request::Parts;
use axum::response::Response;

use crate::chat::audit::Attempt;
use crate::problem::ProblemName;

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
    let name = response.extensions().get::<ProblemName>()?;
    (name.is_by_role() && !["GET", "HEAD"].contains(&method)).then_some(Attempt::Forbidden)
}
