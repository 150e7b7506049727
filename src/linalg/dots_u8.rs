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

    /// Four rows at a time, so that the four sums across lanes are made together.
    ///
    /// # Safety
    /// `query` holds `dim` bytes and `rows` holds `out.len() * dim`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) unsafe fn dots_vnni(query: &[u8], rows: &[i8], dim: usize, out: &mut [i32]) {
        let (fours, rest) = out.as_chunks_mut::<4>();
        let mut row = rows.as_ptr();
        for sums in &mut *fours {
            let mut lanes = [_mm512_setzero_si512(); 4];
            let mut at = 0;
            while at < dim {
                let mask = mask_of(dim - at);
                // SAFETY: the mask ends at `dim`, and four rows are left.
                unsafe {
                    let q = _mm512_maskz_loadu_epi8(mask, query.as_ptr().add(at).cast());
                    for (i, lanes) in lanes.iter_mut().enumerate() {
                        let r = _mm512_maskz_loadu_epi8(mask, row.add(i * dim + at));
                        *lanes = _mm512_dpbusd_epi32(*lanes, q, r);
                    }
                }
                at += 64;
            }
            *sums = add_across(lanes);
            // SAFETY: one past the four rows is at most one past the end.
            row = unsafe { row.add(4 * dim) };
        }
        let done = fours.len() * 4 * dim;
        super::dots_loop(query, &rows[done..], dim, rest);
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
