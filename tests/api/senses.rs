//! Senses over REST and on the command line, with the tiny hand-made WordNet and what the small collection tells apart.

use super::Service;
use crate::program::{Program, ingest_and_train};
use serde_json::{Value, json};

fn town() -> Service {
    let program = Program::new().with_tiny_wordnet();
    ingest_and_train(&program);
    Service::of(program)
}

const SENSES: &str = "/v1/collections/town/senses";

#[test]
fn a_word_has_ranked_senses_with_the_parts_of_their_scores() {
    let service = town();
    let text = "Herons stand on the bank of the river.";
    let reply = service.post(SENSES, &json!({"text": text, "word": "bank"}));
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json();
    let word = &answer["words"][0];
    assert_eq!((&word["word"], &word["start"], &word["end"]), (&json!("bank"), &json!(20), &json!(24)));
    let senses = word["wordnet"]["senses"].as_array().unwrap();
    assert_eq!(senses.len(), 2);
    let number = |value: &Value| value.as_f64().unwrap();
    let total: f64 = senses.iter().map(|sense| number(&sense["probability"])).sum();
    assert!((total - 1.0).abs() < 1e-5, "{answer}");
    for sense in senses {
        let parts: f64 = sense["parts"].as_object().unwrap().values().map(number).sum();
        assert!((parts - number(&sense["score"])).abs() < 1e-4, "{sense}");
    }
    let at_offset = service.post(SENSES, &json!({"text": text, "offset": 21}));
    assert_eq!(at_offset.json(), answer);
    let line = service.program.ok(&["--json", "sense", text, "--word", "bank", "--collection", "town"]);
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), answer);
}

#[test]
fn a_whole_text_a_batch_and_another_form_of_the_word() {
    let service = town();
    let all = service.post(SENSES, &json!({"text": "The dog saw the banks. A cat waits."})).json();
    let words: Vec<&str> =
        all["words"].as_array().unwrap().iter().map(|word| word["word"].as_str().unwrap()).collect();
    assert!(words.contains(&"dog") && words.contains(&"banks") && words.contains(&"cat"), "{words:?}");
    let one = json!({"text": "the banks", "word": "bank"});
    let batch = service.post(&format!("{SENSES}/batch"), &json!({"requests": [one, {"text": ""}]}));
    assert_eq!(batch.status, 200, "{}", batch.body);
    let results = batch.json();
    assert_eq!(results["results"][0]["words"][0]["word"], "banks");
    assert_eq!(results["results"][1]["words"], json!([]));
}

#[test]
fn the_corpus_has_senses_of_its_own() {
    let service = town();
    let told = service.get("/v1/collections/town/words/bank/senses").json();
    assert_eq!((&told["word"], &told["looked_at"]), (&json!("bank"), &json!(true)));
    let senses = told["senses"].as_array().unwrap();
    assert!(!senses.is_empty() && senses[0]["sense"] == "bank~1", "{told}");
    let share: f64 = senses.iter().map(|sense| sense["share"].as_f64().unwrap()).sum();
    assert!((share - 1.0).abs() < 1e-5, "{told}");
    let body = json!({"text": "the bank of the river", "word": "bank", "inventory": "both"});
    let word = &service.post(SENSES, &body).json()["words"][0];
    assert_eq!(word["induced"]["senses"].as_array().unwrap().len(), senses.len());
    assert!(word["wordnet"]["senses"].is_array());
    let function_word = service.get("/v1/collections/town/words/the/senses").json();
    assert_eq!((&function_word["looked_at"], &function_word["senses"]), (&json!(false), &json!([])));
}

