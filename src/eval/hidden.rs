//! How well does the contextual model guess hidden words? Mean reciprocal rank among the whole vocabulary, in the sentences that its
//! training held out, beside two controls that need no network.
//!
//! The model and the most frequent words are asked anew. What the average of the words around reaches needs word2vec's output vectors as
//! they were, which nothing keeps: it is as training measured it.

use super::stats::{Interval, Z};
use crate::bilm::{History, Model, Quality};
use crate::error::Result;
use crate::vocab::corpus::Corpus;
use serde::Serialize;

/// How well hidden words are guessed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HiddenReport {
    /// Words of the vocabulary, among which ranks are counted.
    pub vocabulary: usize,
    /// Hidden words asked for.
    pub positions: u64,
    /// Those of them that are not among the 200 most frequent words.
    pub content_positions: u64,
    /// The ways to guess, controls first.
    pub systems: Vec<HiddenSystem>,
    /// What the model reaches, divided by what the average of the words around reaches: all words, and content words.
    pub times_average: Option<[f64; 2]>,
}

/// A way to guess. Intervals of 95 % are by the normal distribution, over positions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HiddenSystem {
    /// `most frequent words`, `average of the words around` or `contextual model`.
    pub name: &'static str,
    /// Mean reciprocal rank of all hidden words.
    pub mrr: f64,
    /// Its interval; none for what a file of before tells.
    pub interval: Option<Interval>,
    /// The same of words that are not among the 200 most frequent.
    pub content_mrr: f64,
    /// Its interval.
    pub content_interval: Option<Interval>,
}

impl HiddenSystem {
    fn of(name: &'static str, quality: &Quality) -> Self {
        let interval = |at: usize, mean: f64| {
            let reach = Z * quality.errors?[at];
            Some(Interval { low: (mean - reach).max(0.0), high: (mean + reach).min(1.0) })
        };
        Self {
            name,
            mrr: quality.mrr,
            interval: interval(0, quality.mrr),
            content_mrr: quality.content_mrr,
            content_interval: interval(1, quality.content_mrr),
        }
    }
}

/// Asks a model for the words hidden in the sentences of its corpus that its training held out.
///
/// # Errors
/// As [`Model::hidden_words`].
pub fn hidden_words(model: &Model, corpus: &Corpus) -> Result<HiddenReport> {
    let [guessed, unigram] = model.hidden_words(corpus)?;
    let average = model.history().map(|History { controls, .. }| controls.average);
    let mut systems = vec![HiddenSystem::of("most frequent words", &unigram)];
    systems.extend(average.iter().map(|average| HiddenSystem::of("average of the words around", average)));
    systems.push(HiddenSystem::of("contextual model", &guessed));
    let times = |average: &Quality| [guessed.mrr / average.mrr, guessed.content_mrr / average.content_mrr];
    Ok(HiddenReport {
        vocabulary: corpus.vocabulary().len(),
        positions: guessed.positions,
        content_positions: guessed.content_positions,
        systems,
        times_average: average.as_ref().map(times),
    })
}
