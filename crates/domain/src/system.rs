//! What the system says in a room: one constructor for each kind of system message (SPEC 5).

use serde_json::{Map, Value, json};

use crate::message::MessageType;
use crate::order::Change;
use crate::room::Transition;
use crate::{Millis, Refusal};

/// The order that a system message speaks of.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub order_id: &'a str,
    pub order_number: &'a str,
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

/// The fields of a system message's metadata, each a text.
const FIELDS: [&str; 7] = [
    "order_id",
    "order_number",
    "update_type",
    "from",
    "to",
    "eta",
    "rider",
];

/// Checks the metadata that the service gives with a message of the system.
///
/// # Errors
/// [`crate::Rule::Invalid`] at a field that is unknown or no text.
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
        if value.is_string() && !name.starts_with("order_") {
            metadata.insert(name.clone(), value.clone());
        }
    }
    metadata
}

/// About the room itself: it was closed, reopened, archived, by somebody or by the order policy.
/// Guests read it too: it does not say what became of the order.
#[must_use]
pub fn system_message(about: About<'_>, transition: Transition, by_policy: bool) -> SystemMessage {
    let (update_type, content) = match (transition, by_policy) {
        (Transition::Close, false) => ("room_closed", "This chat was closed."),
        (Transition::Reopen, false) => ("room_reopened", "This chat was reopened."),
        (Transition::Archive, false) => ("room_archived", "This chat was archived."),
        (Transition::Close, true) => ("room_closed", "This chat closed automatically."),
        (Transition::Reopen, true) => ("room_reopened", "This chat is open again."),
        (Transition::Archive, true) => ("room_archived", "This chat was archived automatically."),
    };
    build(
        MessageType::System,
        about,
        update_type,
        content.to_owned(),
        &[],
    )
}

/// About the order: its status changed.
#[must_use]
pub fn order_update(about: About<'_>, from: Option<&str>, to: &str) -> SystemMessage {
    let content = match to {
        "pending" => "Your order was received.".to_owned(),
        "accepted" => "The pharmacy accepted the order.".to_owned(),
        "preparing" => "The order is being prepared.".to_owned(),
        "ready_for_pickup" => "The order is ready for pickup.".to_owned(),
        "picked_up" => "The order was picked up.".to_owned(),
        "delivered" => "The order was delivered.".to_owned(),
        "cancelled" => "The order was cancelled.".to_owned(),
        "refunded" => "The order was refunded.".to_owned(),
        other => format!("The order is now {}.", words(other)),
    };
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
pub fn delivery_update(about: About<'_>, news: DeliveryNews<'_>) -> SystemMessage {
    let kind = MessageType::DeliveryUpdate;
    match news {
        DeliveryNews::Status { from, to } => {
            let content = match to {
                "unassigned" => "The delivery has no rider yet.".to_owned(),
                "assigned" => "A rider was assigned.".to_owned(),
                "accepted" => "The rider accepted the delivery.".to_owned(),
                "picked_up" => "The rider picked up the order.".to_owned(),
                "delivering" => "The rider is on the way.".to_owned(),
                "completed" => "The delivery is completed.".to_owned(),
                "cancelled" => "The delivery was cancelled.".to_owned(),
                "reassigned" => "The delivery goes to another rider.".to_owned(),
                other => format!("The delivery is now {}.", words(other)),
            };
            let details = [
                ("from", from.map(str::to_owned)),
                ("to", Some(to.to_owned())),
            ];
            build(kind, about, "delivery_status", content, &details)
        }
        DeliveryNews::Rider {
            name: Some(name),
            first,
        } => {
            let content = if first {
                format!("{name} will deliver the order.")
            } else {
                format!("{name} takes over the delivery.")
            };
            let update_type = if first {
                "rider_assigned"
            } else {
                "rider_reassigned"
            };
            build(
                kind,
                about,
                update_type,
                content,
                &[("rider", Some(name.to_owned()))],
            )
        }
        DeliveryNews::Rider { name: None, .. } => build(
            kind,
            about,
            "rider_unassigned",
            "The delivery has no rider now.".to_owned(),
            &[],
        ),
        DeliveryNews::Eta(eta) => {
            let content = if eta.is_some() {
                "The expected time of arrival changed."
            } else {
                "The expected time of arrival is open."
            };
            let details = [("eta", eta.map(|eta| eta.to_string()))];
            build(kind, about, "eta", content.to_owned(), &details)
        }
    }
}

/// The message for a change of the order; `None` for what changes quietly. `rider` gives a rider's
/// display name.
#[must_use]
pub fn news(about: About<'_>, change: &Change, rider: Option<&str>) -> Option<SystemMessage> {
    match change {
        Change::Status { from, to } => Some(order_update(about, from.as_deref(), to)),
        Change::DeliveryStatus { from, to } => {
            let to = to.as_deref()?;
            Some(delivery_update(
                about,
                DeliveryNews::Status {
                    from: from.as_deref(),
                    to,
                },
            ))
        }
        Change::Rider { from, .. } => {
            let first = from.is_none();
            Some(delivery_update(
                about,
                DeliveryNews::Rider { name: rider, first },
            ))
        }
        Change::Eta { to, .. } => Some(delivery_update(about, DeliveryNews::Eta(*to))),
        Change::Details => None,
    }
}

/// `ready_for_review` reads as "ready for review".
fn words(status: &str) -> String {
    status.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About<'static> = About {
        order_id: "o1",
        order_number: "1042",
    };

    #[test]
    fn metadata_is_typed() {
        let update = order_update(ABOUT, Some("accepted"), "preparing");
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
        assert_eq!(
            order_update(ABOUT, None, "in_review").content,
            "The order is now in review."
        );
    }
}
