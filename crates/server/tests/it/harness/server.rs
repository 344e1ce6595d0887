//! One server of its own, on a database of its own, and those who talk to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::engine::Database;
use super::identity::{Identity, Secret};
use super::process::{Process, Stopped, command, end_of, ignoring, until_end};
use super::wall_clock::WallClock;
use super::{Client, Room, now_s, signal};

/// How a server is to be started.
#[derive(Clone, Default)]
pub(crate) struct Options {
    variables: Vec<(String, String)>,
    with_limits: bool,
    with_clock: bool,
    with_failing_writes: bool,
}

impl Options {
    /// Sets an environment variable; the last one wins.
    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.into(), value.into()));
        self
    }

    /// Leaves the rate limits on, as they are by default outside of tests.
    pub(crate) fn with_rate_limits(mut self) -> Self {
        self.with_limits = true;
        self
    }

    /// Gives the server a clock that [`Server::jump`] moves.
    pub(crate) fn with_clock(mut self) -> Self {
        self.with_clock = true;
        self
    }

    /// Lets [`Server::fail_writes_beyond`] make writes fail, where the system would end the process.
    pub(crate) fn with_failing_writes(mut self) -> Self {
        self.with_failing_writes = true;
        self
    }

    /// Starts the server.
    pub(crate) async fn start(self) -> Server {
        Server::start_with(self).await
    }
}

/// A running server with an empty database. Killed when dropped; its log is printed if the test
/// failed.
pub(crate) struct Server {
    process: Process,
    http: reqwest::Client,
    pub(crate) secret: Secret,
    options: Options,
    clock: Option<WallClock>,
    rooms: AtomicUsize,
    // After the process, which holds both open: fields drop in order.
    database: Database,
    folder: TempDir,
}

/// Another server on the same database. Killed when dropped.
pub(crate) struct Node(Process);

impl Node {
    /// `http://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    /// The same of the metrics listener.
    pub(crate) fn metrics_url(&self) -> &str {
        &self.0.metrics_url
    }

    /// Kills the process as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    /// It keeps its connections and does nothing any more.
    pub(crate) fn pause(&self) {
        signal::send(&self.0.child, "STOP");
    }

    /// It goes on where it was paused.
    pub(crate) fn go_on(&self) {
        signal::send(&self.0.child, "CONT");
    }
}

impl Server {
    /// A server with the settings that tests want: loopback, free ports, no rate limits.
    pub(crate) async fn start() -> Self {
        Options::default().start().await
    }

    /// A server with a clock that [`Server::jump`] moves.
    pub(crate) async fn start_with_clock() -> Self {
        Options::default().with_clock().start().await
    }

    /// A server with other settings.
    pub(crate) fn with(variable: &str, value: &str) -> Options {
        Options::default().with(variable, value)
    }

    /// A server whose rate limits are on.
    pub(crate) async fn start_limited() -> Self {
        Options::default().with_rate_limits().start().await
    }

    async fn start_with(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = Database::create(folder.path()).await;
        let secret = Secret::random();
        let clock = options.with_clock.then(|| WallClock::new(folder.path()));
        let process = serve(&options, clock.as_ref(), &database, &secret, &folder);
        let http = http();
        let rooms = AtomicUsize::new(0);
        Self {
            process,
            http,
            secret,
            options,
            clock,
            rooms,
            database,
            folder,
        }
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> &str {
        &self.process.url
    }

    /// The same of the metrics listener.
    pub(crate) fn metrics_url(&self) -> &str {
        &self.process.metrics_url
    }

    /// The address that the API listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        let port = self
            .url()
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        (
            Ipv4Addr::LOCALHOST,
            port.expect("the URL ends with the port"),
        )
            .into()
    }

    /// Kills the process as `kill -9` does and starts it again on the same database. Clients made
    /// before talk to the old port.
    pub(crate) fn restart_after_kill(&mut self) {
        self.restart_after(|_| ());
    }

