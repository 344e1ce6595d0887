//! What every test needs: a server of its own, clients with an identity, an order and its room.

pub(crate) mod answer;
pub(crate) mod client;
pub(crate) mod contract;
pub(crate) mod demo;
pub(crate) mod engine;
pub(crate) mod fault_proxy;
pub(crate) mod frame_contract;
pub(crate) mod frames;
pub(crate) mod identity;
pub(crate) mod live;
pub(crate) mod nats;
pub(crate) mod orders;
pub(crate) mod process;
pub(crate) mod raw;
pub(crate) mod room;
pub(crate) mod seed;
pub(crate) mod server;
pub(crate) mod shape;
pub(crate) mod signal;
pub(crate) mod sql;
pub(crate) mod sse;
pub(crate) mod tus;
pub(crate) mod upload;
pub(crate) mod wait;
pub(crate) mod wall_clock;

pub(crate) use answer::{Answer, Fields};
pub(crate) use client::{Client, encode};
pub(crate) use identity::Identity;
pub(crate) use live::Live;
pub(crate) use orders::an_order;
pub(crate) use room::{Room, message_path, participant_path};
pub(crate) use server::Server;
pub(crate) use wait::eventually;

/// An id of the right form that nothing has.
pub(crate) fn random_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The present in seconds since 1970, as tokens count it.
pub(crate) fn now_s() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the clock stands after 1970");
    i64::try_from(since.as_secs()).expect("the present fits into 63 bits")
}
