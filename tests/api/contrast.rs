//! The contrast, and the same answers over REST and on the command line.

use super::Service;
use serde_json::{Value, json};

#[test]
fn the_lists_their_overlap_and_what_each_found_alone() {
    let service = Service::start();
    let answer =
        service.post("/v1/collections/town/contrast", &json!({"query": "deposit money", "k": 15})).json();
    let modes: Vec<&str> =
        answer["answers"].as_array().unwrap().iter().map(|a| a["mode"].as_str().unwrap()).collect();
    assert_eq!(modes, ["keyword", "static"]);
    let found = |mode: usize| answer["answers"][mode]["hits"].as_array().unwrap().len();
    assert_eq!(found(0), 12); // those with the words
    let agreement = &answer["agreement"].as_array().unwrap()[0];
    let overlap = agreement["overlap"].as_f64().unwrap();
    let alone = answer["found_alone"].as_array().unwrap();
    let by_static = alone.iter().filter(|one| one["mode"] == "static").count();
    assert!(
        (overlap - (found(1) - by_static) as f64 / found(0).max(found(1)) as f64).abs() < 1e-9,
        "{overlap} {by_static}"
    );
    assert!((0.0..=1.0).contains(&agreement["rank_biased_overlap"].as_f64().unwrap()));
    assert!(alone.iter().all(|one| !one["through"].as_array().unwrap().is_empty()));
}

/// Times differ; nothing else may.
fn without_times(mut answer: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.shift_remove("processing_time_ms");
                map.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut answer);
    answer
}

#[test]
fn rest_and_command_line_answer_the_same() {
    let service = Service::start();
    let on_command_line = |arguments: &[&str]| {
        let all = [&["--json"], arguments].concat();
        without_times(serde_json::from_str(&service.program.ok(&all)).unwrap())
    };
    for mode in ["keyword", "static"] {
        let body = json!({"query": "cold river bank", "mode": mode, "limit": 7});
        let rest = without_times(service.post("/v1/collections/town/search", &body).json());
        assert_eq!(rest["hits"].as_array().unwrap().len(), 7);
        assert_eq!(
            rest,
            on_command_line(&["search", "town", "cold river bank", "--mode", mode, "--limit", "7"])
        );
    }
    let rest = without_times(
        service.post("/v1/collections/town/contrast", &json!({"query": "存款", "k": 5})).json(),
    );
    assert_eq!(rest, on_command_line(&["contrast", "town", "存款", "-k", "5"]));
    let rest = without_times(service.get("/v1/collections/town/words/river/similar?k=3").json());
    assert_eq!(rest, on_command_line(&["similar", "town", "river", "-k", "3"]));
    let rest =
        without_times(service.post("/v1/collections/town/analyze", &json!({"text": "我去了Bank"})).json());
    assert_eq!(rest, on_command_line(&["analyze", "town", "我去了Bank"]));
    let rest = service.get("/v1/collections").json()["results"].clone();
    assert_eq!(rest, on_command_line(&["collections"]));
}
