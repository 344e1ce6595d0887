//! What no room shows: recorded in the audit, a chain of its own, and listed for admins.

use std::collections::HashMap;
use std::time::Duration;

use orderchat_domain::id::RoomName;
use orderchat_domain::permission::{Action, permit_everywhere};
use orderchat_domain::time::MINUTE;
use orderchat_domain::{Millis, UserId};
pub(crate) use orderchat_store::audit::{Cursor, Listed};
use orderchat_store::audit::{Entry, Filter, append, append_once, list};
use orderchat_store::rooms::Direction;
use orderchat_store::{Tx, users};
use parking_lot::Mutex;
use tokio::time::timeout;

use super::access::{Scene, key_of};
use super::{Chat, Context, Result};
use crate::random;

/// What is recorded once a while is recorded once in so many milliseconds.
const EVERY: i64 = 10 * MINUTE;
/// How long an answer waits for the record of an attempt.
const PATIENCE: Duration = Duration::from_secs(2);
/// What was recorded lately is remembered; beyond so much of it the database is asked.
const REMEMBERED: usize = 50_000;

const ROOM_READ: &str = "room.read";

/// Something of note that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Attempt {
    /// What the role may not do.
    Forbidden,
    /// So many unknown ids that the limit of 404 answers was reached.
    Probing,
    /// With a token that was revoked.
    Revoked,
}

impl Attempt {
    const fn action(self) -> &'static str {
        match self {
            Self::Forbidden => "attempt.forbidden",
            Self::Probing => "attempt.probing",
            Self::Revoked => "attempt.revoked_token",
        }
    }
}

/// What this node recorded lately, and when.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<HashMap<Done, Millis>>);

/// The actor, the action, the room, the target.
type Done = (i64, &'static str, Option<i64>, String);

/// Records what the caller did, as the last thing in a transaction.
pub(super) fn record(
    tx: &mut Tx<'_>,
    ctx: &Context,
    action: &str,
    room: Option<i64>,
    target: Option<&str>,
    detail: &str,
) -> Result<()> {
    let ip = ctx.origin.ip.to_string();
    Ok(append(
        tx,
        &entry(ctx, &ip, action, room, target, detail),
        ctx.now,
    )?)
}

fn entry<'a>(
    ctx: &'a Context,
    ip: &'a str,
    action: &'a str,
    room: Option<i64>,
    target: Option<&'a str>,
    detail: &'a str,
) -> Entry<'a> {
    Entry {
        actor: ctx.user,
        actor_role: ctx.caller.role.as_str(),
        action,
        room,
        target,
        request_id: Some(&ctx.origin.request_id),
        ip: Some(ip),
        user_agent: ctx.origin.user_agent.as_deref(),
        salt: random::bytes(),
        detail,
    }
}

/// Which entries of the audit, and from where on.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuditQuery {
    pub(crate) actor: Option<UserId>,
    pub(crate) action: Option<String>,
    pub(crate) room: Option<RoomName>,
    /// Not before.
    pub(crate) from: Option<Millis>,
    /// Before.
    pub(crate) to: Option<Millis>,
    pub(crate) after: Option<Cursor>,
    /// Towards the newer ones.
    pub(crate) back: bool,
    pub(crate) limit: u32,
}

/// A page of the audit, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuditPage {
    pub(crate) entries: Vec<Listed>,
    /// Where to go on in the direction that was asked for.
    pub(crate) onward: Option<Cursor>,
}

impl Chat {
    /// Records that staff read a room they are not in, before they are answered: once per person,
    /// room and 10 minutes. The service reads as the business's own system and is not recorded.
    pub(crate) async fn note_reading(&self, ctx: &Context, scene: &Scene) -> Result<()> {
        self.note_readings(ctx, [scene]).await
    }

    /// [`Chat::note_reading`] of several rooms.
    pub(crate) async fn note_readings(
        &self,
        ctx: &Context,
        scenes: impl IntoIterator<Item = &Scene> + Send,
    ) -> Result<()> {
        if ctx.caller.is_service() {
            return Ok(());
        }
        let outside = scenes.into_iter().filter(|scene| scene.active().is_none());
        let rooms = outside
            .map(|scene| (Some(scene.key()), scene.room.record.id.to_string()))
            .collect();
        self.record_once(ctx, ROOM_READ, rooms).await
    }

