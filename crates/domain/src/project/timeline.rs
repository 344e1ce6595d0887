use serde::Serialize;
use serde_json::{Map, Value};

use super::Viewer;
use crate::role::Role;
use crate::time::Millis;

/// What the shop told of an order, as it was kept.
#[derive(Clone, Debug)]
pub struct ToldRecord {
    pub at: Millis,
    /// `order.reported` or the event's type.
    pub kind: String,
    pub sequence: Option<i64>,
    pub source: Option<String>,
    pub event_id: Option<String>,
    /// As it came.
    pub body: Map<String, Value>,
}

/// A proof of delivery. Where it was, and what the shop noted, is for staff.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Proof {
    pub kind: Option<String>,
    pub attachment: Option<String>,
    pub taken_at: Option<String>,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    pub note: Option<String>,
}

/// What the shop told: the parts that it names, null for what it leaves out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ToldView {
    pub status: Option<String>,
    pub delivery_status: Option<String>,
    /// The rider's display name
    pub rider: Option<String>,
    pub eta: Option<String>,
    pub proof: Option<Proof>,
    /// For staff; null for customers and riders
    pub reason: Option<String>,
    /// For staff; null for customers and riders
    pub sequence: Option<i64>,
    /// Of an event; null for customers and riders
    pub source: Option<String>,
    /// Of an event; null for customers and riders
    pub event_id: Option<String>,
    /// All of it, as it came; null for customers and riders, who could read of each other in it
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub body: Option<Map<String, Value>>,
}

/// What the shop told, for this viewer, who may read the order.
#[must_use]
pub fn told(viewer: Viewer<'_>, record: &ToldRecord) -> ToldView {
    let no_data = Map::new();
    let data = match (&record.source, record.body.get("data")) {
        (None, _) => &record.body,
        (Some(_), Some(Value::Object(data))) => data,
        (Some(_), _) => &no_data,
    };
    let text = |field: &str| data.get(field)?.as_str().map(str::to_owned);
    // As the shop wrote it, where it is no time that we can read.
    let time = |field: &str| {
        let at = text(field)?;
        Some(Millis::parse(&at).map_or(at, |at| at.to_string()))
    };
    let staff = viewer.sees_identities();
    let for_staff = |value: Option<String>| value.filter(|_| staff);
    let number = |field: &str| data.get(field)?.as_f64().filter(|_| staff);
    let cancelled = || (record.kind == "order.cancelled").then(|| "cancelled".to_owned());
    let rider = data
        .get("rider")
        .and_then(|rider| rider.get("name")?.as_str());
    ToldView {
        status: text("status").or_else(cancelled),
        delivery_status: text("delivery_status"),
        rider: rider.map(|name| viewer.name_style().show(name, Role::Rider)),
        eta: time("eta"),
        proof: (record.kind == "delivery.proof_added").then(|| Proof {
            kind: text("kind"),
            attachment: text("attachment"),
            taken_at: time("taken_at"),
            lat: number("lat"),
            lon: number("lon"),
            note: for_staff(text("note")),
        }),
        reason: for_staff(text("reason")),
        sequence: record.sequence.filter(|_| staff),
        source: for_staff(record.source.clone()),
        event_id: for_staff(record.event_id.clone()),
        body: Some(record.body.clone()).filter(|_| staff),
    }
}
