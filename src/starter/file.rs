//! A starter's bytes; docs/formats/starter.md draws them.

use super::Starter;
use crate::bilm::Parts;
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::vectors::{MAX_DIM, WordVectors};
use crate::vocab::Vocabulary;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"sememeST";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 24;
/// What one file may unpack to.
const UNPACKED_MAX: u64 = 1 << 30;
/// Values are rounded to this part of the square root of their row's mean square: an error of a hundredth of its energy, a cosine of .995
/// with the row as it was.
const STEP: f32 = 0.35;
const LEVEL: i32 = 19;
const CURE: &str = "take the file from the project, or make it again with `sememe vectors starter`";

/// What the arrays behind it are.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    name: String,
    words: usize,
    dim: usize,
    hidden: usize,
    layers: usize,
    exponent: f64,
    training: String,
}

impl Starter {
    /// Writes a starter file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let unpacked = self.bytes()?;
        let packed = zstd::encode_all(&unpacked[..], LEVEL).map_err(Error::io("pack", path))?;
        write_whole(path, |to| {
            let header = [
                &MAGIC[..],
                &VERSION.to_le_bytes(),
                &crc32fast::hash(&packed).to_le_bytes(),
                &(unpacked.len() as u64).to_le_bytes(),
            ];
            let parts = header.into_iter().chain([&packed[..]]);
            parts.into_iter().try_for_each(|part| to.write_all(part)).map_err(Error::io("write", path))
        })
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let Parts { hidden, layers, exponent, training, weights, output, whitenings, .. } = &self.parts;
        let (vocabulary, dim) = (self.vectors.vocabulary(), self.vectors.dim());
        let about = About {
            name: self.name.clone(),
            words: vocabulary.len(),
            dim,
            hidden: *hidden,
            layers: *layers,
            exponent: *exponent,
            training: training.clone(),
        };
        let about = serde_json::to_vec(&about)
            .map_err(|error| Error::Library { library: "serde_json", message: error.to_string() })?;
        let mut to = (about.len() as u32).to_le_bytes().to_vec();
        to.extend(about);
        let words: String = vocabulary.iter().flat_map(|(_, word, _)| [word, "\n"]).collect();
        to.extend((words.len() as u32).to_le_bytes());
        to.extend(words.as_bytes());
        vocabulary.counts().iter().for_each(|count| to.extend(count.to_le_bytes()));
        write_rows(&self.vectors.originals(), dim, &mut to);
        write_rows(output, dim, &mut to);
        let small = whitenings.iter().flat_map(|(mean, matrix)| [mean, matrix]);
        for values in std::iter::once(weights).chain(small) {
            values.iter().for_each(|value| to.extend(shortened(*value).to_le_bytes()));
        }
        Ok(to)
    }

    /// Reads a starter file.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Damaged`] if it is not as it was written, or not of ours.
    pub fn open(path: &Path) -> Result<Self> {
        Self::read(&std::fs::read(path).map_err(Error::io("read", path))?, path)
    }

    /// Reads the bytes of a starter file; `path` stands in errors.
    ///
    /// # Errors
    /// [`Error::Damaged`], as [`Starter::open`].
    pub fn read(bytes: &[u8], path: &Path) -> Result<Self> {
        let damaged = |expected: &str, got: String| Error::damaged(path, expected, got, CURE);
        let Some((header, packed)) = bytes.split_at_checked(HEADER_BYTES) else {
            return Err(damaged("a starter model", format!("{} bytes", bytes.len())));
        };
        if &header[..8] != MAGIC {
            return Err(damaged("a starter model", "another file".to_owned()));
        }
        let word = |at: usize| header[at..].first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        if word(8) != VERSION {
            return Err(damaged(&format!("version {VERSION}"), format!("version {}", word(8))));
        }
        let length = u64::from(word(16)) | u64::from(word(20)) << 32;
        let crc = crc32fast::hash(packed);
        if crc != word(12) || length > UNPACKED_MAX {
            return Err(damaged(&format!("checksum {:08x}", word(12)), format!("{crc:08x}")));
        }
        let mut unpacked = Vec::with_capacity(length as usize);
        let decoder = zstd::stream::read::Decoder::new(packed);
        let read = decoder.and_then(|decoder| decoder.take(length + 1).read_to_end(&mut unpacked));
        if read.is_err() || unpacked.len() as u64 != length {
            return Err(damaged(&format!("{length} bytes unpacked"), format!("{}", unpacked.len())));
        }
        let reader = &mut Reader { left: &unpacked };
        Self::unpack(reader).ok_or_else(|| damaged("the arrays of a starter model", "others".to_owned()))?
    }

    /// `None` if the arrays are not as long as they should be.
    fn unpack(from: &mut Reader<'_>) -> Option<Result<Self>> {
        let length = from.number()?;
        let about: About = serde_json::from_slice(from.bytes(length)?).ok()?;
        let length = from.number()?;
        let words = std::str::from_utf8(from.bytes(length)?).ok()?;
        let About { words: count, dim, hidden, layers, .. } = about;
        let weights = Parts::weights_len(dim, hidden, layers)?;
        if words.lines().count() != count || count == 0 || dim > MAX_DIM {
            return None;
        }
        let counts =
            from.bytes(count.checked_mul(8)?)?.as_chunks::<8>().0.iter().map(|c| u64::from_le_bytes(*c));
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
        let About { exponent, training, name, .. } = about;
        let vectors = Vocabulary::from_sorted(words).and_then(|v| WordVectors::new(Arc::new(v), rows, dim));
        let parts = Parts { dim, hidden, layers, exponent, weights, output, whitenings, training };
        Some(vectors.map(|vectors| Self { name, vectors: Arc::new(vectors), parts }))
    }
}

