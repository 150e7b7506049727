//! The rows of length 1 in one byte a value, with a proven bound of what that loses: a quarter of the memory traffic of an
//! exact scan. Whatever the bound cannot decide is decided again in `f32`, so answers are exact.
//!
//! A row `r` is rounded to `r̂ = s · c` with `c` in -127..127. For a query `q` of length 1 rounded to `q̂`,
//! `|r·q - r̂·q̂| ≤ ‖r - r̂‖ + ‖r̂‖·‖q - q̂‖` by Cauchy and Schwarz.

use crate::linalg::int8::{Line, dot_range};
use crate::linalg::{Estimate, estimate, norm};
use rayon::prelude::*;

/// Quantised rows, `V` x `D`.
#[derive(Debug)]
pub(crate) struct Codes {
    /// `c + 128`; as many whole lines for each row as its values need, filled up with 128.
    lines: Vec<Line>,
    width: usize,
    /// `s` of each row.
    scales: Vec<f32>,
    /// `‖r - r̂‖` of each row.
    errors: Vec<f32>,
}

/// A quantised query.
#[derive(Debug)]
pub(crate) struct Query {
    /// `c`, filled up with 0.
    lines: Vec<Line>,
    scale: f32,
    /// 128 · Σ c: what the rows' 128 adds to every sum.
    offset: i32,
    /// `‖q - q̂‖`
    error: f32,
}

/// Rows estimated at a time: their codes and estimates stay in the first-level cache.
pub(crate) const BLOCK: usize = 128;

/// What rounding in `f32` sums may add to the bound, with room to spare for 16,384 values.
const SLACK: f32 = 1e-5;

impl Query {
    /// `unit` is of length 1, or all 0.
    pub(crate) fn new(unit: &[f32]) -> Self {
        let mut lines = vec![Line::ZERO; unit.len().div_ceil(64)];
        let mut sum = 0;
        let (scale, error) = quantize(unit, &mut lines, |code| {
            sum += i32::from(code);
            code.cast_unsigned()
        });
        Self { lines, scale, offset: 128 * sum, error }
    }
}

impl Codes {
    pub(crate) fn new(units: &[f32], dim: usize) -> Self {
        let width = dim.div_ceil(64);
        let mut lines = vec![Line([128; 64]); units.len() / dim * width];
        let (scales, errors) = units
            .par_chunks_exact(dim)
            .zip(lines.par_chunks_exact_mut(width))
            .map(|(unit, lines)| quantize(unit, lines, |code| code.cast_unsigned() ^ 0x80))
            .unzip();
        Self { lines, width, scales, errors }
    }

    /// For at most [`BLOCK`] rows from `first`: the estimated cosines, and how far the true ones may be from them. Returns
    /// the highest that a true cosine may be.
    pub(crate) fn estimate(
        &self,
        query: &Query,
        first: usize,
        cosines: &mut [f32],
        errors: &mut [f32],
    ) -> f32 {
        debug_assert_eq!(query.lines.len(), self.width, "lines of a row");
        let mut sums = [0; BLOCK];
        let rows = first..first + cosines.len();
        dot_range(&self.lines, first, &query.lines, &mut sums[..cosines.len()]);
        let from = Estimate {
            sums: &sums,
            offset: query.offset,
            scales: &self.scales[rows.clone()],
            errors: &self.errors[rows],
            scale: query.scale,
            factor: 1.0 + query.error,
            error: query.error + SLACK,
        };
        estimate(&from, cosines, errors)
    }
}

/// Writes the codes of a row of length 1 (or 0), each as `byte` has it; returns its scale and error.
fn quantize(unit: &[f32], to: &mut [Line], mut byte: impl FnMut(i8) -> u8) -> (f32, f32) {
    let largest = unit.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    if largest < 1e-20 {
        return (0.0, norm(unit));
    }
    let scale = largest / 127.0;
    let mut error = 0.0;
    for (values, line) in unit.chunks(64).zip(to) {
        for (value, to) in values.iter().zip(&mut line.0) {
            let code = (value / scale).round() as i8;
            *to = byte(code);
            error += (value - scale * f32::from(code)).powi(2);
        }
    }
    (scale, error.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{dot, normalize};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_true_cosine_is_within_the_bound(mut values in prop::collection::vec(-1f32..1.0, 40..41)) {
            let (row, query) = values.split_at_mut(20);
            normalize(row);
            normalize(query);
            let (mut cosines, mut errors) = ([0.0], [0.0]);
            Codes::new(row, 20).estimate(&Query::new(query), 0, &mut cosines, &mut errors);
            let ([cosine], [error]) = (cosines, errors);
            prop_assert!((cosine - dot(row, query)).abs() <= error, "{cosine} ± {error}, true {}", dot(row, query));
        }
    }

    #[test]
    fn a_row_without_direction_is_estimated_as_zero() {
        let mut cosines = [1.0];
        Codes::new(&[0.0, 0.0], 2).estimate(&Query::new(&[0.6, 0.8]), 0, &mut cosines, &mut [0.0]);
        assert_eq!(cosines, [0.0]);
    }
}
