//! A NATS server of the test's own, which it may stop, start and pause.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{clock, random};

/// A running or stopped `nats-server`, the one that `scripts/with-nats` puts on the PATH. Killed
/// when dropped.
pub(super) struct Nats {
    port: u16,
    arguments: &'static [&'static str],
    process: Option<Child>,
}

/// Whether tests that need NATS can run. Without it they are left out, and say so; with
/// `ORDERCHAT_TEST_BUS=required`, as `scripts/test` sets it, they fail instead.
fn is_there() -> bool {
    let found = std::env::var_os("ORDERCHAT_TEST_NATS").is_some();
    let required = std::env::var("ORDERCHAT_TEST_BUS").is_ok_and(|value| value == "required");
    assert!(
        found || !required,
        "ORDERCHAT_TEST_NATS is not set; run the tests under scripts/with-nats"
    );
    if !found {
        eprintln!("left out: it needs a NATS server (scripts/with-nats)");
    }
    found
}

impl Nats {
    /// A server with these arguments; `None` where tests cannot have one.
    pub(super) fn start_with(arguments: &'static [&'static str]) -> Option<Self> {
        if !is_there() {
            return None;
        }
        for _attempt in 0..5 {
            // Below the range from which the kernel gives its own: it is free again after a stop.
            let port = 20_000 + u16::from_le_bytes(random::bytes()) % 12_000;
            let mut nats = Self {
                port,
                arguments,
                process: None,
            };
            if nats.try_start() {
                return Some(nats);
            }
        }
        panic!("nats-server does not start on any of five ports");
    }

    pub(super) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    pub(super) fn url(&self) -> String {
        self.url_as("")
    }

    /// The URL with what stands before the host.
    pub(super) fn url_as(&self, who: &str) -> String {
        format!("nats://{who}127.0.0.1:{}", self.port)
    }

    pub(super) fn start_again(&mut self) {
        assert!(self.try_start(), "nats-server starts on its port again");
    }

    /// As `kill -9` does.
    pub(super) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("nats-server can be killed");
            process.wait().expect("nats-server ends");
        }
    }

    /// It keeps its connections and does nothing any more.
    pub(super) fn pause(&self) {
        self.signal("STOP");
    }

    pub(super) fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("nats-server runs").id();
        let sent = Command::new("sh")
            .args(["-c", r#"kill -"$0" "$1""#, name, &id.to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "{name} arrives");
    }

    /// True once it takes connections, false when it has ended: somebody else has the port.
    fn try_start(&mut self) -> bool {
        let mut process = Command::new("nats-server")
            .args(["--addr", "127.0.0.1", "--port", &self.port.to_string()])
            .args(self.arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("scripts/with-nats puts nats-server on the PATH");
        let deadline = clock::monotonic() + Duration::from_secs(30);
        loop {
            if process.try_wait().expect("it can be asked").is_some() {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                self.process = Some(process);
                return true;
            }
            assert!(
                clock::monotonic() < deadline,
                "nats-server does not listen within 30 s"
            );
            // Nothing tells when a process listens but asking it.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.stop();
    }
}
