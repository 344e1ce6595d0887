//! The real binary as a child process: one that serves, or one that runs to its end.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::identity::Secret;
use super::signal;

/// The longest that a server may take to start or to stop: its own grace is 25 s.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A running binary that serves.
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) url: String,
    pub(super) metrics_url: String,
}

/// The binary with the settings that every test wants: loopback, free ports, nothing inherited.
pub(super) fn command(folder: &Path, database: &str, secret: &Secret) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orderchat"));
    command
        .current_dir(folder)
        .env_clear()
        .env("ORDERCHAT_LISTEN", "127.0.0.1:0")
        .env("ORDERCHAT_METRICS_LISTEN", "127.0.0.1:0")
        .env("ORDERCHAT_DATABASE", database)
        .env("ORDERCHAT_AUTH_SECRET", secret.as_str())
        .env("ORDERCHAT_RATE_LIMITS", "off")
        .stdin(Stdio::null());
    command
}

/// The command, not yet given any arguments, in a process that the signal of this name does not end.
pub(super) fn ignoring(signal: &str, command: &Command) -> Command {
    let mut through = Command::new("/usr/bin/env");
    through
        .arg(format!("--ignore-signal={signal}"))
        .arg(command.get_program())
        .current_dir(command.get_current_dir().expect("a folder is set"))
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        through.envs(value.map(|value| (name, value)));
    }
    through
}

fn log_file(folder: &Path, name: &str) -> File {
    let path = folder.join(name);
    let file = File::options().create(true).append(true).open(path);
    file.expect("a log file in the temporary folder")
}

impl Process {
    /// Starts what serves; with the lines that it prints after where it listens.
    pub(super) fn of(command: Command, folder: &TempDir) -> (Self, Receiver<String>) {
        let (mut process, lines) = Self::begun(command, folder);
        process.listens(&lines, folder);
        (process, lines)
    }

    /// The same before it listens.
    fn begun(mut command: Command, folder: &TempDir) -> (Self, Receiver<String>) {
        command
            .stdout(Stdio::piped())
            .stderr(log_file(folder.path(), "stderr.log"));
        let mut child = command.spawn().expect("the orderchat binary starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let lines = forward_lines(stdout, log_file(folder.path(), "stdout.log"));
        let process = Self {
            child,
            url: String::new(),
            metrics_url: String::new(),
        };
        (process, lines)
    }

    fn listens(&mut self, lines: &Receiver<String>, folder: &TempDir) {
        self.url = self.announced(lines, "listening on ", folder);
        self.metrics_url = self.announced(lines, "metrics on ", folder);
    }

    /// The URL in the next line of stdout, which must begin so.
    fn announced(&mut self, lines: &Receiver<String>, prefix: &str, folder: &TempDir) -> String {
        let problem = match lines.recv_timeout(PATIENCE) {
            Ok(line) => match line.strip_prefix(prefix) {
                Some(url) => return url.trim_end().into(),
                None => format!("printed {line:?} where {prefix:?} was due"),
            },
            Err(RecvTimeoutError::Timeout) => format!("did not print {prefix:?} within 30 s"),
            Err(RecvTimeoutError::Disconnected) => format!("ended before it printed {prefix:?}"),
        };
        self.kill();
        let log = std::fs::read_to_string(folder.path().join("stderr.log")).unwrap_or_default();
        panic!("the server {problem}; its log:\n{log}");
    }

    pub(super) fn kill(&mut self) {
        // Fails only for a child that has ended already.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A server that does not listen yet. Killed when dropped.
pub(crate) struct Starting {
    process: Process,
    lines: Receiver<String>,
    // After the process: fields drop in order.
    folder: TempDir,
}

impl Starting {
    /// Starts one on a SQLite file of its own, with these settings beside the usual ones.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = command(folder.path(), "sqlite:orderchat.db", &Secret::random());
        command.arg("serve").envs(variables.iter().copied());
        let (process, lines) = Process::begun(command, &folder);
        Self {
            process,
            lines,
            folder,
        }
    }

    pub(crate) fn hang_up(&self) {
        signal::send(&self.process.child, "HUP");
    }

    /// Waits until it listens; its URL.
    pub(crate) fn listens(&mut self) -> &str {
        self.process.listens(&self.lines, &self.folder);
        &self.process.url
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.process.kill();
    }
}

/// Passes on the child's lines and copies them into a file, until the child closes its stdout.
fn forward_lines(stdout: impl std::io::Read + Send + 'static, mut file: File) -> Receiver<String> {
    use std::io::Write as _;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _copied = writeln!(file, "{line}");
            let _heard = sender.send(line);
        }
    });
    receiver
}

/// A run of the binary that came to its end by itself.
pub(crate) struct Stopped {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    /// What was written to both, stdout first.
    pub(crate) output: String,
}

/// Runs the binary with the usual settings, these changed, until it ends. Fails if it has not
/// within 30 s.
pub(crate) async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Stopped {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite:{}", folder.path().join("orderchat.db").display());
    let mut command = command(folder.path(), &database, &Secret::random());
    command.args(arguments).envs(variables.iter().copied());
    until_end(command, folder.path()).await
}

/// Runs the command until it ends; its output goes through files in `folder`.
pub(super) async fn until_end(mut command: Command, folder: &Path) -> Stopped {
    let mut child = command
        .stdout(log_file(folder, "stdout.log"))
        .stderr(log_file(folder, "stderr.log"))
        .spawn()
        .expect("the orderchat binary starts");
    let status = end_of(&mut child).await;
    let read = |name| std::fs::read_to_string(folder.join(name)).expect("output is UTF-8");
    let stdout = read("stdout.log");
    let output = format!("{stdout}{}", read("stderr.log"));
    Stopped {
        status,
        stdout,
        output,
    }
}

/// Waits for the end of a child; kills it and fails if that takes more than 30 s.
pub(super) async fn end_of(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("the child can be asked") {
            return status;
        }
        if Instant::now() >= deadline {
            let _killed = child.kill();
            let _status = child.wait();
            panic!("orderchat has not ended within 30 s");
        }
        // Nothing tells when a child ends but asking for it.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
