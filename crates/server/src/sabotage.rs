//! Defects on purpose, see [`orderchat_store::sabotage`]. A server for use has none of it.

pub(crate) use orderchat_store::sabotage::{forgets_block, loses_event};

/// Names the defect.
#[cfg(feature = "sabotage")]
pub(crate) const VARIABLE: &str = "ORDERCHAT_SABOTAGE";

/// Takes on the defect that the environment names, and says so.
///
/// # Errors
/// When there is no such defect.
#[cfg(feature = "sabotage")]
pub(crate) fn begin() -> anyhow::Result<()> {
    let name = std::env::var(VARIABLE).unwrap_or_default();
    anyhow::ensure!(
        name.is_empty() || orderchat_store::sabotage::choose(&name),
        "{VARIABLE} is {name:?}, which is no defect; crates/store/src/sabotage/on.rs names them"
    );
    let what = if name.is_empty() {
        "no defect yet"
    } else {
        &name
    };
    eprintln!("SABOTAGED BUILD, FOR TESTS ONLY ({what}): it loses and leaks what it should not");
    Ok(())
}
