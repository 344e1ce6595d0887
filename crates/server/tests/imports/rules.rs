//! The import table of `docs/ARCHITECTURE.md`, in the form a test can hold against the sources.

use crate::source::Mentions;

/// One row: what a module may use besides itself and [`FOR_ALL`].
struct Row {
    /// Path from the crate root; the longest that fits counts.
    module: &'static str,
    /// Modules of the server by path; `domain` and `store` are the crates of that name.
    may_use: &'static [&'static str],
    /// Libraries whose types must not appear.
    never: &'static [&'static str],
}

const fn row(module: &'static str, may_use: &'static [&'static str]) -> Row {
    Row {
        module,
        may_use,
        never: &[],
    }
}

/// Homes of one thing that several need and that need none of the others.
const FOR_ALL: &[&str] = &[
    "clock",
    "generations",
    "json",
    "random",
    "sabotage",
    "shares",
    "signing",
];

/// `app` builds everything once and `main` starts it: both may use all.
const FREE: &[&str] = &["app", "main"];

const HTTP_LIBRARIES: &[&str] = &[
    "axum",
    "http",
    "http_body",
    "http_body_util",
    "hyper",
    "hyper_util",
    "tower",
    "tower_http",
];

const TABLE: &[Row] = &[
    Row {
        module: "chat",
        may_use: &["domain", "store", "live::relay"],
        never: HTTP_LIBRARIES,
    },
    // What a connection is and does: it asks the commands.
    row(
        "live",
        &[
            "domain",
            "chat",
            "bus",
            "limits",
            "problem",
            "signin",
            "net::Received",
            "net::spawn",
        ],
    ),
    // Who is told: they know neither commands nor the store.
    row(
        "live::hub",
        &["domain", "live::connection", "live::protocol"],
    ),
    row(
        "live::relay",
        &[
            "domain",
            "bus",
            "live::hub",
            "live::connection",
            "live::protocol",
            "net::spawn",
        ],
    ),
    row("live::connection", &["domain", "live::protocol"]),
    row("live::protocol", &["domain", "problem"]),
    row("bus", &["domain"]),
    row("auth", &["domain", "store"]),
    row(
        "http",
        &[
            "domain",
            "chat",
            "media",
            "orders",
            "limits",
            "problem",
            "signin",
            "net::Received",
            "live::Arrival",
            "live::Live",
            "live::protocol",
            "live::run",
            "live::stream",
        ],
    ),
    row("orders", &["domain", "store", "chat"]),
    row("media", &["domain", "store", "chat", "media", "net::spawn"]),
    row("deliver", &["domain", "store", "chat"]),
    row(
        "jobs",
        &["domain", "store", "chat", "media", "orders", "net::spawn"],
    ),
    row("cli", &["domain", "config", "chat", "app"]),
    // The public protocol only, like any client.
    row("client", &[]),
    row("limits", &["domain", "config"]),
    row("problem", &["domain", "chat", "limits", "media"]),
    row("signin", &["domain", "chat", "auth", "limits", "problem"]),
    row("net", &[]),
    row("telemetry", &[]),
    row("config", &[]),
    row("fuzzing", &["auth", "http", "live::fuzzing"]),
    row("clock", &[]),
    row("generations", &[]),
    row("json", &["domain"]),
    row("random", &[]),
    row("sabotage", &["store"]),
    row("shares", &[]),
    row("signing", &[]),
];

/// Libraries a crate must not depend on, with what that keeps true. A last `*` stands for any end.
const NEVER_DEPENDS: &[(&str, &[&str], &str)] = &[
    (
        "domain",
        &[
            "axum*",
            "deadpool*",
            "getrandom",
            "http*",
            "hyper*",
            "orderchat*",
            "rand",
            "refinery",
            "reqwest",
            "rusqlite",
            "tokio*",
            "tower*",
        ],
        "the domain neither waits, stores, serves nor rolls dice",
    ),
    (
        "store",
        &["axum*", "http*", "hyper*", "orderchat", "reqwest", "tower*"],
        "the store knows no server",
    ),
    (
        "server",
        &["deadpool*", "refinery", "rusqlite", "tokio-postgres"],
        "SQL stands only in the store",
    ),
    (
        "loadgen",
        &["orderchat*"],
        "loadgen knows the server by its public API only",
    ),
];

/// The beginnings of statements, word by word; `_` stands for any one word.
const SQL: &[&str] = &[
    "SELECT _",
    "INSERT INTO",
    "INSERT OR",
    "UPDATE _ SET",
    "DELETE FROM",
    "WITH _ AS",
    "CREATE TABLE",
    "CREATE INDEX",
    "CREATE UNIQUE",
    "CREATE DATABASE",
    "ALTER TABLE",
    "DROP TABLE",
    "DROP DATABASE",
    "TRUNCATE TABLE",
    "PRAGMA _",
    "BEGIN IMMEDIATE",
];

/// Why the table forbids what `file`, the source of `module`, names: one line each, none when all
/// is well. `modules` are the server's top-level modules.
pub(crate) fn violations(
    file: &str,
    module: &[String],
    modules: &[String],
    mentions: &Mentions,
) -> Vec<String> {
    let mut found = Vec::new();
    let own = module.join("::");
    let mut report = |line: usize, text: String| found.push(format!("{file}:{line}: {text}"));

    for text in &mentions.texts {
        if let Some(statement) = sql(&text.what) {
            report(
                text.line,
                format!("SQL stands only in crates/store, here is {statement:?}"),
            );
        }
    }

    let Some(top) = module.first().filter(|top| !FREE.contains(&top.as_str())) else {
        return found;
    };
    let Some(row) = row_of(&own) else {
        report(
            1,
            format!("{top} has no row in the import table of docs/ARCHITECTURE.md: add it"),
        );
        return found;
    };
    for path in &mentions.inside {
        let used = path.what.join("::");
        let is_module = path
            .what
            .first()
            .is_some_and(|first| modules.contains(first));
        if is_module && !row.allows(&used) {
            report(path.line, row.refusal(&used));
        }
    }
    for library in &mentions.outside {
        let name = library.what.as_str();
        let ours = name.strip_prefix("orderchat_");
        if ours.is_some_and(|ours| !row.may_use.contains(&ours)) || row.never.contains(&name) {
            report(library.line, row.refusal(name));
        }
    }
    found
}

fn row_of(module: &str) -> Option<&'static Row> {
    TABLE
        .iter()
        .filter(|row| is_within(module, row.module))
        .max_by_key(|row| row.module.len())
}

