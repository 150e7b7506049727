//! Words over REST.

use super::Service;
use crate::program::{Program, town_documents};
use serde_json::{Value, json};

#[test]
fn similar_words_come_with_cosine_and_count() {
    let service = Service::start();
    let reply = service.get("/v1/collections/town/words/Bank/similar?k=4");
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json();
    assert_eq!(answer["word"], "bank"); // folded as the analyzer folds
    let similar = answer["similar"].as_array().unwrap();
    assert_eq!(similar.len(), 4);
    let cosines: Vec<f64> = similar.iter().map(|word| word["similarity"].as_f64().unwrap()).collect();
    assert!(cosines.is_sorted_by(|a, b| a >= b) && cosines[0] <= 1.0, "{cosines:?}");
    assert!(similar.iter().all(|word| word["count"].as_u64().unwrap() >= 2 && word["word"] != "bank"));
}

#[test]
fn a_word_is_told_with_its_numbers() {
    let service = Service::start();
    let answer = service.get("/v1/collections/town/words/%E9%93%B6%E8%A1%8C").json();
    assert_eq!(
        (&answer["word"], &answer["count"], &answer["documents"]),
        (&json!("银行"), &json!(12), &json!(12))
    );
}

#[test]
fn an_analogy_leaves_its_own_words_out() {
    let service = Service::start();
    let body = json!({"a": "loan", "b": "bank", "c": "river", "k": 5});
    let answer = service.post("/v1/collections/town/analogy", &body).json();
    assert_eq!(answer["words"], json!(["loan", "bank", "river"]));
    let answers = answer["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 5);
    assert!(answers.iter().all(|word| !["loan", "bank", "river"].contains(&word["word"].as_str().unwrap())));
}

#[test]
fn an_unknown_word_names_the_near_ones() {
    let service = Service::start();
    let reply = service.get("/v1/collections/town/words/bnak/similar");
    assert_eq!((reply.status, reply.content_type.as_str()), (404, "application/problem+json"));
    let problem = reply.json();
    assert_eq!(problem["code"], "word_not_found");
    assert!(problem["detail"].as_str().unwrap().contains("nearest: bank"), "{problem}");
}

#[test]
fn numbers_out_of_range_and_phrases_are_refused() {
    let service = Service::start();
    for path in [
        "bank/similar?k=0",
        "bank/similar?k=1001",
        "bank/similar?k=x",
        "bank/similar?n=3",
        "bank/similar?script=klingon",
        "bank/similar?min_count=-1",
        "bank/collocates?window=0",
        "bank/collocates?by=luck",
        "bank/collocates?k=0",
        "river%20bank/similar",
    ] {
        let reply = service.get(&format!("/v1/collections/town/words/{path}"));
        assert_eq!(reply.status, 422, "{path}: {}", reply.body);
        assert_eq!(reply.json()["code"], "invalid_request");
    }
}

fn words_of(answer: &Value) -> Vec<&str> {
    answer.as_array().unwrap().iter().map(|word| word["word"].as_str().unwrap()).collect()
}

#[test]
fn similar_words_can_be_restricted() {
    let service = Service::start();
    let ask = |rest: &str| {
        service.get(&format!("/v1/collections/town/words/bank/similar?{rest}")).json()["similar"].clone()
    };
    let han = ask("script=han&k=6");
    assert_eq!(han.as_array().unwrap().len(), 6);
    assert!(words_of(&han).iter().all(|word| !word.is_ascii()), "{han}");
    assert!(words_of(&ask("prefix=l&k=20")).iter().all(|word| word.starts_with('l')));
    let frequent = ask("min_count=24&k=30");
    let counts: Vec<u64> =
        frequent.as_array().unwrap().iter().map(|word| word["count"].as_u64().unwrap()).collect();
    assert!(!counts.is_empty() && counts.iter().all(|count| *count >= 24), "{counts:?}");
}

#[test]
fn an_analogy_by_quotients() {
    let service = Service::start();
    let ask = |method: &str| {
        let body = json!({"a": "loan", "b": "bank", "c": "river", "method": method});
        service.post("/v1/collections/town/analogy", &body)
    };
    let (add, mul) = (ask("add").json(), ask("mul").json());
    assert_eq!((&add["method"], &mul["method"]), (&json!("add"), &json!("mul")));
    let scores: Vec<f64> =
        mul["answers"].as_array().unwrap().iter().map(|word| word["similarity"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores[9] >= 0.0, "{scores:?}");
    assert_ne!(add["answers"], mul["answers"]);
    assert_eq!(ask("divide").status, 422);
}

#[test]
fn words_are_compared_in_pairs_and_lists() {
    let service = Service::start();
    let ask = |words: &[&str]| service.post("/v1/collections/town/similarity", &json!({"words": words}));
    let pair = ask(&["River", "water"]).json();
    assert_eq!((&pair["words"], &pair["similarity"]), (&json!(["river", "water"]), &pair["matrix"][0][1]));
    let list = ask(&["river", "water", "loan"]).json();
    assert!(list.get("similarity").is_none());
    for (row, column) in [(0, 1), (0, 2), (1, 2)] {
        assert_eq!(list["matrix"][row][column], list["matrix"][column][row]);
    }
    assert!((list["matrix"][2][2].as_f64().unwrap() - 1.0).abs() < 1e-6);
    assert_eq!((ask(&["river"]).status, ask(&["river"; 1001]).status), (422, 422));
    assert_eq!(ask(&["river", "rivr"]).json()["code"], "word_not_found");
}

#[test]
fn the_odd_one_is_found() {
    let service = Service::start();
    let ask = |words: &[&str]| service.post("/v1/collections/town/odd-one-out", &json!({"words": words}));
    let answer = ask(&["loan", "herons", "interest", "deposit", "lender"]).json();
    assert_eq!(answer["odd"], "herons", "{answer}");
    assert_eq!(words_of(&answer["words"]), ["loan", "herons", "interest", "deposit", "lender"]);
    assert_eq!(ask(&["loan", "river"]).status, 422);
}

#[test]
fn a_sum_of_one_word_is_the_word() {
    let service = Service::start();
    let ask = |words: Value| {
        service.post("/v1/collections/town/nearest", &json!({"words": words, "k": 4, "script": "latin"}))
    };
    let sum = ask(json!([{"word": "River"}])).json();
    let similar = service.get("/v1/collections/town/words/river/similar?k=4&script=latin").json();
    assert_eq!(words_of(&sum["similar"]), words_of(&similar["similar"]));
    assert_eq!(sum["words"], json!([{"word": "river", "weight": 1.0}]));
    let mixed = ask(json!([{"word": "loan", "weight": 1.0}, {"word": "river", "weight": -0.5}])).json();
    assert!(!words_of(&mixed["similar"]).contains(&"loan"), "{mixed}");
    for words in [json!([]), json!([{"word": "river", "weight": 0}]), json!([{"word": "river", "by": 1}])] {
        assert_eq!(ask(words.clone()).status, 422, "{words}");
    }
}

#[test]
fn a_map_draws_words_sums_and_neighbours_once_each() {
    let service = Service::start();
    let ask = |body: Value| service.post("/v1/collections/town/map", &body);
    let sum = json!([{"word": "loan"}, {"word": "river", "weight": 0.5}]);
    let map = ask(json!({"words": ["River", "loan"], "k": 5, "sums": [sum]})).json();
    assert_eq!(map["words"], json!(["river", "loan"]));
    let points = map["points"].as_array().unwrap();
    let kinds: Vec<&str> = points.iter().map(|point| point["kind"].as_str().unwrap()).take(4).collect();
    assert_eq!(kinds, ["word", "word", "sum", "neighbour"]);
    let words: std::collections::HashSet<&str> = words_of(&map["points"]).into_iter().collect();
    assert_eq!(words.len(), points.len(), "{map}");
    let number = |value: &Value| value.as_f64().unwrap();
    let kept = number(&map["kept"][0]) + number(&map["kept"][1]);
    assert!(number(&map["kept"][0]) >= number(&map["kept"][1]) && kept > 0.0 && kept <= 1.001, "{map}");
    // A drawing never lengthens a distance: of vectors at length 1, 2 - 2 cos squared.
    let neighbours = points.iter().filter(|point| point["kind"] == "neighbour" && point["of"] == 0);
    for point in neighbours {
        let (x, y) =
            (number(&point["x"]) - number(&points[0]["x"]), number(&point["y"]) - number(&points[0]["y"]));
        assert!(x * x + y * y <= 2.0 - 2.0 * number(&point["similarity"]) + 1e-3, "{point}");
    }
    assert_eq!(ask(json!({"words": ["rivr"]})).json()["code"], "word_not_found");
    let cancelled = json!([{"word": "river"}, {"word": "river", "weight": -1}]);
    for body in [
        json!({"words": []}),
        json!({"words": vec!["river"; 50], "k": 1000}),
        json!({"words": ["river"], "sums": [[]]}),
        json!({"words": ["river"], "sums": [cancelled]}),
    ] {
        assert_eq!(ask(body.clone()).status, 422, "{body}");
    }
}

#[test]
fn collocates_are_counted_in_the_documents() {
    let service = Service::start();
    let ask = |rest: &str| service.get(&format!("/v1/collections/town/words/Herons/collocates?{rest}"));
    let answer = ask("window=5&k=40").json();
    assert_eq!(
        (&answer["word"], &answer["count"], &answer["by"]),
        (&json!("herons"), &json!(12), &json!("log_likelihood"))
    );
    let found = answer["collocates"].as_array().unwrap();
    // "Herons stand on the bank of the river": five to the right, nothing else in the sentence before.
    assert_eq!(found[0]["together"], 12, "{answer}");
    let mut words = words_of(&answer["collocates"]);
    words.sort_unstable();
    assert_eq!(words, ["bank", "of", "on", "stand", "the"]);
    let by_pmi = ask("window=5&k=40&by=pmi").json();
    let pmi: Vec<f64> =
        by_pmi["collocates"].as_array().unwrap().iter().map(|word| word["pmi"].as_f64().unwrap()).collect();
    assert!(pmi.is_sorted_by(|a, b| a >= b), "{pmi:?}");
    let unknown = service.get("/v1/collections/town/words/heronz/collocates").json();
    assert!(unknown["detail"].as_str().unwrap().contains("nearest: herons"), "{unknown}");
}

#[test]
fn collocates_without_a_corpus_say_what_to_do() {
    let service = Service::start();
    std::fs::remove_file(service.program.generation("town").join("corpus.tokens")).unwrap();
    let reply = service.get("/v1/collections/town/words/bank/collocates");
    assert_eq!((reply.status, reply.json()["code"].as_str()), (409, Some("not_ready")));
    assert!(reply.json()["detail"].as_str().unwrap().contains("sememe train town"), "{}", reply.body);
}

#[test]
fn unknown_words_are_stood_for_by_their_ngrams_and_it_is_said() {
    let program = Program::new();
    program.write("town.jsonl", &town_documents());
    program.ok(&["ingest", "town", "town.jsonl"]);
    program.ok(&["train", "town", "--subwords", "--dim", "16", "--epochs", "3", "--threads", "1"]);
    let service = Service::of(program);
    let answer = service.get("/v1/collections/town/words/lenders/similar?k=3").json();
    assert_eq!((&answer["word"], &answer["from_subwords"]), (&json!("lenders"), &json!(true)));
    assert_eq!(answer["similar"].as_array().unwrap().len(), 3);
    let body = json!({"words": ["lenders", "lender"]});
    let answer = service.post("/v1/collections/town/similarity", &body).json();
    assert_eq!(answer["from_subwords"], json!(["lenders"]));
}

#[test]
fn rest_and_command_line_answer_the_same_about_words() {
    let service = Service::start();
    let get = |path: &str| service.get(&format!("/v1/collections/town/{path}")).json();
    let post = |path: &str, body: Value| service.post(&format!("/v1/collections/town/{path}"), &body).json();
    let list = json!({"words": ["loan", "river", "bank"]});
    let sum = json!({"words": [{"word": "loan", "weight": 1}, {"word": "river", "weight": -0.5}], "k": 3});
    for (rest, arguments) in [
        (get("words/river"), "word town river"),
        (
            get("words/river/similar?k=3&min_count=12&prefix=b"),
            "similar town river -k 3 --min-count 12 --prefix b",
        ),
        (get("words/river/similar?script=han"), "similar town river --script han"),
        (
            post("analogy", json!({"a": "loan", "b": "bank", "c": "river", "method": "mul"})),
            "analogy town loan bank river --method mul",
        ),
        (post("similarity", list.clone()), "similarity town loan river bank"),
        (post("odd-one-out", list), "odd-one-out town loan river bank"),
        (post("nearest", sum), "nearest town loan river=-0.5 -k 3"),
        (get("words/bank/collocates?by=pmi&window=3"), "collocates town bank --by pmi --window 3"),
    ] {
        let arguments: Vec<&str> = ["--json"].into_iter().chain(arguments.split(' ')).collect();
        let printed: Value = serde_json::from_str(&service.program.ok(&arguments)).unwrap();
        assert_eq!(rest, printed, "{arguments:?}");
    }
}
