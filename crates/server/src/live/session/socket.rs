//! The WebSocket itself: what may come out of it, and how long it may take what goes in.

use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tungstenite::error::{CapacityError, Error, ProtocolError};

use crate::live::protocol::{CloseCode, Frame};
use crate::net::Received;

/// A client that takes nothing for so long is closed: it resumes when it reads again.
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
                let _ = timeout(GOODBYE, self.socket.flush()).await;
                Incoming::Gone
            }
            None => Incoming::Gone,
            Some(Err(error)) => broken(error),
        }
    }

    /// Puts a frame into the buffer, which is written when it is full.
    pub(super) async fn feed(&mut self, frame: Frame) -> Result<(), Stalled> {
        self.unflushed = true;
        within(self.socket.feed(Message::Text(frame.text))).await
    }

    /// Writes what is in the buffer.
    pub(super) async fn flush(&mut self) -> Result<(), Stalled> {
        if !std::mem::take(&mut self.unflushed) {
            return Ok(());
        }
        within(self.socket.flush()).await
    }

    pub(super) async fn send(&mut self, frame: Frame) -> Result<(), Stalled> {
        within(self.socket.send(Message::Text(frame.text))).await
    }

    pub(super) async fn ping(&mut self) -> Result<(), Stalled> {
        within(self.socket.send(Message::Ping(bytes::Bytes::new()))).await
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

async fn within(write: impl Future<Output = Result<(), axum::Error>>) -> Result<(), Stalled> {
    match timeout(STALL, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Stalled::Gone),
        Err(_) => Err(Stalled::Slow),
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
