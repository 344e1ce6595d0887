//! Holds the import table of `docs/ARCHITECTURE.md` against the sources: which module may use which,
//! SQL only in the store, and what each crate may depend on.

mod rules;
mod source;

use std::path::{Path, PathBuf};

/// A violation in a test's own words, or in the sources.
fn check(module: &str, source: &str) -> Vec<String> {
    let module: Vec<String> = module.split("::").map(String::from).collect();
    let modules: Vec<String> = [
        "app", "auth", "chat", "cli", "clock", "config", "http", "live", "net", "orders", "random",
    ]
    .map(String::from)
    .to_vec();
    rules::violations(
        "planted.rs",
        &module,
        &modules,
        &source::read(&module, source),
    )
}

#[track_caller]
fn refused(module: &str, source: &str, expected: &str) {
    let found = check(module, source);
    assert!(
        found.len() == 1 && found[0].starts_with(expected),
        "expected one violation {expected:?} in {module}, found {found:#?}"
    );
}

#[track_caller]
fn accepted(module: &str, source: &str) {
    assert_eq!(check(module, source), Vec::<String>::new(), "in {module}");
}

#[test]
fn the_servers_modules_use_what_the_table_lets_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&root);
    let modules: Vec<String> = files
        .iter()
        .filter_map(|file| module_of(&root, file).into_iter().next())
        .collect();
    let mut found = Vec::new();
    for file in &files {
        let source = read(file);
        let module = module_of(&root, file);
        if module.last().is_some_and(|name| name == "tests") {
            continue;
        }
        let shown = format!("crates/server/src/{}", relative(&root, file));
        let mentions = source::read(&module, &source);
        found.extend(rules::violations(&shown, &module, &modules, &mentions));
    }
    assert!(!files.is_empty(), "no sources in {}", root.display());
    assert!(
        found.is_empty(),
        "{} violations:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn no_crate_depends_on_what_its_place_forbids() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for name in ["domain", "store", "server", "loadgen"] {
        let manifest = read(&crates.join(name).join("Cargo.toml"));
        found.extend(rules::forbidden_dependencies(
            name,
            &dependencies(&manifest),
        ));
    }
    assert!(
        found.is_empty(),
        "{} violations:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// Dependencies of what is shipped; tests may depend on what they like.
fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().expect("a Cargo.toml is TOML");
    ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|section| manifest.get(*section)?.as_table())
        .flat_map(|section| section.keys().cloned())
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder's entry can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()))
}

fn relative(root: &Path, file: &Path) -> String {
    let path = file
        .strip_prefix(root)
        .expect("the file was found below the root");
    path.to_string_lossy().replace('\\', "/")
}

/// `http/v1/rooms.rs` is `http::v1::rooms`, `http/mod.rs` is `http`, `main.rs` and `lib.rs` are the root.
fn module_of(root: &Path, file: &Path) -> Vec<String> {
    let path = relative(root, file);
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/')
        .filter(|part| !["main", "lib"].contains(part))
        .map(String::from)
        .collect()
}

#[test]
fn an_import_that_the_table_does_not_name_is_found_with_its_line() {
    refused(
        "chat::rooms",
        "use std::fmt;\nuse crate::http::problem::Problem;\n",
        "planted.rs:2: chat must not use http::problem::Problem; it may use domain, store",
    );
}

#[test]
fn an_import_that_the_table_names_is_accepted() {
    accepted(
        "chat::rooms",
        "use crate::chat::Command; use orderchat_store::Tx; use crate::clock;",
    );
    accepted(
        "http::v1::rooms",
        "use crate::{signin::SignIn, chat::rooms, random};",
    );
    accepted("http::live", "use crate::live::stream::Stream;");
}

#[test]
fn a_part_of_a_module_can_be_allowed_alone() {
    refused(
        "http::live",
        "use crate::live::hub::Hub;",
        "planted.rs:1: http must not use live::hub",
    );
    refused(
        "live::session",
        "use crate::http::page;",
        "planted.rs:1: live must not use http::page",
    );
}

#[test]
fn paths_in_code_and_in_macros_count_like_imports() {
    refused(
        "auth",
        "fn f() { let x = crate::http::page::<u8>(1); }",
        "planted.rs:1: auth",
    );
    refused(
        "auth",
        "fn f() { info!(\"x {}\", crate::http::X); }",
        "planted.rs:1: auth",
    );
}

