//! The arithmetic of training: one stochastic gradient step on a tile of 4 inputs × 4 outputs.
//!
//! For each pair of an input row `x` and an output row `y` the step is word2vec's (Mikolov et al. 2013b,
//! equation 4): `g = rate · (label - σ(x·y))`, `x += g·y`, `y += g·x`, with both right-hand sides from before
//! the step. Taking 16 pairs at once needs half a load for each multiplication instead of two: that, and
//! negatives shared by many inputs, is what makes training fast (the idea of pWord2Vec: Ji et al. 2016).
//!
//! This is the room for `unsafe`: explicit vector instructions, chosen by what the processor has.

/// Inputs and outputs of a tile.
pub(crate) const SIDE: usize = 4;

/// A value for each of the 4 × 4 pairs.
pub(crate) type Tile = [f32; SIDE * SIDE];

/// What each of the 4 × 4 pairs should become: pair of input `r` and output `c` stands at `4·r + c`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Targets {
    /// 1 for words that stand together, 0 for negatives.
    pub(crate) label: f32,
    /// Learning rate times the pair's weight; 0 leaves the pair out.
    pub(crate) rates: Tile,
}

/// The instruction set in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of the architecture has: SSE2, NEON, or plain Rust.
    Baseline,
}

impl Kernel {
    /// All that the running processor can execute, fastest first.
    pub(crate) fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                all.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
        }
        all.push(Self::Baseline);
        all
    }

    /// One step on 4 rows of `inputs` and `4·T` of `outputs`, one tile after the other, with all scores from
    /// before the step: the processor works on the next tile while the gradients of the first are on their
    /// way. Rows have the same length, a multiple of 16. Returns the scores `x·y`.
    #[allow(unsafe_code)]
    pub(crate) fn step<const T: usize>(
        self,
        inputs: &mut [f32],
        outputs: &mut [f32],
        targets: &[Targets; T],
    ) -> [Tile; T] {
        assert!(T * inputs.len() == outputs.len() && inputs.len().is_multiple_of(64), "tiles of padded rows");
        let stride = inputs.len() / SIDE;
        let (inputs, outputs) = (inputs.as_mut_ptr(), outputs.as_mut_ptr());
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available` saw the instructions; the places hold 4 and 4·T rows of `stride` values, a
            // multiple of 16, and do not overlap.
            Self::Avx512 => unsafe { x86::step_avx512(inputs, outputs, stride, targets) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 => unsafe { x86::step_avx2(inputs, outputs, stride, targets) },
            // SAFETY: as above; no special instructions.
            Self::Baseline => unsafe { room::step::<Baseline, 2, T>(inputs, outputs, stride, targets) },
        }
    }
}

/// `σ(x) = 1 / (1 + e^-x)`, to about 3e-6, as a loop that vectorises.
#[inline(always)]
pub(crate) fn sigmoid<const FUSED: bool>(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2^23: adding it rounds to an integer in the lowest bits
    let power = (-x).clamp(-60.0, 60.0) * std::f32::consts::LOG2_E;
    let shifted = power + ROUND;
    let rest = power - (shifted - ROUND);
    // 2^rest by its series, |rest| ≤ 1/2, in pairs so that the pairs are worked out side by side
    let square = rest * rest;
    let low = multiply_add::<FUSED>(std::f32::consts::LN_2, rest, 1.0);
    let middle = multiply_add::<FUSED>(0.055_504_11, rest, 0.240_226_5);
    let high = multiply_add::<FUSED>(0.001_333_356, rest, 0.009_618_129);
    let upper = multiply_add::<FUSED>(high, square, middle);
    let polynomial = multiply_add::<FUSED>(upper, square, low);
    let exponent = (shifted.to_bits() << 23).wrapping_add(polynomial.to_bits());
    1.0 / (1.0 + f32::from_bits(exponent))
}

/// `x·y + z`, fused where that is one instruction; elsewhere it would be a library call.
#[inline(always)]
fn multiply_add<const FUSED: bool>(x: f32, y: f32, z: f32) -> f32 {
    if FUSED { x.mul_add(y, z) } else { x * y + z }
}

#[inline(always)]
fn gradients<const FUSED: bool>(scores: &Tile, targets: &Targets) -> Tile {
    let mut gradients = [0.0; SIDE * SIDE];
    for pair in 0..SIDE * SIDE {
        gradients[pair] = targets.rates[pair] * (targets.label - sigmoid::<FUSED>(scores[pair]));
    }
    gradients
}

#[cfg(target_arch = "x86_64")]
type Baseline = std::arch::x86_64::__m128;
#[cfg(target_arch = "aarch64")]
type Baseline = std::arch::aarch64::float32x4_t;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Baseline = room::Plain;

#[allow(unsafe_code)]
mod room {
    use super::{SIDE, Targets, Tile};

    /// A few neighbouring values that are worked on together.
    pub(super) trait Values: Copy {
        const WIDTH: usize;
        /// What each pair moves by.
        fn gradients(scores: &Tile, targets: &Targets) -> Tile;
        /// # Safety
        /// `from` holds `WIDTH` values; for this and all others: the processor has the instructions.
        unsafe fn load(from: *const f32) -> Self;
        /// # Safety
        /// `to` holds `WIDTH` values.
        unsafe fn store(self, to: *mut f32);
        /// # Safety
        /// See [`Values::load`].
        unsafe fn splat(value: f32) -> Self;
        /// `self · by + plus`.
        /// # Safety
        /// See [`Values::load`].
        unsafe fn multiply_add(self, by: Self, plus: Self) -> Self;
        /// The sum of each of the `4·R` groups of values, row by row.
        /// # Safety
        /// See [`Values::load`]; `scores` holds `4·R` values.
        unsafe fn sums<const R: usize>(rows: &[[Self; SIDE]; R], scores: &mut [f32]);
    }

    /// Four values in plain Rust, for all other architectures.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    #[derive(Clone, Copy)]
    pub(super) struct Plain([f32; 4]);

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    impl Values for Plain {
        const WIDTH: usize = 4;
        #[inline(always)]
        fn gradients(scores: &Tile, targets: &Targets) -> Tile {
            super::gradients::<false>(scores, targets)
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: by contract `from` holds that many values.
            Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: by contract `to` holds that many values.
            unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            Self([value; 4])
        }
        #[inline(always)]
        unsafe fn multiply_add(self, by: Self, plus: Self) -> Self {
            Self(std::array::from_fn(|i| self.0[i] * by.0[i] + plus.0[i]))
        }
        #[inline(always)]
        unsafe fn sums<const R: usize>(rows: &[[Self; SIDE]; R], scores: &mut [f32]) {
            for (Self(x), score) in rows.as_flattened().iter().zip(scores) {
                *score = (x[0] + x[2]) + (x[1] + x[3]);
            }
        }
    }

    /// [`super::Kernel::step`], the scores in `4 / R` bands of `R` inputs, as many as the registers hold.
    ///
    /// # Safety
    /// `inputs` holds 4 rows of `stride` values, `outputs` `4·T`; they do not overlap; `stride` is a multiple
    /// of `V::WIDTH`; the processor has `V`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn step<V: Values, const R: usize, const T: usize>(
        inputs: *mut f32,
        outputs: *mut f32,
        stride: usize,
        targets: &[Targets; T],
    ) -> [Tile; T] {
        let mut scores = [[0.0; SIDE * SIDE]; T];
        for (tile, scores) in scores.iter_mut().enumerate() {
            for band in (0..SIDE).step_by(R) {
                // SAFETY: band + R ≤ 4, tile < T.
                unsafe {
                    let outputs = outputs.add(tile * SIDE * stride);
                    dots::<V, R>(inputs.add(band * stride), outputs, stride, &mut scores[band * SIDE..]);
                }
            }
        }
        let gradients: [Tile; T] = std::array::from_fn(|tile| V::gradients(&scores[tile], &targets[tile]));
        for (tile, gradients) in gradients.iter().enumerate() {
            // SAFETY: tile < T.
            unsafe { update::<V>(inputs, outputs.add(tile * SIDE * stride), stride, gradients) };
        }
        scores
    }

    /// # Safety
    /// `inputs` holds `R` rows, `outputs` 4.
    #[inline(always)]
    unsafe fn dots<V: Values, const R: usize>(
        inputs: *const f32,
        outputs: *const f32,
        stride: usize,
        scores: &mut [f32],
    ) {
        // SAFETY: all places are within the rows.
        unsafe {
            let mut sums = [[V::splat(0.0); SIDE]; R];
            for at in (0..stride).step_by(V::WIDTH) {
                let y: [V; SIDE] = std::array::from_fn(|c| V::load(outputs.add(c * stride + at)));
                for (r, sums) in sums.iter_mut().enumerate() {
                    let x = V::load(inputs.add(r * stride + at));
                    for c in 0..SIDE {
                        sums[c] = x.multiply_add(y[c], sums[c]);
                    }
                }
            }
            V::sums(&sums, scores);
        }
    }

    /// # Safety
    /// Both hold 4 rows and do not overlap.
    #[inline(always)]
    pub(super) unsafe fn update<V: Values>(
        inputs: *mut f32,
        outputs: *mut f32,
        stride: usize,
        gradients: &[f32; SIDE * SIDE],
    ) {
        // SAFETY: all places are within the rows.
        unsafe {
            let g: [[V; SIDE]; SIDE] =
                std::array::from_fn(|r| std::array::from_fn(|c| V::splat(gradients[r * SIDE + c])));
            for at in (0..stride).step_by(V::WIDTH) {
                let y: [V; SIDE] = std::array::from_fn(|c| V::load(outputs.add(c * stride + at)));
                let mut new_y = y;
                for (r, g) in g.iter().enumerate() {
                    let x = V::load(inputs.add(r * stride + at));
                    let mut new_x = x;
                    for c in 0..SIDE {
                        new_x = g[c].multiply_add(y[c], new_x);
                        new_y[c] = g[c].multiply_add(x, new_y[c]);
                    }
                    new_x.store(inputs.add(r * stride + at));
                }
                (0..SIDE).for_each(|c| new_y[c].store(outputs.add(c * stride + at)));
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86 {
    use super::room::{self, Values};
    use super::{SIDE, Targets, Tile, gradients};
    use std::arch::x86_64::*;

    macro_rules! values {
        ($name:ident, $width:literal, $fused:literal, $load:ident, $store:ident, $splat:ident, $fma:ident, $sums:ident) => {
            impl Values for $name {
                const WIDTH: usize = $width;
                #[inline(always)]
                fn gradients(scores: &Tile, targets: &Targets) -> Tile {
                    gradients::<$fused>(scores, targets)
                }
                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: by contract.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: by contract.
                    unsafe { $store(to, self) }
                }
                #[inline(always)]
                unsafe fn splat(value: f32) -> Self {
                    // SAFETY: by contract.
                    unsafe { $splat(value) }
                }
                #[inline(always)]
                unsafe fn multiply_add(self, by: Self, plus: Self) -> Self {
                    // SAFETY: by contract.
                    unsafe { $fma(self, by, plus) }
                }
                #[inline(always)]
                unsafe fn sums<const R: usize>(rows: &[[Self; SIDE]; R], scores: &mut [f32]) {
                    // SAFETY: by contract.
                    unsafe { $sums(rows, scores) }
                }
            }
        };
    }

    values!(
        __m512,
        16,
        true,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_fmadd_ps,
        sums_avx512
    );
    values!(__m256, 8, true, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_fmadd_ps, sums_avx2);
    values!(__m128, 4, false, _mm_loadu_ps, _mm_storeu_ps, _mm_set1_ps, multiply_add_sse2, sums_sse2);

    /// # Safety
    /// None: every x86-64 has SSE2.
    #[inline(always)]
    unsafe fn multiply_add_sse2(x: __m128, y: __m128, z: __m128) -> __m128 {
        // SAFETY: every x86-64 has SSE2.
        unsafe { _mm_add_ps(_mm_mul_ps(x, y), z) }
    }

    /// # Safety
    /// None: every x86-64 has SSE2.
    #[inline(always)]
    unsafe fn sums_sse2<const R: usize>(rows: &[[__m128; SIDE]; R], scores: &mut [f32]) {
        for ([a, b, c, d], scores) in rows.iter().zip(scores.as_chunks_mut::<SIDE>().0) {
            // SAFETY: every x86-64 has SSE2; the array holds 4 values.
            unsafe {
                let ab = _mm_add_ps(_mm_unpacklo_ps(*a, *b), _mm_unpackhi_ps(*a, *b));
                let cd = _mm_add_ps(_mm_unpacklo_ps(*c, *d), _mm_unpackhi_ps(*c, *d));
                let sums = _mm_add_ps(_mm_movelh_ps(ab, cd), _mm_movehl_ps(cd, ab));
                _mm_storeu_ps(scores.as_mut_ptr(), sums);
            }
        }
    }

    /// Adds across by transposing: first within the quarters of four registers, then the quarters of four rows.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn sums_avx512<const R: usize>(rows: &[[__m512; SIDE]; R], scores: &mut [f32]) {
        let mut quarters = [_mm512_setzero_ps(); SIDE];
        for (quarter, [a, b, c, d]) in quarters.iter_mut().zip(rows) {
            let ab = _mm512_add_ps(_mm512_unpacklo_ps(*a, *b), _mm512_unpackhi_ps(*a, *b));
            let cd = _mm512_add_ps(_mm512_unpacklo_ps(*c, *d), _mm512_unpackhi_ps(*c, *d));
            let (ab, cd) = (_mm512_castps_pd(ab), _mm512_castps_pd(cd));
            let low = _mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd));
            *quarter = _mm512_add_ps(low, _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)));
        }
        let [a, b, c, d] = quarters;
        let ab = _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xEE>(a, b));
        let cd = _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(c, d), _mm512_shuffle_f32x4::<0xEE>(c, d));
        let all = _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(ab, cd), _mm512_shuffle_f32x4::<0xDD>(ab, cd));
        let mut sums = [0.0; SIDE * SIDE];
        // SAFETY: the array holds 16 values.
        unsafe { _mm512_storeu_ps(sums.as_mut_ptr(), all) };
        scores[..R * SIDE].copy_from_slice(&sums[..R * SIDE]);
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn sums_avx2<const R: usize>(rows: &[[__m256; SIDE]; R], scores: &mut [f32]) {
        for ([a, b, c, d], scores) in rows.iter().zip(scores.as_chunks_mut::<SIDE>().0) {
            let halves = _mm256_hadd_ps(_mm256_hadd_ps(*a, *b), _mm256_hadd_ps(*c, *d));
            let sums = _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps::<1>(halves));
            // SAFETY: the array holds 4 values.
            unsafe { _mm_storeu_ps(scores.as_mut_ptr(), sums) };
        }
    }

    /// # Safety
    /// As [`room::step`].
    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) unsafe fn step_avx512<const T: usize>(
        inputs: *mut f32,
        outputs: *mut f32,
        stride: usize,
        targets: &[Targets; T],
    ) -> [Tile; T] {
        // SAFETY: passed on.
        unsafe { room::step::<__m512, 4, T>(inputs, outputs, stride, targets) }
    }

    /// # Safety
    /// As [`room::step`].
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn step_avx2<const T: usize>(
        inputs: *mut f32,
        outputs: *mut f32,
        stride: usize,
        targets: &[Targets; T],
    ) -> [Tile; T] {
        // SAFETY: passed on.
        unsafe { room::step::<__m256, 2, T>(inputs, outputs, stride, targets) }
    }
}

#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code)]
mod neon {
    use super::room::Values;
    use super::{SIDE, Targets, Tile, gradients};
    use std::arch::aarch64::*;

    impl Values for float32x4_t {
        const WIDTH: usize = 4;
        #[inline(always)]
        fn gradients(scores: &Tile, targets: &Targets) -> Tile {
            gradients::<true>(scores, targets)
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: by contract.
            unsafe { vld1q_f32(from) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: by contract.
            unsafe { vst1q_f32(to, self) }
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            // SAFETY: by contract.
            unsafe { vdupq_n_f32(value) }
        }
        #[inline(always)]
        unsafe fn multiply_add(self, by: Self, plus: Self) -> Self {
            // SAFETY: by contract.
            unsafe { vfmaq_f32(plus, self, by) }
        }
        #[inline(always)]
        unsafe fn sums<const R: usize>(rows: &[[Self; SIDE]; R], scores: &mut [f32]) {
            for (x, score) in rows.as_flattened().iter().zip(scores) {
                // SAFETY: by contract.
                *score = unsafe { vaddvq_f32(*x) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_is_close_everywhere() {
        for step in -4000..=4000 {
            let x = step as f32 / 100.0;
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            for got in [sigmoid::<true>(x), sigmoid::<false>(x)] {
                assert!((f64::from(got) - exact).abs() < 5e-6, "at {x}: {got}");
            }
        }
        assert!(sigmoid::<true>(1e30) > 0.999 && sigmoid::<true>(-1e30) < 0.001);
    }

    /// The step as it stands in the paper, pair by pair, in double precision; 4 inputs, 8 outputs.
    fn reference(x: &[f32], y: &[f32], stride: usize, targets: &[Targets; 2]) -> (Vec<f64>, Vec<f64>) {
        let scores: Vec<f64> = (0..32)
            .map(|pair| {
                let (r, c) = (pair / 8 * stride, pair % 8 * stride);
                (0..stride).map(|i| f64::from(x[r + i]) * f64::from(y[c + i])).sum()
            })
            .collect();
        let mut new_x: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
        let mut new_y: Vec<f64> = y.iter().map(|v| f64::from(*v)).collect();
        for tile in 0..2 {
            let before = new_x.clone();
            for (r, c) in (0..16).map(|pair| (pair / 4, pair % 4)) {
                let Targets { label, rates } = targets[tile];
                let score = scores[r * 8 + tile * 4 + c];
                let g = f64::from(rates[r * 4 + c]) * (f64::from(label) - 1.0 / (1.0 + (-score).exp()));
                let (r, c) = (r * stride, (tile * 4 + c) * stride);
                for i in 0..stride {
                    new_x[r + i] += g * f64::from(y[c + i]);
                    new_y[c + i] += g * before[r + i];
                }
            }
        }
        (new_x, new_y)
    }

    #[test]
    fn every_instruction_set_takes_the_step_of_the_paper() {
        for (kernel, stride) in Kernel::available().into_iter().flat_map(|k| [16, 48, 208].map(|s| (k, s))) {
            let x: Vec<f32> = (0..4 * stride).map(|i| ((i * 37 % 101) as f32 - 50.0) / 100.0).collect();
            let y: Vec<f32> = (0..8 * stride).map(|i| ((i * 53 % 97) as f32 - 48.0) / 90.0).collect();
            let rates = std::array::from_fn(|pair| if pair % 5 == 0 { 0.0 } else { 0.01 * pair as f32 });
            let targets = [Targets { label: 1.0, rates }, Targets { label: 0.0, rates }];
            let (want_x, want_y) = reference(&x, &y, stride, &targets);
            let (mut got_x, mut got_y) = (x.clone(), y.clone());
            kernel.step(&mut got_x, &mut got_y, &targets);
            for (got, want) in got_x.iter().zip(&want_x).chain(got_y.iter().zip(&want_y)) {
                assert!((f64::from(*got) - want).abs() < 2e-5, "{kernel:?}, stride {stride}: {got} {want}");
            }
        }
    }
}