    /// Kills the process as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Kills the process, does something, and starts it again.
    pub(crate) fn restart_after(&mut self, meanwhile: impl FnOnce(&Self)) {
        self.process.kill();
        meanwhile(self);
        self.process = self.another_process();
    }

    /// Kills the process and starts it again with other settings. Clients made before talk to the
    /// old port.
    pub(crate) fn restart_with(&mut self, options: Options) {
        self.options = options;
        self.restart_after_kill();
    }

    /// Whether several servers can have the database open.
    pub(crate) const fn takes_other_nodes(&self) -> bool {
        self.database.takes_several_servers()
    }

    /// Another server on the same database; `None` where only one can have it open.
    pub(crate) fn another_node(&self) -> Option<Node> {
        let possible = self.database.takes_several_servers();
        possible.then(|| Node(self.another_process()))
    }

    /// The same with settings of its own, those of `options` alone.
    pub(crate) fn another_node_with(&self, options: &Options) -> Option<Node> {
        let possible = self.database.takes_several_servers();
        possible.then(|| Node(self.process_with(options)))
    }

    fn another_process(&self) -> Process {
        self.process_with(&self.options)
    }

    fn process_with(&self, options: &Options) -> Process {
        let clock = self.clock.as_ref();
        serve(options, clock, &self.database, &self.secret, &self.folder)
    }

    /// Moves the server's clock by so many seconds, back if negative. Tokens are issued by it from
    /// now on.
    pub(crate) fn jump(&self, by_s: i64) {
        let clock = self.clock.as_ref();
        clock
            .expect("the server was started with a clock")
            .jump(by_s);
    }

    /// What the server's clock shows, in seconds since 1970.
    pub(crate) fn now_s(&self) -> i64 {
        self.clock.as_ref().map_or_else(now_s, WallClock::now_s)
    }

