//! Half-whitening: vectors centred, and their principal components multiplied by the eigenvalue to the power of -1/4.
//!
//! What all vectors share says nothing about any of them, and the few directions in which most of them differ (topic, length,
//! genre) drown the others. Full whitening (-1/2) takes too much, for the last directions are noise. Half-whitening lifted words
//! in context (WiC, development set) by three points.

use crate::linalg::symmetric::eigen;
use crate::linalg::{add_scaled, dot, normalize};

/// Components whose variance is less than this part of the greatest are left out.
const SMALLEST: f64 = 1e-4;

/// A mean and a matrix: `x` becomes `W·(x - mean)` at length 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Whitening {
    mean: Vec<f32>,
    /// One row a component, scaled, row-major.
    rows: Vec<f32>,
}

impl Whitening {
    /// From sample vectors, row-major, `dim` values each. With fewer than two there is nothing to learn: everything stays.
    ///
    /// # Panics
    /// If `dim` is 0 or does not divide the sample.
    #[must_use]
    pub fn fit(sample: &[f32], dim: usize) -> Self {
        assert!(dim > 0 && sample.len().is_multiple_of(dim), "rows of {dim} in {} values", sample.len());
        let n = sample.len() / dim;
        let mut mean = vec![0.0f32; dim];
        let mut covariance = vec![0.0f64; dim * dim];
        if n >= 2 {
            sample.chunks_exact(dim).for_each(|row| add_scaled(&mut mean, 1.0 / n as f32, row));
            let mut centred: Vec<Vec<f32>> = vec![vec![0.0; n]; dim];
            for (at, row) in sample.chunks_exact(dim).enumerate() {
                (0..dim).for_each(|i| centred[i][at] = row[i] - mean[i]);
            }
            for i in 0..dim {
                for j in 0..=i {
                    let value = f64::from(dot(&centred[i], &centred[j])) / n as f64;
                    (covariance[i * dim + j], covariance[j * dim + i]) = (value, value);
                }
            }
        }
        let (values, vectors) = eigen(&covariance, dim);
        let mut rows = Vec::with_capacity(dim * dim);
        let largest = values.first().copied().unwrap_or_default();
        for (value, vector) in values.iter().zip(vectors.chunks_exact(dim)) {
            if largest > 0.0 && *value < largest * SMALLEST {
                break;
            }
            let scale = if largest > 0.0 { (value / largest).powf(-0.25) } else { 1.0 };
            rows.extend(vector.iter().map(|x| (x * scale) as f32));
        }
        Self { mean, rows }
    }

    /// A vector of `dim` values half-whitened, at length 1 (0 if nothing is left of it).
    ///
    /// # Panics
    /// If it is of another dimension.
    #[must_use]
    pub fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let mut centred = vector.to_vec();
        add_scaled(&mut centred, -1.0, &self.mean);
        let mut white: Vec<f32> =
            self.rows.chunks_exact(centred.len()).map(|row| dot(row, &centred)).collect();
        normalize(&mut white);
        white
    }

    /// Number of values of a half-whitened vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.rows.len() / self.mean.len().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greater_component_shrinks_by_the_fourth_root() {
        // Around (5, 5), variances 8 and 0.5: the second is raised by 16^¼ = 2 against the first.
        let sample = [9.0, 5.0, 1.0, 5.0, 5.0, 6.0, 5.0, 4.0];
        let whitening = Whitening::fit(&sample, 2);
        let white = whitening.apply(&[6.0, 6.0]);
        assert!((white[1].abs() / white[0].abs() - 2.0).abs() < 1e-4, "{white:?}");
    }

    #[test]
    fn without_a_sample_directions_stay() {
        let white = Whitening::fit(&[], 2).apply(&[3.0, 4.0]);
        assert!((white[0] - 0.6).abs() < 1e-6 && (white[1] - 0.8).abs() < 1e-6, "{white:?}");
    }
}
