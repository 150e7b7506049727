//! English and Chinese end to end through the library.

use crate::program::town_documents;
use sememe::Engine;
use sememe::engine::{ContrastRequest, Ingestion, TrainSettings};
use sememe::progress::{Go, Progress, Silent, Step};
use sememe::text::{Documents, ReadOptions};
use sememe::word2vec::Settings;
use std::path::{Path, PathBuf};

fn settings() -> TrainSettings {
    let word2vec = Settings { dim: 24, epochs: Some(10), threads: Some(1), ..Settings::default() };
    TrainSettings { word2vec, ..TrainSettings::default() }
}

fn build(folder: &Path) -> (Engine, PathBuf) {
    let path = folder.join("town.jsonl");
    std::fs::write(&path, town_documents()).unwrap();
    let engine = Engine::open(&folder.join("indexes")).unwrap();
    let documents = Documents::open(&path, ReadOptions::default()).unwrap();
    engine.ingest("town", documents, Ingestion::default(), &Silent).unwrap();
    let report = engine.train("town", &settings(), &Silent).unwrap();
    let generation = folder.join("indexes/collections/town").join(report.generation);
    (engine, generation)
}

#[test]
fn one_thread_twice_gives_the_same_bytes() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (build(first.path()).1, build(second.path()).1);
    // The keyword index names its files at random, and the manifest holds the checksum of their list.
    let model = |folder: &Path| {
        let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&manifest).unwrap()["model"].take()
    };
    assert_eq!(model(&first), model(&second));
    for file in ["vocab.bin", "vectors.fifu", "documents.matrix", "documents.rows"] {
        assert!(
            std::fs::read(first.join(file)).unwrap() == std::fs::read(second.join(file)).unwrap(),
            "{file}"
        );
    }
}

#[test]
fn a_reader_keeps_its_generation_while_another_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, _) = build(folder.path());
    let held = engine.generation("town").unwrap();
    let words = ["river".to_owned()];
    let before = held.keyword().search(&words, 50).unwrap();
    for _ in 0..3 {
        engine.train("town", &settings(), &Silent).unwrap();
    }
    assert_eq!(held.keyword().search(&words, 50).unwrap(), before);
    assert_ne!(engine.generation("town").unwrap().name(), held.name());
}

#[test]
fn cancelling_any_phase_leaves_the_previous_generation() {
    struct StopAt(&'static str);
    impl Progress for StopAt {
        fn report(&self, step: &Step<'_>) -> Go {
            if step.phase == self.0 { Go::Stop } else { Go::On }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (engine, generation) = build(folder.path());
    for phase in ["counting words", "numbering words", "training", "indexing"] {
        let stopped = engine.train("town", &settings(), &StopAt(phase));
        assert!(matches!(stopped, Err(sememe::Error::Cancelled)), "{phase}: {stopped:?}");
        assert!(
            engine.contrast("town", &ContrastRequest { query: "river".into(), ..Default::default() }).is_ok()
        );
    }
    let left: Vec<_> =
        generation.parent().unwrap().read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("building")), "{left:?}");
}

#[test]
fn a_cancelled_ingestion_leaves_nothing() {
    struct Stop;
    impl Progress for Stop {
        fn report(&self, _: &Step<'_>) -> Go {
            Go::Stop
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("town.jsonl");
    std::fs::write(&path, town_documents()).unwrap();
    let engine = Engine::open(&folder.path().join("indexes")).unwrap();
    let documents = Documents::open(&path, ReadOptions::default()).unwrap();
    let stopped = engine.ingest("town", documents, Ingestion::default(), &Stop);
    assert!(matches!(stopped, Err(sememe::Error::Cancelled)), "{stopped:?}");
    assert!(engine.collections().unwrap().is_empty());
}

#[test]
fn two_builds_at_once_are_refused() {
    struct TrainInside<'a>(&'a Engine);
    impl Progress for TrainInside<'_> {
        fn report(&self, _: &Step<'_>) -> Go {
            let error = self.0.train("town", &settings(), &Silent).unwrap_err();
            assert!(error.to_string().contains("being built by another process"), "{error}");
            Go::Stop
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (engine, _) = build(folder.path());
    assert!(engine.train("town", &settings(), &TrainInside(&engine)).is_err());
}
