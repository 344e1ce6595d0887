use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `events` logs, without the time.
fn logged(format: LineFormat, events: impl FnOnce()) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .event_format(format)
        .fmt_fields(format);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), events);
    String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
}

fn text(events: impl FnOnce()) -> String {
    logged(LineFormat::Text, events)
        .split_once(' ')
        .unwrap()
        .1
        .to_owned()
}

fn json(events: impl FnOnce()) -> Value {
    serde_json::from_str(&logged(LineFormat::Json, events)).unwrap()
}

#[test]
fn a_line_has_time_level_target_message_and_fields() {
    let line = logged(LineFormat::Text, || {
        tracing::info!(target: "orderchat::x", took_ms = 3, ok = true, rule = "two words", "done");
    });
    let (at, rest) = line.split_once(' ').unwrap();
    assert!(at.parse::<jiff::Timestamp>().is_ok(), "{at}");
    assert_eq!(
        rest,
        " INFO orderchat::x: done took_ms=3 ok=true rule=\"two words\"\n"
    );
}

#[test]
fn fields_of_the_spans_around_follow() {
    let line = text(|| {
        let outer = tracing::info_span!("request", request = "r1", status = tracing::field::Empty);
        let _outer = outer.enter();
        outer.record("status", 200);
        let _inner = tracing::info_span!("send", room = "x").entered();
        tracing::warn!(target: "t", n = 1, "slow");
    });
    assert_eq!(line, " WARN t: slow n=1 request=r1 status=200 room=x\n");
}

#[test]
fn no_value_breaks_the_line_or_reaches_the_terminal() {
    let evil = "a\r\n2026-01-01T00:00:00Z ERROR forged \u{1b}[31m\u{9b}0m\u{202e}\u{2028}\"\\\0";
    let line = text(|| tracing::info!(target: "t", evil, debug = ?evil, "{evil}"));
    assert_eq!(line.matches('\n').count(), 1);
    assert!(
        line.chars().all(|c| c == '\n' || !changes_the_line(c)),
        "{line:?}"
    );

    let object = json(|| tracing::info!(evil, "{evil}"));
    assert_eq!(object["evil"], evil);
    assert_eq!(object["message"], evil);
}

#[test]
fn a_long_value_is_cut_at_a_character() {
    let long = format!(
        "{}é{}",
        "x".repeat(LONGEST_VALUE - 1),
        "y".repeat(1_000_000)
    );
    let object = json(|| tracing::info!(long, "{long}"));
    let kept = format!("{}…", "x".repeat(LONGEST_VALUE - 1));
    assert_eq!(object["long"], kept);
    assert_eq!(object["message"], kept);
}

#[test]
fn json_keeps_numbers_and_has_no_infinity() {
    let object = json(|| {
        let _span = tracing::info_span!("request", request = "r1").entered();
        tracing::error!(target: "t", count = -3, big = u64::MAX, odd = f64::INFINITY, "no");
    });
    assert_eq!(object["count"], -3);
    assert_eq!(object["big"], u64::MAX);
    assert_eq!(object["odd"], "inf");
    assert_eq!(object["request"], "r1");
    assert_eq!(
        (&object["level"], &object["target"]),
        (&"ERROR".into(), &"t".into())
    );
}

#[test]
fn libraries_are_heard_from_warn_up_only() {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .event_format(LineFormat::Text)
        .fmt_fields(LineFormat::Text);
    let filtered = tracing_subscriber::layer::Layer::with_filter(
        layer,
        tracing_subscriber::filter::filter_fn(crate::telemetry::may_be_logged),
    );
    tracing::subscriber::with_default(tracing_subscriber::registry().with(filtered), || {
        tracing::trace!(target: "orderchat::chat", "ours");
        tracing::debug!(target: "tokio_postgres::query", "canary");
        tracing::info!(target: "h2", "canary");
        tracing::warn!(target: "hyper", "theirs");
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("ours") && text.contains("theirs") && !text.contains("canary"),
        "{text}"
    );
}
