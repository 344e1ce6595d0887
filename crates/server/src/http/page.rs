//! Pages of lists, and the cursors between them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::problem::Problem;

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

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// The longest cursor that is looked at; ours are far shorter.
const LONGEST_CURSOR: usize = 1_024;

/// A place in a list, in a form that clients pass back and do not read. It is neither secret nor
/// signed: it says where to go on, never what one may see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor;

impl Cursor {
    /// `place` is a struct of numbers and texts whose shape is this list's own, so that a cursor
    /// of another list is refused.
    pub(crate) fn encode(place: &impl Serialize) -> String {
        // Numbers and texts can always be written as JSON.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
    }

    /// # Errors
    /// 422 at `cursor` for whatever [`encode`](Self::encode) has not made of a `T`.
    pub(crate) fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, Problem> {
        Some(cursor)
            .filter(|cursor| cursor.len() <= LONGEST_CURSOR)
            .and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok())
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| {
                let detail = "is no cursor of this list: take next or previous as given";
                Problem::invalid("cursor", detail)
            })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor::encode(&("rooms", 1_700_000_000_000_i64));
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
        let cursor = Cursor::encode(&"a".repeat(2_000));
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
}
