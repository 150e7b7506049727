//! finalfusion's product-quantised matrices: written and reconstructed by finalfusion, checked here first.

use super::Source;
use super::bytes::{Complaint, Reader};
use super::layout::{self, Layout};
use super::words::WordsChunk;
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::vectors::stored::Checked;
use crate::vectors::{MAX_DIM, Subwords, WordVectors};
use finalfusion::embeddings::Quantize;
use finalfusion::io::WriteEmbeddings;
use finalfusion::prelude::*;
use finalfusion::storage::Storage;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use reductive::pq::Pq;
use std::io::{BufReader, Cursor, Write};
use std::path::Path;

/// How to quantise: each vector becomes `subquantizers` codes of `bits` bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantization {
    /// Codes a vector; 0 for half the dimension. It divides the dimension.
    pub subquantizers: usize,
    /// Bits a code, 1 to 8.
    pub bits: u32,
    /// Rounds of k-means.
    pub iterations: usize,
    /// For the choice of first centroids. The same seed gives the same vectors, but not the same bytes: the library numbers
    /// centroids in the order of a hash set.
    pub seed: u64,
}

impl Default for Quantization {
    /// Two values a byte: an eighth of the size.
    fn default() -> Self {
        Self { subquantizers: 0, bits: 8, iterations: 25, seed: 1 }
    }
}

/// Checks the chunk of a quantised matrix; returns its number of rows.
pub(super) fn check(bytes: &[u8], layout: &Layout) -> Result<usize, Complaint> {
    let content = layout.chunk(layout::QUANTIZED);
    let content = content.ok_or_else(|| ("a matrix".to_string(), "none".to_string()))?;
    let mut reader = Reader::new(&bytes[..content.end], content.start);
    let has_projection = reader.number(0..=1, false, "projection")?;
    let has_norms = reader.number(0..=1, false, "norms")?;
    let codes = reader.number(1..=MAX_DIM as u64, false, "codes a row")?;
    let dim = reader.number(codes..=MAX_DIM as u64, false, "dimension")?;
    let centroids = reader.number(1..=256, false, "number of centroids")?;
    let rows = reader.u64("number of rows")?;
    reader.number(1..=1, false, "code type")?;
    reader.number(u64::from(layout::F32)..=u64::from(layout::F32), false, "value type")?;
    if !dim.is_multiple_of(codes) {
        return Err((format!("a dimension that {codes} codes divide"), dim.to_string()));
    }
    reader.take(layout::padding(reader.at()) as u64, "padding")?;
    reader.take(has_projection * dim * dim * 4, "a projection")?;
    reader.take(codes * centroids * (dim / codes) * 4, "centroids")?;
    let too_many = || (format!("{rows} rows"), "a smaller file".to_string());
    reader.take(has_norms * rows.checked_mul(4).ok_or_else(too_many)?, "norms of rows")?;
    let all = reader.take(rows.checked_mul(codes).ok_or_else(too_many)?, "codes")?;
    match all.iter().find(|code| u64::from(**code) >= centroids) {
        Some(code) => Err((format!("codes below {centroids}"), code.to_string())),
        None => Ok(rows as usize),
    }
}

/// Reads a file that has been checked.
pub(super) fn read(source: &Source<'_>, chunk: WordsChunk<'_>) -> Result<WordVectors> {
    let read: Embeddings<VocabWrap, StorageWrap> =
        Embeddings::read_embeddings(&mut Cursor::new(source.bytes))
            .map_err(|error| source.bad(1, ("a quantised finalfusion file".into(), error.to_string())))?;
    let vocabulary = source.vocabulary(&chunk.words, &[], 1)?;
    let (_, _, storage, norms) = read.into_parts();
    let (rows, dim) = storage.shape();
    let mut values = Vec::with_capacity(rows * dim);
    for first in (0..rows).step_by(4096) {
        let ids: Vec<usize> = (first..rows.min(first + 4096)).collect();
        values.extend(storage.embeddings(&ids).iter());
        source.step(source.bytes.len() / rows.max(1) * first)?;
    }
    let buckets = values.split_off(chunk.words.len() * dim);
    for (row, norm) in values.chunks_exact_mut(dim).zip(norms.iter().flat_map(|norms| norms.iter())) {
        row.iter_mut().for_each(|value| *value *= norm);
    }
    let vectors = WordVectors::new(vocabulary, values, dim);
    let vectors = vectors.map_err(|error| source.bad(1, ("finite values".into(), error.to_string())))?;
    match chunk.ngrams {
        Some(ngrams) => vectors.with_subwords(Subwords::new(ngrams, buckets, dim)?),
        None => Ok(vectors),
    }
}

/// Quantises through a plain file beside the target, which finalfusion maps: the matrix is never copied.
pub(super) fn write(vectors: &WordVectors, path: &Path, how: &Quantization) -> Result<()> {
    let subquantizers = if how.subquantizers == 0 { vectors.dim().div_ceil(2) } else { how.subquantizers };
    let rows = vectors.len() + vectors.subwords().map_or(0, |subwords| subwords.ngrams().len());
    check_choice(vectors.dim(), rows, subquantizers, how)?;
    let library = |error: finalfusion::error::Error| Error::Library {
        library: "finalfusion",
        message: error.to_string(),
    };
    let mut plain = tempfile::tempfile().map_err(Error::io("create", "a temporary file"))?;
    let mut buffer = std::io::BufWriter::new(&mut plain);
    vectors.write_stored(&mut Checked::new(&mut buffer)).map_err(Error::io("write", "a temporary file"))?;
    buffer.flush().map_err(Error::io("write", "a temporary file"))?;
    drop(buffer);
    std::io::Seek::rewind(&mut plain).map_err(Error::io("read", "a temporary file"))?;
    let plain: Embeddings<VocabWrap, StorageViewWrap> =
        Embeddings::mmap_embeddings(&mut BufReader::new(plain)).map_err(library)?;
    let random = ChaCha8Rng::seed_from_u64(how.seed);
    let quantized = plain
        .quantize_using::<Pq<f32>, _>(subquantizers, how.bits, how.iterations, 1, true, random)
        .map_err(library)?;
    write_whole(path, |to| quantized.write_embeddings(to).map_err(library))
}

fn check_choice(dim: usize, rows: usize, subquantizers: usize, how: &Quantization) -> Result<()> {
    if subquantizers == 0 || !dim.is_multiple_of(subquantizers) {
        let cure = "half or a quarter of the dimension is usual";
        return Err(Error::invalid("subquantizers", format!("a divisor of {dim}"), subquantizers, cure));
    }
    let most = rows.max(1).ilog2().min(8);
    if !(1..=most).contains(&how.bits) || !(1..=1000).contains(&how.iterations) {
        let got = format!("{} bits, {} rounds", how.bits, how.iterations);
        let expected = format!("1 to {most} bits for {rows} rows, 1 to 1000 rounds");
        return Err(Error::invalid("quantization", expected, got, "ask for fewer bits"));
    }
    Ok(())
}
