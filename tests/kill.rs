//! What was acknowledged is there, whatever happens to the process: killed at named places and at random moments, through the real binary.
//!
//! The long form: `SEMEME_KILLS=200 SEMEME_KILL_DOCUMENTS=100000 cargo test --release --test it kill:: -- --ignored --nocapture`.

use crate::api::Service;
use crate::program::{Program, ingest_and_train, stderr, town_documents};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

// --- Named places ------------------------------------------------------------------------------------------------------

/// Between the steps of a commit, and of a switch of generations.
const COMMIT: [&str; 3] = ["documents written", "before commit", "after commit"];
const SWITCH: [&str; 7] = [
    "generation written",
    "generation flushed",
    "generation renamed",
    "before switch",
    "after switch",
    "generation taken up",
    "outdated removed",
];

fn found(program: &Program, query: &str) -> usize {
    let answer: Value =
        serde_json::from_str(&program.ok(&["--json", "search", "town", query, "--mode", "keyword"])).unwrap();
    answer["hits"].as_array().unwrap().len()
}

fn dies(program: &Program, place: &str, arguments: &[&str]) {
    let output = program.command(arguments).env("SEMEME_DIE_AT", place).output().unwrap();
    assert!(output.status.code().is_none(), "{place} is not reached by {arguments:?}: {}", stderr(&output));
}

fn is_sound(program: &Program) {
    let said = program.ok(&["check"]);
    assert_eq!(said.lines().last(), Some("all is well"), "{said}");
}

#[test]
fn an_ingestion_that_dies_at_any_place_is_there_whole_or_not_at_all() {
    let program = Program::new();
    program.write("town.jsonl", &town_documents());
    program.ok(&["ingest", "town", "town.jsonl"]);
    for (number, place) in COMMIT.iter().chain(&SWITCH).enumerate() {
        let line = json!({"id": format!("new-{number}"), "text": format!("zeppelin{number} over the river")});
        let path = program.write("more.jsonl", &format!("{line}\n"));
        dies(&program, place, &["ingest", "town", path.to_str().unwrap()]);
        let expected = usize::from(!["documents written", "before commit"].contains(place));
        assert_eq!(found(&program, &format!("zeppelin{number}")), expected, "{place}");
        is_sound(&program);
        program.ok(&["ingest", "town", path.to_str().unwrap()]);
        assert_eq!(found(&program, &format!("zeppelin{number}")), 1, "{place}");
    }
}

#[test]
fn a_training_that_dies_at_any_place_leaves_the_model_before_or_the_new_one() {
    let program = Program::new();
    ingest_and_train(&program);
    let dims = |program: &Program| {
        let infos: Value = serde_json::from_str(&program.ok(&["--json", "collections"])).unwrap();
        infos[0]["model"]["dim"].as_u64().unwrap()
    };
    let mut before = 32;
    for (number, place) in SWITCH.iter().enumerate() {
        let dim = 16 + number as u64;
        let arguments = ["train", "town", "--epochs", "2", "--threads", "1", "--dim", &dim.to_string()];
        dies(&program, place, &arguments);
        let now = dims(&program);
        assert_eq!(
            now,
            if ["after switch", "generation taken up", "outdated removed"].contains(place) {
                dim
            } else {
                before
            },
            "{place}"
        );
        is_sound(&program);
        before = now;
    }
    dies(
        &program,
        "generation renamed",
        &["train", "town", "--epochs", "2", "--threads", "1", "--dim", "16"],
    );
    let left = crate::program::listing(&program.data_dir().join("collections/town"));
    program.ok(&["index", "town"]);
    let kept = crate::program::listing(&program.data_dir().join("collections/town"));
    assert!(kept.len() < left.len() && !kept.iter().any(|name| name.starts_with(".building")), "{kept:?}");
}

#[test]
fn a_task_that_dies_at_any_place_is_taken_up_by_the_next_service() {
    let program = Program::new();
    ingest_and_train(&program);
    let mut program = program;
    for place in ["corpus encoded", "trained", "generation renamed", "after switch"] {
        let service = Service::with(program, &[], &[("SEMEME_DIE_AT", place)]);
        let settings = json!({"epochs": 2, "threads": 1, "dim": 20});
        let task = service.post("/v1/collections/town/train", &settings).json();
        program = service.ended();
        let service = Service::of(program);
        let task = service.get(&format!("/v1/tasks/{}?wait=60000", task["uid"])).json();
        assert_eq!(task["status"], "succeeded", "{place}: {task}");
        program = service.killed();
        is_sound(&program);
    }
}

