//! The linear map that comes nearest from some rows to others.

use super::gemm::{Gemm, GemmCrate, View, ViewMut};

/// The `dim × dim` matrix `M` for which `rows · M` comes nearest to `targets` (both N × `dim`), by least squares. It is drawn towards that multiple of
/// the identity which comes nearest, by `ridge` times the mean energy of a direction: the more, the fewer rows there are.
///
/// # Panics
/// If the two are not of the same shape.
#[must_use]
pub fn least_squares(rows: &[f32], targets: &[f32], dim: usize, ridge: f64) -> Vec<f32> {
    assert!(rows.len() == targets.len() && rows.len().is_multiple_of(dim), "rows of {dim}");
    let count = rows.len() / dim;
    let product = |b: &[f32]| {
        let mut to = vec![0.0; dim * dim];
        let (a, b) = (View::new(rows, count, dim), View::new(b, count, dim));
        GemmCrate.f32(ViewMut::new(&mut to, dim, dim), false, a.transposed(), b);
        to.into_iter().map(f64::from).collect::<Vec<f64>>()
    };
    let (mut square, mut right) = (product(rows), product(targets));
    let trace = |matrix: &[f64]| (0..dim).map(|at| matrix[at * (dim + 1)]).sum::<f64>();
    let energy = trace(&square).max(f64::MIN_POSITIVE);
    let (scale, ridge) = (trace(&right) / energy, ridge * energy / dim as f64 + f64::MIN_POSITIVE);
    for at in (0..dim).map(|at| at * (dim + 1)) {
        square[at] += ridge;
        right[at] += ridge * scale;
    }
    solved(square, right, dim).into_iter().map(|value| value as f32).collect()
}

/// Gauss–Jordan elimination with a symmetric positive matrix, which needs no pivots.
fn solved(mut square: Vec<f64>, mut right: Vec<f64>, dim: usize) -> Vec<f64> {
    for at in 0..dim {
        let scale = 1.0 / square[at * (dim + 1)];
        let [mut of_square, mut of_right] =
            [&square, &right].map(|matrix| matrix[at * dim..][..dim].to_vec());
        of_square.iter_mut().chain(&mut of_right).for_each(|x| *x *= scale);
        for row in 0..dim {
            let pairs = [(&mut square, &of_square), (&mut right, &of_right)];
            let factor = pairs[0].0[row * dim + at];
            for (matrix, pivot) in pairs {
                let line = matrix[row * dim..][..dim].iter_mut();
                match row == at {
                    true => line.zip(pivot).for_each(|(x, p)| *x = *p),
                    false => line.zip(pivot).for_each(|(x, p)| *x -= factor * p),
                }
            }
        }
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_map_is_found_again() {
        // (x, y) becomes (2x + y, -y): the rows of the map are (2, 0) and (1, -1).
        let rows = [1.0, 0.0, 0.0, 1.0, 0.6, 0.8];
        let targets = [2.0, 0.0, 1.0, -1.0, 2.0, -0.8];
        let map = least_squares(&rows, &targets, 2, 1e-9);
        assert!(map.iter().zip([2.0, 0.0, 1.0, -1.0]).all(|(a, b)| (a - b).abs() < 1e-4), "{map:?}");
    }

    #[test]
    fn with_little_to_go_by_it_is_a_multiple_of_the_identity() {
        // One row, doubled: across it nothing is known, and the ridge decides.
        let map = least_squares(&[1.0, 0.0], &[2.0, 0.0], 2, 0.5);
        assert!(map.iter().zip([2.0, 0.0, 0.0, 2.0]).all(|(a, b)| (a - b).abs() < 1e-4), "{map:?}");
        assert!(least_squares(&[0.0; 4], &[0.0; 4], 2, 0.1).iter().all(|value| value.is_finite()));
    }
}
