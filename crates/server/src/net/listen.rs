//! The listening socket.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that the kernel keeps while none is accepted, e.g. at the connection limit.
const BACKLOG: u32 = 1024;

/// Listens on `address`; port 0 takes a free one (see `local_addr`).
///
/// The address may be in use by closing connections of an earlier process (`SO_REUSEADDR`), so a
/// restart need not wait. Connections inherit `SO_KEEPALIVE`: the kernel notices peers that died.
///
/// # Errors
/// What the operating system says, with the address.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listen = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }?;
        socket.set_reuseaddr(true)?;
        socket.set_keepalive(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error: io::Error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })
}
