//! Requests while their body arrives: given up when nothing comes any more, and read to the end before
//! they are answered.
//!
//! Who is still writing when the connection closes sees a reset instead of the answer: a photo sent with
//! a token that has ended would fail without a word.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::Version;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::{Sleep, sleep, timeout};

/// What is read and thrown away of a request. Who sends more sees the reset.
const THROWN_AWAY: u64 = 64 << 20;
/// How long that may take.
const WITHIN: Duration = Duration::from_secs(30);
/// Who has written nothing for so long is not writing any more.
const PAUSE: Duration = Duration::from_secs(2);
/// Requests of which the rest is read at once. It is a courtesy: it holds none of the places that
/// requests are admitted to, and beyond this there is none.
const AT_ONCE: usize = 64;

/// What is asked of bodies.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    /// A body of which so long nothing comes has broken off.
    stall: Duration,
    courtesies: Arc<Semaphore>,
}

impl Arrivals {
    pub(super) fn new(stall: Duration) -> Self {
        Self {
            stall,
            courtesies: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

/// Hands the body on and keeps a hold on it: what is left of it is read before the answer goes out.
pub(super) async fn read_to_the_end(
    State(arrivals): State<Arrivals>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Whoever asks first sends nothing unless told to: reading would tell them.
    let asks_first = request.headers().contains_key(EXPECT);
    // HTTP/2 ends one stream of a connection, and not before its answer was read.
    let is_in_vain =
        request.version() >= Version::HTTP_2 || request.body().size_hint().lower() > THROWN_AWAY;
    let (parts, body) = request.into_parts();
    let arriving = Arriving::new(body, arrivals.stall);
    let request = Request::from_parts(parts, Body::new(arriving.clone()));
    let response = next.run(request).await;
    if !is_in_vain
        && arriving.is_coming(asks_first)
        && let Ok(_courtesy) = arrivals.courtesies.try_acquire()
    {
        // The answer is the same, however that ends.
        let _ = timeout(WITHIN, arriving.throw_away()).await;
    }
    response
}

/// A body, for whoever reads it and for what is left of it.
#[derive(Clone)]
struct Arriving(Arc<Mutex<Reading>>);

struct Reading {
    body: Body,
    stall: Duration,
    /// Since nothing has come.
    waiting: Option<Pin<Box<Sleep>>>,
    is_asked_for: bool,
    broke_off: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("nothing came of the body for too long")]
struct Stalled;

impl Arriving {
    fn new(body: Body, stall: Duration) -> Self {
        Self(Arc::new(Mutex::new(Reading {
            body,
            stall,
            waiting: None,
            is_asked_for: false,
            broke_off: false,
        })))
    }

    /// Whether somebody is writing more of it.
    fn is_coming(&self, asks_first: bool) -> bool {
        let reading = self.0.lock();
        let is_sent = reading.is_asked_for || !asks_first;
        let since = reading
            .waiting
            .as_ref()
            .map(|wait| wait.deadline() - reading.stall);
        let is_paused = since.is_some_and(|since| since.elapsed() > PAUSE);
        is_sent && !is_paused && !reading.broke_off && !reading.body.is_end_stream()
    }

    async fn throw_away(mut self) {
        self.0.lock().pauses_are_short();
        let mut thrown_away = 0;
        while let Some(Ok(frame)) = self.frame().await {
            thrown_away += frame.data_ref().map_or(0, |data| data.len() as u64);
            if thrown_away > THROWN_AWAY {
                return;
            }
        }
    }
}

impl Reading {
    fn pauses_are_short(&mut self) {
        self.stall = self.stall.min(PAUSE);
        self.waiting = None;
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let reading = &mut *self.0.lock();
        reading.is_asked_for = true;
        if let Poll::Ready(frame) = Pin::new(&mut reading.body).poll_frame(context) {
            reading.waiting = None;
            reading.broke_off |= matches!(frame, Some(Err(_)));
            return Poll::Ready(frame);
        }
        let stall = reading.stall;
        let waiting = reading
            .waiting
            .get_or_insert_with(|| Box::pin(sleep(stall)));
        waiting.as_mut().poll(context).map(|()| {
            reading.broke_off = true;
            Some(Err(axum::Error::new(Stalled)))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().body.size_hint()
    }
}
