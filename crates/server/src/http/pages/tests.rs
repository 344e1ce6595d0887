use axum::body::to_bytes;
use rstest::rstest;

use super::*;

/// A build with one script, which gzip could not make smaller.
fn files(path: &str) -> Option<Cow<'static, [u8]>> {
    let content: &[u8] = match path {
        "index.html" => b"<!doctype html>",
        "index.html.br" => b"br",
        "index.html.gz" => b"gz",
        "assets/chat-1a2b.js" => b"0",
        _ => return None,
    };
    Some(Cow::Borrowed(content))
}

fn accepting(encodings: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(encodings))])
}

async fn text(answer: Response) -> String {
    let body = to_bytes(answer.into_body(), 4_096).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[rstest]
#[case("gzip, deflate, br, zstd", Some("br"), "br")]
#[case("gzip", Some("gzip"), "gz")]
#[case("br;q=0, GZIP ;q=0.5", Some("gzip"), "gz")]
#[case("br;q=0.0", None, "<!doctype html>")]
#[case("br;q=much", None, "<!doctype html>")]
#[case("", None, "<!doctype html>")]
#[tokio::test]
async fn the_smallest_form_is_sent_that_is_taken(
    #[case] accepted: &'static str,
    #[case] encoding: Option<&str>,
    #[case] content: &str,
) {
    let answer = shown(&PageSettings::default(), files, &accepting(accepted));
    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers();
    assert_eq!(
        headers
            .get(CONTENT_ENCODING)
            .map(|value| value.to_str().unwrap()),
        encoding
    );
    assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(headers[VARY], "accept-encoding");
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert_eq!(text(answer).await, content);
}

#[test]
fn a_script_that_was_not_compressed_is_sent_as_it_is() {
    let answer = sent(files, "assets/chat-1a2b.js", &accepting("br")).unwrap();
    assert_eq!(
        answer.headers()[CONTENT_TYPE],
        "text/javascript; charset=utf-8"
    );
    assert!(!answer.headers().contains_key(CONTENT_ENCODING));
    assert!(sent(files, "assets/chat-ffff.js", &accepting("br")).is_none());
}

#[test]
fn only_what_has_a_hash_in_its_name_is_kept() {
    assert_eq!(caching("assets/chat-1a2b.js"), FOR_GOOD);
    assert_eq!(caching("sw.js"), NEVER);
    assert_eq!(caching("manifest.webmanifest"), NEVER);
}

#[tokio::test]
async fn a_program_without_the_pages_says_how_to_get_them() {
    let answer = shown(&PageSettings::default(), |_| None, &HeaderMap::new());
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(answer.headers().contains_key(CONTENT_SECURITY_POLICY));
    assert!(text(answer).await.contains("make web"));
}

#[test]
fn only_the_sites_that_are_named_may_frame_the_page() {
    let nobody = PageSettings::default().content_security_policy();
    assert!(nobody.contains("frame-ancestors 'self';"), "{nobody}");
    let shop = PageSettings {
        frame_ancestors: vec!["https://shop.example".to_owned()],
        is_demo: false,
    };
    let shop = shop.content_security_policy();
    assert!(
        shop.contains("frame-ancestors 'self' https://shop.example;"),
        "{shop}"
    );
    for loose in ["unsafe", "*", "http:", " data:;"] {
        assert!(!nobody.contains(loose), "{loose} in {nobody}");
    }
}
