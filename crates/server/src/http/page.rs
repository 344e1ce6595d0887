//! Pages of lists: `results`, and the paths of the pages around.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::query::parameters;
use crate::problem::Problem;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) results: Vec<T>,
    /// Path of the page after this one; null when there is none
    #[schema(required = true)]
    pub(crate) next: Option<String>,
    /// Path of the page before this one; null when there is none
    #[schema(required = true)]
    pub(crate) previous: Option<String>,
}

/// The longest cursor that is looked at; ours are far shorter.
pub(super) const LONGEST_CURSOR: usize = 1_024;

/// A place in a list, in a form that clients pass back and do not read. It is neither secret nor
/// signed: it says where to go on, never what one may see. Where that would tell too much, see
/// [`Seal`](super::seal::Seal).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor;

impl Cursor {
    /// `place` has a shape of this list's own, so that a cursor of another list is refused.
    ///
    /// # Errors
    /// 500 for a `place` that cannot be written as JSON: a defect here.
    pub(crate) fn encode(place: &impl Serialize) -> Result<String, Problem> {
        let json = serde_json::to_vec(place).map_err(|_| Problem::internal())?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    /// # Errors
    /// 422 at `cursor` for whatever [`encode`](Self::encode) has not made of a `T`.
    pub(crate) fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, Problem> {
        Some(cursor)
            .filter(|cursor| cursor.len() <= LONGEST_CURSOR)
            .and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok())
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(no_cursor)
    }
}

pub(super) fn no_cursor() -> Problem {
    let detail = "is no cursor of this list: take next or previous as given";
    Problem::invalid("cursor", detail)
}

/// RFC 3986: what need not be encoded in a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The path and query that were asked for; makes the paths of other pages from them.
#[derive(Clone, Debug)]
pub(crate) struct Here {
    path: String,
    query: Vec<(String, String)>,
}

impl Here {
    /// What a cursor of this list holds, if one was given.
    ///
    /// # Errors
    /// 422 at `cursor` for one of another list: of another room's, another filter's.
    pub(crate) fn place<T: DeserializeOwned>(
        &self,
        cursor: Option<&str>,
    ) -> Result<Option<T>, Problem> {
        let cursor = self.own(cursor)?;
        cursor.map(Cursor::decode).transpose()
    }

    /// The path of the page that begins at this place.
    ///
    /// # Errors
    /// 500 for a `place` that cannot be written as JSON: a defect here.
    pub(crate) fn page(&self, place: &impl Serialize) -> Result<String, Problem> {
        Ok(self.page_at(&Cursor::encode(place)?))
    }

    /// [`place`](Self::place) for a cursor of a form of its own: the cursor, if it is of this list.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn own<'a>(&self, cursor: Option<&'a str>) -> Result<Option<&'a str>, Problem> {
        let Some(cursor) = cursor else {
            return Ok(None);
        };
        match cursor.split_once('.') {
            Some((list, cursor)) if list == self.list() => Ok(Some(cursor)),
            _ => Err(no_cursor()),
        }
    }

    /// [`page`](Self::page) for a cursor of a form of its own.
    pub(crate) fn page_at(&self, cursor: &str) -> String {
        self.with("cursor", &format!("{}.{cursor}", self.list()), &[])
    }

    /// Which list this is: all that was asked for, but for where in it and how much of it. It keeps
    /// those who mistake one for another from gaps, and nobody out: what one may see is asked anew.
    fn list(&self) -> String {
        let mut asked: Vec<_> = (self.query.iter())
            .filter(|(name, _)| !["cursor", "limit"].contains(&name.as_str()))
            .collect();
        asked.sort();
        let mut digest = Sha256::new_with_prefix(self.path.trim_end_matches('/'));
        for (name, value) in asked {
            digest.update([0]);
            digest.update(name);
            digest.update([0]);
            digest.update(value);
        }
        URL_SAFE_NO_PAD.encode(&digest.finalize()[..6])
    }

    /// The same list elsewhere: with the parameter `name` set to `value`, without those in
    /// `instead_of`, all others kept. Path-absolute: it names no host.
    pub(crate) fn with(&self, name: &str, value: &str, instead_of: &[&str]) -> String {
        let kept = self
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(kept, _)| *kept != name && !instead_of.contains(kept));
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
}

