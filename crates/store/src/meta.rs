//! What the database says of itself.

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

statements! {
    GET = "SELECT value FROM meta WHERE name = $1";
    PUT_NEW = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    PROBE = "SELECT 1";
    LOCK = "SELECT value FROM meta r WHERE name = $1 {lock r}";
}

/// Something the database remembers about itself.
///
/// # Errors
/// As any read.
pub fn get(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>> {
    tx.query_opt(&GET, &values![name])?
        .map(|mut row| row.take())
        .transpose()
}

/// Gives the value that `name` has, which is `value` if it had none.
///
/// # Errors
/// As any write.
pub fn get_or_put(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<String> {
    tx.execute(&PUT_NEW, &values![name, value])?;
    Ok(get(tx, name)?.unwrap_or_else(|| value.to_owned()))
}

/// Makes transactions that lock the same name take turns.
///
/// # Errors
/// As any write.
pub(crate) fn lock(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    tx.execute(&PUT_NEW, &values![name, ""])?;
    tx.query(&LOCK, &values![name]).map(drop)
}

/// Whether the database answers.
///
/// # Errors
/// When it does not.
pub fn probe(tx: &mut Tx<'_>) -> Result<()> {
    tx.query(&PROBE, &[]).map(drop)
}
