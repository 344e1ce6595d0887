//! What stands between the connection and the handlers: one small function per duty.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::HttpSettings;
use super::observe::X_REQUEST_ID;
use super::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// How long a browser remembers what a preflight said.
const PREFLIGHT_AGE: Duration = Duration::from_mins(10);

/// Which JSON requests are let in, and for how long.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    /// Requests under way at once.
    places: Arc<Semaphore>,
    deadline: Duration,
    stopping: CancellationToken,
}

impl Admission {
    pub(super) fn new(settings: &HttpSettings, stopping: CancellationToken) -> Self {
        Self {
            places: Arc::new(Semaphore::new(settings.max_in_flight)),
            deadline: settings.request_deadline,
            stopping,
        }
    }
}

/// Lets a request in, or answers at once that there is no place; ends it at the deadline, which a
/// body that does not arrive is under too. What was handed to the store by then may still be done.
pub(super) async fn admit(
    State(admission): State<Admission>,
    request: Request,
    next: Next,
) -> Response {
    if admission.stopping.is_cancelled() && !request.method().is_safe() {
        let detail = "this server is stopping; nothing was done, try again";
        return Problem::unavailable(detail).into_response();
    }
    let Ok(_place) = admission.places.try_acquire() else {
        let detail = "too many requests are under way; nothing was done, try again";
        return Problem::unavailable(detail).into_response();
    };
    match timeout(admission.deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::outcome_unknown(
            "the answer took too long; look whether it was done, or repeat a send with its key",
        )
        .into_response(),
    }
}

/// Listed origins may read answers. Tokens come in a header, so credentials are not needed.
pub(super) fn cors(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, IDEMPOTENCY_KEY])
        .expose_headers([X_REQUEST_ID, RETRY_AFTER])
        .max_age(PREFLIGHT_AGE)
}

/// No such route: the 404 of everything else.
pub(super) async fn no_such_route() -> Problem {
    Problem::not_found()
}

/// The route does not know the method; axum adds `Allow`.
pub(super) async fn no_such_method() -> Problem {
    Problem::method_not_allowed()
}
