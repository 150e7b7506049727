//! Measures of rankings against trec_eval's own, and judged queries through the whole engine.

use sememe::engine::{Engine, JudgedRequest, RetrievalRequest, TrainSettings, TuneRequest};
use sememe::eval::retrieval::{Layout, METRICS, measure, read};
use sememe::progress::Silent;
use sememe::search::Mode;
use sememe::word2vec;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn measures_are_trec_evals() {
    let text = std::fs::read_to_string(root().join("tests/golden/retrieval.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let expected = golden["expected"].as_object().unwrap();
    assert_eq!(expected.len(), 40);
    for (query, expected) in expected {
        let grades: BTreeMap<String, i32> = serde_json::from_value(golden["qrels"][query].clone()).unwrap();
        let run: BTreeMap<String, f32> = serde_json::from_value(golden["run"][query].clone()).unwrap();
        let found = measure(&run.into_iter().collect::<Vec<_>>(), &grades).values();
        for ((_, theirs), found) in METRICS.iter().zip(found) {
            let expected = expected[*theirs].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-9, "{query} {theirs}: {found} {expected}");
        }
    }
}

/// Small and quick: one pass over little text.
fn quick() -> TrainSettings {
    let word2vec = word2vec::Settings { dim: 16, epochs: Some(2), threads: Some(1), ..Default::default() };
    TrainSettings { word2vec, ..TrainSettings::default() }
}

#[test]
fn a_bundled_set_is_asked_in_every_mode_by_kind() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let request = RetrievalRequest {
        path: root().join("corpora/demo-zh.queries.jsonl"),
        modes: Some(vec![Mode::Keyword, Mode::Static]),
        train: quick(),
        ..RetrievalRequest::default()
    };
    let report = engine.evaluate_retrieval(&request, &Silent).unwrap();
    assert_eq!((report.layout, report.documents, report.queries), (Some(Layout::Bundled), 186, 75));
    let keyword = &report.modes[0];
    let kinds: Vec<&str> = keyword.kinds.iter().map(|kind| kind.kind.as_str()).collect();
    assert_eq!(kinds, ["exact", "mismatch", "sense"]);
    assert!(keyword.kinds[0].metrics.ndcg_at_10 > 0.95 && keyword.kinds[1].metrics.ndcg_at_10 < 0.05);
    assert_eq!(report.comparisons.len(), 4);
    assert!(engine.collections().unwrap().is_empty(), "the test collection leaves nothing behind");
}

#[test]
fn a_collection_that_is_there_is_asked_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let documents =
        sememe::text::Documents::open(&root().join("corpora/demo-en.jsonl"), Default::default()).unwrap();
    engine.ingest("notes", documents, Default::default(), &Silent).unwrap();
    engine.index("notes", &Silent).unwrap();
    let set = read(&root().join("corpora/demo-en.queries.jsonl"), None).unwrap();
    let modes = Some(vec![Mode::Keyword]);
    let request = JudgedRequest { queries: set.queries, modes, ..Default::default() };
    let report = engine.contrast_judged("notes", &request).unwrap();
    assert_eq!(report.queries, 150);
    let none = JudgedRequest::default();
    let error = engine.contrast_judged("notes", &none).unwrap_err().to_string();
    assert!(error.starts_with("queries: expected at least one query with a document"), "{error}");
}

#[test]
fn the_public_collections_are_read_whole() {
    let shared = root().join("../shared/data/retrieval");
    // Queries judged, and documents relevant to them.
    for (name, layout, queries, relevant) in [
        ("cran", Layout::Smart, 225, 1612),
        ("med", Layout::Smart, 30, 696),
        ("cisi", Layout::Smart, 76, 3114),
        ("scifact", Layout::Beir, 809, 919),
        ("xquad/xquad.zh.json", Layout::Squad, 1190, 1190),
    ] {
        let path: PathBuf = shared.join(name);
        if !path.exists() {
            eprintln!("skipped: {} is not there", path.display());
            continue;
        }
        let set = read(&path, None).unwrap();
        let of = set.queries.iter().flat_map(|query| query.relevant.values());
        assert_eq!((set.layout, set.queries.len()), (layout, queries), "{name}");
        assert_eq!(of.filter(|grade| **grade > 0).count(), relevant, "{name}");
    }
}