    /// [`Chat::note_attempt`], if it can be done in time: whoever made it is answered all the same.
    pub(crate) async fn note_refused(
        &self,
        ctx: &Context,
        attempt: Attempt,
        room: Option<&str>,
        route: String,
    ) {
        match timeout(PATIENCE, self.note_attempt(ctx, attempt, room, route)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a refused attempt could not be recorded"),
            Err(_) => tracing::warn!("a refused attempt was not recorded in time"),
        }
    }

    /// Records an attempt that was refused, with the route that was asked: once per person, kind of
    /// attempt, route, room and 10 minutes, so that nobody fills the disk by trying.
    async fn note_attempt(
        &self,
        ctx: &Context,
        attempt: Attempt,
        room: Option<&str>,
        route: String,
    ) -> Result<()> {
        let key = match room {
            Some(name) => self.key_of_room(name).await?,
            None => None,
        };
        self.record_once(ctx, attempt.action(), vec![(key, route)])
            .await
    }

    async fn key_of_room(&self, name: &str) -> Result<Option<i64>> {
        let Ok(name) = RoomName::parse(name) else {
            return Ok(None);
        };
        self.read(move |tx| key_of(tx, &name)).await
    }

    /// Records what was done in each of these rooms, with its target.
    async fn record_once(
        &self,
        ctx: &Context,
        action: &'static str,
        done: Vec<(Option<i64>, String)>,
    ) -> Result<()> {
        let since = ctx.now.plus(-EVERY);
        let unrecorded: Vec<_> = {
            let recent = self.0.recent.0.lock();
            // Of what a clock that was put back calls the future it is not known when it was.
            let is_recent = |at: &Millis| *at > since && *at <= ctx.now;
            done.into_iter()
                .filter(|(room, target)| {
                    !recent
                        .get(&(ctx.user, action, *room, target.clone()))
                        .is_some_and(is_recent)
                })
                .collect()
        };
        if unrecorded.is_empty() {
            return Ok(());
        }
        let (asked, entries) = (ctx.clone(), unrecorded.clone());
        self.write_anyway(None, move |tx| {
            let ip = asked.origin.ip.to_string();
            for (room, target) in &entries {
                let entry = entry(&asked, &ip, action, *room, Some(target), "");
                append_once(tx, &entry, since, asked.now)?;
            }
            Ok(())
        })
        .await?;
        let mut recent = self.0.recent.0.lock();
        if recent.len() >= REMEMBERED {
            recent.clear();
        }
        recent.extend(
            unrecorded
                .into_iter()
                .map(|(room, target)| ((ctx.user, action, room, target), ctx.now)),
        );
        Ok(())
    }

    /// The audit, for admins.
    pub(crate) async fn audit(&self, ctx: &Context, query: AuditQuery) -> Result<AuditPage> {
        permit_everywhere(&ctx.caller, Action::ReadHistory)?;
        self.read(move |tx| page(tx, &query)).await
    }
}

fn page(tx: &mut Tx<'_>, query: &AuditQuery) -> Result<AuditPage> {
    let mut filter = Filter {
        action: query.action.clone(),
        from: query.from,
        to: query.to,
        ..Filter::default()
    };
    if let Some(actor) = &query.actor {
        let person = users::by_id(tx, actor, false)?;
        let found = match person {
            Some(person) => Some(person),
            None => users::by_id(tx, actor, true)?,
        };
        let Some(found) = found else {
            return Ok(AuditPage::default());
        };
        filter.actor = Some(found.person.key);
    }
    if let Some(room) = &query.room {
        let Some(key) = key_of(tx, room)? else {
            return Ok(AuditPage::default());
        };
        filter.room = Some(key);
    }
    let direction = if query.back {
        Direction::Ascending
    } else {
        Direction::Descending
    };
    let limit = query.limit as usize;
    // One more than is shown tells whether there are more.
    let (mut entries, mut onward) = list(tx, &filter, direction, query.after, limit + 1)?;
    if entries.len() > limit {
        entries.truncate(limit);
        onward = entries.last().map(Listed::place);
    }
    if query.back {
        entries.reverse();
    }
    Ok(AuditPage { entries, onward })
}
