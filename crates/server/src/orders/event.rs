//! An event of an order: a CloudEvent 1.0 with what we know of its `data`.
//!
//! Unlike a request, an event may hold more than we know: unknown types, attributes and fields stand
//! on the timeline and are otherwise ignored.

mod changes;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use orderchat_domain::order::Report;
use orderchat_domain::{FieldError, Millis, OrderId, Refusal};
use serde_json::{Map, Value, json};

use crate::json;
use changes::Says;

type Parsed<T> = Result<T, Refusal>;

/// Longest `id`, `source` and `type`, in characters.
const LONGEST: usize = 512;
/// The same in bytes of UTF-8: an entry of an index on PostgreSQL, which `source` and `id` make together,
/// holds 2,704.
const LONGEST_BYTES: usize = 1_024;

/// An event that was read.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) source: String,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) order: OrderId,
    pub(crate) sequence: Option<i64>,
    /// What it changes; `None`: it only stands on the timeline.
    pub(crate) report: Option<Report>,
    /// Its type is one that we know.
    pub(crate) is_familiar: bool,
    /// The event as it came.
    pub(crate) body: String,
}

impl Event {
    /// Reads an event in the JSON format. Binary ones are put into it before.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] at what is missing or wrong.
    pub(crate) fn parse(event: &Value) -> Parsed<Self> {
        let Some(fields) = event.as_object() else {
            return Err(Refusal::invalid("", "must be a JSON object: a CloudEvent"));
        };
        let version = attribute(fields, "specversion")?;
        if version != "1.0" {
            return Err(Refusal::invalid("/specversion", "must be \"1.0\""));
        }
        let (source, id) = (attribute(fields, "source")?, attribute(fields, "id")?);
        let kind = attribute(fields, "type")?;
        let order = OrderId::parse("/subject", &attribute(fields, "subject")?)?;
        check_time(fields)?;
        let data = data(fields)?;
        if data.get("id").is_some_and(|id| id != order.as_str()) {
            let detail = "is another order than /subject; give that or leave it out";
            return Err(Refusal::invalid("/data/id", detail));
        }
        let sequence = sequence(&data)?;
        let (report, is_familiar) = match changes::read(&kind, &data, sequence) {
            Ok(Says::Changes(report)) => (Some(*report), true),
            Ok(Says::Proof) => (None, true),
            Ok(Says::Unfamiliar) => (None, false),
            Err(refusal) => return Err(within_data(refusal)),
        };
        Ok(Self {
            source,
            id,
            kind,
            order,
            sequence,
            report,
            is_familiar,
            body: event.to_string(),
        })
    }

    /// Reads an event that was kept.
    pub(super) fn read(body: &str) -> Option<Self> {
        let value = serde_json::from_str(body).ok()?;
        Self::parse(&value).ok()
    }
}

fn attribute(fields: &Map<String, Value>, name: &str) -> Parsed<String> {
    let pointer = format!("/{name}");
    let invalid = |detail: String| Refusal::invalid(pointer.clone(), detail);
    match fields.get(name) {
        None | Some(Value::Null) => Err(invalid("is missing; every event has it".to_owned())),
        Some(Value::String(text)) => {
            let fits = (1..=LONGEST).contains(&text.chars().count())
                && text.len() <= LONGEST_BYTES
                && !text.chars().any(char::is_control);
            if fits {
                Ok(text.clone())
            } else {
                let detail = format!(
                    "must be 1 to {LONGEST} characters of {LONGEST_BYTES} bytes at most in UTF-8, none \
                     of them a control"
                );
                Err(invalid(detail))
            }
        }
        Some(_) => Err(invalid("must be a text".to_owned())),
    }
}

fn check_time(fields: &Map<String, Value>) -> Parsed<()> {
    match fields.get("time") {
        None | Some(Value::Null) => Ok(()),
        Some(time) if time.as_str().and_then(Millis::parse).is_some() => Ok(()),
        Some(_) => Err(Refusal::invalid("/time", "is no RFC 3339 time")),
    }
}

/// The event's data as an object; none counts as an empty one.
fn data(fields: &Map<String, Value>) -> Parsed<Map<String, Value>> {
    if let Some(kind) = fields.get("datacontenttype").filter(|kind| !kind.is_null()) {
        let essence = kind.as_str().unwrap_or_default();
        let essence = essence.split(';').next().unwrap_or_default().trim();
        if essence != "application/json" && !essence.ends_with("+json") {
            return Err(Refusal::invalid(
                "/datacontenttype",
                "must be application/json",
            ));
        }
    }
    let (pointer, data) = match (fields.get("data"), fields.get("data_base64")) {
        (Some(_), Some(_)) => {
            let detail = "stands beside data; an event has one of them";
            return Err(Refusal::invalid("/data_base64", detail));
        }
        (None, Some(encoded)) => ("/data_base64", decoded(encoded)?),
        (data, None) => ("/data", data.cloned().unwrap_or_default()),
    };
    match data {
        Value::Object(data) => Ok(data),
        Value::Null => Ok(Map::new()),
        _ => Err(Refusal::invalid(pointer, "must be a JSON object")),
    }
}

fn decoded(encoded: &Value) -> Parsed<Value> {
    let text = encoded.as_str().and_then(|text| STANDARD.decode(text).ok());
    text.and_then(|text| json::parse(&text).ok())
        .ok_or_else(|| Refusal::invalid("/data_base64", "is no JSON in base64"))
}

