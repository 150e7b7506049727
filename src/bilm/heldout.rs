//! How well hidden words are guessed in sentences that were held out: the loss, and the exact reciprocal rank of the word among
//! the whole vocabulary, beside two controls that need no network.

use super::batch::{Batch, Input};
use super::feed::{Feed, Window};
use super::loss::Sampled;
use super::network::{Network, Vectors, Workspace};
use crate::error::Result;
use crate::linalg::gemm::{Gemm, GemmCrate, View, ViewMut};
use crate::linalg::{self, Kernel, dispatch};
use crate::vocab::chunk::UNKNOWN;
use crate::vocab::sampling::{NegativeTable, Rng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Positions asked for at most.
const POSITIONS: usize = 6000;
/// Words read at a time.
const BATCH_WORDS: usize = 1024;
/// Words of the vocabulary scored at a time.
pub(super) const VOCABULARY_BLOCK: usize = 4096;
/// Words on each side that the average control takes.
const CONTROL_WINDOW: usize = 5;
/// The most frequent words, which are mostly function words, do not count as content.
const FUNCTION_WORDS: u32 = 200;

/// How well hidden words are guessed. Ranks are exact, among all words of the vocabulary, by `c·u_w + ln p_noise(w)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Positions asked for.
    pub positions: u64,
    /// Mean loss of a position (one word there, `k` negatives), in nats; controls have none.
    pub loss: Option<f64>,
    /// Mean reciprocal rank of the word that was there.
    pub mrr: f64,
    /// Positions whose word is not one of the 200 most frequent.
    pub content_positions: u64,
    /// Mean reciprocal rank over those.
    pub content_mrr: f64,
    /// Standard errors of the two means; files of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<[f64; 2]>,
}

/// What can be had without a network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Controls {
    /// Always the most frequent words first.
    pub unigram: Quality,
    /// The average of the vectors of the ten words around, scored like a context vector; of several lengths (from a half of it to
    /// sixteen times) the best for each measure.
    pub average: Quality,
}

/// The sentences held out.
#[derive(Debug)]
pub(super) struct HeldOut {
    window: Window,
    batches: Vec<(Batch, Sampled<f32>)>,
    log_noise: Vec<f32>,
    negative_samples: f64,
}

impl HeldOut {
    /// Reads them, and chooses positions and negatives, always the same.
    pub(super) fn new(
        feed: &Feed<'_>,
        counts: &[u64],
        (shared, samples, exponent): (usize, f64, f64),
    ) -> Result<Self> {
        let mut window = feed.held_out()?;
        window.sentences.sort_by_key(ExactSizeIterator::len);
        window.cut(BATCH_WORDS);
        let known = window.tokens.iter().filter(|token| **token != UNKNOWN).count();
        let table = NegativeTable::new(counts, exponent);
        let mut rng = Rng::new(7, 0x4E1D);
        let mut batches = Vec::new();
        for sentences in &window.batches {
            let sentences = &window.sentences[sentences.clone()];
            let mut batch = Batch::default();
            let inputs: Vec<&[Input]> = sentences.iter().map(|range| &window.inputs[range.clone()]).collect();
            batch.pack(&inputs);
            choose(&mut batch, sentences, &window.tokens, || {
                rng.below(known.max(1) as u32) < POSITIONS as u32
            });
            let mut sampled = Sampled::default();
            sampled.negatives.extend((0..shared).map(|_| table.draw(&mut rng)));
            sampled.words.extend(batch.targets.iter().map(|target| target.word));
            batches.push((batch, sampled));
        }
        Ok(Self {
            window,
            batches,
            log_noise: log_noise(counts.iter().map(|count| *count as f64), exponent),
            negative_samples: samples,
        })
    }

    /// Guesses with the network.
    pub(super) fn quality(&self, network: &Network<f32>, vectors: &dyn Vectors, output: &[f32]) -> Quality {
        let dim = network.shape.dim;
        let parts = self.batches.par_iter().map(|(batch, sampled)| {
            let mut work = Workspace::default();
            network.forward(vectors, batch, &mut work);
            let mut sampled = Sampled::of(sampled.negatives.clone(), sampled.words.clone());
            let k = self.negative_samples;
            let loss = sampled.loss(&GemmCrate, k, &work.contexts, output, dim, &mut work.d_contexts);
            let mut ranks = self.ranks(&work.contexts, &sampled.words, output, dim);
            ranks.loss = loss;
            ranks
        });
        Sums::all(parts.collect())
    }

