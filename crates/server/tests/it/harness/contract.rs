//! Holds every answer that any test meets against the OpenAPI document.

use std::sync::OnceLock;

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

/// Fails if the document knows the route, but not that it may answer with this status, or says
/// that the body is JSON and it is not.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, status: u16, text: &str) {
    let Some((template, operation)) = operation(method, path) else {
        return;
    };
    let answers = &operation["responses"];
    let documented = answers
        .get(status.to_string())
        .or_else(|| answers.get("default"));
    let Some(documented) = documented else {
        panic!("{method} {template} answered {status}, which openapi.json does not name: {text}");
    };
    let is_json = documented["content"].as_object().is_some_and(|content| {
        !content.is_empty() && content.keys().all(|kind| kind.contains("json"))
    });
    if is_json && method != "HEAD" {
        assert!(
            serde_json::from_str::<Value>(text).is_ok(),
            "{method} {template} answered {status} with a body that is not JSON: {text}"
        );
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
