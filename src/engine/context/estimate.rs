//! What training would take, before it begins.

use super::super::TrainSettings;
use super::super::starters::Start;
use crate::linalg::gemm::{Gemm, GemmCrate, View, ViewMut};
use crate::starter::Starter;
use crate::vocab::corpus::Corpus;
use serde::Serialize;
use std::time::{Duration, Instant};

/// What training would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainingEstimate {
    /// Running words of the corpus that are in the vocabulary.
    pub corpus_words: u64,
    /// Words in the vocabulary, `V`.
    pub words: usize,
    /// Least count of a word in it.
    pub min_count: u64,
    /// Training of the word vectors.
    pub word2vec: Estimate,
    /// Training of the contextual model, if there would be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Estimate>,
}

/// What one model would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Passes over the corpus.
    pub epochs: usize,
    /// Threads.
    pub threads: usize,
    /// Memory at the peak, in bytes.
    pub memory_bytes: u64,
    /// Time, in seconds, on this machine if nothing else runs; within a factor of two.
    pub seconds: f64,
}

/// The share of the speed of bare matrix products that training reaches.
const EFFICIENCY: f64 = 0.6;
/// Operations of skip-gram training on a word: about five words to each side that survive subsampling, with as many negatives.
const WORD2VEC_OPERATIONS: f64 = 600.0;
/// Its share of that speed: it is bound by memory.
const WORD2VEC_EFFICIENCY: f64 = 0.25;

/// What training on a corpus would take, from scratch or from a starter.
pub(in crate::engine) fn estimate(
    corpus: &Corpus,
    min_count: u64,
    settings: &TrainSettings,
    starter: Option<&Starter>,
) -> TrainingEstimate {
    let words = corpus.words();
    let vocabulary = corpus.vocabulary().len().max(starter.map_or(0, |starter| starter.vectors().len()));
    let speed = speed();
    let word2vec = settings.word2vec.resolve(words);
    let nothing = starter.is_some() && settings.start == Start::Untouched;
    let passes = |epochs: Option<usize>| if nothing { 0 } else { epochs.unwrap_or(1) };
    let (epochs, threads) = (passes(word2vec.epochs), word2vec.threads.unwrap_or(1));
    let seconds = |operations: f64, epochs: usize, threads: usize, efficiency: f64| {
        operations * (words * epochs as u64) as f64 / (speed * efficiency * threads as f64)
    };
    let static_estimate = Estimate {
        epochs,
        threads,
        memory_bytes: word2vec.memory_bytes(vocabulary),
        seconds: seconds(
            WORD2VEC_OPERATIONS * word2vec.dim as f64 / 10.0,
            epochs,
            threads,
            WORD2VEC_EFFICIENCY,
        ),
    };
    // A starter's contextual model is gone on from however little text there is.
    let wanted = settings.contextual.wanted(if starter.is_some() { u64::MAX } else { words });
    let context = wanted.then(|| {
        let context = match starter {
            Some(starter) => settings.context.going_on_from(starter.parts(), words),
            None => settings.context.resolve(words),
        };
        let (epochs, threads) = (passes(context.epochs), context.threads.unwrap_or(1));
        let operations = context.operations_per_word(word2vec.dim);
        Estimate {
            epochs,
            threads,
            memory_bytes: context.memory_bytes(vocabulary, word2vec.dim),
            seconds: seconds(operations, epochs, threads, EFFICIENCY),
        }
    });
    TrainingEstimate {
        corpus_words: words,
        words: corpus.vocabulary().len(),
        min_count,
        word2vec: static_estimate,
        context,
    }
}

/// Operations a second of one thread in matrix products of an LSTM's shape, measured for a tenth of a second.
fn speed() -> f64 {
    const SHAPE: (usize, usize, usize) = (64, 256, 1024);
    let (m, k, n) = SHAPE;
    let (a, b, mut to) = (vec![0.5f32; m * k], vec![0.25f32; k * n], vec![0.0f32; m * n]);
    let (begun, mut rounds) = (Instant::now(), 0u32);
    while begun.elapsed() < Duration::from_millis(100) {
        let to = ViewMut::new(&mut to, m, n);
        GemmCrate.f32(to, false, View::new(&a, m, k), View::new(&b, k, n));
        rounds += 1;
    }
    2.0 * (m * k * n) as f64 * f64::from(rounds) / begun.elapsed().as_secs_f64()
}