    /// The controls, with the output matrix as word2vec left it.
    pub(super) fn controls(&self, vectors: &dyn Vectors, output: &[f32], dim: usize) -> Controls {
        let average = |scale: f32| {
            let parts =
                self.batches.par_iter().zip(&self.window.batches).map(|((batch, sampled), sentences)| {
                    let contexts = self.averages(batch, sentences.clone(), vectors, (dim, scale));
                    self.ranks(&contexts, &sampled.words, output, dim)
                });
            Quality { loss: None, ..Sums::all(parts.collect()) }
        };
        // The strongest that can be had, for each of the two measures.
        let best = |best: Quality, next: Quality| Quality {
            mrr: best.mrr.max(next.mrr),
            content_mrr: best.content_mrr.max(next.content_mrr),
            errors: best.errors.zip(next.errors).map(|(best_errors, next_errors)| {
                let of = |at: usize, better: bool| if better { next_errors[at] } else { best_errors[at] };
                [of(0, next.mrr > best.mrr), of(1, next.content_mrr > best.content_mrr)]
            }),
            ..best
        };
        Controls {
            unigram: self.unigram(),
            average: [1.0, 2.0, 4.0, 16.0].map(average).into_iter().fold(average(0.5), best),
        }
    }

    /// The most frequent words first.
    pub(super) fn unigram(&self) -> Quality {
        let mut sums = Sums::default();
        let words = self.batches.iter().flat_map(|(_, sampled)| &sampled.words);
        words.for_each(|word| sums.add(*word, *word as usize + 1)); // ids fall with frequency
        Quality { loss: None, ..Sums::all(vec![sums]) }
    }

    /// Sums of the vectors around each target, divided by their number, times `scale`.
    fn averages(
        &self,
        batch: &Batch,
        sentences: std::ops::Range<usize>,
        vectors: &dyn Vectors,
        (dim, scale): (usize, f32),
    ) -> Vec<f32> {
        let sentences = &self.window.sentences[sentences];
        let mut contexts = vec![0.0; batch.targets.len() * dim];
        let mut vector = vec![0.0; dim];
        let places = batch.targets.iter().map(|target| {
            let step = batch.starts.partition_point(|start| *start <= target.left as usize) - 1;
            (batch.order[target.left as usize - batch.starts[step]] as usize, step)
        });
        for ((sentence, at), context) in places.zip(contexts.chunks_exact_mut(dim)) {
            let sentence = &self.window.tokens[sentences[sentence].clone()];
            let near = at.saturating_sub(CONTROL_WINDOW)..(at + CONTROL_WINDOW + 1).min(sentence.len());
            let around: Vec<u32> =
                near.filter(|j| *j != at).map(|j| sentence[j]).filter(|w| *w != UNKNOWN).collect();
            for word in &around {
                vectors.vector(*word, &mut vector);
                linalg::add_scaled(context, scale / around.len() as f32, &vector);
            }
        }
        contexts
    }

    /// In single precision whatever the backend: a word's own score is compared with all others.
    fn ranks(&self, contexts: &[f32], words: &[u32], output: &[f32], dim: usize) -> Sums {
        let vocabulary = self.log_noise.len();
        let score = |context: &[f32], word: u32| {
            let word = word as usize;
            linalg::dot(context, &output[word * dim..][..dim]) + self.log_noise[word]
        };
        let own: Vec<f32> = words
            .iter()
            .zip(contexts.chunks_exact(dim))
            .map(|(word, context)| score(context, *word))
            .collect();
        let mut above = vec![0usize; words.len()];
        let mut scores = vec![0.0; words.len() * VOCABULARY_BLOCK];
        for start in (0..vocabulary).step_by(VOCABULARY_BLOCK) {
            let len = VOCABULARY_BLOCK.min(vocabulary - start);
            let rows = View::new(&output[start * dim..], len, dim).transposed();
            GemmCrate.f32(
                ViewMut::new(&mut scores, words.len(), len),
                false,
                View::new(contexts, words.len(), dim),
                rows,
            );
            for (at, row) in scores.chunks_exact(len).take(words.len()).enumerate() {
                let noise = &self.log_noise[start..start + len];
                above[at] += dispatch(CountAbove { scores: row, noise, least: own[at] });
                let word = words[at] as usize;
                if (start..start + len).contains(&word) {
                    // Summed in another order, the word's own score may come out above itself.
                    above[at] -= usize::from(row[word - start] + self.log_noise[word] > own[at]);
                }
            }
        }
        let mut sums = Sums::default();
        words.iter().zip(above).for_each(|(word, above)| sums.add(*word, above + 1));
        sums
    }
}

