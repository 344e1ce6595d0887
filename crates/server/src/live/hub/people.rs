use std::collections::HashMap;
use std::sync::Arc;

use orderchat_domain::{Caller, RoomId, TokenRole};
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use crate::live::connection::{Connection, Signal};

/// Who is connected to this node.
#[derive(Debug, Default)]
pub(crate) struct People {
    inner: RwLock<Inner>,
    /// Connections for which summaries wait; each once.
    due: Mutex<Vec<Arc<Connection>>>,
    became_due: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    /// By the user's internal key.
    users: HashMap<i64, Vec<Arc<Connection>>>,
    /// Who is told of changes in rooms that they do not follow: by pharmacy, and of all rooms.
    watching: HashMap<String, Vec<Arc<Connection>>>,
    watching_all: Vec<Arc<Connection>>,
}

/// Which rooms' summaries a connection gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    Nothing,
    /// Of these pharmacies.
    Pharmacies(Vec<String>),
    Everything,
}

impl Watch {
    /// Staff watch what their role reaches. A token that is good for one room watches nothing.
    pub(crate) fn of(caller: &Caller) -> Self {
        match caller.role {
            _ if caller.room.is_some() => Self::Nothing,
            TokenRole::Pharmacy => {
                let ids = caller.pharmacies.iter();
                Self::Pharmacies(ids.map(|id| id.as_str().to_owned()).collect())
            }
            TokenRole::Support | TokenRole::Admin => Self::Everything,
            TokenRole::Customer | TokenRole::Rider | TokenRole::Service => Self::Nothing,
        }
    }
}

impl People {
    /// A connection came. How many the user has now.
    pub(crate) fn add(&self, connection: &Arc<Connection>) -> usize {
        let mut inner = self.inner.write();
        let theirs = inner.users.entry(connection.user).or_default();
        theirs.push(Arc::clone(connection));
        theirs.len()
    }

    /// The connection gets these rooms' summaries, as the caller may see them.
    pub(crate) fn watch(&self, connection: &Arc<Connection>, watch: &Watch, caller: &Arc<Caller>) {
        let watches = *watch != Watch::Nothing;
        connection.watch_as(watches.then(|| Arc::clone(caller)));
        let mut inner = self.inner.write();
        match watch {
            Watch::Nothing => {}
            Watch::Pharmacies(ids) => {
                for id in ids {
                    let watching = inner.watching.entry(id.clone()).or_default();
                    watching.push(Arc::clone(connection));
                }
            }
            Watch::Everything => inner.watching_all.push(Arc::clone(connection)),
        }
    }

    pub(crate) fn unwatch(&self, connection: &Connection, watch: &Watch) {
        connection.watch_as(None);
        let mut inner = self.inner.write();
        let others = |other: &Arc<Connection>| other.id != connection.id;
        match watch {
            Watch::Nothing => {}
            Watch::Pharmacies(ids) => {
                for id in ids {
                    if let Some(watching) = inner.watching.get_mut(id) {
                        watching.retain(others);
                        if watching.is_empty() {
                            inner.watching.remove(id);
                        }
                    }
                }
            }
            Watch::Everything => inner.watching_all.retain(others),
        }
    }

    /// A connection went. How many the user still has.
    pub(crate) fn remove(&self, connection: &Connection) -> usize {
        let mut inner = self.inner.write();
        let Some(theirs) = inner.users.get_mut(&connection.user) else {
            return 0;
        };
        theirs.retain(|other| other.id != connection.id);
        let left = theirs.len();
        if left == 0 {
            inner.users.remove(&connection.user);
        }
        left
    }

    /// Tells all connections of the user. `false` when there are none.
    pub(crate) fn signal(&self, user: i64, signal: Signal) -> bool {
        let inner = self.inner.read();
        let theirs = inner.users.get(&user).map_or(&[][..], Vec::as_slice);
        for connection in theirs {
            connection.signal(signal);
        }
        !theirs.is_empty()
    }

    /// Tells all connections.
    pub(crate) fn signal_all(&self, signal: Signal) {
        for connection in self.inner.read().users.values().flatten() {
            connection.signal(signal);
        }
    }

    /// Whether the user is connected.
    pub(crate) fn has(&self, user: i64) -> bool {
        self.inner.read().users.contains_key(&user)
    }

    /// Nobody is connected.
    pub(crate) fn is_empty(&self) -> bool {
        self.inner.read().users.is_empty()
    }

    /// The room's summary has changed for all who watch it.
    pub(crate) fn summarize(&self, room: RoomId, pharmacy: &str) {
        let inner = self.inner.read();
        let theirs = inner.watching.get(pharmacy).map_or(&[][..], Vec::as_slice);
        for connection in theirs.iter().chain(&inner.watching_all) {
            self.summarize_on(connection, room);
        }
    }

    /// The room's summary has changed for this user, who read or sent in it.
    pub(crate) fn summarize_for(&self, user: i64, room: RoomId) {
        for connection in self.inner.read().users.get(&user).into_iter().flatten() {
            self.summarize_on(connection, room);
        }
    }

    /// The room's summary is to be sent on this connection, if it gets summaries.
    pub(crate) fn summarize_on(&self, connection: &Arc<Connection>, room: RoomId) {
        if connection.summarize(room) {
            self.are_due(connection);
        }
    }

    /// Summaries wait for this connection.
    pub(crate) fn are_due(&self, connection: &Arc<Connection>) {
        self.due.lock().push(Arc::clone(connection));
        self.became_due.notify_one();
    }

    /// Waits until summaries wait for some connection; may return early.
    pub(crate) async fn some_are_due(&self) {
        self.became_due.notified().await;
    }

    /// The connections for which summaries wait.
    pub(crate) fn take_due(&self) -> Vec<Arc<Connection>> {
        std::mem::take(&mut *self.due.lock())
    }
}
