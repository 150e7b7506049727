//! The rows of a matrix, owned or mapped from a file.

use super::mapped::Mapped;
use crate::error::{Error, Result};
use std::ops::{Deref, Range};
use std::sync::Arc;

/// The largest dimension of a vector: far above any in use, and low enough that sizes cannot overflow.
pub const MAX_DIM: usize = 16_384;

/// Row-major `f32` values.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// In memory.
    Owned(Arc<Vec<f32>>),
    /// Bytes `range` of a mapped file, in this machine's byte order.
    Mapped(Arc<Mapped>, Range<usize>),
}

impl Rows {
    pub(crate) fn owned(values: Vec<f32>) -> Self {
        Self::Owned(Arc::new(values))
    }

    /// Little-endian values at `range` of a file, which must be aligned to four bytes.
    pub(crate) fn of_file(file: Arc<Mapped>, range: Range<usize>) -> Self {
        if cfg!(target_endian = "little") {
            Self::Mapped(file, range)
        } else {
            Self::owned(floats(&file[range]))
        }
    }
}

impl Deref for Rows {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            Self::Owned(values) => values,
            Self::Mapped(file, range) => file.floats(range.clone()),
        }
    }
}

impl AsRef<[f32]> for Rows {
    fn as_ref(&self) -> &[f32] {
        self
    }
}

/// Little-endian values.
pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// That `values` values are `words` rows of `dim`.
pub(crate) fn check_shape(words: usize, dim: usize, values: usize) -> Result<()> {
    if !(1..=MAX_DIM).contains(&dim) {
        let cure = "usual dimensions are 50 to 300";
        return Err(Error::invalid("dimension", format!("1 to {MAX_DIM}"), dim, cure));
    }
    if words.checked_mul(dim) != Some(values) {
        let expected = format!("{words} rows of {dim}");
        return Err(Error::invalid("vectors", expected, format!("{values} values"), "give one row a word"));
    }
    Ok(())
}
