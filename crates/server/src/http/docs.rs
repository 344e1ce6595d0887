//! `/api/openapi.json`, `/api/asyncapi.json`, and `/api/docs`, a page that shows the first to people:
//! three files of our own, nothing from elsewhere.

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use utoipa::openapi::OpenApi;

use super::{AppState, asyncapi};

/// The page loads its own files and sends nothing anywhere.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                   connect-src 'self'; base-uri 'none'; form-action 'none'; \
                   frame-ancestors 'none'; require-trusted-types-for 'script'";

pub(super) fn router(document: &OpenApi) -> Router<AppState> {
    // Strings, lists and maps with string keys: it can always be written as JSON.
    let json = document.to_json().unwrap_or_default();
    let frames = asyncapi::document(document).to_string();
    let page = include_str!("docs/index.html");
    let script = include_str!("docs/docs.js");
    let style = include_str!("docs/docs.css");
    let icon = include_str!("docs/icon.svg");
    Router::new()
        .route("/api/openapi.json/", file("application/json", json.into()))
        .route(
            "/api/asyncapi.json/",
            file("application/json", frames.into()),
        )
        .route("/api/docs/", file("text/html; charset=utf-8", page.into()))
        .route(
            "/api/docs/docs.js/",
            file("text/javascript; charset=utf-8", script.into()),
        )
        .route(
            "/api/docs/docs.css/",
            file("text/css; charset=utf-8", style.into()),
        )
        .route("/api/docs/icon.svg/", file("image/svg+xml", icon.into()))
}

/// Answers with these bytes, whoever asks.
fn file(kind: &'static str, content: axum::body::Bytes) -> MethodRouter<AppState> {
    let headers: [(HeaderName, &str); 3] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, CSP),
        (REFERRER_POLICY, "no-referrer"),
    ];
    get(async move || (headers, content).into_response())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() {
        let page = include_str!("docs/index.html");
        for foreign in [
            "http:",
            "https:",
            "\"//",
            "<style",
            "style=",
            "onclick",
            "javascript:",
        ] {
            assert!(!page.contains(foreign), "{foreign} in the page");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("<script src=\"/api/docs/docs.js\" defer></script>"));
    }

    #[test]
    fn the_script_makes_no_html_from_text() {
        let script = include_str!("docs/docs.js");
        for unsafe_sink in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!script.contains(unsafe_sink), "{unsafe_sink} in the script");
        }
    }
}
