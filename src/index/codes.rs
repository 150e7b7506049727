//! Rows in 8 bits: one scale a row, so that a row of unit length loses about 0.5 % of its length; and the exact scan
//! that they make cheap.
//!
//! With x̂ = s·c the decoded row, q̂ the decoded query and e = ‖x − x̂‖, the error of a similarity is bounded:
//! |x·q − x̂·q̂| ≤ |x·(q − q̂)| + |(x − x̂)·q̂| ≤ e_q + e_x·(1 + e_q), by Cauchy and Schwarz. A scan keeps every row
//! whose bound reaches the k-th best, and re-scores those in f32: its answer is exact, not nearly so.

use crate::index::mapped::Array;
use crate::linalg::int8::{self, Line};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Bytes at the end of a row: scale and error, two f32.
const TAIL: usize = 8;
/// Rows scored at a time: they stay in the second-level cache while several queries meet them.
const BLOCK: usize = 512;
/// Rows of a filter that are scored at a time, while the next ones are fetched.
const GATHERED: usize = 32;
/// Queries that meet a block together.
pub(crate) const QUERIES: usize = 32;
/// Room for the rounding of f32 itself.
const SLACK: f32 = 4e-6;

/// Rows of codes, each of `width` cache lines: `dim` bytes (code + 128), zeros, scale s, error e.
#[derive(Debug, Clone)]
pub(crate) struct Codes {
    pub lines: Array<Line>,
    pub width: usize,
}

/// A query in codes.
#[derive(Debug, Clone)]
pub(crate) struct QueryCode {
    pub lines: Vec<Line>,
    scale: f32,
    /// What the 128 added to each code adds to a sum.
    bias: i32,
    error: f32,
}

/// Cache lines that a row of `dim` values takes.
pub(crate) fn width(dim: usize) -> usize {
    (dim + TAIL).div_ceil(64)
}

impl Codes {
    /// Encodes rows of unit length, on all threads of the pool.
    pub fn encode(rows: &[&[f32]], dim: usize) -> Self {
        let width = width(dim);
        let mut lines = vec![Line([128; 64]); rows.len() * width]; // code 0
        lines.par_chunks_exact_mut(width).zip(rows).for_each(|(to, row)| encode_row(row, to));
        Self { lines: lines.into(), width }
    }

    /// Adds a row of unit length.
    pub fn push(&mut self, row: &[f32]) {
        let mut owned = match std::mem::replace(&mut self.lines, Vec::new().into()) {
            Array::Owned(lines) => Arc::unwrap_or_clone(lines),
            elsewhere => elsewhere.to_vec(),
        };
        let start = owned.len();
        owned.resize(start + self.width, Line([128; 64]));
        encode_row(row, &mut owned[start..]);
        self.lines = owned.into();
    }

    /// Scale s and error e of row `id`.
    #[inline]
    fn tail(lines: &[Line], width: usize, id: usize) -> (f32, f32) {
        let tail = &lines[id * width + width - 1].0[64 - TAIL..];
        let part = |at: usize| f32::from_le_bytes([tail[at], tail[at + 1], tail[at + 2], tail[at + 3]]);
        (part(0), part(4))
    }

    /// Row `id` as a query, for distances between rows.
    pub fn as_query(&self, id: u32, to: &mut QueryCode) {
        let id = id as usize;
        to.lines.clear();
        to.lines.extend_from_slice(&self.lines[id * self.width..][..self.width]);
        (to.scale, to.error) = Self::tail(&self.lines, self.width, id);
        if let Some(last) = to.lines.last_mut() {
            last.0[64 - TAIL..].fill(128);
        }
        let mut sum = 0;
        for line in &mut to.lines {
            // The other way round from 128 + c: flipping the top bit. Padding was written as 128, so it becomes 0.
            line.0.iter_mut().for_each(|byte| *byte ^= 128);
            sum += line.0.iter().map(|&byte| i32::from(byte as i8)).sum::<i32>();
        }
        to.bias = 128 * sum;
    }

