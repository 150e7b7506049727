//! Single precision for work, double for proof: what the network needs of a number.
//!
//! The functions are branch-free, so that loops over them vectorise.

use crate::linalg::gemm::{Gemm, Tile, View, ViewMut};
use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub};

/// `f32` or `f64`.
pub(super) trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + MulAssign
{
    const ZERO: Self;
    const ONE: Self;

    fn of(value: f64) -> Self;
    fn of_f32(value: f32) -> Self;
    fn to_f64(self) -> f64;
    /// `e^x` for `x` within ±80, held there outside.
    fn exp(self) -> Self;
    /// `ln(1 + z)` for `z` within 0 and 1.
    fn ln_1p(self) -> Self;
    fn abs(self) -> Self;
    fn at_least(self, least: Self) -> Self;

    /// `to = a·b` or `to += a·b`.
    fn product(gemm: &dyn Gemm, to: ViewMut<'_, Self>, add: bool, a: View<'_, Self>, b: View<'_, Self>);

    /// As [`Gemm::lay_out`].
    fn lay_out(gemm: &dyn Gemm, b: View<'_, Self>, to: &mut Vec<Tile>);

    #[inline(always)]
    fn sigmoid(self) -> Self {
        Self::ONE / (Self::ONE + (-self).exp())
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        let two = Self::ONE + Self::ONE;
        Self::ONE - two / (Self::ONE + (self + self).exp())
    }
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn of_f32(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    /// Relative error below 2e-7. `x = n·ln 2 + r`, `e^r` by its series up to `r⁶`; `n` is found by adding a number so large
    /// that the sum has no bits left below the point, and goes into the exponent as it stands in the lowest bits.
    #[inline(always)]
    fn exp(self) -> Self {
        const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³
        let x = if self > 80.0 { 80.0 } else { self };
        let x = if x < -80.0 { -80.0 } else { x };
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4; // ln 2 in two parts
        let series = 1.0 / 720.0 * r + 1.0 / 120.0;
        let series = series * r + 1.0 / 24.0;
        let series = series * r + 1.0 / 6.0;
        let series = series * r + 0.5;
        let series = (series * r + 1.0) * r + 1.0;
        f32::from_bits(series.to_bits().wrapping_add(shifted.to_bits() << 23))
    }

    /// Absolute error below 2e-6: `2 artanh s` with `s = z / (2 + z)`, at most a third.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        let s = self / (2.0 + self);
        let q = s * s;
        let series = ((((q / 9.0) + 1.0 / 7.0) * q + 0.2) * q + 1.0 / 3.0) * q + 1.0;
        2.0 * s * series
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f32::abs(self)
    }

    #[inline(always)]
    fn at_least(self, least: Self) -> Self {
        if self > least { self } else { least }
    }

    fn product(gemm: &dyn Gemm, to: ViewMut<'_, Self>, add: bool, a: View<'_, Self>, b: View<'_, Self>) {
        gemm.f32(to, add, a, b);
    }

    fn lay_out(gemm: &dyn Gemm, b: View<'_, Self>, to: &mut Vec<Tile>) {
        gemm.lay_out(b, to);
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn of_f32(value: f32) -> Self {
        f64::from(value)
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn exp(self) -> Self {
        f64::exp(self)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        f64::ln_1p(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    #[inline(always)]
    fn at_least(self, least: Self) -> Self {
        if self > least { self } else { least }
    }

    fn product(gemm: &dyn Gemm, to: ViewMut<'_, Self>, add: bool, a: View<'_, Self>, b: View<'_, Self>) {
        gemm.f64(to, add, a, b);
    }

    fn lay_out(_gemm: &dyn Gemm, _b: View<'_, Self>, to: &mut Vec<Tile>) {
        to.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_functions_agree_with_the_slow_ones() {
        for i in -4000..=4000 {
            let x = i as f32 / 50.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(Real::exp(x)) - exact).abs() < 3e-7 * exact, "exp {x}");
            assert!((f64::from(Real::tanh(x)) - f64::from(x).tanh()).abs() < 3e-7, "tanh {x}");
            let z = (i + 4000) as f32 / 8000.0;
            assert!((f64::from(Real::ln_1p(z)) - f64::from(z).ln_1p()).abs() < 3e-6, "ln_1p {z}");
        }
        assert!(Real::exp(1e30f32).is_finite() && Real::exp(-1e30f32) > 0.0);
        assert!(Real::exp(f32::NAN).is_nan() && Real::sigmoid(f32::NAN).is_nan()); // a NaN must show, not hide
        assert_eq!((Real::sigmoid(0.0f32), Real::tanh(0.0f32)), (0.5, 0.0));
    }
}
