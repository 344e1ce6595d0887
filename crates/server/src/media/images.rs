//! Work on pictures: as much at once as there is memory for, on threads that get what others leave.

use std::sync::Arc;
use std::time::Duration;

use orderchat_media::{Capture, Cost, Kind, Limits, Processed, Refused, capture, cost, process};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use super::{MediaError, UploadPlace};

/// KiB of decoded pixels, all pictures together.
const BUDGET: u32 = 160 << 10;
/// The longest wait for room.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pictures are worked on here.
#[derive(Debug)]
pub(super) struct Images {
    limits: Limits,
    /// KiB of decoded pixels.
    budget: Arc<Semaphore>,
    /// Processors for pictures.
    processors: Arc<Semaphore>,
    /// Pictures whose bytes are in memory.
    at_once: Arc<Semaphore>,
}

/// A picture made safe, and what it said of its making.
pub(super) struct Made {
    pub(super) processed: Processed,
    pub(super) capture: Option<Capture>,
    /// Among the pictures whose bytes are in memory, until it is stored.
    pub(super) place: OwnedSemaphorePermit,
}

impl Images {
    pub(super) fn new() -> Self {
        let all = std::thread::available_parallelism().map_or(2, usize::from);
        // One stays free. Threads that give way do so within the server's own session or group: to the
        // kernel the database beside it is another one, which would have to wait for their slices.
        let processors = (all - 1).max(1);
        Self {
            limits: Limits::default(),
            budget: Arc::new(Semaphore::new(BUDGET as usize)),
            processors: Arc::new(Semaphore::new(processors)),
            // Another one is received, or stored, meanwhile.
            at_once: Arc::new(Semaphore::new(processors + 1)),
        }
    }

    /// A place among the pictures whose bytes are in memory.
    pub(super) async fn place(&self) -> Result<OwnedSemaphorePermit, MediaError> {
        room(&self.at_once, 1).await
    }

    /// The picture upright, clean, with its thumbnail. `with_capture`: also when and where it was
    /// taken. The work goes on when nobody waits for it any more, and keeps its places until then, that
    /// of its user, too: who hangs up and asks again gets no more of it.
    pub(super) async fn make(
        &self,
        (place, user): (OwnedSemaphorePermit, UploadPlace),
        bytes: Vec<u8>,
        kind: Kind,
        with_capture: bool,
    ) -> Result<Made, MediaError> {
        let Cost { bytes: needed, .. } = cost(&bytes, kind, &self.limits)?;
        let kib = u32::try_from(needed.div_ceil(1024)).unwrap_or(BUDGET);
        let processor = room(&self.processors, 1).await?;
        let room = room(&self.budget, kib.clamp(1, BUDGET)).await?;
        let limits = self.limits;
        let (done, made) = oneshot::channel();
        let work = move || {
            let _kept = (processor, room, user);
            give_way();
            let capture = with_capture.then(|| capture(&bytes, kind)).flatten();
            let made = process(&bytes, kind, &limits);
            let _ = done.send(made.map(|processed| Made {
                processed,
                capture,
                place,
            }));
        };
        let thread = std::thread::Builder::new().name("picture".to_owned());
        thread.spawn(work).map_err(|error| {
            tracing::error!(%error, "no thread could be started for a picture");
            MediaError::Busy
        })?;
        match made.await {
            Ok(made) => Ok(made?),
            Err(_) => {
                tracing::error!("work on a picture ended early");
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

async fn room(of: &Arc<Semaphore>, wanted: u32) -> Result<OwnedSemaphorePermit, MediaError> {
    let waited = timeout(PATIENCE, Arc::clone(of).acquire_many_owned(wanted)).await;
    waited.ok().and_then(Result::ok).ok_or(MediaError::Busy)
}

/// Lets every other thread go first.
#[cfg(target_os = "linux")]
fn give_way() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    // Even the lowest niceness runs until its slice ends: four milliseconds for who wakes up.
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let set = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    if let Err(error) = set {
        tracing::warn!(?error, "work on pictures cannot give way to other work");
    }
}

/// Elsewhere there is no such class of threads.
#[cfg(not(target_os = "linux"))]
const fn give_way() {}
