//! A flipped byte or a missing end, in any file of a data directory: told, or without effect. Never a panic, never another answer.
//!
//! The long form: `SEMEME_FLIPS=1000 cargo test --release --test it damage:: -- --ignored --nocapture`.

use crate::program::{Program, ingest_and_train};
use sememe::Engine;
use sememe::engine::{NextRequest, SearchRequest, SimilarRequest};
use sememe::progress::Silent;
use sememe::search::Mode;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What is asked of a data directory, as one text.
fn answers(data_dir: &Path) -> Result<String, String> {
    let told = |error: sememe::Error| error.to_string();
    let engine = Engine::open(data_dir).map_err(told)?;
    let mut all = String::new();
    for (mode, query) in
        [(Mode::Keyword, "river bank loan"), (Mode::Static, "river bank loan"), (Mode::Static, "贷款")]
    {
        let request = json!({"query": query, "mode": mode, "limit": 50});
        let request: SearchRequest = serde_json::from_value(request).unwrap();
        let mut answer = engine.search("town", &request).map_err(told)?;
        answer.processing_time_ms = 0.0;
        all.push_str(&format!("{answer:?}\n"));
    }
    let similar = engine.similar("town", "bank", &SimilarRequest::default()).map_err(told)?;
    all.push_str(&format!("{similar:?}\n"));
    let begun = NextRequest { text: "the bank of the".to_owned(), k: Some(5) };
    all.push_str(&format!("{:?}\n", engine.next("town", &begun).map_err(told)?));
    all.push_str(&format!("{:?}\n", engine.word_senses("town", "bank").map_err(told)?));
    all.push_str(&format!("{:?}\n", engine.documents("town", None, 100).map_err(told)?));
    all.push_str(&format!(
        "{:?}\n",
        engine.generation("town").and_then(|g| Ok(g.corpus()?.words())).map_err(told)?
    ));
    Ok(all)
}

/// The same, and what `check` says.
fn checked_answers(data_dir: &Path) -> Result<String, String> {
    let all = answers(data_dir)?;
    let report = Engine::open(data_dir).and_then(|engine| engine.check(false, &Silent));
    match report.map_err(|error| error.to_string())? {
        report if report.is_sound => Ok(all),
        report => Err(format!("{report:?}")),
    }
}

/// The database, and each kind of file of the generation: by its name, or in the keyword index by its ending.
fn kinds(program: &Program) -> BTreeMap<String, PathBuf> {
    let generation = program.generation("town");
    let mut kinds = BTreeMap::from([("sememe.db".to_owned(), program.data_dir().join("sememe.db"))]);
    for folder in [generation.clone(), generation.join("keyword")] {
        for path in
            folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
        {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_segment = folder != generation && !name.ends_with(".json");
            let kind = if is_segment { name.split_once('.').map(|n| format!("*.{}", n.1)) } else { None };
            if path.metadata().unwrap().len() > 0 {
                kinds.insert(kind.unwrap_or(name), path);
            }
        }
    }
    kinds
}

/// So many flips and cuts of every kind of file; gives how many were told and how many had no effect.
fn damage(flips: usize) -> BTreeMap<String, (usize, usize)> {
    let program = Program::new();
    ingest_and_train(&program);
    let data_dir = program.data_dir();
    let sound = checked_answers(&data_dir).unwrap();
    let mut counts = BTreeMap::new();
    let mut random = 1u64;
    for (kind, path) in kinds(&program) {
        let bytes = fs::read(&path).unwrap();
        let count: &mut (usize, usize) = counts.entry(kind.clone()).or_default();
        for round in 0..flips {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (random >> 33) as usize % bytes.len();
            let mut changed = bytes.clone();
            if round % 4 == 3 {
                changed.truncate(at);
            } else {
                changed[at] ^= 1 << (random >> 20 & 7);
            }
            // A new file: the old one may be linked from elsewhere, or mapped.
            fs::remove_file(&path).unwrap();
            fs::write(&path, &changed).unwrap();
            let what = format!("{kind}, byte {at} of {}, round {round}", bytes.len());
            let is_database = kind == "sememe.db";
            let ask = || if is_database { checked_answers(&data_dir) } else { answers(&data_dir) };
            match catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|_| panic!("{what}: panicked")) {
                Err(_) => count.0 += 1,
                Ok(answer) => {
                    assert!(answer == sound, "{what}: another answer, and nothing told");
                    count.1 += 1;
                }
            }
            for left in ["sememe.db-wal", "sememe.db-shm"] {
                let _ = fs::remove_file(data_dir.join(left));
            }
        }
        fs::remove_file(&path).unwrap();
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(answers(&data_dir).unwrap() + "", sound);
    counts
}

#[test]
fn every_kind_of_file_is_told_or_without_effect_when_damaged() {
    let counts = damage(8);
    for kind in [
        "manifest.json",
        "documents.matrix",
        "documents.rows",
        "vectors.fifu",
        "vocab.bin",
        "corpus.tokens",
        "ngrams.bin",
    ] {
        assert!(counts[kind].0 >= 6, "{kind}: {:?}", counts[kind]);
    }
    assert!(counts.len() >= 13, "{counts:?}");
}

#[test]
#[ignore = "the long form: minutes"]
fn every_kind_of_file_a_thousand_times() {
    let flips = std::env::var("SEMEME_FLIPS").ok().and_then(|value| value.parse().ok()).unwrap_or(1000);
    for (kind, (told, harmless)) in damage(flips) {
        eprintln!("{kind}: {flips} changes, {told} told, {harmless} without effect");
    }
}

#[test]
fn a_damaged_generation_is_told_by_check_and_built_anew_by_repair() {
    let program = Program::new();
    ingest_and_train(&program);
    let sound = answers(&program.data_dir()).unwrap();
    for kind in ["documents.matrix", "ngrams.bin", "*.idx", "meta.json", "manifest.json"] {
        let path = kinds(&program).remove(kind).unwrap_or_else(|| panic!("no {kind}"));
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::remove_file(&path).unwrap();
        fs::write(&path, &bytes).unwrap();
        let output = program.run(&["check"]);
        assert_eq!(output.status.code(), Some(1), "{kind}");
        let said = program.ok(&["check", "--repair"]);
        assert!(said.contains("built anew") && said.trim_end().ends_with("all is well"), "{kind}: {said}");
        assert!(program.ok(&["check"]).trim_end().ends_with("all is well"));
        // A damaged manifest costs the model: it said what the vectors are.
        if kind != "manifest.json" {
            assert_eq!(answers(&program.data_dir()).unwrap(), sound, "{kind}");
        }
    }
    assert!(program.ok(&["search", "town", "river"]).contains("river"));
}
