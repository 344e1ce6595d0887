//! Which part of a file is asked for, and whether the client has it already: RFC 9110.

use std::ops::Range;

use axum::http::HeaderMap;
use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    All,
    Part(Range<u64>),
    /// It begins behind the end.
    Beyond,
}

/// The client has this version already.
pub(super) fn not_modified(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(IF_NONE_MATCH).iter();
    given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
}

/// The part of `size` bytes. Several ranges, other units and what cannot be read are answered with
/// all of it, as the standard allows; so is a range of another version.
pub(super) fn part_of(headers: &HeaderMap, tag: &str, size: u64) -> Asked {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(IF_RANGE).is_some_and(|version| version != tag) {
        return Asked::All;
    }
    let range = text(RANGE).and_then(|range| range.strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.trim().split_once('-')) else {
        return Asked::All;
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (
        number(first),
        number(last),
        first.is_empty(),
        last.is_empty(),
    ) {
        (Some(first), Some(last), ..) if first > last => Asked::All,
        (Some(first), ..) if first >= size && (last.is_empty() || number(last).is_some()) => {
            Asked::Beyond
        }
        (Some(first), Some(last), ..) => Asked::Part(first..last.saturating_add(1).min(size)),
        (Some(first), None, _, true) => Asked::Part(first..size),
        (None, Some(0), true, _) => Asked::Beyond,
        (None, Some(_), true, _) if size == 0 => Asked::Beyond,
        (None, Some(count), true, _) => Asked::Part(size.saturating_sub(count)..size),
        _ => Asked::All,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    fn part(range: &'static str) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static(range));
        part_of(&headers, "\"v\"", 100)
    }

    #[rstest]
    #[case("bytes=0-0", Asked::Part(0..1))]
    #[case("bytes=10-", Asked::Part(10..100))]
    #[case("bytes=90-1000", Asked::Part(90..100))]
    #[case("bytes=-5", Asked::Part(95..100))]
    #[case("bytes=-1000", Asked::Part(0..100))]
    #[case("bytes=100-", Asked::Beyond)]
    #[case("bytes=99999999999999999999999-", Asked::Beyond)]
    #[case("bytes=-0", Asked::Beyond)]
    #[case("bytes=5-4", Asked::All)]
    #[case("bytes=0-1,5-6", Asked::All)]
    #[case("bytes=a-b", Asked::All)]
    #[case("bytes=-", Asked::All)]
    #[case("lines=1-2", Asked::All)]
    fn one_range_of_bytes_is_answered(#[case] range: &'static str, #[case] expected: Asked) {
        assert_eq!(part(range), expected);
    }

    #[test]
    fn a_range_of_another_version_is_all_of_this_one() {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static("bytes=1-2"));
        headers.insert(IF_RANGE, HeaderValue::from_static("\"w\""));
        assert_eq!(part_of(&headers, "\"v\"", 100), Asked::All);
        assert_eq!(part_of(&headers, "\"w\"", 100), Asked::Part(1..3));
    }

    #[test]
    fn who_has_it_is_not_given_it_again() {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, HeaderValue::from_static("\"a\", W/\"v\""));
        assert!(not_modified(&headers, "\"v\""));
        assert!(!not_modified(&headers, "\"w\""));
    }
}
