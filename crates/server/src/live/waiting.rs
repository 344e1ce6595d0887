//! Connections that have not said who they are: so many at once from one address, so that nobody can
//! hold the node's connections without a token.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Live;
use crate::limits::network;
use crate::problem::Problem;

/// From one address, or one /64: a household, or the customers behind a carrier's gateway who come
/// back within the same five seconds.
const MOST: u32 = 100;

/// How many wait, by address.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<HashMap<[u16; 4], u32>>);

/// A connection that has not said who it is, for as long as this lives.
pub(crate) struct Unknown {
    live: Arc<Live>,
    network: [u16; 4],
}

impl std::fmt::Debug for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unknown").finish_non_exhaustive()
    }
}

impl Live {
    /// Lets a connection wait for its first frame.
    ///
    /// # Errors
    /// 429 when too many of the address wait already.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Unknown, Problem> {
        let network = network(address);
        let mut waiting = self.waiting.0.lock();
        let count = waiting.entry(network).or_default();
        if *count >= MOST && self.settings.frame_rate.is_some() {
            let detail = "too many connections of your address wait for their hello; try again";
            return Err(Problem::too_many_connections(detail));
        }
        *count += 1;
        drop(waiting);
        Ok(Unknown {
            live: Arc::clone(self),
            network,
        })
    }
}

impl Drop for Unknown {
    fn drop(&mut self) {
        let mut waiting = self.live.waiting.0.lock();
        if let Some(count) = waiting.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.network);
            }
        }
    }
}
