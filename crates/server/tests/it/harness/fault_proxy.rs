//! A network that breaks: TCP to the server, cut after a random number of bytes either way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::eventually;
use super::seed::rng;

/// Stands between clients and one server.
pub(crate) struct FaultProxy {
    url: String,
    plan: Arc<Plan>,
    accepting: JoinHandle<()>,
}

struct Plan {
    rng: Mutex<TestRng>,
    heals: AtomicBool,
    cuts: AtomicUsize,
    /// Bytes that the longest connection carries from the server.
    most_down: u64,
    /// Bytes that the longest connection carries to the server.
    most_up: u64,
}

impl FaultProxy {
    /// A proxy to `server`. Each connection is cut after at most so many bytes from and to it.
    pub(crate) async fn start(server: SocketAddr, seed: u64, most_down: u64, most_up: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let plan = Arc::new(Plan {
            rng: Mutex::new(rng(seed)),
            heals: AtomicBool::new(false),
            cuts: AtomicUsize::new(0),
            most_down,
            most_up,
        });
        let shared = Arc::clone(&plan);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                drop(tokio::spawn(carry(client, server, Arc::clone(&shared))));
            }
        });
        Self {
            url,
            plan,
            accepting,
        }
    }

    /// `http://ADDRESS:PORT`
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Connections from now on are not cut.
    pub(crate) fn heal(&self) {
        self.plan.heals.store(true, Ordering::SeqCst);
    }

    /// How many connections were cut.
    pub(crate) fn cuts(&self) -> usize {
        self.plan.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Plan {
    /// Bytes that a connection carries from the server and to it.
    fn draw(&self) -> (u64, u64) {
        if self.heals.load(Ordering::SeqCst) {
            return (u64::MAX, u64::MAX);
        }
        let mut rng = self.rng.lock().expect("no holder panics");
        let mut below = |most: u64| 1 + rng.next_u64() % most;
        let down = below(self.most_down);
        // Little is sent to the server: most are cut on the way from it.
        match below(4) {
            // Who has said hello sends little more: it is cut by what it is sent then.
            1 => (down, below(self.most_up)),
            _ => (down, u64::MAX),
        }
    }
}

/// How a [`Gate`] stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Open,
    /// What the client says is taken and goes nowhere.
    Deaf,
    /// Nothing gets through, and what was connected is cut.
    Shut,
}

/// Stands between one client and one server, and loses what it is told to.
pub(crate) struct Gate {
    address: SocketAddr,
    stands: watch::Sender<Stands>,
    lost: Arc<Mutex<Vec<u8>>>,
    accepting: JoinHandle<()>,
}

impl Gate {
    /// An open gate to `server`.
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stands, lost) = (watch::Sender::new(Stands::Open), Arc::default());
        let (seen, into) = (stands.subscribe(), Arc::clone(&lost));
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let carrying = carry_while_open(client, server, seen.clone(), Arc::clone(&into));
                drop(tokio::spawn(carrying));
            }
        });
        Self {
            address,
            stands,
            lost,
            accepting,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on what the client says is lost.
    pub(crate) fn go_deaf(&self) {
        self.stands.send_replace(Stands::Deaf);
    }

    pub(crate) fn shut(&self) {
        self.stands.send_replace(Stands::Shut);
    }

    pub(crate) fn open(&self) {
        self.stands.send_replace(Stands::Open);
    }

    /// Waits until something with this in it was lost.
    pub(crate) async fn has_lost(&self, text: &str) {
        eventually("the gate loses it", async || {
            let lost = self.lost.lock().expect("no holder panics");
            String::from_utf8_lossy(&lost).contains(text).then_some(())
        })
        .await;
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry_while_open(
    client: TcpStream,
    server: SocketAddr,
    mut stands: watch::Receiver<Stands>,
    lost: Arc<Mutex<Vec<u8>>>,
) {
    if *stands.borrow() == Stands::Shut {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let seen = stands.clone();
    let up = async {
        let mut buffer = vec![0; 4096];
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            let said = &buffer[..read];
            if *seen.borrow() == Stands::Deaf {
                lost.lock().expect("no holder panics").extend(said);
            } else if to_server.write_all(said).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = pass(from_server, to_client, u64::MAX) => {}
        () = up => {}
        _ = stands.wait_for(|stands| *stands == Stands::Shut) => {}
    }
}

/// Carries one connection until it ends or is cut. Both ends go with the halves.
async fn carry(client: TcpStream, server: SocketAddr, plan: Arc<Plan>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (down, up) = plan.draw();
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    let was_cut = tokio::select! {
        cut = pass(server_read, client_write, down) => cut,
        cut = pass(client_read, server_write, up) => cut,
    };
    if was_cut {
        plan.cuts.fetch_add(1, Ordering::SeqCst);
    }
}

/// Passes on so many bytes; `true` when there were more.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut left: u64) -> bool {
    let mut buffer = vec![0; 4096];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            return false;
        };
        let passed = usize::try_from(left).unwrap_or(usize::MAX).min(read);
        if to.write_all(&buffer[..passed]).await.is_err() {
            return false;
        }
        left -= passed as u64;
        if passed < read {
            return true;
        }
    }
}
