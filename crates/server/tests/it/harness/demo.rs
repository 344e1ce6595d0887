//! `orderchat demo`, and the people whose tokens it prints.

use std::process::ExitStatus;
use std::sync::mpsc::Receiver;

use serde_json::json;
use tempfile::TempDir;

use super::identity::Secret;
use super::process::{PATIENCE, Process, command, end_of};
use super::server::http;
use super::{Client, Fields as _, signal};

/// A running demo. Killed when dropped.
pub(crate) struct Demo {
    process: Process,
    http: reqwest::Client,
    lines: Receiver<String>,
    /// What it has printed so far, after where it listens.
    printed: Vec<String>,
    // After the process: fields drop in order.
    _folder: TempDir,
}

impl Demo {
    /// Starts one that lives so many times as fast as for people.
    pub(crate) fn start(pace: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // The demo has a database and keys of its own.
        let mut command = command(folder.path(), "sqlite:unused.db", &Secret::random());
        command.args(["demo", "--pace", pace]);
        let (process, lines) = Process::of(command, &folder);
        Self {
            process,
            http: http(),
            lines,
            printed: Vec::new(),
            _folder: folder,
        }
    }

    /// The next line that it prints, or has printed, with this in it.
    pub(crate) fn prints(&mut self, text: &str) -> String {
        if let Some(line) = self.printed.iter().find(|line| line.contains(text)) {
            return line.clone();
        }
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|why| {
                panic!(
                    "{text:?} was not printed ({why}):\n{}",
                    self.printed.join("\n")
                )
            });
            self.printed.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Whoever the line `ROLE=TOKEN` is printed for.
    pub(crate) fn of_role(&mut self, role: &str) -> Client {
        let assignment = format!("{role}=");
        let line = self.prints(&assignment);
        let token = line.strip_prefix(&assignment).expect("a token");
        self.bearer(token, role)
    }

    /// Whose orders one is told to watch.
    pub(crate) fn followed(&mut self) -> Client {
        let line = self.prints(" chat --url ");
        let (_, token) = line.split_once(" --token ").expect("a token");
        let (before, url) = (&line, self.process.url.as_str());
        assert!(before.contains(&format!("chat --url {url} ")), "{line}");
        self.bearer(token, "followed")
    }

    /// Whoever opens the demo's page, before they step in.
    pub(crate) fn visitor(&self) -> Client {
        Client::new(&self.http, &self.process.url, None, "")
    }

    /// Steps in as this person of the demo.
    pub(crate) async fn step_in(&self, user: &str) -> Client {
        let wanted = json!({ "user": user });
        let person = self
            .visitor()
            .post("/api/demo/token/", wanted)
            .await
            .ok(200);
        self.bearer(&person.string("token"), user)
    }

    /// Its terminal is closed; how it ended.
    pub(crate) async fn hang_up(mut self) -> ExitStatus {
        signal::send(&self.process.child, "HUP");
        end_of(&mut self.process.child).await
    }

    fn bearer(&self, token: &str, user: &str) -> Client {
        Client::new(&self.http, &self.process.url, Some(token.into()), user)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.process.kill();
    }
}
