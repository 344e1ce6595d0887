//! The listening socket.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that the kernel keeps while none is accepted, e.g. at the connection limit.
const BACKLOG: u32 = 1024;

/// An address that is taken, and on which nobody listens yet: who connects is refused.
#[derive(Debug)]
pub(crate) struct Bound(TcpSocket);

/// Takes `address`; port 0 takes a free one (see `local_addr`).
///
/// The address may be in use by closing connections of an earlier process (`SO_REUSEADDR`), so a
/// restart need not wait. Connections inherit `SO_KEEPALIVE`: the kernel notices peers that died.
///
/// # Errors
/// What the operating system says.
pub(crate) fn bind(address: SocketAddr) -> io::Result<Bound> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    socket.set_keepalive(true)?;
    socket.bind(address)?;
    Ok(Bound(socket))
}

impl Bound {
    /// Listens from now on.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn listen(self) -> io::Result<TcpListener> {
        self.0.listen(BACKLOG)
    }
}
