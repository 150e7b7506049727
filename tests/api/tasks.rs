//! Long work over HTTP: queued, watched, cancelled, and taken up again after a kill.

use super::Service;
use crate::program::{Program, ingest_and_train, town_documents};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The task when it has ended.
fn ended(service: &Service, uid: &Value) -> Value {
    let ask = |_| service.get(&format!("/v1/tasks/{uid}?wait=60000")).json();
    let ended = (0..5).map(ask).find(|task| !task["finished_at"].is_null());
    ended.unwrap_or_else(|| panic!("task {uid} does not end"))
}

fn slow_training(epochs: u32) -> Value {
    json!({"dim": 32, "epochs": epochs, "threads": 1, "subsample": 0})
}

#[test]
fn a_training_is_a_task_that_is_watched_and_listed() {
    let service = Service::start();
    let before = service.get("/v1/collections/town").json();
    let body = json!({"dim": 24, "epochs": 5, "threads": 1});
    let reply = service.post("/v1/collections/town/train", &body);
    assert_eq!(reply.status, 202, "{}", reply.body);
    let task = reply.json();
    assert_eq!(
        (&task["type"], &task["collection"], &task["details"]["dim"]),
        (&json!("train"), &json!("town"), &json!(24))
    );
    let events = service.get(&format!("/v1/tasks/{}/events", task["uid"]));
    assert_eq!(events.content_type, "text/event-stream");
    assert!(events.body.trim_end().lines().rev().nth(1).unwrap() == "event: succeeded", "{}", events.body);
    let task = ended(&service, &task["uid"]);
    assert_eq!((&task["status"], &task["error"]), (&json!("succeeded"), &Value::Null));
    assert_eq!(task["result"]["model"]["dim"], 24);
    let after = service.get("/v1/collections/town").json();
    assert_eq!(after["model"]["dim"], 24);
    assert_ne!(before["generation"], after["generation"]);
    let list = service.get("/v1/tasks?statuses=succeeded&types=train&collections=town").json();
    assert_eq!(list["results"][0]["uid"], task["uid"]);
    assert_eq!(service.get("/v1/tasks?statuses=done").status, 422);
    assert_eq!(service.ask("DELETE", &format!("/v1/tasks/{}", task["uid"]), "").status, 200);
    assert_eq!(service.get(&format!("/v1/tasks/{}", task["uid"])).status, 404);
}

/// Lets the threads end that ask until they are told to stop, also where a check has failed.
struct StopAtTheEnd<'a>(&'a AtomicBool);

impl Drop for StopAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn no_request_is_dropped_while_a_new_generation_takes_over() {
    let service = Service::start();
    let search = json!({"query": "water at the bank", "mode": "hybrid"});
    let contrast = json!({"query": "water at the bank"});
    let generation = || service.get("/v1/collections/town").json()["generation"].clone();
    let stop = AtomicBool::new(false);
    let asked = std::thread::scope(|scope| {
        let _stop = StopAtTheEnd(&stop);
        let ask = || {
            let mut asked = 0u32;
            while !stop.load(Ordering::Relaxed) {
                let [search, contrast] = [("search", &search), ("contrast", &contrast)]
                    .map(|(question, body)| service.post(&format!("/v1/collections/town/{question}"), body));
                let near = service.get("/v1/collections/town/words/bank/similar");
                for reply in [search, contrast, near] {
                    assert_eq!(reply.status, 200, "{}", reply.body);
                }
                asked += 3;
            }
            asked
        };
        let asking: Vec<_> = (0..3).map(|_| scope.spawn(ask)).collect();
        for dim in [16, 20, 24] {
            let before = generation();
            let body = json!({"from": "scratch", "dim": dim, "epochs": 3, "threads": 1});
            let task = service.post("/v1/collections/town/train", &body).json();
            assert_eq!(ended(&service, &task["uid"])["status"], "succeeded");
            assert_ne!(before, generation());
        }
        stop.store(true, Ordering::Relaxed);
        asking.into_iter().map(|one| one.join().unwrap()).sum::<u32>()
    });
    assert!(asked > 9, "{asked} requests");
}

