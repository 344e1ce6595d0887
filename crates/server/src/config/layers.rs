//! Where values come from, and which of several counts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::args::SettingsArgs;
use super::file;
use super::table::{Listed, ROWS, Row, Secrecy};

/// Names that begin like settings and belong to others: scripts, clients and tests.
const NOT_SETTINGS: &[&str] = &[
    "ORDERCHAT_URL",
    "ORDERCHAT_TOKEN",
    #[cfg(feature = "sabotage")]
    crate::sabotage::VARIABLE,
];
const NOT_SETTINGS_PREFIX: &str = "ORDERCHAT_TEST_";

/// The variable that names the settings file.
const CONFIG_VARIABLE: &str = "ORDERCHAT_CONFIG";

/// Who gave a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File,
    Variable,
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "settings file",
            Self::Variable => "variable",
            Self::Flag => "flag",
        })
    }
}

#[derive(Debug)]
struct Given {
    text: String,
    source: Source,
}

/// Per setting the value that counts; what is not here has its default.
#[derive(Debug, Default)]
pub(super) struct Layers {
    given: BTreeMap<&'static str, Given>,
    file: Option<PathBuf>,
    file_has_secrets: bool,
}

impl Layers {
    /// Lays the file, the variables and the flags over one another, the last on top.
    pub(super) fn gather(
        args: &SettingsArgs,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        problems: &mut Vec<String>,
    ) -> Self {
        let mut layers = Self::default();
        let (variables, config) = read_variables(variables, problems);
        layers.file = args.config.clone().or(config);
        if let Some(path) = layers.file.clone() {
            for (row, text) in file::read(&path, problems) {
                layers.file_has_secrets |= row.secrecy == Secrecy::Secret
                    || (row.secrecy == Secrecy::Url && text.contains('@'));
                layers.put(row, text, Source::File);
            }
        }
        for (row, text) in variables {
            layers.put(row, text, Source::Variable);
        }
        for row in ROWS {
            if let Some(text) = args.given.get(row.key) {
                layers.put(row, text.clone(), Source::Flag);
            }
        }
        layers
    }

    fn put(&mut self, row: &'static Row, text: String, source: Source) {
        if !text.is_empty() {
            self.given.insert(row.key, Given { text, source });
        }
    }

    /// The setting's value, or a problem that names it as it was given.
    pub(super) fn read<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
        problems: &mut Vec<String>,
    ) -> Option<T> {
        let row = ROWS.iter().find(|row| row.key == key)?;
        let given = self.given.get(key);
        let text = given.map_or(row.default, |given| given.text.as_str());
        match parse(text) {
            Ok(value) => Some(value),
            Err(remedy) => {
                let name = self.name(row, given.map_or(Source::Default, |given| given.source));
                problems.push(match row.secrecy {
                    Secrecy::Open => format!("{name} is {text:?}: {remedy}"),
                    Secrecy::Secret | Secrecy::Url => {
                        format!("{name} cannot be used (its value is not shown): {remedy}")
                    }
                });
                None
            }
        }
    }

    /// The setting's name in the place where it was given.
    fn name(&self, row: &Row, source: Source) -> String {
        match source {
            Source::Flag => format!("--{}", row.flag()),
            Source::Variable | Source::Default => row.variable(),
            Source::File => {
                let path = self.file.as_deref().unwrap_or(Path::new("")).display();
                format!("{} in {path}", row.key)
            }
        }
    }

    pub(super) fn listed(&self, row: &Row) -> Listed {
        let given = self.given.get(row.key);
        let text = given.map_or(row.default, |given| given.text.as_str());
        Listed {
            name: row.variable(),
            value: masked(row.secrecy, text),
            meaning: row.meaning(),
            source: given.map_or(Source::Default, |given| given.source),
        }
    }

    /// The settings file, if it holds a secret or a password.
    pub(super) fn file_with_secrets(&self) -> Option<PathBuf> {
        self.file.clone().filter(|_| self.file_has_secrets)
    }
}

/// A value as it may be shown.
fn masked(secrecy: Secrecy, text: &str) -> String {
    match (secrecy, text) {
        (_, "") => "none".to_owned(),
        (Secrecy::Open, text) => text.to_owned(),
        (Secrecy::Secret, text) => format!("(set, {} bytes)", text.len()),
        (Secrecy::Url, text) => match text.split_once("://") {
            None => text.to_owned(),
            Some((scheme, rest)) => {
                let rest = rest
                    .split_once(['?', '#'])
                    .map_or(rest, |(before, _)| before);
                match rest.rsplit_once('@') {
                    Some((_, host)) => format!("{scheme}://…@{host}"),
                    None => format!("{scheme}://{rest}"),
                }
            }
        },
    }
}

/// The settings among the variables, and the path of the settings file.
fn read_variables(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    problems: &mut Vec<String>,
) -> (Vec<(&'static Row, String)>, Option<PathBuf>) {
    let (mut rows, mut config) = (Vec::new(), None);
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with("ORDERCHAT_")) else {
            continue;
        };
        if NOT_SETTINGS.contains(&name) || name.starts_with(NOT_SETTINGS_PREFIX) {
            continue;
        }
        if name == CONFIG_VARIABLE {
            config = Some(PathBuf::from(value)).filter(|path| !path.as_os_str().is_empty());
            continue;
        }
        let Some(row) = ROWS.iter().find(|row| row.variable() == name) else {
            let known = ROWS
                .iter()
                .map(Row::variable)
                .chain([CONFIG_VARIABLE.to_owned()]);
            problems.push(format!("{name} is no setting{}", did_you_mean(name, known)));
            continue;
        };
        match value.into_string() {
            Ok(text) => rows.push((row, text)),
            Err(_) => problems.push(format!("{name} is not UTF-8: write it in UTF-8")),
        }
    }
    (rows, config)
}

/// `; did you mean X?`, or how to list all names when none is near.
pub(super) fn did_you_mean(name: &str, known: impl Iterator<Item = String>) -> String {
    known
        .map(|known| (strsim::normalized_damerau_levenshtein(name, &known), known))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map_or_else(
            || ": orderchat serve --help lists all settings".to_owned(),
            |(_, known)| format!("; did you mean {known}?"),
        )
}
