//! finalfusion's own format. A plain matrix stays mapped; a quantised one is reconstructed by finalfusion.

use super::bytes::Complaint;
use super::layout::{self, Array, Layout};
use super::words::WordsChunk;
use super::{Source, quantized};
use crate::error::{Error, Result};
use crate::linalg::norm;
use crate::vectors::mapped::Mapped;
use crate::vectors::rounding::Rounding;
use crate::vectors::rows::{self, Rows};
use crate::vectors::stored::{Checked, Footer};
use crate::vectors::{Subwords, WordVectors};
use rayon::prelude::*;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

pub(super) fn read(source: &Source<'_>, file: &Arc<Mapped>) -> Result<WordVectors> {
    let bad = |complaint| source.bad(1, complaint);
    let layout = Layout::read(source.bytes).map_err(bad)?;
    source.step(0)?;
    let chunk = WordsChunk::read(source.bytes, &layout).map_err(bad)?;
    check_norms(source.bytes, &layout, &chunk).map_err(bad)?;
    match layout.array(source.bytes).map_err(bad)? {
        Some(array) => {
            check_rows(&chunk, array.rows).map_err(bad)?;
            Plain { source, file, layout, chunk, array }.read()
        }
        None => {
            let rows = quantized::check(source.bytes, &layout).map_err(bad)?;
            check_rows(&chunk, rows).map_err(bad)?;
            quantized::read(source, chunk)
        }
    }
}

fn check_rows(chunk: &WordsChunk<'_>, rows: usize) -> Result<(), Complaint> {
    let expected = chunk.words.len() + chunk.ngrams.as_ref().map_or(0, crate::vectors::Ngrams::len);
    if rows == expected {
        Ok(())
    } else {
        Err((format!("{expected} rows, one a word and one a bucket"), format!("{rows} rows")))
    }
}

fn check_norms(bytes: &[u8], layout: &Layout, chunk: &WordsChunk<'_>) -> Result<(), Complaint> {
    match layout.norms(bytes)? {
        Some(norms) if norms.len() != 4 * chunk.words.len() => {
            Err((format!("{} norms", chunk.words.len()), format!("{}", norms.len() / 4)))
        }
        _ => Ok(()),
    }
}

/// A file with a plain matrix.
struct Plain<'a> {
    source: &'a Source<'a>,
    file: &'a Arc<Mapped>,
    layout: Layout,
    chunk: WordsChunk<'a>,
    array: Array,
}

impl Plain<'_> {
    fn read(self) -> Result<WordVectors> {
        let bad = |complaint| self.source.bad(1, complaint);
        let (words, dim) = (self.chunk.words.len(), self.array.dim);
        let vocabulary = self.source.vocabulary(&self.chunk.words, &[], 1)?;
        let split = self.array.values.start + 4 * words * dim;
        let mut units = Rows::of_file(self.file.clone(), self.array.values.start..split);
        let mut norms = match self.layout.norms(self.source.bytes).map_err(bad)? {
            Some(norms) => rows::floats(&self.source.bytes[norms]),
            None => vec![1.0; words],
        };
        let mut rounding = Rounding::room_for(words, dim);
        if let Some(own) = self.own_footer().map_err(bad)? {
            units = Rows::of_file(self.file.clone(), own.units.clone());
            norms = rows::floats(&self.source.bytes[own.norms.clone()]);
            rounding = own.rounding(self.file).map_err(bad)?;
        } else if !are_units(&units, dim) {
            let values = units.chunks_exact(dim).zip(&norms);
            let matrix = values.flat_map(|(row, norm)| row.iter().map(move |value| value * norm)).collect();
            return self.with_subwords(WordVectors::new(vocabulary, matrix, dim)?, split);
        }
        if !norms.iter().all(|norm| norm.is_finite()) {
            return Err(bad(("finite norms".into(), "others".into())));
        }
        self.with_subwords(WordVectors::of_parts(vocabulary, dim, units, norms, rounding), split)
    }

    /// What this project has added behind the last chunk, if the words stand in the chunks.
    fn own_footer(&self) -> Result<Option<Footer>, Complaint> {
        if !Footer::is_there(self.source.bytes) {
            return Ok(None);
        }
        let footer = Footer::read(self.source.bytes)?;
        let same = footer.words == self.chunk.words.len() && footer.dim == self.array.dim;
        Ok(same.then_some(footer))
    }

    fn with_subwords(self, vectors: WordVectors, split: usize) -> Result<WordVectors> {
        let Some(ngrams) = self.chunk.ngrams else { return Ok(vectors) };
        let rows = Rows::of_file(self.file.clone(), split..self.array.values.end);
        if !rows.iter().all(|value| value.is_finite()) {
            let complaint = ("finite values of n-grams".into(), "others".into());
            return Err(self.source.bad(1, complaint));
        }
        vectors.with_subwords(Subwords::of_rows(ngrams, rows, self.array.dim))
    }
}

/// Whether every row has length 1, or is all 0, as finalfusion's convention wants.
fn are_units(units: &[f32], dim: usize) -> bool {
    units.par_chunks_exact(dim).all(|row| {
        let length = norm(row);
        (length - 1.0).abs() < 1e-3 || row.iter().all(|value| *value == 0.0)
    })
}

pub(super) fn write(vectors: &WordVectors, to: &mut impl Write, path: &Path) -> Result<()> {
    vectors.write_stored(&mut Checked::new(to)).map_err(Error::io("write", path))
}

/// Whether a file has a matrix of this project's own making behind its chunks.
pub(super) fn chunk_names(layout: &Layout) -> Vec<&'static str> {
    let name = |kind: &u32| match *kind {
        layout::SIMPLE_VOCAB => "words",
        layout::ARRAY => "matrix",
        layout::BUCKET_VOCAB => "words and finalfusion buckets",
        layout::QUANTIZED => "quantised matrix",
        layout::METADATA => "metadata",
        layout::NORMS => "norms",
        layout::FASTTEXT_VOCAB => "words and fastText buckets",
        layout::EXPLICIT_VOCAB => "words and listed n-grams",
        _ => "floret buckets",
    };
    layout.chunks.iter().map(|(kind, _)| name(kind)).collect()
}
