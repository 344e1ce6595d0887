//! Cursors, queries and bodies, as [`crate::fuzzing`] feeds them.

use std::collections::HashSet;
use std::fmt::Debug;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use futures_util::FutureExt;
use orderchat_domain::message::{Asked, Draft, IdempotencyKey};
use orderchat_domain::search::{Query, grams};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fields::PageQuery;
use super::window::Step;
use crate::http::body::{BodyLimit, JsonBody};
use crate::http::page::{Cursor, Here};
use crate::http::query::QueryOf;
use crate::json;
use crate::orders::OrderReport;

const LARGEST_BODY: usize = 128 * 1024;
const LONGEST_MESSAGE: usize = 8_000;

/// A cursor that is taken is the same when it is written and read again.
fn holds<T: DeserializeOwned + Serialize + PartialEq + Debug>(text: &str) {
    if let Ok(place) = Cursor::decode::<T>(text) {
        let again = Cursor::encode(&place).and_then(|text| Cursor::decode::<T>(&text));
        assert_eq!(again.ok(), Some(place));
    }
}

pub(crate) fn cursor(text: &str) {
    holds::<Step<i64>>(text);
    holds::<Step<u64>>(text);
    holds::<(i64, u64)>(text);
}

/// The bytes as the query of a list: read as one, and put into the link to its next page.
pub(crate) fn query(data: &[u8]) {
    let uri = [b"/api/chat/messages/unread/?", data].concat();
    let Ok(request) = axum::http::Uri::try_from(uri).map(|uri| Request::get(uri).body(())) else {
        return;
    };
    let Ok(request) = request else { return };
    let (mut parts, ()) = request.into_parts();
    let read = QueryOf::<PageQuery>::from_request_parts(&mut parts, &()).now_or_never();
    if let Some(Ok(QueryOf(query))) = &read {
        assert!(
            (1..=200).contains(&query.limit.get()),
            "a limit out of range"
        );
    }
    if let Some(Ok(here)) = Here::from_request_parts(&mut parts, &()).now_or_never() {
        if let Some(Ok(QueryOf(query))) = &read {
            drop(query.place::<Value>(&here));
        }
        let next = here.with("cursor", "next", &[]);
        assert!(
            next.parse::<axum::http::Uri>().is_ok(),
            "a link that is none"
        );
    }
}

/// What is searched for, up to the first line end, and the text of a message behind it.
pub(crate) fn search(text: &str) {
    let (asked, body) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(query) = Query::parse(asked) else {
        return;
    };
    assert!(query.is_in(asked), "a query is not found in itself");
    if query.is_in(body) {
        let mut indexed = HashSet::new();
        grams(body, |gram| {
            indexed.insert(gram);
        });
        // Of a message that the index leaves out nobody would ever ask whether it is meant.
        let found = |gram| indexed.contains(gram);
        assert!(
            query.grams(8).iter().all(found),
            "the index would not find it"
        );
    }
    let number = body.to_lowercase();
    assert!(!query.names(body) || number.starts_with(query.name()));
}

/// The body as each of the larger requests takes it, and what they make of it.
pub(crate) fn body(data: &[u8]) {
    if let Some(JsonBody(report)) = read::<OrderReport>(data) {
        assert!(
            json::parse(report.text().as_bytes()).is_ok(),
            "a report is kept as no JSON"
        );
        drop(report.parse());
    }
    drop(read::<Value>(data));
    let Ok(Value::Object(fields)) = json::parse(data) else {
        return;
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let metadata = fields.get("metadata").and_then(Value::as_object).cloned();
    let key = IdempotencyKey::from_request(text("client_message_id"), None);
    let asked = Asked {
        message_type: text("message_type"),
        content: text("content").unwrap_or_default(),
        reply_to: text("reply_to"),
        attachment: text("attachment"),
        metadata,
        key: key.ok().flatten(),
    };
    let draft = Draft::parse(fields.contains_key("service"), asked, LONGEST_MESSAGE);
    if let Ok(draft) = draft {
        let (moderated, _) = draft.moderated();
        let length = moderated.content.chars().count();
        // A file needs no caption.
        let least = usize::from(moderated.file.is_none());
        assert!(
            (least..=LONGEST_MESSAGE).contains(&length),
            "a text of {length} characters"
        );
    }
}

fn read<T: DeserializeOwned>(data: &[u8]) -> Option<JsonBody<T>> {
    let request = Request::post("/")
        .header("content-type", "application/json")
        .body(Body::from(data.to_vec()))
        .ok()?;
    let limit = BodyLimit(LARGEST_BODY);
    JsonBody::<T>::from_request(request, &limit)
        .now_or_never()?
        .ok()
}
