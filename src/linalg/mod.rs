//! The few vector and matrix kernels that everything else uses.
//!
//! Each public function is safe, checks its lengths, and picks the widest instruction set of the running processor
//! (AVX-512, AVX2, portable code that vectorises to NEON or SSE2).

mod dispatch;
mod estimate;
pub mod gemm;
pub mod int8;
mod least_squares;
mod simd;

pub use dispatch::{Kernel, dispatch};
pub use estimate::{Estimate, estimate};
pub use least_squares::least_squares;
pub use simd::{add_scaled, dot};

/// Euclidean length of `x`.
#[must_use]
pub fn norm(x: &[f32]) -> f32 {
    dot(x, x).sqrt()
}

/// Scales `x` to length 1 and returns its former length; a zero or non-finite vector is left as it is.
pub fn normalize(x: &mut [f32]) -> f32 {
    let length = norm(x);
    if length > 0.0 && length.is_finite() {
        let scale = 1.0 / length;
        x.iter_mut().for_each(|value| *value *= scale);
    }
    length
}

/// Cosine of the angle between `x` and `y`, 0 where one of them has no direction.
#[must_use]
pub fn cosine(x: &[f32], y: &[f32]) -> f32 {
    let lengths = norm(x) * norm(y);
    if lengths > 0.0 && lengths.is_finite() { (dot(x, y) / lengths).clamp(-1.0, 1.0) } else { 0.0 }
}

/// Takes out of `vector` what lies along `direction`, of length 1 or 0. Twice: where little else is left, what rounding leaves of it the
/// first time is not small beside the rest.
///
/// # Panics
/// If their lengths differ.
pub fn remove_direction(vector: &mut [f32], direction: &[f32]) {
    for _ in 0..2 {
        let along = dot(vector, direction);
        add_scaled(vector, -along, direction);
    }
}

/// First principal direction of the rows of `matrix` (row-major, `dim` columns) around the origin, of length 1,
/// by power iteration from a fixed start. All zeros for an empty or zero matrix.
///
/// # Panics
/// If `dim` is 0 or does not divide the length of `matrix`.
#[must_use]
pub fn first_direction(matrix: &[f32], dim: usize) -> Vec<f32> {
    assert!(dim > 0 && matrix.len().is_multiple_of(dim), "rows of {dim} in {} values", matrix.len());
    let mut direction = vec![0.0; dim];
    for row in matrix.chunks_exact(dim) {
        add_scaled(&mut direction, 1.0, row);
    }
    if normalize(&mut direction) == 0.0 {
        direction.iter_mut().enumerate().for_each(|(i, value)| *value = 1.0 / (1.0 + i as f32));
        normalize(&mut direction);
    }
    for _ in 0..60 {
        let mut next = vec![0.0; dim];
        for row in matrix.chunks_exact(dim) {
            add_scaled(&mut next, dot(row, &direction), row);
        }
        if normalize(&mut next) == 0.0 {
            return next;
        }
        let done = dot(&next, &direction) > 1.0 - 1e-7;
        direction = next;
        if done {
            break;
        }
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_of_every_length_agrees_with_the_plain_sum() {
        for len in 0..200 {
            let x: Vec<f32> = (0..len).map(|i| (i % 7) as f32 - 3.0).collect();
            let y: Vec<f32> = (0..len).map(|i| (i % 5) as f32 - 2.0).collect();
            let expected: f32 = x.iter().zip(&y).map(|(a, b)| a * b).sum();
            assert_eq!(dot(&x, &y), expected, "length {len}"); // small integers: exact in any order
        }
    }

    #[test]
    fn cosine_of_nothing_is_zero() {
        assert_eq!(cosine(&[0.0, 0.0], &[1.0, 2.0]), 0.0);
        assert_eq!(cosine(&[f32::NAN, 0.0], &[1.0, 2.0]), 0.0);
        assert!((cosine(&[3.0, 0.0], &[5.0, 5.0]) - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6);
    }

    #[test]
    fn little_is_left_of_a_direction_even_beside_little_else() {
        // All but a thousandth lies along a direction whose length is 1 to seven digits.
        let direction = [0.6, 0.8 + 2e-7];
        let mut vector = [0.6 + 0.8e-3, 0.8 - 0.6e-3];
        remove_direction(&mut vector, &direction);
        assert!((norm(&vector) - 1e-3).abs() < 1e-6, "{vector:?}");
        assert!(dot(&vector, &direction).abs() < 1e-6 * norm(&vector), "{vector:?}");
    }

    #[test]
    fn first_direction_of_points_on_a_line_is_the_line() {
        // All rows are multiples of (3, 4): the direction is (0.6, 0.8).
        let direction = first_direction(&[3.0, 4.0, 6.0, 8.0, 1.5, 2.0], 2);
        assert!((direction[0].abs() - 0.6).abs() < 1e-5 && (direction[1].abs() - 0.8).abs() < 1e-5);
        assert_eq!(first_direction(&[0.0; 6], 2), vec![0.0, 0.0]);
    }
}
