//! One connection, from accept to close.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

use super::Peer;
use super::activity::{Activity, AnswerBody};
use super::socket::Socket;

/// How often a connection is looked at. One that did nothing since the last look is closed, so
/// silence lasts at most twice as long; HTTP/1 closes earlier, after the header timeout.
const IDLE_CHECK: Duration = Duration::from_mins(1);
/// At this age a connection is asked to end after its answers, so that load spreads anew over
/// restarted nodes and no peer holds a place for ever.
const OLDEST: Duration = Duration::from_hours(1);

const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 32 * 1024;
const MAX_STREAMS: u32 = 64;

/// What hyper is told for every connection of a listener.
pub(super) fn http_builder(header_timeout: Duration) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES as u32)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(256)
        .max_send_buf_size(64 * 1024)
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(256 * 1024)
        // A ping that nobody answers ends the connection.
        .keep_alive_interval(Duration::from_secs(25))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

/// When a connection has to end.
#[derive(Clone, Debug)]
pub(super) struct Endings {
    /// The first request's headers must have arrived by then.
    pub(super) header_timeout: Duration,
    /// What a connection that was asked to end may still take.
    pub(super) longest_answer: Duration,
    /// Ask connections to end after the answers under way.
    pub(super) shutdown: CancellationToken,
    /// Cut what is still open.
    pub(super) cut: CancellationToken,
}

/// Serves the connection until it closes, is upgraded, or has to end.
pub(super) async fn run<S>(
    builder: Arc<auto::Builder<TokioExecutor>>,
    socket: Socket,
    peer: SocketAddr,
    service: S,
    endings: Endings,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    let activity = Arc::new(Activity::default());
    let answers = Arc::clone(&activity);
    let received = socket.received();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let under_way = answers.begin();
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(received.clone());
        let answer = service.clone().oneshot(request);
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| AnswerBody {
                body,
                _under_way: under_way,
            }))
        }
    });
    let mut connection =
        pin!(builder.serve_connection_with_upgrades(TokioIo::new(socket), service));
    let mut watch = pin!(until_it_should_end(&activity, &endings));

    let abrupt = tokio::select! {
        biased;
        result = connection.as_mut() => return log_end(result),
        () = endings.cut.cancelled() => return,
        abrupt = watch.as_mut() => abrupt,
    };
    if abrupt {
        return;
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        biased;
        result = connection.as_mut() => log_end(result),
        () = endings.cut.cancelled() => {}
        () = tokio::time::sleep(endings.longest_answer) => {}
    }
}

/// Waits until the connection should end: at once (`true`), or after its answers (`false`).
async fn until_it_should_end(activity: &Activity, endings: &Endings) -> bool {
    let opened = Instant::now();
    let mut look = opened + endings.header_timeout;
    let mut seen = 0;
    loop {
        tokio::select! {
            biased;
            () = endings.shutdown.cancelled() => return false,
            () = sleep_until(look) => {}
        }
        let begun = activity.begun();
        if begun == 0 {
            // Not even a request's headers: nothing is under way that could be cut.
            return true;
        }
        let idle = activity.is_idle() && begun == seen;
        if idle || opened.elapsed() >= OLDEST {
            return false;
        }
        seen = begun;
        look = Instant::now() + IDLE_CHECK;
    }
}

/// How a connection ends is the peer's choice, nothing that an operator has to know.
fn log_end(result: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended early");
    }
}
