//! Real encyclopedia articles, where they are at hand; skipped with a visible line where not.

use sememe::Engine;
use sememe::engine::{Contextual, ContrastRequest, Ingestion, SimilarRequest, TrainSettings};
use sememe::progress::Silent;
use sememe::search::Mode;
use sememe::text::{Documents, ReadOptions};
use sememe::word2vec::Settings;
use std::path::{Path, PathBuf};

fn shared(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/train").join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there", path.display());
    None
}

/// Ingests, trains a small model, and returns the neighbours of a word and the contrast of a query.
fn learn(path: &Path, documents: u64, word: &str, query: &str) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let source = Documents::open(path, ReadOptions::default()).unwrap();
    let report = engine.ingest("wiki", source, Ingestion::default(), &Silent).unwrap();
    assert_eq!((report.added, report.bad_lines), (documents, 0));
    let word2vec = Settings { dim: 48, epochs: Some(4), ..Settings::default() };
    let settings = TrainSettings { word2vec, contextual: Contextual::Off, ..TrainSettings::default() };
    engine.train("wiki", &settings, &Silent).unwrap();
    let similar =
        engine.similar("wiki", word, &SimilarRequest { k: Some(20), ..SimilarRequest::default() }).unwrap();
    let modes = Some(vec![Mode::Keyword, Mode::Static]);
    let request =
        ContrastRequest { query: query.to_owned(), k: Some(10), modes, ..ContrastRequest::default() };
    let contrast = engine.contrast("wiki", &request).unwrap();
    assert!(contrast.answers.iter().all(|answer| answer.hits.len() == 10));
    let titles =
        contrast.answers.iter().flat_map(|answer| answer.hits.iter().filter_map(|hit| hit.title.clone()));
    (similar.similar.into_iter().map(|found| found.word).collect(), titles.collect())
}

#[test]
fn english_articles() {
    let Some(path) = shared("en-wiki-docs.jsonl.zst") else { return };
    let (similar, titles) = learn(&path, 1831, "river", "electric charge of particles");
    let expected =
        ["creek", "lake", "tributary", "rivers", "valley", "stream", "bank", "flows", "banks", "tributaries"];
    assert!(similar.iter().any(|word| expected.contains(&word.as_str())), "{similar:?}");
    assert_eq!(titles.len(), 20);
}

#[test]
fn chinese_articles() {
    let Some(path) = shared("zh-wiki-docs.jsonl.zst") else { return };
    let (similar, titles) = learn(&path, 2218, "台风", "热带风暴登陆");
    // Kinds of storms, and who warns of them.
    let expected = [
        "风暴",
        "热带风暴",
        "气旋",
        "强台风",
        "飓风",
        "登陆",
        "热带",
        "低气压",
        "台风季",
        "烈风",
        "气象厅",
        "国家气象中心",
        "中央气象局",
    ];
    assert!(similar.iter().any(|word| expected.contains(&word.as_str())), "{similar:?}");
    assert!(titles.iter().any(|title| title.contains('风')), "{titles:?}");
}
