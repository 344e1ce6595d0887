//! What the client knows, and what follows from what arrives and what is typed. It neither waits
//! nor connects: whoever runs it does.

mod commands;
mod queue;
mod room;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::rest::Opened;
use super::shown;
use queue::{Line, Queue};
use room::Room;

/// A command that was refused for now is tried again after so long if the server does not say.
const AGAIN: Duration = Duration::from_secs(1);
/// When the end comes too early, so many lines that were not acknowledged are named.
const NAMED: usize = 10;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    Print(String),
    /// Say that something that was typed is not done, and why.
    Undone(String),
    /// Over the live connection, if there is one.
    Send(Value),
    /// Ask for the room of this id or code.
    Open(String),
    /// Ask for the rooms.
    List,
    Quit,
}

/// The conversation, as one client sees it.
#[derive(Debug)]
pub(super) struct Talk {
    /// Of the last `welcome`.
    epoch: Option<String>,
    /// This connection has had its `welcome`. Before, nothing is sent on it but `hello`: what waits
    /// for an answer from earlier goes first.
    is_welcome: bool,
    heartbeat: Duration,
    places: BTreeMap<String, Place>,
    /// The codes of rooms, by their ids: what people call them.
    codes: BTreeMap<String, String>,
    /// The room that is shown.
    room: Option<Room>,
    /// There is none yet: the first one that comes is opened. Else none is opened but the one that is
    /// asked for, since what is typed goes to it.
    waits_for_a_room: bool,
    unanswered: Queue,
    /// The line that was typed last.
    line: Line,
    last_ref: u64,
    /// Begins the keys of this run's messages.
    run: String,
    typed_at: Option<Instant>,
}

/// How far the client has the log of a room.
#[derive(Debug)]
struct Place {
    seq: u64,
    /// The `ref` under which the rest of it was asked for.
    asked: Option<String>,
    /// The newest entry of one's own that was acknowledged.
    own: u64,
    /// The server would not tell the rest of it: perhaps nothing comes.
    refused: bool,
}

impl Place {
    fn at(seq: u64) -> Self {
        Self {
            seq,
            asked: None,
            own: 0,
            refused: false,
        }
    }
}

impl Talk {
    /// `run` is like no other run's.
    pub(super) fn new(run: String) -> Self {
        Self {
            epoch: None,
            is_welcome: false,
            heartbeat: Duration::from_secs(25),
            places: BTreeMap::new(),
            codes: BTreeMap::new(),
            room: None,
            waits_for_a_room: false,
            unanswered: Queue::default(),
            line: Line::default(),
            last_ref: 0,
            run,
            typed_at: None,
        }
    }

    /// Everything that was typed was answered.
    pub(super) fn is_idle(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Until when answers are waited for if nothing was typed since then.
    pub(super) fn waits_until(&self, since: Instant) -> Instant {
        self.unanswered.waits_until(since)
    }

    /// Which lines were not answered, in words.
    pub(super) fn unacknowledged(&self) -> Vec<String> {
        let lines = self.unanswered.lines();
        let count = lines.len();
        let mut told = vec![match count {
            1 => "1 line was not acknowledged:".to_owned(),
            _ => format!("{count} lines were not acknowledged:"),
        }];
        let name = |line: &Line| format!("line {}: {}", line.number, line.quoted);
        told.extend(lines.take(NAMED).map(name));
        if count > NAMED
            && let Some(last) = self.unanswered.lines().last()
        {
            let more = count - NAMED;
            told.push(format!("and {more} more, up to line {}", last.number));
        }
        told.extend(self.unanswered.why().map(str::to_owned));
        told
    }

    /// What was acknowledged has come back as an entry of the log, too, and so was shown.
    pub(super) fn has_seen_own(&self) -> bool {
        let mut places = self.places.values();
        places.all(|place| place.refused || place.own <= place.seq)
    }

    pub(super) fn is_welcome(&self) -> bool {
        self.is_welcome
    }

    pub(super) fn heartbeat(&self) -> Duration {
        self.heartbeat
    }

    /// The first frame of a connection: goes on where the last one ended.
    pub(super) fn hello(&mut self, token: &str) -> Value {
        self.is_welcome = false;
        self.unanswered.interrupt();
        for place in self.places.values_mut() {
            place.asked = None;
        }
        let mut hello = json!({ "type": "hello", "ref": "hello", "token": token });
        if let Some(epoch) = &self.epoch {
            let seqs = self.places.iter();
            let rooms: Map<_, _> = seqs
                .map(|(id, place)| (id.clone(), json!(place.seq)))
                .collect();
            hello["resume"] = json!({ "epoch": epoch, "rooms": rooms });
        }
        hello
    }

    /// Notes what the room is called.
    pub(super) fn meet(&mut self, room: &Value) {
        let (id, code) = (shown::text(room, "id"), shown::text(room, "room_id"));
        self.codes.insert(id.to_owned(), code.to_owned());
    }

    /// The room's code; its id if nothing else was heard of it.
    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.codes.get(id).map_or(id, String::as_str)
    }

