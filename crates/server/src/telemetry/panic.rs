//! Panics in the log.

/// Logs each panic's place instead of printing its message: a message that was formatted may quote
/// what somebody wrote (slicing a text in the middle of a character does).
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, ToString::to_string);
        // Written by us, not formatted: it quotes nothing.
        let message = panic
            .payload()
            .downcast_ref::<&'static str>()
            .copied()
            .unwrap_or("");
        tracing::error!(place, reason = message, "panicked");
    }));
}
