//! Where a yardstick listens: on this machine only, as it asks nobody who they are.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use tokio::net::TcpListener;

#[derive(Debug, clap::Args)]
pub(crate) struct Listen {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

impl Listen {
    /// Listens, and says where.
    ///
    /// # Errors
    /// When the address is reachable from outside, or cannot be had.
    pub(crate) async fn begin(&self) -> Result<TcpListener> {
        let address = self.listen;
        ensure!(
            address.ip().is_loopback(),
            "{address} is reachable from outside; listen on 127.0.0.1"
        );
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        println!("listening on http://{}", listener.local_addr()?);
        Ok(listener)
    }
}
