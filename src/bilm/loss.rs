//! Negative sampling against the output matrix of word2vec, with negatives shared by the whole batch:
//! `L = -Σ [ ln σ(c·u_w) + k/K Σ_n ln σ(-c·u_n) ]` over the batch's targets (Mikolov et al. 2013b, eq. 4, with K shared
//! samples for k of one's own). A negative that is the target itself does not count.
//!
//! At its optimum `c·u_w = ln p(w | context) - ln p_noise(w) - ln k`.

use super::real::Real;
use crate::linalg::gemm::{Gemm, View, ViewMut};
use crate::linalg::{Kernel, dispatch};

/// Negatives of one batch, and what the loss leaves behind for the output matrix.
#[derive(Debug, Default)]
pub(super) struct Sampled<T> {
    /// Words drawn, K.
    pub negatives: Vec<u32>,
    /// Words predicted, M.
    pub words: Vec<u32>,
    /// Rows of the negatives in the output matrix, K × D.
    rows: Vec<T>,
    /// M × K.
    scores: Vec<T>,
    /// `∂L/∂u` of the negatives, K × D.
    pub d_negatives: Vec<T>,
    /// `∂L/∂(c·u_w)` of the words predicted, M; times `c`, it is `∂L/∂u_w`.
    pub d_words: Vec<T>,
}

/// For each score of a row: loss and gradient of a negative.
struct Negatives<'a, T> {
    scores: &'a mut [T],
    words: &'a [u32],
    target: u32,
    weight: T,
}

impl<T: Real> Kernel for Negatives<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run(self) -> T {
        const LANES: usize = 16;
        let mut sums = [T::ZERO; LANES];
        let (blocks, rest) = self.scores.as_chunks_mut::<LANES>();
        let (word_blocks, rest_words) = self.words.as_chunks::<LANES>();
        for (scores, words) in blocks.iter_mut().zip(word_blocks) {
            for lane in 0..LANES {
                let weight = if words[lane] == self.target { T::ZERO } else { self.weight };
                let (softplus, sigmoid) = softplus_and_sigmoid(scores[lane]);
                sums[lane] += weight * softplus;
                scores[lane] = weight * sigmoid;
            }
        }
        for ((sum, score), word) in sums.iter_mut().zip(rest).zip(rest_words) {
            let weight = if *word == self.target { T::ZERO } else { self.weight };
            let (softplus, sigmoid) = softplus_and_sigmoid(*score);
            *sum += weight * softplus;
            *score = weight * sigmoid;
        }
        sums.into_iter().fold(T::ZERO, |all, sum| all + sum)
    }
}

/// `ln(1 + e^x)` and `1 / (1 + e^-x)` from one exponential.
#[inline(always)]
fn softplus_and_sigmoid<T: Real>(x: T) -> (T, T) {
    let z = (-x.abs()).exp();
    let small = T::ONE / (T::ONE + z);
    let sigmoid = if x > T::ZERO { small } else { z * small };
    (x.at_least(T::ZERO) + z.ln_1p(), sigmoid)
}

impl<T: Real> Sampled<T> {
    /// So many negatives for so many words.
    pub(super) fn of(negatives: Vec<u32>, words: Vec<u32>) -> Self {
        Self { negatives, words, ..Self::default() }
    }

    /// The loss of `contexts` (M × D) that should predict `self.words`, summed over them, against `self.negatives`, which
    /// count as `k` each. Leaves `∂L/∂c` in `d_contexts`, and `∂L/∂u` in `self`. `output` is V × D.
    pub(super) fn loss(
        &mut self,
        gemm: &dyn Gemm,
        k: f64,
        contexts: &[T],
        output: &[T],
        dim: usize,
        d_contexts: &mut Vec<T>,
    ) -> f64 {
        let (targets, negatives) = (self.words.len(), self.negatives.len());
        let row = |word: u32| &output[word as usize * dim..][..dim];
        self.rows.clear();
        self.negatives.iter().for_each(|word| self.rows.extend_from_slice(row(*word)));
        for (buffer, len) in [
            (&mut self.scores, targets * negatives),
            (&mut self.d_negatives, negatives * dim),
            (d_contexts, targets * dim),
        ] {
            super::lstm::room(buffer, len);
        }
        let scores = &mut self.scores[..targets * negatives];
        let (contexts_view, rows_view) =
            (View::new(contexts, targets, dim), View::new(&self.rows, negatives, dim));
        T::product(
            gemm,
            ViewMut::new(scores, targets, negatives),
            false,
            contexts_view,
            rows_view.transposed(),
        );
        let weight = T::of(k / negatives.max(1) as f64);
        let mut loss = 0.0;
        for (scores, target) in scores.chunks_exact_mut(negatives.max(1)).zip(&self.words) {
            loss += dispatch(Negatives { scores, words: &self.negatives, target: *target, weight }).to_f64();
        }
        let scores = View::new(&self.scores, targets, negatives);
        T::product(gemm, ViewMut::new(d_contexts, targets, dim), false, scores, rows_view);
        let d_rows = ViewMut::new(&mut self.d_negatives, negatives, dim);
        T::product(gemm, d_rows, false, scores.transposed(), contexts_view);
        self.d_words.clear();
        let contexts = contexts.chunks_exact(dim).zip(d_contexts.chunks_exact_mut(dim));
        for (word, (context, d_context)) in self.words.iter().zip(contexts) {
            let positive = dispatch(Positive { context, row: row(*word), d_context });
            loss += positive.0.to_f64();
            self.d_words.push(positive.1);
        }
        loss
    }
}

/// Loss and gradient of the word that was there.
struct Positive<'a, T> {
    context: &'a [T],
    row: &'a [T],
    d_context: &'a mut [T],
}

impl<T: Real> Kernel for Positive<'_, T> {
    type Output = (T, T);

    #[inline(always)]
    fn run(self) -> (T, T) {
        const LANES: usize = 16;
        let mut sums = [T::ZERO; LANES];
        let ((contexts, rest), (rows, rest_row)) =
            (self.context.as_chunks::<LANES>(), self.row.as_chunks::<LANES>());
        for (context, row) in contexts.iter().zip(rows) {
            for lane in 0..LANES {
                sums[lane] += context[lane] * row[lane];
            }
        }
        for ((sum, a), b) in sums.iter_mut().zip(rest).zip(rest_row) {
            *sum += *a * *b;
        }
        let score = sums.into_iter().fold(T::ZERO, |all, sum| all + sum);
        let (softplus, sigmoid) = softplus_and_sigmoid(-score);
        let d_score = -sigmoid;
        for (d, value) in self.d_context.iter_mut().zip(self.row) {
            *d += d_score * *value;
        }
        (softplus, d_score)
    }
}
