//! What tells how the service is: readiness, counters, logs, request ids, the page of codes, stopping.

use super::Service;
use crate::program::Program;
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn counters_tell_routes_modes_and_collections() {
    let service = Service::start();
    service.get("/v1/collections/town/words/river/similar?k=3");
    service.get("/v1/collections/town/words/xyzzy/similar");
    service.post("/v1/collections/town/contrast", &json!({"query": "river"}));
    service.get("/somewhere/else");
    let reply = service.get("/metrics");
    assert!(reply.content_type.starts_with("application/openmetrics-text"));
    let similar = "method=\"GET\",route=\"/v1/collections/{collection}/words/{word}/similar\"";
    for sized in [
        "sememe_index_bytes{collection=\"town\"} ",
        "sememe_database_bytes ",
        "sememe_resident_memory_bytes ",
    ] {
        let value = reply.body.lines().find_map(|line| line.strip_prefix(sized));
        assert!(value.is_some_and(|value| value.parse::<u64>().unwrap() > 1000), "{sized}{value:?}");
    }
    for line in [
        format!("sememe_requests_total{{{similar},status=\"200\"}} 1"),
        format!("sememe_requests_total{{{similar},status=\"404\"}} 1"),
        format!("sememe_request_seconds_count{{{similar}}} 2"),
        "sememe_mode_seconds_count{mode=\"keyword\"} 1".to_owned(),
        "sememe_mode_seconds_count{mode=\"static\"} 1".to_owned(),
        "sememe_requests_total{method=\"any\",route=\"none\",status=\"404\"} 1".to_owned(),
        "sememe_documents{collection=\"town\"} 36".to_owned(),
        "sememe_up_to_date{collection=\"town\"} 1".to_owned(),
        "sememe_generation{collection=\"town\"} 2".to_owned(),
        "sememe_questions_waiting 0".to_owned(),
        "sememe_writes_waiting 0".to_owned(),
        "sememe_graph_self_search_failures{collection=\"town\"} 0".to_owned(),
        "sememe_tasks{status=\"enqueued\"} 0".to_owned(),
        "# EOF".to_owned(),
    ] {
        assert!(reply.body.lines().any(|known| known == line), "no {line:?} in\n{}", reply.body);
    }
}

#[test]
fn readiness_says_what_was_looked_at() {
    let service = Service::start();
    let ready = service.get("/readyz").json();
    assert_eq!(ready["status"], "ready");
    let names: Vec<&str> =
        ready["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["store", "generations", "disk"]);
    let full = Service::with(Program::new(), &["disk_free_bytes_min=1099511627776"], &[]);
    let snapshot = full.ask("POST", "/v1/snapshots", "");
    assert_eq!((snapshot.status, snapshot.json()["code"].as_str()), (507, Some("disk_full")));
    let ready = full.get("/readyz").json();
    assert_eq!((ready["status"].as_str(), ready["checks"][2]["ok"].as_bool()), (Some("ready"), Some(false)));
}

#[test]
fn a_request_keeps_its_id_from_its_head_to_the_log() {
    let service = Service::with(Program::new(), &["log_format=json"], &[]);
    let reply = service.send("GET", "/v1/collections/none", &[("x-request-id", "from-a-test.1")], None);
    assert_eq!(reply.headers["x-request-id"], "from-a-test.1");
    assert_eq!(reply.json()["request_id"], "from-a-test.1");
    let reply = service.send("GET", "/v1/collections/none", &[("x-request-id", "no good, {}")], None);
    assert_ne!(reply.headers["x-request-id"], "no good, {}");
    let log = service.log();
    let line = log.lines().find(|line| line.contains("from-a-test.1")).unwrap_or_else(|| panic!("{log}"));
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!((line["status"].as_u64(), line["path"].as_str()), (Some(404), Some("/v1/collections/none")));
}

#[test]
fn the_page_of_codes_holds_every_code_with_its_status() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md")).unwrap();
    for (code, status, title, retryable) in sememe::server::problem::CODES {
        let begins = format!("| `{code}` | {status} | {title} | {} |", if *retryable { "yes" } else { "no" });
        assert!(
            page.lines().any(|line| line.starts_with(&begins)),
            "docs/errors.md has no row that begins {begins}"
        );
    }
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, sememe::server::problem::CODES.len(), "docs/errors.md tells of a code that is none");
}

#[test]
fn a_head_may_be_asked_for_alone() {
    let service = Service::of(Program::new());
    let whole = service.raw(b"HEAD /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let (head, body) = whole.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-length: 18"), "{head}");
    assert!(body.is_empty(), "{body}");
}

#[cfg(unix)]
#[test]
fn told_to_stop_it_answers_what_is_under_way_and_ends() {
    let program = Program::new();
    crate::program::ingest_and_train(&program);
    let mut service = Service::with(program, &["shutdown_ms=5000"], &[]);
    let body = json!({"query": "river bank water loan interest ".repeat(1500)});
    let status = std::thread::scope(|scope| {
        let asking = scope.spawn(|| service.post("/v1/collections/town/contrast", &body).status);
        std::thread::sleep(std::time::Duration::from_millis(100));
        let id = service.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        asking.join().unwrap()
    });
    assert_eq!(status, 200);
    assert!(service.child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn who_waits_is_answered_when_it_stops_and_what_takes_longer_is_left() {
    let program = Program::new();
    crate::program::ingest_and_train(&program);
    let mut service = Service::with(program, &["shutdown_ms=20000"], &[]);
    let settings = json!({"dim": 32, "epochs": 10_000, "threads": 1, "subsample": 0});
    let task = service.post("/v1/collections/town/train", &settings).json();
    let (one, events) =
        (format!("/v1/tasks/{}?wait=60000", task["uid"]), format!("/v1/tasks/{}/events", task["uid"]));
    let (waited, watched) = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| service.get(&one));
        let watching = scope.spawn(|| service.get(&events));
        while service.get(&format!("/v1/tasks/{}", task["uid"])).json()["progress"]["phase"] != "training" {}
        let id = service.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        (waiting.join().unwrap(), watching.join().unwrap())
    });
    assert_eq!((waited.status, &waited.json()["status"]), (200, &json!("processing")));
    assert!(watched.body.starts_with("event: "), "{}", watched.body);
    assert!(service.child.wait().unwrap().success());
}
