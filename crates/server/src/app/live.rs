//! Puts live connections over the commands.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use orderchat_domain::event::EventKind;
use orderchat_domain::news::ReceiptNews;
use orderchat_domain::{Millis, RoomId};
use orderchat_store::follow::Position;
use orderchat_store::live::Seen;
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::chat::{Chat, ChatError};
use crate::clock;
use crate::config::Settings;
use crate::limits::{self, Limits};
use crate::live::{
    Elsewhere, Grown, Live, LivePlace, LiveSettings, LogPart, Parts, Queue, Reader, Since,
    Unreadable,
};
use crate::signin::SignIn;

/// Starts the live part of this node: from now on what is committed is relayed.
pub(super) async fn start(
    settings: &Settings,
    chat: &Chat,
    sign_in: Arc<SignIn>,
    limits: Arc<Limits>,
    bus: Bus,
    (stopping, stopped): (CancellationToken, CancellationToken),
) -> anyhow::Result<Arc<Live>> {
    let epoch = chat.ensure_epoch().await?;
    Ok(Live::start(Parts {
        settings: live_settings(settings),
        chat: chat.clone(),
        sign_in,
        limits,
        bus,
        reader: Box::new(Commands(chat.clone())),
        epoch,
        stopping,
        stopped,
    }))
}

fn live_settings(settings: &Settings) -> LiveSettings {
    LiveSettings {
        heartbeat: settings.heartbeat,
        deadline: settings.request_deadline,
        max_frame: settings.max_body,
        max_connections: settings.user_connections,
        max_staff_connections: settings.staff_connections,
        queue: Queue {
            frames: settings.queue_frames,
            bytes: settings.queue_bytes,
        },
        frame_rate: settings
            .rate_limits
            .then(|| limits::quota(settings.frame_rate)),
    }
}

impl From<Seen> for Since {
    fn from(seen: Seen) -> Self {
        Self {
            tx: seen.to.tx,
            g: seen.to.g,
            running: seen.running,
        }
    }
}

impl From<Since> for Seen {
    fn from(since: Since) -> Self {
        Self {
            to: Position {
                tx: since.tx,
                g: since.g,
            },
            running: since.running,
        }
    }
}

/// What the relay reads, by the commands.
struct Commands(Chat);

fn unreadable(error: &ChatError) -> Unreadable {
    tracing::warn!(%error, "what was committed cannot be read again just now");
    Unreadable
}

impl Reader for Commands {
    fn log(&self, room: RoomId, after: u64) -> BoxFuture<'_, Result<Option<LogPart>, Unreadable>> {
        Box::pin(async move {
            let part = self.0.log_part(room, after).await;
            let part = part.map_err(|error| unreadable(&error))?;
            Ok(part.map(|part| LogPart {
                room: part.room,
                events: part.events,
                all: part.all,
            }))
        })
    }

    fn people(&self, room: RoomId) -> BoxFuture<'_, Result<Vec<i64>, Unreadable>> {
        Box::pin(async move {
            let people = self.0.people_of(room).await;
            people.map_err(|error| unreadable(&error))
        })
    }

    fn note_revocation(&self, user: i64) {
        self.0.note_revocation(user);
    }

    fn lets_in(&self, kind: EventKind) -> bool {
        match kind {
            // By a room's update another order policy is told.
            EventKind::RoomReopened | EventKind::RoomUpdated => true,
            EventKind::OrderUpdated => self.0.policy().reading_hangs_on_status(),
            _ => false,
        }
    }

    fn places(&self, user: i64) -> BoxFuture<'_, Result<Vec<LivePlace>, Unreadable>> {
        Box::pin(async move {
            let places = self.0.places_of(user).await;
            let places = places.map_err(|error| unreadable(&error))?;
            Ok(places.into_iter().map(LivePlace::from).collect())
        })
    }

    fn marks(&self, room: RoomId) -> BoxFuture<'_, Result<Vec<ReceiptNews>, Unreadable>> {
        Box::pin(async move {
            let marks = self.0.marks_of(room, Millis(clock::now_ms())).await;
            marks.map_err(|error| unreadable(&error))
        })
    }

    fn since(&self, since: Option<Since>) -> BoxFuture<'_, Result<Elsewhere, Unreadable>> {
        Box::pin(async move {
            let grown = self.0.grown(since.map(Seen::from)).await;
            let grown = grown.map_err(|error| unreadable(&error))?;
            let entries = grown.entries.into_iter().map(|entry| Grown {
                room: entry.room,
                seq: entry.seq,
                kind: entry.kind,
                user: entry.user,
                pharmacy: entry.pharmacy,
            });
            Ok(Elsewhere {
                next: grown.seen.map(Since::from),
                grown: entries.collect(),
                more: grown.more,
            })
        })
    }
}
