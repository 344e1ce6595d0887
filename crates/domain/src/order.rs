//! The shop's order as it reports it, taken as a difference: SPEC 8.

mod take;

use serde_json::{Map, Value};

use crate::id::{PharmacyId, UserId};
use crate::refusal::Refusal;
use crate::text::{NAME_LENGTH, clean};
use crate::time::Millis;

pub use take::take;

/// Somebody as the shop names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: UserId,
    pub name: String,
    pub email: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PharmacyReport {
    pub id: PharmacyId,
    pub name: String,
    /// `None`: not reported, stays.
    pub staff: Option<Vec<Named>>,
}

/// What the shop reports. `None` = left out, stays as it is; `Some(None)` = set to null.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub number: Option<String>,
    pub status: Option<String>,
    pub delivery_status: Option<Option<String>>,
    pub customer: Option<Named>,
    pub pharmacy: Option<PharmacyReport>,
    pub rider: Option<Option<Named>>,
    pub eta: Option<Option<Millis>>,
    pub language: Option<Option<String>>,
    pub metadata: Option<Option<Map<String, Value>>>,
    pub sequence: Option<i64>,
}

/// Which sequence last set a part of the order; `None` while no report had one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequences {
    pub newest: Option<i64>,
    pub status: Option<i64>,
    pub delivery_status: Option<i64>,
    pub rider: Option<i64>,
    pub eta: Option<i64>,
    pub number: Option<i64>,
    /// The customer's name: an order keeps its customer.
    pub customer: Option<i64>,
    /// The pharmacy's name.
    pub pharmacy: Option<i64>,
    pub staff: Option<i64>,
    pub language: Option<i64>,
    pub metadata: Option<i64>,
}

/// Our copy of the shop's order. People stand in it by their id in the shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub number: String,
    pub status: String,
    pub delivery_status: Option<String>,
    pub customer: UserId,
    pub pharmacy: PharmacyId,
    pub pharmacy_name: String,
    /// In list order.
    pub staff: Vec<UserId>,
    pub rider: Option<UserId>,
    pub eta: Option<Millis>,
    pub language: Option<String>,
    pub metadata: Option<Map<String, Value>>,
    pub sequences: Sequences,
    /// When it first reached a final status; `None` while it is active.
    pub final_at: Option<Millis>,
}

impl Order {
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.final_at.is_none()
    }
}

/// A part of the order that a report changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Status {
        from: Option<String>,
        to: String,
    },
    DeliveryStatus {
        from: Option<String>,
        to: Option<String>,
    },
    Rider {
        from: Option<UserId>,
        to: Option<UserId>,
    },
    Eta {
        from: Option<Millis>,
        to: Option<Millis>,
    },
    /// Number, names, staff, language or metadata.
    Details,
}

/// A status of the shop's: a short word.
///
/// # Errors
/// [`Rule::Invalid`](crate::Rule::Invalid) at `pointer`.
pub fn parse_status(pointer: &str, text: &str) -> Result<String, Refusal> {
    let status = clean(pointer, text, 64)?;
    if status.contains(['\n', '\t']) {
        let detail = "has a line break or a tab; a status is a word or a few";
        return Err(Refusal::invalid(pointer, detail));
    }
    Ok(status)
}

/// A language tag (BCP 47), as far as its form goes.
///
/// # Errors
/// [`Rule::Invalid`](crate::Rule::Invalid) at `pointer`.
pub fn parse_language(pointer: &str, text: &str) -> Result<String, Refusal> {
    let fits = (1..=35).contains(&text.len())
        && text.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    if !fits {
        return Err(Refusal::invalid(
            pointer,
            "is no language tag; give one like \"en\" or \"de-AT\"",
        ));
    }
    Ok(text.to_owned())
}

/// Somebody's name.
///
/// # Errors
/// [`Rule::Invalid`](crate::Rule::Invalid) at `pointer`.
pub fn parse_name(pointer: &str, text: &str) -> Result<String, Refusal> {
    clean(pointer, text, NAME_LENGTH)
}

/// An e-mail address, as far as its form goes; a blank one counts as none.
///
/// # Errors
/// [`Rule::Invalid`](crate::Rule::Invalid) at `pointer`.
pub fn parse_email(pointer: &str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    let email = crate::text::clean_optional(pointer, text, 254)?;
    let fits = email.as_ref().is_none_or(|email| {
        email
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
            && !email.contains(char::is_whitespace)
    });
    if fits {
        Ok(email)
    } else {
        Err(Refusal::invalid(pointer, "is no e-mail address"))
    }
}

#[cfg(test)]
mod tests;
