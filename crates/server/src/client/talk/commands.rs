//! What is typed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Effect, Talk, Unanswered};
use crate::client::command::{Command, HELP};
use crate::client::shown;

/// How often the others are told that somebody types.
const TYPING_EVERY: Duration = Duration::from_secs(2);

impl Talk {
    /// Does what a line asks for.
    pub(in crate::client) fn typed(&mut self, line: &str) -> Vec<Effect> {
        match Command::parse(line) {
            Command::Nothing => Vec::new(),
            Command::Say(text) => self.say(text, None),
            Command::Reply { to, text } => self.reply(to, text),
            Command::Edit { which, text } => self.edit(which, text),
            Command::Delete { which, reason } => self.delete(which, reason),
            Command::Typing => self.typing(None),
            Command::Rooms => vec![Effect::List],
            Command::Room(name) => vec![Effect::Open(name.to_owned())],
            Command::Help => vec![Effect::Print(HELP.to_owned())],
            Command::Quit => vec![Effect::Quit],
            Command::Wrong(why) => told(&why),
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
            return told("no room is open; /rooms lists them, /room opens one");
        };
        let mut frame = json!({ "type": "send", "room": room.id, "content": text });
        if let Some(message) = reply_to {
            frame["reply_to"] = json!(message);
        }
        let key = format!("{}-{}", self.run, self.last_ref + 1);
        frame["client_message_id"] = json!(key);
        let pending = Effect::Print(format!("  … {text}"));
        let send = self.ask(frame, format!("“{text}”"));
        vec![pending, send]
    }

    fn reply(&mut self, to: Option<u64>, text: &str) -> Vec<Effect> {
        match self.message(to, false) {
            Ok(message) => self.say(text, Some(message)),
            Err(why) => told(&why),
        }
    }

    fn edit(&mut self, which: Option<u64>, text: &str) -> Vec<Effect> {
        match self.message(which, true) {
            Ok(message) => {
                let frame = json!({ "type": "edit", "message": message, "content": text });
                vec![self.ask(frame, "the edit".to_owned())]
            }
            Err(why) => told(&why),
        }
    }

    fn delete(&mut self, which: Option<u64>, reason: Option<&str>) -> Vec<Effect> {
        match self.message(which, true) {
            Ok(message) => {
                let mut frame = json!({ "type": "delete", "message": message });
                if let Some(reason) = reason {
                    frame["reason"] = json!(reason);
                }
                vec![self.ask(frame, "the deletion".to_owned())]
            }
            Err(why) => told(&why),
        }
    }

    /// The id of the message with this number, else of the newest that is one's own or not.
    fn message(&self, seq: Option<u64>, own: bool) -> Result<String, String> {
        let room = self.room.as_ref().ok_or("no room is open")?;
        let found = match seq {
            Some(seq) => room.message(seq),
            None => room.newest(own),
        };
        found.map(str::to_owned).ok_or_else(|| match seq {
            Some(seq) => format!("#{seq} is no message that was shown lately"),
            None => "there is no such message; name one by its number".to_owned(),
        })
    }

    /// Sends a command that is sent again until it is answered.
    fn ask(&mut self, mut frame: Value, what: String) -> Effect {
        let reference = self.reference();
        frame["ref"] = json!(reference);
        self.unanswered.push_back(Unanswered {
            reference,
            frame: frame.clone(),
            what,
            again_at: None,
        });
        Effect::Send(frame)
    }
}

fn told(text: &str) -> Vec<Effect> {
    vec![Effect::Print(shown::news(text))]
}
