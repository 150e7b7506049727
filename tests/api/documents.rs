//! Documents written over HTTP: stored when answered, found in every mode when waited for, gone when deleted.

use super::{Reply, Service};
use crate::program::Program;
use serde_json::{Value, json};

fn ids(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let hits = reply.json()["hits"].as_array().unwrap().clone();
    hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

fn search(service: &Service, mode: &str, query: &str) -> Vec<String> {
    let body = json!({"query": query, "mode": mode, "limit": 100});
    ids(&service.post("/v1/collections/town/search", &body))
}

#[test]
fn a_written_document_is_found_in_every_mode_and_a_deleted_one_in_none() {
    let service = Service::start();
    let documents = "/v1/collections/town/documents";
    let text = "The lender asks for interest on the loan, a zeppelin loan.";
    let body = json!([{"id": "new", "title": "Fresh", "text": text, "topic": "x"}]);
    let written = service.post(&format!("{documents}?wait=indexed"), &body).json();
    assert_eq!((&written["added"], &written["indexed"]), (&json!(1), &json!(true)), "{written}");
    assert_eq!(search(&service, "keyword", "zeppelin"), ["new"]);
    assert!(search(&service, "static", "loan interest").contains(&"new".to_owned()));
    let hits = service.post("/v1/collections/town/search", &json!({"query": "zeppelin", "mode": "keyword"}));
    assert_eq!(hits.json()["hits"][0]["matches"][0]["document_word"], "zeppelin");

    // An update: the old text is found no more, the new one is.
    let body = json!({"text": "Herons on the river, and a balloon."});
    let written = service.ask("PUT", &format!("{documents}/new?wait=indexed"), &body.to_string()).json();
    assert_eq!(written["updated"], 1, "{written}");
    assert!(search(&service, "keyword", "zeppelin").is_empty());
    assert_eq!(search(&service, "keyword", "balloon"), ["new"]);
    let static_hits = search(&service, "static", "herons river water");
    assert!(static_hits.contains(&"new".to_owned()), "{static_hits:?}");

    // Deleted: one that was written just now, and one that the generation was built with.
    for id in ["new", "loan-0"] {
        let gone = service.ask("DELETE", &format!("{documents}/{id}?wait=indexed"), "");
        assert_eq!((gone.status, &gone.json()["deleted"]), (200, &json!(1)), "{}", gone.body);
        assert_eq!(service.get(&format!("{documents}/{id}")).status, 404);
        for mode in ["keyword", "static"] {
            assert!(!search(&service, mode, "loan river balloon bank").contains(&id.to_owned()), "{mode}");
        }
    }
    assert_eq!(service.ask("DELETE", &format!("{documents}/new"), "").status, 404);
    let info = service.get("/v1/collections/town").json();
    assert_eq!((&info["documents"], &info["indexed_documents"]), (&json!(35), &json!(35)), "{info}");
    assert_eq!(info["up_to_date"], true);
}

#[test]
fn a_collection_begins_empty_and_lives_without_a_model() {
    let service = Service::of(Program::new());
    let made = service.ask("PUT", "/v1/collections/notes", "");
    assert_eq!((made.status, &made.json()["documents"]), (200, &json!(0)), "{}", made.body);
    assert_eq!(service.ask("PUT", "/v1/collections/notes", "{}").status, 200);
    let search = json!({"query": "river", "mode": "keyword"});
    assert!(ids(&service.post("/v1/collections/notes/search", &search)).is_empty());

    let lines = "{\"id\": 1, \"text\": \"a river\"}\n{\"id\": 2}\nno json\n{\"id\": 3, \"text\": \"the river bank\"}\n";
    let report = service.send(
        "POST",
        "/v1/collections/notes/documents?wait=indexed",
        &[("content-type", "application/x-ndjson")],
        Some(lines.as_bytes()),
    );
    let report = report.json();
    assert_eq!(
        (&report["added"], &report["rejected"], &report["indexed"]),
        (&json!(2), &json!(2), &json!(true))
    );
    assert_eq!(report["errors"][0]["line"], 2);
    assert_eq!(report["errors"][1]["line"], 3);
    assert_eq!(ids(&service.post("/v1/collections/notes/search", &search)), ["1", "3"]);

    // A page of documents, and the next.
    let page = service.get("/v1/collections/notes/documents?limit=1").json();
    assert_eq!(page["results"][0]["id"], "1");
    let next = service.get(&format!("/v1/collections/notes/documents?limit=1&after={}", page["next"])).json();
    assert_eq!((&next["results"][0]["id"], &next["next"]), (&json!("3"), &Value::Null));

    // The same once more changes nothing; all gone leaves the collection.
    let again = service
        .send(
            "POST",
            "/v1/collections/notes/documents",
            &[("content-type", "application/x-ndjson")],
            Some(lines.as_bytes()),
        )
        .json();
    assert_eq!((&again["unchanged"], &again["change"]), (&json!(2), &report["change"]));
    let gone = service.ask("DELETE", "/v1/collections/notes/documents?wait=indexed", "").json();
    assert_eq!(gone["deleted"], 2);
    assert!(ids(&service.post("/v1/collections/notes/search", &search)).is_empty());
    assert_eq!(service.ask("DELETE", "/v1/collections/notes", "").status, 200);
    assert_eq!(service.get("/v1/collections/notes").status, 404);
}

#[test]
fn a_write_to_an_unknown_collection_makes_it_and_a_bad_body_is_told() {
    let service = Service::of(Program::new());
    let put = |kind: &str, body: &str| {
        service.send("POST", "/v1/collections/n/documents", &[("content-type", kind)], Some(body.as_bytes()))
    };
    for (kind, body, status, code) in [
        ("text/plain", "x", 415, "not_json"),
        ("application/json", "{", 422, "bad_input"),
        ("application/json", "[{\"text\": \"no id\"}]", 422, "bad_input"),
        ("application/json", "7", 422, "bad_input"),
        ("application/x-ndjson", "\n\nno\n", 422, "bad_input"),
    ] {
        let reply = put(kind, body);
        assert_eq!((reply.status, &reply.json()["code"]), (status, &json!(code)), "{body}: {}", reply.body);
    }
    assert_eq!(service.get("/v1/collections/n").status, 404);
    assert_eq!(service.ask("POST", "/v1/collections/N/documents", "[]").status, 422);
    let one = put("application/json", "{\"id\": \"a/b c\", \"text\": \"x\", \"n\": [1]}");
    assert_eq!((one.status, &one.json()["added"]), (200, &json!(1)));
    assert_eq!(service.get("/v1/collections/n/documents/a%2Fb%20c").json()["n"], Value::Null);
    assert_eq!(service.get("/v1/collections/n/documents/a%2Fb%20c").json()["fields"]["n"], json!([1]));
    let other = service.ask("PUT", "/v1/collections/n/documents/a", "{\"id\": \"b\", \"text\": \"x\"}");
    assert_eq!((other.status, &other.json()["errors"][0]["pointer"]), (422, &json!("/id")));
    let gone = service.post("/v1/collections/n/documents/delete", &json!({"ids": ["a/b c", "none"]}));
    assert_eq!(gone.json()["deleted"], 1);
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let service = Service::start();
    let documents = "/v1/collections/town/documents";
    for n in 0..3 {
        let body = json!({"id": format!("k{n}"), "text": format!("an airship called comet{n}, and a loan")});
        assert_eq!(service.post(documents, &body).status, 200);
    }
    service.ask("DELETE", &format!("{documents}/k1"), "");
    let service = service.killed_and_started();
    for (n, there) in [(0, true), (1, false), (2, true)] {
        assert_eq!(search(&service, "keyword", &format!("comet{n}")).len(), usize::from(there));
        let found = search(&service, "static", "loan interest").contains(&format!("k{n}"));
        assert_eq!(found, there, "k{n}");
    }
}
