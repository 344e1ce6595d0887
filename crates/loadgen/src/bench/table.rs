//! The table of figures and targets.

use std::fmt::Write as _;

use super::engine::{Engine, Figures};
use super::row::{self, Row};
use crate::measured::{Measured, thousands};

/// A Markdown table for each engine.
pub(super) fn markdown(figures: &[Figures]) -> String {
    let tables = figures
        .iter()
        .map(|figures| row::table(figures.engine, figures.fsync_p50, &rows(figures)) + "\n");
    tables.collect()
}

/// A row with what is behind a figure of `of`.
fn row(figure: &str, measured: String, of: &Measured) -> Row {
    Row::new(figure, measured, &of.elsewhere(), &of.failures())
}

fn rows(figures: &Figures) -> Vec<Row> {
    vec![
        row(
            &format!("bare axum, {} connections", figures.limit.connections),
            rate_and_cpu(&figures.limit),
            &figures.limit,
        ),
        sends(figures),
        single(figures),
        offered(figures),
        reads("history page of 50", &figures.history, figures.engine),
        reads("room list of 20", &figures.rooms, figures.engine),
    ]
}

fn sends(figures: &Figures) -> Row {
    let measured = &figures.sends;
    let ratio = measured.per_s / figures.limit.per_s;
    let (least, target) = match figures.engine {
        Engine::Sqlite => (0.25, "≥ 0.25 of bare axum (aim 0.33)"),
        Engine::Postgres => (0.12, "≥ 0.12 of bare axum"),
    };
    row(
        &format!("sends, {} connections", measured.connections),
        format!("{ratio:.2} of bare axum; {}", rate_and_cpu(measured)),
        measured,
    )
    .target(target.to_owned(), ratio >= least)
}

fn single(figures: &Figures) -> Row {
    let p50 = figures.single.latency_ms.p50;
    let most = 1.5 * fsync_ms(figures) + 1.0;
    row(
        "sends, 1 connection",
        format!("p50 {p50} ms"),
        &figures.single,
    )
    .target(
        format!("p50 ≤ 1.5 fsync + 1 ms = {most:.2} ms"),
        p50 <= most,
    )
}

fn offered(figures: &Figures) -> Row {
    let measured = &figures.offered;
    let latency = measured.latency_ms;
    let row = row(
        &format!(
            "sends, {}/s offered",
            thousands(f64::from(measured.offered_per_s.unwrap_or(0)))
        ),
        format!(
            "p50 {} ms, p99 {} ms, max {} ms",
            latency.p50, latency.p99, latency.max
        ),
        measured,
    );
    match figures.engine {
        Engine::Sqlite => row.target("p99 ≤ 15 ms".to_owned(), latency.p99 <= 15.0),
        Engine::Postgres => row,
    }
}

fn reads(figure: &str, measured: &Measured, engine: Engine) -> Row {
    let least = match engine {
        Engine::Sqlite => 5000.0,
        Engine::Postgres => 2500.0,
    };
    row(
        &format!("{figure}, {} connections", measured.connections),
        rate_and_cpu(measured),
        measured,
    )
    .target(format!("≥ {}/s", thousands(least)), measured.per_s >= least)
}

fn rate_and_cpu(measured: &Measured) -> String {
    let mut text = format!("{}/s", thousands(measured.per_s));
    if let Some(us) = measured.server_cpu_us {
        let _ = write!(text, ", server CPU {us:.0} µs each");
    }
    text
}

fn fsync_ms(figures: &Figures) -> f64 {
    row::ms(figures.fsync_p50)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::Latency;
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn measured(per_s: f64, ms: f64) -> Measured {
        Measured {
            connections: 128,
            offered_per_s: None,
            answers: 1,
            per_s,
            errors: BTreeMap::new(),
            unsent: 0,
            latency_ms: Latency {
                p50: ms,
                p90: ms,
                p99: ms,
                p999: ms,
                max: ms,
            },
            server_cpu_us: Some(61.4),
            client_cpu_us: Some(9.0),
            elsewhere_cores: Some(0.02),
        }
    }

    fn figures(engine: Engine) -> Figures {
        Figures {
            engine,
            fsync_p50: Duration::from_micros(400),
            limit: measured(40_000.0, 3.0),
            sends: measured(10_000.0, 12.0),
            single: measured(700.0, 1.7),
            offered: measured(1000.0, 15.0),
            history: measured(4_999.0, 3.0),
            rooms: measured(5_000.0, 3.0),
        }
    }

    fn verdicts(figures: &Figures) -> Vec<Option<bool>> {
        rows(figures).into_iter().map(|row| row.met).collect()
    }

    #[test]
    fn targets_are_those_of_the_engine() {
        let (met, missed) = (Some(true), Some(false));
        assert_eq!(
            verdicts(&figures(Engine::Sqlite)),
            [None, met, missed, met, missed, met]
        );
        assert_eq!(
            verdicts(&figures(Engine::Postgres)),
            [None, met, missed, None, met, met]
        );
    }

    #[test]
    fn a_rate_with_errors_meets_no_target() {
        let mut figures = figures(Engine::Sqlite);
        figures.sends.errors.insert("503".into(), 7);
        assert_eq!(rows(&figures)[1].met, Some(false));
        let table = markdown(&[figures]);
        assert!(
            table.contains(
                "| sends, 128 connections | 0.25 of bare axum; 10,000/s, server CPU 61 µs each; \
                 errors: 7 × 503 | ≥ 0.25 of bare axum (aim 0.33) | missed |"
            ),
            "{table}"
        );
    }

    #[test]
    fn the_disk_stands_over_its_table() {
        let table = markdown(&[figures(Engine::Postgres)]);
        assert!(
            table.starts_with("### PostgreSQL, fsync p50 0.40 ms\n"),
            "{table}"
        );
        assert!(
            table.contains("p50 ≤ 1.5 fsync + 1 ms = 1.60 ms | missed |"),
            "{table}"
        );
    }
}