#[test]
fn what_cannot_be_answered_says_what_was_expected() {
    let service = town();
    let (bank, long) = ("Über die Bank", "bank ".repeat(20_000));
    for (body, expected) in [
        (json!({"text": bank, "word": "river"}), "a word of the text"),
        (json!({"text": bank, "word": "  "}), "a word"),
        (json!({"text": bank, "offset": 1}), "the first byte of a character"),
        (json!({"text": bank, "offset": 400}), "the first byte of a character"),
        (json!({"text": bank, "offset": 5}), "a byte of a word"),
        (json!({"text": bank, "word": "Bank", "inventory": "oxford"}), "unknown variant"),
        (json!({"text": bank, "word": "Bank", "pos": "article"}), "noun, verb, adjective or adverb"),
        (json!({"text": long, "word": "bank"}), "at most"),
    ] {
        let reply = service.post(SENSES, &body);
        assert!((400..500).contains(&reply.status), "{expected}: {}", reply.status);
        assert!(reply.body.contains(expected), "{expected}: {}", reply.body);
    }
    let none = service.post(SENSES, &json!({"text": "zzyzx waits", "word": "zzyzx"})).json();
    assert_eq!(none["words"][0]["wordnet"]["senses"], json!([]));
    let single = service.post(SENSES, &json!({"text": "a wolf", "word": "wolf"})).json();
    assert_eq!(single["words"][0]["wordnet"]["sure"], true);
    assert_eq!(service.get("/v1/collections/town/words/zzyzx/senses").status, 404);
}

#[test]
fn without_wordnet_the_corpus_still_answers() {
    let service = Service::start();
    let induced = json!({"text": "the bank of the river", "word": "bank", "inventory": "induced"});
    assert_eq!(service.post(SENSES, &induced).status, 200);
    let reply = service.post(SENSES, &json!({"text": "the bank", "word": "bank"}));
    assert_eq!(reply.status, 409);
    assert!(reply.body.contains("WordNet"), "{}", reply.body);
}

#[test]
fn search_follows_the_senses_that_are_meant() {
    let service = town();
    let search = |wordnet: Value| {
        let body = json!({"query": "bank", "mode": "wordnet", "limit": 50, "wordnet": wordnet});
        let reply = service.post("/v1/collections/town/search", &body);
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    };
    let senses = |answer: &Value| -> std::collections::BTreeSet<String> {
        let hits = answer["hits"].as_array().unwrap().iter();
        let matches = hits.flat_map(|hit| hit["matches"].as_array().unwrap());
        matches.filter_map(|found| found["link"]["sense"].as_str().map(str::to_owned)).collect()
    };
    let named = senses(&search(json!({"named": ["bank%1:17:00::"]})));
    assert!(named.iter().all(|sense| sense == "bank.n.01"), "{named:?}");
    search(json!({"disambiguate": true}));
    let body = json!({"query": "bank", "mode": "wordnet", "wordnet": {"named": ["bank%9:99:99::"]}});
    assert_eq!(service.post("/v1/collections/town/search", &body).status, 404);
}

#[test]
fn only_documents_that_hold_the_word_in_a_sense_answer() {
    let service = town();
    let ids = |body: &Value| -> std::collections::BTreeSet<String> {
        let reply = service.post("/v1/collections/town/search", body);
        assert_eq!(reply.status, 200, "{}", reply.body);
        let hits = reply.json()["hits"].as_array().unwrap().clone();
        hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
    };
    let holding =
        |sense: &Value| ids(&json!({"query": "bank", "mode": "keyword", "limit": 50, "sense": sense}));
    let all = ids(&json!({"query": "bank", "mode": "keyword", "limit": 50}));
    assert_eq!(all.len(), 24);
    // Every document holds the word once, and so in one sense.
    let (river, money) = (holding(&json!(["bank%1:17:00::"])), holding(&json!(["bank.n.02"])));
    assert!(river.is_disjoint(&money), "{river:?} {money:?}");
    assert_eq!(river.union(&money).cloned().collect::<std::collections::BTreeSet<_>>(), all);
    let told = service.get("/v1/collections/town/words/bank/senses").json();
    let induced = told["senses"].as_array().unwrap().iter().map(|sense| holding(&json!([sense["sense"]])));
    assert_eq!(induced.map(|found| found.len()).sum::<usize>(), 24);
    // Every mode is held to the same documents, and so are other filters.
    for mode in ["static", "hybrid", "wordnet"] {
        let found = ids(&json!({"query": "bank", "mode": mode, "limit": 50, "sense": ["bank%1:17:00::"]}));
        assert_eq!(found, river, "{mode}");
    }
    let both = json!({"query": "bank", "mode": "keyword", "limit": 50, "sense": ["bank.n.01", "bank.n.02"],
        "filter": "topic = river"});
    assert!(ids(&both).iter().all(|id| id.starts_with("river-")) && ids(&both).len() == 12);
    let arguments = ["--json", "search", "town", "bank", "--limit", "50", "--in-sense", "bank%1:17:00::"];
    let line: Value = serde_json::from_str(&service.program.ok(&arguments)).unwrap();
    assert_eq!(line["total_hits"], river.len());
    for (sense, status) in [("bank%9:99:99::", 404), ("bank~9", 422), ("~", 422)] {
        let body = json!({"query": "bank", "mode": "keyword", "sense": [sense]});
        assert_eq!(service.post("/v1/collections/town/search", &body).status, status, "{sense}");
    }
}

