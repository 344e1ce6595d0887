//! Waiting for what comes by itself: asked for again and again, until a deadline.

use std::time::{Duration, Instant};

/// Far more than anything takes that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(20);

/// What `probe` gives once it gives something. Fails, naming `what`, if it has not within 30 s.
pub(crate) async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited 30 s in vain: {what}");
        // Nothing tells a client that polls but asking again.
        tokio::time::sleep(EVERY).await;
    }
}
