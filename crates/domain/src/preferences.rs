//! Notification preferences: SPEC 7. Some keys are typed, others kept as given.

use serde_json::{Map, Value, json};

use crate::message::check_metadata;
use crate::{Millis, Refusal};

/// Switches, on by default.
const SWITCHES: [&str; 4] = ["messages", "order_updates", "receipts", "sound"];
/// A time until which nothing sounds, or null.
const MUTE_UNTIL: &str = "mute_until";

/// The preferences after a change: keys given replace, `null` removes, others stay.
///
/// # Errors
/// [`crate::Rule::Invalid`] at the key that is of the wrong type, or at all of them when they are
/// too large.
pub fn merge(
    known: &Map<String, Value>,
    change: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let mut merged = known.clone();
    for (name, value) in change {
        if value.is_null() {
            merged.shift_remove(name);
        } else {
            merged.insert(name.clone(), checked(name, value)?);
        }
    }
    check_metadata("/notification_preferences", &merged)?;
    Ok(merged)
}

/// The value as it is kept: a time as all times are written here, everything else as given.
fn checked(name: &str, value: &Value) -> Result<Value, Refusal> {
    let wrong = |detail| {
        Err(Refusal::invalid(
            format!("/notification_preferences/{name}"),
            detail,
        ))
    };
    if SWITCHES.contains(&name) && !value.is_boolean() {
        return wrong("must be true or false");
    }
    if name != MUTE_UNTIL {
        return Ok(value.clone());
    }
    match value.as_str().and_then(Millis::parse) {
        Some(at) => Ok(json!(at.to_string())),
        None => wrong("must be an RFC 3339 time or null"),
    }
}

/// The preferences as shown: the typed ones always present.
#[must_use]
pub fn shown(stored: &Map<String, Value>) -> Map<String, Value> {
    let defaults = SWITCHES
        .iter()
        .map(|name| ((*name).to_owned(), json!(true)));
    let mut shown = Map::with_capacity(SWITCHES.len() + 1 + stored.len());
    shown.extend(defaults);
    shown.insert(MUTE_UNTIL.to_owned(), Value::Null);
    shown.extend(stored.clone());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn given_keys_replace_null_removes_and_others_stay() {
        let known = map(json!({"sound": false, "theme": "dark", "badge": 1}));
        let merged = merge(&known, &map(json!({"sound": null, "badge": 2}))).expect("valid");
        assert_eq!(merged, map(json!({"theme": "dark", "badge": 2})));
        assert_eq!(shown(&merged).get("sound"), Some(&json!(true)));
    }

    #[test]
    fn typed_keys_are_checked() {
        for wrong in [
            json!({"sound": "yes"}),
            json!({"mute_until": "tomorrow"}),
            json!({"messages": 1}),
        ] {
            assert!(merge(&Map::new(), &map(wrong)).is_err());
        }
        let known = map(json!({"mute_until": "2026-11-23T10:00:00+02:00"}));
        let kept = merge(&Map::new(), &known).unwrap();
        assert_eq!(kept, map(json!({"mute_until": "2026-11-23T08:00:00.000Z"})));
        assert_eq!(
            merge(&kept, &map(json!({"mute_until": null}))),
            Ok(Map::new())
        );
    }
}
