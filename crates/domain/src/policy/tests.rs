use super::*;
use crate::time::{DAY, HOUR, MINUTE};

const CUSTOMER: As = As {
    role: Role::Customer,
    guest: false,
};
const RIDER: As = As {
    role: Role::Rider,
    guest: false,
};

fn at(room_status: RoomStatus, final_minutes_ago: Option<i64>) -> Circumstances<'static> {
    let now = Millis(100 * HOUR);
    Circumstances {
        order_status: if final_minutes_ago.is_some() {
            "delivered"
        } else {
            "picked_up"
        },
        room_status,
        final_at: final_minutes_ago.map(|minutes| now.plus(-minutes * MINUTE)),
        reopened_at: None,
        closed_at: None,
        now,
    }
}

#[test]
fn reading_hangs_on_the_status_where_it_differs_between_two() {
    assert!(!OrderPolicy::default().reading_hangs_on_status());
    for (text, hangs) in [
        ("rights.status.preparing.rider.read = \"never\"", true),
        ("rights.final.customer.read = \"while_open\"", true),
        ("rights.final.customer.write = false", false),
    ] {
        let text = format!("version = 2\n{text}");
        let policy = OrderPolicy::parse(&text).unwrap_or_else(|why| panic!("{text}: {why:?}"));
        assert_eq!(policy.reading_hangs_on_status(), hangs, "{text}");
    }
}

#[test]
fn the_room_opens_when_the_order_is_or_passes_accepted_while_active() {
    let policy = OrderPolicy::default();
    for (status, opens) in [
        ("pending", false),
        ("accepted", true),
        ("picked_up", true),
        ("delivered", false),
        ("cancelled", false),
        ("lost in the post", false),
    ] {
        assert_eq!(policy.opens(status), opens, "{status}");
    }
}

#[test]
fn the_rider_writes_until_30_minutes_and_the_customer_until_2_hours_after_the_end() {
    let policy = OrderPolicy::default();
    for (minutes, rider, customer) in [(29, true, true), (30, false, true), (120, false, false)] {
        let now = at(RoomStatus::Open, Some(minutes));
        assert_eq!(policy.rights(RIDER, now).write.is_ok(), rider, "{minutes}");
        assert_eq!(
            policy.rights(CUSTOMER, now).write.is_ok(),
            customer,
            "{minutes}"
        );
    }
    assert!(
        policy
            .rights(RIDER, at(RoomStatus::Open, None))
            .write
            .is_ok()
    );
}

#[test]
fn a_manual_reopening_restarts_the_timers() {
    let policy = OrderPolicy::default();
    let late = at(RoomStatus::Open, Some(600));
    let reopened = Circumstances {
        reopened_at: Some(late.now.plus(-MINUTE)),
        ..late
    };
    assert!(policy.rights(CUSTOMER, late).write.is_err());
    assert!(policy.rights(CUSTOMER, reopened).write.is_ok());
    assert_eq!(
        policy.closes_at(reopened),
        Some(late.now.plus(-MINUTE + 2 * HOUR))
    );
}

#[test]
fn the_room_does_not_exist_for_the_rider_and_guests_once_it_closed() {
    let policy = OrderPolicy::default();
    let closed = at(RoomStatus::Closed, Some(200));
    let guest = As {
        role: Role::Customer,
        guest: true,
    };
    assert!(!policy.rights(RIDER, closed).read);
    assert!(!policy.rights(guest, closed).read);
    assert!(policy.rights(CUSTOMER, closed).read);
    assert!(
        policy
            .rights(
                As {
                    role: Role::Pharmacy,
                    guest: false
                },
                closed
            )
            .read
    );
}
#[test]
fn the_room_closes_two_hours_after_the_end_and_is_archived_30_days_after_that() {
    let policy = OrderPolicy::default();
    let step = |at| policy.due_step(at).map(|step| step.transition);
    for (minutes, due) in [(119, None), (120, Some(Transition::Close))] {
        assert_eq!(step(at(RoomStatus::Open, Some(minutes))), due, "{minutes}");
    }
    assert_eq!(policy.next_step(at(RoomStatus::Open, None)), None);
    let closed = |ago: i64| {
        let now = at(RoomStatus::Closed, None);
        Circumstances {
            closed_at: Some(now.now.plus(-ago)),
            ..now
        }
    };
    assert_eq!(step(closed(30 * DAY - 1)), None);
    assert_eq!(step(closed(30 * DAY)), Some(Transition::Archive));
    assert_eq!(policy.next_step(at(RoomStatus::Archived, Some(9))), None);
}

