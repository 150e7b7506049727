//! The chunks of a finalfusion file, found and measured without reading them.
//!
//! finalfusion trusts the sizes that a file names and allocates them; here each is held against the length of the file.
//! Source: the finalfusion format, <https://finalfusion.github.io/spec>.

use super::bytes::{Complaint, Reader};
use crate::vectors::rows::MAX_DIM;
use std::ops::Range;

pub(crate) const MAGIC: &[u8; 4] = b"FiFu";
pub(crate) const VERSION: u32 = 0;
/// Type number of `f32` values.
pub(crate) const F32: u32 = 10;

pub(crate) const SIMPLE_VOCAB: u32 = 1;
pub(crate) const ARRAY: u32 = 2;
pub(crate) const BUCKET_VOCAB: u32 = 3;
pub(crate) const QUANTIZED: u32 = 4;
pub(crate) const METADATA: u32 = 5;
pub(crate) const NORMS: u32 = 6;
pub(crate) const FASTTEXT_VOCAB: u32 = 7;
pub(crate) const EXPLICIT_VOCAB: u32 = 8;
pub(crate) const FLORET_VOCAB: u32 = 9;

/// Where each chunk's content stands in the file.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Chunk number and content, in file order.
    pub(crate) chunks: Vec<(u32, Range<usize>)>,
}

/// A matrix of `rows` x `dim` values of four bytes.
#[derive(Debug, Clone)]
pub(crate) struct Array {
    pub(crate) rows: usize,
    pub(crate) dim: usize,
    pub(crate) values: Range<usize>,
}

impl Layout {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Complaint> {
        let mut reader = Reader::new(bytes, 0);
        let magic = reader.take(4, "the magic \"FiFu\"")?;
        if magic != MAGIC {
            return Err(("a file that begins with \"FiFu\"".into(), format!("{magic:?}")));
        }
        let version = reader.u32("a version")?;
        if version != VERSION {
            return Err(("finalfusion version 0".into(), format!("version {version}")));
        }
        let count = reader.number(2..=4, false, "number of chunks")?;
        let kinds = (0..count).map(|_| reader.u32("a chunk number")).collect::<Result<Vec<_>, _>>()?;
        let mut chunks = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let found = reader.u32("a chunk number")?;
            if found != kind || !(SIMPLE_VOCAB..=FLORET_VOCAB).contains(&kind) {
                return Err((
                    "a chunk of 1 to 9, as the head lists it".into(),
                    format!("chunk {found}, listed as {kind}"),
                ));
            }
            let len = reader.u64("a chunk length")?;
            let start = reader.at();
            reader.take(len, "a chunk")?;
            chunks.push((kind, start..reader.at()));
        }
        Ok(Self { chunks })
    }

    /// The content of the chunk of this kind.
    pub(crate) fn chunk(&self, kind: u32) -> Option<Range<usize>> {
        self.chunks.iter().find(|(found, _)| *found == kind).map(|(_, content)| content.clone())
    }

    /// The embedding matrix, if it is not quantised.
    pub(crate) fn array(&self, bytes: &[u8]) -> Result<Option<Array>, Complaint> {
        let Some(content) = self.chunk(ARRAY) else { return Ok(None) };
        let mut reader = Reader::new(&bytes[..content.end], content.start);
        let rows = reader.u64("number of rows")?;
        let dim = reader.number(1..=MAX_DIM as u64, false, "dimension")?;
        let values = values(&mut reader, rows, dim)?;
        Ok(Some(Array { rows: rows as usize, dim: dim as usize, values }))
    }

    /// The lengths that the rows had.
    pub(crate) fn norms(&self, bytes: &[u8]) -> Result<Option<Range<usize>>, Complaint> {
        let Some(content) = self.chunk(NORMS) else { return Ok(None) };
        let mut reader = Reader::new(&bytes[..content.end], content.start);
        let count = reader.u64("number of norms")?;
        values(&mut reader, count, 1).map(Some)
    }
}

/// Type number, padding to a multiple of four (1 to 4 bytes), and `rows` x `dim` values.
fn values(reader: &mut Reader<'_>, rows: u64, dim: u64) -> Result<Range<usize>, Complaint> {
    reader.number(u64::from(F32)..=u64::from(F32), false, "value type")?;
    reader.take(padding(reader.at()) as u64, "padding")?;
    let start = reader.at();
    let len = rows
        .checked_mul(dim * 4)
        .ok_or_else(|| ("a matrix that fits the file".to_string(), format!("{rows} rows of {dim} values")))?;
    reader.take(len, "a matrix")?;
    Ok(start..reader.at())
}

/// Bytes from `at` to the next multiple of four; four where `at` is one.
pub(crate) fn padding(at: usize) -> usize {
    4 - at % 4
}
