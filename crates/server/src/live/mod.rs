//! Live connections: everything that happens in a room reaches everybody who may know it, at once,
//! and after any interruption a client has exactly what it would have had.
//!
//! [`relay`] carries what was committed to the [`hub`], which knows who follows what on this node; a
//! [`session`] is one connection: it reads what was missed from the log ([`follow`]), then sends what
//! the hub gives it, and runs the client's [`commands`]. `protocol` has every frame.

mod commands;
mod connected;
mod connection;
mod follow;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod hub;
mod presence;
pub(crate) mod protocol;
mod relay;
mod revocation;
mod session;
pub(crate) mod stream;
mod summaries;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orderchat_domain::Millis;
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::chat::Chat;
use crate::clock;
use crate::limits::Limits;
use crate::net::spawn;
use crate::shares::Shares;
use crate::signin::SignIn;
pub(crate) use connection::Queue;
use connection::Signal;
pub(crate) use hub::Place as LivePlace;
use hub::{Eyesight, Hub};
pub(crate) use relay::{Elsewhere, Grown, LogPart, Reader, Relay, Since, Unreadable};
pub(crate) use session::{Arrival, run};

/// What the settings say to live connections.
#[derive(Clone, Debug)]
pub(crate) struct LiveSettings {
    /// Between two pings.
    pub(crate) heartbeat: Duration,
    /// Within which a command is answered.
    pub(crate) deadline: Duration,
    /// Largest frame of a client, in bytes.
    pub(crate) max_frame: usize,
    /// Connections of a customer or a rider at once.
    pub(crate) max_connections: usize,
    /// Connections of a member of staff at once.
    pub(crate) max_staff_connections: usize,
    /// What may wait for one that reads slowly.
    pub(crate) queue: Queue,
    /// Frames that a client may send; `None`: as many as it likes.
    pub(crate) frame_rate: Option<governor::Quota>,
}

/// The live part of this node. One per process.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) settings: LiveSettings,
    chat: Chat,
    sign_in: Arc<SignIn>,
    limits: Arc<Limits>,
    hub: Arc<Hub>,
    bus: Bus,
    /// Stands in every cursor.
    epoch: String,
    /// When this process began to let people in.
    began: Millis,
    /// Connections that have not said who they are, by network.
    waiting: Shares<[u16; 4]>,
    /// Cancelled when the process was asked to stop.
    stopping: CancellationToken,
    next_connection: AtomicU64,
}

/// What the live part is made of.
pub(crate) struct Parts {
    pub(crate) settings: LiveSettings,
    pub(crate) chat: Chat,
    pub(crate) sign_in: Arc<SignIn>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) bus: Bus,
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) epoch: String,
    pub(crate) stopping: CancellationToken,
    /// Cancelled when nothing is committed any more.
    pub(crate) stopped: CancellationToken,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

impl Live {
    /// Starts relaying what is committed from now on.
    pub(crate) fn start(parts: Parts) -> Arc<Self> {
        let chat = parts.chat;
        let hub = Arc::new(Hub::new(Eyesight {
            policies: chat.policies(),
            online_window: chat.rules().online_window,
        }));
        let relay = Relay::start(
            Arc::clone(&hub),
            parts.bus.clone(),
            parts.reader,
            &parts.stopped,
        );
        chat.store().on_commit(relay.hearer());
        let live = Arc::new(Self {
            settings: parts.settings,
            chat,
            sign_in: parts.sign_in,
            limits: parts.limits,
            hub,
            bus: parts.bus,
            epoch: parts.epoch,
            began: Millis(clock::now_ms()),
            waiting: Shares::default(),
            stopping: parts.stopping,
            next_connection: AtomicU64::new(1),
        });
        spawn(
            "live-revocations",
            revocation::watch(Arc::clone(&live), parts.stopped.clone()),
        );
        let (hub, stopping) = (Arc::clone(&live.hub), live.stopping.clone());
        spawn("live-stop", async move {
            stopping.cancelled().await;
            hub.people.signal_all(Signal::Stopping);
        });
        spawn(
            "live-presence",
            presence::watch(Arc::clone(&live), parts.stopped.clone()),
        );
        spawn(
            "live-summaries",
            summaries::watch(Arc::clone(&live), parts.stopped),
        );
        live
    }

    fn connection_id(&self) -> u64 {
        self.next_connection.fetch_add(1, Ordering::Relaxed)
    }
}
