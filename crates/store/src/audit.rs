//! The audit: what was done that no room shows, in a chain of its own.

mod list;

use orderchat_domain::Millis;
use orderchat_domain::audit::{AuditLink, Trace};
use orderchat_domain::checkpoint::Head;
use orderchat_domain::event::{GENESIS, salted_digest};

pub use list::{Cursor, Filter, Listed, list, listings};

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx, meta};

statements! {
    LAST = "SELECT g, chain FROM audit ORDER BY g DESC LIMIT 1";
    INSERT = "INSERT INTO audit (at, actor, actor_role, action, room, target, request_id, ip,
            user_agent, salt, detail, digest, chain)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    RECENT = "SELECT 1 FROM audit WHERE actor = $1 AND room = $2 AND action = $3
        AND at > $4 AND at <= $5 AND target = $6 LIMIT 1";
    RECENT_NOWHERE = "SELECT 1 FROM audit WHERE actor = $1 AND room IS NULL AND action = $2
        AND at > $3 AND at <= $4 AND target = $5 LIMIT 1";
}

/// Held while an entry is appended, so that the chain has one end.
const CHAIN: &str = "audit_chain";

/// Something that was done.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The acting user's internal key, 0 for the server.
    pub actor: i64,
    pub actor_role: &'a str,
    /// `room.read`, `room.deleted`, `user.revoked`, …
    pub action: &'a str,
    pub room: Option<i64>,
    /// What it was done to, by an id of the outside.
    pub target: Option<&'a str>,
    pub request_id: Option<&'a str>,
    pub ip: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub salt: [u8; 16],
    /// What people wrote of it: the reason.
    pub detail: &'a str,
}

/// Makes transactions that append take turns, so that the chain has one end.
///
/// # Errors
/// As any write.
pub(crate) fn lock(tx: &mut Tx<'_>) -> Result<()> {
    meta::lock(tx, CHAIN)
}

/// The last entry; `None` while there is none.
///
/// # Errors
/// As any read.
pub fn head(tx: &mut Tx<'_>) -> Result<Option<Head>> {
    let row = tx.query_opt(&LAST, &[])?;
    row.map(|mut row| {
        Ok(Head {
            seq: row.take()?,
            chain: row.take()?,
        })
    })
    .transpose()
}

/// Appends to the audit. Comes last in a transaction: it makes all that audit take turns.
///
/// # Errors
/// As any write.
pub fn append(tx: &mut Tx<'_>, entry: &Entry<'_>, now: Millis) -> Result<()> {
    lock(tx)?;
    let previous = head(tx)?.map_or(GENESIS, |head| head.chain);
    let digest = salted_digest(&entry.salt, &[entry.detail.as_bytes()]);
    let link = AuditLink {
        at: now,
        actor: entry.actor,
        actor_role: entry.actor_role,
        action: entry.action,
        room: entry.room,
        target: entry.target,
        digest,
        trace: Some(Trace {
            request_id: entry.request_id,
            ip: entry.ip,
            user_agent: entry.user_agent,
        }),
    };
    let chain = link.after(&previous);
    tx.execute(
        &INSERT,
        &values![
            now,
            entry.actor,
            entry.actor_role,
            entry.action,
            entry.room,
            entry.target,
            entry.request_id,
            entry.ip,
            entry.user_agent,
            &entry.salt,
            entry.detail,
            &digest,
            &chain
        ],
    )?;
    Ok(())
}

/// [`append`], unless the same actor did the same in the same room after `since`.
///
/// # Errors
/// As any write.
pub fn append_once(tx: &mut Tx<'_>, entry: &Entry<'_>, since: Millis, now: Millis) -> Result<()> {
    // Before asking: of two that ask at once, one would not see the other's entry.
    lock(tx)?;
    let found = match entry.room {
        Some(room) => tx.query_opt(
            &RECENT,
            &values![entry.actor, room, entry.action, since, now, entry.target],
        )?,
        None => tx.query_opt(
            &RECENT_NOWHERE,
            &values![entry.actor, entry.action, since, now, entry.target],
        )?,
    };
    if found.is_some() {
        return Ok(());
    }
    append(tx, entry, now)
}
