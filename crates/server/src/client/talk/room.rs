//! The room that is shown: its people, the messages that can be called by number, receipts.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Effect;
use crate::client::rest::Opened;
use crate::client::shown;

/// Messages that can be called by their number.
const KEPT: usize = 1_000;
/// Typing is over so long after the last sign of it.
const TYPING: Duration = Duration::from_secs(6);

#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: String,
    /// What it is called, and who is there.
    pub(super) headline: String,
    /// One's own participant; `None` for staff who only look.
    own: Option<String>,
    people: BTreeMap<String, Person>,
    messages: VecDeque<Said>,
    /// The newest of one's own messages that was acknowledged, if any was meanwhile.
    acknowledged: u64,
    /// The newest of the others' messages, and up to where they were said to be read.
    newest: u64,
    read: u64,
    /// Why one may not write.
    why_not: Option<String>,
}

#[derive(Debug, Default)]
struct Person {
    name: String,
    /// Up to where they were shown to have received and read.
    delivered: u64,
    read: u64,
    typed_at: Option<Instant>,
}

#[derive(Debug)]
struct Said {
    seq: u64,
    id: String,
    own: bool,
}

impl Room {
    pub(super) fn new(opened: &Opened) -> Self {
        let room = &opened.room;
        let mut this = Self {
            id: shown::text(room, "id").to_owned(),
            headline: String::new(),
            own: room["my_participant"]["id"].as_str().map(str::to_owned),
            people: BTreeMap::new(),
            messages: VecDeque::new(),
            acknowledged: 0,
            newest: 0,
            read: 0,
            why_not: None,
        };
        for participant in &opened.participants {
            this.meet(participant);
        }
        let active = opened
            .participants
            .iter()
            .filter(|one| one["is_active"] == true);
        let names: Vec<_> = active
            .map(|one| shown::text(one, "user_full_name"))
            .collect();
        let (title, code) = (
            shown::text(room, "room_title"),
            shown::text(room, "room_id"),
        );
        this.headline = format!("{title} ({code}), with {}", names.join(", "));
        for message in &opened.messages {
            this.keep(message);
        }
        this
    }

    pub(super) fn is_own(&self, participant: &Value) -> bool {
        self.own.is_some() && participant.as_str() == self.own.as_deref()
    }

    /// The id of the message with this number.
    pub(super) fn message(&self, seq: u64) -> Option<&str> {
        let mut said = self.messages.iter();
        said.find(|said| said.seq == seq)
            .map(|said| said.id.as_str())
    }

    /// The id of the newest message that is one's own, or that is not.
    pub(super) fn newest(&self, own: bool) -> Option<&str> {
        let mut said = self.messages.iter().rev();
        said.find(|said| said.own == own)
            .map(|said| said.id.as_str())
    }

    /// One's own message: who sent it is in the room, also if they only looked before.
    pub(super) fn acknowledge(&mut self, message: &Value) {
        if message["room"].as_str() != Some(&self.id) {
            return;
        }
        if self.own.is_none() {
            self.own = message["sender"].as_str().map(str::to_owned);
        }
        let seq = message["seq"].as_u64().unwrap_or_default();
        self.acknowledged = self.acknowledged.max(seq);
    }

    /// A message of one's own that was acknowledged is still to come as an entry of the log.
    pub(super) fn expects_own(&self) -> bool {
        self.newest_seq(true) < self.acknowledged
    }

    fn meet(&mut self, participant: &Value) {
        let person = self
            .people
            .entry(shown::text(participant, "id").to_owned())
            .or_default();
        shown::text(participant, "user_full_name").clone_into(&mut person.name);
        let mark = |field: &str| participant[field].as_u64().unwrap_or_default();
        person.delivered = person.delivered.max(mark("delivered_seq"));
        person.read = person.read.max(mark("read_seq"));
    }

