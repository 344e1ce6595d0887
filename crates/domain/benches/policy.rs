//! What one look into the order policy costs: `cargo bench --package orderchat-domain`.

use std::hint::black_box;
use std::time::Instant;

use orderchat_domain::policy::{As, Circumstances, OrderPolicy};
use orderchat_domain::room::RoomStatus;
use orderchat_domain::{Millis, Role};

const ROUNDS: u32 = 2_000_000;

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock itself"
)]
fn main() {
    let policy = OrderPolicy::default();
    let rider = As {
        role: Role::Rider,
        guest: false,
    };
    let at = |order_status, final_at| Circumstances {
        order_status,
        room_status: RoomStatus::Open,
        final_at,
        reopened_at: None,
        closed_at: None,
        now: Millis(100_000_000),
    };
    for (name, at) in [
        ("allowed", at("picked_up", None)),
        (
            "allowed, until a time",
            at("refunded", Some(Millis(99_999_999))),
        ),
        (
            "refused, with the rule in words",
            at("delivered", Some(Millis(1))),
        ),
        ("a status that is not named", at("held at customs", None)),
    ] {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(policy.rights(black_box(rider), black_box(at)));
        }
        let ns = start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS);
        println!("{ns:7.1} ns  {name}");
    }
}
