//! A flipped byte or a missing end, in any file of a data directory: told, or without effect. Never a panic, never another answer.
//!
//! The long form: `SEMEME_FLIPS=1000 cargo test --release --test it damage:: -- --ignored --nocapture`.

use crate::program::{Program, ingest_and_train, town_documents};
use sememe::engine::{
    ContextNeighboursRequest, Contextual, EncodeRequest, Engine, Inventory, NextRequest, SearchRequest,
    SensesRequest, SimilarRequest, TrainSettings, restore,
};
use sememe::progress::Silent;
use sememe::search::Mode;
use sememe::starter::Starter;
use sememe::text::{Document, Documents};
use sememe::{bilm, word2vec};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What was answered, or what was told instead.
type Asked = Result<String, String>;

fn told(error: sememe::Error) -> String {
    error.to_string()
}

fn written(answer: sememe::Result<impl Debug>) -> Asked {
    answer.map(|answer| format!("{answer:?}\n")).map_err(told)
}

fn tiny_wordnet() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wordnet-tiny")
}

fn search(engine: &Engine, collection: &str, mode: Mode, query: &str) -> Asked {
    let request = json!({"query": query, "mode": mode, "limit": 50});
    let request: SearchRequest = serde_json::from_value(request).unwrap();
    let mut answer = engine.search(collection, &request).map_err(told)?;
    answer.processing_time_ms = 0.0;
    Ok(format!("{answer:?}\n"))
}

/// What every trained collection answers.
fn answers(data_dir: &Path) -> Asked {
    let engine = Engine::open(data_dir).map_err(told)?;
    let mut all = String::new();
    for (mode, query) in
        [(Mode::Keyword, "river bank loan"), (Mode::Static, "river bank loan"), (Mode::Static, "贷款")]
    {
        all += &search(&engine, "town", mode, query)?;
    }
    all += &written(engine.similar("town", "bank", &SimilarRequest::default()))?;
    let begun = NextRequest { text: "the bank of the".to_owned(), k: Some(5) };
    all += &written(engine.next("town", &begun))?;
    all += &written(engine.word_senses("town", "bank"))?;
    all += &written(engine.documents("town", None, 100))?;
    all += &written(engine.generation("town").and_then(|generation| Ok(generation.corpus()?.words())))?;
    Ok(all)
}

/// What one with a contextual model, tagged examples and a WordNet answers besides.
fn all_answers(data_dir: &Path) -> Asked {
    let mut all = answers(data_dir)?;
    let engine = Engine::open(data_dir).map_err(told)?.with_wordnet(Some(tiny_wordnet()));
    let text = "The bank of the river is cold.".to_owned();
    for mode in [Mode::Contextual, Mode::Wordnet, Mode::Hybrid] {
        all += &search(&engine, "town", mode, "bank of the river")?;
    }
    let encode = EncodeRequest { text: text.clone(), vectors: true, ..EncodeRequest::default() };
    all += &written(engine.encode("town", &encode))?;
    let near = json!({"text": text, "word": "bank", "k": 20});
    let near: ContextNeighboursRequest = serde_json::from_value(near).unwrap();
    all += &written(engine.context_neighbours("town", &near))?;
    let word = Some("bank".to_owned());
    let senses = SensesRequest { text, word, inventory: Inventory::Both, ..SensesRequest::default() };
    all += &written(engine.senses(Some("town"), &senses))?;
    Ok(all)
}

/// The answers, and what `check` says.
fn checked(data_dir: &Path, answers: fn(&Path) -> Asked) -> Asked {
    let all = answers(data_dir)?;
    let report = Engine::open(data_dir).and_then(|engine| engine.check(false, &Silent));
    match report.map_err(told)? {
        report if report.is_sound => Ok(all),
        report => Err(format!("{report:?}")),
    }
}

/// Changes a file so many times, three flips to a cut, and asks each time; gives how often it was told and how often it had no
/// effect.
fn damage(path: &Path, flips: usize, ask: &dyn Fn() -> Asked) -> (usize, usize) {
    let sound = ask().unwrap();
    let bytes = fs::read(path).unwrap();
    let mut random = bytes.len() as u64;
    let mut count = (0, 0);
    for round in 0..flips {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (random >> 33) as usize % bytes.len();
        let mut changed = bytes.clone();
        if round % 4 == 3 {
            changed.truncate(at);
        } else {
            changed[at] ^= 1 << (random >> 20 & 7);
        }
        put(path, &changed);
        let what = format!("{}, byte {at} of {}, round {round}", path.display(), bytes.len());
        match catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|_| panic!("{what}: panicked")) {
            Err(_) => count.0 += 1,
            Ok(answer) => {
                assert!(answer == sound, "{what}: another answer, and nothing told");
                count.1 += 1;
            }
        }
    }
    put(path, &bytes);
    assert_eq!(ask().unwrap(), sound);
    count
}

/// A new file: the old one may be linked from elsewhere, or mapped. What the database had beside it belonged to the old one.
fn put(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
    for left in ["sememe.db-wal", "sememe.db-shm"] {
        let _ = fs::remove_file(path.with_file_name(left));
    }
}

