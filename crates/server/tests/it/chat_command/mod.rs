//! `orderchat chat`: two terminals talk over a real server.

mod piped;
mod unreachable;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::identity::Secret;
use crate::harness::{Fields as _, Room, Server};

/// The longest that a test waits for a line that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// `orderchat chat --as USER` with this secret, not yet started and as if nothing were set.
fn chat(secret: &Secret, user: &str, role: &str, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orderchat"));
    command
        .env_clear()
        .env("ORDERCHAT_AUTH_SECRET", secret.as_str())
        .args(["chat", "--as", user, "--role", role, "--url", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// One `orderchat chat` on a pipe. Killed when dropped.
struct Terminal {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// Every line printed so far.
    printed: Vec<String>,
    /// Up to where `printed` was looked at.
    seen: usize,
}

impl Terminal {
    fn start(server: &Server, user: &str, role: &str, more: &[&str]) -> Self {
        let mut child = chat(&server.secret, user, role, server.url())
            .args(more)
            .spawn()
            .expect("the orderchat binary starts");
        let output = child.stdout.take().expect("stdout is piped");
        let (sender, lines) = channel();
        let read = move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Fails only when the test is over.
                let _ = sender.send(line);
            }
        };
        std::thread::spawn(read);
        let input = child.stdin.take();
        Self {
            child,
            input,
            lines,
            printed: Vec::new(),
            seen: 0,
        }
    }

    fn type_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the input is open");
        writeln!(input, "{line}").expect("the client reads");
    }

    /// The next line that contains the text, whatever comes before it.
    #[track_caller]
    fn shows(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Some(line) = self.printed.get(self.seen) {
                self.seen += 1;
                if line.contains(text) {
                    return line.clone();
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.printed.push(line),
                Err(why) => panic!(
                    "{text:?} was not shown ({why}):\n{}",
                    self.printed.join("\n")
                ),
            }
        }
    }

    /// The numbers and texts of the messages in the order shown.
    fn messages(&self) -> Vec<&str> {
        let all = self.printed.iter().map(String::as_str);
        all.filter(|line| line.starts_with('#')).collect()
    }

    /// Closes the input; the client ends by itself, and everything was done.
    fn end(self) {
        self.end_with(0);
    }

    /// The same with this exit status. All that was printed.
    fn end_with(mut self, code: i32) -> String {
        self.input = None;
        let status = self.child.wait().expect("the child can be waited for");
        // Ends with the child's output.
        self.printed.extend(self.lines.iter());
        let printed = self.printed.join("\n");
        assert_eq!(status.code(), Some(code), "{printed}");
        printed
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails only for a child that has ended already.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The customer's terminal and the rider's, both in the room.
fn two(server: &Server, room: &Room) -> (Terminal, Terminal) {
    let mut customer = Terminal::start(server, &room.customer.user, "customer", &[]);
    customer.shows("-- connected");
    let mut rider = Terminal::start(server, &room.rider.user, "rider", &["--room", &room.code]);
    rider.shows(&room.code);
    rider.shows("-- connected");
    (customer, rider)
}

/// A server on a port that stays the same when it comes back.
async fn on_a_fixed_port() -> Server {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("an address").to_string();
    drop(free);
    Server::with("ORDERCHAT_LISTEN", &address).start().await
}

#[tokio::test]
async fn two_terminals_talk_and_see_receipts_typing_and_changes() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let (mut customer, mut rider) = two(&server, &room);
    rider.type_line("/typing");
    customer.shows("is typing …");
    customer.type_line("Where are you?");
    assert_eq!(customer.shows("Where are you?"), "  … Where are you?");
    let own = customer.shows("you: Where are you?");
    let number = own.split(' ').next().expect("a number").to_owned();
    let theirs = rider.shows("Where are you?");
    assert!(theirs.starts_with(&number), "{theirs}");
    customer.shows("✓✓ read by");
    rider.type_line(&format!("/reply {number} At the door"));
    assert!(
        customer
            .shows("At the door")
            .contains(&format!("(on {number})"))
    );
    rider.shows(&format!("you: (on {number}) At the door")); // which is theirs to edit from now on
    rider.type_line("/edit At your door");
    customer.shows("now says: At your door");
    rider.type_line("/delete said too much");
    rider.shows("/delete #N REASON");
    rider.type_line("/delete");
    customer.shows("was deleted");
    room.order_is("picked_up").await;
    customer.shows("order ");
    room.mute(&room.customer).await;
    customer.shows("you may not write here");
    customer.type_line("HELLO");
    customer.shows("“HELLO” was not done");
    rider.type_line("/dance");
    rider.shows("/dance is no command");
    rider.end_with(1);
    customer.type_line("/quit");
    customer.end_with(1);
}

#[tokio::test]
async fn staff_look_without_being_in_the_room_and_join_by_writing() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "Anybody there?").await;
    let more = ["--name", "Sam Support", "--room", room.code.as_str()];
    let mut support = Terminal::start(&server, "sam", "support", &more);
    support.shows("Anybody there?");
    support.shows("-- connected");
    let mut customer = Terminal::start(&server, &room.customer.user, "customer", &[]);
    customer.shows("-- connected");
    support.type_line("I am");
    customer.shows("Sam (Support Staff) joined");
    customer.shows("I am");
    support.shows("I am");
    support.end();
}

