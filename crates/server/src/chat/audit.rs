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
        if ctx.caller.is_service() || scene.active().is_some() {
            return Ok(());
        }
        let (room, target) = (scene.key(), scene.room.record.id.to_string());
        let place = (ctx.user, room);
        let since = ctx.now.plus(-READ_EVERY);
        if self
            .0
            .reads
            .0
            .lock()
            .get(&place)
            .is_some_and(|read| *read > since)
        {
            return Ok(());
        }
        let asked = ctx.clone();
        self.write(None, move |tx| {
            let ip = asked.origin.ip.to_string();
            let entry = entry(&asked, &ip, ROOM_READ, Some(room), Some(&target), "");
            Ok(append_once(tx, &entry, since, asked.now)?)
        })
        .await?;
        let mut reads = self.0.reads.0.lock();
        if reads.len() >= REMEMBERED {
            reads.clear();
        }
        reads.insert(place, ctx.now);
        Ok(())
    }
}
