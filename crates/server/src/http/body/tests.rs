use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Builder;
use axum::response::IntoResponse;
use rstest::rstest;
use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

fn request(kind: Option<&str>) -> Builder {
    let request = Request::post("/");
    match kind {
        Some(kind) => request.header(CONTENT_TYPE, kind),
        None => request,
    }
}

async fn read_as_json(request: Request) -> Result<Reason, Problem> {
    let JsonBody(reason) = JsonBody::from_request(request, &BodyLimit(64)).await?;
    Ok(reason)
}

async fn read_optional(request: Request) -> Result<Reason, Problem> {
    let OptionalJsonBody(reason) = OptionalJsonBody::from_request(request, &BodyLimit(64)).await?;
    Ok(reason)
}

async fn of(kind: &str, text: &str) -> Result<Reason, Problem> {
    read_as_json(request(Some(kind)).body(text.to_owned().into()).unwrap()).await
}

fn status(result: Result<Reason, Problem>) -> StatusCode {
    result.map_or_else(
        |problem| problem.into_response().status(),
        |_| StatusCode::OK,
    )
}

fn first_error(problem: &Problem) -> Value {
    serde_json::to_value(problem.body()).unwrap()["errors"][0].clone()
}

const GOOD: &str = r#"{"reason":"late"}"#;

#[rstest]
#[case("application/json")]
#[case("Application/JSON")]
#[case("application/json; charset=utf-8")]
#[case("application/json;charset=\"UTF-8\"")]
#[case("application/merge-patch+json")]
#[tokio::test]
async fn json_is_taken(#[case] kind: &str) {
    assert_eq!(of(kind, GOOD).await.unwrap().reason, "late");
}

#[rstest]
#[case("")]
#[case("text/plain")]
#[case("text/plain;application/json")]
#[case("application/x-www-form-urlencoded")]
#[case("multipart/form-data; boundary=x")]
#[case("application/jsonp")]
#[case("text/x+json")]
#[case("application/json; charset=latin1")]
#[tokio::test]
async fn other_types_are_415(#[case] kind: &str) {
    let result = of(kind, GOOD).await;
    assert_eq!(status(result), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_body_without_a_type_with_two_or_compressed_is_415() {
    let bare = request(None).body(GOOD.into()).unwrap();
    let two = request(Some("application/json")).header(CONTENT_TYPE, "text/plain");
    let packed = request(Some("application/json")).header(CONTENT_ENCODING, "gzip");
    for request in [
        bare,
        two.body(GOOD.into()).unwrap(),
        packed.body(GOOD.into()).unwrap(),
    ] {
        let status = status(read_optional(request).await);
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}

#[tokio::test]
async fn no_body_is_the_default_where_a_body_is_optional_and_400_elsewhere() {
    let none = || request(None).body(Body::empty()).unwrap();
    assert_eq!(read_optional(none()).await.unwrap(), Reason::default());
    let result = read_as_json(none()).await;
    assert_eq!(status(result), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_declared_or_not() {
    let large = format!(r#"{{"reason":"{}"}}"#, "a".repeat(100));
    let declared = of("application/json", &large).await;
    assert_eq!(status(declared), StatusCode::PAYLOAD_TOO_LARGE);

    let pieces = large
        .as_bytes()
        .chunks(10)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
    let pieces: Vec<_> = pieces.collect();
    let streamed = Body::from_stream(futures_util::stream::iter(pieces));
    let request = request(Some("application/json")).body(streamed).unwrap();
    let result = read_as_json(request).await;
    assert_eq!(status(result), StatusCode::PAYLOAD_TOO_LARGE);
}

#[rstest]
#[case("{")]
#[case(r#"{"reason":"a","reason":"b"}"#)]
#[case(r#"{"reason":1e999}"#)]
#[tokio::test]
async fn what_is_no_json_is_400(#[case] text: &str) {
    let result = of("application/json", text).await;
    assert_eq!(status(result), StatusCode::BAD_REQUEST);
}

#[rstest]
#[case("[]", "", "must be a JSON object")]
#[case("null", "", "must be a JSON object")]
#[case("{}", "/reason", "is missing")]
#[case(r#"{"reason":7}"#, "/reason", "must be a string")]
#[case(r#"{"reason":"a","~a/b":1}"#, "/~0a~1b", "is unknown; taken is reason")]
#[tokio::test]
async fn what_does_not_fit_is_422_at_a_pointer(
    #[case] text: &str,
    #[case] pointer: &str,
    #[case] detail: &str,
) {
    let problem = of("application/json", text).await.unwrap_err();
    let error = first_error(&problem);
    assert_eq!(error["pointer"], pointer);
    assert_eq!(error["detail"], detail);
    assert_eq!(
        problem.into_response().status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
