//! What the store promises, on both engines: each test runs once on SQLite and once on PostgreSQL,
//! each time on a database of its own.
//!
//! SQLite needs nothing. PostgreSQL is there when `ORDERCHAT_TEST_POSTGRES` holds the URL of a
//! database from which others can be created; `scripts/with-postgres` starts one and sets it.
//! Without it those tests are ignored, and the run says so at its end.

#![expect(
    clippy::disallowed_methods,
    reason = "tests make their own ids and tasks; the store gets both passed in"
)]

mod attachments;
mod audit;
mod begins;
mod chain;
mod checkpoints;
mod conflicts;
mod database;
mod edits;
mod filled;
mod fixture;
mod followers;
mod groups;
mod harness;
mod lists;
mod live;
mod log;
mod message_search;
mod messages;
mod migrations;
mod opening;
mod orders;
mod participants;
mod plans;
mod proxy;
mod raw;
mod receipts;
mod search;
mod snapshots;
mod statements;
mod threads;
mod timers;
mod unread;
mod uploads;
mod users;
mod writes;

fn main() -> std::process::ExitCode {
    harness::run(&[
        attachments::TESTS,
        audit::TESTS,
        begins::TESTS,
        checkpoints::TESTS,
        conflicts::TESTS,
        edits::TESTS,
        followers::TESTS,
        groups::TESTS,
        lists::TESTS,
        live::TESTS,
        log::TESTS,
        message_search::TESTS,
        messages::TESTS,
        migrations::TESTS,
        opening::TESTS,
        orders::TESTS,
        participants::TESTS,
        plans::TESTS,
        receipts::TESTS,
        search::TESTS,
        snapshots::TESTS,
        statements::TESTS,
        threads::TESTS,
        timers::TESTS,
        unread::TESTS,
        uploads::TESTS,
        users::TESTS,
        writes::TESTS,
    ])
}
