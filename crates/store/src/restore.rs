//! What a database needs that was restored from a copy.

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx, checkpoints, follow, meta};

statements! {
    SET_EPOCH = "UPDATE meta SET value = $2 WHERE name = $1";
}

/// The name under which [`meta`] keeps the database's epoch.
pub const EPOCH: &str = "epoch";

/// Makes a restored copy a database of its own: it gets this epoch, so that no cursor of the one it
/// was copied from is taken for one of it, and what hung on the other server is forgotten. Answers
/// the epoch it had, `None` when it is no database of ours.
///
/// # Errors
/// As any write.
pub fn adopt(tx: &mut Tx<'_>, epoch: &str) -> Result<Option<String>> {
    let Some(before) = meta::get(tx, EPOCH)? else {
        return Ok(None);
    };
    tx.execute(&SET_EPOCH, &values![EPOCH, epoch])?;
    checkpoints::forget_horizons(tx)?;
    follow::restart(tx)?;
    Ok(Some(before))
}
