//! What comes next in an order's life, for whoever moves one by hand.

use orderchat_domain::Millis;
use orderchat_domain::project::OrderView;
use orderchat_domain::text::hex;
use orderchat_domain::time::MINUTE;
use serde_json::{Map, Value, json};

use super::cast::Cast;
use crate::random;

/// The places that an order passes: its status, and where its delivery is then.
const PLACES: [(&str, Option<&str>); 6] = [
    ("accepted", None),
    ("preparing", None),
    ("ready_for_pickup", Some("assigned")),
    ("picked_up", Some("picked_up")),
    ("picked_up", Some("delivering")),
    ("delivered", Some("completed")),
];
/// How long a delivery takes from the counter.
const ON_THE_WAY: i64 = 20 * MINUTE;

/// What the shop tells when the order gets to its next place; nothing when it is over.
pub(super) fn next(order: &OrderView, cast: &Cast, now: Millis) -> Option<Vec<Value>> {
    let mut told = Vec::new();
    let mut tell = |kind: &str, data: Value| told.push(event(order, told.len(), kind, data, now));
    let (status, delivery) = *PLACES.get(after(order)?)?;
    if delivery.is_some() && order.rider.is_none() {
        let rider = cast.rider_after(None)?;
        let rider = json!({ "id": rider.user, "name": rider.name });
        tell("delivery.assigned", json!({ "rider": rider }));
    }
    if let Some(delivery) = delivery.filter(|it| order.delivery_status.as_deref() != Some(it)) {
        tell(
            "delivery.status_changed",
            json!({ "delivery_status": delivery }),
        );
    }
    if order.status != status {
        tell("order.status_changed", json!({ "status": status }));
    }
    if delivery == Some("picked_up") {
        let eta = now.plus(ON_THE_WAY).to_string();
        tell("delivery.eta_changed", json!({ "eta": eta }));
    }
    Some(told)
}

/// What the shop tells when the next rider takes the order over.
pub(super) fn hand_over(order: &OrderView, cast: &Cast, now: Millis) -> Option<Vec<Value>> {
    if !order.is_active {
        return None;
    }
    let current = order.rider.as_ref().and_then(|rider| rider.id.as_ref());
    let rider = cast.rider_after(current.map(|id| id.as_str()))?;
    let kind = if current.is_some() {
        "delivery.reassigned"
    } else {
        "delivery.assigned"
    };
    let data = json!({ "rider": { "id": rider.user, "name": rider.name } });
    Some(vec![event(order, 0, kind, data, now)])
}

/// Which place is next.
fn after(order: &OrderView) -> Option<usize> {
    if !order.is_active {
        return None;
    }
    let is_at = |place: &(&str, Option<&str>)| {
        place.0 == order.status
            && (place.1.is_none() || place.1 == order.delivery_status.as_deref())
    };
    let at = (PLACES.iter().rposition(is_at))
        .or_else(|| PLACES.iter().position(|place| place.0 == order.status));
    Some(at.map_or(0, |at| at + 1))
}

/// A CloudEvent, the how many-th after what the order is now. Where reports of it are numbered, so is
/// this.
fn event(order: &OrderView, place: usize, kind: &str, mut data: Value, now: Millis) -> Value {
    if let Some(last) = order.sequence {
        let sequence = i64::try_from(place).map_or(last, |place| last + 1 + place);
        data["sequence"] = json!(sequence);
    }
    let id = hex(&random::bytes::<16>());
    Value::Object(Map::from_iter([
        ("specversion".to_owned(), json!("1.0")),
        ("id".to_owned(), json!(id)),
        (
            "source".to_owned(),
            json!("https://shop.example/demo/by-hand"),
        ),
        ("type".to_owned(), json!(kind)),
        ("subject".to_owned(), json!(order.id.as_str())),
        ("time".to_owned(), json!(now.to_string())),
        ("data".to_owned(), data),
    ]))
}
