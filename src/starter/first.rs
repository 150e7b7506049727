//! Files of version 1, as they were written before: one frame, every output vector by itself. Read, no longer written.

use super::Starter;
use crate::bilm::Parts;
use crate::error::Result;
use crate::vectors::{MAX_DIM, WordVectors};
use crate::vocab::Vocabulary;
use serde::Deserialize;
use std::sync::Arc;

/// What the arrays behind it are.
#[derive(Deserialize)]
struct About {
    name: String,
    words: usize,
    dim: usize,
    hidden: usize,
    layers: usize,
    exponent: f64,
    training: String,
}

/// The starter that a frame unpacks to; `None` if its arrays are not as long as they should be.
pub(super) fn unpack(packed: &[u8], length: usize) -> Option<Result<Starter>> {
    let unpacked = zstd::bulk::decompress(packed, length).ok().filter(|bytes| bytes.len() == length)?;
    let from = &mut Reader { left: &unpacked };
    let about = from.text()?;
    let About { name, words: count, dim, hidden, layers, exponent, training } =
        serde_json::from_slice(about).ok()?;
    let words = std::str::from_utf8(from.text()?).ok()?;
    let weights = Parts::weights_len(dim, hidden, layers)?;
    if words.lines().count() != count || count == 0 || dim > MAX_DIM {
        return None;
    }
    let counts = from.bytes(count.checked_mul(8)?)?.as_chunks::<8>().0.iter().map(|c| u64::from_le_bytes(*c));
    let words = words.lines().map(Box::from).zip(counts).collect();
    let rows = from.rows(count, dim)?;
    let output = from.rows(count, dim)?;
    let weights = from.halves(weights)?;
    let whitening = |from: &mut Reader<'_>| Some((from.halves(dim)?, from.halves(dim * dim)?));
    let whitenings = [whitening(from)?, whitening(from)?];
    let numbers = [&output, &weights].into_iter().chain(whitenings.iter().flat_map(|(a, b)| [a, b]));
    if !from.left.is_empty() || !numbers.into_iter().flatten().all(|value| value.is_finite()) {
        return None;
    }
    let vectors = Vocabulary::from_sorted(words).and_then(|v| WordVectors::new(Arc::new(v), rows, dim));
    let parts = Parts { dim, hidden, layers, exponent, weights, output, whitenings, training };
    Some(vectors.map(|vectors| Starter { name, vectors: Arc::new(vectors), parts, foretold: count }))
}

/// What is left to read.
struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, left) = self.left.split_at_checked(count)?;
        self.left = left;
        Some(bytes)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_le_bytes(*self.bytes(4)?.first_chunk()?) as usize;
        self.bytes(length)
    }

    fn rows(&mut self, count: usize, dim: usize) -> Option<Vec<f32>> {
        let steps = self.bytes(count.checked_mul(4)?)?.as_chunks::<4>().0;
        let values = self.bytes(count.checked_mul(dim)?)?;
        let rows = steps.iter().zip(values.chunks_exact(dim));
        let row = |(step, row): (&[u8; 4], &'a [u8])| {
            let step = f32::from_le_bytes(*step);
            row.iter().map(move |value| f32::from(value.cast_signed()) * step)
        };
        Some(rows.flat_map(row).collect())
    }

    fn halves(&mut self, count: usize) -> Option<Vec<f32>> {
        let values = self.bytes(count.checked_mul(2)?)?.as_chunks::<2>().0;
        Some(values.iter().map(|half| f32::from_bits(u32::from(u16::from_le_bytes(*half)) << 16)).collect())
    }
}