    /// Memory of the process that is in RAM, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.child.id());
        let status = std::fs::read_to_string(path).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kib.expect("the kernel says how much memory a process has")
    }

    /// Sends SIGTERM.
    pub(crate) fn ask_to_stop(&self) {
        signal::send(&self.process.child, "TERM");
    }

    /// Sends SIGHUP: the server reads its policy file again.
    pub(crate) fn hang_up(&self) {
        signal::send(&self.process.child, "HUP");
    }

    /// From now on the process can write no byte of any file that lies behind its first so many.
    pub(crate) fn fail_writes_beyond(&self, bytes: u64) {
        assert!(self.options.with_failing_writes, "it would be a signal");
        let pid = self.process.child.id();
        let limited = Command::new("prlimit")
            .args([format!("--pid={pid}"), format!("--fsize={bytes}")])
            .status();
        assert!(
            limited.is_ok_and(|status| status.success()),
            "prlimit limits what process {pid} writes"
        );
    }

    /// How the process ended. Fails if it has not within 30 s.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        end_of(&mut self.process.child).await
    }

    /// Asks the server to stop, and waits until it has in good order.
    pub(crate) async fn stop(&mut self) {
        self.ask_to_stop();
        let status = self.ended().await;
        assert!(status.success(), "the server stopped with {status}");
    }

    /// Starts the server again on the same database. Clients made before talk to the old port.
    pub(crate) fn start_again(&mut self) {
        self.process = self.another_process();
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.database_url().starts_with("sqlite:")
    }

    /// The value of `ORDERCHAT_DATABASE`.
    pub(crate) fn database_url(&self) -> &str {
        self.database.url()
    }

    /// The working folder of the server, where its own files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What lies where the settings of tests have files lie, by its path there.
    pub(crate) fn stored(&self) -> Vec<String> {
        let root = self.folder().join("orderchat-files");
        let mut found = Vec::new();
        let mut open = vec![root.clone()];
        while let Some(folder) = open.pop() {
            // A folder that is empty goes by itself.
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let below = path.strip_prefix(&root).expect("a path below");
                    found.push(below.to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }

    /// The bytes of [`Self::stored`].
    pub(crate) fn stored_bytes(&self) -> u64 {
        let root = self.folder().join("orderchat-files");
        let sizes = self.stored().into_iter().map(|path| {
            // A file may go meanwhile.
            std::fs::metadata(root.join(path)).map_or(0, |file| file.len())
        });
        sizes.sum()
    }

    /// Runs another command of the binary with this server's settings, these changed.
    pub(crate) async fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Stopped {
        let mut command = command(self.folder.path(), self.database.url(), &self.secret);
        command.args(arguments).envs(variables.iter().copied());
        let outputs = tempfile::tempdir().expect("a temporary folder");
        until_end(command, outputs.path()).await
    }

    /// Everything the server has logged so far.
    pub(crate) fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.folder.path().join(name));
        [read("stdout.log"), read("stderr.log")]
            .into_iter()
            .flatten()
            .collect()
    }

    /// A client with these claims.
    pub(crate) fn client(&self, identity: &Identity) -> Client {
        self.bearer(&self.secret.sign(identity), identity.sub())
    }

    /// A client with exactly this token.
    pub(crate) fn bearer(&self, token: &str, user: &str) -> Client {
        Client::new(&self.http, self.url(), Some(token.into()), user)
    }

    /// A client without a token.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&self.http, self.url(), None, "")
    }

    /// A client without a token of the metrics listener.
    pub(crate) fn metrics(&self) -> Client {
        Client::new(&self.http, self.metrics_url(), None, "")
    }

    /// Somebody's claims, issued now by the server's clock.
    pub(crate) fn identity(&self, role: &str, sub: &str) -> Identity {
        Identity::issued_at(self.now_s(), role, sub)
    }

    pub(crate) fn service(&self) -> Client {
        self.client(&self.identity("service", "shop"))
    }

    pub(crate) fn customer(&self, sub: &str) -> Client {
        self.client(&self.identity("customer", sub))
    }

    pub(crate) fn rider(&self, sub: &str) -> Client {
        self.client(&self.identity("rider", sub))
    }

    /// Staff of one pharmacy.
    pub(crate) fn pharmacy(&self, sub: &str, pharmacy: &str) -> Client {
        self.client(&self.identity("pharmacy", sub).with("pharmacy", pharmacy))
    }

    pub(crate) fn support(&self, sub: &str) -> Client {
        self.client(&self.identity("support", sub))
    }

    pub(crate) fn admin(&self, sub: &str) -> Client {
        self.client(&self.identity("admin", sub))
    }

    /// Reports an order that opens its room; the room with its customer, rider and two staff of
    /// the pharmacy `ph1`. Each call makes another order with other people.
    pub(crate) async fn open_room(&self) -> Room {
        let number = self.rooms.fetch_add(1, Ordering::Relaxed) + 1;
        Room::open(self, number).await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.0.kill();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill();
        if std::thread::panicking() {
            eprintln!(
                "--- the server's log ---\n{}--- end of the log ---",
                self.log()
            );
        }
    }
}

/// What all clients of a server send with.
pub(super) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(60))
        .build()
        .expect("an HTTP client")
}

/// Starts the binary on this database.
fn serve(
    options: &Options,
    clock: Option<&WallClock>,
    database: &Database,
    secret: &Secret,
    folder: &TempDir,
) -> Process {
    let mut command = command(folder.path(), database.url(), secret);
    if options.with_failing_writes {
        command = ignoring("XFSZ", &command);
    }
    if let Some(clock) = clock {
        clock.show_to(&mut command);
    }
    if options.with_limits {
        command.env("ORDERCHAT_RATE_LIMITS", "on");
    }
    command.arg("serve").envs(options.variables.iter().cloned());
    Process::of(command, folder).0
}
