//! Around every request: its id, its span, one line in the log, its metrics, the headers that
//! every answer has. A panic ends here as an answer.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use metrics::Histogram;
use tracing::Instrument;

use super::attempts;
use crate::chat::{Chat, Context};
use crate::limits::{Limits, RetryAfter};
use crate::problem::Problem;
use crate::shares::Share;
use crate::{clock, random};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What was asked, and by whom: an extension of the request, shared with the extractors.
#[derive(Debug)]
pub(super) struct Asked {
    /// 128 random bits in hex. Ids from outside are not taken: they could repeat, or carry text.
    pub(super) request_id: String,
    by: OnceLock<(Context, Share<i64>)>,
}

impl Asked {
    fn new() -> Self {
        Self {
            request_id: format!("{:032x}", u128::from_be_bytes(random::bytes())),
            by: OnceLock::new(),
        }
    }

    /// Notes the person whose token was good, and that this is under way for them.
    ///
    /// # Errors
    /// They have too much under way.
    pub(super) fn by(&self, context: &Context, limits: &Limits) -> Result<(), RetryAfter> {
        // A handler with two extractors says the same twice.
        if self.by.get().is_none() {
            let share = limits.begin(context.user)?;
            let _ = self.by.set((context.clone(), share));
        }
        Ok(())
    }
}

/// The outermost middleware of the router.
pub(super) async fn observe(
    State((limits, chat)): State<(Arc<Limits>, Chat)>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = clock::monotonic();
    let asked = Arc::new(Asked::new());
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let room = attempts::room_of(route.as_ref(), request.uri().path());
    request.extensions_mut().insert(Arc::clone(&asked));
    let span = tracing::info_span!("request", request_id = asked.request_id);
    async {
        let mut response = or_internal(next.run(request)).await;
        let route = route.as_ref().map_or("none", MatchedPath::as_str);
        if let Some((by, _)) = asked.by.get() {
            let is_unknown = response.status() == StatusCode::NOT_FOUND;
            let user = by.caller.user.as_str();
            let probing = is_unknown.then(|| limits.note_not_found(user).err());
            let is_probing = match probing.flatten() {
                Some(too_often) => {
                    instead(&mut response, too_often.into());
                    true
                }
                None => false,
            };
            if let Some(attempt) = attempts::of_answer(&response, method, is_probing) {
                // Guesses are noted without their room: writing down one that exists, and not one that
                // does not, would tell them apart by the time it takes.
                let room = room.as_deref().filter(|_| !is_probing);
                chat.note_refused(by, attempt, room, format!("{method} {route}"))
                    .await;
            }
        }
        finish(response.headers_mut(), &asked.request_id);
        let took = clock::monotonic().duration_since(begun);
        record(method, route, response.status(), took);
        response
    }
    .instrument(span)
    .await
}

/// Another answer in place of this one, that those may read who might read this one.
fn instead(response: &mut Response, problem: Problem) {
    let before = std::mem::replace(response, problem.into_response());
    let stays = |name: &HeaderName| {
        name.as_str().starts_with("access-control-")
            || [VARY.as_str(), "tus-resumable"].contains(&name.as_str())
    };
    let kept = before.headers().iter().filter(|(name, _)| stays(name));
    response
        .headers_mut()
        .extend(kept.map(|(name, value)| (name.clone(), value.clone())));
}

/// The answer, or 500 if making it panics. The panic hook has logged the place, inside the span.
async fn or_internal(answer: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(answer)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Problem::internal().into_response())
}

/// The headers of every answer.
fn finish(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // An origin that is not listed is told nothing of what listed ones may do.
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        for told in [
            ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_HEADERS,
            ACCESS_CONTROL_EXPOSE_HEADERS,
            ACCESS_CONTROL_MAX_AGE,
        ] {
            headers.remove(told);
        }
    }
}

/// One line and one sample per answer. The route is the pattern: a path holds ids of the shop.
/// The target `orderchat::access` lets an operator switch the lines off.
fn record(method: &'static str, route: &str, status: StatusCode, took: Duration) {
    let status = status.as_u16();
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(
        target: "orderchat::access",
        method,
        route,
        status,
        duration_ms,
        "answered"
    );
    SAMPLED.with_borrow_mut(|sampled| {
        if let Some(histogram) = sampled.get(route).and_then(|of| of.get(&(method, status))) {
            return histogram.record(took);
        }
        let histogram = metrics::histogram!(
            "orderchat_http_request_seconds",
            "method" => method,
            "route" => route.to_owned(),
            "status" => status.to_string(),
        );
        histogram.record(took);
        let of_route = sampled.entry(route.to_owned()).or_default();
        of_route.insert((method, status), histogram);
    });
}

/// By method and status.
type OfRoute = HashMap<(&'static str, u16), Histogram>;

thread_local! {
    /// The histograms of a thread's answers, by route: to find one by its labels costs more than to
    /// note a sample. There are as many as there are kinds of answers.
    static SAMPLED: RefCell<HashMap<String, OfRoute>> = RefCell::default();
}

/// The method, if it is one of the known ones: others are whatever a client makes up.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_problem_that_does_not_repeat_it() {
        let response = or_internal(async { panic!("canary, planned by a test") }).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(response.into_body(), 1024).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("urn:orderchat:problem:internal"), "{body}");
        assert!(!body.contains("canary"), "{body}");
    }

    #[test]
    fn every_answer_names_its_request_and_is_not_stored() {
        let asked = Asked::new();
        let mut headers = HeaderMap::new();
        finish(&mut headers, &asked.request_id);
        assert_eq!(headers[X_REQUEST_ID], asked.request_id);
        assert_eq!(asked.request_id.len(), 32);
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }

    #[test]
    fn what_an_answer_says_of_storing_it_is_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        finish(&mut headers, "id");
        assert_eq!(headers[CACHE_CONTROL], "max-age=60");
    }

    #[test]
    fn an_origin_that_is_not_listed_is_told_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET"),
        );
        finish(&mut headers, "id");
        assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_METHODS));
    }

    #[test]
    fn methods_that_clients_make_up_share_one_name() {
        let odd = Method::from_bytes(b"FORGED-LINE").unwrap();
        assert_eq!(method_name(&odd), "other");
    }
}
