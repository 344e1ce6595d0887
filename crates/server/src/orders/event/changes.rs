//! What the data of an event reports of its order, by the event's type.

use orderchat_domain::order::{Report, parse_status};
use orderchat_domain::text::{REASON_LENGTH, clean_optional};
use orderchat_domain::{FieldError, Millis, Refusal};
use serde_json::{Map, Value};

use super::super::OrderReport;
use super::Parsed;
use crate::json;

/// The status that `order.cancelled` stands for.
const CANCELLED: &str = "cancelled";

/// What an event says.
pub(super) enum Says {
    Changes(Box<Report>),
    /// It only stands on the timeline.
    Proof,
    /// Its type is the shop's own, or a slip.
    Unfamiliar,
}

/// What an event of this type says.
pub(super) fn read(kind: &str, data: &Map<String, Value>, sequence: Option<i64>) -> Parsed<Says> {
    let of = |fields: &[&str]| part(data, fields);
    // Nobody may ride any more, and it may be unknown when they come; a status there always is.
    let may_be_null = |field: &str| ["rider", "eta"].contains(&field);
    let is_given = |field: &str| {
        let value = data.get(field);
        value.is_some_and(|value| !value.is_null() || may_be_null(field))
    };
    let required = |field: &str, report: Parsed<Report>| {
        if is_given(field) {
            report
        } else {
            let pointer = format!("/{field}");
            Err(Refusal::invalid(
                pointer,
                format!("is missing; {kind} has it"),
            ))
        }
    };
    let report = match kind {
        "order.created" | "order.updated" => of(&WHOLE),
        "order.status_changed" => required("status", of(&["status"])),
        "order.cancelled" => Ok(Report {
            status: Some(parse_status("/status", CANCELLED)?),
            ..Report::default()
        }),
        "delivery.assigned" | "delivery.reassigned" => required("rider", of(&["rider"])),
        "delivery.status_changed" => required("delivery_status", of(&["delivery_status"])),
        "delivery.eta_changed" => required("eta", of(&["eta"])),
        "delivery.proof_added" => return check_proof(data).map(|()| Says::Proof),
        _ => return Ok(Says::Unfamiliar),
    }?;
    if ["order.status_changed", "order.cancelled"].contains(&kind) {
        check_text(data, "reason")?;
    }
    Ok(Says::Changes(Box::new(Report { sequence, ..report })))
}

/// An optional text that people wrote and people read.
fn check_text(data: &Map<String, Value>, field: &str) -> Parsed<()> {
    let Some(value) = data.get(field).filter(|value| !value.is_null()) else {
        return Ok(());
    };
    let pointer = format!("/{field}");
    match value.as_str() {
        Some(text) => clean_optional(&pointer, Some(text), REASON_LENGTH).map(drop),
        None => Err(Refusal::invalid(pointer, "must be a text")),
    }
}

fn check_proof(data: &Map<String, Value>) -> Parsed<()> {
    let given = |field: &str| data.get(field).filter(|value| !value.is_null());
    let invalid = |field: &str, detail: &str| Err(Refusal::invalid(format!("/{field}"), detail));
    match given("kind").map(Value::as_str) {
        None => return invalid("kind", "is missing; say what proves it, such as \"photo\""),
        Some(None) => return invalid("kind", "must be a text"),
        Some(Some(kind)) => parse_status("/kind", kind)?,
    };
    for (field, most) in [("lat", 90.0), ("lon", 180.0)] {
        let fits = |value: &Value| value.as_f64().is_some_and(|at| at.abs() <= most);
        if given(field).is_some_and(|value| !fits(value)) {
            return invalid(field, &format!("must be a number from -{most} to {most}"));
        }
    }
    let is_time = |value: &Value| value.as_str().and_then(Millis::parse).is_some();
    if given("taken_at").is_some_and(|at| !is_time(at)) {
        return invalid("taken_at", "is no RFC 3339 time");
    }
    check_text(data, "attachment")?;
    check_text(data, "note")
}

/// The fields of a whole order.
const WHOLE: [&str; 9] = [
    "number",
    "status",
    "delivery_status",
    "customer",
    "pharmacy",
    "rider",
    "eta",
    "language",
    "metadata",
];

/// What these fields of the data report.
fn part(data: &Map<String, Value>, fields: &[&str]) -> Parsed<Report> {
    let known = fields.iter().filter_map(|field| {
        let value = data.get(*field)?;
        Some(((*field).to_owned(), only_known(field, value)))
    });
    let known = Value::Object(known.collect());
    let report: OrderReport = json::from_value(known).map_err(|mismatch| {
        let FieldError { pointer, detail } = mismatch.in_body();
        Refusal::invalid(pointer, detail)
    })?;
    report.parse()
}

/// The value without the fields that it may not have.
fn only_known(field: &str, value: &Value) -> Value {
    const PERSON: [&str; 3] = ["id", "name", "email"];
    let keep = |value: &Value, fields: &[&str]| match value {
        Value::Object(given) => {
            let kept = given
                .iter()
                .filter(|(name, _)| fields.contains(&name.as_str()));
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        }
        other => other.clone(),
    };
    match field {
        "customer" | "rider" => keep(value, &PERSON),
        "pharmacy" => {
            let mut pharmacy = keep(value, &["id", "name", "staff"]);
            if let Some(Value::Array(staff)) = pharmacy.get_mut("staff") {
                for person in staff {
                    *person = keep(person, &PERSON);
                }
            }
            pharmacy
        }
        _ => value.clone(),
    }
}
