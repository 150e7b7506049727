//! Words in their sentence, asked of the engine: what `encode`, `context-neighbours`, `eval context` and a dry run say of a collection whose
//! contextual model has hardly learned, and of input that is odd.

use crate::contextual_search::notes;
use sememe::engine::{
    ContextNeighboursRequest, Contextual, EncodeRequest, Engine, Start, TrainSettings, TrainingEstimate,
};
use sememe::error::Error;
use sememe::progress::Silent;
use serde_json::{Value, json};

fn encode(engine: &Engine, request: Value) -> Result<Value, Error> {
    let request: EncodeRequest = serde_json::from_value(request).unwrap();
    engine.encode("notes", &request).map(|answer| serde_json::to_value(answer).unwrap())
}

fn near(engine: &Engine, request: Value) -> Result<Value, Error> {
    let request: ContextNeighboursRequest = serde_json::from_value(request).unwrap();
    engine.context_neighbours("notes", &request).map(|answer| serde_json::to_value(answer).unwrap())
}

fn len(value: &Value) -> usize {
    value.as_array().unwrap().len()
}

#[test]
fn words_in_their_sentence_are_told_and_odd_texts_have_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let engine = notes(folder.path());
    let text = "She sat on the bank of the river. The bank lends money.";
    let answer = encode(&engine, json!({"text": text, "vectors": true})).unwrap();
    assert_eq!((answer["dim"].as_u64(), answer["contextual_dim"].as_u64()), (Some(16), Some(48)));
    let banks: Vec<&Value> =
        answer["tokens"].as_array().unwrap().iter().filter(|token| token["text"] == "bank").collect();
    let [here, there] = banks[..] else { panic!("{answer}") };
    assert_eq!((here["static"] == there["static"], here["contextual"] == there["contextual"]), (true, false));
    assert_eq!((len(&here["static"]), len(&here["contextual"])), (16, 48));
    assert!(here["adjustment"]["shift"].as_f64().unwrap() > 0.0, "{here}");
    assert_eq!(len(&here["adjustment"]["substitutes"]), 5);
    // ELMo's mix of layers: twice the larger of D and H; one weight for each of static layer and LSTM.
    let mix = |weights: Value| {
        encode(
            &engine,
            json!({"text": text, "vectors": true, "layer_mix": {"scale": 2.0, "weights": weights}}),
        )
    };
    let mixed = mix(json!([0.5, 0.5])).unwrap();
    assert_eq!((mixed["contextual_dim"].as_u64(), len(&mixed["tokens"][0]["contextual"])), (Some(32), 32));
    assert!(matches!(mix(json!([1.0])), Err(Error::Invalid { .. })));
    // Odd texts.
    assert_eq!(len(&encode(&engine, json!({"text": ""})).unwrap()["tokens"]), 0);
    let alone = encode(&engine, json!({"text": "bank"})).unwrap();
    assert_eq!((len(&alone["tokens"]), &alone["tokens"][0]["known"]), (1, &json!("word")));
    let unknown = encode(&engine, json!({"text": "xyzzy qwrtz", "vectors": true})).unwrap();
    assert_eq!(unknown["tokens"][1]["known"], json!("unknown"));
    assert!(
        unknown["tokens"][0].get("static").is_none() && unknown["tokens"][0]["adjustment"]["shift"] == 0.0
    );
    let long = vec!["bank"; 10_000].join(" ");
    assert_eq!(len(&encode(&engine, json!({"text": long})).unwrap()["tokens"]), 10_000);
    let error = encode(&engine, json!({"text": format!("{long} river")})).unwrap_err();
    assert!(error.to_string().contains("at most 10000 words"), "{error}");
    assert!(matches!(encode(&engine, json!({"text": text, "word": "zebra"})), Err(Error::Invalid { .. })));
    assert!(matches!(encode(&engine, json!({"text": text, "context": -1.0})), Err(Error::Invalid { .. })));
}

#[test]
fn neighbours_in_a_sentence_are_words_and_places() {
    let folder = tempfile::tempdir().unwrap();
    let engine = notes(folder.path());
    let text = "She sat on the bank of the river.";
    let answer = near(&engine, json!({"text": text, "word": "bank", "k": 4})).unwrap();
    assert_eq!((answer["word"].as_str(), answer["start"].as_u64()), (Some("bank"), Some(15)));
    assert_eq!((len(&answer["words"]), len(&answer["without_context"])), (4, 4));
    let occurrences = answer["occurrences"].as_array().unwrap();
    assert!(!occurrences.is_empty() && occurrences.len() <= 4);
    for place in occurrences {
        let (start, end) =
            (place["start"].as_u64().unwrap() as usize, place["end"].as_u64().unwrap() as usize);
        let shown = place["sentence"].as_str().unwrap()[start..end].to_lowercase();
        assert_eq!(place["word"].as_str(), Some(&shown[..]), "{place}");
    }
    assert!(matches!(near(&engine, json!({"text": text})), Err(Error::Invalid { .. })));
    assert!(matches!(near(&engine, json!({"text": "", "word": "bank"})), Err(Error::Invalid { .. })));
}

#[test]
fn a_dry_run_tells_words_memory_and_time_and_hidden_words_are_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let engine = notes(folder.path());
    let settings = TrainSettings { contextual: Contextual::On, ..TrainSettings::default() };
    let TrainingEstimate { corpus_words, words, context, .. } =
        engine.estimate_training("notes", &settings, &Silent).unwrap();
    let context = context.unwrap();
    assert!(corpus_words > 10_000 && words > 500 && context.memory_bytes > 1 << 20 && context.seconds > 0.0);
    // From a starter a contextual model is gone on from, however little text there is, in eight passes; word vectors take about as many as from
    // scratch, and words that occur once are among them.
    let auto = TrainSettings::default();
    let scratch = engine.estimate_training("notes", &auto, &Silent).unwrap();
    assert!(scratch.context.is_none() && scratch.word2vec.epochs > 8);
    let begun = TrainSettings { start: Start::Starter, ..auto };
    let estimate = engine.estimate_training("notes", &begun, &Silent).unwrap();
    assert!(estimate.word2vec.epochs > 8 && estimate.context.unwrap().epochs == 8);
    assert_eq!((estimate.min_count, scratch.min_count), (1, 2));
    assert!(estimate.words > scratch.words);
    let report = engine.evaluate_hidden_words("notes").unwrap();
    assert!(report.positions > 0 && report.systems.len() == 3 && report.systems[2].interval.is_some());
    assert!(matches!(engine.evaluate_hidden_words("none"), Err(Error::NotFound { .. })));
}
