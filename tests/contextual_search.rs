//! Mode `contextual` from training to hit: document vectors by the contextual encoder, late interaction, and scores that add up.

use sememe::bilm;
use sememe::engine::{Contextual, ContrastRequest, Engine, SearchRequest, TrainSettings};
use sememe::error::Error;
use sememe::progress::Silent;
use sememe::search::Mode;
use sememe::text::{Document, Documents};
use sememe::word2vec;
use serde_json::{Value, json};
use std::path::Path;

/// The bundled English collection, with a contextual model that has hardly learned.
pub(crate) fn notes(folder: &Path) -> Engine {
    let engine = Engine::open(folder).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo-en.jsonl");
    engine
        .ingest("notes", Documents::open(&path, Default::default()).unwrap(), Default::default(), &Silent)
        .unwrap();
    let word2vec = word2vec::Settings { dim: 16, epochs: Some(2), threads: Some(1), ..Default::default() };
    let context = bilm::Settings {
        hidden: Some(8),
        shared_negatives: 16,
        epochs: Some(1),
        threads: Some(1),
        ..Default::default()
    };
    let settings =
        TrainSettings { word2vec, contextual: Contextual::On, context, ..TrainSettings::default() };
    engine.train("notes", &settings, &Silent).unwrap();
    engine
}

fn request(value: Value) -> SearchRequest {
    serde_json::from_value(value).unwrap()
}

fn ids(engine: &Engine, value: Value) -> Vec<String> {
    engine.search("notes", &request(value)).unwrap().hits.into_iter().map(|hit| hit.id).collect()
}

fn scores_add_up(engine: &Engine) {
    for (settings, query) in [
        (json!({}), "loan from the bank"),
        (json!({"late": 1.0, "candidates": 200}), "steep bank of a river"),
        (json!({"late": 0.0}), "river water"),
        (json!({"candidates": 3}), "coffee in the morning"),
    ] {
        let body = json!({"query": query, "mode": "contextual", "limit": 20, "contextual": settings});
        let answer = engine.search("notes", &request(body)).unwrap();
        assert_eq!(answer.hits.len(), 20);
        assert!(answer.hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
        for hit in &answer.hits {
            let sum: f32 = hit.parts.iter().map(|part| part.score).sum();
            assert!((sum - hit.score).abs() < 1e-4, "{query} {}: {sum} {}", hit.id, hit.score);
            assert!(hit.score <= 1.0 + 1e-5 && (hit.score == 0.0 || !hit.matches.is_empty()));
        }
    }
}

#[test]
fn documents_answer_by_their_words_in_their_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let engine = notes(folder.path());
    scores_add_up(&engine);
    // Pages are parts of one list.
    let page = |offset: usize, limit: usize| {
        ids(&engine, json!({"query": "river bank", "mode": "contextual", "offset": offset, "limit": limit}))
    };
    assert_eq!([page(0, 7), page(7, 23)].concat(), page(0, 30));
    // A filter holds, with the same count in every mode.
    let filtered = json!({"query": "river bank", "mode": "contextual", "filter": "id IN [en-001, en-002]"});
    let answer = engine.search("notes", &request(filtered)).unwrap();
    assert!(answer.filtered_documents == Some(2) && answer.hits.len() <= 2);
    // What is written later is found too, and what is deleted is not.
    let late: Document = serde_json::from_value(
        json!({"id": "late", "text": "The bank of the river is steep. Loans are given elsewhere."}),
    )
    .unwrap();
    engine.put("notes", &[late]).unwrap();
    engine.refresh().unwrap();
    let query = "the bank of the river is steep";
    let found = || ids(&engine, json!({"query": query, "mode": "contextual", "limit": 1000}));
    assert!(found().contains(&"late".to_owned()));
    engine.delete_documents("notes", &["late".to_owned()]).unwrap();
    engine.refresh().unwrap();
    assert!(!found().contains(&"late".to_owned()));
    // Built anew, the vectors are the same: the model stayed.
    let before = found();
    engine.reindex("notes", &Silent).unwrap();
    assert_eq!(before, found());
    // The contrast has it without being asked.
    let contrast =
        engine.contrast("notes", &ContrastRequest { query: query.into(), ..Default::default() }).unwrap();
    assert!(contrast.answers.iter().any(|answer| answer.mode == Mode::Contextual));
    assert_eq!(
        contrast.missed_by_keywords,
        Some(vec!["steep".to_owned()]),
        "the one document with it is gone"
    );
}