    /// Approximate similarities of rows `ids`.
    #[inline]
    pub fn similarities(&self, lines: &[Line], query: &QueryCode, ids: &[u32], to: &mut Scores) {
        to.sums.resize(ids.len().max(to.sums.len()), 0);
        int8::dot_rows(lines, ids, &query.lines, &mut to.sums);
        to.similarities.clear();
        for (&id, &sum) in ids.iter().zip(&to.sums) {
            let (scale, _) = Self::tail(lines, self.width, id as usize);
            to.similarities.push((sum - query.bias) as f32 * (scale * query.scale));
        }
    }

    /// A superset of the `k` nearest of `ids` (of all rows where none are given), found with the error bound.
    pub fn nearest(&self, query: &QueryCode, ids: Option<&[u32]>, k: usize) -> Vec<u32> {
        let mut bounds = Bounds::nearest(k);
        match ids {
            Some(ids) => self.scan_some(query, ids, &mut bounds),
            None => self.scan(std::slice::from_ref(query), std::slice::from_mut(&mut bounds)),
        }
        bounds.into_ids()
    }

    /// [`nearest`](Self::nearest) of all rows for several queries: each block of rows is read once for all of them.
    pub fn nearest_batch(&self, queries: &[QueryCode], k: usize) -> Vec<Vec<u32>> {
        let mut bounds: Vec<Bounds> = queries.iter().map(|_| Bounds::nearest(k)).collect();
        self.scan(queries, &mut bounds);
        bounds.into_iter().map(Bounds::into_ids).collect()
    }

    /// A superset of those of `ids` (of all rows where none are given) with a similarity of at least `min`.
    pub fn at_least(&self, query: &QueryCode, ids: Option<&[u32]>, min: f32) -> Vec<u32> {
        let mut bounds = Bounds { floor: min, ..Bounds::nearest(usize::MAX) };
        match ids {
            Some(ids) => self.scan_some(query, ids, &mut bounds),
            None => self.scan(std::slice::from_ref(query), std::slice::from_mut(&mut bounds)),
        }
        bounds.into_ids()
    }

    fn scan(&self, queries: &[QueryCode], bounds: &mut [Bounds]) {
        let mut sums = [0; BLOCK];
        let len = self.lines.len() / self.width;
        for first in (0..len).step_by(BLOCK) {
            let sums = &mut sums[..BLOCK.min(len - first)];
            for (query, bounds) in queries.iter().zip(&mut *bounds) {
                int8::dot_range(&self.lines, first, &query.lines, sums);
                self.take(query, (first as u32..).zip(sums.iter().copied()), bounds);
            }
        }
    }

    fn scan_some(&self, query: &QueryCode, ids: &[u32], bounds: &mut Bounds) {
        let lines: &[Line] = &self.lines;
        let mut sums = [0; GATHERED];
        for (at, some) in ids.chunks(GATHERED).enumerate() {
            for &id in ids.iter().skip((at + 1) * GATHERED).take(GATHERED) {
                int8::prefetch(&lines[id as usize * self.width..][..self.width]);
            }
            int8::dot_rows(lines, some, &query.lines, &mut sums);
            self.take(query, some.iter().copied().zip(sums), bounds);
        }
    }

    #[inline]
    fn take(&self, query: &QueryCode, sums: impl Iterator<Item = (u32, i32)>, bounds: &mut Bounds) {
        let lines: &[Line] = &self.lines;
        for (id, sum) in sums {
            let (scale, error) = Self::tail(lines, self.width, id as usize);
            let similarity = (sum - query.bias) as f32 * (scale * query.scale);
            bounds.offer(id, similarity, query.error + error * (1.0 + query.error) + SLACK);
        }
    }
}

/// Room for the scores of one list of rows.
#[derive(Debug, Default)]
pub(crate) struct Scores {
    sums: Vec<i32>,
    pub similarities: Vec<f32>,
}

/// Rows that may still be among the `k` nearest.
struct Bounds {
    k: usize,
    /// Upper bound and row.
    kept: Vec<(f32, u32)>,
    /// The `k` best lower bounds.
    lowest: BinaryHeap<Reverse<Ordered>>,
    /// The worst of them: what an upper bound has to reach.
    floor: f32,
}

impl Bounds {
    fn nearest(k: usize) -> Self {
        Self { k, kept: Vec::new(), lowest: BinaryHeap::new(), floor: f32::MIN }
    }

    fn into_ids(self) -> Vec<u32> {
        let floor = self.floor;
        self.kept.into_iter().filter(|(upper, _)| *upper >= floor).map(|(_, id)| id).collect()
    }

