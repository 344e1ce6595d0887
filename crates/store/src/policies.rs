//! The order policies that were in force, and how far the rooms follow the newest.

use orderchat_domain::Millis;
use orderchat_domain::event::Hash;
use orderchat_domain::policy::Edition;

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx, meta};

statements! {
    NEWEST = "SELECT version, hash, applied_at FROM policy ORDER BY version DESC LIMIT 1";
    BODY = "SELECT body FROM policy WHERE version = $1";
    INSERT = "INSERT INTO policy (version, hash, body, taken_at) VALUES ($1, $2, $3, $4)";
    APPLY_AGAIN = "UPDATE policy SET applied_to = 0, applied_at = NULL WHERE version = $1";
    APPLIED = "SELECT version, applied_to FROM policy WHERE version =
            (SELECT MAX(version) FROM policy) AND applied_at IS NULL";
    NEXT_ROOMS = "SELECT k FROM room WHERE k > $1 AND deleted_at IS NULL ORDER BY k LIMIT $2";
    SET_APPLIED = "UPDATE policy SET applied_to = $2, applied_at = $3 WHERE version = $1";
    END_ORDER = "UPDATE shop_order SET final_at = $2 WHERE k = $1";
}

/// Held while it is decided which policy is in force.
const IN_FORCE: &str = "policy";

/// What stands in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub edition: Edition,
    /// Whether every room follows it.
    pub is_applied: bool,
}

/// Makes transactions that change which policy is in force, or bring rooms after it, take turns.
///
/// # Errors
/// As any write.
pub fn lock(tx: &mut Tx<'_>) -> Result<()> {
    meta::lock(tx, IN_FORCE)
}

/// The policy in force; `None` in a database that has none yet.
///
/// # Errors
/// As any read.
pub fn newest(tx: &mut Tx<'_>) -> Result<Option<Stored>> {
    let row = tx.query_opt(&NEWEST, &[])?;
    row.map(|mut row| {
        let version = row.take()?;
        let hash: [u8; 32] = row.take()?;
        let applied_at: Option<i64> = row.take()?;
        Ok(Stored {
            edition: Edition { version, hash },
            is_applied: applied_at.is_some(),
        })
    })
    .transpose()
}

/// The file of this version.
///
/// # Errors
/// As any read.
pub fn body(tx: &mut Tx<'_>, version: i64) -> Result<Option<String>> {
    let row = tx.query_opt(&BODY, &values![version])?;
    row.map(|mut row| row.take()).transpose()
}

/// Puts a policy into force. The lock must be held.
///
/// # Errors
/// As any write.
pub fn insert(tx: &mut Tx<'_>, version: i64, hash: &Hash, body: &str, now: Millis) -> Result<()> {
    tx.execute(&INSERT, &values![version, &hash[..], body, now])
}

/// Has every room looked at again. The lock must be held.
///
/// # Errors
/// As any write.
pub fn apply_again(tx: &mut Tx<'_>, version: i64) -> Result<()> {
    tx.execute(&APPLY_AGAIN, &values![version])
}

/// The version in force and up to which room it is followed, while not all follow it.
///
/// # Errors
/// As any read.
pub fn applied(tx: &mut Tx<'_>) -> Result<Option<(i64, i64)>> {
    let row = tx.query_opt(&APPLIED, &[])?;
    row.map(|mut row| Ok((row.take()?, row.take()?)))
        .transpose()
}

/// The keys of at most `limit` rooms after this one.
///
/// # Errors
/// As any read.
pub fn rooms_after(tx: &mut Tx<'_>, room: i64, limit: u32) -> Result<Vec<i64>> {
    let rows = tx.query(&NEXT_ROOMS, &values![room, limit])?;
    rows.into_iter().map(|mut row| row.take()).collect()
}

/// Notes up to which room the policy is followed; with `done` by all.
///
/// # Errors
/// As any write.
pub fn set_applied(tx: &mut Tx<'_>, version: i64, room: i64, done: Option<Millis>) -> Result<()> {
    tx.execute(&SET_APPLIED, &values![version, room, done])
}

/// Sets when the order ended, as the policy in force sees it.
///
/// # Errors
/// As any write.
pub fn set_final_at(tx: &mut Tx<'_>, order: i64, final_at: Option<Millis>) -> Result<()> {
    tx.execute(&END_ORDER, &values![order, final_at])
}
