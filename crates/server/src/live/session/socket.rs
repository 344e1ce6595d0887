//! The WebSocket itself: what may come out of it, and how long it may take what goes in.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::{FutureExt, Sink, SinkExt, StreamExt};
use tokio::time::timeout;
use tungstenite::error::{CapacityError, Error, ProtocolError};

use crate::live::protocol::{CloseCode, Frame};
use crate::net::Received;

/// A client that takes nothing for so long is closed: it resumes when it reads again. Each step of
/// writing has as long.
const STALL: Duration = Duration::from_secs(10);
/// Time for saying goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// What came from the client.
#[derive(Debug)]
pub(super) enum Incoming {
    Text(Utf8Bytes),
    /// A ping or a pong: it is there.
    Heard,
    /// It closed the connection, or lost it.
    Gone,
    /// It does not keep to the protocol.
    Broken(CloseCode),
}

/// The client takes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stalled {
    Slow,
    Gone,
}

#[derive(Debug)]
pub(super) struct Socket {
    socket: WebSocket,
    /// Something is in the buffer.
    unflushed: bool,
    received: Received,
    /// The bytes of what was received that made messages, up to the newest one.
    messages: u64,
}

/// Something that writing is made of.
type WriteStep = fn(Pin<&mut WebSocket>, &mut Context<'_>) -> Poll<Result<(), axum::Error>>;

/// The longest header of a frame.
const HEADER: u64 = 14;

impl Socket {
    pub(super) fn new(socket: WebSocket, received: Received) -> Self {
        Self {
            socket,
            unflushed: false,
            messages: received.bytes(),
            received,
        }
    }

    /// The bytes that came and made no message: a part of one, or fragments without end.
    pub(super) fn came_to_nothing(&self) -> u64 {
        self.received.bytes().saturating_sub(self.messages)
    }

    /// What comes next; may be dropped and called again.
    pub(super) async fn next(&mut self) -> Incoming {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => {
                self.messages = self.received.bytes();
                Incoming::Text(text)
            }
            // One may stand between the fragments of a message.
            Some(Ok(Message::Ping(body) | Message::Pong(body))) => {
                self.messages += body.len() as u64 + HEADER;
                Incoming::Heard
            }
            Some(Ok(Message::Binary(_))) => Incoming::Broken(CloseCode::Unsupported),
            Some(Ok(Message::Close(_))) => {
                // The answer to it waits to be written.
                let _ = Box::pin(timeout(GOODBYE, self.socket.flush())).await;
                Incoming::Gone
            }
            None => Incoming::Gone,
            Some(Err(error)) => broken(error),
        }
    }

    /// Puts a frame into the buffer, which is written when it is full.
    pub(super) fn feed(&mut self, frame: Frame) -> impl Future<Output = Result<(), Stalled>> {
        self.unflushed = true;
        self.put(Message::Text(frame.text))
    }

    /// Writes what is in the buffer.
    pub(super) async fn flush(&mut self) -> Result<(), Stalled> {
        if !std::mem::take(&mut self.unflushed) {
            return Ok(());
        }
        self.until(Sink::poll_flush).await
    }

    pub(super) async fn send(&mut self, frame: Frame) -> Result<(), Stalled> {
        self.put(Message::Text(frame.text)).await?;
        self.until(Sink::poll_flush).await
    }

    pub(super) async fn ping(&mut self) -> Result<(), Stalled> {
        self.put(Message::Ping(bytes::Bytes::new())).await?;
        self.until(Sink::poll_flush).await
    }

    fn put(&mut self, message: Message) -> impl Future<Output = Result<(), Stalled>> {
        // An async fn would keep room for the message twice, in every connection.
        let socket = self;
        async move {
            socket.until(Sink::poll_ready).await?;
            let put = Pin::new(&mut socket.socket).start_send(message);
            put.map_err(|_| Stalled::Gone)
        }
    }

    /// Waits until the client has taken enough for this. Mostly it has: only who has not costs a
    /// timer, and memory to wait in.
    async fn until(&mut self, step: WriteStep) -> Result<(), Stalled> {
        let mut done = poll_fn(|context| step(Pin::new(&mut self.socket), context));
        let done = match (&mut done).now_or_never() {
            Some(done) => done,
            None => match Box::pin(timeout(STALL, done)).await {
                Ok(done) => done,
                Err(_) => return Err(Stalled::Slow),
            },
        };
        done.map_err(|_| Stalled::Gone)
    }

    /// Says goodbye, and waits a moment for the client to close, so that it has read it.
    pub(super) async fn close(&mut self, code: CloseCode, bye: &Frame) {
        let goodbye = async {
            self.socket.feed(Message::Text(bye.text.clone())).await?;
            self.socket.send(Message::Close(Some(code.frame()))).await?;
            while let Some(Ok(_)) = self.socket.next().await {}
            Ok::<_, axum::Error>(())
        };
        let _ = timeout(GOODBYE, goodbye).await;
    }
}

fn broken(error: axum::Error) -> Incoming {
    let Ok(error) = error.into_inner().downcast::<Error>() else {
        return Incoming::Gone;
    };
    match *error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Incoming::Broken(CloseCode::TooLarge)
        }
        Error::Utf8(_) => Incoming::Broken(CloseCode::NotText),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Incoming::Gone,
        Error::Protocol(_) | Error::Capacity(_) => Incoming::Broken(CloseCode::Protocol),
        _ => Incoming::Gone,
    }
}
