//! The settings file: TOML, one key per setting, no tables.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::{Table, Value};

use super::layers::did_you_mean;
use super::table::{ROWS, Row};

/// Larger files are not settings.
const LARGEST_FILE: u64 = 1 << 20;

/// The settings in the file at `path`; what cannot be read becomes a problem that names it.
pub(super) fn read(path: &Path, problems: &mut Vec<String>) -> Vec<(&'static Row, String)> {
    let shown = path.display();
    let table = match text_of(path) {
        Err(error) => {
            problems.push(format!(
                "the settings file {shown} cannot be read ({error}): name another with --config \
                 or ORDERCHAT_CONFIG"
            ));
            return Vec::new();
        }
        Ok(text) => match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                // The error's own text shows the line, which may hold a secret.
                let before = error
                    .span()
                    .and_then(|span| text.get(..span.start))
                    .unwrap_or("");
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
                problems.push(format!(
                    "{shown}, line {line}, column {column}: {}; write KEY = VALUE, and texts in quotes, \
                     such as listen = \"127.0.0.1:8080\"",
                    error.message()
                ));
                return Vec::new();
            }
        },
    };
    let mut rows = Vec::new();
    for (key, value) in table {
        let Some(row) = ROWS.iter().find(|row| row.key == key) else {
            let known = ROWS.iter().map(|row| row.key.to_owned());
            // Perhaps as its variable or its flag is called.
            let meant = key.to_lowercase().replace('-', "_");
            let meant = meant.strip_prefix("orderchat_").unwrap_or(&meant);
            problems.push(format!(
                "{key} in {shown} is no setting{}",
                did_you_mean(meant, known)
            ));
            continue;
        };
        match as_text(value) {
            Some(text) => rows.push((row, text)),
            None => problems.push(format!(
                "{key} in {shown} is neither text, a whole number, true or false, nor a list of \
                 texts: write it as one of them"
            )),
        }
    }
    rows
}

fn text_of(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?
        .take(LARGEST_FILE + 1)
        .read_to_string(&mut text)?;
    if read as u64 > LARGEST_FILE {
        return Err(std::io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

/// The value as a flag would give it.
fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(on) => Some(if on { "on" } else { "off" }.to_owned()),
        Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            Some(items?.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}
