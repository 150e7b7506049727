//! Rows of unit length: the vectors of an index, in memory or mapped from a checksummed file. Cosine is their dot product.
//!
//! Not word vectors with their words (those are in `vectors`): rows have numbers only. Layout: docs/formats/matrix.md.

use crate::error::{Error, Result};
use crate::index::mapped::{self, Array, Kind, Mapped};
use crate::index::vector;
use std::path::Path;
use std::sync::Arc;

const KIND: Kind = Kind { magic: b"SMVECTOR", version: 1, cure: "build the index again (`sememe train`)" };
/// The widest rows.
pub const MAX_DIM: usize = 16_384;

/// `len × dim` values of f32, each row of length 1. Cheap to clone: clones share the values.
#[derive(Debug, Clone)]
pub struct Matrix {
    values: Array<f32>,
    len: usize,
    dim: usize,
    fingerprint: u64,
}

impl Matrix {
    /// Scales each row of `values` (row-major, `dim` columns) to length 1. `values` may hold no row at all.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `dim` outside 1 to [`MAX_DIM`], for values that are not whole rows, for 2³¹ rows or more,
    /// and for a row that is zero or not finite: it has no direction, and would be near to everything or to nothing.
    pub fn from_rows(values: &[f32], dim: usize) -> Result<Self> {
        check_shape(values.len(), dim)?;
        let mut rows = Vec::with_capacity(values.len());
        for (row, values) in values.chunks_exact(dim).enumerate() {
            let Some(unit) = vector::unit(values) else {
                let got = "a zero or non-finite vector";
                return Err(Error::invalid(
                    format!("row {row}"),
                    "finite, not all zero",
                    got,
                    "leave it out",
                ));
            };
            rows.extend_from_slice(&unit);
        }
        Self::from_units(rows, dim)
    }

    /// Takes rows that are of length 1 already, as they are.
    pub(crate) fn from_units(values: Vec<f32>, dim: usize) -> Result<Self> {
        let len = check_shape(values.len(), dim)?;
        let sum = mapped::padded_checksum(mapped::bytes_of(&values));
        Ok(Self { fingerprint: fingerprint(sum, len, dim), values: values.into(), len, dim })
    }

    /// Rows that someone else keeps, each of length 1; `fingerprint` tells them from any others.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `dim` outside 1 to [`MAX_DIM`], for values that are not whole rows, for 2³¹ rows or more.
    pub fn shared(values: Arc<dyn AsRef<[f32]> + Send + Sync>, dim: usize, fingerprint: u64) -> Result<Self> {
        let len = check_shape((*values).as_ref().len(), dim)?;
        Ok(Self { values: Array::Shared(values), len, dim, fingerprint })
    }

    /// Maps a file that [`save`](Self::save) wrote, after verifying it. `identity`: see there.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Damaged`] for a file that is not as it was written, or has another identity.
    pub fn open(path: impl AsRef<Path>, identity: Option<u64>) -> Result<Self> {
        let path = path.as_ref();
        let mapped = Mapped::open(path, &KIND, identity)?;
        let (len, dim) = (mapped.numbers[0] as usize, mapped.numbers[1] as usize);
        let shape = (1..=MAX_DIM).contains(&dim) && len < i32::MAX as usize;
        let values = shape.then(|| mapped.array(0, len * dim)).flatten();
        let values = values.ok_or_else(|| {
            Error::damaged(path, "as many values as rows times columns", format!("{len} × {dim}"), KIND.cure)
        })?;
        Ok(Self { fingerprint: fingerprint(mapped.sum(0), len, dim), values, len, dim })
    }

    /// Writes the rows to `path`, atomically. `identity` is any number that tells whose rows these are.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>, identity: u64) -> Result<()> {
        let numbers = [self.len as u64, self.dim as u64, 0, 0, 0, 0, 0, 0];
        mapped::write(path.as_ref(), &KIND, identity, &numbers, &[mapped::bytes_of(&self.values)])
    }

    /// Row `row`, of length 1.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    #[inline]
    pub fn row(&self, row: u32) -> &[f32] {
        &self.values[row as usize * self.dim..][..self.dim]
    }

    /// All rows, row-major.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of columns.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Tells one matrix from another: made of the shape and the checksum of the values.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

fn check_shape(values: usize, dim: usize) -> Result<usize> {
    if !(1..=MAX_DIM).contains(&dim) {
        return Err(Error::invalid("dimension", format!("1 to {MAX_DIM}"), dim, "choose another"));
    }
    if !values.is_multiple_of(dim) {
        let expected = format!("rows of {dim} values");
        return Err(Error::invalid("vectors", expected, format!("{values} values"), "check the dimension"));
    }
    match values / dim {
        len if len < i32::MAX as usize => Ok(len),
        len => Err(Error::invalid("vectors", "less than 2^31 rows", len, "split the collection")),
    }
}

fn fingerprint(sum: u32, len: usize, dim: usize) -> u64 {
    let shape = [(len as u64).to_le_bytes(), (dim as u64).to_le_bytes()].concat();
    u64::from(crc32fast::hash(&shape)) << 32 | u64::from(sum)
}
