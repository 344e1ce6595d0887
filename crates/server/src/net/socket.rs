//! A connection's socket: it holds the connection's place, and gives up on a peer that does not
//! read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};
use tokio_util::task::task_tracker::TaskTrackerToken;

/// What a peer must take within the write timeout while we have something for it. Any progress at
/// all would let a peer that takes a byte now and then hold its answer for ever.
const PROGRESS: usize = 4 * 1024;

/// What a socket holds for as long as it is open, also after an upgrade.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) _permit: OwnedSemaphorePermit,
    /// Shutdown waits for it.
    pub(super) _token: TaskTrackerToken,
    pub(super) listener: &'static str,
}

impl Place {
    pub(super) fn new(
        permit: OwnedSemaphorePermit,
        token: TaskTrackerToken,
        listener: &'static str,
    ) -> Self {
        metrics::counter!("orderchat_connections_total", "listener" => listener).increment(1);
        metrics::gauge!("orderchat_connections_open", "listener" => listener).increment(1);
        Self {
            _permit: permit,
            _token: token,
            listener,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("orderchat_connections_open", "listener" => self.listener).decrement(1);
    }
}

/// A TCP stream whose writes fail with `TimedOut` when the peer takes less than [`PROGRESS`] bytes
/// within the write timeout while more is waiting for it.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    write_timeout: Duration,
    stall: Option<Stall>,
    received: Received,
    _place: Place,
}

/// How many bytes have come on a connection: an extension of its requests. Whoever takes the
/// connection over can tell from it how much came that made nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received(Arc<AtomicU64>);

impl Received {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The peer's buffers are full.
#[derive(Debug)]
struct Stall {
    deadline: Pin<Box<Sleep>>,
    written: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, write_timeout: Duration, place: Place) -> Self {
        Self {
            stream,
            write_timeout,
            stall: None,
            received: Received::default(),
            _place: place,
        }
    }

    pub(super) fn received(&self) -> Received {
        self.received.clone()
    }

    /// Watches over one attempt to write.
    fn watch(
        &mut self,
        context: &mut Context<'_>,
        attempt: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match attempt {
            Poll::Pending => {
                let stall = self.stall.get_or_insert_with(|| Stall {
                    deadline: Box::pin(sleep(self.write_timeout)),
                    written: 0,
                });
                ready!(stall.deadline.as_mut().poll(context));
                Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the peer does not read its answer",
                )))
            }
            Poll::Ready(Ok(written)) => {
                if let Some(stall) = &mut self.stall {
                    stall.written += written;
                    if stall.written >= PROGRESS {
                        self.stall = None;
                    }
                }
                Poll::Ready(Ok(written))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let bytes = buffer.filled().len() - before;
        self.received.0.fetch_add(bytes as u64, Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, attempt)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch(context, attempt)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Whoever flushes has written all there was: the peer has caught up.
        self.stall = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
