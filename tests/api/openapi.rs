//! The OpenAPI document: the committed one is the code's, and the service answers what it says.

use super::Service;
use std::path::Path;

#[test]
fn the_committed_document_is_the_code_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == sememe::server::openapi_json(),
        "openapi.json is not that of the code; write it anew: cargo run -- openapi > openapi.json"
    );
}

#[test]
fn the_service_serves_its_own_document_and_says_what_else_a_path_takes() {
    let service = Service::start();
    let reply = service.get("/openapi.json");
    assert_eq!((reply.status, reply.content_type.as_str()), (200, "application/json"));
    assert_eq!(reply.body, sememe::server::openapi_json());
    let reply = service.get("/v1/collections/town/search");
    assert_eq!((reply.status, reply.json()["code"].as_str()), (405, Some("method_not_allowed")));
    assert!(reply.json()["detail"].as_str().unwrap().contains("only with POST"));
}
