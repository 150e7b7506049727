//! Stored occurrences: words in their sentences, a few of each word, with their contextual vectors.
//!
//! Which are kept follows from the documents' numbers alone, so that the same documents give the same index. A word that occurs
//! `n` times keeps each occurrence with probability cap / n.

use crate::encoder::{ContextualEncoder, Encoder, TokenVectors};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::index::{Flat, Matrix, VectorIndex};
use crate::linalg;
use crate::text::{Analysis, Token};
use crate::vocab::WordId;
use std::io::Write;
use std::path::Path;

/// Contextual vectors of the occurrences, one row each.
pub(in crate::engine) const OCCURRENCE_VECTORS: &str = "occurrences.matrix";
/// Where each row stands.
pub(in crate::engine) const OCCURRENCES: &str = "occurrences.bin";

/// Occurrences of a word that are kept, about.
const CAP: u64 = 20;
/// Occurrences kept in all, about: with 600 values each, a hundred megabytes.
const MOST: u64 = 40_000;
/// Words so frequent are function words; their occurrences say nothing to anyone.
const FUNCTION_WORDS: u32 = 200;

/// Sentences that are read at a time.
const SENTENCES_READ: usize = 64;

const MAGIC: &[u8; 8] = b"smmoccs\0";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
const ROW_BYTES: usize = 20;
const CURE: &str = "rebuild it with `sememe index COLLECTION`";

/// Where an occurrence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Place {
    /// The document.
    pub seq: i64,
    /// The word.
    pub word: u32,
    /// Its bytes in the document's full text.
    pub start: u32,
    pub end: u32,
}

/// Occurrences with their contextual vectors.
pub(in crate::engine) type Kept = Vec<(Place, Vec<f32>)>;

