use axum::body::to_bytes;
use orderchat_domain::Rule;
use serde_json::{Value, json};

use super::*;
use crate::chat::{ChatError, StoreError};
use crate::limits::RetryAfter;

async fn answer(problem: Problem) -> (StatusCode, axum::http::HeaderMap, Value) {
    let response = problem.into_response();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body(), 64 * 1024).await.unwrap();
    (status, headers, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_refusal_names_its_rule_and_what_to_do() {
    let refusal = Refusal::conflict(Rule::RoomFull, "the room has 10 of 10 people");
    let (status, headers, body) = answer(refusal.into()).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
    assert_eq!(
        body,
        json!({
            "type": "urn:orderchat:problem:room-full",
            "title": "The room is full",
            "status": 409,
            "detail": "the room has 10 of 10 people",
            "errors": [],
        })
    );
}

#[tokio::test]
async fn a_refusal_of_values_points_at_each() {
    let errors = ["/title", "/max_participants"].map(|pointer| FieldError {
        pointer: pointer.to_owned(),
        detail: "is wrong".to_owned(),
    });
    let refusal = Refusal::Invalid {
        rule: Rule::Invalid,
        errors: errors.to_vec(),
    };
    let (status, _, body) = answer(refusal.into()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(body["detail"], "/title is wrong; 1 more");
    assert_eq!(body["errors"][1]["pointer"], "/max_participants");
}

#[tokio::test]
async fn whatever_was_not_found_is_the_same_answer() {
    let of_domain = answer(Refusal::NotFound.into()).await;
    assert_eq!(of_domain, answer(Problem::not_found()).await);
    assert_eq!(
        of_domain,
        answer(ChatError::Refused(Refusal::NotFound).into()).await
    );
}

#[tokio::test]
async fn a_missing_token_and_a_bad_one_are_told_apart() {
    let (status, headers, _) = answer(Problem::token_missing()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(headers[WWW_AUTHENTICATE], "Bearer");
    let (_, headers, _) = answer(Problem::token_refused("the token has expired")).await;
    assert_eq!(headers[WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn whoever_has_to_wait_is_told_how_long() {
    let (status, headers, _) = answer(RetryAfter(7).into()).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(headers[RETRY_AFTER], "7");
}

#[tokio::test]
async fn failures_below_the_rules_say_nothing_of_themselves() {
    for (failure, expected, waits) in [
        (StoreError::Busy("the secret queue"), 503, true),
        (StoreError::Conflict, 503, true),
        (StoreError::Failed("secret".into()), 503, true),
        (StoreError::DiskFull, 507, false),
        (StoreError::Statement("secret".into()), 500, false),
        (StoreError::Unusable("secret".into()), 500, false),
        (StoreError::Corrupt("secret".into()), 500, false),
    ] {
        let (status, headers, body) = answer(ChatError::Failed(failure).into()).await;
        assert_eq!(status.as_u16(), expected);
        assert_eq!(headers.contains_key(RETRY_AFTER), waits, "{body}");
        assert!(!body.to_string().contains("secret"), "{body}");
    }
}
