//! The OpenAPI document: what all routes share. What is each route's own stands at its handler.

pub(super) mod queries;
mod refusals;
mod shapes;

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};

const BEARER: &str = "bearer";

const ABOUT: &str = "\
One order, one room: the customer, the rider, the pharmacy, support and admins talk there, and the \
order's news appears in the same conversation.

**Who asks** says a token of your shop: `Authorization: Bearer <token>`. What one may not know of \
and what does not exist give the same `404`.

**JSON** both ways, in `snake_case`. Every field of an object is always there; what is unset or \
hidden is `null`. A field that is not known here is refused. Times are UTC, RFC 3339, with \
milliseconds. A path answers with or without its last slash.

**Lists** come in pages: follow `next` and `previous` as given.

**Sends** are idempotent: give `client_message_id`, or the header `Idempotency-Key`, and repeat \
the request until it is answered; the message is there once.

**Errors** are problems (RFC 9457): match on `type`, show `detail`. `429` and `503` say in \
`Retry-After` when to try again. Every answer has an `X-Request-Id`: name it when you report \
something.";

const TAGS: [(&str, &str); 9] = [
    (
        "Rooms",
        "The conversation of an order: open, closed, archived.",
    ),
    (
        "Participants",
        "Who is in a room, and what they may do there.",
    ),
    (
        "Messages",
        "What is said, answered, edited, deleted, received and read.",
    ),
    (
        "Files",
        "Photos, documents and voice notes: sent with a message or first, whole or in pieces.",
    ),
    (
        "Live",
        "Connections that are told at once what happens: a WebSocket, or Server-Sent Events.",
    ),
    ("Me", "The caller's own profile and unread counts."),
    ("Orders", "What the shop reports of its orders."),
    (
        "Users",
        "What the shop reports of people; revoking their tokens.",
    ),
    ("Audit", "What was done that no room shows."),
];

/// Adds what is the same for every route, or follows from what the handlers say.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    shapes::complete(&mut document);
    refusals::add(&mut document);
    document
}

/// The document without any routes.
pub(super) fn base() -> OpenApi {
    let license = LicenseBuilder::new()
        .name("MIT OR Apache-2.0")
        .identifier(Some("MIT OR Apache-2.0"));
    let info = InfoBuilder::new()
        .title("Orderchat")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license.build()));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A token that your shop signed, good for at most 24 hours.",
        ));
    let mut components = Components::new();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer.build()));
    OpenApiBuilder::new()
        .info(info.build())
        .components(Some(components))
        .security(Some([SecurityRequirement::new(
            BEARER,
            std::iter::empty::<String>(),
        )]))
        .tags(Some(TAGS.map(|(name, description)| {
            let tag = TagBuilder::new().name(name);
            tag.description(Some(description)).build()
        })))
        .build()
}

/// All operations: path, method, whether it may change something, and the operation itself.
fn operations(
    document: &mut OpenApi,
) -> impl Iterator<Item = (&str, &'static str, bool, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        [
            ("get", false, &mut item.get),
            ("head", false, &mut item.head),
            ("put", true, &mut item.put),
            ("post", true, &mut item.post),
            ("patch", true, &mut item.patch),
            ("delete", true, &mut item.delete),
        ]
        .into_iter()
        .filter_map(|(method, writes, operation)| {
            Some((path.as_str(), method, writes, operation.as_mut()?))
        })
    })
}

#[cfg(test)]
mod tests;
