//! The fields of the contract's objects: each is always present, unset or hidden ones are `null`.

use serde_json::Value;

const ROOM: &str = "id room_id order order_number order_status delivery_status title room_title \
    description status is_public max_participants participant_count message_count unread_count \
    last_message last_message_preview is_active language created_at closed_at closed_by \
    close_reason archived_at last_activity seq version my_participant";

const PARTICIPANT: &str = "id room user user_email user_full_name user_role role role_display \
    is_active ended is_muted muted_until is_blocked joined_at left_at last_seen is_online \
    notification_preferences can_send_messages can_receive_messages delivered_seq read_seq version";

const MESSAGE: &str = "id room seq version sender sender_name sender_role message_type \
    message_type_display content file file_path file_name file_size file_type image status \
    status_display is_edited edited_at is_deleted deleted_at reply_to reply_count metadata \
    timestamp delivered_at read_at receipts is_system_message is_media_message can_be_edited \
    can_be_deleted client_message_id";

const ORDER: &str = "id number status delivery_status customer pharmacy rider eta language \
    is_active metadata sequence version created_at updated_at";

const EVENT: &str = "room seq kind at actor data";

#[track_caller]
pub(crate) fn room(object: &Value) {
    has_exactly(object, ROOM, &[]);
    for time in ["created_at", "closed_at", "archived_at", "last_activity"] {
        is_time_or_null(object, time);
    }
}

#[track_caller]
pub(crate) fn participant(object: &Value) {
    has_exactly(object, PARTICIPANT, &[]);
    for time in ["muted_until", "joined_at", "left_at", "last_seen"] {
        is_time_or_null(object, time);
    }
}

/// A message; the answer of a send has `notices` too.
#[track_caller]
pub(crate) fn message(object: &Value) {
    has_exactly(object, MESSAGE, &["notices"]);
    assert!(
        object["content"].is_string(),
        "content is never null: {object}"
    );
    for time in [
        "timestamp",
        "edited_at",
        "deleted_at",
        "delivered_at",
        "read_at",
    ] {
        is_time_or_null(object, time);
    }
    assert!(
        object["timestamp"].is_string(),
        "a message has a time: {object}"
    );
}

#[track_caller]
pub(crate) fn order(object: &Value) {
    has_exactly(object, ORDER, &[]);
    for time in ["eta", "created_at", "updated_at"] {
        is_time_or_null(object, time);
    }
}

/// An event of the room log; a `hidden` one need not have more than kind and seq.
#[track_caller]
pub(crate) fn event(object: &Value) {
    assert!(object["seq"].is_i64(), "an event has a seq: {object}");
    if object["kind"] == "hidden" {
        return;
    }
    for field in EVENT.split_whitespace() {
        assert!(
            object.get(field).is_some(),
            "an event has {field}: {object}"
        );
    }
    is_time_or_null(object, "at");
}

/// UTC, RFC 3339, milliseconds.
#[track_caller]
pub(crate) fn is_time(text: &str) {
    let pattern = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let fits = text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern)
            .all(|(byte, wanted)| match wanted {
                b'd' => byte.is_ascii_digit(),
                other => byte == *other,
            });
    assert!(
        fits,
        "{text:?} must be UTC with milliseconds, like 2026-11-22T10:00:00.000Z"
    );
}

#[track_caller]
fn is_time_or_null(object: &Value, field: &str) {
    match &object[field] {
        Value::Null => {}
        Value::String(text) => is_time(text),
        other => panic!("{field} must be a time or null, is {other} in {object}"),
    }
}

#[track_caller]
fn has_exactly(object: &Value, fields: &str, optional: &[&str]) {
    let present = object
        .as_object()
        .unwrap_or_else(|| panic!("{object} must be an object"));
    let missing: Vec<_> = fields
        .split_whitespace()
        .filter(|field| !present.contains_key(*field))
        .collect();
    assert!(
        missing.is_empty(),
        "{missing:?} must always be present in {object}"
    );
    let known = |field: &str| fields.split_whitespace().any(|known| known == field);
    let surplus: Vec<_> = present
        .keys()
        .filter(|field| !known(field) && !optional.contains(&field.as_str()))
        .collect();
    assert!(
        surplus.is_empty(),
        "{surplus:?} are not in the contract of {object}"
    );
}

/// The answer without when people were last seen, which moves with every request.
pub(crate) fn steady(mut answer: Value) -> Value {
    match &mut answer {
        Value::Object(fields) => {
            fields.remove("last_seen");
            for value in fields.values_mut() {
                *value = steady(value.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = steady(item.take());
            }
        }
        _ => {}
    }
    answer
}
