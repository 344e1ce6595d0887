//! Log lines that no value can break.
//!
//! Text: `2026-11-22T20:31:35.123Z  INFO orderchat::net: message key=value key="quoted value"`.
//! JSON: an object with `timestamp`, `level`, `target`, `message` and the fields. In both the fields
//! of the spans around the event follow its own, the outermost span first; values are cut at
//! [`LONGEST_VALUE`] bytes and control characters (line ends, terminal escapes) and characters that
//! change the direction of text are escaped.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock;

/// Bytes of a value that are kept.
const LONGEST_VALUE: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineFormat {
    Text,
    Json,
}

impl<S, N> FormatEvent<S, N> for LineFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (level, target) = (event.metadata().level(), event.metadata().target());
        let at = jiff::Timestamp::from_millisecond(clock::now_ms()).unwrap_or_default();
        match self {
            Self::Text => write!(line, "{at:.3} {level:>5} {target}:")?,
            Self::Json => write!(
                line,
                r#"{{"timestamp":"{at:.3}","level":"{level}","target":"{target}""#
            )?,
        }
        self.format_fields(line.by_ref(), event)?;
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                line.write_str(&fields.fields)?;
            }
        }
        line.write_str(if *self == Self::Json { "}\n" } else { "\n" })
    }
}

impl<'writer> FormatFields<'writer> for LineFormat {
    fn format_fields<R: RecordFields>(&self, mut line: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = FieldVisitor {
            format: *self,
            line: &mut line,
            result: Ok(()),
        };
        fields.record(&mut visitor);
        visitor.result
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

/// Appends each field, its separator first.
struct FieldVisitor<'a, 'writer> {
    format: LineFormat,
    line: &'a mut Writer<'writer>,
    result: fmt::Result,
}

impl FieldVisitor<'_, '_> {
    /// A value that is a number or a truth: it needs no quotes.
    fn bare(&mut self, field: &Field, value: impl fmt::Display) {
        let name = field.name();
        self.put(|format, line| match format {
            LineFormat::Text => write!(line, " {name}={value}"),
            LineFormat::Json => write!(line, ",\"{name}\":{value}"),
        });
    }

    fn text(&mut self, field: &Field, value: &Cut) {
        let name = field.name();
        let value = &value.0;
        self.put(|format, line| match format {
            LineFormat::Json => {
                write!(line, ",\"{name}\":\"")?;
                escape(line, value)?;
                line.write_char('"')
            }
            LineFormat::Text if name == "message" => {
                line.write_char(' ')?;
                escape(line, value)
            }
            LineFormat::Text => {
                let bare = !value.is_empty()
                    && value
                        .chars()
                        .all(|c| !c.is_whitespace() && !"\"\\=".contains(c));
                let quote = if bare { "" } else { "\"" };
                write!(line, " {name}={quote}")?;
                escape(line, value)?;
                line.write_str(quote)
            }
        });
    }

    fn put(&mut self, write: impl FnOnce(LineFormat, &mut Writer<'_>) -> fmt::Result) {
        if self.result.is_ok() {
            self.result = write(self.format, self.line);
        }
    }
}

impl Visit for FieldVisitor<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &Cut::of(format_args!("{value:?}")));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field, &Cut::of(format_args!("{value}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, &Cut::of(format_args!("{value}")));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.bare(field, value);
        } else {
            // JSON has no such number.
            self.text(field, &Cut::of(format_args!("{value}")));
        }
    }
}

/// A value's first bytes. Formatting ends where the value is cut: a large one costs no more.
#[derive(Debug, Default)]
struct Cut(String);

impl Cut {
    fn of(value: fmt::Arguments<'_>) -> Self {
        let mut cut = Self::default();
        if cut.write_fmt(value).is_err() {
            cut.0.push('…');
        }
        cut
    }
}

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST_VALUE - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        Err(fmt::Error)
    }
}

/// Writes what stands between the quotes of a JSON string; a terminal can show it as it is.
fn escape(line: &mut Writer<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '"' => line.write_str("\\\"")?,
            '\\' => line.write_str("\\\\")?,
            '\n' => line.write_str("\\n")?,
            '\r' => line.write_str("\\r")?,
            '\t' => line.write_str("\\t")?,
            c if changes_the_line(c) => write!(line, "\\u{:04x}", u32::from(c))?,
            c => line.write_char(c)?,
        }
    }
    Ok(())
}

/// Controls (C0, DEL, C1), line and paragraph separators, and marks of direction.
fn changes_the_line(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests;
