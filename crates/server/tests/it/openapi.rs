//! The OpenAPI document: the snapshot is up to date, complete, and says what answers look like.

use serde_json::Value;

use crate::harness::process::run;
use crate::harness::{Server, contract};

/// Every route of the first release, as the contract writes it.
pub(crate) const ROUTES: &str = "
    GET /api/chat/rooms/
    POST /api/chat/rooms/
    GET /api/chat/rooms/{}/
    PUT /api/chat/rooms/{}/
    PATCH /api/chat/rooms/{}/
    DELETE /api/chat/rooms/{}/
    POST /api/chat/rooms/{}/close/
    POST /api/chat/rooms/{}/archive/
    POST /api/chat/rooms/{}/reopen/
    POST /api/chat/rooms/{}/join/
    POST /api/chat/rooms/{}/leave/
    POST /api/chat/rooms/{}/read/
    GET /api/chat/rooms/{}/events/
    GET /api/chat/rooms/{}/stats/
    GET /api/chat/search/
    GET /api/chat/rooms/{}/participants/
    POST /api/chat/rooms/{}/participants/
    GET /api/chat/participants/{}/
    PUT /api/chat/participants/{}/
    PATCH /api/chat/participants/{}/
    DELETE /api/chat/participants/{}/
    POST /api/chat/participants/{}/mute/
    POST /api/chat/participants/{}/unmute/
    POST /api/chat/participants/{}/block/
    POST /api/chat/participants/{}/unblock/
    GET /api/chat/rooms/{}/messages/
    POST /api/chat/rooms/{}/messages/
    GET /api/chat/messages/{}/
    PUT /api/chat/messages/{}/
    PATCH /api/chat/messages/{}/
    DELETE /api/chat/messages/{}/
    POST /api/chat/messages/{}/read/
    POST /api/chat/messages/{}/delivered/
    POST /api/chat/messages/{}/reply/
    POST /api/chat/messages/{}/report/
    GET /api/chat/messages/{}/thread/
    GET /api/chat/messages/{}/history/
    GET /api/chat/messages/unread/
    POST /api/chat/messages/read-all/
    GET /api/chat/me/
    PATCH /api/chat/me/
    GET /api/chat/ws/
    GET /api/chat/events/
    GET /api/orders/{}/
    PUT /api/orders/{}/
    PUT /api/users/{}/
    POST /api/users/{}/revoke/
    GET /api/audit/
";

fn document() -> &'static Value {
    contract::document().expect("openapi.json is missing; run `make snapshots`")
}

/// A route without the names of its parameters.
pub(crate) fn nameless(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

/// Method, nameless path and operation of everything in the document.
pub(crate) fn operations() -> Vec<(String, String, &'static Value)> {
    let paths = document()["paths"]
        .as_object()
        .expect("the document has paths");
    let mut all = Vec::new();
    for (path, item) in paths {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                all.push((method.to_ascii_uppercase(), nameless(path), operation));
            }
        }
    }
    all
}

#[tokio::test]
async fn the_snapshot_is_what_the_binary_prints() {
    let printed = run(&["openapi"], &[]).await;
    assert!(printed.status.success(), "{}", printed.output);
    let snapshot = std::fs::read_to_string(contract::snapshot_path()).unwrap_or_default();
    assert!(
        printed.stdout.trim_end() == snapshot.trim_end(),
        "openapi.json is not what the handlers say; run `make snapshots` and look at the difference"
    );
}

#[tokio::test]
async fn the_server_serves_the_document_and_a_page_about_it() {
    let server = Server::start().await;
    let served = server.anonymous().get("/api/openapi.json").await.ok(200);
    assert_eq!(&served, document());
    let page = server.anonymous().get("/api/docs").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    );
    for foreign in [
        "src=\"http",
        "src=\"//",
        "href=\"http",
        "href=\"//",
        "@import",
        "url(http",
    ] {
        assert!(
            !page.text.contains(foreign),
            "the page loads from elsewhere: {foreign}"
        );
    }
}

