//! The promises that one node can keep or break over REST, by their numbers. G10 is
//! [`crate::receipts_model`].
//!
//! `ORDERCHAT_TEST_ROUNDS` and `ORDERCHAT_TEST_KEYS` set how often races are repeated.

mod g17_one_of_each;
mod g23_clock_jumps;
mod g27_silent_logs;
mod g3_failed_writes;
mod g4_disk_full;
mod g5_one_order;
mod g8_idempotency;
mod g9_read_your_writes;
mod rights_follow_orders;
