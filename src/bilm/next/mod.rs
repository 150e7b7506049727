//! Which word comes next, by the left half of the model alone: what the two-sided model's left-to-right LSTM knows of a sentence so far.
//!
//! The LSTM stays as it was trained, on both sides at once; what is learned here is how its left state alone is to be read, since the merge
//! of both sides has never been without the right one. A linear layer takes the state to word2vec's output space, by the same negative
//! sampling, with a bias for each word; another, of three outputs, tells whether a word of the vocabulary comes at all, one outside of it,
//! or the sentence's end. Scores become a distribution by the sum over all words, sharpened or flattened and mixed with the words'
//! frequencies as sentences held out have it.
//!
//! So this is a reading of the two-sided model, not a language model trained for nothing else.

mod file;
mod fit;

pub use file::NEXT_FILE;

use super::batch::{Batch, Input, UNKNOWN};
use super::model::{Model, SENTENCE_WORDS_MAX};
use super::network::Workspace;
use super::words::{Words, look_up};
use crate::linalg::gemm::{View, ViewMut};
use crate::vocab::Distribution;
use rayon::prelude::*;

/// Kinds of tokens: a word of the vocabulary, one outside of it, the end.
const KINDS: usize = 3;
/// Positions whose words are scored at a time.
const BLOCK: usize = 16;

/// How the left states of a [`Model`] are read.
#[derive(Debug, Clone, PartialEq)]
pub struct NextWords {
    /// Of the network whose states it reads.
    fingerprint: u64,
    /// Cells, `H`; dimension, `D`; words that can be predicted, `V`: those of the corpus, the first ones of the vectors.
    hidden: usize,
    dim: usize,
    words: usize,
    /// `(H + 1) × (D + 1)`: state to context, the last row added, the last column 0 but for a 1 at its end, which takes the bias in.
    head: Vec<f32>,
    /// `(H + 1) × 3`.
    kinds: Vec<f32>,
    /// Added to a word's score, V.
    bias: Vec<f32>,
    /// Scores are multiplied by it.
    sharpness: f32,
    /// Share of the words' frequencies.
    unigram: f32,
}

/// What a network's weights are known by.
fn fingerprint(model: &Model) -> u64 {
    let mut hasher = crc32fast::Hasher::new();
    model.contents.weights.iter().for_each(|value| hasher.update(&value.to_le_bytes()));
    u64::from(hasher.finalize()) << 32 | u64::from(model.vectors.fingerprint() as u32)
}

impl NextWords {
    /// Whether these are readings of that model.
    #[must_use]
    pub fn belong_to(&self, model: &Model) -> bool {
        self.fingerprint == fingerprint(model)
            && (self.hidden, self.dim) == (model.hidden(), model.dim())
            && self.words <= model.vectors.len()
    }

    /// Words that can be predicted, `V`: the first ones of the model's vectors.
    #[must_use]
    pub fn words(&self) -> usize {
        self.words
    }

    /// What comes after the words of a sentence from its beginning, spelled as the analyzer spells them.
    ///
    /// # Panics
    /// If it is read with another model than it belongs to.
    #[must_use]
    pub fn predict(&self, model: &Model, sentence: &[&str]) -> Distribution {
        let last = &sentence[sentence.len().saturating_sub(SENTENCE_WORDS_MAX)..];
        let states = states(model, last);
        let last = &states[states.len() - self.hidden - 1..];
        self.distributions(model, last).pop().unwrap_or_else(|| Distribution(Vec::new()))
    }

    /// Calls `each` with every place of a sentence, the one behind its last word too, and what could stand there after what stands
    /// before; the results come in the order of the places.
    ///
    /// # Panics
    /// If it is read with another model than it belongs to.
    pub fn walk<T: Send>(
        &self,
        model: &Model,
        sentence: &[&str],
        each: impl Fn(usize, Distribution) -> T + Sync,
    ) -> Vec<T> {
        let width = self.hidden + 1;
        let states = states(model, sentence);
        let blocks: Vec<Vec<T>> = states
            .par_chunks(BLOCK * width)
            .enumerate()
            .map(|(block, states)| {
                let found = self.distributions(model, states).into_iter().enumerate();
                found.map(|(at, distribution)| each(block * BLOCK + at, distribution)).collect()
            })
            .collect();
        blocks.into_iter().flatten().collect()
    }

    fn distributions(&self, model: &Model, states: &[f32]) -> Vec<Distribution> {
        let contexts = self.contexts(model, states);
        let scores = self.scores(model, &contexts);
        let kinds = self.kinds(model, states);
        let frequencies = self.frequencies(model);
        let rows = scores.chunks_exact(self.words.max(1)).zip(kinds.chunks_exact(KINDS));
        rows.map(|(scores, kinds)| {
            let mut all = vec![0.0; self.words + 2];
            softmax(scores, &mut all[..self.words]);
            let (of_words, unigram) = (f64::from(kinds[0]), f64::from(self.unigram));
            for (probability, frequency) in all.iter_mut().zip(&frequencies) {
                *probability = of_words * ((1.0 - unigram) * *probability + unigram * frequency);
            }
            (all[self.words], all[self.words + 1]) = (f64::from(kinds[1]), f64::from(kinds[2]));
            let sum: f64 = all.iter().sum();
            all.iter_mut().for_each(|probability| *probability /= sum);
            Distribution(all)
        })
        .collect()
    }