/// The folder of the generation that answers.
fn generation(data_dir: &Path, collection: &str) -> PathBuf {
    let engine = Engine::open(data_dir).unwrap();
    let name = engine.generation(collection).unwrap().name().to_owned();
    data_dir.join("collections").join(collection).join(name)
}

/// The database, and each kind of file of a collection: by its name, or in the keyword index by its ending.
fn kinds(data_dir: &Path, collection: &str) -> BTreeMap<String, PathBuf> {
    let generation = generation(data_dir, collection);
    let folders = [&generation, &generation.join("keyword"), generation.parent().unwrap()];
    let mut kinds = BTreeMap::from([("sememe.db".to_owned(), data_dir.join("sememe.db"))]);
    for (folder, is_keyword) in folders.into_iter().zip([false, true, false]) {
        let paths = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
        for path in paths.filter(|path| path.metadata().is_ok_and(|data| data.is_file() && data.len() > 0)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let ending = name.split_once('.').filter(|_| is_keyword && !name.ends_with(".json"));
            kinds.insert(ending.map_or(name.clone(), |(_, ending)| format!("*.{ending}")), path);
        }
    }
    kinds
}

/// The collection `town` with every kind of file: a contextual model, senses that were tagged, and shares of senses.
fn town(data_dir: &Path) {
    let engine = Engine::open(data_dir).unwrap().with_wordnet(Some(tiny_wordnet()));
    let file = data_dir.join("town.jsonl");
    fs::write(&file, town_documents()).unwrap();
    let documents = Documents::open(&file, Default::default()).unwrap();
    engine.ingest("town", documents, Default::default(), &Silent).unwrap();
    engine.train("town", &small((32, 20)), &Silent).unwrap();
    let tagged = data_dir.join("tagged.sgml");
    let sentence = |sense: &str, after: &str| {
        format!(
            "<s snum=1>\n<wf cmd=ignore pos=DT>The</wf>\n<wf cmd=done pos=NN lemma=bank lexsn={sense}>bank</wf>\n\
             <wf cmd=ignore pos=IN>of</wf>\n<wf cmd=ignore pos=NN>{after}</wf>\n</s>\n"
        )
    };
    let text = [sentence("1:14:00::", "interest"), sentence("1:17:00::", "water")].concat();
    fs::write(
        &tagged,
        format!("<contextfile>\n<context>\n<p pnum=1>\n{text}</p>\n</context>\n</contextfile>\n"),
    )
    .unwrap();
    assert_eq!(engine.fit_senses("town", &tagged, &Silent).unwrap().examples, 2);
    engine.estimate_prior("town", &Silent).unwrap();
    fs::remove_file(tagged).unwrap();
    fs::remove_file(file).unwrap();
}

/// Settings of a tiny model, the same every time.
fn small((dim, epochs): (usize, usize)) -> TrainSettings {
    let one = Some(1);
    let word2vec = word2vec::Settings { dim, epochs: Some(epochs), threads: one, ..Default::default() };
    let context = bilm::Settings {
        hidden: Some(8),
        shared_negatives: 16,
        epochs: one,
        threads: one,
        ..Default::default()
    };
    TrainSettings { word2vec, min_count: Some(1), contextual: Contextual::On, context, ..Default::default() }
}

#[test]
fn every_kind_of_file_is_told_or_without_effect_when_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path();
    town(data_dir);
    let kinds = kinds(data_dir, "town");
    assert!(kinds.len() >= 25, "{kinds:?}");
    for name in [
        "manifest.json",
        "documents.matrix",
        "documents.rows",
        "vectors.fifu",
        "vocab.bin",
        "corpus.tokens",
        "ngrams.bin",
        "context.safetensors",
        "context.matrix",
        "context.rows",
        "occurrences.matrix",
        "occurrences.bin",
        "next.bin",
        "tagged-senses.bin",
        "predominant-senses.bin",
    ] {
        let path = kinds.get(name).unwrap_or_else(|| panic!("no {name} among {kinds:?}"));
        let count = damage(path, 8, &|| all_answers(data_dir));
        assert!(count.0 >= 6, "{name}: {count:?}");
    }
    damage(&kinds["sememe.db"], 8, &|| checked(data_dir, all_answers));
    // What is compiled from a WordNet that is still there is compiled again.
    assert_eq!(damage(&data_dir.join("wordnet/wordnet.wn"), 8, &|| all_answers(data_dir)), (0, 8));
}

#[test]
#[ignore = "the long form: minutes"]
fn every_kind_of_file_a_thousand_times() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path();
    town(data_dir);
    let mut kinds = kinds(data_dir, "town");
    kinds.insert("wordnet.wn".to_owned(), data_dir.join("wordnet/wordnet.wn"));
    for (name, path) in kinds {
        let is_database = name == "sememe.db";
        let ask = || if is_database { checked(data_dir, all_answers) } else { all_answers(data_dir) };
        tell(&name, &path, &ask);
    }
}

