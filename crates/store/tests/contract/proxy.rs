//! A proxy before PostgreSQL that spoils a statement on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use orderchat_store::Options;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::database::{Database, postgres};

/// Ends with the test's runtime.
pub(crate) struct Proxy {
    options: Options,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    spoils: AtomicBool,
    connections: AtomicUsize,
}

impl Proxy {
    /// Listens before the database's server.
    pub(crate) async fn before(database: &Database) -> Self {
        let Options::Postgres { url, .. } = database.options() else {
            panic!("SQLite is not reached by a network");
        };
        let (_, address) = url.split_once('@').expect("user@host:port");
        let (server, _) = address.split_once('/').expect("host:port/database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address").to_string();
        let options = postgres(&url.replacen(server, &own, 1));
        let state = Arc::new(State::default());
        let (server, seen) = (server.to_owned(), Arc::clone(&state));
        drop(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(&server).await.expect("PostgreSQL");
                drop(tokio::spawn(pass(client, server, Arc::clone(&seen))));
            }
        }));
        Self { options, state }
    }

    pub(crate) const fn options(&self) -> &Options {
        &self.options
    }

    /// The next BEGIN will not be understood.
    pub(crate) fn spoil_begin(&self) {
        self.state.spoils.store(true, Ordering::SeqCst);
    }

    /// Whether the one that was to be spoilt has come.
    pub(crate) fn has_spoilt(&self) -> bool {
        !self.state.spoils.load(Ordering::SeqCst)
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

async fn pass(client: TcpStream, server: TcpStream, state: Arc<State>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
        spoil(&mut buffer[..count], &state.spoils);
        if to_server.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    drop(to_server);
    back.abort();
}

/// A statement of its own, with the zero that ends it; short enough to come in one piece.
fn spoil(sent: &mut [u8], spoils: &AtomicBool) {
    const BEGIN: &[u8] = b"BEGIN\0";
    if let Some(at) = sent.windows(BEGIN.len()).position(|bytes| bytes == BEGIN)
        && spoils.swap(false, Ordering::SeqCst)
    {
        sent[at..at + BEGIN.len()].copy_from_slice(b"BEGIM\0");
    }
}
