//! Dot products of one vector of bytes with many: the inner loop of exact search over quantised rows.
//!
//! The query is unsigned and the rows are signed, because that is what the instruction `vpdpbusd` multiplies
//! (64 products a cycle and more); elsewhere the same loop in portable code vectorises to 16-bit multiplications.

#![allow(unsafe_code)]

/// `out[r] = Σ query[i] · rows[r][i]` for each row of `dim` bytes.
///
/// # Panics
/// If `query` is not `dim` long or `rows` not `out.len()` x `dim`, or if `dim` is 0 or above 65,536 (sums stay in `i32`).
pub fn dots_u8_i8(query: &[u8], rows: &[i8], dim: usize, out: &mut [i32]) {
    assert!(
        (1..=65_536).contains(&dim) && query.len() == dim,
        "a query of {} for rows of {dim}",
        query.len()
    );
    assert_eq!(rows.len(), out.len() * dim, "rows of {dim} for {} sums", out.len());
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512f")
        {
            // SAFETY: the processor has just been seen to have the instructions; lengths were checked above.
            return unsafe { x86::dots_vnni(query, rows, dim, out) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has just been seen to have the instructions.
            return unsafe { x86::dots_avx2(query, rows, dim, out) };
        }
    }
    dots_loop(query, rows, dim, out);
}

#[inline(always)]
fn dots_loop(query: &[u8], rows: &[i8], dim: usize, out: &mut [i32]) {
    for (row, sum) in rows.chunks_exact(dim).zip(out) {
        *sum = query.iter().zip(row).map(|(q, r)| i32::from(*q) * i32::from(*r)).sum();
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    pub(super) fn dots_avx2(query: &[u8], rows: &[i8], dim: usize, out: &mut [i32]) {
        super::dots_loop(query, rows, dim, out);
    }

    /// Four rows at a time, so that the four sums across lanes are made together. Queries of up to 512 bytes stay in
    /// registers: the number of 64-byte pieces is then known when compiling.
    ///
    /// # Safety
    /// `query` holds `dim` bytes and `rows` holds `out.len() * dim`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) unsafe fn dots_vnni(query: &[u8], rows: &[i8], dim: usize, out: &mut [i32]) {
        let (fours, rest) = out.as_chunks_mut::<4>();
        // SAFETY: as promised to this function.
        unsafe {
            match dim.div_ceil(64) {
                1 => fours_of::<1>(query, rows, dim, fours),
                2 => fours_of::<2>(query, rows, dim, fours),
                3 => fours_of::<3>(query, rows, dim, fours),
                4 => fours_of::<4>(query, rows, dim, fours),
                5 => fours_of::<5>(query, rows, dim, fours),
                6 => fours_of::<6>(query, rows, dim, fours),
                7 => fours_of::<7>(query, rows, dim, fours),
                8 => fours_of::<8>(query, rows, dim, fours),
                _ => fours_of_any(query, rows, dim, fours),
            }
        }
        super::dots_loop(query, &rows[fours.len() * 4 * dim..], dim, rest);
    }

    /// # Safety
    /// As [`dots_vnni`], with `PIECES` pieces of 64 bytes, the last one not empty.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    unsafe fn fours_of<const PIECES: usize>(query: &[u8], rows: &[i8], dim: usize, fours: &mut [[i32; 4]]) {
        let last = mask_of(dim - 64 * (PIECES - 1));
        let mask = |piece: usize| if piece + 1 == PIECES { last } else { u64::MAX };
        let mut q = [_mm512_setzero_si512(); PIECES];
        for (piece, q) in q.iter_mut().enumerate() {
            // SAFETY: the mask ends at `dim`.
            *q = unsafe { _mm512_maskz_loadu_epi8(mask(piece), query.as_ptr().add(64 * piece).cast()) };
        }
        let mut row = rows.as_ptr();
        for sums in fours {
            let mut lanes = [_mm512_setzero_si512(); 4];
            for (i, lanes) in lanes.iter_mut().enumerate() {
                for (piece, q) in q.iter().enumerate() {
                    // SAFETY: the mask ends at `dim`, and four rows are left.
                    let r = unsafe { _mm512_maskz_loadu_epi8(mask(piece), row.add(i * dim + 64 * piece)) };
                    *lanes = _mm512_dpbusd_epi32(*lanes, *q, r);
                }
            }
            *sums = add_across(lanes);
            // SAFETY: one past the four rows is at most one past the end.
            row = unsafe { row.add(4 * dim) };
        }
    }

    /// # Safety
    /// As [`dots_vnni`].
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    unsafe fn fours_of_any(query: &[u8], rows: &[i8], dim: usize, fours: &mut [[i32; 4]]) {
        let mut row = rows.as_ptr();
        for sums in fours {
            let mut lanes = [_mm512_setzero_si512(); 4];
            for at in (0..dim).step_by(64) {
                let mask = mask_of(dim - at);
                // SAFETY: the mask ends at `dim`, and four rows are left.
                unsafe {
                    let q = _mm512_maskz_loadu_epi8(mask, query.as_ptr().add(at).cast());
                    for (i, lanes) in lanes.iter_mut().enumerate() {
                        let r = _mm512_maskz_loadu_epi8(mask, row.add(i * dim + at));
                        *lanes = _mm512_dpbusd_epi32(*lanes, q, r);
                    }
                }
            }
            *sums = add_across(lanes);
            // SAFETY: one past the four rows is at most one past the end.
            row = unsafe { row.add(4 * dim) };
        }
    }

    /// The first `left` of 64 bytes.
    #[inline(always)]
    fn mask_of(left: usize) -> u64 {
        if left >= 64 { u64::MAX } else { (1 << left) - 1 }
    }

    /// The sum of the 16 lanes of each.
    #[target_feature(enable = "avx512f")]
    fn add_across([a, b, c, d]: [__m512i; 4]) -> [i32; 4] {
        let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        let abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
        let half = _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64::<1>(abcd));
        let sums = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half));
        // SAFETY: both are 128 bits of four i32.
        unsafe { std::mem::transmute::<__m128i, [i32; 4]>(sums) }
    }
}