#[test]
fn documents_in_a_sense_come_first_and_the_others_follow() {
    let service = town();
    let search = |more: Value| {
        let mut body = json!({"query": "bank", "mode": "keyword", "limit": 50, "sense": ["bank%1:17:00::"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = service.post("/v1/collections/town/search", &body);
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    };
    let ids = |answer: &Value| -> Vec<String> {
        let hits = answer["hits"].as_array().unwrap().iter();
        hits.map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
    };
    for mode in ["keyword", "static", "hybrid", "wordnet"] {
        let only = ids(&search(json!({"mode": mode})));
        let plain = ids(&search(json!({"mode": mode, "sense": []})));
        let answer = search(json!({"mode": mode, "sense_first": true}));
        let found = ids(&answer);
        assert!(found.starts_with(&only) && !only.is_empty(), "{mode}: {found:?}");
        let others: Vec<String> = plain.iter().filter(|id| !only.contains(id)).cloned().collect();
        // Hybrid ranks anew among those that may answer; the others keep their order.
        assert!(mode == "hybrid" || found[only.len()..] == others, "{mode}: {found:?}");
        assert_eq!(found.len(), plain.len(), "{mode}");
        let ranks: Vec<u64> =
            answer["hits"].as_array().unwrap().iter().map(|hit| hit["rank"].as_u64().unwrap()).collect();
        assert_eq!(ranks, (1..=ranks.len() as u64).collect::<Vec<_>>(), "{mode}");
    }
    let all = search(json!({"sense_first": true, "facets": ["topic"]}));
    assert_eq!((&all["total_hits"], &all["filtered_documents"]), (&json!(24), &Value::Null));
    let counted: u64 =
        all["facets"]["topic"]["values"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(counted, 24);
    // Page by page the same, across the border too.
    let pages = (0..5).map(|page| ids(&search(json!({"sense_first": true, "limit": 5, "offset": 5 * page}))));
    assert_eq!(pages.flatten().collect::<Vec<_>>(), ids(&all));
    let filtered = search(json!({"sense_first": true, "filter": "topic = river"}));
    assert_eq!((&filtered["total_hits"], &filtered["filtered_documents"]), (&json!(12), &json!(12)));
    let arguments = ["--json", "search", "town", "bank", "--limit", "50", "--in-sense", "bank%1:17:00::"];
    let line = service.program.ok(&[&arguments[..], &["--sense-first"]].concat());
    assert_eq!(ids(&serde_json::from_str(&line).unwrap()), ids(&all));
    let none = json!({"query": "bank", "mode": "keyword", "sense_first": true});
    assert_eq!(service.post("/v1/collections/town/search", &none).status, 422);
}

#[test]
fn a_batch_may_be_the_first_question() {
    let service = Service::start();
    let one = json!({"text": "the bank of the river", "word": "bank", "inventory": "induced"});
    let reply = service.post(&format!("{SENSES}/batch"), &json!({"requests": vec![one; 50]}));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["results"].as_array().unwrap().len(), 50);
}

#[test]
fn documents_written_later_are_read_for_their_senses_too() {
    let service = town();
    let count = || {
        let body = json!({"query": "bank", "mode": "keyword", "sense": ["bank.n.01", "bank.n.02"]});
        service.post("/v1/collections/town/search", &body).json()["total_hits"].as_u64().unwrap()
    };
    assert_eq!(count(), 24);
    let written = json!([{"id": "new", "text": "A duck sleeps on the bank."}]);
    service.post("/v1/collections/town/documents?wait=indexed", &written);
    assert_eq!(count(), 25);
}
