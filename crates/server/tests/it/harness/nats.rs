//! NATS for tests: the server that they share, started by `scripts/with-nats`, and such as a test
//! may pause and kill.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::signal;

/// The longest that a NATS server may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Its URL. Without one tests that need it are left out, and say so; with
/// `ORDERCHAT_TEST_BUS=required`, as `scripts/test` sets it, they fail instead.
pub(crate) fn nats_url() -> Option<String> {
    let url = std::env::var("ORDERCHAT_TEST_NATS").ok();
    let required = std::env::var("ORDERCHAT_TEST_BUS").is_ok_and(|value| value == "required");
    assert!(
        url.is_some() || !required,
        "ORDERCHAT_TEST_NATS is not set; run the tests under scripts/with-nats"
    );
    if url.is_none() {
        eprintln!("left out: it needs a NATS server (scripts/with-nats)");
    }
    url
}

/// A NATS server of the test's own. Killed when dropped.
pub(crate) struct OwnNats {
    port: u16,
    process: Option<Child>,
}

impl OwnNats {
    /// A running server; `None` where tests have no NATS, as with [`nats_url`].
    pub(crate) fn start() -> Option<Self> {
        nats_url()?;
        for _attempt in 0..5 {
            let mut chance = [0; 2];
            getrandom::fill(&mut chance).expect("the operating system gives random bytes");
            // Below the range from which the kernel gives its own: it is free again after a kill.
            let port = 20_000 + u16::from_le_bytes(chance) % 12_000;
            let mut nats = Self {
                port,
                process: None,
            };
            if nats.try_start() {
                return Some(nats);
            }
        }
        panic!("nats-server does not start on any of five ports");
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// It keeps its connections and does nothing any more.
    pub(crate) fn pause(&self) {
        signal::send(self.running(), "STOP");
    }

    /// It goes on where it was paused.
    pub(crate) fn go_on(&self) {
        signal::send(self.running(), "CONT");
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("nats-server can be killed");
            process.wait().expect("nats-server ends");
        }
    }

    /// Starts it again after a kill, on the same port.
    pub(crate) fn start_again(&mut self) {
        assert!(self.try_start(), "nats-server starts on its port again");
    }

    fn running(&self) -> &Child {
        self.process.as_ref().expect("nats-server runs")
    }

    /// True once it takes connections, false when it has ended: somebody else has the port.
    fn try_start(&mut self) -> bool {
        let mut process = Command::new("nats-server")
            .args(["--addr", "127.0.0.1", "--port", &self.port.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("scripts/with-nats puts nats-server on the PATH");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if process.try_wait().expect("it can be asked").is_some() {
                return false;
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                self.process = Some(process);
                return true;
            }
            assert!(
                Instant::now() < deadline,
                "nats-server does not listen within 30 s"
            );
            // Nothing tells when a process listens but asking it.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for OwnNats {
    fn drop(&mut self) {
        self.kill();
    }
}
