//! The OpenAPI 3.1 document, written from the table of routes and the schemas of the types that they speak.
//!
//! Not from comments: a route or a field that is not in the code is not in the document.

use super::problem::Problem;
use super::route::{Route, Shape};
use actix_web::http::Method;
use serde_json::{Map, Value, json};

const ABOUT: &str = "Semantic search that learns meaning from its user's own text: words, documents, WordNet and contrasts of \
                     hard and soft tokens. Errors are problem documents (RFC 9457) with a stable `code`.";

/// The document of a table of routes.
pub(super) fn document(routes: &[Route]) -> Value {
    let mut schemas = Map::new();
    let mut paths = Map::new();
    keep(&mut schemas, Shape::of::<Problem>());
    // The page's files are nobody's interface.
    for route in routes.iter().filter(|route| !route.path.starts_with("/page/")) {
        let path = paths.entry(plain_path(route.path)).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(route, &mut schemas);
    }
    paths.sort_keys();
    schemas.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "sememe",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Problem": {
                "description": "What is wrong, where, and what to do",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }},
            "securitySchemes": {"key": {
                "type": "http",
                "scheme": "bearer",
                "description": "A key of the service. Without keys it serves its own machine alone, and asks nobody.",
            }},
        },
    })
}

/// `/v1/a/{b:.+}` as OpenAPI writes it: `/v1/a/{b}`.
pub(super) fn plain_path(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.split_once(':') {
        Some((name, _)) if part.starts_with('{') => format!("{name}}}"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn operation(route: &Route, schemas: &mut Map<String, Value>) -> Value {
    let scopes: Vec<_> = route.scopes.iter().flatten().collect();
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [tag(route.path)],
        "security": if scopes.is_empty() { json!([]) } else { json!([{"key": []}]) },
    });
    if !scopes.is_empty() {
        operation["x-scopes"] = json!(scopes);
    }
    let mut parameters: Vec<Value> = names_in(route.path).map(path_parameter).collect();
    parameters
        .extend(route.shapes.query.as_ref().into_iter().flat_map(|shape| query_parameters(shape, schemas)));
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some((content_type, shape)) = &route.shapes.body {
        let schema = keep(schemas, shape);
        operation["requestBody"] = json!({"required": true, "content": {*content_type: {"schema": schema}}});
    }
    let mut good = json!({"description": route.status.canonical_reason().unwrap_or("Answered")});
    if let Some((content_type, shape)) = &route.shapes.answer {
        good["content"] = json!({*content_type: {"schema": keep(schemas, shape)}});
    }
    let mut responses = json!({route.status.as_str(): good});
    if let Some((status, shape)) = &route.shapes.also {
        let schema = keep(schemas, shape);
        responses[status.to_string()] = json!({
            "description": "Answered, but not as hoped",
            "content": {"application/json": {"schema": schema}},
        });
    }
    responses["default"] = json!({"$ref": "#/components/responses/Problem"});
    operation["responses"] = responses;
    operation
}

/// `GET /v1/collections/{collection}/words/{word}/similar` is `get_collections_words_similar`.
fn operation_id(route: &Route) -> String {
    let method = route.method.as_str().to_lowercase();
    let parts = route.path.split('/').filter(|part| !part.is_empty() && *part != "v1");
    let plain: Vec<String> = parts
        .clone()
        .filter(|part| !part.starts_with('{'))
        .map(|part| part.replace(['-', '.'], "_"))
        .collect();
    let below = plain.last().is_some_and(|last| last == "documents");
    let one = route.path.ends_with('}') && (route.method == Method::GET || below);
    format!(
        "{method}_{}{}",
        if plain.is_empty() { "page".to_owned() } else { plain.join("_") },
        if one { "_one" } else { "" }
    )
}

fn tag(path: &str) -> &str {
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        ["", "v1", "collections", _, part, ..] if matches!(part, "documents" | "words" | "search") => part,
        ["", "v1", part, ..] => part,
        _ => "service",
    }
}

fn names_in(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    parts.map(|part| part.split(':').next().unwrap_or(part))
}

fn path_parameter(name: &str) -> Value {
    let (description, pattern) = match name {
        "collection" => ("Name of a collection.", Some("^[a-z0-9][a-z0-9_-]{0,62}$")),
        "word" => ("A word, in any spelling that folds to it.", None),
        _ => ("What the path names.", None),
    };
    let mut schema = json!({"type": "string", "minLength": 1});
    if let Some(pattern) = pattern {
        schema["pattern"] = pattern.into();
    }
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
}

/// A parameter for each property of an object.
fn query_parameters(shape: &Shape, schemas: &mut Map<String, Value>) -> Vec<Value> {
    for (name, schema) in &shape.named {
        schemas.insert(name.clone(), schema.clone());
    }
    let required = |name: &str| {
        shape.schema["required"].as_array().is_some_and(|required| required.iter().any(|one| one == name))
    };
    let properties = shape.schema["properties"].as_object().into_iter().flatten();
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = not_null(schema);
        let description = schema.as_object_mut().and_then(|schema| schema.shift_remove("description"));
        json!({
            "name": name,
            "in": "query",
            "required": required(name),
            "description": description.unwrap_or_default(),
            "schema": schema,
        })
    };
    properties.map(parameter).collect()
}

/// A query parameter that may be left out is not one that may be null.
fn not_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(types) = schema["type"].as_array().cloned() {
        schema["type"] = types.into_iter().find(|one| one != "null").unwrap_or_default();
    }
    if let Some(one_of) = schema["oneOf"].as_array() {
        let rest: Vec<Value> = one_of.iter().filter(|one| one["type"] != "null").cloned().collect();
        if let [only] = &rest[..] {
            let mut only = only.clone();
            if let (Some(only), Some(description)) = (only.as_object_mut(), schema.get("description")) {
                only.insert("description".to_owned(), description.clone());
            }
            return only;
        }
    }
    schema
}

/// Kinds of objects without a word that tells them apart: one may hold all that another must, so that both are right.
fn at_least_one(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let objects =
        |kinds: &Value| kinds.as_array().is_some_and(|all| all.iter().all(|one| one["type"] == "object"));
    if schema.get("oneOf").is_some_and(objects)
        && let Some(object) = schema.as_object_mut()
        && let Some(kinds) = object.shift_remove("oneOf")
    {
        object.insert("anyOf".to_owned(), kinds);
    }
    schema
}

/// Keeps a named schema and what it names; answers how to refer to it.
fn keep(schemas: &mut Map<String, Value>, shape: impl std::borrow::Borrow<Shape>) -> Value {
    let shape = shape.borrow();
    for (name, schema) in &shape.named {
        schemas.insert(name.clone(), at_least_one(schema));
    }
    if shape.schema["type"] != "object" && shape.schema.get("properties").is_none() {
        return shape.schema.clone();
    }
    schemas.insert(shape.name.clone(), shape.schema.clone());
    json!({"$ref": format!("#/components/schemas/{}", shape.name)})
}
