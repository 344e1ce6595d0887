//! How things look on a line.

use serde_json::Value;

/// What stands before a line that is no message.
const NEWS: &str = "--";
/// Of what somebody typed so many characters are repeated to them.
const REPEATED: usize = 60;

pub(super) fn news(text: &str) -> String {
    format!("{NEWS} {text}")
}

/// A line that was typed, to speak of it.
pub(super) fn quoted(line: &str) -> String {
    let (begin, length) = begin(line);
    format!("“{begin}”{length}")
}

/// A text that was typed and not yet acknowledged.
pub(super) fn pending(text: &str) -> String {
    let (begin, length) = begin(text);
    format!("  … {begin}{length}")
}

/// How a text begins, and how long it is if that is not all of it.
fn begin(text: &str) -> (String, String) {
    let length = text.chars().count();
    if length <= REPEATED {
        return (text.to_owned(), String::new());
    }
    let mut begin: String = text.chars().take(REPEATED).collect();
    begin.push('…');
    (begin, format!(" ({length} characters)"))
}

/// A room in a list.
pub(super) fn room(room: &Value) -> String {
    let unread = match room["unread_count"].as_u64() {
        None | Some(0) => String::new(),
        Some(unread) => format!(", {unread} unread"),
    };
    format!(
        "  {}  {} ({}{unread})",
        text(room, "room_id"),
        text(room, "room_title"),
        text(room, "status"),
    )
}

/// A message with its number, by which it is called.
pub(super) fn message(message: &Value, own: bool) -> String {
    let mut line = format!("#{} {} ", message["seq"], time(message, "timestamp"));
    if message["is_system_message"] == true {
        line.push('·');
    } else {
        line.push_str(if own {
            "you"
        } else {
            text(message, "sender_name")
        });
        line.push(':');
    }
    if let Some(quoted) = message["reply_to"].as_object() {
        line.push_str(&format!(" (on #{})", quoted["seq"]));
    }
    line.push(' ');
    line.push_str(&said(message));
    if message["is_edited"] == true {
        line.push_str(" (edited)");
    }
    line
}

/// What a message says: its text, its file, or both.
pub(super) fn said(message: &Value) -> String {
    let content = if message["is_deleted"] == true {
        "(deleted)"
    } else {
        text(message, "content")
    };
    match message["file_name"].as_str() {
        Some(name) if content.is_empty() => format!("[{name}]"),
        Some(name) => format!("{content} [{name}]"),
        None => content.to_owned(),
    }
}

/// An event of the room that is open; `None` for what there is nothing to say of.
pub(super) fn event(event: &Value, own: bool) -> Option<String> {
    let kind = text(event, "kind");
    let data = &event["data"];
    let by = event["actor"]["name"].as_str();
    let by_whom = by.map_or_else(String::new, |by| format!(" by {by}"));
    match kind.split_once('.')? {
        ("message", "created") => Some(message(&data["message"], own)),
        ("message", "edited") => {
            let edited = &data["message"];
            let content = text(edited, "content");
            Some(news(&format!("#{} now says: {content}", edited["seq"])))
        }
        ("message", what) => Some(news(&format!(
            "#{} was {what}{by_whom}",
            data["message"]["seq"]
        ))),
        ("participant", what) => Some(news(&participant(&data["participant"], what))),
        ("room", what) => Some(news(&format!("the room was {what}{by_whom}"))),
        ("order", _) => Some(news(&order(&data["order"]))),
        _ => None,
    }
}

fn participant(participant: &Value, what: &str) -> String {
    let who = text(participant, "user_full_name");
    match (what, participant["ended"].as_str()) {
        // Customers and riders are shown names with the role in them.
        ("joined", _) if who.ends_with(')') => format!("{who} joined"),
        ("joined", _) => format!("{who} joined ({})", text(participant, "role_display")),
        ("ended", Some("left")) => format!("{who} left"),
        ("ended", Some("handed_over")) => format!("{who} handed the order over"),
        ("ended", _) => format!("{who} was removed"),
        (what, _) => format!("{who} was {what}"),
    }
}

fn order(order: &Value) -> String {
    let mut line = format!("order {}: {}", text(order, "number"), text(order, "status"));
    if let Some(delivery) = order["delivery_status"].as_str() {
        line.push_str(&format!(", delivery {delivery}"));
    }
    if order["eta"].is_string() {
        line.push_str(&format!(", expected {} UTC", time(order, "eta")));
    }
    line
}

/// Hours and minutes of a time, in UTC as the server says them.
fn time<'a>(object: &'a Value, field: &str) -> &'a str {
    text(object, field).get(11..16).unwrap_or("--:--")
}

pub(super) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn by_ravi() -> Value {
        json!({
            "seq": 17, "timestamp": "2026-11-22T17:30:48.912Z", "sender_name": "Ravi (Rider)",
            "content": "Ten minutes.", "is_system_message": false, "is_deleted": false,
            "is_edited": false, "reply_to": { "seq": 8 },
        })
    }

    #[test]
    fn a_message_stands_on_a_line_with_its_number() {
        assert_eq!(
            message(&by_ravi(), false),
            "#17 17:30 Ravi (Rider): (on #8) Ten minutes."
        );
        assert_eq!(
            message(&by_ravi(), true),
            "#17 17:30 you: (on #8) Ten minutes."
        );
        let mut system = by_ravi();
        system["is_system_message"] = json!(true);
        system["reply_to"] = Value::Null;
        assert_eq!(message(&system, false), "#17 17:30 · Ten minutes.");
        let mut file = by_ravi();
        file["file_name"] = json!("door.jpg");
        assert_eq!(said(&file), "Ten minutes. [door.jpg]");
        file["content"] = json!("");
        assert_eq!(said(&file), "[door.jpg]");
    }

    #[test]
    fn what_was_typed_is_repeated_up_to_a_length() {
        assert_eq!(quoted("hello"), "“hello”");
        assert_eq!(pending(&"ä".repeat(60)), format!("  … {}", "ä".repeat(60)));
        let cut = format!("“{}…” (61 characters)", "ä".repeat(60));
        assert_eq!(quoted(&"ä".repeat(61)), cut);
    }

    #[test]
    fn what_happens_is_told_and_what_is_hidden_is_not() {
        let of = |kind: &str, data: Value| {
            event(
                &json!({ "kind": kind, "actor": { "name": "Mei" }, "data": data }),
                false,
            )
        };
        let ravi = json!({ "participant": { "user_full_name": "Ravi", "ended": "handed_over" } });
        assert_eq!(
            of("participant.ended", ravi).unwrap(),
            "-- Ravi handed the order over"
        );
        let room = json!({ "room": {} });
        assert_eq!(
            of("room.closed", room).unwrap(),
            "-- the room was closed by Mei"
        );
        let order = json!({ "order": { "number": "7", "status": "delivered" } });
        assert_eq!(of("order.updated", order).unwrap(), "-- order 7: delivered");
        assert_eq!(
            of("message.deleted", json!({ "message": by_ravi() })).unwrap(),
            "-- #17 was deleted by Mei"
        );
        assert_eq!(of("hidden", Value::Null), None);
    }
}
