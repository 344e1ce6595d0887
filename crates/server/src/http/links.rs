//! Links to other pages of the list that was asked for.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::page::Cursor;
use super::problem::Problem;
use super::query::parameters;

/// RFC 3986: what need not be encoded in a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The path and query that were asked for. Links made from them keep all other parameters, and are
/// path-absolute: they name no host.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    path: String,
    query: Vec<(String, String)>,
}

impl Links {
    /// The same list from this place on: with the place as `cursor`.
    pub(crate) fn to(&self, place: &impl Serialize) -> String {
        self.with("cursor", &Cursor::encode(place))
    }

    /// The same list with the parameter `name` set to `value`.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let kept = self
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(kept, _)| *kept != name);
        let mut link = self.path.clone();
        let mut separator = '?';
        for (name, value) in kept.chain([(name, value)]) {
            link.push(separator);
            link.extend(utf8_percent_encode(name, ENCODED));
            link.push('=');
            link.extend(utf8_percent_encode(value, ENCODED));
            separator = '&';
        }
        link
    }

    /// Links without these parameters.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let mut links = self.clone();
        links
            .query
            .retain(|(name, _)| !names.contains(&name.as_str()));
        links
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Links {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // A nested router sees only the end of the path.
        let uri = parts
            .extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |OriginalUri(uri)| uri);
        Ok(Self {
            path: uri.path().to_owned(),
            query: parameters(uri)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn links(uri: &str) -> Links {
        let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
        Links::from_request_parts(&mut parts, &()).await.unwrap()
    }

    #[tokio::test]
    async fn links_keep_the_other_parameters() {
        let links = links("/api/chat/rooms/?search=a%26b%20%C3%A9&cursor=old&limit=2").await;
        assert_eq!(
            links.to(&[7]),
            "/api/chat/rooms/?search=a%26b%20%C3%A9&limit=2&cursor=Wzdd"
        );
    }

    #[tokio::test]
    async fn a_link_can_leave_parameters_out() {
        let links = links("/api/chat/rooms/x/messages/?around=7&type=text").await;
        assert_eq!(
            links.without(&["around", "before"]).with("after", "9"),
            "/api/chat/rooms/x/messages/?type=text&after=9"
        );
    }

    #[tokio::test]
    async fn a_link_names_no_host() {
        let links = links("http://evil.example/api/chat/rooms/").await;
        assert_eq!(links.with("after", "1"), "/api/chat/rooms/?after=1");
    }
}