/// Turns sums of products of bytes into cosines and bounds: `cosines[r] = (sums[r] - offsets[r]) · scales[r] · scale` and
/// `bounds[r] = errors[r] · factor + error`. Returns the highest `cosines[r] + bounds[r]`.
pub struct Estimate<'a> {
    /// Sums of products, one a row.
    pub sums: &'a [i32],
    /// What to take from each sum.
    pub offsets: &'a [i32],
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
    let (sums, offsets) = (&from.sums[..n], &from.offsets[..n]);
    let (scales, errors, bounds) = (&from.scales[..n], &from.errors[..n], &mut bounds[..n]);
    let mut highest = [f32::NEG_INFINITY; LANES];
    for first in (0..n).step_by(LANES) {
        for (lane, highest) in highest.iter_mut().enumerate().take(n - first) {
            let r = first + lane;
            cosines[r] = (sums[r] - offsets[r]) as f32 * (scales[r] * from.scale);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_and_row_count_agrees_with_the_plain_sum() {
        for dim in [1, 2, 31, 63, 64, 65, 100, 128, 200, 300, 513] {
            let query: Vec<u8> = (0..dim).map(|i| (i * 37 % 256) as u8).collect();
            for count in 0..10 {
                let rows: Vec<i8> = (0..dim * count).map(|i| (i * 91 % 255) as u8 as i8).collect();
                let (mut sums, mut expected) = (vec![0; count], vec![0; count]);
                dots_u8_i8(&query, &rows, dim, &mut sums);
                dots_loop(&query, &rows, dim, &mut expected);
                assert_eq!(sums, expected, "{count} rows of {dim}");
            }
        }
    }

    #[test]
    fn the_largest_products_do_not_overflow() {
        // 255 · -128 · 65,536 = -2,139,095,040 > -2^31
        let (query, row) = (vec![255; 65_536], vec![-128; 65_536]);
        let mut sum = [0];
        dots_u8_i8(&query, &row, 65_536, &mut sum);
        assert_eq!(sum, [-2_139_095_040]);
    }
}
