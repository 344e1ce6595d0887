//! What no room shows: recorded in the audit, a chain of its own.

use std::collections::HashMap;

use orderchat_domain::Millis;
use orderchat_domain::time::MINUTE;
use orderchat_store::Tx;
use orderchat_store::audit::{Entry, append, append_once};
use parking_lot::Mutex;

use super::access::Scene;
use super::{Chat, Context, Result};
use crate::random;

/// Reading a room one is not in is recorded once in so many milliseconds.
const READ_EVERY: i64 = 10 * MINUTE;
/// Readings remembered at most; beyond it the database is asked.
const REMEMBERED: usize = 50_000;

const ROOM_READ: &str = "room.read";

/// Readings by outsiders that are recorded already.
#[derive(Debug, Default)]
pub(crate) struct RecentReads(Mutex<HashMap<(i64, i64), Millis>>);

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
        let since = ctx.now.plus(-READ_EVERY);
        let unrecorded: Vec<(i64, String)> = {
            let reads = self.0.reads.0.lock();
            let outside = scenes.into_iter().filter(|scene| scene.active().is_none());
            outside
                .filter(|scene| {
                    let read = reads.get(&(ctx.user, scene.key()));
                    read.is_none_or(|read| *read <= since)
                })
                .map(|scene| (scene.key(), scene.room.record.id.to_string()))
                .collect()
        };
        if unrecorded.is_empty() {
            return Ok(());
        }
        let (asked, rooms) = (ctx.clone(), unrecorded.clone());
        self.write(None, move |tx| {
            let ip = asked.origin.ip.to_string();
            for (room, target) in &rooms {
                let entry = entry(&asked, &ip, ROOM_READ, Some(*room), Some(target), "");
                append_once(tx, &entry, since, asked.now)?;
            }
            Ok(())
        })
        .await?;
        let mut reads = self.0.reads.0.lock();
        if reads.len() >= REMEMBERED {
            reads.clear();
        }
        reads.extend(
            unrecorded
                .into_iter()
                .map(|(room, _)| ((ctx.user, room), ctx.now)),
        );
        Ok(())
    }
}
