use std::time::Duration;

use governor::clock::FakeRelativeClock;

use super::*;
use crate::config::{Need, SettingsArgs};

fn limits(variables: &[(&str, &str)]) -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
    let variables = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    let settings = Settings::load(&SettingsArgs::default(), variables, Need::Nothing).unwrap();
    let clock = FakeRelativeClock::default();
    (Limits::with_clock(&settings, clock.clone()), clock)
}

/// How many pass until the first refusal, and that refusal.
fn burst(limits: &Limits<FakeRelativeClock>, quota: Quota<'_>) -> (u32, RetryAfter) {
    for passed in 0..1_000 {
        if let Err(refused) = limits.check(quota) {
            return (passed, refused);
        }
    }
    panic!("{quota:?} was never refused");
}

#[test]
fn the_bursts_are_those_of_the_contract() {
    let (limits, _) = limits(&[]);
    let room = Uuid::nil();
    let address = IpAddr::from([192, 0, 2, 1]);
    let user = "c1";
    for (quota, expected) in [
        (Quota::Send { user }, 30),
        (Quota::Read { user }, 200),
        (Quota::Receipt { user }, 100),
        (Quota::RoomSend { room }, 60),
        (Quota::ServiceSend { room }, 50),
        (Quota::Anonymous { address }, 10),
    ] {
        assert_eq!(burst(&limits, quota).0, expected, "{quota:?}");
    }
}

#[test]
fn whoever_waits_as_long_as_told_is_let_through() {
    let (limits, clock) = limits(&[]);
    let quota = Quota::Send { user: "c1" };
    let (_, RetryAfter(seconds)) = burst(&limits, quota);
    assert_eq!(seconds, 1);
    clock.advance(Duration::from_secs(seconds));
    assert_eq!(limits.check(quota), Ok(()));
    assert_eq!(limits.check(quota), Err(RetryAfter(1)));
}

#[test]
fn waiting_is_in_whole_seconds_rounded_up() {
    let (limits, clock) = limits(&[("ORDERCHAT_SEND_RATE", "30/min burst 1")]);
    let quota = Quota::Send { user: "c1" };
    assert_eq!(burst(&limits, quota), (1, RetryAfter(2)));
    clock.advance(Duration::from_millis(500));
    assert_eq!(limits.check(quota), Err(RetryAfter(2)));
    clock.advance(Duration::from_millis(500));
    assert_eq!(limits.check(quota), Err(RetryAfter(1)));
}

#[test]
fn one_user_s_limit_is_not_another_s() {
    let (limits, _) = limits(&[]);
    burst(&limits, Quota::Send { user: "c1" });
    assert_eq!(limits.check(Quota::Send { user: "c2" }), Ok(()));
    assert_eq!(limits.check(Quota::Read { user: "c1" }), Ok(()));
}

#[test]
fn addresses_of_one_ipv6_network_share_a_limit() {
    let (limits, _) = limits(&[]);
    let address = |text: &str| Quota::Anonymous {
        address: text.parse().unwrap(),
    };
    burst(&limits, address("2001:db8:0:1::1"));
    assert!(limits.check(address("2001:db8:0:1:ffff::2")).is_err());
    assert!(limits.check(address("2001:db8:0:2::1")).is_ok());
    burst(&limits, address("192.0.2.1"));
    assert!(limits.check(address("::ffff:192.0.2.1")).is_err());
    assert!(limits.check(address("192.0.2.2")).is_ok());
}

#[test]
fn too_many_404_answers_bar_the_user_for_a_while() {
    let (limits, clock) = limits(&[]);
    let read = Quota::Read { user: "c1" };
    for _ in 0..30 {
        assert_eq!(limits.note_not_found("c1"), Ok(()));
        assert_eq!(limits.check(read), Ok(()));
    }
    assert_eq!(limits.note_not_found("c1"), Err(RetryAfter(2)));
    assert_eq!(limits.check(read), Err(RetryAfter(2)));
    assert_eq!(limits.check(Quota::Send { user: "c1" }), Err(RetryAfter(2)));
    assert_eq!(limits.check(Quota::Read { user: "c2" }), Ok(()));
    clock.advance(Duration::from_secs(2));
    assert_eq!(limits.check(read), Ok(()));
}

#[test]
fn switched_off_nothing_is_refused() {
    let (limits, _) = limits(&[("ORDERCHAT_RATE_LIMITS", "off")]);
    for _ in 0..10_000 {
        assert_eq!(limits.note_not_found("c1"), Ok(()));
        assert_eq!(limits.check(Quota::Send { user: "c1" }), Ok(()));
    }
}

#[test]
fn memory_is_bounded_whatever_keys_come() {
    let store = Store::default();
    for key in 0..200_000 {
        store
            .measure_and_replace(&key, |_| Ok::<_, ()>(((), Nanos::from(key))))
            .unwrap();
    }
    assert!(store.0.lock().len() <= 2 * KEYS);
}
