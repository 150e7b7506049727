//! The best words by a score of cosines, exactly: a scan of all rows in bytes, and a second look in `f32` at those that the
//! error bound of the bytes cannot rule out.

use super::WordVectors;
use super::codes::{BLOCK, Codes, Query};
use super::questions::Neighbour;
use crate::linalg::dot;
use crate::vocab::WordId;
use rayon::prelude::*;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::Range;

/// Rows that are worth another thread.
const ROWS_A_THREAD: usize = 8192;

/// How the cosines with several queries become one score.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Score {
    /// The cosine with the one query.
    Cosine,
    /// Product of the first cosines over product of the others, each moved to 0..1 (3CosMul).
    Quotient {
        /// How many queries stand above the line.
        above: usize,
    },
}

/// Keeps 3CosMul from dividing by nothing: ε of Levy and Goldberg 2014, equation 4.
const EPSILON: f32 = 0.001;

impl Score {
    /// The score of exact cosines.
    pub(crate) fn of(self, cosines: &[f32]) -> f32 {
        match self {
            Self::Cosine => cosines[0].clamp(-1.0, 1.0),
            Self::Quotient { above } => {
                let (above, below) = cosines.split_at(above);
                product(above, 0.0) / (product(below, 0.0) + EPSILON)
            }
        }
    }

    /// The highest score that cosines up to `error` away from `cosines` can have.
    fn at_most(self, cosines: &[f32], error: f32) -> f32 {
        match self {
            Self::Cosine => cosines[0] + error,
            Self::Quotient { above } => {
                let (above, below) = cosines.split_at(above);
                (1.0 + SLACK) * product(above, error) / (product(below, -error) + EPSILON)
            }
        }
    }

    /// The lowest score that cosines up to `error` away from `cosines` can have.
    fn at_least(self, cosines: &[f32], error: f32) -> f32 {
        match self {
            Self::Cosine => cosines[0] - error,
            Self::Quotient { above } => {
                let (above, below) = cosines.split_at(above);
                (1.0 - SLACK) * product(above, -error) / (product(below, error) + EPSILON)
            }
        }
    }
}

/// Rounding of a few products and one quotient in `f32`.
const SLACK: f32 = 1e-5;

/// Product of the cosines, each shifted by `shift` and moved from -1..1 to 0..1.
fn product(cosines: &[f32], shift: f32) -> f32 {
    cosines.iter().map(|cosine| ((1.0 + (cosine + shift).clamp(-1.0, 1.0)) / 2.0).max(0.0)).product()
}

/// What to look for, and where.
pub(crate) struct Scan<'a> {
    /// Vectors of length 1 (or 0).
    pub(crate) queries: &'a [Vec<f32>],
    pub(crate) score: Score,
    pub(crate) k: usize,
    pub(crate) rows: Range<usize>,
    /// Which words may be answered.
    pub(crate) keep: &'a (dyn Fn(WordId) -> bool + Sync),
}

