//! Starter models: the files that travel with the program, what training makes of them, and the demo that begins with them.

use sememe::Engine;
use sememe::engine::{JudgedRequest, Origin, SimilarRequest, TaskQuery, TaskStatus};
use sememe::eval::retrieval::JudgedQuery;
use sememe::progress::Silent;
use sememe::search::Mode;
use sememe::starter::Starter;
use sememe::vocab::{Vocabulary, WordId};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name)
}

fn english() -> &'static Starter {
    static STARTER: OnceLock<Starter> = OnceLock::new();
    STARTER
        .get_or_init(|| Starter::read(&std::fs::read(path("en.starter")).unwrap(), Path::new("en")).unwrap())
}

fn nearest(starter: &Starter, word: &str) -> Vec<String> {
    let vectors = starter.vectors();
    let id = vectors.vocabulary().id(word).unwrap();
    let mut near: Vec<(f32, String)> = vectors
        .vocabulary()
        .iter()
        .filter(|(other, ..)| *other != id)
        .map(|(other, word, _)| (vectors.cosine(id, other), word.to_owned()))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(10).map(|(_, word)| word).collect()
}

#[test]
fn the_bundled_models_are_small_and_mean_something() {
    for (name, word, expected) in [("en", "king", "queen"), ("zh", "银行", "储蓄")] {
        let file = path(&format!("{name}.starter"));
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.len() <= 12_000_000, "{name}: {} bytes", bytes.len());
        let starter = Starter::read(&bytes, &file).unwrap();
        assert_eq!((starter.name(), starter.vectors().dim()), (name, 200));
        assert!(starter.vectors().len() >= 50_000);
        let near = nearest(&starter, word);
        assert!(near.iter().any(|word| word == expected), "{near:?}");
    }
}

#[test]
fn damaged_files_are_told() {
    let bytes = std::fs::read(path("en.starter")).unwrap();
    let read = |bytes: &[u8]| Starter::read(bytes, Path::new("damaged"));
    for at in [0, 9, 13, 17, 23, 24, 1_000, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(read(&damaged).is_err(), "byte {at}");
    }
    for length in [0, 8, 23, 24, 5_000, bytes.len() - 1] {
        assert!(read(&bytes[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn what_documents_lack_is_cut_to_the_most_frequent_words() {
    let rare = english().vectors().vocabulary().word(WordId(30_000));
    let corpus = Vocabulary::from_sorted(vec![(rare.into(), 3), ("qqqq".into(), 1)]).unwrap();
    let rank = |starter: &Starter, word: &str| starter.vectors().vocabulary().id(word).map(|id| id.index());
    let few = english().of_corpus(&corpus, 1000).unwrap();
    assert_eq!((few.vectors().len(), rank(&few, rare)), (1001, Some(1000)));
    assert_eq!((rank(&few, "the"), rank(&few, "qqqq")), (Some(0), None));
    let [own, theirs] = [&few, english()].map(|starter| {
        let id = starter.vectors().vocabulary().id(rare).unwrap();
        (starter.vectors().original(id).to_vec(), starter.parts().output[id.index() * 200..][..200].to_vec())
    });
    assert!(own == theirs);
    assert!(few.model().is_ok());
    // Saved and read, words stay near to what they were: values are rounded to a step of their row.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("few.starter");
    few.save(&file).unwrap();
    let read = Starter::read(&std::fs::read(&file).unwrap(), &file).unwrap();
    let (before, after) = (nearest(&few, "king"), nearest(&read, "king"));
    assert!(after.iter().filter(|word| before.contains(word)).count() >= 8, "{before:?}, {after:?}");
}

fn read_queries(collection: &str) -> Vec<JudgedQuery> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("corpora/{collection}.queries.jsonl"));
    let text = std::fs::read_to_string(file).unwrap();
    let query = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let fields = json!({"id": line["id"], "query": line["query"], "relevant": line["relevant"]});
        serde_json::from_value(fields).unwrap()
    };
    text.lines().map(query).collect()
}

#[test]
fn the_demo_answers_at_once_and_adapts_behind_the_answers() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    engine.build_demo(&Silent).unwrap();
    let origin = || engine.collection("demo-en").unwrap().model.unwrap().origin;
    assert!(matches!(origin(), Origin::Starter { starter } if starter == "en"));
    // No document holds the word; the starter knows it.
    let similar = |word| engine.similar("demo-en", word, &SimilarRequest::default()).unwrap().similar;
    assert!(similar("king").iter().any(|near| near.word == "queen"));
    engine.build_demo(&Silent).unwrap();
    let waiting = TaskQuery { statuses: vec![TaskStatus::Enqueued], ..TaskQuery::default() };
    assert_eq!(
        engine.tasks(&waiting).unwrap().results.len(),
        2,
        "one for each collection, however often it is begun"
    );

    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| engine.work(&stop));
        while engine.tasks(&TaskQuery::default()).unwrap().results.iter().any(|task| !task.status.is_final())
        {
            assert!(!similar("bank").is_empty(), "asked while it learns");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        stop.store(true, Ordering::Relaxed);
        worker.join().unwrap().unwrap();
    });
    let tasks = engine.tasks(&TaskQuery::default()).unwrap().results;
    assert!(tasks.iter().all(|task| task.status == TaskStatus::Succeeded), "{tasks:?}");
    assert!(matches!(origin(), Origin::Trained { starter: Some(starter), .. } if starter == "en"));
    engine.build_demo(&Silent).unwrap();
    assert!(engine.tasks(&waiting).unwrap().results.is_empty());
    // Learned from these documents alone, static search comes to .28; adapted to .38.
    let queries = read_queries("demo-en");
    let request = JudgedRequest { queries, modes: Some(vec![Mode::Static]), ..Default::default() };
    let report = engine.contrast_judged("demo-en", &request).unwrap();
    assert!(report.modes[0].all.ndcg_at_10 > 0.33, "{}", report.modes[0].all.ndcg_at_10);
}
