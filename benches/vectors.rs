//! Opening and asking 58,000 vectors of 200 values: `cargo bench --bench vectors`.
//!
//! Prints the median of repeated calls; the vectors are random, since time does not depend on what they mean.

#![allow(clippy::print_stdout)]

use sememe::vectors::WordVectors;
use sememe::vocab::Vocabulary;
use std::sync::Arc;
use std::time::Instant;

const WORDS: usize = 58_000;
const DIM: usize = 200;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let vectors = random_vectors();
    median("split into units, norms, rounding", 5, random_vectors);
    median("save", 3, || vectors.save(folder.path()).expect("saved"));
    median("open", 21, || WordVectors::open(folder.path()).expect("opened"));
    let vocabulary = vectors.vocabulary().clone();
    median("open with a vocabulary in memory", 21, || {
        WordVectors::open_with(folder.path(), vocabulary.clone()).expect("opened")
    });
    median("originals", 5, || vectors.originals());
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