#[test]
#[ignore = "the long form: minutes"]
fn every_kind_of_graph_a_thousand_times() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path();
    let engine = Engine::open(data_dir).unwrap();
    // So many documents that they have graphs, and so many words.
    let documents: Vec<Document> = (0..21_000)
        .map(|n| {
            let words: String = (0..5).map(|word| format!(" w{}", 5 * n + word)).collect();
            let text = format!("the bank of the river{words}");
            Document { id: n.to_string(), text, ..Document::default() }
        })
        .collect();
    engine.put("field", &documents).unwrap();
    engine.train("field", &small((8, 1)), &Silent).unwrap();
    drop(engine);
    let ask = || {
        let engine = Engine::open(data_dir).map_err(told)?;
        let mut all = written(engine.similar("field", "w777", &SimilarRequest::default()))?;
        for mode in [Mode::Static, Mode::Contextual] {
            all += &search(&engine, "field", mode, "river w777 w4321")?;
        }
        Ok(all)
    };
    let kinds = kinds(data_dir, "field");
    for name in ["documents.hnsw", "context.hnsw", "words.hnsw"] {
        tell(name, &kinds[name], &ask);
    }
}

#[test]
#[ignore = "the long form: minutes"]
fn snapshots_and_starters_a_thousand_times() {
    let folder = tempfile::tempdir().unwrap();
    let (data_dir, restored) = (folder.path().join("a"), folder.path().join("b"));
    fs::create_dir(&data_dir).unwrap();
    town(&data_dir);
    let snapshot = folder.path().join("snapshot");
    let engine = Engine::open(&data_dir).unwrap();
    engine.backup(&snapshot, &Silent).unwrap();
    let starter = folder.path().join("town.starter");
    engine.starter("town", "town", 1000).unwrap().save(&starter).unwrap();
    tell("snapshot", &snapshot, &|| {
        let _ = fs::remove_dir_all(&restored);
        restore(&snapshot, &restored, &Silent).map_err(told)?;
        checked(&restored, all_answers)
    });
    tell("*.starter", &starter, &|| {
        let starter = Starter::open(&starter).map_err(told)?;
        Ok(format!("{} {:?} {:?}", starter.name(), starter.vectors().originals(), starter.parts()))
    });
}

fn tell(name: &str, path: &Path, ask: &dyn Fn() -> Asked) {
    let flips = std::env::var("SEMEME_FLIPS").ok().and_then(|value| value.parse().ok()).unwrap_or(1000);
    let (told, harmless) = damage(path, flips, ask);
    eprintln!("{name}: {flips} changes, {told} told, {harmless} without effect");
}

#[test]
fn a_damaged_generation_is_told_by_check_and_built_anew_by_repair() {
    let program = Program::new();
    ingest_and_train(&program);
    let data_dir = program.data_dir();
    let sound = answers(&data_dir).unwrap();
    for kind in ["documents.matrix", "ngrams.bin", "*.idx", "meta.json", "manifest.json"] {
        let path = kinds(&data_dir, "town").remove(kind).unwrap_or_else(|| panic!("no {kind}"));
        flip_the_middle(&path);
        let output = program.run(&["check"]);
        assert_eq!(output.status.code(), Some(1), "{kind}");
        let said = program.ok(&["check", "--repair"]);
        assert!(said.contains("built anew") && said.trim_end().ends_with("all is well"), "{kind}: {said}");
        assert!(program.ok(&["check"]).trim_end().ends_with("all is well"));
        // A damaged manifest costs the model: it said what the vectors are.
        if kind != "manifest.json" {
            assert_eq!(answers(&data_dir).unwrap(), sound, "{kind}");
        }
    }
    assert!(program.ok(&["search", "town", "river"]).contains("river"));
}

/// What nothing can make anew is not lost: it is renamed, and said what to do.
#[test]
fn damaged_files_beside_the_generations_are_told_by_check_and_set_aside_by_repair() {
    let program = Program::new();
    let data_dir = program.data_dir();
    fs::create_dir(&data_dir).unwrap();
    town(&data_dir);
    for (name, cure) in [
        ("tagged-senses.bin", "senses fit"),
        ("predominant-senses.bin", "senses prior"),
        ("hybrid.json", "tune"),
    ] {
        let path = data_dir.join("collections/town").join(name);
        if name == "hybrid.json" {
            fs::write(&path, r#"{"crc32":"00000000","settings":{}}"#).unwrap();
        }
        flip_the_middle(&path);
        let output = program.run(&["check"]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.code() == Some(1) && said.contains(name) && said.contains(cure),
            "{name}: {said}"
        );
        let said = program.ok(&["check", "--repair"]);
        assert!(said.contains("set aside as") && said.trim_end().ends_with("all is well"), "{name}: {said}");
        assert!(!said.contains("built anew") && !path.exists());
        assert!(path.with_file_name(format!("{name}.damaged")).exists());
        assert!(program.ok(&["check"]).trim_end().ends_with("all is well"));
    }
}

fn flip_the_middle(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, &bytes).unwrap();
}