#[test]
fn a_failed_or_cancelled_task_holds_nothing_up() {
    let service = Service::start();
    assert_eq!(service.post("/v1/collections/none/train", &json!({})).status, 404);
    let bad = service.post("/v1/collections/town/train", &json!({"dim": 0}));
    assert_eq!((bad.status, &bad.json()["errors"][0]["pointer"]), (422, &json!("/dim")));
    // What is too much whatever the words is refused at once, what is too much for so many words as soon as they are counted.
    let refused = service.post("/v1/collections/town/train", &json!({"memory_budget_bytes": 1000}));
    assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("too_large")), "{}", refused.body);
    let least = refused.json()["detail"].as_str().unwrap().split("about ").nth(1).unwrap().to_owned();
    let least: u64 = least.split(' ').next().unwrap().parse().unwrap();
    let fails = service.post("/v1/collections/town/train", &json!({"memory_budget_bytes": least})).json();
    let long = service.post("/v1/collections/town/train", &slow_training(10_000)).json();
    let waits = service.post("/v1/collections/town/train", &slow_training(10_000)).json();
    let short = service.post("/v1/collections/town/train", &slow_training(2)).json();
    let failed = ended(&service, &fails["uid"]);
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("failed"), &json!("too_large")),
        "{failed}"
    );

    // While one trains, documents are written, found, and the index is built anew.
    let start = Instant::now();
    while service.get(&format!("/v1/tasks/{}", long["uid"])).json()["progress"]["phase"] != "training" {
        assert!(start.elapsed() < Duration::from_secs(60), "it never trains");
    }
    let body = json!({"id": "z", "text": "a zeppelin"});
    assert_eq!(service.post("/v1/collections/town/documents?wait=indexed", &body).json()["indexed"], true);
    let built = service.ask("POST", "/v1/collections/town/index?wait=60000", "");
    assert_eq!((built.status, &built.json()["status"]), (202, &json!("succeeded")), "{}", built.body);

    for (task, status) in [(&waits, "canceled"), (&long, "processing")] {
        let reply = service.ask("POST", &format!("/v1/tasks/{}/cancel", task["uid"]), "");
        assert_eq!(reply.json()["status"], status);
    }
    assert_eq!(ended(&service, &long["uid"])["status"], "canceled");
    assert_eq!(ended(&service, &short["uid"])["status"], "succeeded");
    let left = crate::program::listing(&service.program.data_dir().join("collections/town"));
    assert!(!left.iter().any(|name| name.starts_with(".training")), "{left:?}");
}

