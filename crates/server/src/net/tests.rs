use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::response::Response;
use axum::routing::get;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::serve::Drained;
use super::*;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    end: JoinHandle<Drained>,
}

impl Server {
    fn start(router: Router, change: impl FnOnce(&mut ServeLimits)) -> Self {
        let mut limits = ServeLimits {
            name: "test",
            max_connections: 100,
            header_timeout: Duration::from_secs(10),
            longest_answer: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(10),
        };
        change(&mut limits);
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .unwrap()
            .listen()
            .unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let end = spawn(
            "test server",
            serve(listener, router, limits, shutdown.clone()),
        );
        Self {
            address,
            shutdown,
            end,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn stop(self) -> Drained {
        self.shutdown.cancel();
        timeout(PATIENCE, self.end).await.unwrap().unwrap()
    }
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

/// Reads until `end` was seen.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(end) {
        let byte = timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap();
        read.push(byte);
    }
    String::from_utf8(read).unwrap()
}

/// Reads until the server closes; a reset counts as closed.
async fn read_to_close(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut read))
        .await
        .expect("the server closes");
    read
}

#[tokio::test]
async fn a_request_knows_its_peer() {
    let router = Router::new().route(
        "/",
        get(async |Extension(Peer(peer)): Extension<Peer>| peer.to_string()),
    );
    let server = Server::start(router, |_| {});
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    let own = stream.local_addr().unwrap().to_string();
    assert!(
        read_until(&mut stream, &own)
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_closed() {
    let server = Server::start(hello(), |limits| {
        limits.header_timeout = Duration::from_millis(50)
    });
    let mut stream = server.connect().await;
    assert_eq!(read_to_close(&mut stream).await, b"");
}

#[tokio::test]
async fn a_peer_whose_headers_do_not_end_is_closed() {
    let server = Server::start(hello(), |limits| {
        limits.header_timeout = Duration::from_millis(50)
    });
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await
        .unwrap();
    assert!(
        !read_to_close(&mut stream)
            .await
            .starts_with(b"HTTP/1.1 200")
    );
}

#[tokio::test]
async fn a_peer_that_says_nothing_after_its_answer_is_closed() {
    let server = Server::start(hello(), |limits| {
        limits.header_timeout = Duration::from_millis(50)
    });
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    assert!(read_to_close(&mut stream).await.ends_with(b"hello"));
}

#[tokio::test]
async fn http_2_is_served_and_a_silent_peer_is_closed_there_too() {
    let server = Server::start(hello(), |limits| {
        limits.header_timeout = Duration::from_millis(50)
    });
    let mut stream = server.connect().await;
    let empty_settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    stream.write_all(&empty_settings).await.unwrap();
    let answer = read_to_close(&mut stream).await;
    let frame_type = answer[3];
    assert_eq!(frame_type, 4, "the server's SETTINGS come first");
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let server = Server::start(hello(), |_| {});
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n")
        .await
        .unwrap();
    for n in 0..200 {
        stream
            .write_all(format!("X-{n}: 1\r\n").as_bytes())
            .await
            .unwrap();
    }
    stream.write_all(b"\r\n").await.unwrap();
    assert!(
        read_until(&mut stream, "\r\n")
            .await
            .starts_with("HTTP/1.1 431")
    );
}

#[tokio::test]
async fn over_the_limit_a_connection_waits_for_a_place() {
    let server = Server::start(hello(), |limits| limits.max_connections = 1);
    let mut first = server.connect().await;
    first.write_all(GET).await.unwrap();
    read_until(&mut first, "hello").await;

    let mut second = server.connect().await;
    second.write_all(GET).await.unwrap();
    let early = timeout(Duration::from_millis(100), second.read_u8()).await;
    assert!(
        early.is_err(),
        "the second was served while the first had the only place"
    );
    drop(first);
    assert!(
        read_until(&mut second, "hello")
            .await
            .starts_with("HTTP/1.1 200")
    );
}

/// A route that reports each request and answers when told.
fn held() -> (Router, mpsc::Receiver<oneshot::Sender<()>>) {
    let (requests, received) = mpsc::channel(10);
    let handler = async move || {
        let (answer, told) = oneshot::channel();
        requests.send(answer).await.unwrap();
        let _ = told.await;
        "held"
    };
    (Router::new().route("/", get(handler)), received)
}

#[tokio::test]
async fn shutdown_answers_what_was_accepted_and_takes_nothing_new() {
    let (router, mut received) = held();
    let server = Server::start(router, |_| {});
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    let answer = received.recv().await.unwrap();
    let mut idle = server.connect().await;

    server.shutdown.cancel();
    assert_eq!(read_to_close(&mut idle).await, b"");
    assert!(!server.end.is_finished(), "it did not wait for the answer");
    answer.send(()).unwrap();
    let text = String::from_utf8(read_to_close(&mut stream).await).unwrap();
    assert!(
        text.contains("connection: close") && text.ends_with("held"),
        "{text}"
    );
    let address = server.address;
    assert_eq!(server.stop().await, Drained { cut: 0 });
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn what_is_open_after_the_grace_is_cut_and_counted() {
    let (router, mut received) = held();
    let grace = Duration::from_millis(50);
    let server = Server::start(router, |limits| limits.shutdown_grace = grace);
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    let _never_told = received.recv().await.unwrap();
    assert_eq!(server.stop().await, Drained { cut: 1 });
    assert_eq!(read_to_close(&mut stream).await, b"");
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_answer_is_cut() {
    /// Tells when the server has given the answer up.
    struct Dropped(Option<oneshot::Sender<()>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.take().map(|told| told.send(()));
        }
    }
    let (told, dropped) = oneshot::channel();
    let guard = std::sync::Mutex::new(Some(Dropped(Some(told))));
    let endless = move || {
        let guard = guard.lock().unwrap().take();
        let chunks = futures_util::stream::repeat_with(move || {
            let _held = &guard;
            Ok::<_, std::io::Error>(vec![0_u8; 64 * 1024])
        });
        std::future::ready(Response::new(Body::from_stream(chunks)))
    };
    let endless = std::sync::Arc::new(endless);
    let router = Router::new().route("/", get(move || endless()));
    let server = Server::start(router, |limits| {
        limits.write_timeout = Duration::from_millis(100)
    });
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    timeout(PATIENCE, dropped)
        .await
        .expect("the server gives up")
        .unwrap();
}

/// A route that upgrades and then echoes until the peer closes.
fn echo() -> Router {
    let handler = async |request: Request| {
        let upgrade = hyper::upgrade::on(request);
        spawn("echo", async move {
            let (mut from, mut to) = tokio::io::split(TokioIo::new(upgrade.await.unwrap()));
            let _ = tokio::io::copy(&mut from, &mut to).await;
        });
        let answer = Response::builder().status(101).header("upgrade", "echo");
        answer
            .header("connection", "upgrade")
            .body(Body::empty())
            .unwrap()
    };
    Router::new().route("/", get(handler))
}

async fn upgraded(server: &Server) -> TcpStream {
    let mut stream = server.connect().await;
    let ask = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    assert!(
        read_until(&mut stream, "\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 101")
    );
    stream.write_all(b"ping.").await.unwrap();
    assert_eq!(read_until(&mut stream, ".").await, "ping.");
    stream
}

#[tokio::test]
async fn an_upgraded_socket_keeps_its_place() {
    let server = Server::start(echo(), |limits| limits.max_connections = 1);
    let first = upgraded(&server).await;
    let mut second = server.connect().await;
    second.write_all(GET).await.unwrap();
    let early = timeout(Duration::from_millis(100), second.read_u8()).await;
    assert!(
        early.is_err(),
        "the second was served while the first had the only place"
    );
    drop(first);
    read_until(&mut second, "\r\n").await;
}

#[tokio::test]
async fn shutdown_waits_for_upgraded_sockets() {
    let server = Server::start(echo(), |_| {});
    let mut stream = upgraded(&server).await;
    server.shutdown.cancel();
    stream.write_all(b"still here.").await.unwrap();
    assert_eq!(read_until(&mut stream, ".").await, "still here.");
    assert!(!server.end.is_finished(), "it did not wait for the socket");
    drop(stream);
    assert_eq!(server.stop().await, Drained { cut: 0 });
}

#[tokio::test]
async fn a_panic_in_a_task_stays_in_its_handle() {
    let task = spawn("doomed", async { panic!("planned by a test") });
    let result: Result<(), _> = task.await;
    assert!(result.unwrap_err().is_panic());
}
