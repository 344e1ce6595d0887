//! Why a value is not of the type that was asked for: where, and what was expected.
//!
//! An error type of our own for serde: its usual ones quote the value ("invalid type: string
//! \"…\", expected …"), and what people wrote must not stand in an answer or a log.

use std::fmt::{self, Write as _};

use orderchat_domain::FieldError;
use serde::de::{self, Expected, Unexpected};

/// Bytes of a field's name that an error repeats: the name comes from outside.
const LONGEST_NAME: usize = 128;

/// A value that does not fit, and the way to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// Names of fields and numbers of items, innermost first.
    way: Vec<String>,
    detail: String,
}

impl Mismatch {
    pub(crate) fn new(detail: impl Into<String>) -> Self {
        Self {
            way: Vec::new(),
            detail: detail.into(),
        }
    }

    /// The same, seen from the object or list around it.
    pub(crate) fn within(mut self, step: impl Into<String>) -> Self {
        let mut step = step.into();
        if step.len() > LONGEST_NAME {
            step.truncate(step.floor_char_boundary(LONGEST_NAME));
            step.push('…');
        }
        self.way.push(step);
        self
    }

    /// At a JSON pointer (RFC 6901).
    pub(crate) fn in_body(self) -> FieldError {
        let mut pointer = String::new();
        for step in self.way.iter().rev() {
            pointer.push('/');
            pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        }
        FieldError {
            pointer,
            detail: self.detail,
        }
    }

    /// At the name of a query parameter.
    pub(crate) fn in_query(self) -> FieldError {
        FieldError {
            pointer: self.way.into_iter().next_back().unwrap_or_default(),
            detail: self.detail,
        }
    }

    #[cfg(test)]
    pub(crate) fn parts(&self) -> (String, &str) {
        let way: Vec<&str> = self.way.iter().rev().map(String::as_str).collect();
        (way.join("/"), &self.detail)
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    /// The text may quote the value: it is not passed on.
    fn custom<T: fmt::Display>(_text: T) -> Self {
        Self::new("is not valid")
    }

    fn invalid_type(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("must be {}", in_words(expected)))
    }

    fn invalid_value(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("must be {}", in_words(expected)))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format!(
            "has {length} items and must be {}",
            in_words(expected)
        ))
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("must be {}", one_of(expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let detail = match expected {
            [] => "is unknown; nothing is taken here".to_owned(),
            known => format!("is unknown; taken is {}", one_of(known)),
        };
        Self::new(detail).within(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("is missing").within(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("is given more than once").within(field)
    }
}

/// What serde calls a type, as people do who do not write Rust.
fn in_words(expected: &dyn Expected) -> String {
    let name = expected.to_string();
    let words = match name.as_str() {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other if other.starts_with("tuple ") => "a list",
        _ => return name,
    };
    words.to_owned()
}

/// "a, b or c".
fn one_of(names: &[&str]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        let between = match index {
            0 => "",
            _ if index + 1 == names.len() => " or ",
            _ => ", ",
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "{between}{name}");
    }
    text
}
