//! CloudEvents over HTTP: structured, binary and batched (HTTP protocol binding 1.0.2).

use axum::extract::{FromRef, FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::body::{BodyLimit, check_coding, check_type, read_body};
use crate::json;
use crate::orders::of_binary;
use crate::problem::Problem;

/// What was sent, each event in the JSON format.
#[derive(Clone, Debug)]
pub(crate) enum CloudEvents {
    One(Value),
    Batch(Vec<Value>),
}

const PREFIX: &str = "ce-";

impl<S> FromRequest<S> for CloudEvents
where
    S: Send + Sync,
    BodyLimit: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let kind = essence(&headers);
        let is_binary = headers.keys().any(|name| name.as_str().starts_with(PREFIX));
        match kind.as_deref() {
            Some("application/cloudevents+json" | "application/cloudevents-batch+json") => {
                check_type(&headers)?;
            }
            Some(_) if is_binary => check_type(&headers)?,
            // The binding: a binary event without a Content-Type holds JSON.
            None if is_binary => check_coding(&headers)?,
            _ => {
                return Err(Problem::unsupported_media_type(
                    "send application/cloudevents+json, application/cloudevents-batch+json, or JSON \
                     with the event's attributes in ce- headers",
                ));
            }
        }
        let text = read_body(request, BodyLimit::from_ref(state)).await?;
        match kind.as_deref() {
            Some("application/cloudevents+json") => Ok(Self::One(parse(&text)?)),
            Some("application/cloudevents-batch+json") => match parse(&text)? {
                Value::Array(events) => Ok(Self::Batch(events)),
                _ => Err(Problem::invalid("", "must be a JSON list of events")),
            },
            _ => {
                let data = (!text.is_empty()).then(|| parse(&text)).transpose()?;
                let attributes = attributes(&headers)?;
                Ok(Self::One(of_binary(attributes, kind.as_deref(), data)))
            }
        }
    }
}

fn parse(text: &[u8]) -> Result<Value, Problem> {
    json::parse(text).map_err(|error| Problem::malformed(format!("the body is no JSON: {error}")))
}

/// The media type without its parameters.
fn essence(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(CONTENT_TYPE)?.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

/// The event's attributes, whose values are percent-encoded where they are not ASCII.
fn attributes(headers: &HeaderMap) -> Result<Vec<(String, String)>, Problem> {
    let mut attributes = Vec::new();
    for (name, value) in headers {
        let Some(attribute) = name.as_str().strip_prefix(PREFIX) else {
            continue;
        };
        let text = value.to_str().ok();
        let text = text.and_then(|text| percent_decode_str(text).decode_utf8().ok());
        let text = text.ok_or_else(|| Problem::invalid(name.as_str(), "is no text in UTF-8"))?;
        if attributes.iter().any(|(known, _)| known == attribute) {
            return Err(Problem::invalid(name.as_str(), "stands there twice"));
        }
        attributes.push((attribute.to_owned(), text.into_owned()));
    }
    Ok(attributes)
}
