//! The bytes of a form on their way to who takes it apart, who keeps all of them until a boundary comes:
//! never more than a form may have beside its file.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::{Body, BodyDataStream, Bytes};
use bytes::BytesMut;
use futures_util::{Stream, StreamExt};

/// Bytes that are given at once, from smaller ones that are there: what is kept is searched anew each time.
const ENOUGH: usize = 16 << 10;

/// More came than may be kept.
#[derive(Debug, thiserror::Error)]
#[error("the form has too much beside its file")]
pub(super) struct TooMuch;

/// Counts what of the file was handed on, and is not kept any more.
#[derive(Clone, Debug)]
pub(super) struct Handed(Arc<AtomicU64>);

impl Handed {
    pub(super) fn on(&self, bytes: &Bytes) {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    }
}

pub(super) struct Incoming {
    body: BodyDataStream,
    came: u64,
    handed: Handed,
    /// Bytes that may come beside what is handed on.
    beside: u64,
    /// Something was given, and whoever takes it has not had the time to look at it.
    pauses: bool,
    is_over: bool,
}

impl Incoming {
    pub(super) fn of(body: Body, beside: u64) -> (Self, Handed) {
        let handed = Handed(Arc::default());
        let incoming = Self {
            body: body.into_data_stream(),
            came: 0,
            handed: handed.clone(),
            beside,
            pauses: false,
            is_over: false,
        };
        (incoming, handed)
    }

    /// What is there of the body, at least [`ENOUGH`] if so much is.
    fn gather(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut gathered = BytesMut::new();
        while gathered.len() < ENOUGH {
            match self.body.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(bytes))) if gathered.is_empty() && bytes.len() >= ENOUGH => {
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Poll::Ready(Some(Ok(bytes))) => gathered.extend_from_slice(&bytes),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Ready(None) => {
                    self.is_over = true;
                    break;
                }
                Poll::Pending if gathered.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready((!gathered.is_empty()).then(|| Ok(gathered.freeze())))
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // It is asked for all there is before anything of it is looked at: one at a time.
        if std::mem::take(&mut self.pauses) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.is_over {
            return Poll::Ready(None);
        }
        let Poll::Ready(next) = self.gather(context) else {
            return Poll::Pending;
        };
        let Some(Ok(bytes)) = &next else {
            return Poll::Ready(next);
        };
        let kept = self.came - self.handed.0.load(Ordering::Relaxed);
        if kept > self.beside {
            return Poll::Ready(Some(Err(TooMuch.into())));
        }
        self.came += bytes.len() as u64;
        self.pauses = true;
        Poll::Ready(next)
    }
}
