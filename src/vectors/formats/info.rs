//! What is in a vector file, without reading its matrix.

use super::bytes::{Complaint, Reader};
use super::layout::{self, Layout};
use super::words::WordsChunk;
use super::{Format, bad, detect, fasttext, fifu, floret, read_shape};
use crate::error::Result;
use crate::vectors::mapped::Mapped;
use crate::vectors::subwords::{Index, Ngrams};
use serde::Serialize;
use std::path::Path;

/// What a vector file holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Info {
    /// Its format.
    pub format: Format,
    /// Its size.
    pub bytes: u64,
    /// Number of words, `V`.
    pub words: usize,
    /// Number of values of a vector, `D`.
    pub dim: usize,
    /// How unknown words get vectors, if they do.
    pub subwords: Option<SubwordInfo>,
    /// The parts of a finalfusion file, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<&'static str>,
    /// The notes that a finalfusion file carries, TOML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// Vectors of n-grams in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubwordInfo {
    /// "finalfusion", "fasttext", "floret" or "explicit".
    pub kind: &'static str,
    /// Number of rows.
    pub rows: usize,
    /// Shortest n-gram, in characters.
    pub min_n: u32,
    /// Longest n-gram, in characters.
    pub max_n: u32,
}

impl SubwordInfo {
    fn of(ngrams: &Ngrams) -> Self {
        let kind = match ngrams.0 {
            Index::Bucket(_) => "finalfusion",
            Index::FastText(_) => "fasttext",
            Index::Floret(_) => "floret",
            Index::Explicit(_) => "explicit",
        };
        let (min_n, max_n) = ngrams.lengths();
        Self { kind, rows: ngrams.len(), min_n, max_n }
    }
}

/// Describes a vector file.
///
/// # Errors
/// [`Error::Io`](crate::error::Error::Io) if it cannot be read, [`Error::BadInput`](crate::error::Error::BadInput) if it is
/// not a vector file or its head is not what it claims.
pub fn info(path: &Path) -> Result<Info> {
    let file = Mapped::open(path)?;
    describe(&file).map_err(bad(path, 1))
}

fn describe(bytes: &[u8]) -> Result<Info, Complaint> {
    let format = detect::detect(bytes)?;
    let plain = |words, dim| Info {
        format,
        bytes: bytes.len() as u64,
        words,
        dim,
        subwords: None,
        parts: Vec::new(),
        metadata: None,
    };
    match format {
        Format::Word2vec | Format::Text => {
            let mut reader = Reader::new(bytes, 0);
            let line = reader.until(b'\n', "a first line")?;
            let (words, dim) = read_shape(line, reader.left() + 1, |dim| 2 * dim + 2)?;
            Ok(plain(words, dim))
        }
        Format::Glove => {
            let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let dim = String::from_utf8_lossy(first).split_ascii_whitespace().count().saturating_sub(1);
            let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
            Ok(plain(ends + usize::from(!bytes.ends_with(b"\n")), dim))
        }
        Format::Fasttext => {
            let model = fasttext::Model::read(bytes).map_err(|(_, complaint)| complaint)?;
            let subwords = model.ngrams.as_ref().map(SubwordInfo::of);
            Ok(Info { subwords, ..plain(model.words.len(), model.dim) })
        }
        Format::Floret => {
            let settings = floret::read_settings(bytes)?;
            let (min_n, max_n) = (settings.min_n, settings.max_n);
            let subwords = SubwordInfo { kind: "floret", rows: settings.buckets, min_n, max_n };
            Ok(Info { subwords: Some(subwords), ..plain(0, settings.dim) })
        }
        Format::Fifu | Format::FifuQuantized => describe_fifu(bytes, &plain),
    }
}

fn describe_fifu(bytes: &[u8], plain: &dyn Fn(usize, usize) -> Info) -> Result<Info, Complaint> {
    let layout = Layout::read(bytes)?;
    let chunk = WordsChunk::read(bytes, &layout)?;
    let dim = match (layout.array(bytes)?, layout.chunk(layout::QUANTIZED)) {
        (Some(array), _) => array.dim,
        (None, Some(content)) => Reader::new(bytes, content.start + 12).u32("dimension")? as usize,
        (None, None) => return Err(("a matrix".into(), "none".into())),
    };
    let metadata = layout.chunk(layout::METADATA);
    Ok(Info {
        subwords: chunk.ngrams.as_ref().map(SubwordInfo::of),
        parts: fifu::chunk_names(&layout),
        metadata: metadata.map(|content| String::from_utf8_lossy(&bytes[content]).into_owned()),
        ..plain(chunk.words.len(), dim)
    })
}