#[test]
fn groups_nested_and_renamed_are_looked_into() {
    let source = "use crate::{\n    clock,\n    chat::{self, rooms},\n    http as h,\n};";
    refused("cli::serve", source, "planted.rs:4: cli must not use http");
    let nested = "use crate::{config::{A, b::{C, D}}, net::{spawn}};";
    refused(
        "cli::serve",
        nested,
        "planted.rs:1: cli must not use net::spawn",
    );
}

#[test]
fn super_and_self_lead_to_where_they_lead() {
    accepted(
        "http::v1::rooms",
        "use super::messages; use super::super::page; use self::x::Y;",
    );
    refused(
        "http::v1::rooms",
        "use super::super::super::net::X;",
        "planted.rs:1: http must not",
    );
    refused(
        "config",
        "use super::http::X;",
        "planted.rs:1: config must not use http::X",
    );
    accepted(
        "config",
        "mod http { pub use super::X; } mod y { use super::http; }",
    );
}

#[test]
fn comments_and_strings_are_no_imports() {
    accepted(
        "config",
        "// crate::http::X\n/* crate::net::Y /* crate::auth */ */ fn f() {}",
    );
    accepted(
        "config",
        r##"const A: &str = "crate::http"; const B: &str = r#"x" crate::net"#;"##,
    );
    accepted(
        "config",
        r#"fn f<'a>(x: &'a str) -> char { '"' } // crate::http "quoted" "#,
    );
    accepted(
        "config",
        r"fn f() -> [char; 2] { ['\'', '\\'] } // crate::http::X",
    );
}

#[test]
fn code_after_comments_and_strings_is_still_read() {
    refused(
        "config",
        "/* a */ const A: char = '\"';\nuse crate::http::X;",
        "planted.rs:2:",
    );
    refused(
        "config",
        "const A: &str = \"a \\\" b\n\";\nuse crate::http::X;",
        "planted.rs:3:",
    );
    refused(
        "config",
        "const A: &[u8] = br#\"\"\n\"#; use crate::http::X;",
        "planted.rs:2:",
    );
}

#[test]
fn tests_inside_a_module_may_use_anything() {
    accepted(
        "config",
        "mod tests { use crate::http::X; const Q: &str = \"SELECT 1\"; }",
    );
    refused(
        "config",
        "mod tests { fn f() {} }\nuse crate::http::X;",
        "planted.rs:2: config",
    );
}

#[test]
fn the_crates_of_the_workspace_have_their_rows_too() {
    refused(
        "http::v1",
        "use orderchat_store::Store;",
        "planted.rs:1: http must not use orderchat",
    );
    refused(
        "net",
        "use orderchat_domain::RoomId;",
        "planted.rs:1: net must not use orderchat",
    );
}

#[test]
fn commands_know_no_http() {
    refused(
        "chat",
        "fn f() -> http::StatusCode { x }",
        "planted.rs:1: chat must not use http",
    );
    refused(
        "chat",
        "use axum::Json;",
        "planted.rs:1: chat must not use axum",
    );
}

#[test]
fn sql_outside_the_store_is_found() {
    refused(
        "app",
        "f(\"SELECT 1\")",
        "planted.rs:1: SQL stands only in crates/store",
    );
    refused(
        "chat",
        "f(\n\"\n  UPDATE room SET x = 1\")",
        "planted.rs:2: SQL stands only",
    );
    accepted(
        "http",
        "f(\"DELETE\"); g(\"UPDATE of a room\"); h(\"select a room\")",
    );
}

#[test]
fn a_module_without_a_row_is_found() {
    refused(
        "plugins",
        "fn f() {}",
        "planted.rs:1: plugins has no row in the import table",
    );
}

#[test]
fn app_and_main_may_use_everything() {
    accepted(
        "app",
        "use crate::{http, net, orders}; use orderchat_store::Store;",
    );
}

#[test]
fn a_dependency_in_the_wrong_place_is_found() {
    let manifest = "[dependencies]\ntokio.workspace = true\nserde.workspace = true\n\
                    [dev-dependencies]\nreqwest.workspace = true\n";
    let found = rules::forbidden_dependencies("domain", &dependencies(manifest));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].contains("domain must not depend on tokio"),
        "{found:#?}"
    );
    assert_eq!(
        rules::forbidden_dependencies("store", &["orderchat-domain".into()]),
        [""; 0]
    );
}
