//! Which word comes next: the left half of a contextual model, the answers over REST and on the command line, and what a build keeps.

use crate::api::Service;
use crate::context::{World, world};
use crate::program::{Program, ingest_and_train, stderr, town_documents};
use sememe::bilm::{NEXT_FILE, NextWords};
use sememe::ngram::NGRAMS_FILE;
use sememe::progress::Silent;
use sememe::vocab::{Distribution, Next};
use serde_json::{Value, json};
use std::fs;

/// The token's spelling.
fn spelled(world: &World, next: Next) -> &str {
    match next {
        Next::Word(id) => world.corpus.vocabulary().word(id),
        Next::Unknown => "<unk>",
        Next::End => "</s>",
    }
}

/// A made-up language in which the left side tells much: `at the bank anna opens some account today`.
#[test]
fn the_left_half_of_a_model_tells_next_words() {
    let world = world();
    let next = NextWords::fit(&world.model, &world.corpus, &Silent).unwrap().unwrap();
    assert!(next.belong_to(&world.model));
    let predict = |text: &str| next.predict(&world.model, &text.split_whitespace().collect::<Vec<_>>());
    for (text, expected) in [
        ("anna goes to the shop and", "buys"),
        ("bert goes to the river and", "swims"),
        ("at the bank cara opens some", "account"),
        ("at the bank cara opens some account today", "</s>"),
        ("the water that dave swims is from the", "river"),
    ] {
        let (best, probability) = predict(text).best(1)[0];
        assert_eq!(spelled(world, best), expected, "{text}");
        assert!(probability > 0.3, "{text}: {probability}");
    }
    let begun = predict("");
    assert!((begun.0.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    assert!(begun.0.iter().all(|probability| *probability > 0.0));
    // Word by word or at once, and whatever comes later: the same.
    let sentence = ["anna", "goes", "to", "the", "shop", "and", "xyzzy"];
    let walked = next.walk(&world.model, &sentence, |_, distribution| distribution);
    assert_eq!(walked.len(), sentence.len() + 1);
    for (at, found) in walked.iter().enumerate() {
        let Distribution(expected) = next.predict(&world.model, &sentence[..at]);
        assert!(found.0.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "place {at}");
    }
}

#[test]
fn next_words_over_rest_and_on_the_command_line_are_the_same() {
    let service = Service::start();
    let body = json!({"text": "The water is cold. Herons stand on the xyzzy", "k": 3});
    let reply = service.post("/v1/collections/town/next", &body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json();
    let tokens = answer["tokens"].as_array().unwrap();
    let known: Vec<bool> = tokens.iter().map(|token| token["known"] == true).collect();
    assert_eq!((tokens[0]["text"].as_str(), known.last()), (Some("herons"), Some(&false)), "{answer}");
    assert_eq!(answer["ngram"]["next"].as_array().unwrap().len(), 3);
    assert!(
        answer["lstm"].is_null() && answer["lstm_missing"].as_str().unwrap().contains("sememe train town")
    );

    let body = json!({"text": "Herons stand on the"});
    let ngram = &service.post("/v1/collections/town/next", &body).json()["ngram"];
    assert_eq!(
        (&ngram["order"], &ngram["order_used"], &ngram["backed_off"]),
        (&json!(3), &json!(3), &json!(0))
    );
    assert_eq!(ngram["next"][0]["word"], "bank", "{ngram}");
    let said = service.program.ok(&["--json", "next", "town", "Herons stand on the"]);
    assert_eq!(&serde_json::from_str::<Value>(&said).unwrap()["ngram"], ngram);

    // Every document in Chinese begins so, and the sentence goes on with 的.
    let chinese = service.post("/v1/collections/town/next", &json!({"text": "这家银行"})).json();
    assert_eq!(chinese["ngram"]["next"][0]["word"], "的", "{chinese}");
    let begun = service.post("/v1/collections/town/next", &json!({"text": " . ", "k": 1})).json();
    assert_eq!((&begun["tokens"], &begun["ngram"]["order_used"]), (&json!([]), &json!(2)));

    for (refused, status) in [
        (json!({"text": "a", "k": 0}), 422),
        (json!({"text": "a", "k": 1001}), 422),
        (json!({"words": "a"}), 422),
    ] {
        let reply = service.post("/v1/collections/town/next", &refused);
        let got = (reply.status, reply.content_type.as_str());
        assert_eq!(got, (status, "application/problem+json"), "{refused}");
    }
    assert_eq!(service.post("/v1/collections/nowhere/next", &json!({"text": "a"})).status, 404);
}

#[test]
fn held_out_text_is_measured_over_the_same_tokens() {
    let program = Program::new();
    ingest_and_train(&program);
    program.write("held.txt", "Herons stand on the bank of the river.\n\nThe xyzzy lends money.");
    let report: Value =
        serde_json::from_str(&program.ok(&["--json", "eval", "next", "town", "held.txt"])).unwrap();
    assert_eq!(
        (&report["sentences"], &report["tokens"], &report["unknown"]),
        (&json!(2), &json!(14), &json!(1))
    );
    let models = report["models"].as_array().unwrap();
    assert_eq!(
        (models.len(), &models[0]["model"], &models[1]["model"]),
        (2, &json!("unigram"), &json!("ngram"))
    );
    let perplexity = |model: usize| models[model]["perplexity"].as_f64().unwrap();
    assert!(perplexity(1) < perplexity(0) / 2.0, "{report}");
    let [low, high] = ["low", "high"].map(|end| models[1]["interval"][end].as_f64().unwrap());
    assert!(low <= perplexity(1) && perplexity(1) <= high);
    program.write("empty.txt", "...");
    let output = program.run(&["eval", "next", "town", "empty.txt"]);
    assert!(!output.status.success() && stderr(&output).contains("sentence"), "{}", stderr(&output));
}

#[test]
fn models_of_next_words_are_kept_and_made_again_where_they_are_missing() {
    let program = Program::new();
    program.write("town.jsonl", &town_documents());
    program.ok(&["ingest", "town", "town.jsonl"]);
    let output = program.run(&["next", "town", "the"]);
    assert!(!output.status.success() && stderr(&output).contains("sememe train town"), "{}", stderr(&output));
    let small =
        ["--dim", "16", "--epochs", "20", "--hidden", "8", "--context-epochs", "2", "--contextual", "on"];
    program.ok(&[&["train", "town", "--from", "scratch", "--threads", "1"], &small[..]].concat());
    let bytes = |name: &str| fs::read(program.generation("town").join(name)).unwrap();
    let before = [NGRAMS_FILE, NEXT_FILE].map(bytes);
    let answer = || program.ok(&["--json", "next", "town", "The bank on Mill Street"]);
    let said: Value = serde_json::from_str(&answer()).unwrap();
    assert_eq!(said["lstm"]["next"].as_array().unwrap().len(), 10, "{said}");
    let report: Value =
        serde_json::from_str(&program.ok(&["--json", "eval", "next", "town", "town.jsonl"])).unwrap();
    assert_eq!(report["models"].as_array().unwrap().len(), 4, "{report}");

    let expected = answer();
    program.ok(&["index", "town"]);
    assert!([NGRAMS_FILE, NEXT_FILE].map(bytes) == before && answer() == expected);
    // As a generation of before there were any, and as one whose files were damaged.
    for name in [NGRAMS_FILE, NEXT_FILE] {
        fs::remove_file(program.generation("town").join(name)).unwrap();
    }
    assert!(stderr(&program.run(&["next", "town", "the"])).contains("sememe index town"));
    program.ok(&["index", "town"]);
    assert!(bytes(NGRAMS_FILE) == before[0] && bytes(NEXT_FILE) == before[1]);
    for (name, bytes) in [NGRAMS_FILE, NEXT_FILE].into_iter().zip(&before) {
        let path = program.generation("town").join(name);
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::remove_file(&path).unwrap();
        fs::write(&path, &changed).unwrap();
        assert_eq!(program.run(&["check"]).status.code(), Some(1), "{name}");
        program.ok(&["check", "--repair"]);
        assert!(answer() == expected, "{name}");
    }
}
