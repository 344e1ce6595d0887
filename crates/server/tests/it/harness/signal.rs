//! Signals to processes that a test started.

use std::process::{Child, Command};

/// Sends the signal of this name, `STOP` say; it has been delivered when this returns.
pub(crate) fn send(to: &Child, name: &str) {
    let sent = Command::new("sh")
        .args(["-c", r#"kill -"$0" "$1""#, name, &to.id().to_string()])
        .status();
    assert!(
        sent.is_ok_and(|status| status.success()),
        "SIG{name} reaches process {}",
        to.id()
    );
}