// --- Random moments ----------------------------------------------------------------------------------------------------

/// A small generator of random numbers (Knuth's MMIX): the moments differ, what is done does not depend on them.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// What one writer knows: for each id the version that was acknowledged, if any, and what was on its way when the service died.
#[derive(Default)]
struct Ledger {
    acknowledged: HashMap<String, Option<u64>>,
    in_flight: Vec<(String, Option<u64>)>,
    version: u64,
    writes: u64,
}

impl Ledger {
    fn text(id: &str, version: u64) -> String {
        format!("mark{id}v{version} the bank lends money and the river is cold")
    }

    /// Writes, deletes, updates, in random order, until the service is gone.
    fn run(&mut self, writer: u64, service: &Service, random: &mut Random, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            self.version += 1;
            self.writes += 1;
            let id = |n: u64| format!("w{writer}n{n}");
            let done = match random.below(10) {
                0..=4 => {
                    let id = id(random.below(60));
                    let body = json!({"id": id, "text": Self::text(&id, self.version)});
                    self.in_flight = vec![(id, Some(self.version))];
                    service.try_ask("POST", "/v1/collections/town/documents", &body.to_string())
                }
                5..=7 => {
                    let id = id(random.below(60));
                    self.in_flight = vec![(id.clone(), None)];
                    let body = json!({"ids": [id]});
                    service.try_ask("POST", "/v1/collections/town/documents/delete", &body.to_string())
                }
                _ => {
                    let first = random.below(40);
                    let ids: Vec<String> = (first..first + 20).map(id).collect();
                    let documents: Vec<Value> = ids
                        .iter()
                        .map(|id| json!({"id": id, "text": Self::text(id, self.version)}))
                        .collect();
                    self.in_flight = ids.into_iter().map(|id| (id, Some(self.version))).collect();
                    let body = Value::from(documents).to_string();
                    service.try_ask("POST", "/v1/collections/town/documents", &body)
                }
            };
            match done {
                Some(reply) => {
                    assert_eq!(reply.status, 200, "{}", reply.body);
                    self.acknowledged.extend(self.in_flight.drain(..));
                }
                None => return, // it is gone; whether this one was stored is open
            }
        }
    }

    /// Settles what was on its way by what is there: all of it or nothing.
    fn settle(&mut self, there: &HashMap<String, String>) {
        let in_flight = std::mem::take(&mut self.in_flight);
        let is = |id: &str, version: Option<u64>| {
            there.get(id) == version.map(|version| Self::text(id, version)).as_ref()
        };
        let new = in_flight.iter().all(|(id, version)| is(id, *version));
        let old = in_flight.iter().all(|(id, _)| is(id, self.acknowledged.get(id).copied().flatten()));
        assert!(new || old, "half of a write is there: {in_flight:?}");
        if new {
            self.acknowledged.extend(in_flight);
        }
    }
}

/// Every document of the collection that a writer wrote, by id.
fn documents(service: &Service) -> HashMap<String, String> {
    let mut there = HashMap::new();
    let mut after = 0;
    loop {
        let page = service.get(&format!("/v1/collections/town/documents?limit=1000&after={after}")).json();
        for document in page["results"].as_array().unwrap() {
            let id = document["id"].as_str().unwrap().to_owned();
            if id.starts_with('w') {
                let text = document["text"].as_str().unwrap().to_owned();
                assert!(there.insert(id, text).is_none(), "{} is there twice", document["id"]);
            }
        }
        match page["next"].as_i64() {
            Some(next) => after = next,
            None => return there,
        }
    }
}

