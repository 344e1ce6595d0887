//! What is piped in: all of it is done, or it is said what was not and the exit status is 1.

use std::io::Write as _;

use serde_json::Value;

use super::{Terminal, chat};
use crate::harness::upload::Form;
use crate::harness::{Room, Server};

/// What the client made of all that was piped in.
struct Piped {
    code: Option<i32>,
    said: String,
}

impl Piped {
    /// Not everything was done, and it says so.
    #[track_caller]
    fn fails_with(&self, text: &str) {
        assert!(self.said.contains(text), "no {text:?} in:\n{}", self.said);
        assert_eq!(self.code, Some(1), "{}", self.said);
    }
}

/// Pipes the text into a client of the room's customer.
async fn pipe(server: &Server, room: &Room, more: &[&str], text: &str) -> Piped {
    let mut child = chat(
        &server.secret,
        &room.customer.user,
        "customer",
        server.url(),
    )
    .args(more)
    .spawn()
    .expect("the orderchat binary starts");
    let mut input = child.stdin.take().expect("stdin is piped");
    input.write_all(text.as_bytes()).expect("the client reads");
    drop(input);
    let ended = tokio::task::spawn_blocking(|| child.wait_with_output()).await;
    let output = ended.expect("no panic").expect("the client ends");
    Piped {
        code: output.status.code(),
        said: String::from_utf8_lossy(&output.stdout).into_owned(),
    }
}

/// What people wrote in the room.
async fn texts(room: &Room) -> Vec<String> {
    let all = room.messages_seen_by(&room.rider).await;
    let said = all.iter().filter(|one| one["message_type"] == "text");
    let content = |one: &Value| one["content"].as_str().expect("a text").to_owned();
    said.map(content).collect()
}

#[tokio::test]
async fn a_number_that_may_be_a_message_or_a_text_is_asked_about_and_nothing_is_done() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "keep me").await;
    let theirs = room.rider.say(&room, "and me").await;
    for (line, remedy) in [
        ("/delete 17", "/delete #17"),
        ("/delete 17, 18", "/delete #17"),
        ("/delete #17, rude", "/delete #17"),
        ("/edit 17 zzz", "/edit #17"),
        ("/edit #x zzz", "/edit #N"),
        ("/reply 5", "/reply #5"),
        ("/reply 5 minutes", "/reply #5"),
    ] {
        pipe(&server, &room, &[], line).await.fails_with(remedy);
    }
    assert_eq!(texts(&room).await, ["keep me", "and me"]);
    let lines = format!("/reply #{} 5 minutes\n/reply 5pm\n", theirs["seq"]);
    let piped = pipe(&server, &room, &[], &lines).await;
    assert_eq!(piped.code, Some(0), "{}", piped.said);
    assert_eq!(texts(&room).await[2..], ["5 minutes", "5pm"]);
}

#[tokio::test]
async fn the_newest_message_is_not_an_older_one_while_a_newer_is_on_its_way() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "keep me").await;
    for lines in ["oops\n/delete\n", "oops\n/edit zzz\n"] {
        let piped = pipe(&server, &room, &[], lines).await;
        piped.fails_with("on its way");
    }
    assert_eq!(texts(&room).await, ["keep me", "oops", "oops"]);
}

#[tokio::test]
async fn nothing_is_said_in_a_room_that_was_not_asked_for() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let user = &room.customer.user;
    let mut terminal = Terminal::start(&server, user, "customer", &["--room", "nope"]);
    terminal.shows("nope cannot be opened");
    terminal.shows("-- connected");
    // It hears of her room, and opens it all the same only when it is told to.
    room.rider.say(&room, "where are you?").await;
    terminal.shows("where are you?");
    terminal.type_line("the gate code");
    terminal.shows("no room is open");
    terminal.type_line(&format!("/room {}", room.code));
    terminal.shows(&room.code);
    terminal.type_line("/room nope");
    terminal.shows("nope cannot be opened");
    terminal.type_line("for those of nope");
    terminal.shows("no room is open");
    assert_eq!(texts(&room).await, ["where are you?"]);
}

#[tokio::test]
async fn what_is_not_done_is_exit_status_1() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for (more, line, why) in [
        (&["--room", "nope"][..], "hi", "no room is open"),
        (&["--room", "nope"], "", "nope cannot be opened: 404"),
        (&["--room", "nope"], "/typing", "no room is open"),
        (&[], "/room nope", "nope cannot be opened: 404"),
        (&[], "/dance", "/dance is no command"),
        (&[], "/edit #99 a", "#99 is no message"),
    ] {
        pipe(&server, &room, more, line).await.fails_with(why);
    }
    assert!(texts(&room).await.is_empty());
}

#[tokio::test]
async fn a_long_line_that_is_refused_is_not_repeated() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let lines = format!("{}\nand on\n", "ä".repeat(9_000));
    let piped = pipe(&server, &room, &[], &lines).await;
    piped.fails_with(&format!(
        "“{}…” (9000 characters) was not done",
        "ä".repeat(60)
    ));
    assert!(!piped.said.contains(&"ä".repeat(61)), "{}", piped.said);
    assert_eq!(texts(&room).await, ["and on"]);
}

#[tokio::test]
async fn lines_are_sent_at_the_pace_that_the_server_takes_them() {
    // Longer in all than the client waits for one answer.
    let limits = Server::with("ORDERCHAT_SEND_RATE", "1/s burst 3").with_rate_limits();
    let server = limits.start().await;
    let room = server.open_room().await;
    let lines: Vec<_> = (1..=15).map(|number| format!("line {number}")).collect();
    let piped = pipe(&server, &room, &[], &lines.join("\n")).await;
    assert_eq!(piped.code, Some(0), "{}", piped.said);
    assert_eq!(texts(&room).await, lines);
}

#[tokio::test]
async fn to_quit_comes_after_what_was_piped_in_before() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let piped = pipe(&server, &room, &[], "one\ntwo\n/quit\nthree\n").await;
    assert_eq!(piped.code, Some(0), "{}", piped.said);
    assert_eq!(texts(&room).await, ["one", "two"]);
}

#[tokio::test]
async fn when_no_answer_comes_it_is_said_what_was_not_acknowledged() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    let mut customer = Terminal::start(&server, &room.customer.user, "customer", &[]);
    customer.shows("-- connected");
    customer.type_line(&"x".repeat(9_000));
    customer.shows("was not done");
    server.kill();
    customer.type_line("");
    for number in 3..=14 {
        customer.type_line(&format!("{number} {}", "x".repeat(100)));
    }
    let said = customer.end_with(1);
    assert!(said.contains("12 lines were not acknowledged"), "{said}");
    let third = format!("line 3: “3 {}…” (102 characters)", "x".repeat(58));
    assert!(said.contains(&third), "{said}");
    assert!(said.contains("line 12: “12 x"), "{said}");
    assert!(said.contains("and 2 more, up to line 14"), "{said}");
    assert!(!said.contains("line 1:"), "{said}");
}

#[tokio::test]
async fn a_file_without_a_text_stands_on_its_line_alone() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let note = Form::file("README.md", "text/plain", b"read me");
    room.rider.send_file(&room, note).await.ok(201);
    let piped = pipe(&server, &room, &[], "").await;
    assert_eq!(piped.code, Some(0), "{}", piped.said);
    assert!(piped.said.contains(": [README.md]"), "{}", piped.said);
}
