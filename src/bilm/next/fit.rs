//! Learning to read left states: Adam on the two linear layers, Adagrad on the words' biases; then two numbers from sentences held out.

use super::super::batch::Input;
use super::super::feed::{Feed, Window};
use super::super::loss::Sampled;
use super::super::model::Model;
use super::super::optimizer::Adam;
use super::super::settings::Settings;
use super::super::shape::Part;
use super::{KINDS, NextWords, fingerprint, product, read, softmax, softmax_in_place};
use crate::error::Result;
use crate::linalg::gemm::{View, ViewMut};
use crate::progress::Progress;
use crate::vocab::chunk::UNKNOWN;
use crate::vocab::corpus::Corpus;
use crate::vocab::sampling::{NegativeTable, Rng};
use rayon::prelude::*;

/// Running words learned from, and passes over a smaller corpus at most.
const WORDS: u64 = 1_000_000;
const EPOCHS_MAX: u64 = 5;
const BATCH_WORDS: usize = 512;
const RATE: f32 = 3e-3;
const BIAS_RATE: f32 = 0.04;
const CLIP: f32 = 1.0;
const SEED: u64 = 1;
/// Places of sentences held out that the last two numbers are fitted on.
const HELD_OUT: usize = 1500;
const HELD_OUT_BLOCK: usize = 32;
/// Factors of scores that are tried.
const SHARPNESS: [f32; 11] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.7];

/// What is being learned.
struct Learner<'a> {
    model: &'a Model,
    next: NextWords,
    /// V × (D + 1): output vectors, which stay, and biases.
    output: Vec<f32>,
    squares: Vec<f32>,
    head: Adam,
    kinds: Adam,
}

/// States, M × (H + 1), and what came next at each: a word's id, `UNKNOWN`, or `END`.
struct Places {
    states: Vec<f32>,
    tokens: Vec<u32>,
}

const END: u32 = u32::MAX;

impl NextWords {
    /// Learns from the corpus that a model was trained on how its left states are read; `None` if the model is of another corpus.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::Error::Cancelled); those of reading the corpus.
    pub fn fit(model: &Model, corpus: &Corpus, progress: &dyn Progress) -> Result<Option<Self>> {
        let pairs = corpus.vocabulary().iter().zip(model.vectors.vocabulary().iter());
        let words = corpus.vocabulary().len();
        if words > model.vectors.len() || !{ pairs }.all(|((_, own, _), (_, theirs, _))| own == theirs) {
            return Ok(None);
        }
        let mut learner = Learner::new(model, words);
        let feed = Feed::new(corpus, Settings::default().sentence_words, SEED);
        let running = corpus.words() + corpus.unknown();
        let total = WORDS.min(running * EPOCHS_MAX).max(1);
        let negatives = NegativeTable::new(corpus.vocabulary().counts(), model.contents.exponent);
        let (mut window, mut done) = (Window::default(), 0);
        let windows =
            (0..EPOCHS_MAX).flat_map(|epoch| (0..feed.windows()).map(move |number| (epoch, number)));
        'all: for (epoch, number) in windows {
            feed.window(&feed.order(epoch), (epoch, number), (BATCH_WORDS, 0.0), &mut window)?;
            for (step, batch) in window.batches.iter().enumerate() {
                if done >= total {
                    break 'all;
                }
                let places = places(model, &window, &window.sentences[batch.clone()]);
                let stream = (epoch << 48) ^ (number << 24) ^ step as u64;
                learner.step(&places, &negatives, stream, 1.0 - done as f32 / total as f32);
                done += places.tokens.len() as u64;
                progress.step("learning what comes next", done.min(total), total, "words")?;
            }
        }
        let mut next = learner.finish();
        next.calibrate(model, &feed)?;
        Ok(Some(next))
    }

    /// Chooses sharpness and the frequencies' share by the likelihood of words in sentences held out.
    fn calibrate(&mut self, model: &Model, feed: &Feed<'_>) -> Result<()> {
        let held_out = feed.held_out()?;
        let every = held_out.tokens.len().div_ceil(HELD_OUT).max(1);
        let sentences: Vec<_> = held_out.sentences.iter().step_by(every).cloned().collect();
        let places = places(model, &held_out, &sentences);
        let (rows, words) = places.of_words(self.hidden + 1);
        let frequencies = self.frequencies(model);
        let width = self.hidden + 1;
        let blocks = rows.par_chunks(HELD_OUT_BLOCK * width).zip(words.par_chunks(HELD_OUT_BLOCK));
        // For each place, the word's probability at each sharpness.
        let found: Vec<Vec<[f64; SHARPNESS.len()]>> = blocks
            .map(|(states, words)| {
                let plain = Self { sharpness: 1.0, ..self.clone() };
                let scores = plain.scores(model, &plain.contexts(model, states));
                let rows = scores.chunks_exact(self.words.max(1)).zip(words);
                rows.map(|(scores, word)| probabilities(model, scores, *word as usize)).collect()
            })
            .collect();
        let found: Vec<[f64; SHARPNESS.len()]> = found.into_iter().flatten().collect();
        let own: Vec<f64> = words.iter().map(|word| frequencies[*word as usize]).collect();
        let mut best = f64::NEG_INFINITY;
        for (at, sharpness) in SHARPNESS.iter().enumerate() {
            let pairs: Vec<(f64, f64)> = found.iter().map(|of| of[at]).zip(own.iter().copied()).collect();
            let (share, likelihood) = mixed(&pairs);
            if likelihood > best {
                (best, self.sharpness, self.unigram) = (likelihood, *sharpness, share as f32);
            }
        }
        Ok(())
    }
}