fn sequence(data: &Map<String, Value>) -> Parsed<Option<i64>> {
    match data.get("sequence") {
        None | Some(Value::Null) => Ok(None),
        Some(number) => number
            .as_i64()
            .filter(|number| *number >= 0)
            .map(Some)
            .ok_or_else(|| {
                Refusal::invalid("/data/sequence", "must be a whole number, 0 or greater")
            }),
    }
}

/// The refusal of something in the data, seen from the event.
pub(super) fn within_data(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Invalid { rule, errors } => Refusal::Invalid {
            rule,
            errors: errors
                .into_iter()
                .map(|error| FieldError {
                    pointer: format!("/data{}", error.pointer),
                    ..error
                })
                .collect(),
        },
        other => other,
    }
}

/// The event in the JSON format of one whose attributes came as headers: `(name, value)` without
/// `ce-`.
pub(crate) fn of_binary(
    attributes: impl IntoIterator<Item = (String, String)>,
    content_type: Option<&str>,
    data: Option<Value>,
) -> Value {
    let mut event: Map<String, Value> = attributes
        .into_iter()
        .map(|(name, value)| (name, json!(value)))
        .collect();
    if let Some(kind) = content_type {
        event.insert("datacontenttype".to_owned(), json!(kind));
    }
    if let Some(data) = data {
        event.insert("data".to_owned(), data);
    }
    Value::Object(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, data: Value) -> Value {
        json!({"specversion": "1.0", "id": "e1", "source": "/shop", "type": kind, "subject": "o1",
            "data": data})
    }

    fn refused(event: &Value) -> (String, String) {
        match Event::parse(event) {
            Err(Refusal::Invalid { errors, .. }) => {
                (errors[0].pointer.clone(), errors[0].detail.clone())
            }
            other => panic!("{event} gives {other:?}"),
        }
    }

    #[test]
    fn every_type_of_the_contract_is_read() {
        let rider = json!({"id": "r1", "name": "Ravi"});
        for (kind, data, changes) in [
            (
                "order.created",
                json!({"number": "7", "status": "new", "colour": "red"}),
                true,
            ),
            (
                "order.updated",
                json!({"rider": {"id": "r", "name": "R", "phone": "1"}}),
                true,
            ),
            (
                "order.status_changed",
                json!({"status": "packed", "reason": "done"}),
                true,
            ),
            ("order.cancelled", json!({"reason": "out of stock"}), true),
            ("order.cancelled", json!(null), true),
            (
                "delivery.assigned",
                json!({"rider": rider, "sequence": 4}),
                true,
            ),
            ("delivery.reassigned", json!({"rider": null}), true),
            (
                "delivery.status_changed",
                json!({"delivery_status": "delivering"}),
                true,
            ),
            (
                "delivery.eta_changed",
                json!({"eta": "2026-11-22T18:30:00Z"}),
                true,
            ),
            (
                "delivery.proof_added",
                json!({"kind": "photo", "lat": 1.5, "lon": -70}),
                false,
            ),
            ("delivery.weather_changed", json!({"wind": "strong"}), false),
        ] {
            let read = Event::parse(&event(kind, data.clone()));
            let read = read.unwrap_or_else(|refusal| panic!("{kind} {data}: {refusal}"));
            assert_eq!(read.report.is_some(), changes, "{kind} {data}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_event_is_told_by_its_place() {
        let whole = event("order.status_changed", json!({"status": "packed"}));
        for field in ["specversion", "id", "source", "type", "subject"] {
            let mut without = whole.clone();
            without
                .as_object_mut()
                .expect("an object")
                .shift_remove(field);
            assert_eq!(refused(&without).0, format!("/{field}"));
        }
        for (kind, data, pointer) in [
            ("order.status_changed", json!({}), "/data/status"),
            ("order.status_changed", json!({"status": 5}), "/data/status"),
            (
                "order.status_changed",
                json!({"status": "a", "id": "o2"}),
                "/data/id",
            ),
            (
                "order.status_changed",
                json!({"status": "a", "sequence": -1}),
                "/data/sequence",
            ),
            (
                "order.updated",
                json!({"customer": {"name": "A"}}),
                "/data/customer/id",
            ),
            ("delivery.eta_changed", json!({"eta": "soon"}), "/data/eta"),
            (
                "delivery.proof_added",
                json!({"kind": "photo", "lat": 91}),
                "/data/lat",
            ),
            ("delivery.proof_added", json!({}), "/data/kind"),
            ("order.updated", json!([1]), "/data"),
        ] {
            assert_eq!(
                refused(&event(kind, data.clone())).0,
                pointer,
                "{kind} {data}"
            );
        }
    }

    #[test]
    fn data_may_come_in_base64() {
        let mut coded = event("order.status_changed", json!(null));
        let fields = coded.as_object_mut().expect("an object");
        fields.shift_remove("data");
        fields.insert(
            "data_base64".to_owned(),
            json!(STANDARD.encode(r#"{"status":"packed"}"#)),
        );
        let read = Event::parse(&coded).expect("an event");
        let status = read.report.and_then(|report| report.status);
        assert_eq!(status.as_deref(), Some("packed"));
    }
}
