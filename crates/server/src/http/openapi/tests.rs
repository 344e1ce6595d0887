use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

fn whole() -> Value {
    json!(crate::http::document())
}

/// Method, path and operation of everything.
fn all(document: &Value) -> Vec<(&str, &str, &Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.as_str(), path.as_str(), operation));
        }
    }
    all
}

#[test]
fn every_path_ends_with_a_slash_as_the_router_expects() {
    let document = whole();
    let operations = all(&document);
    assert!(!operations.is_empty());
    for (_, path, _) in operations {
        assert!(path.starts_with("/api/") && path.ends_with('/'), "{path}");
    }
}

#[test]
fn every_operation_has_an_id_of_its_own_and_a_known_tag() {
    let document = whole();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in all(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id} again at {method} {path}");
        let tag = &operation["tags"][0];
        assert!(
            TAGS.iter().any(|(name, _)| tag == name),
            "{method} {path}: {tag}"
        );
    }
    assert!(ids.contains("post_rooms_room_close"), "{ids:?}");
}

#[test]
fn a_handler_s_own_words_on_a_refusal_are_kept() {
    let mut given = crate::http::api().into_openapi();
    let own = utoipa::openapi::Response::new("in our own words");
    for (_, _, _, operation) in operations(&mut given) {
        let responses = &mut operation.responses.responses;
        responses.insert("404".to_owned(), own.clone().into());
    }
    let completed = json!(complete(given));
    for (method, path, operation) in all(&completed) {
        let kept = &operation["responses"]["404"]["description"];
        assert_eq!(kept, "in our own words", "{method} {path}");
    }
}

#[test]
fn what_an_operation_takes_decides_how_it_can_refuse() {
    let document = whole();
    let refuses = |path: &str, method: &str, status: &str| {
        let responses = &document["paths"][path][method]["responses"];
        assert!(responses.is_object(), "{method} {path}");
        responses.get(status).is_some()
    };
    let (rooms, room) = ("/api/chat/rooms/", "/api/chat/rooms/{room}/");
    for status in ["401", "403", "429", "503"] {
        assert!(refuses(rooms, "get", status), "{status}");
    }
    assert!(refuses(rooms, "get", "422") && !refuses(rooms, "get", "415"));
    assert!(refuses(room, "get", "404") && !refuses(room, "get", "409"));
    for status in ["400", "404", "409", "413", "415", "422", "507"] {
        assert!(refuses(room, "patch", status), "{status}");
    }
}

#[test]
fn every_answer_is_described() {
    let document = whole();
    for (method, path, operation) in all(&document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let described = answer["description"].is_string() || answer["$ref"].is_string();
            assert!(described, "{method} {path} {status}");
        }
    }
}

#[test]
fn examples_have_exactly_the_fields_of_their_schemas() {
    let document = whole();
    let schemas = &document["components"]["schemas"];
    let fields_of = |schema: &Value| -> BTreeSet<String> {
        let properties = schema["properties"].as_object();
        properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    };
    let examples = shapes::examples();
    assert!(!examples.is_empty());
    for (name, example) in examples {
        let schema = &schemas[&name];
        let mut fields = fields_of(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let named = part["$ref"]
                .as_str()
                .and_then(|path| path.rsplit('/').next());
            fields.extend(fields_of(named.map_or(part, |name| &schemas[name])));
        }
        let given: BTreeSet<String> = example.keys().cloned().collect();
        assert_eq!(given, fields, "{name}");
    }
}

#[test]
fn fields_of_answers_are_always_there_and_those_of_requests_as_said() {
    let document = whole();
    let required = |name: &str, field: &str| {
        let schema = &document["components"]["schemas"][name];
        assert!(schema["properties"].get(field).is_some(), "{name}.{field}");
        schema["required"]
            .as_array()
            .is_some_and(|all| all.contains(&json!(field)))
    };
    assert!(required("RoomView", "title") && required("MessageView", "edited_at"));
    assert!(required("Page_RoomView", "next"));
    assert!(required("NewRoom", "order") && !required("NewRoom", "title"));
}

#[test]
fn an_optional_body_is_not_null() {
    let document = whole();
    let close = &document["paths"]["/api/chat/rooms/{room}/close/"]["post"]["requestBody"];
    assert_ne!(close["required"], true);
    let schema = &close["content"]["application/json"]["schema"];
    assert_eq!(schema, &json!({ "$ref": "#/components/schemas/Reason" }));
    let create = &document["paths"]["/api/chat/rooms/"]["post"]["requestBody"];
    assert_eq!(create["required"], true);
}
