//! The audit: what was done that no room shows, in a chain of its own.

use orderchat_domain::Millis;
use orderchat_domain::event::{GENESIS, Hash, salted_digest};

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx, meta};

statements! {
    LAST = "SELECT chain FROM audit ORDER BY g DESC LIMIT 1";
    INSERT = "INSERT INTO audit (at, actor, actor_role, action, room, target, request_id, ip,
            user_agent, salt, detail, digest, chain)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    RECENT = "SELECT 1 FROM audit WHERE actor = $1 AND room = $2 AND action = $3 AND at > $4 LIMIT 1";
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

/// Appends to the audit. Comes last in a transaction: it makes all that audit take turns.
///
/// # Errors
/// As any write.
pub fn append(tx: &mut Tx<'_>, entry: &Entry<'_>, now: Millis) -> Result<()> {
    meta::lock(tx, CHAIN)?;
    let previous: Hash = match tx.query_opt(&LAST, &[])? {
        Some(mut row) => row.take()?,
        None => GENESIS,
    };
    let digest = salted_digest(&entry.salt, &[entry.detail.as_bytes()]);
    let chain = salted_digest(
        &previous,
        &[
            &now.0.to_be_bytes(),
            &entry.actor.to_be_bytes(),
            entry.actor_role.as_bytes(),
            entry.action.as_bytes(),
            &entry.room.unwrap_or_default().to_be_bytes(),
            entry.target.unwrap_or_default().as_bytes(),
            &digest,
        ],
    );
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
    meta::lock(tx, CHAIN)?;
    let asked = values![entry.actor, entry.room, entry.action, since];
    if tx.query_opt(&RECENT, &asked)?.is_some() {
        return Ok(());
    }
    append(tx, entry, now)
}
