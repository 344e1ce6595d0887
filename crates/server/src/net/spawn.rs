//! The home of `tokio::spawn`.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::task::JoinHandle;

/// Runs `task` on its own. A panic in it is logged by `name` and stays in the handle; nothing else
/// is harmed.
#[expect(clippy::disallowed_methods, reason = "the home of tokio::spawn")]
pub(crate) fn spawn<F>(name: &'static str, task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(async move {
        match AssertUnwindSafe(task).catch_unwind().await {
            Ok(output) => output,
            Err(panic) => {
                // The panic hook has logged where; this says in which task.
                tracing::error!(task = name, "task panicked");
                metrics::counter!("orderchat_task_panics_total", "task" => name).increment(1);
                std::panic::resume_unwind(panic)
            }
        }
    })
}
