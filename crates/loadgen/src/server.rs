//! A server under test as a child process.

use std::fmt;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::client::Target;

/// Migrating and recovering after a kill included.
const START: Duration = Duration::from_secs(30);
/// The server promises to end within 25 s of a SIGTERM.
const STOP: Duration = Duration::from_secs(30);
/// What a server may print before it listens.
const MAX_LINES: usize = 100;

/// How to start a server; each start takes a new port.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    binary: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// Its working folder, where its log goes too.
    folder: PathBuf,
}

impl Launch {
    /// `orderchat serve` on a database of its own, its limits per user off.
    pub(crate) fn orderchat(
        binary: &Path,
        folder: &Path,
        database: &str,
        secret: &str,
    ) -> Result<Self> {
        let binary = binary.canonicalize().with_context(|| {
            format!(
                "no server at {}; build it with `cargo build --release`",
                binary.display()
            )
        })?;
        let environment = [
            ("ORDERCHAT_LISTEN", "127.0.0.1:0"),
            ("ORDERCHAT_METRICS_LISTEN", "127.0.0.1:0"),
            ("ORDERCHAT_DATABASE", database),
            ("ORDERCHAT_AUTH_SECRET", secret),
            ("ORDERCHAT_RATE_LIMITS", "off"),
        ];
        Ok(Self {
            binary,
            arguments: vec!["serve".into()],
            environment: environment
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            folder: folder.to_path_buf(),
        })
    }

    /// A yardstick: this program's own, by its arguments.
    pub(crate) fn yardstick(folder: &Path, arguments: Vec<String>) -> Result<Self> {
        Ok(Self {
            binary: std::env::current_exe().context("finding this program")?,
            arguments,
            environment: Vec::new(),
            folder: folder.to_path_buf(),
        })
    }

    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.environment.push((name.into(), value.to_string()));
        self
    }

    /// Starts the server and waits until it listens.
    pub(crate) async fn start(&self) -> Result<Server> {
        let log = self.folder.join("server.log");
        let stderr = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = Command::new(&self.binary)
            .args(&self.arguments)
            // Nothing of the caller's settings reaches the server under test.
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        let stdout = child.stdout.take().context("the server's stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = tokio::time::timeout(START, listening(&mut lines))
            .await
            .unwrap_or_else(|_| bail!("not listening after {} s", START.as_secs()))
            .with_context(|| {
                let last = last_lines(&log);
                format!("{} did not start; its log:\n{last}", self.binary.display())
            })?;
        drain(lines);
        Ok(Server {
            child,
            target: address.parse()?,
        })
    }
}

/// A running server. Dropped without [`Server::stop`] it is killed.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) target: Target,
}

impl Server {
    /// # Errors
    /// When the server has ended by itself.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// SIGKILL: no time to write anything more.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.ensure_running()?;
        self.child.kill().await.context("killing the server")
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Errors
    /// When it has not ended after 30 s; it is killed then.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.ensure_running()?;
        let pid = i32::try_from(self.pid()?)
            .ok()
            .and_then(Pid::from_raw)
            .context("the server's process id")?;
        kill_process(pid, Signal::TERM).context("signalling the server")?;
        let Ok(ended) = tokio::time::timeout(STOP, self.child.wait()).await else {
            bail!("the server still runs {} s after SIGTERM", STOP.as_secs());
        };
        ended.context("waiting for the server")?;
        Ok(())
    }

    fn ensure_running(&mut self) -> Result<()> {
        let ended = self.child.try_wait().context("looking at the server")?;
        ensure!(
            ended.is_none(),
            "the server ended by itself: {}",
            ended.map_or(String::new(), |status| status.to_string())
        );
        Ok(())
    }
}

/// Reads up to the line `listening on URL` and answers the URL.
async fn listening<R: AsyncRead + Unpin>(lines: &mut Lines<BufReader<R>>) -> Result<String> {
    for _ in 0..MAX_LINES {
        let Some(line) = lines.next_line().await? else {
            bail!("it ended before it listened");
        };
        if let Some(url) = line.strip_prefix("listening on ") {
            return Ok(url.trim().to_owned());
        }
    }
    bail!("no `listening on URL` in its first {MAX_LINES} lines");
}

/// Reads on to nowhere: a full pipe would stop the server.
fn drain(mut lines: Lines<BufReader<ChildStdout>>) {
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let mut last: Vec<&str> = text.lines().rev().take(20).collect();
    last.reverse();
    last.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn first_url(printed: &'static str) -> Result<String> {
        listening(&mut BufReader::new(printed.as_bytes()).lines()).await
    }

    #[tokio::test]
    async fn the_address_is_read_from_the_line_that_names_it() {
        let url = first_url("hello\nlistening on http://127.0.0.1:4711\nmore\n").await;
        assert_eq!(url.unwrap(), "http://127.0.0.1:4711");
    }

    #[tokio::test]
    async fn a_server_that_ends_before_listening_is_an_error() {
        let error = first_url("cannot open the database\n").await.unwrap_err();
        assert_eq!(error.to_string(), "it ended before it listened");
    }

    #[tokio::test]
    async fn a_missing_binary_is_named() {
        let error = Launch::orderchat(
            Path::new("/nowhere/orderchat"),
            Path::new("/"),
            "sqlite:x",
            "",
        );
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("/nowhere/orderchat")
        );
    }

    /// A server that says it listens, and then only waits.
    async fn start_sleeper(folder: &Path) -> Server {
        let launch = Launch {
            binary: "/bin/sh".into(),
            arguments: vec!["-c".into(), "echo listening on $URL; exec sleep 600".into()],
            environment: Vec::new(),
            folder: folder.into(),
        };
        let launch = launch.with("URL", "http://127.0.0.1:9");
        launch.start().await.unwrap()
    }

    #[tokio::test]
    async fn a_server_ends_by_either_signal() {
        let folder = tempfile::tempdir().unwrap();
        let server = start_sleeper(folder.path()).await;
        assert_eq!(server.target.to_string(), "http://127.0.0.1:9");
        server.kill().await.unwrap();
        let server = start_sleeper(folder.path()).await;
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_server_that_ended_by_itself_was_not_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let mut server = start_sleeper(folder.path()).await;
        server.child.kill().await.unwrap();
        let error = server.stop().await.unwrap_err().to_string();
        assert!(error.starts_with("the server ended by itself"), "{error}");
    }
}
