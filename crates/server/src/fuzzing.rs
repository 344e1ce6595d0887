//! What fuzz targets feed (`fuzz/`): bytes from outside into one parser each. None may panic,
//! whatever comes; what is taken must hold what its reader promises.
//!
//! The committed corpora run through the same functions in every test run.

/// The cursor of a list, as it stands in a query.
pub fn cursor(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        crate::http::v1::fuzzing::cursor(text);
    }
}

/// The query of a request.
pub fn query(data: &[u8]) {
    crate::http::v1::fuzzing::query(data);
}

/// What is searched for, up to the first line end, and the text of a message behind it.
pub fn search(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        crate::http::v1::fuzzing::search(text);
    }
}

/// The JSON body of a request.
pub fn body(data: &[u8]) {
    crate::http::v1::fuzzing::body(data);
}

/// A frame of a live client.
pub fn frame(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        crate::live::fuzzing::frame(text);
    }
}

/// A bearer token.
pub fn token(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        crate::auth::fuzzing::token(text);
    }
}

/// The payload of a token whose signature was good.
pub fn claims(data: &[u8]) {
    crate::auth::fuzzing::claims(data);
}

#[cfg(test)]
mod tests {
    use orderchat_media::fuzzing::feed_corpus;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("cursor", cursor)]
    #[case("query", query)]
    #[case("search", search)]
    #[case("body", body)]
    #[case("frame", frame)]
    #[case("token", token)]
    #[case("claims", claims)]
    fn the_corpus_is_read_without_a_panic(#[case] target: &str, #[case] feed: fn(&[u8])) {
        feed_corpus(target, feed);
    }
}