#[test]
fn every_route_is_described_and_none_beside() {
    let described: Vec<_> = operations()
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let is_described = |route: &str| {
        let bare = route.trim_end_matches('/');
        described
            .iter()
            .any(|known| known.trim_end_matches('/') == bare)
    };
    let missing: Vec<_> = routes().filter(|route| !is_described(route)).collect();
    assert!(missing.is_empty(), "not in openapi.json: {missing:#?}");
}

pub(crate) fn routes() -> impl Iterator<Item = &'static str> {
    ROUTES
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
}

#[test]
fn every_operation_says_how_it_refuses() {
    let mut missing = Vec::new();
    for (method, path, operation) in operations() {
        if !path.starts_with("/api/chat/")
            && !path.starts_with("/api/orders/")
            && !path.starts_with("/api/users/")
        {
            continue;
        }
        let has_body = operation.get("requestBody").is_some();
        let has_query = operation["parameters"]
            .as_array()
            .is_some_and(|all| all.iter().any(|parameter| parameter["in"] == "query"));
        // A PUT of orders and users makes what is not there.
        let makes =
            path.starts_with("/api/users/") || method == "PUT" && path.starts_with("/api/orders/");
        for (status, due) in [
            // Who opens a WebSocket says in its first frame who they are.
            ("401", path != "/api/chat/ws/"),
            ("404", path.contains("{}") && !makes),
            ("422", has_body || has_query),
        ] {
            if due && operation["responses"].get(status).is_none() {
                missing.push(format!("{method} {path} {status}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "answers that are not documented: {missing:#?}"
    );
}

/// Whether a media type object has an example, of its own or of its schema.
fn has_example(content: &Value) -> bool {
    let of_schema = |schema: &Value| {
        let schema = match schema["$ref"]
            .as_str()
            .and_then(|name| name.strip_prefix('#'))
        {
            Some(pointer) => document().pointer(pointer).unwrap_or(&Value::Null),
            None => schema,
        };
        schema.get("example").is_some() || schema.get("examples").is_some()
    };
    content.get("example").is_some()
        || content.get("examples").is_some()
        || content.get("schema").is_some_and(of_schema)
}

#[test]
fn every_body_has_an_example() {
    let mut missing = Vec::new();
    for (method, path, operation) in operations() {
        if !path.starts_with("/api/chat/") && !path.starts_with("/api/orders/") {
            continue;
        }
        if let Some(content) = operation.pointer("/requestBody/content/application~1json")
            && !has_example(content)
        {
            missing.push(format!("{method} {path}: request"));
        }
        for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
            for (kind, content) in answer["content"].as_object().into_iter().flatten() {
                // Of files there is none.
                if status.starts_with('2') && kind.contains("json") && !has_example(content) {
                    missing.push(format!("{method} {path}: {status} {kind}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "without an example: {missing:#?}");
}

#[test]
fn the_document_is_openapi_3_1_and_its_references_lead_somewhere() {
    let version = document()["openapi"].as_str().unwrap_or_default();
    assert!(version.starts_with("3.1"), "{version}");
    let mut open = vec![document()];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let found = reference
                        .strip_prefix('#')
                        .and_then(|to| document().pointer(to));
                    assert!(found.is_some(), "{reference} leads nowhere");
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_known_is_refused_on_every_route() {
    let server = Server::start().await;
    let (admin, service) = (server.admin("ada"), server.service());
    let paths = document()["paths"].as_object().expect("paths");
    for (path, operations) in paths {
        let id = crate::harness::random_id();
        let concrete: Vec<&str> = path
            .split('/')
            .map(|part| if part.starts_with('{') { &id } else { part })
            .collect();
        let url = format!("{}?colour=red", concrete.join("/"));
        for method in ["get", "put", "post", "patch", "delete"] {
            if operations.get(method).is_none() {
                continue;
            }
            let of_service = path.contains("/users/") || path.contains("/orders/");
            let client = if of_service { &service } else { &admin };
            let verb = method.to_uppercase().parse().expect("a method");
            let request = client.request(verb, &url).json(&serde_json::json!({}));
            let problem = client.dispatch(request).await.refused(422);
            assert_eq!(problem["errors"][0]["pointer"], "colour", "{method} {url}");
        }
    }
}
