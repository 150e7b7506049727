//! Half whitening: the mean taken away, and each principal direction scaled by its variance to the power -1/4.
//!
//! Context vectors share a mean and a few directions that say how frequent or how syntactic the hidden word is; plain cosines
//! see little else. Full whitening would raise noise to the height of meaning. Cosines do not depend on which square root
//! of the matrix is taken, so the symmetric one is found by Newton's iteration alone, without eigenvectors.

use crate::error::{Error, Result};
use crate::linalg::gemm::{Gemm, GemmCrate, View, ViewMut};

/// `x̃ = (x - mean) · matrix`, scaled to length 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Whitening {
    /// D values.
    pub mean: Vec<f32>,
    /// D × D, symmetric.
    pub matrix: Vec<f32>,
}

/// Added to all variances, as a share of their mean: directions with less are noise.
const RIDGE: f64 = 1e-3;
/// Newton's iteration doubles the digits once it has one; conditions of 10⁶ take some 25 rounds to get there.
const ROUNDS: usize = 80;

impl Whitening {
    /// Fitted on rows (N × D). With few rows or without variance it is the identity.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a value is not finite.
    pub(crate) fn fit(rows: &[f32], dim: usize) -> Result<Self> {
        if rows.iter().any(|value| !value.is_finite()) {
            return Err(Error::invalid("whitening", "finite vectors", "NaN or infinity", "train again"));
        }
        let count = rows.len() / dim;
        let mut mean = vec![0.0f64; dim];
        rows.chunks_exact(dim)
            .for_each(|row| mean.iter_mut().zip(row).for_each(|(m, x)| *m += f64::from(*x)));
        mean.iter_mut().for_each(|m| *m /= count.max(1) as f64);
        let centred: Vec<f64> = rows
            .chunks_exact(dim)
            .flat_map(|row| row.iter().zip(&mean).map(|(x, m)| f64::from(*x) - m).collect::<Vec<_>>())
            .collect();
        let mut covariance = vec![0.0; dim * dim];
        let view = View::new(&centred, count, dim);
        GemmCrate.f64(ViewMut::new(&mut covariance, dim, dim), false, view.transposed(), view);
        covariance.iter_mut().for_each(|value| *value /= count.max(1) as f64);
        let mean = mean.into_iter().map(|m| m as f32).collect();
        let variance = (0..dim).map(|i| covariance[i * dim + i]).sum::<f64>() / dim as f64;
        if count < 2 || variance <= 1e-20 {
            let identity = (0..dim * dim).map(|at| if at % (dim + 1) == 0 { 1.0 } else { 0.0 });
            return Ok(Self { mean, matrix: identity.collect() });
        }
        (0..dim).for_each(|i| covariance[i * dim + i] += RIDGE * variance);
        let (_, inverse_root) = roots(&covariance, dim);
        let (quarter, _) = roots(&inverse_root, dim);
        Ok(Self { mean, matrix: quarter.into_iter().map(|value| value as f32).collect() })
    }

    /// Whitens rows (N × D) and scales each to length 1; one without direction becomes all 0.
    pub(crate) fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let dim = self.mean.len();
        let count = rows.len() / dim;
        let mut centred = rows.to_vec();
        centred
            .chunks_exact_mut(dim)
            .for_each(|row| row.iter_mut().zip(&self.mean).for_each(|(x, mean)| *x -= mean));
        let mut white = vec![0.0; count * dim];
        if count > 0 {
            let matrix = View::new(&self.matrix, dim, dim);
            super::lstm::add_rows_product(&GemmCrate, &mut white, &centred, matrix, &mut Vec::new());
        }
        white.chunks_exact_mut(dim).for_each(|row| {
            crate::linalg::normalize(row);
        });
        white
    }
}

