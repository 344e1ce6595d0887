//! What the handlers' types do not say of themselves: unique operation ids, what path parameters
//! mean, which fields are always there, and examples of the objects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayItems, Ref};
use utoipa::openapi::{Components, OpenApi, RefOr, Required, Schema};

use super::operations;

/// Examples of what is answered, by the name of the schema.
const EXAMPLES: &str = include_str!("examples.json");

const SCHEMAS: &str = "#/components/schemas/";
/// How utoipa names a page of some thing.
const PAGE_OF: &str = "Page_";

pub(super) fn complete(document: &mut OpenApi) {
    for (path, method, _, operation) in operations(document) {
        operation.operation_id = Some(operation_id(method, path));
        describe_parameters(operation);
        take_no_null(operation);
        describe_answers(operation);
    }
    let components = document.components.get_or_insert_default();
    refer_to_items(components);
    require_what_is_answered(document);
    add_examples(document.components.get_or_insert_default());
}

/// `post_rooms_room_close`: unique, as method and path are.
fn operation_id(method: &str, path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| segment.trim_matches(['{', '}']))
        .filter(|segment| !matches!(*segment, "" | "api" | "chat"));
    std::iter::once(method)
        .chain(segments)
        .collect::<Vec<_>>()
        .join("_")
}

fn describe_parameters(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        let meaning = match parameter.name.as_str() {
            "room" => "The room's id or its code",
            "participant" => "The participant's id",
            "message" => "The message's id",
            "order" => "The order's id in the shop",
            "user" => "The user's id in the shop",
            "attachment" => "The file's id",
            "upload" => "The upload's id, the last part of its `Location`",
            "limit" => "How many a page holds at most; 50 if not given",
            _ => continue,
        };
        parameter
            .description
            .get_or_insert_with(|| meaning.to_owned());
    }
}

/// OpenAPI wants words for every answer; for most the status says all.
fn describe_answers(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let words = match status.as_str() {
            "200" => "As it now is.",
            "201" => "Created.",
            "202" => "Taken: what became of each event.",
            "204" => "Done; there is nothing to show.",
            _ => continue,
        };
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            words.clone_into(&mut response.description);
        }
    }
}

/// A body that may be left out is no body that may be `null`, which is what utoipa makes of it.
fn take_no_null(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    let mut optional = false;
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else {
            continue;
        };
        if let Some(RefOr::T(Schema::OneOf(either))) = &content.schema
            && let [reference @ RefOr::Ref(_), _null] = either.items.as_slice()
        {
            content.schema = Some(reference.clone());
            optional = true;
        }
    }
    body.required = Some(if optional {
        Required::False
    } else {
        Required::True
    });
}

/// utoipa writes the items of a generic list out; clients want them by name.
fn refer_to_items(components: &mut Components) {
    let names: BTreeSet<String> = components.schemas.keys().cloned().collect();
    for (page, schema) in &mut components.schemas {
        let item = page
            .strip_prefix(PAGE_OF)
            .filter(|item| names.contains(*item));
        if let (Some(item), RefOr::T(Schema::Object(page))) = (item, schema)
            && let Some(RefOr::T(Schema::Array(results))) = page.properties.get_mut("results")
        {
            let reference = RefOr::Ref(Ref::from_schema_name(item));
            results.items = ArrayItems::RefOrSchema(Box::new(reference));
        }
    }
}

/// Every field of an object in an answer is always there; utoipa takes an `Option` for a field that
/// may be missing, which is right for requests.
fn require_what_is_answered(document: &mut OpenApi) {
    let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for (_, _, _, operation) in operations(document) {
        references(&json!(operation.request_body), &mut asked);
        for (status, response) in &operation.responses.responses {
            if status.starts_with('2') {
                references(&json!(response), &mut answered);
            }
        }
    }
    let Some(components) = &mut document.components else {
        return;
    };
    let schemas = json!(components.schemas);
    follow(&schemas, &mut asked);
    follow(&schemas, &mut answered);
    for name in answered.difference(&asked) {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
            object.required = object.properties.keys().cloned().collect();
        }
    }
}

/// The names of the schemas that are referred to in `value`.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref")
                && let Some(name) = target.strip_prefix(SCHEMAS)
            {
                found.insert(name.to_owned());
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Adds what the found schemas refer to themselves.
fn follow(schemas: &Value, found: &mut BTreeSet<String>) {
    let mut open: Vec<String> = found.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let mut inside = BTreeSet::new();
        references(&schemas[&name], &mut inside);
        open.extend(inside.into_iter().filter(|name| found.insert(name.clone())));
    }
}

/// [`EXAMPLES`], read.
pub(super) fn examples() -> BTreeMap<String, Map<String, Value>> {
    // A test reads the file: it is never malformed in a build.
    serde_json::from_str(EXAMPLES).unwrap_or_default()
}

/// Gives schemas without an example one, and pages one with their item's.
fn add_examples(components: &mut Components) {
    for (name, fields) in examples() {
        let page = json!({ "results": [&fields], "next": null, "previous": null });
        for (name, example) in [(format!("{PAGE_OF}{name}"), page), (name, json!(fields))] {
            let schema = components.schemas.get_mut(&name);
            if let Some(slot) = schema.and_then(example_slot) {
                slot.get_or_insert(example);
            }
        }
    }
}

/// Where a schema's example stands, whatever kind of schema it is.
fn example_slot(schema: &mut RefOr<Schema>) -> Option<&mut Option<Value>> {
    match schema {
        RefOr::T(Schema::Object(object)) => Some(&mut object.example),
        RefOr::T(Schema::AllOf(parts)) => Some(&mut parts.example),
        RefOr::T(Schema::OneOf(kinds)) => Some(&mut kinds.example),
        _ => None,
    }
}
