//! What the system says in a room: one constructor for each kind of system message (SPEC 5).

use serde_json::{Map, Value, json};

use crate::message::MessageType;
use crate::order::Change;
use crate::policy::{Texts, fill};
use crate::room::Transition;
use crate::{Millis, Refusal};

/// The order that a system message speaks of.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub order_id: &'a str,
    pub order_number: &'a str,
}

/// In which words the system speaks: the policy's, in the room's language.
#[derive(Clone, Copy, Debug)]
pub struct Voice<'a> {
    pub texts: &'a Texts,
    pub language: Option<&'a str>,
}

impl Voice<'_> {
    fn say(self, name: &str, values: &[(&str, &str)]) -> String {
        fill(self.texts.get(self.language, name), values)
    }

    /// A status is told in the shop's words where no text is for it.
    fn say_status(self, group: &str, about: About<'_>, status: &str) -> String {
        let values = [("status", &*words(status)), ("number", about.order_number)];
        self.say(&format!("{group}.{status}"), &values)
    }
}

/// A message of the system, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemMessage {
    pub message_type: MessageType,
    pub content: String,
    /// `{order_id, order_number, update_type, from?, to?, eta?, rider?}`
    pub metadata: Map<String, Value>,
}

fn build(
    message_type: MessageType,
    about: About<'_>,
    update_type: &str,
    content: String,
    details: &[(&str, Option<String>)],
) -> SystemMessage {
    let mut metadata = Map::new();
    metadata.insert("order_id".to_owned(), json!(about.order_id));
    metadata.insert("order_number".to_owned(), json!(about.order_number));
    metadata.insert("update_type".to_owned(), json!(update_type));
    for (name, value) in details {
        if let Some(value) = value {
            metadata.insert((*name).to_owned(), json!(value));
        }
    }
    SystemMessage {
        message_type,
        content,
        metadata,
    }
}

/// The field that is a time.
const ETA: &str = "eta";

/// The fields of a system message's metadata, each a text.
const FIELDS: [&str; 7] = [
    "order_id",
    "order_number",
    "update_type",
    "from",
    "to",
    ETA,
    "rider",
];

/// Checks the metadata that the service gives with a message of the system.
///
/// # Errors
/// [`crate::Rule::Invalid`] at a field that is unknown, no text, or no time where it should be.
pub fn check_metadata(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in metadata {
        let pointer = format!("/metadata/{name}");
        if !FIELDS.contains(&name.as_str()) {
            let detail = format!("is unknown; give {}", FIELDS.join(", "));
            return Err(Refusal::invalid(pointer, detail));
        }
        if !value.is_string() && !value.is_null() {
            return Err(Refusal::invalid(pointer, "must be a text"));
        }
        let is_no_time = |text: &str| name == ETA && Millis::parse(text).is_none();
        if value.as_str().is_some_and(is_no_time) {
            return Err(Refusal::invalid(pointer, "must be an RFC 3339 time"));
        }
    }
    Ok(())
}

/// The metadata of a message that the service sends: what it gave, and always its order's id and
/// number and an `update_type`.
#[must_use]
pub fn completed(
    about: About<'_>,
    message_type: MessageType,
    given: Option<&Map<String, Value>>,
) -> Map<String, Value> {
    let mut metadata = build(message_type, about, "notice", String::new(), &[]).metadata;
    for (name, value) in given.into_iter().flatten() {
        let Some(text) = value.as_str().filter(|_| !name.starts_with("order_")) else {
            continue;
        };
        let text = match Millis::parse(text) {
            Some(at) if name == ETA => at.to_string(),
            _ => text.to_owned(),
        };
        metadata.insert(name.clone(), json!(text));
    }
    metadata
}

/// About the room itself: it was closed, reopened, archived, by somebody or by the order policy.
/// Guests read it too: it does not say what became of the order.
#[must_use]
pub fn system_message(
    voice: Voice<'_>,
    about: About<'_>,
    transition: Transition,
    by_policy: bool,
) -> SystemMessage {
    let (update_type, text) = match (transition, by_policy) {
        (Transition::Close, false) => ("room_closed", "room.closed"),
        (Transition::Reopen, false) => ("room_reopened", "room.reopened"),
        (Transition::Archive, false) => ("room_archived", "room.archived"),
        (Transition::Close, true) => ("room_closed", "room.closed_by_policy"),
        (Transition::Reopen, true) => ("room_reopened", "room.reopened_by_policy"),
        (Transition::Archive, true) => ("room_archived", "room.archived_by_policy"),
    };
    let content = voice.say(text, &[]);
    build(MessageType::System, about, update_type, content, &[])
}