fn probabilities(model: &Model, scores: &[f32], word: usize) -> [f64; SHARPNESS.len()] {
    let mut all = vec![0.0; scores.len()];
    SHARPNESS.map(|sharpness| {
        let noise = model.log_noise.iter();
        let sharpened: Vec<f32> =
            scores.iter().zip(noise).map(|(score, noise)| sharpness * (score - noise) + noise).collect();
        softmax(&sharpened, &mut all);
        all[word]
    })
}

/// The share of the second of two models that makes a text most likely, by expectation maximisation, and the mean log-likelihood.
fn mixed(pairs: &[(f64, f64)]) -> (f64, f64) {
    let count = pairs.len().max(1) as f64;
    let mut share = 0.1;
    for _ in 0..50 {
        let second = |(a, b): &(f64, f64)| share * b / ((1.0 - share) * a + share * b).max(f64::MIN_POSITIVE);
        share = (pairs.iter().map(second).sum::<f64>() / count).clamp(1e-4, 1.0 - 1e-4);
    }
    let log = |(a, b): &(f64, f64)| ((1.0 - share) * a + share * b).max(f64::MIN_POSITIVE).ln();
    (share, pairs.iter().map(log).sum::<f64>() / count)
}

impl<'a> Learner<'a> {
    /// Begins with the left half of the merge.
    fn new(model: &'a Model, words: usize) -> Self {
        let (hidden, dim) = (model.hidden(), model.dim());
        let mut head = vec![0.0; (hidden + 1) * (dim + 1)];
        let (merge, bias) = (model.network.part(Part::Merge), model.network.part(Part::MergeBias));
        for (row, from) in
            head.chunks_exact_mut(dim + 1).zip(merge[..hidden * dim].chunks_exact(dim).chain([bias]))
        {
            row[..dim].copy_from_slice(from);
        }
        head[(hidden + 1) * (dim + 1) - 1] = 1.0;
        let rows = model.contents.output[..words * dim].chunks_exact(dim);
        let output = rows.flat_map(|row| row.iter().copied().chain([0.0])).collect();
        let kinds = vec![0.0; (hidden + 1) * KINDS];
        let (head_len, kinds_len) = (head.len(), kinds.len());
        let bias = Vec::new();
        let (sharpness, unigram, fingerprint) = (1.0, 0.0, fingerprint(model));
        let next = NextWords { fingerprint, hidden, dim, words, head, kinds, bias, sharpness, unigram };
        let (head, kinds) = (Adam::new(head_len), Adam::new(kinds_len));
        Self { model, next, output, squares: vec![0.0; words], head, kinds }
    }

