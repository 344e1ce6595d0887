//! Segments of the path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The route's parameters, percent-decoded: one `String`, or a tuple of them. What cannot be
/// decoded names nothing: it is the same 404 as any other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathOf<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for PathOf<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(parameters)| Self(parameters))
            .map_err(|_| Problem::not_found())
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn answer(path: &str) -> (StatusCode, String) {
        let echo = async |PathOf(id): PathOf<String>| id;
        let routes: Router = Router::new().route("/orders/{id}/", get(echo));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = routes.oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1024).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn ids_are_decoded() {
        let (_, id) = answer("/orders/A%2F7%20%C3%A9/").await;
        assert_eq!(id, "A/7 é");
    }

    #[tokio::test]
    async fn what_is_not_utf8_is_not_found() {
        let (status, body) = answer("/orders/%ff/").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains("urn:orderchat:problem:not-found"), "{body}");
    }
}