impl<S: Send + Sync> FromRequestParts<S> for Here {
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
    use rstest::rstest;

    use super::*;

    async fn here(uri: &str) -> Here {
        let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
        Here::from_request_parts(&mut parts, &()).await.unwrap()
    }

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor::encode(&("rooms", 1_700_000_000_000_i64)).unwrap();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(cursor.bytes().all(is_plain));
        let place: (String, i64) = Cursor::decode(&cursor).unwrap();
        assert_eq!(place, ("rooms".to_owned(), 1_700_000_000_000));
    }

    #[rstest]
    #[case("")]
    #[case("x")]
    #[case("AAAA")]
    #[case("!!!!")]
    #[case::of_another_list("WzFd")]
    #[case::with_more_behind_it("WyJhIiwxXSB4")]
    fn what_is_no_cursor_of_the_list_is_named(#[case] cursor: &str) {
        let refused = Cursor::decode::<(String, i64)>(cursor).unwrap_err();
        let body = serde_json::to_value(refused.body()).unwrap();
        assert_eq!(body["errors"][0]["pointer"], "cursor");
    }

    #[test]
    fn an_endless_cursor_is_not_even_decoded() {
        let cursor = Cursor::encode(&"a".repeat(2_000)).unwrap();
        assert!(Cursor::decode::<String>(&cursor).is_err());
    }

    #[test]
    fn a_page_always_has_all_its_fields() {
        let page = Page {
            results: vec![1],
            next: None,
            previous: None,
        };
        let json = serde_json::to_string(&page).unwrap();
        assert_eq!(json, r#"{"results":[1],"next":null,"previous":null}"#);
    }

    #[rstest]
    #[case::the_next_page("/api/chat/rooms/?cursor=x&limit=9&status=open", true)]
    #[case::in_another_order("/api/chat/rooms?status=open&limit=2", true)]
    #[case::of_another_path("/api/chat/rooms/x/?status=open", false)]
    #[case::of_another_filter("/api/chat/rooms/?status=closed", false)]
    #[case::of_more("/api/chat/rooms/", false)]
    #[tokio::test]
    async fn a_cursor_is_good_for_its_list_alone(#[case] asked: &str, #[case] is_good: bool) {
        let made = here("/api/chat/rooms/?status=open").await;
        let page = made.page(&7).unwrap();
        let (_, cursor) = page.split_once("cursor=").unwrap();
        let place = here(asked).await.place::<i64>(Some(cursor));
        match place {
            Ok(place) => assert!(is_good && place == Some(7), "{asked}"),
            Err(_) => assert!(!is_good, "{asked}"),
        }
        assert!(made.place::<i64>(Some("7")).is_err());
        assert_eq!(made.place::<i64>(None).unwrap(), None);
    }

    #[tokio::test]
    async fn links_keep_the_other_parameters() {
        let here = here("/api/chat/rooms/?search=a%26b%20%C3%A9&cursor=old&limit=2").await;
        assert_eq!(
            here.with("cursor", "new", &[]),
            "/api/chat/rooms/?search=a%26b%20%C3%A9&limit=2&cursor=new"
        );
    }

    #[tokio::test]
    async fn a_link_can_take_the_place_of_other_parameters() {
        let here = here("/api/chat/rooms/x/messages/?around=7&type=text").await;
        assert_eq!(
            here.with("after", "9", &["around", "before"]),
            "/api/chat/rooms/x/messages/?type=text&after=9"
        );
    }

    #[tokio::test]
    async fn a_link_names_no_host() {
        let here = here("http://evil.example/api/chat/rooms/").await;
        assert_eq!(here.with("cursor", "c", &[]), "/api/chat/rooms/?cursor=c");
    }
}
