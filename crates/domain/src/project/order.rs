use serde::Serialize;
use serde_json::{Map, Value};

use super::{Person, Viewer, shown_name};
use crate::id::{OrderId, PharmacyId, UserId};
use crate::order::Order;
use crate::role::Role;
use crate::time::Millis;

/// An order as stored, with its people.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRecord {
    /// Internal key.
    pub key: i64,
    pub id: OrderId,
    pub order: Order,
    pub customer: Person,
    pub rider: Option<Person>,
    /// In list order.
    pub staff: Vec<Person>,
    pub version: u64,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// Somebody in an order. `id` and `email` are null for customers and riders, except their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderPerson {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub id: Option<UserId>,
    pub name: String,
    pub email: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderPharmacy {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: PharmacyId,
    pub name: String,
    pub staff: Vec<OrderPerson>,
}

/// The order object of SPEC 11.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderView {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: OrderId,
    pub number: String,
    pub status: String,
    pub delivery_status: Option<String>,
    pub customer: OrderPerson,
    pub pharmacy: OrderPharmacy,
    pub rider: Option<OrderPerson>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub eta: Option<Millis>,
    pub language: Option<String>,
    pub is_active: bool,
    /// The shop's own; null for customers and riders, who could read of each other in it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
    pub sequence: Option<i64>,
    pub version: u64,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Millis,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Millis,
}

/// The order for this viewer, who may read it.
#[must_use]
pub fn order(viewer: Viewer<'_>, record: &OrderRecord) -> OrderView {
    let order = &record.order;
    let person = |person: &Person, role| {
        let identity = viewer.sees_identities() || viewer.user == person.key;
        OrderPerson {
            id: identity.then(|| person.user.clone()),
            name: shown_name(viewer, person, role),
            email: person.email.clone().filter(|_| identity),
        }
    };
    OrderView {
        id: record.id.clone(),
        number: order.number.clone(),
        status: order.status.clone(),
        delivery_status: order.delivery_status.clone(),
        customer: person(&record.customer, Role::Customer),
        pharmacy: OrderPharmacy {
            id: order.pharmacy.clone(),
            name: order.pharmacy_name.clone(),
            staff: record
                .staff
                .iter()
                .map(|staff| person(staff, Role::Pharmacy))
                .collect(),
        },
        rider: record
            .rider
            .as_ref()
            .map(|rider| person(rider, Role::Rider)),
        eta: order.eta,
        language: order.language.clone(),
        is_active: order.is_active(),
        metadata: order.metadata.clone().filter(|_| viewer.sees_identities()),
        sequence: order.sequences.newest,
        version: record.version,
        created_at: record.created_at,
        updated_at: record.updated_at,
    }
}
