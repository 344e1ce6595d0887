//! Work on pictures: as much at once as there is memory for, off the threads that serve.

use std::sync::Arc;
use std::time::Duration;

use orderchat_media::{Capture, Cost, Kind, Limits, Processed, Refused, capture, cost, process};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::MediaError;

/// KiB of decoded pixels, all pictures together.
const BUDGET: u32 = 160 << 10;
/// The longest wait for room.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pictures are worked on here.
#[derive(Debug)]
pub(super) struct Images {
    limits: Limits,
    /// KiB of decoded pixels.
    budget: Semaphore,
    /// Pictures whose bytes are in memory.
    at_once: Arc<Semaphore>,
}

/// A picture made safe, and what it said of its making.
pub(super) struct Made {
    pub(super) processed: Processed,
    pub(super) capture: Option<Capture>,
}

impl Images {
    pub(super) fn new() -> Self {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            limits: Limits::default(),
            budget: Semaphore::new(BUDGET as usize),
            at_once: Arc::new(Semaphore::new(threads.max(2))),
        }
    }

    /// A place among the pictures whose bytes are in memory.
    pub(super) async fn place(&self) -> Result<SemaphorePermit<'_>, MediaError> {
        let waited = timeout(PATIENCE, self.at_once.acquire()).await;
        waited.ok().and_then(Result::ok).ok_or(MediaError::Busy)
    }

    /// The picture upright, clean, with its thumbnail. `with_capture`: also when and where it was
    /// taken.
    pub(super) async fn make(
        &self,
        bytes: Vec<u8>,
        kind: Kind,
        with_capture: bool,
    ) -> Result<Made, MediaError> {
        let Cost { bytes: needed, .. } = cost(&bytes, kind, &self.limits)?;
        let kib = u32::try_from(needed.div_ceil(1024)).unwrap_or(BUDGET);
        let waited = timeout(PATIENCE, self.budget.acquire_many(kib.clamp(1, BUDGET))).await;
        let _room = waited.ok().and_then(Result::ok).ok_or(MediaError::Busy)?;
        let limits = self.limits;
        let work = move || -> Result<Made, Refused> {
            let capture = with_capture.then(|| capture(&bytes, kind)).flatten();
            let processed = process(&bytes, kind, &limits)?;
            Ok(Made { processed, capture })
        };
        let made = tokio::task::spawn_blocking(work).await;
        match made {
            Ok(made) => Ok(made?),
            Err(error) => {
                tracing::error!(%error, "work on a picture ended early");
                let reason = "its content made the decoder give up".to_owned();
                Err(Refused::Broken {
                    content: kind,
                    reason,
                }
                .into())
            }
        }
    }
}