    #[inline]
    fn offer(&mut self, id: u32, similarity: f32, bound: f32) {
        if similarity + bound < self.floor {
            return;
        }
        self.kept.push((similarity + bound, id));
        if self.k == usize::MAX {
            return;
        }
        self.lowest.push(Reverse(Ordered(similarity - bound)));
        if self.lowest.len() > self.k {
            self.lowest.pop();
        }
        if self.lowest.len() == self.k {
            self.floor = self.lowest.peek().map_or(f32::MIN, |Reverse(lowest)| lowest.0);
            if self.kept.len() > 1024 + 8 * self.k {
                let floor = self.floor;
                self.kept.retain(|(upper, _)| *upper >= floor);
            }
        }
    }
}

/// A similarity in its total order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ordered(pub f32);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl QueryCode {
    /// Encodes a query of unit length.
    pub fn new(query: &[f32]) -> Self {
        let width = width(query.len());
        let mut lines = vec![Line([128; 64]); width];
        encode_row(query, &mut lines);
        let row = Codes { lines: lines.into(), width };
        let mut code = Self::empty();
        row.as_query(0, &mut code);
        code
    }

    /// Room for a query.
    pub fn empty() -> Self {
        Self { lines: Vec::new(), scale: 0.0, bias: 0, error: 0.0 }
    }
}

/// s = max|x| / 127, c = round(x / s).
fn encode_row(row: &[f32], to: &mut [Line]) {
    let largest = row.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let (scale, per_scale) = (largest / 127.0, 127.0 / largest);
    let mut squares = 0.0f32;
    for (line, values) in to.iter_mut().zip(row.chunks(64)) {
        for (byte, &value) in line.0.iter_mut().zip(values) {
            // Adding and taking away 3 · 2²² rounds to the nearest integer, in vectors where `round` is a call.
            let code = (value * per_scale + 12_582_912.0) - 12_582_912.0;
            *byte = (code as i32 + 128) as u8;
            squares += (value - code * scale).powi(2);
        }
        line.0[values.len()..].fill(128);
    }
    if let Some(last) = to.last_mut() {
        last.0[64 - TAIL..64 - TAIL + 4].copy_from_slice(&scale.to_le_bytes());
        last.0[64 - 4..].copy_from_slice(&(squares.sqrt() * 1.000_1).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg;

    #[test]
    fn codes_of_a_row_worked_out_by_hand() {
        // Largest value 0.8: s = 0.8 / 127 = 0.0062992; 0.6 / s = 95.25, so c = 95; -0.8 / s = -127.
        let mut lines = [Line::ZERO];
        encode_row(&[0.6, -0.8], &mut lines);
        assert_eq!(lines[0].0[..3], [128 + 95, 1, 128]);
        let (scale, error) = Codes::tail(&lines, 1, 0);
        assert!((scale - 0.8 / 127.0).abs() < 1e-9);
        assert!((error - 0.25 * 0.8 / 127.0).abs() < 1e-6, "{error}"); // the other value is exact
    }

    #[test]
    fn similarity_stays_within_its_bound() {
        let mut state = 7u32;
        let mut unit = |dim: usize| {
            let mut row: Vec<f32> = (0..dim)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 8) as f32 / 8_388_608.0 - 1.0
                })
                .collect();
            linalg::normalize(&mut row);
            row
        };
        for dim in [1, 2, 50, 56, 57, 64, 200] {
            let rows: Vec<Vec<f32>> = (0..100).map(|_| unit(dim)).collect();
            let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
            let codes = Codes::encode(&rows, dim);
            let query = unit(dim);
            let code = QueryCode::new(&query);
            let ids: Vec<u32> = (0..100).collect();
            let mut scores = Scores::default();
            codes.similarities(&codes.lines, &code, &ids, &mut scores);
            for (id, row) in rows.iter().enumerate() {
                let (_, error) = Codes::tail(&codes.lines, codes.width, id);
                let bound = code.error + error * (1.0 + code.error) + SLACK;
                let off = (scores.similarities[id] - linalg::dot(row, &query)).abs();
                assert!(off <= bound, "dim {dim}: {off} over {bound}");
            }
        }
    }
}