    /// States, M × (H + 1), to contexts, M × (D + 1).
    fn contexts(&self, model: &Model, states: &[f32]) -> Vec<f32> {
        product(model, states, (&self.head, self.hidden + 1, self.dim + 1))
    }

    /// `sharpness · (c·u_w + b_w) + ln p_noise(w)`, M × V.
    fn scores(&self, model: &Model, contexts: &[f32]) -> Vec<f32> {
        let (rows, dim) = (contexts.len() / (self.dim + 1), self.dim);
        let short: Vec<f32> =
            contexts.chunks_exact(dim + 1).flat_map(|row| row[..dim].iter().copied()).collect();
        let mut scores = vec![0.0; rows * self.words];
        let output = View::new(&model.contents.output, self.words, dim).transposed();
        let to = ViewMut::new(&mut scores, rows, self.words);
        model.network.gemm().f32(to, false, View::new(&short, rows, dim), output);
        for row in scores.chunks_exact_mut(self.words.max(1)) {
            let of_words = row.iter_mut().zip(&self.bias).zip(model.log_noise.iter());
            of_words.for_each(|((score, bias), noise)| *score = self.sharpness * (*score + bias) + noise);
        }
        scores
    }

    /// Probabilities of the kinds, M × 3.
    fn kinds(&self, model: &Model, states: &[f32]) -> Vec<f32> {
        let mut kinds = product(model, states, (&self.kinds, self.hidden + 1, KINDS));
        kinds.chunks_exact_mut(KINDS).for_each(softmax_in_place);
        kinds
    }

    fn frequencies(&self, model: &Model) -> Vec<f64> {
        let counts = &model.vectors.vocabulary().counts()[..self.words];
        let total = counts.iter().sum::<u64>().max(1) as f64;
        counts.iter().map(|count| *count as f64 / total).collect()
    }
}

/// `a·b` with `b` of `k` rows and `n` columns.
fn product(model: &Model, a: &[f32], (b, k, n): (&[f32], usize, usize)) -> Vec<f32> {
    let rows = a.len() / k;
    let mut to = vec![0.0; rows * n];
    model.network.gemm().f32(
        ViewMut::new(&mut to, rows, n),
        false,
        View::new(a, rows, k),
        View::new(b, k, n),
    );
    to
}

fn softmax(scores: &[f32], to: &mut [f64]) {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    to.iter_mut().zip(scores).for_each(|(to, score)| *to = f64::from((score - highest).exp()));
    let sum: f64 = to.iter().sum();
    to.iter_mut().for_each(|value| *value /= sum);
}

fn softmax_in_place(values: &mut [f32]) {
    let highest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    values.iter_mut().for_each(|value| *value = (*value - highest).exp());
    let sum: f32 = values.iter().sum();
    values.iter_mut().for_each(|value| *value /= sum);
}

/// The left states before each of `n` words and behind the last one, each with a 1 behind it: (n + 1) × (H + 1). Longer sentences are
/// read in pieces, as everywhere.
fn states(model: &Model, sentence: &[&str]) -> Vec<f32> {
    let mut made = Vec::new();
    let inputs: Vec<Input> = sentence.iter().map(|word| look_up(&model.vectors, word, &mut made).0).collect();
    let mut states = Vec::new();
    let mut pieces = inputs.chunks(SENTENCE_WORDS_MAX).collect::<Vec<_>>();
    if pieces.is_empty() {
        pieces.push(&[]);
    }
    for (number, piece) in pieces.into_iter().enumerate() {
        let read = read(model, &made, &[piece]);
        // What has read nothing of a piece has been given by the piece before.
        let skipped = if number == 0 { 0 } else { model.hidden() + 1 };
        states.extend_from_slice(&read[skipped..]);
    }
    states
}

/// The same for many short sentences, by falling length.
fn read(model: &Model, made: &[f32], sentences: &[&[Input]]) -> Vec<f32> {
    let (hidden, layers) = (model.hidden(), model.layers());
    // The state behind a sentence's last word is the one before one more word, whichever.
    let longer: Vec<Vec<Input>> =
        sentences.iter().map(|words| [words, &[Input::Special(UNKNOWN)][..]].concat()).collect();
    let (mut batch, mut work) = (Batch::default(), Workspace::default());
    batch.pack(&longer);
    model.network.forward_stack(0, &Words { vectors: &model.vectors, made }, &batch, &mut work);
    let read = work.hidden(0, layers - 1);
    let mut states = Vec::with_capacity(batch.rows() * (hidden + 1));
    for (place, sentence) in batch.order.iter().enumerate() {
        for step in 0..longer[*sentence as usize].len() {
            states.extend_from_slice(&read[(batch.starts[step] + place) * hidden..][..hidden]);
            states.push(1.0);
        }
    }
    states
}
