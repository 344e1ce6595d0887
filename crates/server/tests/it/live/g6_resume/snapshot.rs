//! A room as a client holds it: from REST, and kept up with events by `version`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::orders::order_path;
use crate::harness::{Client, Fields as _, Room};

/// What an event may carry.
const KINDS: [&str; 4] = ["message", "participant", "room", "order"];

/// Not in events, or not moved by the thing's own ones: the caller's own fields; counts and newest
/// things, which go with the newest answer; what receipts and replies say.
const APART: &str = "can_be_edited can_be_deleted can_send_messages can_receive_messages is_online \
    my_participant unread_count receipts message_count last_message last_message_preview \
    client_message_id last_seen seq last_activity participant_count order_status delivery_status \
    status_display delivered_at read_at reply_count reply_to delivered_seq read_seq updated_at";

#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) seq: i64,
    things: BTreeMap<(&'static str, String), Value>,
    /// How far each participant has received and read.
    marks: BTreeMap<String, (i64, i64)>,
}

impl Snapshot {
    /// Loads the room by REST.
    pub(super) async fn take(client: &Client, room: &Room) -> Self {
        let mut snapshot = Self::default();
        let seen = room.seen_by(client).await;
        snapshot.seq = seen.number("seq");
        snapshot.put("room", &seen);
        let order = client.get(&order_path(&room.order)).await.ok(200);
        snapshot.put("order", &order);
        for message in room.messages_seen_by(client).await {
            snapshot.put("message", &message);
        }
        for participant in client.all(&room.at("participants/?limit=200")).await {
            let marks = (
                participant.number("delivered_seq"),
                participant.number("read_seq"),
            );
            snapshot.marks.insert(participant.string("id"), marks);
            snapshot.put("participant", &participant);
        }
        snapshot
    }

    /// Keeps what is of the higher version.
    fn put(&mut self, kind: &'static str, thing: &Value) {
        let key = (kind, thing.string("id"));
        let known = self
            .things
            .get(&key)
            .map_or(-1, |known| known.number("version"));
        if thing.number("version") >= known {
            self.things.insert(key, thing.clone());
        }
    }

    pub(super) fn apply(&mut self, event: &Value) {
        self.seq = event.number("seq");
        for kind in KINDS {
            let thing = &event["data"][kind];
            if thing.is_object() {
                self.put(kind, thing);
            }
        }
    }

    pub(super) fn mark(&mut self, receipt: &Value) {
        let told = (receipt.number("delivered_seq"), receipt.number("read_seq"));
        let marks = self.marks.entry(receipt.string("participant")).or_default();
        *marks = (marks.0.max(told.0), marks.1.max(told.1));
    }

    /// Fails unless this, kept up with events, is what a fresh load gives.
    pub(super) fn assert_converged(&self, fresh: &Self) {
        assert_eq!(self.seq, fresh.seq);
        for (key, thing) in &fresh.things {
            let held = self.things.get(key);
            let held = held.unwrap_or_else(|| panic!("no event brought {key:?}: {thing}"));
            assert_eq!(lasting(held), lasting(thing), "{key:?} did not converge");
        }
        let messages = |of: &Self| -> Vec<String> {
            let keys = of.things.keys().filter(|(kind, _)| *kind == "message");
            keys.map(|(_, id)| id.clone()).collect()
        };
        assert_eq!(messages(self), messages(fresh));
        for (participant, marks) in &fresh.marks {
            let held = self.marks.get(participant).copied().unwrap_or_default();
            assert_eq!(held, *marks, "how far {participant} is");
        }
    }
}

/// A thing without what stands apart from its version. A message's own status may be a file's.
fn lasting(thing: &Value) -> Value {
    let mut thing = thing.clone();
    let is_message = thing.get("content").is_some();
    let fields = thing.as_object_mut().expect("a thing is an object");
    for field in APART.split_whitespace() {
        fields.shift_remove(field);
    }
    if is_message {
        fields.shift_remove("status");
    }
    thing
}