    fn keep(&mut self, message: &Value) {
        let own = self.is_own(&message["sender"]);
        let seq = message["seq"].as_u64().unwrap_or_default();
        if !own {
            self.newest = self.newest.max(seq);
        }
        if message["is_system_message"] == true {
            return;
        }
        let id = shown::text(message, "id").to_owned();
        self.messages.push_back(Said { seq, id, own });
        if self.messages.len() > KEPT {
            self.messages.pop_front();
        }
    }

    /// An entry of the log, the next one.
    pub(super) fn event(&mut self, frame: &Value) -> Vec<Effect> {
        let data = &frame["data"];
        let mut own = false;
        if frame["kind"] == "message.created" {
            let message = &data["message"];
            let seq = message["seq"].as_u64().unwrap_or_default();
            if self.message(seq).is_some() {
                // It came while the room was being opened, and was shown with it.
                return Vec::new();
            }
            own = self.is_own(&message["sender"]);
            self.keep(message);
        }
        if data["participant"].is_object() {
            self.meet(&data["participant"]);
        }
        shown::event(frame, own)
            .map(Effect::Print)
            .into_iter()
            .collect()
    }

    /// What is not in the log.
    pub(super) fn take(&mut self, frame: &Value, now: Instant) -> Vec<Effect> {
        if frame["type"] == "capabilities" {
            return self.may(frame);
        }
        if self.is_own(&frame["participant"]) {
            return Vec::new();
        }
        let newest = self.newest_seq(true);
        let Some(person) = self.people.get_mut(shown::text(frame, "participant")) else {
            return Vec::new();
        };
        let line = match shown::text(frame, "type") {
            "receipt" => person.receipt(frame, newest),
            "typing" => person.types(now),
            "presence" if frame["is_online"] == true => Some(format!("{} is online", person.name)),
            "presence" => Some(format!("{} is away", person.name)),
            _ => None,
        };
        line.map(|line| Effect::Print(shown::news(&line)))
            .into_iter()
            .collect()
    }

    fn newest_seq(&self, own: bool) -> u64 {
        let mut said = self.messages.iter().rev();
        said.find(|said| said.own == own).map_or(0, |said| said.seq)
    }

    /// What one may do; told when it changes.
    pub(super) fn may(&mut self, capabilities: &Value) -> Vec<Effect> {
        let why_not = capabilities["why_not"].as_str().map(str::to_owned);
        if why_not == self.why_not {
            return Vec::new();
        }
        let line = match &why_not {
            Some(why_not) => format!("you may not write here: {why_not}"),
            None => "you may write here".to_owned(),
        };
        self.why_not = why_not;
        vec![Effect::Print(shown::news(&line))]
    }

    /// Says that everything shown was read; only who is in the room has marks there.
    pub(super) fn read(&mut self) -> Option<Effect> {
        if self.own.is_none() || self.newest <= self.read {
            return None;
        }
        self.read = self.newest;
        let frame = json!({ "type": "read", "room": self.id, "seq": self.read });
        Some(Effect::Send(frame))
    }
}

impl Person {
    /// How far they have received and read, if that says something of one's newest message.
    fn receipt(&mut self, frame: &Value, newest: u64) -> Option<String> {
        let mark = |field: &str| frame[field].as_u64().unwrap_or_default();
        let (delivered, read) = (mark("delivered_seq"), mark("read_seq"));
        let is_new = |before: u64, now: u64| before < newest && newest <= now;
        let line = if is_new(self.read, read) {
            Some(format!("✓✓ read by {} up to #{newest}", self.name))
        } else if is_new(self.delivered, delivered) {
            Some(format!("✓ {} has #{newest}", self.name))
        } else {
            None
        };
        self.delivered = self.delivered.max(delivered);
        self.read = self.read.max(read);
        line
    }

    fn types(&mut self, now: Instant) -> Option<String> {
        let before = self.typed_at.replace(now);
        let goes_on = before.is_some_and(|before| now.duration_since(before) < TYPING);
        (!goes_on).then(|| format!("{} is typing …", self.name))
    }
}