/// Is `path` the module `module`, or something in it?
fn is_within(path: &str, module: &str) -> bool {
    path.strip_prefix(module)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl Row {
    fn allows(&self, path: &str) -> bool {
        is_within(path, self.module)
            || self
                .may_use
                .iter()
                .chain(FOR_ALL)
                .any(|module| is_within(path, module))
    }

    fn refusal(&self, used: &str) -> String {
        let allowed: Vec<&str> = self.may_use.iter().chain(FOR_ALL).copied().collect();
        format!(
            "{} must not use {used}; it may use {}",
            self.module,
            allowed.join(", ")
        )
    }
}

/// The beginning of `text` that makes it an SQL statement.
fn sql(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().take(3).collect();
    SQL.iter().find_map(|statement| {
        let parts: Vec<&str> = statement.split(' ').collect();
        let fits = parts.len() <= words.len()
            && parts
                .iter()
                .zip(&words)
                .all(|(part, word)| part == word || *part == "_");
        fits.then(|| words[..parts.len()].join(" "))
    })
}

/// Which dependencies of the crate in the folder `name` the table forbids, one line each.
pub(crate) fn forbidden_dependencies(name: &str, dependencies: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (_, never, reason) in NEVER_DEPENDS.iter().filter(|(folder, ..)| *folder == name) {
        for dependency in dependencies {
            let forbidden = never.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => dependency.starts_with(start),
                None => dependency == pattern,
            });
            if forbidden {
                found.push(format!(
                    "crates/{name}/Cargo.toml: {name} must not depend on {dependency}: {reason}"
                ));
            }
        }
    }
    found
}
