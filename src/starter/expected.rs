//! What a word's vector says of its output vector: a linear map tells two thirds of its energy, so that only the rest has to be stored, and of
//! rare words nothing.

use super::rows::rounded;
use crate::linalg::gemm::{Gemm, GemmCrate, View, ViewMut};
use crate::linalg::least_squares;

const RIDGE: f64 = 1e-4;

/// The `dim × dim` matrix that comes nearest from words' vectors at length 1 to their output vectors, as it is stored.
pub(super) fn fit(units: &[f32], outputs: &[f32], dim: usize) -> Vec<f32> {
    least_squares(units, outputs, dim, RIDGE).into_iter().map(rounded).collect()
}

/// `to = units · map`.
pub(super) fn apply(map: &[f32], units: &[f32], dim: usize, to: &mut [f32]) {
    let rows = to.len() / dim;
    let to = ViewMut::new(to, rows, dim);
    GemmCrate.f32(to, false, View::new(units, rows, dim), View::new(map, dim, dim));
}
