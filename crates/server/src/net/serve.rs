//! The accept loop and its end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::connection::{self, Endings, http_builder};
use super::socket::{Place, Socket};
use super::spawn::spawn;

/// For [`ServeLimits::write_timeout`]: longer than a phone is out of reach in a lift, short enough
/// that places come back.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How much a listener lets happen at once and how long.
#[derive(Clone, Debug)]
pub(crate) struct ServeLimits {
    /// The listener's name in logs and metrics.
    pub(crate) name: &'static str,
    /// Open sockets; further ones wait in the kernel's queue.
    pub(crate) max_connections: usize,
    /// Within this time a request's headers must have arrived; also the longest silence between
    /// two requests of HTTP/1.
    pub(crate) header_timeout: Duration,
    /// The longest that one answer takes: a connection that was asked to end is given so long for it.
    pub(crate) longest_answer: Duration,
    /// A peer that does not read its answer is cut after this time.
    pub(crate) write_timeout: Duration,
    /// What is still open so long after the shutdown began is cut.
    pub(crate) shutdown_grace: Duration,
}

/// How a listener ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drained {
    /// Sockets that were still open when the grace was over.
    pub(crate) cut: usize,
}

/// Serves `listener` until `shutdown` is cancelled; then accepts nothing more, lets every
/// connection finish its answers, waits for them (and for upgraded sockets) as long as the grace
/// allows, and cuts the rest.
///
/// Requests carry the extension [`Peer`](super::Peer).
pub(crate) async fn serve<S>(
    listener: TcpListener,
    service: S,
    limits: ServeLimits,
    shutdown: CancellationToken,
) -> Drained
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    let builder = Arc::new(http_builder(limits.header_timeout));
    let places = Arc::new(Semaphore::new(
        limits.max_connections.min(Semaphore::MAX_PERMITS),
    ));
    let sockets = TaskTracker::new();
    let endings = Endings {
        header_timeout: limits.header_timeout,
        longest_answer: limits.longest_answer,
        shutdown: shutdown.clone(),
        cut: CancellationToken::new(),
    };
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &places, &limits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else {
            break;
        };
        let place = Place::new(permit, sockets.token(), limits.name);
        let socket = Socket::new(stream, limits.write_timeout, place);
        spawn(
            "connection",
            connection::run(
                Arc::clone(&builder),
                socket,
                peer,
                service.clone(),
                endings.clone(),
            ),
        );
    }
    drop(listener);
    drain(&sockets, &endings.cut, &limits).await
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is a place for it; `None` never comes while `places` is open.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    limits: &ServeLimits,
) -> Option<Accepted> {
    let permit = Arc::clone(places).acquire_owned().await.ok()?;
    let mut pause = Duration::from_millis(10);
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole: waiting for more to send would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY was not set");
                }
                return Some((stream, peer, permit));
            }
            Err(error) if is_the_peer_s(&error) => {}
            Err(error) => {
                // No file descriptors or no memory: trying again at once would only spin.
                let listener = limits.name;
                metrics::counter!("orderchat_accept_errors_total", "listener" => listener)
                    .increment(1);
                let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                tracing::warn!(%error, listener, pause_ms, "cannot accept connections");
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
        }
    }
}

/// The connection was gone before it was accepted; the next one may be fine.
fn is_the_peer_s(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn drain(sockets: &TaskTracker, cut: &CancellationToken, limits: &ServeLimits) -> Drained {
    sockets.close();
    if timeout(limits.shutdown_grace, sockets.wait()).await.is_ok() {
        return Drained { cut: 0 };
    }
    let open = sockets.len();
    cut.cancel();
    tracing::warn!(
        listener = limits.name,
        connections = open,
        "cut what was open after the grace"
    );
    // Upgraded sockets belong to their sessions and end with the process: wait for the others only
    // as long as dropping them takes.
    let _ = timeout(Duration::from_secs(1), sockets.wait()).await;
    Drained { cut: open }
}