/// About the order: its status changed.
#[must_use]
pub fn order_update(
    voice: Voice<'_>,
    about: About<'_>,
    from: Option<&str>,
    to: &str,
) -> SystemMessage {
    let content = voice.say_status("order", about, to);
    let details = [
        ("from", from.map(str::to_owned)),
        ("to", Some(to.to_owned())),
    ];
    build(MessageType::OrderUpdate, about, "status", content, &details)
}

/// What changed about the delivery.
#[derive(Clone, Copy, Debug)]
pub enum DeliveryNews<'a> {
    Status {
        from: Option<&'a str>,
        to: &'a str,
    },
    /// The rider's display name; `None`: handed over to nobody.
    Rider {
        name: Option<&'a str>,
        first: bool,
    },
    Eta(Option<Millis>),
}

/// About the delivery: its status, its rider, its expected time of arrival.
#[must_use]
pub fn delivery_update(
    voice: Voice<'_>,
    about: About<'_>,
    news: DeliveryNews<'_>,
) -> SystemMessage {
    let number = ("number", about.order_number);
    let (update_type, content, details) = match news {
        DeliveryNews::Status { from, to } => (
            "delivery_status",
            voice.say_status("delivery", about, to),
            vec![
                ("from", from.map(str::to_owned)),
                ("to", Some(to.to_owned())),
            ],
        ),
        DeliveryNews::Rider {
            name: Some(name),
            first,
        } => {
            let (update_type, text) = if first {
                ("rider_assigned", "rider.first")
            } else {
                ("rider_reassigned", "rider.next")
            };
            let content = voice.say(text, &[("rider", name), number]);
            (update_type, content, vec![("rider", Some(name.to_owned()))])
        }
        DeliveryNews::Rider { name: None, .. } => (
            "rider_unassigned",
            voice.say("rider.none", &[number]),
            vec![],
        ),
        DeliveryNews::Eta(eta) => {
            let text = if eta.is_some() {
                "eta.changed"
            } else {
                "eta.open"
            };
            let details = vec![("eta", eta.map(|eta| eta.to_string()))];
            ("eta", voice.say(text, &[number]), details)
        }
    };
    let kind = MessageType::DeliveryUpdate;
    build(kind, about, update_type, content, &details)
}

/// The message for a change of the order; `None` for what changes quietly. `rider` gives a rider's
/// display name.
#[must_use]
pub fn news(
    voice: Voice<'_>,
    about: About<'_>,
    change: &Change,
    rider: Option<&str>,
) -> Option<SystemMessage> {
    let news = match change {
        Change::Status { from, to } => {
            return Some(order_update(voice, about, from.as_deref(), to));
        }
        Change::DeliveryStatus { from, to } => DeliveryNews::Status {
            from: from.as_deref(),
            to: to.as_deref()?,
        },
        Change::Rider { from, .. } => DeliveryNews::Rider {
            name: rider,
            first: from.is_none(),
        },
        Change::Eta { to, .. } => DeliveryNews::Eta(*to),
        Change::Details => return None,
    };
    Some(delivery_update(voice, about, news))
}

/// `ready_for_review` reads as "ready for review".
fn words(status: &str) -> String {
    status.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::OrderPolicy;

    fn voice(policy: &OrderPolicy) -> Voice<'_> {
        Voice {
            texts: &policy.texts,
            language: None,
        }
    }

    const ABOUT: About<'static> = About {
        order_id: "o1",
        order_number: "1042",
    };

    #[test]
    fn metadata_is_typed() {
        let policy = OrderPolicy::default();
        let update = order_update(voice(&policy), ABOUT, Some("accepted"), "preparing");
        assert_eq!(
            Value::Object(update.metadata),
            json!({"order_id": "o1", "order_number": "1042", "update_type": "status",
                   "from": "accepted", "to": "preparing"})
        );
    }

    #[test]
    fn what_the_service_gives_is_typed_and_completed() {
        let given = json!({"update_type": "status", "to": "packed", "order_id": "other"});
        let given = given.as_object().cloned().unwrap_or_default();
        assert!(check_metadata(&given).is_ok());
        assert_eq!(
            Value::Object(completed(ABOUT, MessageType::OrderUpdate, Some(&given))),
            json!({"order_id": "o1", "order_number": "1042", "update_type": "status", "to": "packed"})
        );
        for wrong in [json!({"to": 7}), json!({"colour": "red"})] {
            assert!(check_metadata(&wrong.as_object().cloned().unwrap_or_default()).is_err());
        }
    }

    #[test]
    fn a_status_of_the_shops_own_is_told_in_its_words() {
        let policy = OrderPolicy::default();
        assert_eq!(
            order_update(voice(&policy), ABOUT, None, "in_review").content,
            "The order is now in review."
        );
    }
}