#[tokio::test]
async fn what_is_piped_in_is_sent_and_acknowledged_before_it_ends() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let mut customer = Terminal::start(&server, &room.customer.user, "customer", &[]);
    for number in 1..=20 {
        customer.type_line(&format!("line {number}"));
    }
    customer.end();
    let said = room.messages_seen_by(&room.rider).await;
    let said: Vec<_> = said
        .iter()
        .filter(|one| one["message_type"] == "text")
        .collect();
    assert_eq!(said.len(), 20, "{said:?}");
    for (number, message) in (1..).zip(said) {
        assert_eq!(message["content"], format!("line {number}"));
    }
}

/// The messages of the room, over a connection of its own: those of before were killed.
async fn messages(room: &Room) -> Vec<Value> {
    let url = format!(
        "{}{}",
        room.rider.url(),
        room.at("messages/?after=0&limit=200")
    );
    let request = reqwest::Client::new().get(url);
    let answer = request.bearer_auth(room.rider.token()).send().await;
    let page: Value = answer.expect("an answer").json().await.expect("a page");
    page.results()
}

#[tokio::test]
async fn kill_9_of_the_server_costs_no_message_and_repeats_none() {
    let mut server = on_a_fixed_port().await;
    let room = server.open_room().await;
    let (mut customer, mut rider) = two(&server, &room);
    for number in 1..=60 {
        if number % 20 == 10 {
            server.restart_after_kill();
        }
        customer.type_line(&format!("from the customer {number};"));
        rider.type_line(&format!("from the rider {number};"));
        if number % 20 == 0 {
            // Whoever is not connected yet is waited for.
            customer.shows(&format!("from the rider {number};"));
            rider.shows(&format!("from the customer {number};"));
        }
    }
    customer.type_line("last of the customer");
    rider.shows("last of the customer");
    rider.type_line("last of the rider");
    customer.shows("last of the rider");
    rider.shows("you: last of the rider");
    let log = messages(&room).await;
    let texts: Vec<_> = log
        .iter()
        .filter(|one| one["message_type"] == "text")
        .collect();
    assert_eq!(texts.len(), 122, "each message is there once");
    for terminal in [&customer, &rider] {
        let shown = terminal.messages();
        let shown: Vec<_> = shown
            .iter()
            .filter(|line| line.contains("of the") || line.contains("from the"))
            .collect();
        assert_eq!(shown.len(), texts.len(), "{shown:#?}");
        for (line, message) in shown.iter().zip(&texts) {
            let content = message["content"].as_str().expect("a text");
            assert!(
                line.starts_with(&format!("#{} ", message["seq"])),
                "{line}: {message}"
            );
            assert!(line.contains(content), "{line}: {content}");
        }
    }
}