#[test]
fn without_a_contextual_model_the_mode_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let one: Document = serde_json::from_value(json!({"id": "a", "text": "a bank lends money"})).unwrap();
    engine.put("notes", &[one]).unwrap();
    engine.index("notes", &Silent).unwrap();
    let body = json!({"query": "bank", "mode": "contextual"});
    assert!(matches!(engine.search("notes", &request(body)), Err(Error::NotReady { .. })));
    let body = json!({"query": "bank", "mode": "contextual", "contextual": {"candidates": 201}});
    let error = engine.search("notes", &request(body)).unwrap_err().to_string();
    assert_eq!(error, "contextual/candidates: expected 0 to 200, got 201; 20 are usual");
    for recall in [0.0, 1.1, -1.0] {
        let body = json!({"query": "bank", "mode": "keyword", "recall": recall});
        let error = engine.search("notes", &request(body)).unwrap_err().to_string();
        assert!(error.starts_with("recall: expected above 0 up to 1, got"), "{error}");
    }
    let contrast = ContrastRequest { query: "bank shore".into(), ..Default::default() };
    let contrast = ContrastRequest { modes: Some(vec![Mode::Keyword]), ..contrast };
    let answer = engine.contrast("notes", &contrast).unwrap();
    assert_eq!(answer.missed_by_keywords, Some(vec!["shore".to_owned()]));
}

#[test]
fn the_parts_of_bm25_are_told_and_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo-en.jsonl");
    engine
        .ingest("notes", Documents::open(&path, Default::default()).unwrap(), Default::default(), &Silent)
        .unwrap();
    engine.index("notes", &Silent).unwrap();
    for keyword in [json!({}), json!({"weights": {"title": 3.0}, "k1": 0.9, "b": 0.4})] {
        let body = json!({"query": "loans of the river bank", "mode": "keyword", "keyword": keyword});
        for hit in engine.search("notes", &request(body)).unwrap().hits {
            let parts: Vec<_> = hit.matches.iter().map(|found| found.bm25.unwrap()).collect();
            let sum: f32 = parts.iter().map(|part| part.score).sum();
            assert!((sum - hit.score).abs() < 1e-4, "{}: {sum} {}", hit.id, hit.score);
            assert!(parts.iter().all(|part| part.tf > 0.0 && part.idf > 0.0 && part.mean_length > 0.0));
            for (found, part) in hit.matches.iter().zip(&parts) {
                assert!((found.share - part.score / hit.score).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn a_query_leads_to_the_neighbours_that_it_confirms() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(&folder.path().join("data")).unwrap();
    let texts = [("a", "the shore"), ("b", "a loan"), ("c", "the bank"), ("d", "some water")];
    let document = |(id, text): &(&str, &str)| {
        serde_json::from_value::<Document>(json!({"id": id, "text": text})).unwrap()
    };
    engine.put("notes", &texts.iter().map(document).collect::<Vec<_>>()).unwrap();
    engine.index("notes", &Silent).unwrap();
    // To water, bank has a cosine of .707, shore of .8, loan of .05; to bank, shore has .99 and loan .74.
    let vectors = folder.path().join("vectors.txt");
    std::fs::write(&vectors, "4 2\nbank 1 1\nwater 0 1\nshore 0.6 0.8\nloan 1 0.05\n").unwrap();
    engine.import_vectors("notes", &vectors, None, &Silent).unwrap();
    let mut found = ids(&engine, json!({"query": "bank water", "mode": "neighbours"}));
    found.sort();
    assert_eq!(found, ["a", "c", "d"]);
    assert_eq!(ids(&engine, json!({"query": "bank", "mode": "neighbours"})), ["c"]);
    let body = json!({"query": "bank water", "mode": "neighbours", "filter": "id = a"});
    let hit = &engine.search("notes", &request(body)).unwrap().hits[0];
    let found = &hit.matches[0];
    assert_eq!((&*found.query_word, &*found.document_word, found.share), ("bank", "shore", 1.0));
    assert!((found.similarity - 0.99).abs() < 1e-3, "{}", found.similarity);
}
