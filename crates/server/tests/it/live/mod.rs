//! Live connections: one WebSocket, or Server-Sent Events, that never loses, repeats or reorders.
//!
//! Modules without a number are the protocol, in its words; the others carry the numbers of the
//! promises (`g…`) and of the attacks (`a…`). `ORDERCHAT_TEST_RESUMES` and
//! `ORDERCHAT_TEST_ROUNDS` set how often they are repeated.

mod a14_origin;
mod a29_idle_sockets;
mod a30_bad_frames;
mod answers;
mod capabilities;
mod commands;
mod events;
mod following;
mod g11_shut_out;
mod g12_tokens;
mod g13_slow_readers;
mod g15_stopping;
mod g5_one_order;
mod g6_resume;
mod g7_cursors;
mod g8_idempotency;
mod hello;
mod nodes;
mod outsiders;
mod passing;
mod sse;
mod summaries;
