//! Connections that have not said who they are: so many at once from one address, so that nobody can
//! hold the node's connections without a token.

use std::net::IpAddr;
use std::sync::Arc;

use super::Live;
use crate::limits::network;
use crate::problem::Problem;
use crate::shares::Share;

/// From one address, or one /64: a household, or the customers behind a carrier's gateway who come
/// back within the same five seconds.
const MOST: usize = 100;

/// A connection that has not said who it is, for as long as this lives.
pub(crate) type Unknown = Share<[u16; 4]>;

impl Live {
    /// Lets a connection wait for its first frame.
    ///
    /// # Errors
    /// 429 when too many of the address wait already.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Unknown, Problem> {
        let most = if self.settings.frame_rate.is_some() {
            MOST
        } else {
            usize::MAX
        };
        let place = self.waiting.take(network(address), most);
        place.ok_or_else(|| {
            let detail = "too many connections of your address wait for their hello; try again";
            Problem::too_many_connections(detail)
        })
    }
}
