//! Reads a policy file table by table and notes every mistake with its place, so that an author
//! is told of all at once.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;
use crate::time::{DAY, HOUR, MINUTE, SECOND};

/// Longest time that a policy may give: ten years.
const LONGEST: i64 = 3_650 * DAY;

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// A table of the file, with its name from the root.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    pub(super) name: String,
    pub(super) entries: Vec<(&'a str, Range<usize>, &'a Value<'a>)>,
    pub(super) span: Range<usize>,
}

impl<'a> Section<'a> {
    pub(super) fn of(name: &str, table: &'a DeTable<'a>, span: Range<usize>) -> Self {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
            .collect();
        // As written, not as sorted.
        entries.sort_by_key(|(_, span, _)| span.start);
        Self {
            name: name.to_owned(),
            entries,
            span,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value<'a>> {
        let found = self.entries.iter().find(|(known, ..)| *known == key);
        found.map(|(_, _, value)| *value)
    }

    /// The full name of a key of it.
    pub(super) fn key(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }
}

/// The text of the file and what was found wrong with it.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            text,
            mistakes: Vec::new(),
        }
    }

    pub(super) fn mistake(
        &mut self,
        span: &Range<usize>,
        what: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        let mistake = Mistake::at(self.text, span, what.into(), allowed.into());
        self.mistakes.push(mistake);
    }

    /// A value is of the wrong kind or not one of those allowed.
    fn wrong(&mut self, name: &str, value: &Value<'_>, allowed: impl Into<String>) {
        let what = format!("{name} is {}", shown(value.get_ref()));
        self.mistake(&value.span(), what, allowed);
    }

    /// Keys that the table does not have.
    pub(super) fn only(&mut self, section: &Section<'_>, known: &[&str]) {
        for (key, span, _) in &section.entries {
            if !known.contains(key) {
                let what = format!("there is no {}", section.key(key));
                self.mistake(span, what, format!("give {}", listed(known)));
            }
        }
    }

    pub(super) fn section(&mut self, of: &Section<'a>, key: &str) -> Option<Section<'a>> {
        let value = of.get(key)?;
        let name = of.key(key);
        let table = self.table(&name, value);
        table.map(|table| Section::of(&name, table, value.span()))
    }

    pub(super) fn table(&mut self, name: &str, value: &'a Value<'a>) -> Option<&'a DeTable<'a>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.wrong(name, value, format!("make it a table: [{name}]"));
                None
            }
        }
    }

    pub(super) fn text(&mut self, of: &Section<'a>, key: &str) -> Option<(&'a str, Range<usize>)> {
        let value = of.get(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(&of.key(key), value, "give a text in quotes");
        }
        text.map(|text| (text, value.span()))
    }

    /// One of a few words.
    pub(super) fn word<T>(
        &mut self,
        of: &Section<'a>,
        key: &str,
        known: &[&str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = of.get(key)?;
        let parsed = value.get_ref().as_str().and_then(parse);
        if parsed.is_none() {
            let allowed = format!("give {}", quoted(known));
            self.wrong(&of.key(key), value, allowed);
        }
        parsed
    }

    pub(super) fn switch(&mut self, of: &Section<'a>, key: &str) -> Option<bool> {
        let value = of.get(key)?;
        let switch = value.get_ref().as_bool();
        if switch.is_none() {
            self.wrong(&of.key(key), value, "give true or false");
        }
        switch
    }

    /// Milliseconds.
    pub(super) fn time(&mut self, of: &Section<'a>, key: &str) -> Option<i64> {
        let value = of.get(key)?;
        let time = value.get_ref().as_str().and_then(parse_time);
        if time.is_none() {
            self.wrong(&of.key(key), value, TIMES);
        }
        time
    }

    /// A switch, or a time.
    pub(super) fn switch_or<T>(
        &mut self,
        of: &Section<'a>,
        key: &str,
        allowed: &str,
        parse: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Option<T> {
        let value = of.get(key)?;
        let parsed = parse(value.get_ref());
        if parsed.is_none() {
            self.wrong(&of.key(key), value, allowed);
        }
        parsed
    }

    pub(super) fn number(&mut self, of: &Section<'a>, key: &str) -> Option<i64> {
        let value = of.get(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
            .filter(|number| (1..=MOST).contains(number));
        if number.is_none() {
            let allowed = format!("give a whole number from 1 to {MOST}");
            self.wrong(&of.key(key), value, allowed);
        }
        number
    }

    /// Texts in a list, each with its place; what is no text is left out.
    pub(super) fn list(
        &mut self,
        of: &Section<'a>,
        key: &str,
        allowed: &str,
    ) -> Option<Vec<(&'a str, Range<usize>)>> {
        let value = of.get(key)?;
        let name = of.key(key);
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(&name, value, format!("give a list, such as {allowed}"));
            return None;
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push((text, item.span())),
                None => self.wrong(&name, item, "give texts in quotes"),
            }
        }
        Some(texts)
    }
}

/// Largest version: what a JSON number holds exactly.
const MOST: i64 = (1 << 53) - 1;

pub(super) const TIMES: &str =
    r#"give a number and s, m, h or d, such as "30m", "2h" or "30d", at most "3650d""#;

/// `"30m"` in milliseconds.
pub(super) fn parse_time(text: &str) -> Option<i64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return None,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ms = digits.parse::<i64>().ok()?.checked_mul(unit)?;
    (ms <= LONGEST).then_some(ms)
}

/// A value as its author wrote it, or what kind of thing it is.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Datetime(at) => at.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// `a, b or c`
pub(super) fn listed<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", first.join(", "), last.as_ref())
        }
    }
}

/// `"a", "b" or "c"`
pub(super) fn quoted<T: AsRef<str>>(words: &[T]) -> String {
    let quoted: Vec<_> = words
        .iter()
        .map(|word| format!("\"{}\"", word.as_ref()))
        .collect();
    listed(&quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, ms) in [
            ("45s", Some(45 * SECOND)),
            ("0m", Some(0)),
            ("3650d", Some(LONGEST)),
            ("3651d", None),
            ("99999999999999999999d", None),
            ("-1h", None),
            ("+1h", None),
            ("1.5h", None),
            ("2 h", None),
            ("h", None),
            ("", None),
            ("5", None),
            ("5µ", None),
        ] {
            assert_eq!(parse_time(text), ms, "{text}");
        }
    }
}
