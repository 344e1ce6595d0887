//! An order as the shop's JSON has it, in a request or in an event.

use orderchat_domain::id::PharmacyId;
use orderchat_domain::order::{
    Named, PharmacyReport, Report, parse_email, parse_language, parse_name, parse_status,
};
use orderchat_domain::text::{NAME_LENGTH, clean};
use orderchat_domain::{Millis, Refusal, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::json::given;

type Parsed<T> = std::result::Result<T, Refusal>;

/// Largest `metadata` of an order, as compact JSON.
const METADATA_BYTES: usize = 64 * 1024;
/// Most staff of an order.
const STAFF: usize = 200;

/// The whole order as the shop reports it. What is left out stays; on a new order it is null.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({
    "number": "10482", "status": "accepted", "delivery_status": "assigned",
    "customer": {"id": "customer-aisha", "name": "Aisha Rahman", "email": "aisha@example.com"},
    "pharmacy": {"id": "ph-marigold", "name": "Marigold Lane Pharmacy",
        "staff": [{"id": "staff-mei", "name": "Mei Tanaka"}]},
    "rider": {"id": "rider-ravi", "name": "Ravi Menon"},
    "eta": "2026-11-22T18:30:00Z", "language": "en", "sequence": 3}))]
pub(crate) struct OrderReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    delivery_status: Option<Option<String>>,
    /// An order keeps its customer
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<ReportedPerson>,
    /// An order keeps its pharmacy
    #[serde(skip_serializing_if = "Option::is_none")]
    pharmacy: Option<ReportedPharmacy>,
    /// Another rider takes over; null: handed over to nobody
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReportedPerson>)]
    rider: Option<Option<ReportedPerson>>,
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    eta: Option<Option<String>>,
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// The shop's own, at most 64 KiB; for staff only
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Map<String, Value>>>,
    /// Grows with every report: an older one changes only what no newer one has set
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<i64>,
}

/// Somebody as the shop names them.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportedPerson {
    id: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportedPharmacy {
    id: String,
    name: String,
    /// In the order in which they get seats
    #[serde(default, skip_serializing_if = "Option::is_none")]
    staff: Option<Vec<ReportedPerson>>,
}

impl ReportedPerson {
    fn parse(&self, pointer: &str) -> Parsed<Named> {
        Ok(Named {
            id: UserId::parse(&format!("{pointer}/id"), &self.id)?,
            name: parse_name(&format!("{pointer}/name"), &self.name)?,
            email: parse_email(&format!("{pointer}/email"), self.email.as_deref())?,
        })
    }
}

impl ReportedPharmacy {
    fn parse(&self) -> Parsed<PharmacyReport> {
        let staff = self.staff.as_ref().map(|list| {
            if list.len() > STAFF {
                let detail = format!("has {} people; at most {STAFF} are allowed", list.len());
                return Err(Refusal::invalid("/pharmacy/staff", detail));
            }
            let people = list.iter().enumerate();
            people
                .map(|(place, one)| one.parse(&format!("/pharmacy/staff/{place}")))
                .collect()
        });
        Ok(PharmacyReport {
            id: PharmacyId::parse("/pharmacy/id", &self.id)?,
            name: parse_name("/pharmacy/name", &self.name)?,
            staff: staff.transpose()?,
        })
    }
}

/// Reads what was given and not null.
fn inner<T, U>(
    given: Option<&Option<T>>,
    parse: impl FnOnce(&T) -> Parsed<U>,
) -> Parsed<Option<Option<U>>> {
    given
        .map(|value| value.as_ref().map(parse).transpose())
        .transpose()
}

impl OrderReport {
    pub(crate) fn parse(&self) -> Parsed<Report> {
        let number = self.number.as_deref();
        let status = self.status.as_deref();
        let eta = |text: &String| {
            Millis::parse(text).ok_or_else(|| Refusal::invalid("/eta", "is no RFC 3339 time"))
        };
        if self.sequence.is_some_and(|sequence| sequence < 0) {
            return Err(Refusal::invalid(
                "/sequence",
                "is negative; sequences start at 0",
            ));
        }
        Ok(Report {
            number: number
                .map(|text| clean("/number", text, NAME_LENGTH))
                .transpose()?,
            status: status
                .map(|text| parse_status("/status", text))
                .transpose()?,
            delivery_status: inner(self.delivery_status.as_ref(), |text| {
                parse_status("/delivery_status", text)
            })?,
            customer: self
                .customer
                .as_ref()
                .map(|one| one.parse("/customer"))
                .transpose()?,
            pharmacy: self
                .pharmacy
                .as_ref()
                .map(ReportedPharmacy::parse)
                .transpose()?,
            rider: inner(self.rider.as_ref(), |one| one.parse("/rider"))?,
            eta: inner(self.eta.as_ref(), eta)?,
            language: inner(self.language.as_ref(), |tag| {
                parse_language("/language", tag)
            })?,
            metadata: inner(self.metadata.as_ref(), check_metadata)?,
            sequence: self.sequence,
        })
    }
}

fn check_metadata(metadata: &Map<String, Value>) -> Parsed<Map<String, Value>> {
    let bytes = serde_json::to_string(metadata).map_or(usize::MAX, |json| json.len());
    if bytes > METADATA_BYTES {
        let detail = format!("is {bytes} bytes of JSON; at most {METADATA_BYTES} are allowed");
        return Err(Refusal::invalid("/metadata", detail));
    }
    Ok(metadata.clone())
}

impl OrderReport {
    /// The report as it is kept for the timeline.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
