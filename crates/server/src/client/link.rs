//! The live connection: a WebSocket with JSON frames in both directions.

use std::time::Duration;

use anyhow::Context as _;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::clock;

const SUBPROTOCOL: &str = "orderchat.v1";
const SUBPROTOCOL_HEADER: &str = "Sec-WebSocket-Protocol";
/// The longest that connecting, a write or the first answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Link {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Longer silence means that the connection is dead: the server pings more often.
    silence: Duration,
    /// When anything came last.
    heard: Instant,
}

/// What comes out of a connection.
#[derive(Debug)]
pub(super) enum Incoming {
    Frame(Value),
    /// It is closed, by this code if the server said one.
    Closed(Option<u16>),
}

impl Link {
    /// Connects to the server at this `http` or `https` address and says who one is.
    ///
    /// # Errors
    /// When there is no connection.
    pub(super) async fn open(url: &str, hello: &Value) -> anyhow::Result<Self> {
        let connecting = async {
            let mut request = websocket_url(url).into_client_request()?;
            let protocol = HeaderValue::from_static(SUBPROTOCOL);
            request.headers_mut().insert(SUBPROTOCOL_HEADER, protocol);
            let (socket, _) = connect_async(request).await?;
            let mut link = Self {
                socket,
                silence: PATIENCE,
                heard: clock::instant(),
            };
            link.send(hello).await?;
            anyhow::Ok(link)
        };
        timeout(PATIENCE, connecting)
            .await
            .context("it took too long")?
    }

    /// The server pings so often.
    pub(super) fn expect_pings_every(&mut self, heartbeat: Duration) {
        self.silence = 2 * heartbeat + PATIENCE;
    }

    pub(super) async fn send(&mut self, frame: &Value) -> anyhow::Result<()> {
        let sent = self.socket.send(Message::text(frame.to_string()));
        Ok(timeout(PATIENCE, sent).await??)
    }

    /// What comes next; may be dropped and called again.
    pub(super) async fn next(&mut self) -> Incoming {
        loop {
            let heard = timeout_at(self.heard + self.silence, self.socket.next()).await;
            self.heard = clock::instant();
            match heard {
                Ok(Some(Ok(Message::Text(text)))) => {
                    if let Ok(frame) = serde_json::from_str(&text) {
                        return Incoming::Frame(frame);
                    }
                }
                Ok(Some(Ok(Message::Close(frame)))) => {
                    return Incoming::Closed(frame.map(|frame| frame.code.into()));
                }
                // Pings are answered by the library.
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) | Err(_) => return Incoming::Closed(None),
            }
        }
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) {
        let _ = timeout(PATIENCE, self.socket.close(None)).await;
    }
}

fn websocket_url(url: &str) -> String {
    // `http` becomes `ws`, and `https` becomes `wss`.
    format!("{}/api/chat/ws/", url.replacen("http", "ws", 1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_hdr_async;
    use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

    use super::*;

    #[test]
    fn the_live_connection_is_beside_the_rest() {
        assert_eq!(
            websocket_url("http://127.0.0.1:8080"),
            "ws://127.0.0.1:8080/api/chat/ws/"
        );
        assert_eq!(
            websocket_url("https://chat.example"),
            "wss://chat.example/api/chat/ws/"
        );
    }

    #[tokio::test]
    async fn silence_ends_a_connection_also_for_who_looks_elsewhere_meanwhile() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let accept = async {
            let (socket, _) = listener.accept().await.unwrap();
            #[expect(clippy::result_large_err, reason = "the library's type")]
            let agree = |_: &Request, mut response: Response| {
                let protocol = HeaderValue::from_static(SUBPROTOCOL);
                response.headers_mut().insert(SUBPROTOCOL_HEADER, protocol);
                Ok(response)
            };
            accept_hdr_async(socket, agree).await.unwrap()
        };
        let hello = json!({});
        let (link, _held) = tokio::join!(Link::open(&url, &hello), accept);
        let mut link = link.unwrap();
        link.silence = Duration::from_millis(200);
        // Longer than that in all, and each time shorter.
        for _ in 0..100 {
            let Ok(incoming) = timeout(Duration::from_millis(50), link.next()).await else {
                continue;
            };
            assert!(matches!(incoming, Incoming::Closed(None)), "{incoming:?}");
            return;
        }
        panic!("nobody noticed that nothing came");
    }
}
