//! For whoever watches the process: is it alive, and does it take requests?

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::AppState;
use crate::clock;
use crate::problem::Problem;

/// How long an answer of the database counts: a flood of questions costs it one a second.
const FRESH: Duration = Duration::from_secs(1);
/// A database that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn router() -> Router<AppState> {
    let readiness = Arc::new(Readiness::default());
    let readyz = async move |State(state): State<AppState>| readiness.answer(&state).await;
    Router::new()
        .route("/healthz/", get(healthz))
        .route("/readyz/", get(readyz))
}

#[derive(Debug, Serialize)]
struct Status {
    status: &'static str,
}

const OK: Json<Status> = Json(Status { status: "ok" });

/// The process runs and answers; nothing else is asked.
async fn healthz() -> Json<Status> {
    OK
}

#[derive(Debug, Default)]
struct Readiness {
    /// When the database was asked last, and whether it answered. Held while asking: who comes
    /// meanwhile gets the same answer.
    last: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    /// New requests make sense here: the database answers, tokens can be verified, and the process is
    /// not stopping.
    async fn answer(&self, state: &AppState) -> Result<Json<Status>, Problem> {
        if state.stopping.is_cancelled() {
            return Err(Problem::unavailable("this server is stopping"));
        }
        if !self.is_database_there(state).await {
            return Err(Problem::unavailable("this server is not ready"));
        }
        if !state.sign_in.verifier.has_keys() {
            return Err(Problem::unavailable(
                "this server is not ready: it has no keys yet to verify tokens with",
            ));
        }
        Ok(OK)
    }

    async fn is_database_there(&self, state: &AppState) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, answered)) = *last
            && clock::monotonic().duration_since(at) < FRESH
        {
            return answered;
        }
        let answered = matches!(timeout(PATIENCE, state.chat.probe()).await, Ok(Ok(())));
        metrics::gauge!("orderchat_database_up").set(u8::from(answered));
        match (last.is_none_or(|(_, before)| before), answered) {
            (true, false) => tracing::warn!(
                "the database does not answer: not ready until it does; check that it runs and has \
                 connections free"
            ),
            (false, true) => tracing::info!("the database answers again"),
            (true, true) | (false, false) => {}
        }
        *last = Some((clock::monotonic(), answered));
        answered
    }
}