#[test]
fn an_active_order_reopens_what_the_policy_closed_and_nothing_else() {
    let policy = OrderPolicy::default();
    let closed = at(RoomStatus::Closed, None);
    assert!(policy.reopens(closed, true));
    assert!(!policy.reopens(closed, false));
    assert!(!policy.reopens(at(RoomStatus::Closed, Some(1)), true));
    assert!(!policy.reopens(at(RoomStatus::Open, None), true));
}

#[test]
fn the_higher_version_is_in_force_and_of_one_version_the_databases() {
    let edition = |version, hash| Edition {
        version,
        hash: [hash; 32],
    };
    let own = edition(3, 1);
    for (stored, settled) in [
        (None, Settled::Given),
        (Some(edition(2, 9)), Settled::Given),
        (Some(edition(3, 1)), Settled::Same),
        (Some(edition(3, 2)), Settled::Disputed),
        (Some(edition(4, 1)), Settled::Stored),
    ] {
        assert_eq!(own.settle(stored), settled, "{stored:?}");
    }
}

#[test]
fn the_file_decides_by_status_and_by_role() {
    let policy = OrderPolicy::parse(
        r#"
        version = 2
        [order]
        active = ["new", "packed", "on_the_way"]
        final = ["done"]
        [room]
        opens_at = "packed"
        [rights.active]
        rider = { write = false }
        [rights.status.on_the_way]
        rider = { write = true, read = "always", sees_online = ["customer"] }
        [rights.final]
        customer = { write = "1h", attach = false }
        "#,
    )
    .expect("a policy");
    let at = |order_status, final_at| Circumstances {
        order_status,
        final_at,
        ..at(RoomStatus::Open, None)
    };
    let now = at("new", None).now;
    let why = |who, at| policy.rights(who, at).write.map_err(|why| why.to_string());
    for status in ["new", "packed", "held at customs"] {
        let refused = format!("policy: policy: rider may not write in '{status}'");
        assert_eq!(why(RIDER, at(status, None)), Err(refused));
    }
    assert_eq!(why(RIDER, at("on_the_way", None)), Ok(()));
    assert!(policy.sees_presence(RIDER, Role::Customer, "on_the_way"));
    assert!(!policy.sees_presence(RIDER, Role::Customer, "packed"));
    let done = at("done", Some(now.plus(-HOUR)));
    assert!(policy.rights(CUSTOMER, done).write.is_err());
    let done = at("done", Some(now.plus(1 - HOUR)));
    assert_eq!(policy.rights(CUSTOMER, done).write, Ok(()));
    assert!(policy.rights(CUSTOMER, done).attach.is_err());
    assert!(policy.is_final("done") && !policy.is_final("delivered"));
}

#[test]
fn with_the_next_on_board_a_rider_is_muted_where_the_order_is_over() {
    let text = "version = 2\n[rider]\nmuted_while_next_on_board = true";
    let policy = OrderPolicy::parse(text).expect("a policy");
    let writes = |policy: &OrderPolicy, at| {
        let rights = policy.rights(RIDER, at);
        policy.rights_with_next_on_board(rights, at).write.is_ok()
    };
    let over = at(RoomStatus::Open, Some(5));
    assert!(!writes(&policy, over));
    assert!(writes(&policy, at(RoomStatus::Open, None)));
    assert!(writes(&OrderPolicy::default(), over));
}

#[test]
fn names_are_shown_as_the_file_says() {
    let text = "version = 2\n[names]\nrider = \"role\"\nguest = \"first_name\"";
    let policy = OrderPolicy::parse(text).expect("a policy");
    assert_eq!(policy.name_style(RIDER), NameStyle::Role);
    assert_eq!(policy.name_style(CUSTOMER), NameStyle::FirstNameAndRole);
    let guest = As {
        role: Role::Pharmacy,
        guest: true,
    };
    assert_eq!(policy.name_style(guest), NameStyle::FirstName);
}

#[test]
fn quick_replies_are_offered_by_role_status_and_language() {
    let policy = OrderPolicy::parse(
        r#"
        version = 2
        [[quick_replies]]
        role = "rider"
        statuses = ["picked_up"]
        en = "At your door."
        de = "Vor Ihrer Tür."
        [[quick_replies]]
        role = "rider"
        en = "One moment."
        "#,
    )
    .expect("a policy");
    let offered = |who, status, language| {
        let all = policy.quick_replies(who, status, language);
        all.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        offered(RIDER, "picked_up", Some("de-AT")),
        ["Vor Ihrer Tür.", "One moment."]
    );
    assert_eq!(
        offered(RIDER, "picked_up", Some("fr")),
        ["At your door.", "One moment."]
    );
    assert_eq!(offered(RIDER, "accepted", None), ["One moment."]);
    assert_eq!(offered(CUSTOMER, "picked_up", None), Vec::<String>::new());
}
