//! One line of a table: what was measured, and whether it is what is promised.

use std::fmt::Write as _;
use std::time::Duration;

use super::engine::Engine;

pub(super) struct Row {
    pub(super) figure: String,
    pub(super) measured: String,
    pub(super) target: String,
    pub(super) met: Option<bool>,
    /// What stands behind the figure: errors, and who else was busy.
    notes: String,
    failed: bool,
}

impl Row {
    /// `failures` is empty when there was none.
    pub(super) fn new(figure: &str, measured: String, elsewhere: &str, failures: &str) -> Self {
        Self {
            figure: figure.to_owned(),
            measured,
            target: String::new(),
            met: None,
            notes: format!("{elsewhere}{failures}"),
            failed: !failures.is_empty(),
        }
    }

    pub(super) fn target(self, target: String, met: bool) -> Self {
        Self {
            target,
            // Figures of a load that was partly refused are not what was promised.
            met: Some(met && !self.failed),
            ..self
        }
    }
}

/// A Markdown table of one engine, the disk as it was over it.
pub(super) fn table(engine: Engine, fsync_p50: Duration, rows: &[Row]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "### {}, fsync p50 {:.2} ms\n\n| figure | measured | target | |\n|---|---|---|---|",
        engine.name(),
        ms(fsync_p50)
    );
    for row in rows {
        let verdict = match row.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        let _ = writeln!(
            text,
            "| {} | {}{} | {} | {verdict} |",
            row.figure, row.measured, row.notes, row.target
        );
    }
    text
}

pub(super) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
