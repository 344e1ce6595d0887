//! From a listening socket to requests: who is let in, how long they may take, how it ends.
//!
//! axum's own server has no header timeout, no connection limit and does not wait for upgraded
//! sockets, so the accept loop is ours, on hyper:
//!
//! - [`bind`] opens the listener, [`serve()`] runs it until the shutdown token is cancelled.
//! - Every connection holds a place (`max_connections`) until its *socket* closes, also after an
//!   upgrade to a WebSocket.
//! - A connection that is silent, sends its headers slowly, does not read its answers, or is older
//!   than an hour is closed. How long one *request* may take is the business of `http`.
//! - [`client_address()`] says who is behind a trusted proxy.

mod activity;
mod client_address;
mod connection;
mod listen;
mod serve;
mod socket;
mod spawn;

pub(crate) use client_address::client_address;
pub(crate) use listen::{Bound, bind};
pub(crate) use serve::{ServeLimits, WRITE_TIMEOUT, serve};
pub(crate) use socket::Received;
pub(crate) use spawn::spawn;

use std::net::SocketAddr;

/// Who is at the other end of the connection; an extension of every request. For who is behind a
/// proxy see [`client_address()`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) SocketAddr);

#[cfg(test)]
mod tests;
