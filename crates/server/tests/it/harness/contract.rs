//! Holds every answer that any test meets against the OpenAPI document.

use std::sync::OnceLock;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

/// The snapshot at the root of the workspace, `None` before it was written for the first time.
pub(crate) fn document() -> Option<&'static Value> {
    static DOCUMENT: OnceLock<Option<Value>> = OnceLock::new();
    DOCUMENT
        .get_or_init(|| {
            let text = std::fs::read_to_string(snapshot_path()).ok()?;
            Some(serde_json::from_str(&text).expect("openapi.json is JSON"))
        })
        .as_ref()
}

/// Where the snapshot lies.
pub(crate) fn snapshot_path() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json")
}

/// The operation that answers this method and path, and the path as the document writes it.
pub(crate) fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let paths = document()?["paths"].as_object()?;
    // A written-out segment wins over a parameter.
    let (template, item) = paths
        .iter()
        .filter(|(template, _)| matches(template, path))
        .min_by_key(|(template, _)| template.matches('{').count())?;
    Some((template, item.get(method.to_ascii_lowercase())?))
}

/// Fails if the document knows the route, but not that it may answer with this status, or with a
/// body of this media type, or says that the body is JSON and it is not.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, status: u16, headers: &HeaderMap, body: &[u8]) {
    let Some((template, operation)) = operation(method.as_str(), path) else {
        return;
    };
    let text = String::from_utf8_lossy(body);
    let answers = &operation["responses"];
    let documented = answers
        .get(status.to_string())
        .or_else(|| answers.get("default"));
    let Some(documented) = documented.map(resolved) else {
        panic!("{method} {template} answered {status}, which openapi.json does not name: {text}");
    };
    if body.is_empty() {
        return;
    }
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = essence(kind.unwrap_or_default());
    let kinds = documented["content"].as_object();
    assert!(
        kinds.is_some_and(|kinds| kinds.keys().any(|one| essence(one) == kind)),
        "{method} {template} answered {status} with {kind}, which openapi.json does not name there"
    );
    if kind.ends_with("json") {
        assert!(
            serde_json::from_slice::<Value>(body).is_ok(),
            "{method} {template} answered {status} with a body that is not JSON: {text}"
        );
    }
}

/// A media type without its parameters.
fn essence(kind: &str) -> &str {
    kind.split(';').next().unwrap_or_default().trim()
}

/// What a reference of the document leads to; what is none is itself.
fn resolved(value: &'static Value) -> &'static Value {
    let pointer = value["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
    match pointer.and_then(|pointer| document()?.pointer(pointer)) {
        Some(there) => there,
        None => value,
    }
}

/// Whether a path is one of a template, a last slash apart.
fn matches(template: &str, path: &str) -> bool {
    let (template, path) = (template.trim_end_matches('/'), path.trim_end_matches('/'));
    let mut wanted = template.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}
