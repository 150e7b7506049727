//! Bad requests: a problem document each time, never a 500.

use super::Service;
use serde_json::json;

#[test]
fn unknown_collections_and_documents_are_not_found() {
    let service = Service::start();
    let reply = service.get("/v1/collections/twon");
    assert_eq!((reply.status, reply.json()["code"].as_str()), (404, Some("collection_not_found")));
    assert!(reply.json()["detail"].as_str().unwrap().contains("nearest: town"));
    assert_eq!(service.get("/v1/collections/town/documents/loan-3").json()["title"], "Note 3");
    assert_eq!(service.get("/v1/collections/town/documents/none").json()["code"], "document_not_found");
    assert_eq!(service.get("/v1/nothing").json()["code"], "route_not_found");
}

#[test]
fn names_that_are_none_are_refused() {
    let service = Service::start();
    for name in ["Town", "to.wn", "%2e%2e", "-town", "t%00", "%E9%93%B6"] {
        let reply = service.get(&format!("/v1/collections/{name}"));
        assert_eq!(reply.status, 422, "{name}: {}", reply.body);
    }
}

#[test]
fn requests_that_make_no_sense_say_where() {
    let service = Service::start();
    let long = "x ".repeat(40_000);
    for (body, pointer) in [
        (json!({"query": "", "mode": "keyword"}), Some("/query")),
        (json!({"query": " \n", "mode": "static"}), Some("/query")),
        (json!({"query": long, "mode": "static"}), Some("/query")),
        (json!({"query": "x", "mode": "keyword", "limit": 0}), Some("/limit")),
        (json!({"query": "x", "mode": "keyword", "limit": 1001}), Some("/limit")),
        (json!({"query": "x", "mode": "telepathy"}), None),
        (json!({"query": "x"}), None),
        (json!({"query": "x", "mode": "keyword", "limits": 3}), None),
        (json!({"query": "x", "mode": "keyword", "limit": -1}), None),
    ] {
        let reply = service.post("/v1/collections/town/search", &body);
        assert_eq!(reply.status, 422, "{body}: {}", reply.body);
        let problem = reply.json();
        assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{problem}");
        assert!(!problem["request_id"].as_str().unwrap().is_empty());
        assert!(reply.body.len() < 2000, "an error repeats its input");
    }
}

#[test]
fn queries_and_filters_that_cannot_be_read_say_where() {
    let service = Service::start();
    let operators = json!({"syntax": "operators"});
    let deep = format!("{}x{}", "(".repeat(60), ")".repeat(60));
    for (extra, pointer, offset) in [
        (json!({"query": "the \"bank", "keyword": operators}), "/query", Some(4)),
        (json!({"query": "-bank", "keyword": operators}), "/query", Some(0)),
        (json!({"query": "nofield:x", "keyword": operators}), "/query", Some(0)),
        (json!({"query": deep, "keyword": operators}), "/query", Some(51)),
        (json!({"filter": "topic = "}), "/filter", Some(8)),
        (json!({"filter": "tpic = x"}), "/filter", Some(0)),
        (json!({"filter": ["topic = x", ["topic > 3"]]}), "/filter/1/0", Some(0)),
        (json!({"filter": format!("{}topic = x", "NOT ".repeat(60))}), "/filter", Some(200)),
        (json!({"filter": "x".repeat(70_000)}), "/filter", None),
        (json!({"facets": ["topic", "tpic"]}), "/facets/1", None),
        (json!({"facets": vec!["topic"; 21]}), "/facets", None),
        (json!({"sort": ["topic"]}), "/sort/0", None),
        (json!({"sort": ["nofield:asc"]}), "/sort/0", None),
        (json!({"offset": 9001}), "/offset", None),
        (json!({"limit": 1001}), "/limit", None),
        (json!({"keyword": {"k1": -1}}), "/keyword/k1", None),
        (json!({"keyword": {"b": 1.5}}), "/keyword/b", None),
        (json!({"keyword": {"weights": {"nofield": 2}}}), "/keyword/weights/nofield", None),
        (json!({"highlight": {"pre_tag": "x".repeat(101)}}), "/highlight/pre_tag", None),
    ] {
        let mut body = json!({"query": "x", "mode": "keyword"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let reply = service.post("/v1/collections/town/search", &body);
        assert_eq!(reply.status, 422, "{extra}: {}", reply.body);
        let at = &reply.json()["errors"][0];
        assert_eq!((at["pointer"].as_str(), at["offset"].as_u64()), (Some(pointer), offset), "{extra}: {at}");
        assert!(reply.body.len() < 2000, "an error repeats its input");
    }
}

#[test]
fn queries_of_nothing_known_say_so() {
    let service = Service::start();
    for (query, reason) in [("xyzzy", "no query word is in any document"), ("?!…", "the query holds no word")]
    {
        let reply = service.post("/v1/collections/town/search", &json!({"query": query, "mode": "keyword"}));
        let reason_told = reply.json()["empty_because"].as_str().unwrap().to_owned();
        assert!(reason_told.starts_with(reason), "{query}: {reason_told}");
    }
    let reply =
        service.post("/v1/collections/town/search", &json!({"query": "the of and", "mode": "static"}));
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[test]
fn bodies_that_are_no_json_or_too_large() {
    let service = Service::start();
    let search = "/v1/collections/town/search";
    let reply = service.post_text(search, "{\"query\": ");
    assert_eq!((reply.status, reply.json()["code"].as_str()), (400, Some("malformed_json")));
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let reply = service.post_text(search, &format!("{{\"query\": {deep}}}"));
    assert_eq!((reply.status, reply.json()["code"].as_str()), (400, Some("json_too_deep")));
    let large = json!({"query": "x".repeat(2 << 20), "mode": "keyword"});
    assert_eq!(service.post(search, &large).status, 413);
}

#[test]
fn a_collection_without_vectors_says_what_to_do() {
    let service = Service::start();
    service.program.write("plain.txt", "Only words.");
    service.program.ok(&["ingest", "plain", "plain.txt"]);
    let reply = service.post("/v1/collections/plain/contrast", &json!({"query": "words"}));
    assert_eq!((reply.status, reply.json()["code"].as_str()), (409, Some("not_ready")));
    assert!(reply.json()["detail"].as_str().unwrap().contains("sememe train plain"));
}