#[test]
fn a_training_goes_on_after_a_kill_and_ends_in_the_same_bytes() {
    // Without a kill, as it should be.
    let settings = slow_training(1200); // a checkpoint after every 563
    let sound = Service::of(filled());
    let task = sound.post("/v1/collections/town/train", &settings).json();
    assert_eq!(ended(&sound, &task["uid"])["status"], "succeeded");
    let expected = std::fs::read(sound.program.generation("town").join("vectors.fifu")).unwrap();

    let mut service = Service::of(filled());
    let task = service.post("/v1/collections/town/train", &settings).json();
    let checkpoint =
        service.program.data_dir().join(format!("collections/town/.training-{}/checkpoint", task["uid"]));
    let start = Instant::now();
    while !checkpoint.exists() {
        assert!(start.elapsed() < Duration::from_secs(600), "no checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
    service = service.killed_and_started();
    let task = ended(&service, &task["uid"]);
    assert_eq!(task["status"], "succeeded", "{task}");
    assert!(!checkpoint.exists());
    let trained = std::fs::read(service.program.generation("town").join("vectors.fifu")).unwrap();
    assert!(trained == expected, "other vectors than without a kill");
}

fn filled() -> Program {
    let program = Program::new();
    program.write("town.jsonl", &town_documents());
    program.ok(&["ingest", "town", "town.jsonl"]);
    program
}

#[test]
fn a_snapshot_is_taken_while_serving_and_restored_elsewhere() {
    let service = Service::start();
    service.post("/v1/collections/town/documents", &json!({"id": "z", "text": "a zeppelin"}));
    let task = service.ask("POST", "/v1/snapshots?wait=60000", "").json();
    assert_eq!(task["status"], "succeeded", "{task}");
    assert_eq!(task["result"]["documents"], 37);
    let path = task["result"]["path"].as_str().unwrap();
    let path = if path.starts_with('/') { path.into() } else { service.program.path(path) };
    let other = Program::new();
    other.ok(&["restore", path.to_str().unwrap()]);
    let found = other.ok(&["--json", "search", "town", "zeppelin"]);
    assert!(found.contains("\"z\""), "{found}");
    assert_eq!(other.ok(&["check"]).lines().last(), Some("all is well"));
    let listed = other.ok(&["--json", "tasks"]);
    assert!(!listed.contains("processing"), "{listed}");
}

#[test]
fn ingestion_on_the_command_line_goes_on_while_serving() {
    let program = Program::new();
    ingest_and_train(&program);
    let service = Service::of(program);
    service.program.write("more.jsonl", "{\"id\": \"z\", \"text\": \"a zeppelin\"}\n");
    service.program.ok(&["ingest", "town", "more.jsonl"]);
    let start = Instant::now();
    let query = json!({"query": "zeppelin", "mode": "keyword"});
    while service.post("/v1/collections/town/search", &query).json()["hits"].as_array().unwrap().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "never found");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers
        .map(|n| {
            json!({"id": format!("bulk-{n}"), "text": format!("bulk zeppelin{n} over the river")}).to_string()
                + "\n"
        })
        .collect()
}

const LINES: [(&str, &str); 1] = [("content-type", "application/x-ndjson")];

#[test]
fn documents_sent_whole_are_taken_in_by_a_task() {
    let service = Service::start();
    let body = lines(0..1500) + "no document\n";
    let path = "/v1/collections/town/ingest";
    let reply = service.send("POST", &format!("{path}?wait=60000"), &LINES, Some(body.as_bytes()));
    assert_eq!(reply.status, 202, "{}", reply.body);
    let task = reply.json();
    assert_eq!((&task["type"], &task["status"]), (&json!("ingest"), &json!("succeeded")), "{task}");
    let result = &task["result"];
    assert_eq!(
        (&result["added"], &result["rejected"], &result["lines"]),
        (&json!(1500), &json!(1), &json!(1501))
    );
    assert_eq!(result["errors"][0]["line"], 1501);
    let packed = zstd::encode_all(lines(1000..2000).as_bytes(), 1).unwrap();
    let headers = [LINES[0], ("content-encoding", "zstd")];
    let task = service.send("POST", &format!("{path}?wait=60000"), &headers, Some(&packed)).json();
    assert_eq!(
        (&task["result"]["added"], &task["result"]["unchanged"]),
        (&json!(500), &json!(500)),
        "{task}"
    );
    // What cannot be unpacked ends the task, not the queue; what came before it stays.
    let broken = service
        .send("POST", &format!("{path}?wait=60000"), &headers, Some(&packed[..packed.len() - 9]))
        .json();
    assert_eq!(
        (&broken["status"], &broken["error"]["code"]),
        (&json!("failed"), &json!("bad_input")),
        "{broken}"
    );
    let none = service.send("POST", "/v1/collections/A/ingest", &LINES, Some(body.as_bytes()));
    assert_eq!(none.status, 422, "{}", none.body);
    assert!(crate::program::listing(&service.program.data_dir().join("uploads")).is_empty());
    assert_eq!(service.get("/v1/collections/town/documents/bulk-1999").status, 200);
}

#[test]
fn an_ingestion_that_dies_goes_on_after_its_last_write_and_brings_nothing_back() {
    for (place, before) in [("upload kept", 0), ("batch ingested:0", 1000), ("batch ingested:1", 2000)] {
        let program = Program::new();
        ingest_and_train(&program);
        let service = Service::with(program, &[], &[("SEMEME_DIE_AT", place)]);
        let body = lines(0..2500);
        let _ = service.try_send("POST", "/v1/collections/town/ingest", LINES[0].1, &body);
        let program = service.ended();
        // Removed while the service is down: a task that began from the start would bring it back.
        let gone = if before > 0 { 1 } else { 0 };
        program.run(&["remove", "town", "bulk-7"]);
        let service = Service::of(program);
        let tasks = service.get("/v1/tasks?types=ingest").json();
        if before == 0 {
            assert_eq!(tasks["results"], json!([]), "nothing was answered, so nothing is owed");
            continue;
        }
        let task = ended(&service, &tasks["results"][0]["uid"]);
        assert_eq!(
            (&task["status"], &task["result"]["added"]),
            (&json!("succeeded"), &json!(2500)),
            "{place}: {task}"
        );
        assert_eq!(service.get("/v1/collections/town/documents/bulk-7").status, 404, "{place}");
        let count = service.get("/v1/collections/town").json()["documents"].as_u64().unwrap();
        let town = town_documents().lines().count() as u64;
        assert_eq!(count, town + 2500 - gone, "{place}");
    }
}

#[test]
fn vectors_and_senses_are_tasks_too() {
    let service = Service::start();
    let vectors: String = ["bank", "river", "money", "water"]
        .iter()
        .enumerate()
        .map(|(n, word)| format!("{word} {n} 1 2\n"))
        .collect();
    let headers = [("content-type", "application/octet-stream")];
    let path = "/v1/collections/town/vectors";
    let reply =
        service.send("POST", &format!("{path}?format=glove&wait=60000"), &headers, Some(vectors.as_bytes()));
    let task = reply.json();
    assert_eq!(
        (reply.status, &task["type"], &task["status"]),
        (202, &json!("import"), &json!("succeeded")),
        "{task}"
    );
    assert_eq!(service.get("/v1/collections/town").json()["model"]["dim"], 3);
    let damaged =
        service.send("POST", &format!("{path}?wait=60000"), &headers, Some(b"999999999 999999999\n")).json();
    assert_eq!(
        (&damaged["status"], &damaged["error"]["code"]),
        (&json!("failed"), &json!("bad_input")),
        "{damaged}"
    );
    assert_eq!(service.send("POST", "/v1/collections/none/vectors", &headers, Some(b"x")).status, 404);
    let before = service.get("/v1/collections/town").json();
    let task = service.post("/v1/collections/town/senses/induce?wait=60000", &json!({})).json();
    assert_eq!((&task["type"], &task["status"]), (&json!("senses"), &json!("succeeded")), "{task}");
    let after = service.get("/v1/collections/town").json();
    assert_ne!(before["generation"], after["generation"]);
    assert_eq!(before["model"], after["model"]);
}
