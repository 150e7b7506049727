//! Words over REST.

use super::Service;
use serde_json::json;

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
        "river%20bank/similar",
    ] {
        let reply = service.get(&format!("/v1/collections/town/words/{path}"));
        assert_eq!(reply.status, 422, "{path}: {}", reply.body);
        assert_eq!(reply.json()["code"], "invalid_request");
    }
}
