//! What is typed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::queue::{Line, Unanswered};
use super::room::Room;
use super::{Effect, Talk};
use crate::client::command::{Command, HELP};
use crate::client::shown;

/// How often the others are told that somebody types.
const TYPING_EVERY: Duration = Duration::from_secs(2);
const NO_ROOM: &str = "no room is open; /rooms lists them, /room opens one";

impl Talk {
    /// Does what a line asks for.
    pub(in crate::client) fn typed(&mut self, line: &str) -> Vec<Effect> {
        self.line = Line {
            number: self.line.number + 1,
            quoted: shown::quoted(line.trim()),
        };
        match Command::parse(line) {
            Command::Nothing => Vec::new(),
            Command::Say(text) => self.say(text, None),
            Command::Reply { to, text } => self.reply(to, text),
            Command::Edit { which, text } => self.edit(which, text),
            Command::Delete { which, reason } => self.delete(which, reason),
            Command::Typing if self.room.is_none() => undone(NO_ROOM),
            Command::Typing => self.typing(None),
            Command::Rooms => vec![Effect::List],
            Command::Room(name) => vec![Effect::Open(name.to_owned())],
            Command::Help => vec![Effect::Print(HELP.to_owned())],
            Command::Quit => vec![Effect::Quit],
            Command::Wrong(why) => undone(&why),
        }
    }

    /// Tells the others that somebody types, if they were not told just now.
    pub(in crate::client) fn typing(&mut self, now: Option<Instant>) -> Vec<Effect> {
        if let (Some(now), Some(before)) = (now, self.typed_at)
            && now.duration_since(before) < TYPING_EVERY
        {
            return Vec::new();
        }
        let Some(room) = &self.room else {
            return Vec::new();
        };
        self.typed_at = now;
        vec![Effect::Send(json!({ "type": "typing", "room": room.id }))]
    }

    fn say(&mut self, text: &str, reply_to: Option<String>) -> Vec<Effect> {
        let Some(room) = &self.room else {
            return undone(NO_ROOM);
        };
        let mut frame = json!({ "type": "send", "room": room.id, "content": text });
        if let Some(message) = reply_to {
            frame["reply_to"] = json!(message);
        }
        let key = format!("{}-{}", self.run, self.last_ref + 1);
        frame["client_message_id"] = json!(key);
        let pending = Effect::Print(shown::pending(text));
        [pending].into_iter().chain(self.ask(frame)).collect()
    }

    fn reply(&mut self, to: Option<u64>, text: &str) -> Vec<Effect> {
        match self.message(to, false) {
            Ok(message) => self.say(text, Some(message)),
            Err(why) => undone(&why),
        }
    }

    fn edit(&mut self, which: Option<u64>, text: &str) -> Vec<Effect> {
        match self.message(which, true) {
            Ok(message) => {
                let frame = json!({ "type": "edit", "message": message, "content": text });
                self.ask(frame).into_iter().collect()
            }
            Err(why) => undone(&why),
        }
    }

    fn delete(&mut self, which: Option<u64>, reason: Option<&str>) -> Vec<Effect> {
        match self.message(which, true) {
            Ok(message) => {
                let mut frame = json!({ "type": "delete", "message": message });
                if let Some(reason) = reason {
                    frame["reason"] = json!(reason);
                }
                self.ask(frame).into_iter().collect()
            }
            Err(why) => undone(&why),
        }
    }

    /// The id of the message with this number, else of the newest that is one's own or not.
    fn message(&self, seq: Option<u64>, own: bool) -> Result<String, String> {
        let room = self.room.as_ref().ok_or(NO_ROOM)?;
        if seq.is_none() && own && self.expects_own(room) {
            return Err(
                "your newest message may still be on its way; name one by its number".to_owned(),
            );
        }
        let found = match seq {
            Some(seq) => room.message(seq),
            None => room.newest(own),
        };
        found.map(str::to_owned).ok_or_else(|| match seq {
            Some(seq) => format!("#{seq} is no message that was shown lately"),
            None => "there is no such message; name one by its number".to_owned(),
        })
    }

    /// A message of one's own is on its way, which will be the newest.
    fn expects_own(&self, room: &Room) -> bool {
        let mut frames = self.unanswered.frames();
        room.expects_own()
            || frames.any(|frame| frame["type"] == "send" && frame["room"] == *room.id)
    }

    /// Sends the command of the line, when it is its turn and again until it is answered.
    fn ask(&mut self, mut frame: Value) -> Option<Effect> {
        let reference = self.reference();
        frame["ref"] = json!(reference);
        self.unanswered.push(Unanswered {
            reference,
            frame,
            line: self.line.clone(),
        });
        self.next()
    }
}

fn undone(why: &str) -> Vec<Effect> {
    vec![Effect::Undone(why.to_owned())]
}
