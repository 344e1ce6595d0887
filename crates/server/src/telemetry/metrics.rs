//! Metrics for Prometheus. They have a listener of their own, which `app` opens with this router:
//! the public one does not know `/metrics`.

use std::time::Duration;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::process;

/// Bounds of the histograms whose names end in `_seconds`: half a millisecond to the request
/// deadline.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// Bounds of the histograms whose names end in `_size`: how many were taken together.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// How often recorded values are gathered when nobody scrapes, so that they do not pile up.
const UPKEEP: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be recorded: {0}")]
pub(crate) struct MetricsError(#[from] BuildError);

/// The recorded metrics.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Starts recording what `metrics::counter!`, `gauge!` and `histogram!` say.
    ///
    /// # Errors
    /// When the process records metrics already.
    pub(crate) fn install() -> Result<Self, MetricsError> {
        let handle = builder()?.install_recorder()?;
        metrics::gauge!("orderchat_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
        Ok(Self { handle })
    }

    /// Serves `GET /metrics` and nothing else.
    pub(crate) fn router(&self) -> Router {
        let metrics = self.clone();
        let handler = async move || {
            let headers = [
                (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, metrics.render()).into_response()
        };
        Router::new().route("/metrics", get(handler))
    }

    /// Keeps memory bounded until `shutdown`; `app` runs it as a task.
    pub(crate) async fn keep_up(self, shutdown: CancellationToken) {
        let mut ticks = interval(UPKEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = ticks.tick() => self.handle.run_upkeep(),
            }
        }
    }

    fn render(&self) -> String {
        let mut text = self.handle.render();
        process::write(&mut text);
        text
    }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZES)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str) -> (StatusCode, String) {
        let recorder = builder().unwrap().build_recorder();
        let metrics = Metrics {
            handle: recorder.handle(),
        };
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("orderchat_tests_total").increment(2);
            metrics::histogram!("orderchat_test_seconds").record(0.003);
        });
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = metrics.router().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn metrics_are_in_the_form_that_prometheus_reads() {
        let (status, text) = get("/metrics").await;
        assert_eq!(status, StatusCode::OK);
        for line in [
            "orderchat_tests_total 2",
            "orderchat_test_seconds_bucket{le=\"0.0025\"} 0",
            "orderchat_test_seconds_bucket{le=\"0.005\"} 1",
            "# TYPE process_resident_memory_bytes gauge",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[tokio::test]
    async fn nothing_else_is_served_there() {
        for path in ["/", "/healthz", "/api/chat/rooms/"] {
            assert_eq!(get(path).await.0, StatusCode::NOT_FOUND);
        }
    }
}
