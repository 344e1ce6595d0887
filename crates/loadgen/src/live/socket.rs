//! One WebSocket connection, with small buffers: there may be tens of thousands of them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use crate::client::{TIMEOUT, Target};

/// The subprotocol that both sides speak.
pub(crate) const PROTOCOL: &str = "orderchat.v1";

/// Allocated up front for each connection. An event with its message is about 1 KB and fits, so
/// that one read of the socket mostly suffices.
const READ_BUFFER: usize = 2048;

/// Connections from one address: the system has 28,000 ports for each, and the server's own
/// restart needs some of them free.
const PER_ADDRESS: usize = 10_000;

pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}

/// Why nothing more comes from a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error("nothing came within {} s", TIMEOUT.as_secs())]
    Silent,
    #[error("the server closed the connection with {code}: {reason}")]
    Closed { code: u16, reason: String },
    #[error("the connection broke: {0}")]
    Broken(#[source] Box<tungstenite::Error>),
    /// What came is not what the contract says.
    #[error("{0}")]
    Garbled(String),
}

impl From<tungstenite::Error> for Ended {
    fn from(error: tungstenite::Error) -> Self {
        Self::Broken(Box::new(error))
    }
}

impl Socket {
    /// Opens the `number`th connection of the run.
    ///
    /// # Errors
    /// When the server does not take it within [`TIMEOUT`].
    pub(crate) async fn open(target: &Target, number: usize) -> Result<Self, Ended> {
        tokio::time::timeout(TIMEOUT, Self::upgrade(target, number))
            .await
            .unwrap_or(Err(Ended::Silent))
    }

    async fn upgrade(target: &Target, number: usize) -> Result<Self, Ended> {
        let stream = connect(target.address(), number)
            .await
            .map_err(tungstenite::Error::Io)?;
        let url = format!("ws://{}/api/chat/ws/", target.address());
        let mut request = url.into_client_request()?;
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", HeaderValue::from_static(PROTOCOL));
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
        let (stream, _) =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        Ok(Self { stream })
    }

    pub(crate) async fn send(&mut self, frame: String) -> Result<(), Ended> {
        Ok(self.stream.send(Message::text(frame)).await?)
    }

    /// The next text frame. Nothing is lost when the wait is given up.
    pub(crate) async fn next(&mut self) -> Result<Utf8Bytes, Ended> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(frame))) => return Ok(frame),
                Some(Ok(Message::Close(frame))) => return Err(closed(frame.as_ref())),
                // Pings are answered by the library.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err(tungstenite::Error::ConnectionClosed.into()),
            }
        }
    }

    /// The next text frame, which must come within [`TIMEOUT`].
    pub(crate) async fn next_soon(&mut self) -> Result<Utf8Bytes, Ended> {
        tokio::time::timeout(TIMEOUT, self.next())
            .await
            .unwrap_or(Err(Ended::Silent))
    }
}

/// Connects from one address of this machine after the other, so that no two run out of ports.
async fn connect(address: SocketAddr, number: usize) -> std::io::Result<TcpStream> {
    let stream = match address.ip() {
        IpAddr::V4(_) if number >= PER_ADDRESS => {
            let last = u8::try_from(number / PER_ADDRESS + 1).unwrap_or(u8::MAX);
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::new(Ipv4Addr::new(127, 0, 0, last).into(), 0))?;
            socket.connect(address).await?
        }
        _ => TcpStream::connect(address).await?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn closed(frame: Option<&CloseFrame>) -> Ended {
    Ended::Closed {
        // 1005: a close frame without a code (RFC 6455, 7.4.1).
        code: frame.map_or(1005, |frame| frame.code.into()),
        reason: frame.map_or_else(String::new, |frame| frame.reason.as_str().to_owned()),
    }
}
