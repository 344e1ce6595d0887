//! What stands between the connection and the handlers: one small function per duty.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::HttpSettings;
use super::transfer::{Transfers, is_transfer};
use crate::problem::Problem;

/// What pages of listed origins may send.
const ALLOWED: [&str; 12] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "last-event-id",
    "range",
    "tus-resumable",
    "upload-checksum",
    "upload-length",
    "upload-metadata",
    "upload-offset",
    "x-http-method-override",
];
/// What they may read of answers.
const EXPOSED: [&str; 13] = [
    "x-request-id",
    "retry-after",
    "content-disposition",
    "content-range",
    "etag",
    "location",
    "tus-resumable",
    "tus-version",
    "upload-expires",
    "upload-length",
    "upload-metadata",
    "upload-offset",
    "accept-ranges",
];
/// How long a browser remembers what a preflight said.
const PREFLIGHT_AGE: Duration = Duration::from_mins(10);

/// Which JSON requests are let in, and for how long.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    /// Requests under way at once.
    places: Arc<Semaphore>,
    transfers: Transfers,
    deadline: Duration,
    stopping: CancellationToken,
}

impl Admission {
    pub(super) fn new(settings: &HttpSettings, stopping: CancellationToken) -> Self {
        Self {
            places: Arc::new(Semaphore::new(settings.max_in_flight)),
            transfers: Transfers::new(settings.max_transfers, settings.transfer_deadline),
            deadline: settings.request_deadline,
            stopping,
        }
    }
}

/// Lets a request in (one that moves a file by a door of its own), or answers at once that there is no
/// place; ends it at the deadline, which a body that does not arrive is under too. What was handed to
/// the store by then may still be done.
pub(super) async fn admit(
    State(admission): State<Admission>,
    request: Request,
    next: Next,
) -> Response {
    if admission.stopping.is_cancelled() && !request.method().is_safe() {
        let detail = "this server is stopping; nothing was done, try again";
        return Problem::unavailable(detail).into_response();
    }
    if is_transfer(&request) {
        return admission.transfers.admit(request, next).await;
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
            Method::HEAD,
        ])
        .allow_headers(ALLOWED.map(HeaderName::from_static))
        .expose_headers(EXPOSED.map(HeaderName::from_static))
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

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::{IpAddr, Ipv4Addr};

    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::http::header::RETRY_AFTER;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use serde_json::Value;
    use tokio::sync::Notify;
    use tower::ServiceExt;

    use super::super::PageSettings;
    use super::*;

    fn admission(max_in_flight: usize, request_deadline: Duration) -> Admission {
        let settings = HttpSettings {
            origins: Vec::new(),
            max_body: 1024,
            max_in_flight,
            max_transfers: 1,
            transfer_deadline: request_deadline,
            upload_stall: request_deadline,
            request_deadline,
            client_address: Box::new(|_, _| IpAddr::V4(Ipv4Addr::LOCALHOST)),
            pages: PageSettings::default(),
        };
        Admission::new(&settings, CancellationToken::new())
    }

    /// `GET` says on `begun` that it runs and then waits for ever; `POST` answers at once.
    fn routes(admission: Admission, begun: Arc<Notify>) -> Router {
        let endless = async move || {
            begun.notify_one();
            pending::<()>().await;
        };
        let at_once = async || "done";
        Router::new()
            .route("/", get(endless).post(at_once))
            .route_layer(from_fn_with_state(admission, admit))
    }

    async fn ask(routes: &Router, method: Method) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri("/");
        let request = request.body(Body::empty()).unwrap();
        let response = routes.clone().oneshot(request).await.unwrap();
        let status = response.status();
        assert_eq!(
            response.headers().contains_key(RETRY_AFTER),
            status == StatusCode::SERVICE_UNAVAILABLE
        );
        let body = to_bytes(response.into_body(), 1024).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn one_more_than_the_places_is_answered_at_once() {
        let begun = Arc::new(Notify::new());
        let routes = routes(admission(1, Duration::from_hours(1)), Arc::clone(&begun));
        let second = async {
            begun.notified().await;
            ask(&routes, Method::POST).await
        };
        let (status, body) = tokio::select! {
            _ = ask(&routes, Method::GET) => panic!("it waits for ever"),
            answer = second => answer,
        };
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body["type"], "urn:orderchat:problem:unavailable");
        // The first was given up above: its place is free again.
        assert_eq!(ask(&routes, Method::POST).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_told_that_its_outcome_is_unknown() {
        let routes = routes(admission(1, Duration::from_millis(5)), Arc::default());
        let (status, body) = ask(&routes, Method::GET).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body["type"], "urn:orderchat:problem:outcome-unknown");
    }

    #[tokio::test]
    async fn a_server_that_stops_takes_no_new_writes_and_goes_on_reading() {
        let admission = admission(1, Duration::from_millis(5));
        admission.stopping.cancel();
        let routes = routes(admission, Arc::default());
        let (status, body) = ask(&routes, Method::POST).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body["type"], "urn:orderchat:problem:unavailable");
        let (_, body) = ask(&routes, Method::GET).await;
        assert_eq!(body["type"], "urn:orderchat:problem:outcome-unknown");
    }
}