/// `ln p_noise`, the share of the words' powered counts.
pub(super) fn log_noise(counts: impl Iterator<Item = f64>, exponent: f64) -> Vec<f32> {
    let powered: Vec<f64> = counts.map(|count| count.powf(exponent)).collect();
    let total: f64 = powered.iter().sum();
    powered.iter().map(|powered| (powered / total).ln() as f32).collect()
}

/// Takes the known words of packed sentences for which `chosen` says so as targets.
pub(super) fn choose(
    batch: &mut Batch,
    sentences: &[std::ops::Range<usize>],
    tokens: &[u32],
    mut chosen: impl FnMut() -> bool,
) {
    for s in 0..batch.order.len() {
        let range = sentences[batch.order[s] as usize].clone();
        let length = range.len();
        for (at, word) in tokens[range].iter().enumerate() {
            if *word != UNKNOWN && chosen() {
                let target = batch.target(s, at, length, *word);
                batch.targets.push(target);
            }
        }
    }
}

struct CountAbove<'a> {
    scores: &'a [f32],
    noise: &'a [f32],
    least: f32,
}

impl Kernel for CountAbove<'_> {
    type Output = usize;

    #[inline(always)]
    fn run(self) -> usize {
        let above = |(score, noise): (&f32, &f32)| u32::from(score + noise > self.least);
        self.scores.iter().zip(self.noise).map(above).sum::<u32>() as usize
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    loss: f64,
    all: Mean,
    content: Mean,
}

/// Number, sum, and sum of squares.
#[derive(Debug, Clone, Copy, Default)]
struct Mean(u64, f64, f64);

impl Mean {
    fn and(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1, self.2 + other.2)
    }

    fn value(self) -> f64 {
        if self.0 == 0 { 0.0 } else { self.1 / self.0 as f64 }
    }

    fn error(self) -> f64 {
        let variance = self.2 / self.0.max(1) as f64 - self.value() * self.value();
        (variance.max(0.0) / self.0.saturating_sub(1).max(1) as f64).sqrt()
    }
}

impl Sums {
    fn add(&mut self, word: u32, rank: usize) {
        let reciprocal = 1.0 / rank as f64;
        let one = Mean(1, reciprocal, reciprocal * reciprocal);
        self.all = self.all.and(one);
        if word >= FUNCTION_WORDS {
            self.content = self.content.and(one);
        }
    }

    fn all(parts: Vec<Self>) -> Quality {
        let sums = parts.into_iter().fold(Self::default(), |sums, part| Self {
            loss: sums.loss + part.loss,
            all: sums.all.and(part.all),
            content: sums.content.and(part.content),
        });
        Quality {
            positions: sums.all.0,
            loss: Some(sums.loss / sums.all.0.max(1) as f64),
            mrr: sums.all.value(),
            content_positions: sums.content.0,
            content_mrr: sums.content.value(),
            errors: Some([sums.all.error(), sums.content.error()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_their_errors_by_hand() {
        // Reciprocal ranks 1 and 1/2 of a function word, 1/4 of a content word: means 7/12 and 1/4; variance of the three
        // (1 + 1/4 + 1/16) / 3 - 49/144 = 14/144, error √(14/144 / 2).
        let mut sums = Sums::default();
        [(3, 1), (3, 2), (900, 4)].into_iter().for_each(|(word, rank)| sums.add(word, rank));
        let quality = Sums::all(vec![sums, Sums::default()]);
        assert_eq!((quality.positions, quality.content_positions, quality.content_mrr), (3, 1, 0.25));
        let [all, content] = quality.errors.unwrap();
        assert!((quality.mrr - 7.0 / 12.0).abs() < 1e-12 && (all - (7.0f64 / 144.0).sqrt()).abs() < 1e-12);
        assert_eq!(content, 0.0);
    }
}
