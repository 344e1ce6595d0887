//! How operations refuse: said once, referred to by each.

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use orderchat_domain::{FieldError, Refusal, Rule};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Ref, Type};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::operations;
use crate::limits::RetryAfter;
use crate::problem::{PROBLEM_JSON, Problem, ProblemBody, ProblemError};

/// Adds to every operation how it refuses, as far as its handler does not say so itself, and to what
/// the handler says the body that they all have.
pub(super) fn add(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    components
        .schemas
        .insert(ProblemError::name().into_owned(), ProblemError::schema());
    for refusal in refusals() {
        let name = refusal.name.to_owned();
        components
            .responses
            .insert(name, RefOr::T(refusal.response()));
    }
    for (path, _, writes, operation) in operations(document) {
        for (status, own) in &mut operation.responses.responses {
            if let RefOr::T(own) = own
                && status.starts_with(['4', '5'])
            {
                own.content
                    .entry(PROBLEM_JSON.to_owned())
                    .or_insert_with(|| problem().build().into());
            }
        }
        let asks = Asks::of(operation, writes, path.contains('{'));
        for refusal in refusals().iter().filter(|refusal| (refusal.when)(&asks)) {
            operation
                .responses
                .responses
                .entry(refusal.status.to_owned())
                .or_insert_with(|| RefOr::Ref(Ref::from_response_name(refusal.name)));
        }
    }
}

/// What of an operation decides how it can refuse.
struct Asks {
    body: bool,
    writes: bool,
    with_id: bool,
    /// The request carries a token.
    token: bool,
}

impl Asks {
    fn of(operation: &Operation, writes: bool, with_id: bool) -> Self {
        let names_a_room = operation
            .parameters
            .iter()
            .flatten()
            .any(|parameter| matches!(parameter, RefOr::T(named) if named.name == "room"));
        Self {
            body: operation.request_body.is_some(),
            writes,
            with_id: with_id || names_a_room,
            token: operation.security.is_none(),
        }
    }
}

/// The body of every refusal.
fn problem() -> ContentBuilder {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name())))
}

/// One way to refuse that many operations share.
struct SharedRefusal {
    status: &'static str,
    /// Its name among the components.
    name: &'static str,
    description: &'static str,
    /// Header and its meaning.
    header: Option<(&'static str, &'static str)>,
    example: Problem,
    when: fn(&Asks) -> bool,
}

impl SharedRefusal {
    fn response(&self) -> Response {
        let content = problem().example(serde_json::to_value(self.example.body()).ok());
        let mut response = ResponseBuilder::new()
            .description(self.description)
            .content(PROBLEM_JSON, content.build());
        if let Some((name, description)) = self.header {
            let schema = ObjectBuilder::new().schema_type(Type::String);
            let header = HeaderBuilder::new()
                .schema(Some(schema))
                .description(Some(description));
            response = response.header(name, header.build());
        }
        response.build()
    }
}

fn refusals() -> [SharedRefusal; 11] {
    let plain = |status, name, description, example, when| SharedRefusal {
        status,
        name,
        description,
        header: None,
        example,
        when,
    };
    let with = |header: &'static str, meaning, refusal: SharedRefusal| SharedRefusal {
        header: Some((header, meaning)),
        ..refusal
    };
    let too_late = Refusal::forbidden(Rule::Window, "your messages can be edited for 15 minutes");
    let full = Refusal::conflict(Rule::RoomFull, "the room has 10 of 10 people");
    let unknown = Refusal::Invalid {
        rule: Rule::Invalid,
        errors: vec![FieldError {
            pointer: "/colour".to_owned(),
            detail: "is unknown; taken is title or description".to_owned(),
        }],
    };
    [
        plain(
            "400",
            "Malformed",
            "The body is no strict JSON.",
            Problem::malformed("the body is no JSON: trailing comma at line 1 column 18"),
            |asks| asks.body,
        ),
        with(
            WWW_AUTHENTICATE.as_str(),
            "The scheme to use, and whether the token given was no good.",
            plain(
                "401",
                "Unauthorized",
                "There is no token, or it is not good.",
                Problem::token_refused("the token has expired"),
                |asks| asks.token,
            ),
        ),
        plain(
            "403",
            "Forbidden",
            "You may know of it, but not do this.",
            too_late.into(),
            |_| true,
        ),
        plain(
            "404",
            "NotFound",
            "It does not exist, or you may not know that it does.",
            Problem::not_found(),
            |asks| asks.with_id || asks.writes,
        ),
        plain(
            "409",
            "Conflict",
            "The present state does not allow it.",
            full.into(),
            |asks| asks.writes,
        ),
        plain(
            "413",
            "TooLarge",
            "The body is too large.",
            Problem::too_large(128 * 1024),
            |asks| asks.body,
        ),
        plain(
            "415",
            "UnsupportedMediaType",
            "The body is not sent as JSON.",
            Problem::unsupported_media_type("send the body with Content-Type: application/json"),
            |asks| asks.body,
        ),
        plain(
            "422",
            "Invalid",
            "A field or parameter is unknown, missing, of the wrong kind or out of range.",
            unknown.into(),
            // A parameter of the query that is not known.
            |_| true,
        ),
        with(
            RETRY_AFTER.as_str(),
            "Seconds to wait.",
            plain(
                "429",
                "TooManyRequests",
                "Too often.",
                RetryAfter(2).into(),
                |_| true,
            ),
        ),
        with(
            RETRY_AFTER.as_str(),
            "Seconds to wait.",
            plain(
                "503",
                "Unavailable",
                "Not now: too much is under way, the server stops, or the database is away.",
                Problem::unavailable("the database is busy; nothing was done, try again"),
                |_| true,
            ),
        ),
        plain(
            "507",
            "StorageFull",
            "The server's disk is full; reading goes on, but for what the audit could not record.",
            Problem::storage_full(),
            |asks| asks.token,
        ),
    ]
}