/// Each row's step, then all values in steps.
fn write_rows(rows: &[f32], dim: usize, to: &mut Vec<u8>) {
    let step = |row: &[f32]| STEP * (row.iter().map(|x| x * x).sum::<f32>() / dim as f32).sqrt();
    let steps: Vec<f32> = rows.chunks_exact(dim).map(step).collect();
    steps.iter().for_each(|step| to.extend(step.to_le_bytes()));
    for (row, step) in rows.chunks_exact(dim).zip(steps) {
        let scale = if step > 0.0 { 1.0 / step } else { 0.0 };
        to.extend(row.iter().map(|x| (x * scale).round().clamp(-127.0, 127.0) as i8 as u8));
    }
}

/// The upper half of a number, rounded to the nearest (bfloat16).
fn shortened(value: f32) -> u16 {
    let bits = value.to_bits();
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
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

    fn number(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(*self.bytes(4)?.first_chunk()?) as usize)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_to_the_nearest() {
        // 1 + 2^-8 lies between 1 and 1 + 2^-7 and goes to the even one; 1 + 3·2^-9 lies above the middle.
        let back = |value: f32| f32::from_bits(u32::from(shortened(value)) << 16);
        assert_eq!(back(1.0 + 1.0 / 256.0), 1.0);
        assert_eq!(back(1.0 + 3.0 / 512.0), 1.0 + 1.0 / 128.0);
        assert_eq!(back(-2.5), -2.5);
    }

    #[test]
    fn rows_come_back_within_half_a_step() {
        let rows = [0.3, -0.4, 0.0, 1.2, 0.0, 0.0, 0.0, 0.0];
        let mut bytes = Vec::new();
        write_rows(&rows, 4, &mut bytes);
        let back = Reader { left: &bytes }.rows(2, 4).unwrap();
        // Mean square of the first row: (.09 + .16 + 1.44) / 4 = .4225, root .65, step .2275.
        assert!(rows.iter().zip(&back).all(|(a, b)| (a - b).abs() <= 0.2275 / 2.0 + 1e-6), "{back:?}");
        assert_eq!(back[4..], [0.0; 4]);
    }
}
