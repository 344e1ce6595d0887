//! What a report changes about an order: each part is what the report with the highest sequence said.

use super::{Change, Named, Order, Report, Sequences};
use crate::id::UserId;
use crate::policy::OrderPolicy;
use crate::refusal::{Refusal, Rule};
use crate::time::Millis;

/// The order after the report, and what that changed: nothing for a repeat or a late report.
///
/// # Errors
/// [`Rule::Invalid`] when a new order lacks a field or a known one its sequence,
/// [`Rule::OrderIdentity`] for another customer or pharmacy.
pub fn take(
    known: Option<&Order>,
    report: &Report,
    policy: &OrderPolicy,
    now: Millis,
) -> Result<(Order, Vec<Change>), Refusal> {
    match known {
        None => first(report, policy, now),
        Some(order) => later(order, report, policy, now),
    }
}

fn first(
    report: &Report,
    policy: &OrderPolicy,
    now: Millis,
) -> Result<(Order, Vec<Change>), Refusal> {
    let missing = |pointer| Refusal::invalid(pointer, "is missing; a new order needs it");
    let number = report.number.clone().ok_or_else(|| missing("/number"))?;
    let status = report.status.clone().ok_or_else(|| missing("/status"))?;
    let customer = report
        .customer
        .as_ref()
        .ok_or_else(|| missing("/customer"))?;
    let pharmacy = report
        .pharmacy
        .as_ref()
        .ok_or_else(|| missing("/pharmacy"))?;
    let sequence = report.sequence;
    let order = Order {
        number,
        final_at: policy.is_final(&status).then_some(now),
        status: status.clone(),
        delivery_status: report.delivery_status.clone().flatten(),
        customer: customer.id.clone(),
        pharmacy: pharmacy.id.clone(),
        pharmacy_name: pharmacy.name.clone(),
        staff: ids(pharmacy.staff.as_deref().unwrap_or_default()),
        rider: report.rider.clone().flatten().map(|rider| rider.id),
        eta: report.eta.flatten(),
        language: report.language.clone().flatten(),
        metadata: report.metadata.clone().flatten(),
        sequences: Sequences {
            newest: sequence,
            status: sequence,
            delivery_status: report.delivery_status.as_ref().and(sequence),
            rider: report.rider.as_ref().and(sequence),
            eta: report.eta.and(sequence),
            number: sequence,
            customer: sequence,
            pharmacy: sequence,
            staff: pharmacy.staff.as_ref().and(sequence),
            language: report.language.as_ref().and(sequence),
            metadata: report.metadata.as_ref().and(sequence),
        },
    };
    Ok((
        order,
        vec![Change::Status {
            from: None,
            to: status,
        }],
    ))
}

fn later(
    known: &Order,
    report: &Report,
    policy: &OrderPolicy,
    now: Millis,
) -> Result<(Order, Vec<Change>), Refusal> {
    check_identity(known, report)?;
    if known.sequences.newest.is_some() && report.sequence.is_none() {
        return Err(Refusal::invalid(
            "/sequence",
            "is missing; earlier reports of this order had one",
        ));
    }
    let sequence = report.sequence;
    let mut order = known.clone();
    order.sequences.newest = known.sequences.newest.max(sequence);
    let mut changes = Vec::new();
    if let Some(to) = newer(&report.status, &mut order.sequences.status, sequence)
        && *to != order.status
    {
        let from = std::mem::replace(&mut order.status, to.clone());
        changes.push(Change::Status {
            from: Some(from),
            to: to.clone(),
        });
    }
    order.final_at = policy
        .is_final(&order.status)
        .then(|| known.final_at.unwrap_or(now));
    if let Some(to) = newer(
        &report.delivery_status,
        &mut order.sequences.delivery_status,
        sequence,
    ) && *to != order.delivery_status
    {
        let from = std::mem::replace(&mut order.delivery_status, to.clone());
        changes.push(Change::DeliveryStatus {
            from,
            to: to.clone(),
        });
    }
    if let Some(rider) = newer(&report.rider, &mut order.sequences.rider, sequence) {
        let to = rider.as_ref().map(|rider| rider.id.clone());
        if to != order.rider {
            let from = std::mem::replace(&mut order.rider, to.clone());
            changes.push(Change::Rider { from, to });
        }
    }
    if let Some(to) = newer(&report.eta, &mut order.sequences.eta, sequence)
        && *to != order.eta
    {
        let from = std::mem::replace(&mut order.eta, *to);
        changes.push(Change::Eta { from, to: *to });
    }
    take_details(&mut order, report);
    let details = |order: &Order| {
        let Order {
            number,
            pharmacy_name,
            staff,
            language,
            metadata,
            ..
        } = order;
        (
            number.clone(),
            pharmacy_name.clone(),
            staff.clone(),
            language.clone(),
            metadata.clone(),
        )
    };
    if details(&order) != details(known) {
        changes.push(Change::Details);
    }
    Ok((order, changes))
}

fn check_identity(known: &Order, report: &Report) -> Result<(), Refusal> {
    let other_customer = report
        .customer
        .as_ref()
        .is_some_and(|given| given.id != known.customer);
    let other_pharmacy = report
        .pharmacy
        .as_ref()
        .is_some_and(|given| given.id != known.pharmacy);
    let part = match (other_customer, other_pharmacy) {
        (true, _) => "customer",
        (_, true) => "pharmacy",
        _ => return Ok(()),
    };
    let detail = format!("an order keeps its {part}; report another order for another {part}");
    Err(Refusal::conflict(Rule::OrderIdentity, detail))
}

/// The reported value, if no newer report has set this part; notes the sequence.
fn newer<'a, T>(
    reported: &'a Option<T>,
    set_by: &mut Option<i64>,
    sequence: Option<i64>,
) -> Option<&'a T> {
    let value = reported.as_ref()?;
    if *set_by > sequence {
        return None;
    }
    *set_by = sequence;
    Some(value)
}

fn take_details(order: &mut Order, report: &Report) {
    let sequence = report.sequence;
    let set_by = &mut order.sequences;
    if let Some(number) = newer(&report.number, &mut set_by.number, sequence) {
        order.number.clone_from(number);
    }
    // Their names are kept with the people.
    newer(&report.customer, &mut set_by.customer, sequence);
    if let Some(pharmacy) = newer(&report.pharmacy, &mut set_by.pharmacy, sequence) {
        order.pharmacy_name.clone_from(&pharmacy.name);
    }
    let staff = report.pharmacy.as_ref().and_then(|one| one.staff.as_ref());
    if let Some(staff) = newer(&staff, &mut set_by.staff, sequence) {
        order.staff = ids(staff);
    }
    if let Some(language) = newer(&report.language, &mut set_by.language, sequence) {
        order.language.clone_from(language);
    }
    if let Some(metadata) = newer(&report.metadata, &mut set_by.metadata, sequence) {
        order.metadata.clone_from(metadata);
    }
}

fn ids(people: &[Named]) -> Vec<UserId> {
    let mut seen = Vec::with_capacity(people.len());
    for person in people {
        if !seen.contains(&person.id) {
            seen.push(person.id.clone());
        }
    }
    seen
}
