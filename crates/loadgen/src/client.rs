//! One keep-alive HTTP/1.1 connection per task, as cheap as hyper makes it: the processors are
//! shared with the server under test.

use std::fmt;
use std::future::{Future as _, poll_fn};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Beyond the server's own deadline of 10 s: who gets no answer by then takes it as lost.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(12);

/// The largest answer read: a page of 200 messages of 8,000 characters, escaped, fits.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// The server under test. Only this machine's own addresses are taken: what this program sends is
/// an attack on anybody else.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    host: HeaderValue,
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri: Uri = text
            .parse()
            .with_context(|| format!("`{text}` is not a URL; give http://127.0.0.1:PORT"))?;
        ensure!(
            uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/"),
            "`{text}`: give http://127.0.0.1:PORT, without a path"
        );
        let ip = match uri.host() {
            Some("localhost") => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Some(host) => host
                .trim_matches(['[', ']'])
                .parse()
                .with_context(|| format!("`{host}` is not an address; give 127.0.0.1"))?,
            None => bail!("`{text}` names no host; give http://127.0.0.1:PORT"),
        };
        ensure!(
            ip.is_loopback(),
            "{ip} is another machine; loadgen only drives servers on this one (127.0.0.0/8, ::1)"
        );
        let address = SocketAddr::new(ip, uri.port_u16().unwrap_or(80));
        Ok(Self {
            address,
            host: HeaderValue::try_from(address.to_string())?,
        })
    }
}

impl Target {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.address)
    }
}

/// A whole answer. Its status may be an error.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// No answer: what was asked may have happened or not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Timeout,
    #[error("the connection broke: {0}")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

type Driver = http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

pub(crate) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// Reads and writes the socket. Polled beside each exchange in the same task: a task of its
    /// own would cost two wake-ups per request.
    driver: Option<Pin<Box<Driver>>>,
    host: HeaderValue,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// # Errors
    /// When the server does not take the connection within [`TIMEOUT`].
    pub(crate) async fn open(target: &Target) -> Result<Self, Lost> {
        let stream = tokio::time::timeout(TIMEOUT, TcpStream::connect(target.address))
            .await
            .map_err(|_| Lost::Timeout)?
            .map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        Ok(Self {
            sender,
            driver: Some(Box::pin(driver)),
            host: target.host.clone(),
        })
    }

    /// Sends `request` and reads the whole answer.
    ///
    /// # Errors
    /// [`Lost`] when no whole answer came; the connection is then of no more use.
    pub(crate) async fn exchange(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Answer, Lost> {
        request.headers_mut().insert(HOST, self.host.clone());
        let Self { sender, driver, .. } = self;
        let exchange = async {
            sender.ready().await.map_err(broken)?;
            let answer = sender.send_request(request).await.map_err(broken)?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER)
                .collect()
                .await
                .map_err(Lost::Broken)?
                .to_bytes();
            Ok(Answer { status, body })
        };
        let mut exchange = pin!(exchange);
        let driven = poll_fn(|cx| {
            // A driver that has ended (the server closed) is not polled again; the exchange then
            // ends by itself, with the answer if it was read before.
            if driver
                .as_mut()
                .is_some_and(|driver| driver.as_mut().poll(cx).is_ready())
            {
                *driver = None;
            }
            exchange.as_mut().poll(cx)
        });
        tokio::time::timeout(TIMEOUT, driven)
            .await
            .unwrap_or(Err(Lost::Timeout))
    }
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Lost {
    Lost::Broken(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_a_target() {
        for good in [
            "http://127.0.0.1:8080",
            "http://127.8.9.1:1/",
            "http://localhost",
            "http://[::1]:8080",
        ] {
            good.parse::<Target>().unwrap();
        }
        for bad in [
            "http://192.0.2.1:8080",
            "http://shop.example:80",
            "https://127.0.0.1:8080",
            "http://127.0.0.1:8080/api",
            "127.0.0.1:8080",
            "",
        ] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_server_that_hangs_up_is_a_lost_answer_not_a_hang() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target: Target = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let (connection, accepted) = tokio::join!(Connection::open(&target), listener.accept());
        drop(accepted);
        let lost = connection
            .unwrap()
            .exchange(Request::new(Full::default()))
            .await;
        assert!(matches!(lost, Err(Lost::Broken(_))), "{lost:?}");
    }
}