impl Scan<'_> {
    /// The best `k` words, best first, ties by id.
    pub(crate) fn run(&self, vectors: &WordVectors) -> Vec<Neighbour> {
        let codes = vectors.codes();
        let queries: Vec<Query> = self.queries.iter().map(|query| Query::new(query)).collect();
        let parts: Vec<Range<usize>> = self.parts();
        let found: Vec<Vec<Candidate>> = if parts.len() < 2 {
            parts.into_iter().map(|rows| self.candidates(codes, &queries, rows)).collect()
        } else {
            parts.into_par_iter().map(|rows| self.candidates(codes, &queries, rows)).collect()
        };
        let candidates = undecided(found.into_iter().flatten().collect(), self.k);
        let mut best: Vec<Neighbour> = candidates
            .iter()
            .map(|candidate| {
                let row = vectors.unit(candidate.id);
                let cosines: Vec<f32> = self.queries.iter().map(|query| dot(row, query)).collect();
                Neighbour { id: candidate.id, score: self.score.of(&cosines) }
            })
            .collect();
        best.sort_unstable_by(Neighbour::order);
        best.truncate(self.k);
        best
    }

    fn parts(&self) -> Vec<Range<usize>> {
        let threads = rayon::current_num_threads().min(self.rows.len() / ROWS_A_THREAD).max(1);
        let size = self.rows.len().div_ceil(threads).next_multiple_of(BLOCK).max(BLOCK);
        let starts = self.rows.clone().step_by(size);
        starts.map(|start| start..(start + size).min(self.rows.end)).collect()
    }

    /// The rows of this part that can be among its best `k`.
    fn candidates(&self, codes: &Codes, queries: &[Query], rows: Range<usize>) -> Vec<Candidate> {
        let mut found = Found { lowest: Lowest::new(self.k), candidates: Vec::new() };
        let mut cosines = vec![[0.0; BLOCK]; queries.len()];
        let mut errors = vec![[0.0; BLOCK]; queries.len()];
        for first in rows.clone().step_by(BLOCK) {
            let count = BLOCK.min(rows.end - first);
            let mut highest = 0.0;
            for ((query, cosines), errors) in queries.iter().zip(&mut cosines).zip(&mut errors) {
                highest = codes.estimate(query, first, &mut cosines[..count], &mut errors[..count]);
            }
            let hopeless = matches!(self.score, Score::Cosine) && highest < found.lowest.threshold;
            if !hopeless {
                self.look(first..first + count, &cosines, &errors, &mut found);
            }
        }
        found.candidates
    }

    /// Takes note of the rows of one block that can be among the best.
    fn look(&self, rows: Range<usize>, cosines: &[[f32; BLOCK]], errors: &[[f32; BLOCK]], found: &mut Found) {
        let mut of_row = vec![0.0; cosines.len()];
        for (i, row) in rows.enumerate() {
            of_row.iter_mut().zip(cosines).for_each(|(cosine, block)| *cosine = block[i]);
            let error = errors.iter().fold(0.0f32, |error, block| error.max(block[i]));
            let at_most = self.score.at_most(&of_row, error);
            let id = WordId(row as u32);
            if at_most >= found.lowest.threshold && (self.keep)(id) {
                let at_least = self.score.at_least(&of_row, error);
                found.lowest.push(at_least);
                found.candidates.push(Candidate { id, at_least, at_most });
            }
        }
    }
}

/// What a thread has found so far.
struct Found {
    lowest: Lowest,
    candidates: Vec<Candidate>,
}

/// A row whose score lies in `at_least..=at_most`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) id: WordId,
    pub(crate) at_least: f32,
    pub(crate) at_most: f32,
}

/// Those that can be among the best `k` of all.
pub(crate) fn undecided(mut candidates: Vec<Candidate>, k: usize) -> Vec<Candidate> {
    let mut lowest = Lowest::new(k);
    candidates.iter().for_each(|candidate| lowest.push(candidate.at_least));
    candidates.retain(|candidate| candidate.at_most >= lowest.threshold);
    candidates
}

/// The `k` highest lower bounds: whatever cannot reach the least of them is out.
pub(crate) struct Lowest {
    k: usize,
    heap: BinaryHeap<Reverse<Ordered>>,
    /// The `k`-th best lower bound so far.
    pub(crate) threshold: f32,
}

impl Lowest {
    pub(crate) fn new(k: usize) -> Self {
        Self { k, heap: BinaryHeap::with_capacity(k.min(1024) + 1), threshold: f32::NEG_INFINITY }
    }

    pub(crate) fn push(&mut self, at_least: f32) {
        if self.heap.len() < self.k {
            self.heap.push(Reverse(Ordered(at_least)));
        } else if at_least > self.threshold {
            self.heap.pop();
            self.heap.push(Reverse(Ordered(at_least)));
        }
        if self.heap.len() == self.k {
            self.threshold = self.heap.peek().map_or(f32::INFINITY, |least| least.0.0);
        }
    }
}

/// A score, in the order of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ordered(f32);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
