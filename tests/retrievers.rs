//! All ways of reading a query behind one trait: one set of cases (tests/data/retrievers.toml), and what must hold for every hit of each.

use sememe::bilm;
use sememe::engine::answers::{Hit, SearchAnswer};
use sememe::engine::{Contextual, Engine, SearchRequest, TrainSettings, WordContrastRequest};
use sememe::error::Error;
use sememe::progress::Silent;
use sememe::search::Mode;
use sememe::text::{Analyzer, Document};
use sememe::word2vec;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    documents: BTreeMap<String, Vec<Written>>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Written {
    id: String,
    title: String,
    text: String,
    fields: toml::Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    query: String,
    collection: Option<String>,
    modes: Option<Vec<Mode>>,
    filter: Option<String>,
    syntax: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
    first: Option<Vec<String>>,
    #[serde(default)]
    holds: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    hits: Option<usize>,
    filtered: Option<u64>,
    empty: Option<String>,
    error: Option<String>,
    through: Option<String>,
    highlighted: Option<String>,
}

impl Case {
    fn body(&self, mode: Mode) -> Value {
        let mut body = json!({"query": self.query, "mode": mode, "highlight": {}});
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body[name] = value;
            }
        };
        set("filter", self.filter.clone().map(Value::from));
        set("limit", self.limit.map(Value::from));
        set("offset", self.offset.map(Value::from));
        set("keyword", self.syntax.clone().map(|syntax| json!({"syntax": syntax})));
        body
    }

    fn collection(&self) -> &str {
        self.collection.as_deref().unwrap_or("en")
    }
}

fn cases() -> Cases {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/retrievers.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn document(written: &Written) -> Document {
    let fields: serde_json::Map<String, Value> = written
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), serde_json::to_value(value).unwrap()))
        .collect();
    Document {
        id: written.id.clone(),
        title: Some(written.title.clone()),
        text: written.text.clone(),
        fields,
    }
}

/// The documents of the cases, with models that have hardly learned, and the tiny WordNet.
fn engine(folder: &Path, cases: &Cases) -> Engine {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wordnet-tiny");
    let engine = Engine::open(folder).unwrap().with_wordnet(Some(tiny));
    for (name, written) in &cases.documents {
        let documents: Vec<Document> = written.iter().map(document).collect();
        engine.put(name, &documents).unwrap();
        engine.train(name, &settings(), &Silent).unwrap();
    }
    engine
}

fn settings() -> TrainSettings {
    let word2vec = word2vec::Settings { dim: 16, epochs: Some(2), threads: Some(1), ..Default::default() };
    let context = bilm::Settings {
        hidden: Some(8),
        shared_negatives: 16,
        epochs: Some(1),
        threads: Some(1),
        ..Default::default()
    };
    TrainSettings { word2vec, min_count: Some(1), contextual: Contextual::On, context, ..Default::default() }
}

fn search(engine: &Engine, collection: &str, body: Value) -> sememe::error::Result<SearchAnswer> {
    let request: SearchRequest = serde_json::from_value(body).unwrap();
    engine.search(collection, &request)
}

fn ids(answer: &SearchAnswer) -> Vec<&str> {
    answer.hits.iter().map(|hit| hit.id.as_str()).collect()
}

#[test]
fn every_way_of_reading_answers_the_cases() {
    let cases = cases();
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path(), &cases);
    for case in &cases.case {
        for mode in case.modes.as_deref().unwrap_or(&Mode::ALL) {
            let told = format!("{:?} {} {mode:?}", case.query, case.filter.as_deref().unwrap_or_default());
            match (search(&engine, case.collection(), case.body(*mode)), &case.error) {
                (Err(error), Some(expected)) => {
                    assert!(error.to_string().starts_with(expected.as_str()), "{told}: {error}");
                }
                (Ok(_), Some(expected)) => panic!("{told}: answered, expected {expected}"),
                (Err(error), None) => panic!("{told}: {error}"),
                (Ok(answer), None) => {
                    answers(case, &answer, &told);
                    holds_for_every_hit(&cases.documents[case.collection()], &answer, &told);
                    pages_are_parts(&engine, case, *mode, &told);
                }
            }
        }
    }
}