    fn step(&mut self, places: &Places, negatives: &NegativeTable, stream: u64, left: f32) {
        self.step_kinds(places, left);
        let width = self.next.hidden + 1;
        let (states, words) = places.of_words(width);
        if words.is_empty() {
            return;
        }
        let settings = Settings::default();
        let mut rng = Rng::new(SEED, stream ^ 0x4E78);
        let drawn = (0..settings.shared_negatives).map(|_| negatives.draw(&mut rng)).collect();
        let mut sampled = Sampled::of(drawn, words);
        let contexts = self.next.contexts(self.model, &states);
        let (mut d_contexts, dim) = (Vec::new(), self.next.dim + 1);
        let (gemm, k) = (self.model.network.gemm(), settings.negative_samples);
        sampled.loss(gemm, k, &contexts, &self.output, dim, &mut d_contexts);
        let rows = sampled.words.len();
        let mut gradient = vec![0.0; self.next.head.len()];
        let turned = View::new(&states, rows, width).transposed();
        gemm.f32(ViewMut::new(&mut gradient, width, dim), false, turned, View::new(&d_contexts, rows, dim));
        // The last column is no weight.
        gradient.iter_mut().skip(dim - 1).step_by(dim).for_each(|value| *value = 0.0);
        let rates = (1.0 / rows as f32, CLIP, left * RATE);
        self.head.step(&mut self.next.head, &mut [&mut gradient], rates);
        let of_negatives = sampled.d_negatives.chunks_exact(dim).map(|row| row[dim - 1]);
        let of_words = sampled.d_words.iter().copied();
        let gradients = sampled.negatives.iter().zip(of_negatives).chain(sampled.words.iter().zip(of_words));
        for (word, gradient) in gradients {
            let (word, square) = (*word as usize, &mut self.squares[*word as usize]);
            *square += gradient * gradient;
            if *square > 0.0 {
                self.output[word * dim + dim - 1] -= left * BIAS_RATE * gradient / square.sqrt();
            }
        }
    }

    fn step_kinds(&mut self, places: &Places, left: f32) {
        let (rows, width) = (places.tokens.len(), self.next.hidden + 1);
        let mut kinds = product(self.model, &places.states, (&self.next.kinds, width, KINDS));
        for (row, token) in kinds.chunks_exact_mut(KINDS).zip(&places.tokens) {
            softmax_in_place(row);
            row[kind(*token)] -= 1.0;
        }
        let mut gradient = vec![0.0; self.next.kinds.len()];
        let turned = View::new(&places.states, rows, width).transposed();
        let to = ViewMut::new(&mut gradient, width, KINDS);
        self.model.network.gemm().f32(to, false, turned, View::new(&kinds, rows, KINDS));
        self.kinds.step(&mut self.next.kinds, &mut [&mut gradient], (1.0 / rows as f32, CLIP, left * RATE));
    }

    fn finish(self) -> NextWords {
        let dim = self.next.dim;
        let bias = self.output.chunks_exact(dim + 1).map(|row| row[dim]).collect();
        NextWords { bias, ..self.next }
    }
}

fn kind(token: u32) -> usize {
    match token {
        UNKNOWN => 1,
        END => 2,
        _ => 0,
    }
}

impl Places {
    /// Those where a word of the vocabulary came.
    fn of_words(&self, width: usize) -> (Vec<f32>, Vec<u32>) {
        let known = self.states.chunks_exact(width).zip(&self.tokens).filter(|(_, token)| kind(**token) == 0);
        let (mut states, mut words) = (Vec::new(), Vec::new());
        for (state, word) in known {
            states.extend_from_slice(state);
            words.push(*word);
        }
        (states, words)
    }
}

/// Every place of some sentences of a window. What follows a sentence that was cut is not known.
fn places(model: &Model, window: &Window, sentences: &[std::ops::Range<usize>]) -> Places {
    let mut order: Vec<_> = sentences.to_vec();
    order.sort_by_key(|sentence| std::cmp::Reverse(sentence.len()));
    let inputs: Vec<&[Input]> = order.iter().map(|sentence| &window.inputs[sentence.clone()]).collect();
    let (mut states, width) = (read(model, &[], &inputs), model.hidden() + 1);
    let (mut tokens, longest) = (Vec::new(), Settings::default().sentence_words);
    for sentence in order {
        let is_cut = sentence.len() >= longest;
        tokens.extend_from_slice(&window.tokens[sentence]);
        match is_cut {
            true => drop(states.drain(tokens.len() * width..(tokens.len() + 1) * width)),
            false => tokens.push(END),
        }
    }
    Places { states, tokens }
}
