use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::policy::OrderPolicy;
use crate::refusal::Rule;

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
                    staff: staff.map(|some| vec![named("p1"), named("p2")][..some.min(2)].to_vec()),
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