fn answers(case: &Case, answer: &SearchAnswer, told: &str) {
    let found = ids(answer);
    if let Some(first) = &case.first {
        assert!(first.iter().any(|id| found.first() == Some(&id.as_str())), "{told}: {found:?}");
    }
    assert!(case.holds.iter().all(|id| found.contains(&id.as_str())), "{told}: {found:?}");
    assert!(!case.lacks.iter().any(|id| found.contains(&id.as_str())), "{told}: {found:?}");
    assert!(case.hits.is_none_or(|hits| hits == found.len()), "{told}: {found:?}");
    assert_eq!(answer.filtered_documents, case.filtered, "{told}");
    let because = answer.empty_because.as_deref().unwrap_or_default();
    assert!(case.empty.as_ref().is_none_or(|reason| because.contains(reason.as_str())), "{told}: {because}");
    if let Some(through) = &case.through {
        let pairs = answer.hits[0].matches.iter();
        let pairs: Vec<String> =
            pairs.map(|found| format!("{} > {}", found.query_word, found.document_word)).collect();
        assert!(pairs.contains(through), "{told}: {pairs:?}");
    }
    if let Some(word) = &case.highlighted {
        let hit = &answer.hits[0];
        let shown = hit.highlighted.as_ref().unwrap();
        let text = format!("{} {}", shown.title.as_deref().unwrap_or_default(), shown.snippet);
        assert!(text.contains(&format!("<em>{word}</em>")), "{told}: {text}");
    }
}

/// Scores fall and are the sum of what is told of them; what is highlighted stands in the document, to the byte.
fn holds_for_every_hit(documents: &[Written], answer: &SearchAnswer, told: &str) {
    assert_eq!(answer.hits.is_empty(), answer.empty_because.is_some(), "{told}");
    assert!(answer.hits.windows(2).all(|pair| pair[0].score >= pair[1].score), "{told}");
    for (hit, rank) in answer.hits.iter().zip(answer.offset + 1..) {
        assert_eq!(hit.rank, rank, "{told}");
        adds_up(answer.mode, hit, told);
        let document = documents.iter().find(|written| written.id == hit.id).unwrap();
        for place in hit.highlights.iter().flatten() {
            let text = if place.field == "title" { &document.title } else { &document.text };
            let word = text.get(place.start..place.end);
            assert!(word.is_some_and(|word| !Analyzer.words(word).is_empty()), "{told}: {place:?}");
        }
        let is_marked = hit.highlights.iter().flatten().next().is_some();
        assert!(hit.matches.is_empty() || is_marked, "{told}: {hit:?}");
        assert!(document.text.contains(hit.snippet.trim_end_matches('…')), "{told}: {}", hit.snippet);
    }
}

fn adds_up(mode: Mode, hit: &Hit, told: &str) {
    let shares: f32 = hit.matches.iter().map(|found| found.share).sum();
    if hit.score > 0.0 {
        assert!((shares + hit.rest - 1.0).abs() < 1e-3, "{told} {}: {shares} and {}", hit.id, hit.rest);
    }
    assert!(
        hit.matches.len() <= 6 && hit.matches.windows(2).all(|pair| pair[0].share >= pair[1].share),
        "{told}"
    );
    let fused = matches!(mode, Mode::Contextual | Mode::Hybrid);
    let parts: f32 = hit.parts.iter().map(|part| part.score).sum();
    assert!(!fused || (parts - hit.score).abs() < 1e-4, "{told} {}: {parts} and {}", hit.id, hit.score);
    for found in &hit.matches {
        assert_eq!(found.part.is_some(), fused, "{told}: {found:?}");
        if mode == Mode::Wordnet && found.similarity < 1.0 {
            let link = found.link.as_ref().unwrap_or_else(|| panic!("{told}: {found:?} has no way"));
            assert!(!link.sense.is_empty() && !link.synset.is_empty(), "{told}: {link:?}");
        }
    }
}

fn pages_are_parts(engine: &Engine, case: &Case, mode: Mode, told: &str) {
    let page = |offset: usize, limit: usize| {
        let mut body = case.body(mode);
        (body["offset"], body["limit"]) = (offset.into(), limit.into());
        let answer = search(engine, case.collection(), body).unwrap();
        ids(&answer).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!([page(0, 2), page(2, 1), page(3, 100)].concat(), page(0, 103), "{told}");
}

#[test]
fn a_word_is_contrasted_as_it_stands_in_a_sentence() {
    let cases = cases();
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path(), &cases);
    let contrast = |sentence: Option<&str>| {
        let request = WordContrastRequest { k: Some(5), sentence: sentence.map(str::to_owned) };
        engine.contrast_word("en", "bank", &request)
    };
    let alone = contrast(None).unwrap();
    assert!(alone.in_sentence.is_empty() && alone.similar.len() == 5);
    let read = contrast(Some("The bank of the river is steep.")).unwrap();
    assert_eq!((read.in_sentence.len(), &read.similar), (5, &alone.similar));
    assert!(read.in_sentence.iter().all(|near| near.word != "bank"));
    let elsewhere = contrast(Some("The river is deep."));
    assert!(matches!(elsewhere, Err(Error::Invalid { .. })), "{elsewhere:?}");
}
