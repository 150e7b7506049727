//! floret's text: a line of settings, then a line a bucket; words are among their own n-grams and have no rows.
//!
//! finalfusion reads and writes it; its settings are held against the file first.

use super::bytes::{Complaint, Reader};
use super::{Source, clip};
use crate::error::{Error, Result};
use crate::vectors::subwords::{Index, check_lengths};
use crate::vectors::{MAX_DIM, Ngrams, Subwords, WordVectors};
use crate::vocab::Vocabulary;
use finalfusion::compat::floret::{FloretIndexer, ReadFloretText};
use finalfusion::embeddings::Embeddings;
use finalfusion::storage::{NdArray, StorageView};
use finalfusion::vocab::FloretSubwordVocab;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::Arc;

/// The settings of a file.
pub(super) struct Settings {
    pub(super) buckets: usize,
    pub(super) dim: usize,
    pub(super) min_n: u32,
    pub(super) max_n: u32,
}

pub(super) fn read(source: &Source<'_>) -> Result<WordVectors> {
    let settings = read_settings(source.bytes).map_err(|complaint| source.bad(1, complaint))?;
    source.step(0)?;
    let read: Embeddings<FloretSubwordVocab, NdArray> =
        Embeddings::read_floret_text(&mut Cursor::new(source.bytes))
            .map_err(|error| source.bad(2, ("a line for each bucket".into(), error.to_string())))?;
    let (_, vocab, storage, _) = read.into_parts();
    let values = storage.view().iter().copied().collect::<Vec<f32>>();
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let line = (at / settings.dim + 2) as u64;
        return Err(source.bad(line, ("finite values".into(), values[at].to_string())));
    }
    let subwords = Subwords::new(Ngrams(Index::Floret(vocab)), values, settings.dim)?;
    let words = Arc::new(Vocabulary::default());
    WordVectors::new(words, Vec::new(), settings.dim)?.with_subwords(subwords)
}

pub(super) fn read_settings(bytes: &[u8]) -> Result<Settings, Complaint> {
    let mut reader = Reader::new(bytes, 0);
    let line = reader.until(b'\n', "a first line")?;
    let line =
        str::from_utf8(line).map_err(|_| ("a first line in UTF-8".to_string(), "other bytes".to_string()))?;
    let fields: Vec<&str> = line.split(' ').collect();
    let numbers: Vec<u64> = fields.iter().map_while(|field| field.parse().ok()).collect();
    let (8, [buckets, dim, min_n, max_n, hashes, seed, ..]) = (fields.len(), &numbers[..]) else {
        let expected = "buckets, dimension, shortest and longest n-gram, hashes, seed, begin and end of word";
        return Err((expected.into(), format!("{:?}", clip(line))));
    };
    let (min, max) = (u32::try_from(*min_n).unwrap_or(0), u32::try_from(*max_n).unwrap_or(0));
    check_lengths(min, max).map_err(|error| ("n-grams that can be".to_string(), error.to_string()))?;
    let possible = (1..=1 << 30).contains(buckets)
        && (1..=MAX_DIM as u64).contains(dim)
        && (1..=4).contains(hashes)
        && *seed <= u64::from(u32::MAX);
    // Each line is a number and `dim` values, each of two characters at least.
    if !possible || buckets * (2 * dim + 2) > reader.left() as u64 + 1 {
        let got = format!("{line:?} before {} bytes", reader.left());
        return Err((format!("{buckets} lines of {dim} values, 1 to 4 hashes and a 32-bit seed"), got));
    }
    Ok(Settings { buckets: *buckets as usize, dim: *dim as usize, min_n: min, max_n: max })
}

pub(super) fn write(vectors: &WordVectors, to: &mut impl Write, path: &Path) -> Result<()> {
    let Some((subwords, Index::Floret(vocab))) = vectors.subwords().map(|s| (s, &s.ngrams().0)) else {
        let cure = "export as fifu: floret holds nothing but its own n-grams";
        return Err(Error::invalid("subwords", "those of floret", "none, or of another kind", cure));
    };
    write_lines(vocab, subwords, to).map_err(Error::io("write", path))
}

/// As finalfusion's `write_floret_text`, which wants a matrix of its own.
fn write_lines(vocab: &FloretSubwordVocab, subwords: &Subwords, to: &mut impl Write) -> std::io::Result<()> {
    let indexer: &FloretIndexer = vocab.indexer();
    let (buckets, hashes, seed) = (indexer.n_buckets(), indexer.n_hashes(), indexer.seed());
    let (min_n, max_n, bow, eow) = (vocab.min_n(), vocab.max_n(), vocab.bow(), vocab.eow());
    writeln!(to, "{buckets} {} {min_n} {max_n} {hashes} {seed} {bow} {eow}", subwords.dim())?;
    for (bucket, row) in subwords.matrix().chunks_exact(subwords.dim()).enumerate() {
        write!(to, "{bucket}")?;
        row.iter().try_for_each(|value| write!(to, " {value}"))?;
        writeln!(to)?;
    }
    Ok(())
}
