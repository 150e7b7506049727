//! Opening and asking 58,000 vectors of 200 values: `cargo bench --bench vectors`; or a file of vectors, with sets of words
//! to evaluate: `cargo bench --bench vectors -- FILE SET…`.
//!
//! Prints the median of repeated calls. Random vectors are the harder case: none stands out, and more of them need a second
//! look.

#![allow(clippy::print_stdout)]

use sememe::eval::words::{WordSet, WordsOptions, analogies, similarity};
use sememe::progress::Silent;
use sememe::vectors::formats::import;
use sememe::vectors::{Analogy, AnalogyMethod, Neighbours, Similar, WordVectors};
use sememe::vocab::{Vocabulary, WordId};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const WORDS: usize = 58_000;
const DIM: usize = 200;

fn main() {
    let files: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    if let Some((vectors, sets)) = files.split_first() {
        return of_file(vectors.as_ref(), sets, folder.path());
    }
    let vectors = random_vectors();
    median("split into units, norms, rounding", 5, random_vectors);
    median("save", 3, || vectors.save(folder.path()).expect("saved"));
    median("open", 21, || WordVectors::open(folder.path()).expect("opened"));
    let vocabulary = vectors.vocabulary().clone();
    median("open with a vocabulary in memory", 21, || {
        WordVectors::open_with(folder.path(), vocabulary.clone()).expect("opened")
    });
    median("originals", 5, || vectors.originals());
    questions(folder.path());
}

fn of_file(path: &Path, sets: &[String], folder: &Path) {
    median("import", 1, || import(path, None, &Silent).expect("vectors"));
    let (format, vectors) = import(path, None, &Silent).expect("vectors");
    println!("{format:?}, {} words of {} values", vectors.len(), vectors.dim());
    for set in sets {
        let options = WordsOptions::default();
        let start = Instant::now();
        match WordSet::read(set.as_ref()).expect("a set") {
            WordSet::Similarity(pairs) => println!("{set}: {:?}", similarity(&vectors, &pairs, &options)),
            WordSet::Analogies(sections) => {
                let report = analogies(&vectors, &sections, &options, &Silent).expect("a report");
                println!("{set}: {:?}, {:?}", report.total, start.elapsed());
                let options = WordsOptions { restrict: 30_000, ..options };
                let report = analogies(&vectors, &sections, &options, &Silent).expect("a report");
                println!("{set}, first 30,000: {:?}", report.total);
            }
        }
    }
    vectors.save(folder).expect("saved");
    questions(folder);
}

fn questions(folder: &Path) {
    let vectors = WordVectors::open(folder).expect("opened");
    median("rows in bytes, once", 1, || vectors.prepare());
    let word = |i: usize| vectors.vocabulary().word(WordId((i * 7919 % vectors.len()) as u32)).to_owned();
    let mut i = 0;
    median("similar, exact scan", 201, || {
        i += 1;
        vectors.similar(&word(i), &Similar::default()).expect("known")
    });
    for (what, method) in [("analogy, 3CosAdd", AnalogyMethod::Add), ("analogy, 3CosMul", AnalogyMethod::Mul)]
    {
        median(what, 201, || {
            i += 1;
            let analogy = Analogy { method, ..Analogy::new(word(i), word(i + 1), word(i + 2)) };
            vectors.analogy(&analogy).expect("known")
        });
    }
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    median("analogy, 3CosAdd, one thread", 201, || {
        i += 1;
        let analogy = Analogy::new(word(i), word(i + 1), word(i + 2));
        one.install(|| vectors.analogy(&analogy).expect("known"))
    });
    median("an unknown word, near spellings", 21, || vectors.id("unknwon12").is_err());
    median("table of 32 neighbours", 1, || Neighbours::build(&vectors, 32, &Silent).expect("built"));
    let table = Neighbours::build(&vectors, 32, &Silent).expect("built");
    table.save(folder).expect("saved");
    let tabled = WordVectors::open(folder).expect("opened");
    median("open with the table", 21, || WordVectors::open(folder).expect("opened"));
    let names: Vec<String> = (0..1000).map(word).collect();
    median("similar x 1000, from the table", 101, || {
        let ask = |name: &String| tabled.similar(name, &Similar::default()).expect("known");
        names.iter().map(ask).map(|answer| answer.neighbours[0].id).max()
    });
    median("plain f32 scan, one thread", 21, || {
        (0..vectors.len() as u32).map(|id| vectors.cosine(WordId(id), WordId(7))).fold(0.0, f32::max)
    });
}

fn random_vectors() -> WordVectors {
    let words = (0..WORDS).map(|i| (format!("word{i}").into(), (WORDS - i) as u64)).collect();
    let vocabulary = Arc::new(Vocabulary::from_sorted(words).expect("different words"));
    let mut state = 1u64;
    let matrix = (0..WORDS * DIM).map(|_| random(&mut state)).collect();
    WordVectors::new(vocabulary, matrix, DIM).expect("finite values")
}

/// Uniform in -1..1 (a linear congruential generator, Knuth's MMIX constants).
fn random(state: &mut u64) -> f32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

fn median<T>(what: &str, times: usize, mut run: impl FnMut() -> T) {
    let mut seconds: Vec<f64> = (0..times)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(run());
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    println!("{what:<44} {:>12.1} µs (best {:.1})", seconds[times / 2] * 1e6, seconds[0] * 1e6);
}
