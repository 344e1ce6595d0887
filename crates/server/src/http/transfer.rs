//! Uploads and downloads have places of their own, and all the time they need as long as bytes move.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, timeout};

use super::form::is_form;
use super::v1::uploads;
use crate::problem::Problem;

/// Which uploads and downloads are let in.
#[derive(Clone, Debug)]
pub(super) struct Transfers {
    places: Arc<Semaphore>,
    /// The longest that one takes.
    deadline: Duration,
}

impl Transfers {
    pub(super) fn new(places: usize, deadline: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            deadline,
        }
    }

    /// Lets it in, or answers at once that there is no place. The place is taken until the answer's
    /// last byte is; not by who is refused, whose request is thrown away as it comes.
    pub(super) async fn admit(&self, request: Request, next: Next) -> Response {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let detail = "too many uploads and downloads are under way; try again";
            return Problem::unavailable(detail).into_response();
        };
        match timeout(self.deadline, next.run(request)).await {
            Ok(refused) if refused.status().as_u16() >= 400 => refused,
            Ok(response) => response.map(|body| {
                Body::new(Timed {
                    body,
                    end: Box::pin(tokio::time::sleep(self.deadline)),
                    _place: place,
                })
            }),
            Err(_) => Problem::unavailable("the upload took too long").into_response(),
        }
    }
}

/// Whether the request carries a file, or asks for one.
pub(super) fn is_transfer(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str);
    let downloads = route.starts_with("/api/chat/attachments/")
        && (request.method() == Method::GET || request.method() == Method::HEAD);
    downloads || route.starts_with(uploads::UPLOADS) || is_form(request.headers())
}

/// A body that ends with its time, and gives its place back then.
struct Timed {
    body: Body,
    end: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.end.deadline() <= Instant::now() {
            let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
            return Poll::Ready(Some(Err(axum::Error::new(late))));
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
