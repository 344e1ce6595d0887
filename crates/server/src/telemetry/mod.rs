//! What an operator can see: the log and the metrics.
//!
//! # Rules for logging
//!
//! - An event is a fixed message and fields: `info!(room = %id, took_ms, "room closed")`. The
//!   message is a short statement without values in it, in lower case, without a full stop.
//! - A number's unit is in its field's name: `took_ms`, `body_bytes`, `grace_s`.
//! - `error!`: somebody has to act. `warn!`: something is wrong that mends itself. `info!`: what an
//!   operator wants to know of a healthy server, never once per request. `debug!`, `trace!`: for
//!   finding a fault.
//! - Never logged, at no level: texts that people wrote, titles, reasons, notes, file names,
//!   tokens, secrets, names, e-mail addresses, phone numbers, network addresses, request bodies,
//!   query strings, headers, SQL parameters. The ids of rooms, messages, participants and requests,
//!   counts, durations and the names of our own rules may be logged. An error is logged only if its
//!   text cannot quote any of these.
//! - Whatever a value holds, an event is one line: see [`mod@format`].
//! - Other libraries' events pass only from `warn` up, because some log parameters and headers
//!   below; a panic is logged with its place and not with its message, which may quote a text.
//!
//! Metrics are named `orderchat_<what>_<unit>`; labels have few values, never an id.

mod format;
mod metrics;
mod panic;
mod process;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use format::LineFormat;
pub(crate) use metrics::Metrics;

/// Starts the log on standard error and sends panics there. `filter` as in
/// [`EnvFilter`]; one that cannot be read counts as `info` (the settings have checked it).
///
/// # Errors
/// When the process has a log already.
pub(crate) fn init(filter: &str, json: bool) -> Result<(), TryInitError> {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let format = if json {
        LineFormat::Json
    } else {
        LineFormat::Text
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .event_format(format)
        .fmt_fields(format)
        .with_filter(filter_fn(may_be_logged));
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()?;
    panic::log_panics();
    Ok(())
}

/// Ours at any level that the filter asks for; others' only where they hold no content.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("orderchat") || *metadata.level() <= LevelFilter::WARN
}