    /// Shows a room, and follows it from there on.
    pub(super) fn open(&mut self, opened: Opened) -> Vec<Effect> {
        self.waits_for_a_room = false;
        self.meet(&opened.room);
        let room = Room::new(&opened);
        let mut effects = vec![Effect::Print(shown::news(&room.headline))];
        for message in &opened.messages {
            let line = shown::message(message, room.is_own(&message["sender"]));
            effects.push(Effect::Print(line));
        }
        let id = room.id.clone();
        let head = opened.room["seq"].as_u64().unwrap_or_default();
        // What was shown beyond the room's head comes again; it is told apart by its number.
        self.places.insert(id.clone(), Place::at(head));
        self.room = Some(room);
        if self.epoch.is_some() {
            effects.extend(self.follow(&id));
        }
        effects
    }

    /// The first room that comes is to be opened.
    pub(super) fn wait_for_a_room(&mut self) {
        self.waits_for_a_room = true;
    }

    /// None is shown any more.
    pub(super) fn leave(&mut self) {
        self.room = None;
    }

    /// What there is to do every now and then.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        effects.extend(self.room.as_mut().and_then(Room::read));
        if self.is_welcome {
            effects.extend(self.unanswered.due(now).map(Effect::Send));
        }
        effects
    }

    /// Takes what the server sent.
    pub(super) fn take(&mut self, frame: &Value, now: Instant) -> Vec<Effect> {
        match shown::text(frame, "type") {
            "welcome" => self.welcome(frame),
            "ok" => self.ok(frame, now),
            "error" => self.error(frame, now),
            "event" => self.event(frame),
            "caught_up" => self.caught_up(frame),
            "resync" => self.resync(frame),
            "room_summary" => self.summary(frame),
            "capabilities" | "receipt" | "typing" | "presence" => {
                let of = frame["room"].as_str();
                match &mut self.room {
                    Some(room) if of == Some(&room.id) => room.take(frame, now),
                    _ => Vec::new(),
                }
            }
            // `pong`, `bye` (the close code says the same), and whatever comes to be.
            _ => Vec::new(),
        }
    }

    fn welcome(&mut self, frame: &Value) -> Vec<Effect> {
        self.is_welcome = true;
        let resumed = self.epoch.is_some();
        self.epoch = frame["epoch"].as_str().map(str::to_owned);
        self.heartbeat = Duration::from_secs(frame["heartbeat"].as_u64().unwrap_or(25));
        let text = if resumed {
            "connected again"
        } else {
            "connected"
        };
        let mut effects = vec![Effect::Print(shown::news(text))];
        if !resumed && let Some(id) = self.room.as_ref().map(|room| room.id.clone()) {
            effects.extend(self.follow(&id));
        }
        effects.extend(self.next());
        effects
    }

    /// The command whose turn it is.
    fn next(&mut self) -> Option<Effect> {
        if !self.is_welcome {
            return None;
        }
        self.unanswered.next().map(Effect::Send)
    }

    /// Asks for everything of the room that is missing, unless it was asked for already.
    fn follow(&mut self, id: &str) -> Option<Effect> {
        let reference = self.reference();
        let place = self.places.get_mut(id)?;
        if place.asked.is_some() {
            return None;
        }
        (place.asked, place.refused) = (Some(reference.clone()), false);
        Some(Effect::Send(json!({
            "type": "subscribe", "ref": reference, "room": id, "after": place.seq,
        })))
    }

    fn reference(&mut self) -> String {
        self.last_ref += 1;
        self.last_ref.to_string()
    }

    fn ok(&mut self, frame: &Value, now: Instant) -> Vec<Effect> {
        let reference = frame["ref"].as_str();
        for place in self.places.values_mut() {
            if place.asked.as_deref() == reference {
                place.asked = None;
            }
        }
        self.unanswered.answered(reference.unwrap_or_default(), now);
        let message = &frame["message"];
        if let (Some(place), Some(version)) = (
            self.places.get_mut(shown::text(message, "room")),
            message["version"].as_u64(),
        ) {
            place.own = place.own.max(version);
        }
        if let Some(room) = &mut self.room {
            room.acknowledge(message);
        }
        let notices = frame["notices"].as_array().into_iter().flatten();
        let print = |notice| Effect::Print(shown::news(shown::text(notice, "detail")));
        notices.map(print).chain(self.next()).collect()
    }

    fn error(&mut self, frame: &Value, now: Instant) -> Vec<Effect> {
        let problem = &frame["problem"];
        let reference = frame["ref"].as_str();
        for place in self.places.values_mut() {
            if place.asked.is_some() && place.asked.as_deref() == reference {
                (place.asked, place.refused) = (None, true);
            }
        }
        let reference = reference.unwrap_or_default();
        let detail = shown::text(problem, "detail");
        let status = problem["status"].as_u64();
        if let Some(429 | 503 | 504) = status {
            let wait = frame["retry_after"].as_u64().map(Duration::from_secs);
            let again_at = now + wait.unwrap_or(AGAIN);
            if let Some(is_news) = self.unanswered.put_off(reference, again_at, detail) {
                // That one has to wait a second is no news: the next one has to, too.
                let told = (is_news && status != Some(429)).then(|| {
                    let text = format!("not done yet, it is tried again: {detail}");
                    Effect::Print(shown::news(&text))
                });
                return told.into_iter().collect();
            }
        }
        let Some(command) = self.unanswered.answered(reference, now) else {
            let text = format!("that was not done: {detail}");
            return vec![Effect::Print(shown::news(&text))];
        };
        let text = format!("{} was not done: {detail}", command.line.quoted);
        [Effect::Undone(text)]
            .into_iter()
            .chain(self.next())
            .collect()
    }

    /// An entry of a log: each once, and none after one that is missing.
    fn event(&mut self, frame: &Value) -> Vec<Effect> {
        if frame["data"]["room"].is_object() {
            self.meet(&frame["data"]["room"]);
        }
        let id = shown::text(frame, "room");
        let seq = frame["seq"].as_u64().unwrap_or_default();
        match self.places.get_mut(id) {
            Some(place) if seq <= place.seq => return Vec::new(),
            Some(place) if seq > place.seq + 1 => return self.follow(id).into_iter().collect(),
            Some(place) => place.seq = seq,
            None => {
                self.places.insert(id.to_owned(), Place::at(seq));
            }
        }
        match &mut self.room {
            Some(room) if room.id == id => room.event(frame),
            None if self.waits_for_a_room => vec![Effect::Open(id.to_owned())],
            Some(_) | None => self.elsewhere(frame),
        }
    }

    fn caught_up(&mut self, frame: &Value) -> Vec<Effect> {
        let id = shown::text(frame, "room");
        let seq = frame["seq"].as_u64().unwrap_or_default();
        // Of a room that is known, only its events say how far it is.
        self.places.entry(id.to_owned()).or_insert(Place::at(seq));
        match &mut self.room {
            Some(room) if room.id == id => room.may(&frame["capabilities"]),
            None if self.waits_for_a_room => vec![Effect::Open(id.to_owned())],
            Some(_) | None => Vec::new(),
        }
    }

    /// What is known of the room is of no use: it is shown anew.
    fn resync(&mut self, frame: &Value) -> Vec<Effect> {
        let id = shown::text(frame, "room");
        self.places.remove(id);
        let is_shown = self.room.as_ref().is_some_and(|room| room.id == id);
        if frame["seq"].is_null() {
            if is_shown {
                self.room = None;
            }
            return vec![Effect::Print(shown::news(
                "a room is gone; /rooms lists the others",
            ))];
        }
        if is_shown {
            let text = "the room is loaded anew";
            return vec![
                Effect::Print(shown::news(text)),
                Effect::Open(id.to_owned()),
            ];
        }
        Vec::new()
    }

    /// Staff hear of rooms that they do not look at.
    fn summary(&self, frame: &Value) -> Vec<Effect> {
        let is_shown = self.room.as_ref().map(|room| room.id.as_str()) == frame["room"].as_str();
        let unread = frame["unread_count"].as_u64().unwrap_or_default();
        if is_shown || unread == 0 {
            return Vec::new();
        }
        let last = &frame["last_message"];
        let (who, said) = (
            shown::text(last, "sender_name"),
            shown::text(last, "excerpt"),
        );
        let name = self.name(shown::text(frame, "room"));
        vec![Effect::Print(shown::news(&format!(
            "{unread} unread in {name}: {who}: {said}"
        )))]
    }

    /// A message of a room that is not shown.
    fn elsewhere(&self, frame: &Value) -> Vec<Effect> {
        if frame["kind"] != "message.created" {
            return Vec::new();
        }
        let message = &frame["data"]["message"];
        let (who, said) = (shown::text(message, "sender_name"), shown::said(message));
        let name = self.name(shown::text(frame, "room"));
        vec![Effect::Print(shown::news(&format!(
            "in {name}: {who}: {said}"
        )))]
    }
}

#[cfg(test)]
mod tests;
