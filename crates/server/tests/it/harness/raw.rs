//! HTTP by hand over TCP, for requests that no client library would send.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Client;

/// The longest that a test waits for bytes that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection on which a test writes what it likes.
pub(crate) struct Connection(TcpStream);

impl Connection {
    /// Connects to `http://ADDRESS:PORT`.
    pub(crate) async fn open(url: &str) -> Self {
        let address = url
            .strip_prefix("http://")
            .expect("the server speaks plain HTTP");
        Self(
            TcpStream::connect(address)
                .await
                .expect("the server accepts connections"),
        )
    }

    /// Connects and writes the head of a request of this client's, such as `POST /`; the body is to
    /// follow.
    pub(crate) async fn begin(
        client: &Client,
        request: &str,
        headers: &[(&str, &dyn Display)],
    ) -> Self {
        let token = client.token();
        let mut head =
            format!("{request} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").expect("a string takes all");
        }
        let mut connection = Self::open(client.url()).await;
        connection.write(&(head + "\r\n")).await;
        connection
    }

    pub(crate) async fn write(&mut self, text: &str) {
        self.write_bytes(text.as_bytes()).await;
    }

    pub(crate) async fn write_bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("the server reads on");
        self.0.flush().await.expect("the server reads on");
    }

    /// Writes the rest of a request and reads what comes, if the server has not closed already.
    pub(crate) async fn finish(&mut self, rest: &str) -> String {
        let mut answer = Vec::new();
        let _ = self.0.write_all(rest.as_bytes()).await;
        let _ = self.0.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// What comes up to the end of the answer's head. Fails if it does not come within 30 s.
    pub(crate) async fn read_head(&mut self) -> String {
        let mut bytes = Vec::new();
        let reading = async {
            while !bytes.ends_with(b"\r\n\r\n") {
                match self.0.read_u8().await {
                    Ok(byte) => bytes.push(byte),
                    Err(_) => break,
                }
            }
        };
        let read = tokio::time::timeout(PATIENCE, reading).await;
        read.expect("the server answers within 30 s");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything until the server closes. Fails if it does not within 30 s.
    pub(crate) async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        let reading = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await;
        // A reset after the answer is a close too.
        let _end = reading.expect("the server closes the connection within 30 s");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Sends one request as given and reads until the server closes; write `Connection: close`.
pub(crate) async fn exchange(url: &str, request: &str) -> String {
    let mut connection = Connection::open(url).await;
    connection.write(request).await;
    connection.read_to_end().await
}
