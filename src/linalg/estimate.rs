//! Sums of products of bytes as cosines, with a bound of how far off they may be.

/// Turns sums of products of bytes into cosines and bounds: `cosines[r] = (sums[r] - offset) · scales[r] · scale` and
/// `bounds[r] = errors[r] · factor + error`. Returns the highest `cosines[r] + bounds[r]`.
pub struct Estimate<'a> {
    /// Sums of products, one a row.
    pub sums: &'a [i32],
    /// What to take from each sum.
    pub offset: i32,
    /// What to multiply each sum by.
    pub scales: &'a [f32],
    /// How far each row is from its bytes.
    pub errors: &'a [f32],
    /// What to multiply all sums by.
    pub scale: f32,
    /// What to multiply all errors by.
    pub factor: f32,
    /// What to add to all errors.
    pub error: f32,
}

const LANES: usize = 16;

#[inline(always)]
fn estimate_loop(from: &Estimate<'_>, cosines: &mut [f32], bounds: &mut [f32]) -> f32 {
    let n = cosines.len();
    let sums = &from.sums[..n];
    let (scales, errors, bounds) = (&from.scales[..n], &from.errors[..n], &mut bounds[..n]);
    let mut highest = [f32::NEG_INFINITY; LANES];
    for first in (0..n).step_by(LANES) {
        for (lane, highest) in highest.iter_mut().enumerate().take(n - first) {
            let r = first + lane;
            cosines[r] = (sums[r] - from.offset) as f32 * (scales[r] * from.scale);
            bounds[r] = errors[r] * from.factor + from.error;
            let at_most = cosines[r] + bounds[r];
            *highest = if at_most > *highest { at_most } else { *highest };
        }
    }
    highest.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

super::simd::for_each_instruction_set! {
    /// Fills `cosines` and `bounds` as [`Estimate`] says.
    ///
    /// # Panics
    /// If a slice is shorter than `cosines`.
    estimate, estimate_loop, estimate_avx2, estimate_avx512,
    (from: &Estimate<'_>, cosines: &mut [f32], bounds: &mut [f32]) -> f32
}
