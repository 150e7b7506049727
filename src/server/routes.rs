//! The table of all routes. A resource is a file with a `routes()`; it is listed here, and nowhere else.

use super::ask::Answer;
use super::problem::Problem;
use super::route::Route;
use super::{
    collections, context, documents, embeddings, health, keys, limits, metrics, openapi, page, search,
    senses, tasks, uploads, wordnet, words,
};
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use std::collections::BTreeMap;

/// Every route of the service. The server tries their paths one after the other, each by a regular expression, so those that are asked most
/// come first: at the end of the table, finding the route took longer than answering.
pub(super) fn table() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(words::routes());
    routes.extend(search::routes());
    routes.extend(collections::routes());
    routes.extend(documents::routes());
    routes.extend(tasks::routes());
    routes.extend(uploads::routes());
    routes.extend(context::routes());
    routes.extend(senses::routes());
    routes.extend(wordnet::routes());
    routes.extend(embeddings::routes());
    routes.extend(keys::routes());
    routes.extend(limits::routes());
    routes.extend(health::routes());
    routes.extend(metrics::routes());
    routes.extend(page::routes());
    routes
}

/// The OpenAPI document of the service, as text.
#[must_use]
pub fn openapi_json() -> String {
    let document = openapi::document(&table());
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// Registers the table, in its order: one resource a path.
pub(super) fn register(table: &[Route], config: &mut web::ServiceConfig) {
    let mut paths: Vec<&'static str> = Vec::new();
    let mut by_path: BTreeMap<&'static str, Vec<&Route>> = BTreeMap::new();
    for route in table {
        let routes = by_path.entry(route.path).or_default();
        if routes.is_empty() {
            paths.push(route.path);
        }
        routes.push(route);
    }
    for path in paths {
        let routes = &by_path[path];
        let mut allowed: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        let allowed = allowed.join(", ");
        let mut resource = web::resource(path);
        for route in routes {
            resource = resource.route(route.handler(route.method.clone()));
            if route.method == Method::GET {
                resource = resource.route(route.handler(Method::HEAD));
            }
        }
        let other = move |request: HttpRequest| std::future::ready(not_allowed(&request, &allowed));
        config.service(resource.default_service(web::to(other)));
    }
}

fn not_allowed(request: &HttpRequest, allowed: &str) -> HttpResponse {
    let detail = format!("{} cannot be asked with {}, only with {allowed}", request.path(), request.method());
    let mut response = Problem::of("method_not_allowed", detail, request).error_response();
    if let Ok(allowed) = allowed.parse() {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

/// Anything else.
pub(super) async fn unknown_route(request: HttpRequest) -> Answer {
    let detail = format!("no route {} {}; see /docs for what there is", request.method(), request.path());
    Err(Problem::of("route_not_found", detail, &request))
}

#[cfg(test)]
mod tests {
    use super::super::route::Shape;
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_two_routes_are_the_same() {
        let mut seen = std::collections::HashSet::new();
        for route in table() {
            assert!(seen.insert((route.method.clone(), route.path)), "{} {} twice", route.method, route.path);
        }
    }

    #[test]
    fn no_two_types_share_a_name_in_the_document() {
        let mut seen: HashMap<String, serde_json::Value> = HashMap::new();
        let mut note = |name: &str, schema: &serde_json::Value| {
            let known = seen.entry(name.to_owned()).or_insert_with(|| schema.clone());
            assert_eq!(known, schema, "two types are named {name}: rename one with #[schema(as = …)]");
        };
        for route in table() {
            let shapes = route.shapes;
            let bodies = [shapes.body, shapes.answer].into_iter().flatten().map(|(_, shape)| shape);
            for shape in bodies.chain(shapes.query) {
                let Shape { schema, name, named } = shape;
                if schema["properties"].is_object() {
                    note(&name, &schema);
                }
                named.iter().for_each(|(name, schema)| note(name, schema));
            }
        }
    }

    #[test]
    fn an_object_that_is_of_two_kinds_is_as_described() {
        let document: serde_json::Value = serde_json::from_str(&openapi_json()).unwrap();
        // Trained from a starter model: it has what trained ones have, and what untouched starters have.
        let origin = &document["components"]["schemas"]["Origin"];
        assert!(origin["anyOf"].as_array().is_some_and(|kinds| kinds.len() == 3), "{origin}");
    }

    #[test]
    fn every_operation_has_an_id_of_its_own_and_every_reference_leads_somewhere() {
        let text = openapi_json();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut ids = std::collections::HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{method} {path}: {id} twice");
            }
        }
        for reference in text.split("\"$ref\": \"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
        }
    }
}
