//! The bus between the nodes of one deployment: it only wakes up.
//!
//! A hint says that there is something to look at in the database. Any of them may be lost,
//! repeated or reordered, and nothing comes of it but time: who listens also looks by itself, on a
//! timer, and whenever it is told that it has missed something.
//!
//! One node needs none ([`Bus::local`]); several tell each other by NATS ([`Bus::connect`]), core
//! only: what JetStream keeps it may lose on a power loss, and nothing needs it.

mod hint;
mod link;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;

pub(crate) use hint::Hint;
use link::Link;

/// How long [`check`] waits for the round trip.
const CHECK_PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BusError {
    /// Settings refuse such an address; its text may hold a password and is not repeated.
    #[error(
        "ORDERCHAT_BUS is no address of a NATS server; write nats://HOST:PORT or \
         nats://USER:PASSWORD@HOST:PORT"
    )]
    Address,
    #[error("the NATS client does not start: {0}")]
    Client(String),
    #[error("NATS did not pass a message on within 5 s: {0}")]
    Silent(String),
}

/// One node's end of the bus. Clones are the same end.
#[derive(Clone, Debug)]
pub(crate) struct Bus(Option<Arc<Link>>);

/// What comes from the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Another node says so.
    Hint(Hint),
    /// Hints may have been lost here: look at the database.
    Missed,
}

/// What other nodes say, from [`Bus::subscribe`] on.
#[derive(Debug)]
pub(crate) struct Subscription(Option<broadcast::Receiver<Received>>);

impl Bus {
    /// The bus of a node that is alone: nobody hears, nobody speaks.
    pub(crate) const fn local() -> Self {
        Self(None)
    }

    /// The bus over the NATS server at `address` (`nats://` or `tls://`, perhaps with a token or
    /// with user and password), for the nodes on the database with this `epoch`: deployments that
    /// share a NATS server do not hear each other.
    ///
    /// Works while NATS is down: the future, which the caller runs, connects for as long as it
    /// takes, again after every loss, until `stop`. Then it says what is still waiting and ends,
    /// within a second or so.
    ///
    /// # Errors
    /// When the address cannot be read. What is wrong at the other end is no error here.
    pub(crate) async fn connect(
        address: &SecretString,
        epoch: &str,
        stop: CancellationToken,
    ) -> Result<(Self, impl Future<Output = ()> + Send + 'static + use<>), BusError> {
        let (link, driver) = Link::open(address, epoch, stop).await?;
        Ok((Self(Some(link)), driver.run()))
    }

    /// Tells the other nodes, soon. Never waits, never fails: what does not fit into the queue is
    /// dropped and counted (`orderchat_bus_dropped_total`).
    pub(crate) fn publish(&self, hint: Hint) {
        let Some(link) = &self.0 else { return };
        match link.queue.try_send(hint) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => link.drop_hints(1),
        }
    }

    /// Hears what other nodes say from now on; never what this one says.
    pub(crate) fn subscribe(&self) -> Subscription {
        Subscription(self.0.as_ref().map(|link| link.heard.subscribe()))
    }

    /// Whether hints get through, as far as is known: what this node said last came back to it. The
    /// server works without. A node that is alone is always connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|link| link.state.borrow().connected)
    }
}

impl Subscription {
    /// What comes next: for ever, also when nothing will come any more. Who falls behind by more
    /// than 4,096 hints gets [`Received::Missed`] for the oldest. May be cancelled without loss.
    pub(crate) async fn next(&mut self) -> Received {
        if let Some(heard) = &mut self.0 {
            match heard.recv().await {
                Ok(received) => return received,
                Err(RecvError::Lagged(_)) => {
                    link::count_missed();
                    return Received::Missed;
                }
                Err(RecvError::Closed) => {}
            }
        }
        std::future::pending().await
    }
}

/// Whether NATS at `address` takes what a node says and passes it on.
///
/// # Errors
/// Why not, as far as is known.
pub(crate) async fn check(address: &SecretString, epoch: &str) -> Result<(), BusError> {
    let stop = CancellationToken::new();
    let (bus, driver) = Bus::connect(address, epoch, stop).await?;
    let Some(link) = &bus.0 else { return Ok(()) };
    let mut state = link.state.subscribe();
    let heard = async {
        let _open = state.wait_for(|state| state.connected).await;
    };
    let in_time = tokio::time::timeout(CHECK_PATIENCE, async {
        tokio::select! {
            () = driver => {}
            () = heard => {}
        }
    });
    let _elapsed = in_time.await;
    if bus.is_connected() {
        return Ok(());
    }
    let problem = link.state.borrow().problem.clone();
    Err(BusError::Silent(
        problem.unwrap_or_else(|| "no answer".to_owned()),
    ))
}

#[cfg(test)]
mod tests;