/// The bundled English collection, quickly trained.
fn notes(folder: &Path) -> Engine {
    let engine = Engine::open(folder).unwrap();
    let documents =
        sememe::text::Documents::open(&root().join("corpora/demo-en.jsonl"), Default::default()).unwrap();
    engine.ingest("notes", documents, Default::default(), &Silent).unwrap();
    engine.train("notes", &quick(), &Silent).unwrap();
    engine
}

#[test]
fn the_parts_of_a_hybrid_score_add_up_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = notes(folder.path());
    for (fusion, query) in
        [("convex", "loan from the bank"), ("convex", "river water"), ("rrf", "loan from the bank")]
    {
        let request = serde_json::json!(
            {"query": query, "mode": "hybrid", "limit": 20, "hybrid": {"fusion": fusion, "static_weight": 0.6}}
        );
        let answer = engine.search("notes", &serde_json::from_value(request).unwrap()).unwrap();
        assert_eq!(answer.hits.len(), 20);
        for hit in &answer.hits {
            let sum: f32 = hit.parts.iter().map(|part| part.score).sum();
            assert!((sum - hit.score).abs() < 1e-4, "{fusion} {query} {}: {sum} {}", hit.id, hit.score);
            let shares: f32 = hit.matches.iter().map(|found| found.share).sum();
            assert!(hit.matches.iter().all(|found| found.part.is_some()));
            assert!(shares > 0.0 && hit.score <= 1.0 + 1e-5, "{shares} {}", hit.score);
        }
        assert!(answer.hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
    }
}

#[test]
fn a_name_is_found_first_by_the_hybrid_too() {
    let folder = tempfile::tempdir().unwrap();
    let engine = notes(folder.path());
    for (query, id) in [("ZR-318", "en-074"), ("compound FQ-7702", "en-004")] {
        let request = serde_json::json!({"query": query, "mode": "hybrid"});
        let answer = engine.search("notes", &serde_json::from_value(request).unwrap()).unwrap();
        assert_eq!(answer.hits[0].id, id);
    }
    let request = serde_json::json!({"query": "x", "mode": "hybrid", "hybrid": {"feedback": 2}});
    let error = engine.search("notes", &serde_json::from_value(request).unwrap()).unwrap_err().to_string();
    assert_eq!(error, "hybrid/feedback: expected 0 to 1, got 2; leave it out for the default");
}

#[test]
fn the_hybrid_answers_without_word_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let documents =
        sememe::text::Documents::open(&root().join("corpora/demo-zh.jsonl"), Default::default()).unwrap();
    engine.ingest("notes", documents, Default::default(), &Silent).unwrap();
    engine.index("notes", &Silent).unwrap();
    for query in ["银行利息", "的", "qqqq", "\"", "***"] {
        let request = serde_json::json!({"query": query, "mode": "hybrid"});
        let answer = engine.search("notes", &serde_json::from_value(request).unwrap()).unwrap();
        assert_eq!(answer.hits.is_empty(), answer.empty_because.is_some(), "{query}");
    }
}

#[test]
fn weights_are_tuned_on_judged_queries_and_kept_only_for_a_gain() {
    let folder = tempfile::tempdir().unwrap();
    let engine = notes(folder.path());
    let set = read(&root().join("corpora/demo-en.queries.jsonl"), None).unwrap();
    let queries: Vec<_> = set.queries.into_iter().step_by(10).collect();
    let few = queries[..9].to_vec();
    assert!(
        engine.tune("notes", TuneRequest { queries: few }).unwrap_err().to_string().contains("at least 10")
    );
    let report = engine.tune("notes", TuneRequest { queries }).unwrap();
    assert!(report.tuned_ndcg_at_10 >= report.default_ndcg_at_10);
    assert_eq!(folder.path().join("collections/notes/hybrid.json").exists(), report.kept);
}

#[test]
fn training_from_other_vectors_keeps_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let engine = notes(folder.path());
    let file = folder.path().join("start.txt");
    let numbers = ["0.25"; 16].join(" ");
    std::fs::write(&file, format!("2 16\nbank {numbers}\nzzyzx {numbers}\n")).unwrap();
    let train = TrainSettings { init: Some(file), ..quick() };
    engine.train("notes", &train, &Silent).unwrap();
    let similar = engine.word("notes", "zzyzx");
    assert!(similar.is_ok_and(|word| word.count == 0), "a word that no document holds");
}
