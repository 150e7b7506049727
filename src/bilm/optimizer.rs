//! Adam for the network's weights (Kingma & Ba 2015), Adagrad for the rows of the output matrix (Duchi et al. 2011).
//!
//! Sums go over fixed blocks in a fixed order, so that the result does not depend on the number of threads.

use crate::linalg::{Kernel, dispatch};
use rayon::prelude::*;

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;
/// Values that one task works on.
const BLOCK: usize = 1 << 15;

/// First and second moments of all weights.
#[derive(Debug, Clone)]
pub(super) struct Adam {
    pub first: Vec<f32>,
    pub second: Vec<f32>,
    pub steps: u64,
}

impl Adam {
    pub(super) fn new(len: usize) -> Self {
        Self { first: vec![0.0; len], second: vec![0.0; len], steps: 0 }
    }

    /// One step down the sum of `gradients` times `scale`, its length cut to `clip`. Returns that length before; nothing is
    /// changed if it is not finite. `gradients` are left all zero.
    pub(super) fn step(
        &mut self,
        weights: &mut [f32],
        gradients: &mut [&mut [f32]],
        (scale, clip, rate): (f32, f32, f32),
    ) -> f32 {
        let (sum, others) = gradients.split_first_mut().expect("at least one gradient");
        for other in others.iter_mut() {
            sum.par_chunks_mut(BLOCK)
                .zip(other.par_chunks_mut(BLOCK))
                .for_each(|(sum, other)| dispatch(TakeOver { sum, other }));
        }
        let squares: Vec<f64> = sum.par_chunks(BLOCK).map(|block| dispatch(SquareSum(block))).collect();
        let length = scale * squares.iter().sum::<f64>().sqrt() as f32;
        if !length.is_finite() {
            return length;
        }
        self.steps += 1;
        let cut = if clip > 0.0 && length > clip { clip / length } else { 1.0 };
        let power = |beta: f32| 1.0 - f64::from(beta).powf(self.steps as f64);
        let rate = f64::from(rate) * power(BETA2).sqrt() / power(BETA1);
        let (scale, rate) = (scale * cut, rate as f32);
        let moments = self.first.par_chunks_mut(BLOCK).zip(self.second.par_chunks_mut(BLOCK));
        weights.par_chunks_mut(BLOCK).zip(sum.par_chunks_mut(BLOCK)).zip(moments).for_each(
            |((weights, gradient), (first, second))| {
                dispatch(AdamBlock { weights, gradient, first, second, scale, rate });
            },
        );
        length
    }
}

struct TakeOver<'a> {
    sum: &'a mut [f32],
    other: &'a mut [f32],
}

impl Kernel for TakeOver<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (sum, other) in self.sum.iter_mut().zip(self.other) {
            *sum += *other;
            *other = 0.0;
        }
    }
}

struct SquareSum<'a>(&'a [f32]);

impl Kernel for SquareSum<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        const LANES: usize = 32;
        let mut sums = [0.0f32; LANES];
        let (blocks, rest) = self.0.as_chunks::<LANES>();
        for block in blocks {
            for lane in 0..LANES {
                sums[lane] += block[lane] * block[lane];
            }
        }
        let rest: f32 = rest.iter().map(|value| value * value).sum();
        sums.iter().map(|sum| f64::from(*sum)).sum::<f64>() + f64::from(rest)
    }
}

struct AdamBlock<'a> {
    weights: &'a mut [f32],
    gradient: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    scale: f32,
    rate: f32,
}

impl Kernel for AdamBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let moments = self.first.iter_mut().zip(self.second);
        for ((weight, gradient), (first, second)) in self.weights.iter_mut().zip(self.gradient).zip(moments) {
            let g = *gradient * self.scale;
            *gradient = 0.0;
            *first = BETA1 * *first + (1.0 - BETA1) * g;
            *second = BETA2 * *second + (1.0 - BETA2) * g * g;
            *weight -= self.rate * *first / (second.sqrt() + EPSILON);
        }
    }
}

/// `u -= rate · g / √Σg²`, elementwise, with `g = factor · direction`.
pub(super) struct AdagradRow<'a> {
    pub row: &'a mut [f32],
    pub squares: &'a mut [f32],
    pub direction: &'a [f32],
    pub factor: f32,
    pub rate: f32,
}

impl Kernel for AdagradRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((value, square), direction) in self.row.iter_mut().zip(self.squares).zip(self.direction) {
            let g = self.factor * *direction;
            *square += g * g;
            *value -= self.rate * g / (square.sqrt() + EPSILON);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_steps_by_hand() {
        // Adam's first step is rate · g/|g|, whatever the length of g: moments .1g/.1 and .001g²/.001.
        let (mut adam, mut weights) = (Adam::new(2), vec![1.0, 1.0]);
        let (mut a, mut b) = (vec![3.0, -1.0], vec![1.0, -3.0]);
        let length = adam.step(&mut weights, &mut [&mut a, &mut b], (0.5, 0.0, 0.1));
        assert!((length - 8f32.sqrt()).abs() < 1e-6, "{length}"); // .5 · |(4, -4)|
        assert!((weights[0] - 0.9).abs() < 1e-5 && (weights[1] - 1.1).abs() < 1e-5, "{weights:?}");
        assert_eq!((a, b), (vec![0.0; 2], vec![0.0; 2]));
        // Adagrad's first step is rate · sign g, its second with the same g rate / √2.
        let (mut row, mut squares) = (vec![0.0], vec![0.0]);
        for expected in [-0.1, -0.1 - 0.1 / 2f32.sqrt()] {
            let direction = &[2.0];
            dispatch(AdagradRow { row: &mut row, squares: &mut squares, direction, factor: 3.0, rate: 0.1 });
            assert!((row[0] - expected).abs() < 1e-6, "{row:?}");
        }
    }

    #[test]
    fn a_gradient_that_is_no_number_changes_nothing() {
        let (mut adam, mut weights) = (Adam::new(1), vec![1.0]);
        let length = adam.step(&mut weights, &mut [&mut [f32::NAN]], (1.0, 1.0, 0.1));
        assert!(length.is_nan() && weights == [1.0] && adam.steps == 0);
    }
}
