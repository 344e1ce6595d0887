//! The chat page: the files that `make web` built, which are in the binary, and the one document
//! that they all begin with.
//!
//! The page is one document for every path that it knows; what it shows hangs on the path and is
//! the page's affair. Its assets have a hash in their names and never change.

use std::borrow::Cow;

use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    REFERRER_POLICY, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use rust_embed::RustEmbed;
use serde::Serialize;

use super::AppState;
use crate::problem::Problem;

/// A debug build reads them from the folder when asked, so that pages can be built after it.
#[derive(RustEmbed)]
#[folder = "../../web/apps/chat/dist"]
#[allow_missing = true]
struct Built;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// What the page may ask the device for: a photo of the door. Nothing else.
const PERMISSIONS: &str = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()";
/// A file with a hash in its name.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// Asked for anew each time.
const NEVER: &str = "no-store";
/// How a file may have been compressed when it was built, the best first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// What the settings say of the pages.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageSettings {
    /// Origins of the sites that may show the page in a frame, besides its own.
    pub(crate) frame_ancestors: Vec<String>,
    /// Whether this is the demo, where one steps into any role without signing in.
    pub(crate) is_demo: bool,
}

impl PageSettings {
    /// What the page may load and do, and who may frame it.
    fn content_security_policy(&self) -> String {
        let own = std::iter::once("'self'");
        let ancestors: Vec<&str> = own
            .chain(self.frame_ancestors.iter().map(String::as_str))
            .collect();
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
             media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; \
             worker-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors {}; require-trusted-types-for 'script'; \
             trusted-types svelte-trusted-html orderchat-worker",
            ancestors.join(" ")
        )
    }
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(document))
        .route("/embed/", get(document))
        .route("/app/", get(document))
        .route("/app/config.json/", get(config))
        .route("/app/{*path}", get(file))
}

/// What the page asks first.
#[derive(Debug, Serialize)]
struct Config<'a> {
    version: &'static str,
    demo: bool,
    /// Whom the page in a frame takes a token from, besides its own origin.
    frame_ancestors: &'a [String],
}

async fn config(State(state): State<AppState>) -> Response {
    let pages = &state.settings.pages;
    Json(Config {
        version: env!("CARGO_PKG_VERSION"),
        demo: pages.is_demo,
        frame_ancestors: &pages.frame_ancestors,
    })
    .into_response()
}

async fn document(State(state): State<AppState>, headers: HeaderMap) -> Response {
    shown(&state.settings.pages, built, &headers)
}

/// A file of the page, or the page itself for a path of its own, which has no extension.
async fn file(
    State(state): State<AppState>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let path = path.trim_end_matches('/');
    let is_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    if !is_file {
        return shown(&state.settings.pages, built, &headers);
    }
    match sent(built, path, &headers) {
        Some(answer) => with(answer, &state.settings.pages, caching(path)),
        None => Problem::not_found().into_response(),
    }
}

/// How long a browser may keep it without asking. What has no hash in its name is asked for anew: a
/// service worker above all.
fn caching(path: &str) -> &'static str {
    if path.starts_with("assets/") {
        FOR_GOOD
    } else {
        NEVER
    }
}

fn built(path: &str) -> Option<Cow<'static, [u8]>> {
    Built::get(path).map(|file| file.data)
}

/// The page, or, in a program that was built without, how to get it.
fn shown(
    pages: &PageSettings,
    files: impl Fn(&str) -> Option<Cow<'static, [u8]>>,
    headers: &HeaderMap,
) -> Response {
    let answer = sent(files, "index.html", headers).unwrap_or_else(|| {
        let notice = include_str!("pages/without.html");
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        (StatusCode::NOT_FOUND, [(CONTENT_TYPE, html)], notice).into_response()
    });
    with(answer, pages, NEVER)
}

/// The file, as small as the client takes it.
fn sent(
    files: impl Fn(&str) -> Option<Cow<'static, [u8]>>,
    path: &str,
    headers: &HeaderMap,
) -> Option<Response> {
    let kind = mime_of(path);
    let vary = [
        (CONTENT_TYPE, kind),
        (VARY, HeaderValue::from_static("accept-encoding")),
    ];
    let compressed = ENCODINGS.iter().find_map(|(encoding, end)| {
        let taken = takes(headers, encoding).then(|| files(&format!("{path}{end}")));
        taken.flatten().map(|content| (*encoding, content))
    });
    match compressed {
        Some((encoding, content)) => {
            let encoding = [(CONTENT_ENCODING, HeaderValue::from_static(encoding))];
            Some((vary, encoding, content).into_response())
        }
        None => files(path).map(|content| (vary, content).into_response()),
    }
}

/// Texts are UTF-8.
fn mime_of(path: &str) -> HeaderValue {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = kind.type_() == mime_guess::mime::TEXT;
    let named = format!("{kind}{}", if is_text { "; charset=utf-8" } else { "" });
    HeaderValue::try_from(named).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// Whether `Accept-Encoding` names it, and not with a weight of nothing.
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let given = headers.get_all(ACCEPT_ENCODING).iter();
    let mut given = given.filter_map(|value| value.to_str().ok());
    given.any(|value| {
        value.split(',').any(|one| {
            let mut parts = one.split(';').map(str::trim);
            let is_named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            is_named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|q| q > 0.0))
        })
    })
}

/// With the headers of everything that belongs to the page.
fn with(mut answer: Response, pages: &PageSettings, caching: &'static str) -> Response {
    let headers = answer.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(pages.content_security_policy()) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS));
    answer
}

#[cfg(test)]
mod tests;
