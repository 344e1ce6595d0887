//! The server's integration tests: HTTP against the real binary.
//!
//! Every test starts a server of its own on a free port with an empty database, so tests run in
//! parallel and in any order. `ORDERCHAT_TEST_ENGINE` chooses the storage engine, see
//! [`harness::engine`]; no test may know which one it runs on.
//!
//! One binary holds all of them because linking is what costs. The modules mirror the routes;
//! `attacks` and `guarantees` carry the numbers of the threat model and of the promises.

#![expect(
    clippy::disallowed_methods,
    reason = "tests are outside the server: they read the clock, spawn and make HTTP clients themselves"
)]

mod harness;

mod asyncapi;
mod attacks;
mod audit;
mod backup;
mod bus;
mod capacity;
mod chat_command;
mod commands;
mod demo;
mod edits_deletes;
mod errors;
mod events;
mod files;
mod followers;
mod guarantees;
mod hand_over;
mod history;
mod idempotency;
mod identity;
mod limits;
mod lists_cursors;
mod live;
mod masking;
mod matrix;
mod messages;
mod moderation;
mod openapi;
mod order_events;
mod orders;
mod participants;
mod policy;
mod proof;
mod public_rooms;
mod receipts_model;
mod receipts_unread;
mod replies;
mod reports;
mod room_states;
mod rooms;
mod search;
mod serving;
mod slips;
mod starting;
mod stats;
mod stopping;
mod system_messages;
mod threads;
mod timeline;
mod timers;
mod unread;
mod users_me;
mod windows;
