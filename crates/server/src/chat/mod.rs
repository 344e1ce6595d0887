//! The commands: everything that can be asked of Orderchat, once, whoever asks.
//!
//! A command loads what it needs, asks `orderchat_domain` whether it may and what follows, writes
//! rows and log entries in one transaction, and commits; only then does anybody hear of it. The
//! gate of every command is [`access::enter`].

pub(crate) mod access;
pub(crate) mod attachments;
pub(crate) mod audit;
pub(crate) mod checkpoints;
pub(crate) mod closing;
pub(crate) mod events;
pub(crate) mod history;
pub(crate) mod live;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod moderation;
pub(crate) mod opening;
pub(crate) mod participants;
pub(crate) mod policy;
pub(crate) mod presence;
pub(crate) mod receipts;
pub(crate) mod reports;
pub(crate) mod restore;
pub(crate) mod rights;
pub(crate) mod rooms;
mod scribe;
pub(crate) mod search;
pub(crate) mod send;
pub(crate) mod statistics;
pub(crate) mod threads;
pub(crate) mod timeline;
mod unfamiliar;
pub(crate) mod unread;
pub(crate) mod users;
pub(crate) mod verify;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orderchat_domain::policy::{InForce, OrderPolicy};
use orderchat_domain::project::{ParticipantRecord, Viewer};
use orderchat_domain::{Caller, Millis, Refusal, RoomId, TokenRole, UserId};
pub(crate) use orderchat_store::StoreError;
use orderchat_store::log::Actor;
use orderchat_store::{AsStoreError, Grouped, Store, Tx};

pub(crate) use scribe::Scribe;

/// The name under which the database keeps the key of sealed cursors.
const CURSOR_KEY: &str = "cursor_key";

/// Why a command was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ChatError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Failed(#[from] StoreError),
}

impl AsStoreError for ChatError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, ChatError>;

/// Where a request came from, for the audit.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) request_id: String,
    pub(crate) ip: IpAddr,
    pub(crate) user_agent: Option<String>,
}

/// Who asks, as whom, from where, when: goes with every command.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) caller: Arc<Caller>,
    /// The caller's internal user key.
    pub(crate) user: i64,
    pub(crate) origin: Arc<Origin>,
    pub(crate) now: Millis,
}

impl Context {
    /// The server itself, which speaks for the shop where nobody of it asks.
    pub(crate) fn of_the_server(now: Millis) -> Result<Self> {
        let caller = Caller {
            user: UserId::parse("", "orderchat")?,
            role: TokenRole::Service,
            name: None,
            email: None,
            pharmacies: Vec::new(),
            language: None,
            room: None,
        };
        Ok(Self::unasked(Arc::new(caller), Actor::SERVER.user, now))
    }

    /// Somebody who is served without having asked.
    pub(crate) fn unasked(caller: Arc<Caller>, user: i64, now: Millis) -> Self {
        let origin = Origin {
            request_id: String::new(),
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: None,
        };
        Self {
            caller,
            user,
            origin: Arc::new(origin),
            now,
        }
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor {
            user: self.user,
            role: if self.user == Actor::SERVER.user {
                Actor::SERVER.role
            } else {
                self.caller.role.as_str()
            },
        }
    }
}

/// What the settings say to the commands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Longest message, in characters.
    pub(crate) message_length: usize,
    /// Seen within so many milliseconds counts as online.
    pub(crate) online_window: i64,
    pub(crate) files: attachments::FileRules,
}

/// The commands and what they need. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Chat(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    policies: Arc<InForce>,
    rules: Rules,
    sends: Grouped<send::Sends>,
    users: users::Known,
    presence: presence::Presence,
    recent: audit::Recent,
    unfamiliar: unfamiliar::Unfamiliar,
}

impl Chat {
    /// Needs a tokio runtime: on PostgreSQL the writers of grouped sends start here.
    pub(crate) fn new(store: Store, policy: OrderPolicy, rules: Rules) -> Self {
        let policies = Arc::new(InForce::new(policy));
        let sends = Grouped::new(
            &store,
            send::Sends {
                policies: Arc::clone(&policies),
            },
        );
        Self(Arc::new(Inner {
            store,
            policies,
            rules,
            sends,
            users: users::Known::default(),
            presence: presence::Presence::default(),
            recent: audit::Recent::default(),
            unfamiliar: unfamiliar::Unfamiliar::default(),
        }))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// The policy in force. A command asks once and keeps to it.
    pub(crate) fn policy(&self) -> &OrderPolicy {
        self.0.policies.now()
    }

    /// For those who look at rooms for longer than a command takes.
    pub(crate) fn policies(&self) -> Arc<InForce> {
        Arc::clone(&self.0.policies)
    }

    pub(crate) fn rules(&self) -> Rules {
        self.0.rules
    }

    /// Gives the database its epoch, if it has none: a random name that stands in every cursor, so
    /// that none of another database, or of before a restore, is taken for one of this.
    pub(crate) async fn ensure_epoch(&self) -> Result<String> {
        let epoch = crate::random::uuid_v7(crate::clock::now_ms())
            .simple()
            .to_string();
        self.write_anyway(None, move |tx| {
            Ok(orderchat_store::meta::get_or_put(
                tx,
                orderchat_store::restore::EPOCH,
                &epoch,
            )?)
        })
        .await
    }

    /// The key under which cursors are sealed, made once for all nodes of this database.
    pub(crate) async fn cursor_key(&self) -> Result<[u8; 32]> {
        let made = URL_SAFE_NO_PAD.encode(crate::random::bytes::<32>());
        let kept = self
            .write_anyway(None, move |tx| {
                Ok(orderchat_store::meta::get_or_put(tx, CURSOR_KEY, &made)?)
            })
            .await?;
        let key = URL_SAFE_NO_PAD.decode(kept).ok();
        let no_key = || StoreError::Corrupt(format!("{CURSOR_KEY} in meta is no key"));
        Ok(key.and_then(|key| key.try_into().ok()).ok_or_else(no_key)?)
    }

    /// Whether the database answers.
    pub(crate) async fn probe(&self) -> Result<()> {
        self.look(|tx| Ok(orderchat_store::meta::probe(tx)?)).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.store.read(read).await
    }

    /// [`Chat::read`] of one statement.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.store.look(read).await
    }

    /// Runs a command that writes. On a disk that is nearly full it is refused.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        room: Option<RoomId>,
        write: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.store.check_space()?;
        self.write_anyway(room, write).await
    }

    /// Writes also on a disk that is nearly full, which keeps room for this: what reading needs, what
    /// is recorded, and what takes somebody's access away.
    pub(crate) async fn write_anyway<T: Send + 'static>(
        &self,
        room: Option<RoomId>,
        write: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        // Writes on one room wait for each other before they take a connection.
        let queue = room.map(|room| room.0.as_u64_pair().1.cast_signed());
        self.0.store.write(queue, write).await
    }

    /// The caller's eyes, with their participant in the room they look at.
    pub(crate) fn viewer<'a>(
        &'a self,
        ctx: &'a Context,
        participant: Option<&'a ParticipantRecord>,
    ) -> Viewer<'a> {
        Viewer {
            role: ctx.caller.role,
            user: ctx.user,
            participant: participant.filter(|own| own.is_active()),
            policy: self.policy(),
            online_window: self.0.rules.online_window,
            now: ctx.now,
        }
    }

    /// Puts in when the participant was last seen by this node, which the database may not know yet.
    pub(crate) fn note_seen(&self, participant: &mut ParticipantRecord) {
        let seen = self.0.presence.last_seen(participant.person.key);
        participant.last_seen = participant.last_seen.max(seen);
    }
}