/// The contextual vector of a text, of length 1, before any direction is removed; `None` if no word of it has one. Each sentence is
/// shown with its tokens' vectors as it is read.
pub(in crate::engine) fn text_vector(
    encoder: &ContextualEncoder,
    analysis: &Analysis,
    mut shown: impl FnMut(&[Token<'_>], &TokenVectors),
) -> Option<Vec<f32>> {
    let sentences: Vec<Vec<Token<'_>>> = analysis.sentences().map(Iterator::collect).collect();
    let mut sum = vec![0.0; encoder.dim()];
    for some in sentences.chunks(SENTENCES_READ) {
        let texts: Vec<Vec<&str>> =
            some.iter().map(|sentence| sentence.iter().map(|token| token.text).collect()).collect();
        for ((tokens, text), vectors) in some.iter().zip(&texts).zip(encoder.sentences(&texts)) {
            encoder.add_up(&mut sum, text, &vectors);
            shown(tokens, &vectors);
        }
    }
    (linalg::normalize(&mut sum) > 0.0).then_some(sum)
}

/// Collects occurrences while documents are read.
pub(in crate::engine) struct Sampler<'a> {
    encoder: &'a ContextualEncoder,
    cap: u64,
    places: Vec<Place>,
    rows: Vec<f32>,
}

impl<'a> Sampler<'a> {
    pub(in crate::engine) fn new(encoder: &'a ContextualEncoder) -> Self {
        let words = encoder.model().vectors().vocabulary().len().max(1) as u64;
        Self { encoder, cap: CAP.min((MOST / words).max(1)), places: Vec::new(), rows: Vec::new() }
    }

    /// Number of values of a row.
    pub(in crate::engine) fn dim(&self) -> usize {
        self.encoder.dim()
    }

    /// One document read: the occurrences to keep, and the vector of the whole text.
    pub(in crate::engine) fn of(&self, seq: i64, analysis: &Analysis) -> (Kept, Option<Vec<f32>>) {
        let vocabulary = self.encoder.model().vectors().vocabulary();
        let (mut kept, mut number) = (Vec::new(), 0u64);
        let vector = text_vector(self.encoder, analysis, |tokens, vectors| {
            for (token, vector) in tokens.iter().zip(vectors) {
                number += 1;
                if let (Some(vector), Some(id)) = (vector, vocabulary.id(token.text))
                    && self.keeps(id, seq, number, vocabulary.count(id))
                {
                    let (start, end) = (token.range.start as u32, token.range.end as u32);
                    kept.push((Place { seq, word: id.0, start, end }, vector.clone()));
                }
            }
        });
        (kept, vector)
    }

    fn keeps(&self, id: WordId, seq: i64, number: u64, count: u64) -> bool {
        if id.0 < FUNCTION_WORDS.min(self.encoder.model().vectors().vocabulary().len() as u32 / 10) {
            return false;
        }
        let hash = crc32fast::hash(&[seq.to_le_bytes(), number.to_le_bytes()].concat());
        u64::from(hash) * count.max(1) <= self.cap << 32
    }

    pub(in crate::engine) fn add(&mut self, kept: Kept) {
        for (place, vector) in kept {
            if self.places.len() as u64 >= 2 * MOST {
                return;
            }
            self.places.push(place);
            self.rows.extend(vector);
        }
    }

    /// Writes both files into a folder; nothing if there is no occurrence.
    pub(in crate::engine) fn save(&self, folder: &Path) -> Result<()> {
        if self.places.is_empty() {
            return Ok(());
        }
        Matrix::from_rows(&self.rows, self.encoder.dim())?.save(folder.join(OCCURRENCE_VECTORS), 0)?;
        let mut body = Vec::with_capacity(self.places.len() * ROW_BYTES);
        for place in &self.places {
            body.extend_from_slice(&place.seq.to_le_bytes());
            [place.word, place.start, place.end]
                .iter()
                .for_each(|number| body.extend_from_slice(&number.to_le_bytes()));
        }
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        header.extend_from_slice(&(self.places.len() as u64).to_le_bytes());
        header.resize(HEADER_BYTES, 0);
        let path = folder.join(OCCURRENCES);
        write_whole(&path, |to| {
            to.write_all(&header).and_then(|()| to.write_all(&body)).map_err(Error::io("write", &path))
        })
    }
}

/// The occurrences of a generation, open.
pub(in crate::engine) struct Occurrences {
    places: Vec<Place>,
    index: Flat,
}

impl Occurrences {
    /// Opens those of a folder; `None` if it has none.
    pub(in crate::engine) fn open(folder: &Path, dim: usize) -> Result<Option<Self>> {
        let path = folder.join(OCCURRENCES);
        if !path.exists() {
            return Ok(None);
        }
        let places = read_places(&path)?;
        let matrix = Matrix::open(folder.join(OCCURRENCE_VECTORS), None)?;
        if (matrix.len(), matrix.dim()) != (places.len(), dim) {
            let got = format!("{} x {}", matrix.len(), matrix.dim());
            return Err(Error::damaged(&path, format!("{} x {dim}", places.len()), got, CURE));
        }
        Ok(Some(Self { places, index: Flat::with_codes(matrix) }))
    }

    /// The `k` nearest to a contextual vector.
    pub(in crate::engine) fn nearest(&self, vector: &[f32], k: usize) -> Result<Vec<(Place, f32)>> {
        let found = self.index.search(vector, k, &Default::default())?;
        Ok(found.iter().map(|hit| (self.places[hit.row as usize], hit.similarity)).collect())
    }
}

fn read_places(path: &Path) -> Result<Vec<Place>> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    let damaged = |expected: &str, got: String| Error::damaged(path, expected, got, CURE);
    let Some((header, body)) = bytes.split_at_checked(HEADER_BYTES) else {
        return Err(damaged("a header of 32 bytes", format!("{} bytes", bytes.len())));
    };
    let number = |bytes: &[u8], at: usize| {
        u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
    };
    if header[..8] != *MAGIC || number(header, 8) != VERSION {
        return Err(damaged("occurrences of version 1", format!("{:02x?}", &header[..12])));
    }
    let count = u64::from(number(header, 16)) | u64::from(number(header, 20)) << 32;
    if count.checked_mul(ROW_BYTES as u64) != Some(body.len() as u64)
        || crc32fast::hash(body) != number(header, 12)
    {
        return Err(damaged("its rows and their checksum", format!("{} bytes", body.len())));
    }
    let place = |row: &[u8]| Place {
        seq: (u64::from(number(row, 0)) | u64::from(number(row, 4)) << 32).cast_signed(),
        word: number(row, 8),
        start: number(row, 12),
        end: number(row, 16),
    };
    Ok(body.chunks_exact(ROW_BYTES).map(place).collect())
}