fn hits(service: &Service, query: &str) -> Vec<String> {
    let reply =
        service.post("/v1/collections/town/search", &json!({"query": query, "mode": "keyword", "limit": 50}));
    let answer = reply.json();
    let hits = answer["hits"].as_array().unwrap_or_else(|| panic!("{}", reply.body));
    hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

/// What is stored is what was acknowledged; what is found is what is stored.
fn verify(service: &Service, ledgers: &mut [Ledger], random: &mut Random) {
    let there = documents(service);
    ledgers.iter_mut().for_each(|ledger| ledger.settle(&there));
    let mut expected = 0;
    for ledger in &*ledgers {
        for (id, version) in &ledger.acknowledged {
            let text = version.map(|version| Ledger::text(id, version));
            assert_eq!(there.get(id), text.as_ref(), "{id}: acknowledged and stored");
            expected += usize::from(version.is_some());
        }
    }
    assert_eq!(there.len(), expected, "documents that nobody wrote");
    let info = service.get("/v1/collections/town").json();
    assert_eq!(
        (&info["indexed_documents"], &info["up_to_date"]),
        (&info["documents"], &json!(true)),
        "{info}"
    );
    for ledger in &*ledgers {
        let known: Vec<_> = ledger.acknowledged.iter().collect();
        for _ in 0..5.min(known.len()) {
            let (id, version) = known[random.below(known.len() as u64) as usize];
            let newest = version.map(|version| hits(service, &format!("mark{id}v{version}")));
            assert!(newest.is_none_or(|found| found == [id.clone()]), "{id} is not found, or twice");
        }
    }
}

/// Kills the service so many times at random moments of mixed work; gives the slowest start and the number of writes.
fn kill_loop(program: Program, kills: u64, seed: u64) -> (Duration, u64) {
    let mut random = Random(seed);
    let mut ledgers = [Ledger::default(), Ledger::default()];
    let mut service = Service::of(program);
    let mut slowest = Duration::ZERO;
    for _ in 0..kills {
        let over = AtomicBool::new(false);
        let moment = Duration::from_millis(20 + random.below(500));
        let work = ["train", "index", "snapshot"][random.below(3) as usize];
        std::thread::scope(|scope| {
            for (writer, ledger) in ledgers.iter_mut().enumerate() {
                let (service, over) = (&service, &over);
                let mut random = Random(random.below(1 << 30));
                scope.spawn(move || ledger.run(writer as u64, service, &mut random, over));
            }
            let (path, body) = match work {
                "train" => ("/v1/collections/town/train", r#"{"dim": 16, "epochs": 3, "threads": 1}"#),
                "index" => ("/v1/collections/town/index", ""),
                _ => ("/v1/snapshots", ""),
            };
            service.try_ask("POST", path, body);
            std::thread::sleep(moment);
            service.kill();
            over.store(true, Ordering::Relaxed);
        });
        let start = Instant::now();
        service = Service::of(service.killed());
        while service.get("/readyz").status != 200 {
            std::thread::sleep(Duration::from_millis(1));
        }
        slowest = slowest.max(start.elapsed());
        verify(&service, &mut ledgers, &mut random);
    }
    is_sound(&service.killed());
    (slowest, ledgers.iter().map(|ledger| ledger.writes).sum())
}

#[test]
fn killed_at_random_moments_nothing_acknowledged_is_lost() {
    let program = Program::new();
    ingest_and_train(&program);
    kill_loop(program, 6, 7);
}

#[test]
#[ignore = "the long form: minutes"]
fn killed_two_hundred_times() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let (kills, many) = (number("SEMEME_KILLS", 200), number("SEMEME_KILL_DOCUMENTS", 2_000));
    let program = Program::new();
    ingest_and_train(&program);
    let lines: String = (0..many)
        .map(|n| {
            let words = ["bank", "river", "loan", "heron", "interest", "water", "deposit", "current"];
            let text: Vec<&str> =
                (0..40).map(|at| words[((n * 31 + at * at * 7 + at * n) % 8) as usize]).collect();
            json!({"id": format!("many-{n}"), "text": format!("{} number{n}", text.join(" "))}).to_string()
                + "\n"
        })
        .collect();
    program.write("many.jsonl", &lines);
    program.ok(&["ingest", "town", "many.jsonl"]);
    let start = Instant::now();
    let (slowest, writes) = kill_loop(program, kills, number("SEMEME_KILL_SEED", 1));
    eprintln!(
        "{kills} kills among {writes} writes over {many} documents in {:.0} s: nothing lost, nothing twice, nothing back; \
         slowest start to ready {:.2} s",
        start.elapsed().as_secs_f64(),
        slowest.as_secs_f64()
    );
}
