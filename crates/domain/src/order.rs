//! The shop's order as it reports it, taken as a difference: SPEC 8.

use serde_json::{Map, Value};

use crate::id::{PharmacyId, UserId};
use crate::policy::OrderPolicy;
use crate::refusal::{Refusal, Rule};
use crate::text::{NAME_LENGTH, clean};
use crate::time::Millis;

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

/// A status of the shop's: a short word.
///
/// # Errors
/// [`Rule::Invalid`] at `pointer`.
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
/// [`Rule::Invalid`] at `pointer`.
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
/// [`Rule::Invalid`] at `pointer`.
pub fn parse_name(pointer: &str, text: &str) -> Result<String, Refusal> {
    clean(pointer, text, NAME_LENGTH)
}

/// An e-mail address, as far as its form goes; a blank one counts as none.
///
/// # Errors
/// [`Rule::Invalid`] at `pointer`.
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
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn named(id: &str) -> Named {
        Named {
            id: UserId::parse("/id", id).expect("an id"),
            name: id.to_owned(),
            email: None,
        }
    }

    fn new_order(sequence: Option<i64>) -> Report {
        Report {
            number: Some("1042".to_owned()),
            status: Some("accepted".to_owned()),
            customer: Some(named("c1")),
            pharmacy: Some(PharmacyReport {
                id: PharmacyId::parse("/id", "ph1").expect("an id"),
                name: "Corner Pharmacy".to_owned(),
                staff: Some(vec![named("p1"), named("p2"), named("p1")]),
            }),
            rider: Some(Some(named("r1"))),
            sequence,
            ..Report::default()
        }
    }

    fn take_all(reports: &[Report]) -> (Order, Vec<Change>) {
        let policy = OrderPolicy::default();
        let (mut order, mut changes) =
            take(None, &reports[0], &policy, Millis(1)).expect("a new order");
        for report in &reports[1..] {
            (order, changes) = take(Some(&order), report, &policy, Millis(2)).expect("a report");
        }
        (order, changes)
    }

    #[test]
    fn what_is_left_out_stays_and_null_takes_away() {
        let (order, changes) = take_all(&[
            new_order(None),
            Report {
                rider: Some(None),
                ..Report::default()
            },
        ]);
        assert_eq!(order.status, "accepted");
        assert_eq!(order.rider, None);
        assert_eq!(order.staff.len(), 2);
        assert_eq!(
            changes,
            [Change::Rider {
                from: Some(named("r1").id),
                to: None
            }]
        );
    }

    #[test]
    fn an_older_report_changes_only_what_no_newer_one_has_set() {
        let newer = Report {
            status: Some("picked_up".to_owned()),
            sequence: Some(9),
            ..Report::default()
        };
        let late = Report {
            status: Some("preparing".to_owned()),
            eta: Some(Some(Millis(77))),
            sequence: Some(5),
            ..Report::default()
        };
        let (order, changes) = take_all(&[new_order(Some(1)), newer, late]);
        assert_eq!(order.status, "picked_up");
        assert_eq!(
            changes,
            [Change::Eta {
                from: None,
                to: Some(Millis(77))
            }]
        );
    }

    #[test]
    fn after_a_sequence_a_report_without_one_is_refused() {
        let policy = OrderPolicy::default();
        let (order, _) = take_all(&[new_order(Some(1))]);
        assert!(take(Some(&order), &Report::default(), &policy, Millis(3)).is_err());
    }

    #[test]
    fn an_order_keeps_its_customer_and_its_pharmacy() {
        let policy = OrderPolicy::default();
        let (order, _) = take_all(&[new_order(None)]);
        let other = Report {
            customer: Some(named("c2")),
            ..Report::default()
        };
        assert!(matches!(
            take(Some(&order), &other, &policy, Millis(3)),
            Err(Refusal::Conflict {
                rule: Rule::OrderIdentity,
                ..
            })
        ));
    }

    #[test]
    fn a_status_is_one_line() {
        let given = |text: &str| parse_status("/status", text);
        assert_eq!(given(" on the way "), Ok("on the way".to_owned()));
        for text in ["on\nthe way", "on\tthe way", "on\r\nthe way", ""] {
            assert!(given(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_first_final_status_counts_until_the_order_is_active_again() {
        let status = |status: &str| Report {
            status: Some(status.to_owned()),
            ..Report::default()
        };
        let (order, _) = take_all(&[new_order(None), status("delivered"), status("refunded")]);
        assert_eq!(order.final_at, Some(Millis(2)));
        let (order, _) = take_all(&[new_order(None), status("delivered"), status("preparing")]);
        assert!(order.is_active());
    }

    #[test]
    fn a_repeat_changes_nothing() {
        let (_, changes) = take_all(&[new_order(Some(3)), new_order(Some(3))]);
        assert_eq!(changes, []);
    }

    /// A report of some parts of the order, each of them possibly left out.
    fn reports() -> impl Strategy<Value = Vec<Report>> {
        let word = || proptest::sample::select(vec!["accepted", "picked_up", "delivered"]);
        let text = |word: &str| word.to_owned();
        let part = (
            option::of(word().prop_map(text)),
            option::of(option::of(word().prop_map(text))),
            option::of(option::of(0..3_i64)),
            option::of(option::of((0..3_i64).prop_map(Millis))),
            option::of(option::of(proptest::sample::select(vec!["en", "de"]))),
            option::of((option::of(0..3_usize), 0..3_i64)),
        );
        let report = part.prop_map(
            |(status, delivery_status, rider, eta, language, pharmacy)| {
                let person = |number: i64| named(&format!("r{number}"));
                Report {
                    status,
                    delivery_status,
                    rider: rider.map(|rider| rider.map(person)),
                    eta,
                    language: language.map(|tag| tag.map(str::to_owned)),
                    pharmacy: pharmacy.map(|(staff, name)| PharmacyReport {
                        id: PharmacyId::parse("/id", "ph1").expect("an id"),
                        name: name.to_string(),
                        staff: staff
                            .map(|some| vec![named("p1"), named("p2")][..some.min(2)].to_vec()),
                    }),
                    ..Report::default()
                }
            },
        );
        vec(report, 1..8).prop_map(|mut reports| {
            for (report, sequence) in reports.iter_mut().zip(2..) {
                report.sequence = Some(sequence);
            }
            reports
        })
    }

    proptest! {
        /// Whatever way they take, and however often they come.
        #[test]
        fn all_reports_of_an_order_in_any_order_and_with_repeats_end_in_the_same_order(
            (reports, shuffled) in reports().prop_flat_map(|reports| {
                let twice = [reports.clone(), reports.clone()].concat();
                (Just(reports), Just(twice).prop_shuffle())
            })
        ) {
            let as_sent: Vec<_> = [vec![new_order(Some(1))], reports].concat();
            let as_come: Vec<_> = [vec![new_order(Some(1))], shuffled].concat();
            let (mut sent, _) = take_all(&as_sent);
            let (come, _) = take_all(&as_come);
            // When it ended is a matter of when that was heard.
            prop_assert_eq!(sent.is_active(), come.is_active());
            sent.final_at = come.final_at;
            prop_assert_eq!(sent, come);
        }
    }
}