/// The square root of a positive symmetric matrix, and its inverse (Higham 2008, *Functions of Matrices*, eq. 6.35: the coupled
/// Newton–Schulz iteration `Y ← Y(3I - ZY)/2`, `Z ← (3I - ZY)Z/2`, from `Y = A/‖A‖`, `Z = I`).
fn roots(matrix: &[f64], dim: usize) -> (Vec<f64>, Vec<f64>) {
    let norm = matrix.iter().map(|value| value * value).sum::<f64>().sqrt();
    let mut y: Vec<f64> = matrix.iter().map(|value| value / norm).collect();
    let mut z: Vec<f64> = (0..dim * dim).map(|at| if at % (dim + 1) == 0 { 1.0 } else { 0.0 }).collect();
    let (mut t, mut next) = (vec![0.0; dim * dim], vec![0.0; dim * dim]);
    let product = |to: &mut Vec<f64>, a: &[f64], b: &[f64]| {
        GemmCrate.f64(ViewMut::new(to, dim, dim), false, View::new(a, dim, dim), View::new(b, dim, dim));
    };
    for _ in 0..ROUNDS {
        product(&mut t, &z, &y);
        let mut off = 0.0f64;
        for (at, value) in t.iter_mut().enumerate() {
            let identity = if at % (dim + 1) == 0 { 1.0 } else { 0.0 };
            off = off.max((*value - identity).abs());
            *value = (3.0 * identity - *value) / 2.0;
        }
        product(&mut next, &y, &t);
        std::mem::swap(&mut y, &mut next);
        product(&mut next, &t, &z);
        std::mem::swap(&mut z, &mut next);
        if off < 1e-9 {
            break;
        }
    }
    let root = norm.sqrt();
    y.iter_mut().for_each(|value| *value *= root);
    z.iter_mut().for_each(|value| *value /= root);
    (y, z)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variances_become_their_square_roots() {
        // Along (1, 1)/√2 the variance is 16, along (1, -1)/√2 it is 1; half-whitened it is √16 = 4 and 1, so that the
        // ratio of the spreads, 4 : 1 before, is 2 : 1. The mean (3, 5) goes.
        let r = 0.5f32.sqrt();
        let points = [(4.0, 1.0), (4.0, -1.0), (-4.0, 1.0), (-4.0, -1.0)];
        let rows: Vec<f32> =
            points.iter().flat_map(|(a, b)| [3.0 + r * (a + b), 5.0 + r * (a - b)]).collect();
        let whitening = Whitening::fit(&rows, 2).unwrap();
        assert!((whitening.mean[0] - 3.0).abs() < 1e-5 && (whitening.mean[1] - 5.0).abs() < 1e-5);
        let white = whitening.apply(&rows[..2]);
        let (along, across) = (r * (white[0] + white[1]), r * (white[0] - white[1]));
        assert!((along / across - 2.0).abs() < 0.01, "{along} {across}");
        assert!((along * along + across * across - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_row_is_the_same_bit_by_bit_whatever_else_is_there() {
        for dim in [1, 7, 8, 40, 200, 333] {
            let value = |at: usize| ((at * 7919 % 1009) as f32 / 500.0) - 1.0;
            let matrix: Vec<f32> = (0..dim * dim).map(value).collect();
            let whitening = Whitening { mean: (0..dim).map(|at| value(at + 3)).collect(), matrix };
            let rows: Vec<f32> = (0..11 * dim).map(|at| value(at + 17)).collect();
            let all = whitening.apply(&rows);
            for (row, white) in rows.chunks_exact(dim).zip(all.chunks_exact(dim)) {
                assert_eq!(whitening.apply(row), white, "dimension {dim}");
                let mut expected = vec![0.0; dim];
                for ((x, mean), line) in
                    row.iter().zip(&whitening.mean).zip(whitening.matrix.chunks_exact(dim))
                {
                    crate::linalg::add_scaled(&mut expected, x - mean, line);
                }
                crate::linalg::normalize(&mut expected);
                let differ = expected.iter().zip(white).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(differ < 1e-5, "dimension {dim}: {differ}");
            }
        }
    }

    #[test]
    fn nothing_to_fit_on_is_the_identity_and_nan_is_refused() {
        let whitening = Whitening::fit(&[], 2).unwrap();
        assert_eq!(whitening.apply(&[3.0, 4.0, 0.0, 0.0]), [0.6, 0.8, 0.0, 0.0]);
        assert!(Whitening::fit(&[f32::NAN, 0.0], 2).is_err());
    }
}
