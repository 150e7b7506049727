//! What is lost when a row is divided by its length and multiplied again, kept so that nothing is lost.
//!
//! A value `x` of a row of length `n` is stored as `u = x / n`, and `u · n` rounds to `x` or to one of its two neighbours
//! among the `f32`s: two bits say which. The rare rest (values near the smallest `f32`) is listed. Two bits a value are a
//! sixteenth of keeping the rows twice, and export gives back exactly what was trained or imported.

use super::mapped::Mapped;
use crate::linalg::norm;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// How far `u · n` is from the value as given, for every value of a `V` x `D` matrix.
#[derive(Debug, Clone)]
pub(crate) struct Rounding {
    /// Bytes of one row: `D / 4`, rounded up.
    stride: usize,
    codes: Codes,
    /// Row, column and value where two bits are not enough, by row.
    pub(crate) exceptions: Vec<(u32, u32, f32)>,
}

#[derive(Debug, Clone)]
enum Codes {
    Owned(Vec<u8>),
    Mapped(Arc<Mapped>, Range<usize>),
}

/// Two bits a value; 0 for one that comes back as it was.
const NEXT_UP: u32 = 1;
const NEXT_DOWN: u32 = 2;
const LISTED: u32 = 3;
/// Values of a row that are divided together.
const TOGETHER: usize = 64;

impl Rounding {
    pub(crate) fn room_for(rows: usize, dim: usize) -> Self {
        let stride = Self::stride(dim);
        Self { stride, codes: Codes::Owned(vec![0; rows * stride]), exceptions: Vec::new() }
    }

    /// Bytes of codes for one row.
    pub(crate) fn stride(dim: usize) -> usize {
        dim.div_ceil(4)
    }

    pub(crate) fn mapped(
        file: Arc<Mapped>,
        codes: Range<usize>,
        dim: usize,
        exceptions: Vec<(u32, u32, f32)>,
    ) -> Self {
        Self { stride: Self::stride(dim), codes: Codes::Mapped(file, codes), exceptions }
    }

    pub(crate) fn codes(&self) -> &[u8] {
        match &self.codes {
            Codes::Owned(codes) => codes,
            Codes::Mapped(file, range) => &file[range.clone()],
        }
    }

    /// Divides each row of `matrix` (`V` x `dim`) by its length, takes note of the rounding, and returns the lengths.
    ///
    /// # Errors
    /// The first row whose length is not finite.
    pub(crate) fn split(&mut self, matrix: &mut [f32], dim: usize) -> Result<Vec<f32>, usize> {
        let stride = self.stride;
        let mut codes = vec![0; matrix.len() / dim * stride];
        let rows: Vec<_> = matrix
            .par_chunks_exact_mut(dim)
            .zip(codes.par_chunks_exact_mut(stride))
            .enumerate()
            .map(|(row, (values, codes))| split_row(row, values, codes))
            .collect();
        let mut norms = Vec::with_capacity(rows.len());
        for (row, (length, exceptions)) in rows.into_iter().enumerate() {
            if !length.is_finite() {
                return Err(row);
            }
            norms.push(length);
            self.exceptions.extend(exceptions);
        }
        self.codes = Codes::Owned(codes);
        Ok(norms)
    }

    /// Turns a row of length 1 back into the row as given.
    pub(crate) fn restore(&self, row: usize, length: f32, values: &mut [f32]) {
        let codes = &self.codes()[row * self.stride..][..self.stride];
        for (column, value) in values.iter_mut().enumerate() {
            let product = multiply(*value, length);
            *value = match u32::from(codes[column / 4] >> (2 * (column % 4)) & 3) {
                NEXT_UP => product.next_up(),
                NEXT_DOWN => product.next_down(),
                _ => product,
            };
        }
        let first = self.exceptions.partition_point(|(at, _, _)| (*at as usize) < row);
        for (_, column, value) in self.exceptions[first..].iter().take_while(|(at, _, _)| *at as usize == row)
        {
            values[*column as usize] = *value;
        }
    }
}

/// A row of length 0 keeps its zeros, with their signs.
fn multiply(unit: f32, length: f32) -> f32 {
    if length == 0.0 { unit } else { unit * length }
}

fn split_row(row: usize, values: &mut [f32], codes: &mut [u8]) -> (f32, Vec<(u32, u32, f32)>) {
    let length = norm(values);
    let mut exceptions = Vec::new();
    if !length.is_finite() || length == 0.0 {
        return (length, exceptions); // zeros come back as they are
    }
    let places = (0..).step_by(TOGETHER);
    for ((some, to), first) in values.chunks_mut(TOGETHER).zip(codes.chunks_mut(TOGETHER / 4)).zip(places) {
        let (mut given, mut codes) = ([0.0; TOGETHER], [0; TOGETHER]);
        given[..some.len()].copy_from_slice(some);
        let mut listed = 0;
        for ((value, given), code) in some.iter_mut().zip(&given).zip(&mut codes) {
            *value = given / length;
            *code = code_of(*given, *value * length);
            listed |= u32::from(*code == LISTED);
        }
        for (four, to) in codes.as_chunks::<4>().0.iter().zip(to) {
            *to = four.iter().zip(0..).map(|(code, at)| (*code as u8) << (2 * at)).sum();
        }
        if listed > 0 {
            let all = codes.iter().zip(&given).zip(first..).filter(|((code, _), _)| **code == LISTED);
            exceptions.extend(all.map(|((_, value), column)| (row as u32, column, *value)));
        }
    }
    (length, exceptions)
}

/// Neighbours among the `f32`s are neighbours among the integers that their bits are. Without branches: which of the codes it is cannot be
/// guessed.
#[inline(always)]
fn code_of(value: f32, product: f32) -> u32 {
    let outward = value.to_bits().wrapping_sub(product.to_bits()).cast_signed();
    let up = if product.is_sign_negative() { outward.wrapping_neg() } else { outward };
    let is_listed = !(-1..=1).contains(&up);
    (u32::from(up == 1) * NEXT_UP) | (u32::from(up == -1) * NEXT_DOWN) | (u32::from(is_listed) * LISTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_row_comes_back_to_the_last_bit(values in prop::collection::vec(-1e18f32..1e18, 1..40), small in -1e-37f32..1e-37) {
            let dim = values.len() + 1;
            let original: Vec<f32> = values.iter().copied().chain([small]).cycle().take(3 * dim).collect();
            let mut matrix = original.clone();
            let mut rounding = Rounding::room_for(3, dim);
            let norms = rounding.split(&mut matrix, dim).unwrap();
            for (row, values) in matrix.chunks_exact_mut(dim).enumerate() {
                rounding.restore(row, norms[row], values);
            }
            prop_assert!(matrix.iter().zip(&original).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }

    #[test]
    fn a_zero_row_keeps_its_signs() {
        let mut matrix = vec![0.0, -0.0, 1e-45, 1.0];
        let mut rounding = Rounding::room_for(2, 2);
        let norms = rounding.split(&mut matrix, 2).unwrap();
        assert_eq!(norms, [0.0, 1.0]);
        let (zeros, ones) = matrix.split_at_mut(2);
        rounding.restore(0, norms[0], zeros);
        rounding.restore(1, norms[1], ones);
        assert_eq!(matrix.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), [0, 1 << 31, 1, 0x3f80_0000]);
    }
}
