//! Orders as the shop reports them.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Answer, Client, encode};

/// One report: the id and the body of `PUT /api/orders/{id}/`.
#[derive(Clone)]
pub(crate) struct OrderReport {
    pub(crate) id: String,
    body: Map<String, Value>,
}

/// An accepted order of the customer `customer-ID` at the pharmacy `ph1`, whose staff are
/// `staff-ID-a` and `staff-ID-b`, brought by `rider-ID`.
pub(crate) fn an_order(id: &str) -> OrderReport {
    let body = json!({
        "number": format!("N-{id}"),
        "status": "accepted",
        "delivery_status": "assigned",
        "customer": { "id": format!("customer-{id}"), "name": "Amina", "email": "amina@example.com" },
        "pharmacy": {
            "id": "ph1",
            "name": "North Pharmacy",
            "staff": [
                { "id": format!("staff-{id}-a"), "name": "Noor" },
                { "id": format!("staff-{id}-b"), "name": "Pavel" },
            ],
        },
        "rider": { "id": format!("rider-{id}"), "name": "Ravi" },
    });
    let Value::Object(body) = body else {
        unreachable!("the literal is an object")
    };
    OrderReport {
        id: id.into(),
        body,
    }
}

impl OrderReport {
    /// The same with one field set.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.body.insert(field.into(), value.into());
        self
    }

    /// The same without one field.
    pub(crate) fn without(mut self, field: &str) -> Self {
        self.body.shift_remove(field);
        self
    }

    /// The same order at the pharmacy `ph1` with these staff, each named by their id.
    pub(crate) fn with_staff(self, ids: &[&str]) -> Self {
        let staff: Vec<Value> = ids
            .iter()
            .map(|id| json!({ "id": id, "name": id }))
            .collect();
        self.with(
            "pharmacy",
            json!({ "id": "ph1", "name": "North Pharmacy", "staff": staff }),
        )
    }

    /// The same order with this rider, named by their id.
    pub(crate) fn with_rider(self, id: &str) -> Self {
        self.with("rider", json!({ "id": id, "name": id }))
    }

    /// The body of the report.
    pub(crate) fn body(&self) -> Value {
        Value::Object(self.body.clone())
    }
}

/// The path of an order.
pub(crate) fn order_path(id: &str) -> String {
    format!("/api/orders/{}/", encode(id))
}

/// An event of an order, named by the order, its type and what it says.
pub(crate) fn an_event(order: &str, kind: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": format!("{order} {kind} {data}"),
        "source": "https://shop.example/orders",
        "type": kind,
        "subject": order,
        "data": data,
    })
}

impl Client {
    /// Sends an event, or a list of them, in the JSON format.
    pub(crate) async fn tell(&self, events: &Value) -> Answer {
        let kind = if events.is_array() {
            "application/cloudevents-batch+json"
        } else {
            "application/cloudevents+json"
        };
        let request = self.request(Method::POST, "/api/orders/events/");
        let request = request.header("Content-Type", kind);
        self.dispatch(request.body(events.to_string())).await
    }

    /// Reports an order.
    pub(crate) async fn report(&self, order: &OrderReport) -> Answer {
        self.put(&order_path(&order.id), order.body()).await
    }

    /// Makes a user known ahead of time.
    pub(crate) async fn make_known(&self, id: &str, role: &str) {
        let answer = self
            .put(
                &format!("/api/users/{}/", encode(id)),
                json!({ "name": id, "role": role }),
            )
            .await;
        assert!(
            [200, 201].contains(&answer.status),
            "{}: {}",
            answer.request,
            answer.text
        );
    }
}
