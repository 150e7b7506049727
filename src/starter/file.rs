//! A starter's bytes; docs/formats/starter.md draws them.

use super::rows::{level, read_halves, write_halves, write_steps};
use super::{Starter, expected, first};
use crate::bilm::Parts;
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::vectors::{MAX_DIM, WordVectors};
use crate::vocab::Vocabulary;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"sememeST";
const VERSION: u32 = 2;
const HEADER_BYTES: usize = 24;
/// What one file may unpack to.
const UNPACKED_MAX: u64 = 1 << 30;
/// Rows packed together: several threads read them.
const PIECE: usize = 8_192;
const LEVEL: i32 = 22;
const CURE: &str = "take the file from the project, or make it again with `sememe vectors starter`";

/// How finely values are rounded: in steps of a part of their row's root mean square.
#[derive(Debug, Clone, Copy)]
pub struct Rounding {
    /// So many of the most frequent words are stored finely.
    pub frequent: usize,
    /// Their step: 0.25 is an error of a two-hundredth of the row's energy. Analogies, which add three vectors, feel more.
    pub step: f32,
    /// That of all other words: 1 is an error of a twelfth.
    pub rare_step: f32,
    /// So many of the most frequent words have an output vector of their own; the others share one.
    pub outputs: usize,
    /// The step of these.
    pub output_step: f32,
}

impl Default for Rounding {
    fn default() -> Self {
        Self { frequent: 25_000, step: 0.25, rare_step: 1.0, outputs: 30_000, output_step: 0.7 }
    }
}

/// What the arrays behind it are.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    name: String,
    words: usize,
    dim: usize,
    hidden: usize,
    layers: usize,
    exponent: f64,
    /// Words with an output vector.
    outputs: usize,
    training: String,
}

impl Starter {
    /// Writes a starter file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        self.save_rounded(path, Rounding::default())
    }

    /// The same, rounded as it is told to be.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save_rounded(&self, path: &Path, rounding: Rounding) -> Result<()> {
        let sections = self.sections(rounding)?;
        let packed: std::io::Result<Vec<Vec<u8>>> =
            sections.par_iter().map(|section| zstd::bulk::compress(section, LEVEL)).collect();
        let packed = packed.map_err(Error::io("pack", path))?;
        let mut body = Vec::new();
        for (packed, section) in packed.iter().zip(&sections) {
            body.extend((packed.len() as u64).to_le_bytes());
            body.extend((section.len() as u64).to_le_bytes());
        }
        packed.iter().for_each(|packed| body.extend(packed));
        write_whole(path, |to| {
            let numbers = [VERSION, crc32fast::hash(&body), sections.len() as u32, 0];
            let header = std::iter::once(MAGIC.to_vec()).chain(numbers.map(|n| n.to_le_bytes().to_vec()));
            header.chain([body]).try_for_each(|part| to.write_all(&part)).map_err(Error::io("write", path))
        })
    }

    /// The head, pieces of vectors, pieces of output vectors, all other numbers.
    fn sections(&self, rounding: Rounding) -> Result<Vec<Vec<u8>>> {
        let dim = self.vectors.dim();
        let originals = self.vectors.originals();
        let part = |row: usize| if row < rounding.frequent { rounding.step } else { rounding.rare_step };
        let inputs = pieces(&originals, &vec![0.0; originals.len()], dim, part);
        let mut stored = vec![0.0; originals.len()];
        for (rows, piece) in stored.chunks_mut(PIECE * dim).zip(&inputs) {
            add_rows(piece, rows, dim);
        }
        let stored = WordVectors::new(Arc::clone(self.vectors.vocabulary()), stored, dim)?;
        let (outputs, map) = self.outputs(&stored, rounding);
        let Parts { weights, whitenings, .. } = &self.parts;
        let small = whitenings.iter().flat_map(|(mean, matrix)| [mean, matrix]);
        let numbers: Vec<f32> =
            std::iter::once(weights).chain(small).chain([&map]).flatten().copied().collect();
        let mut last = Vec::new();
        write_halves(&numbers, &mut last);
        Ok([self.head(rounding.outputs)?].into_iter().chain(inputs).chain(outputs).chain([last]).collect())
    }

    /// Pieces of output vectors, less what is expected of them, and the map that tells it.
    fn outputs(&self, stored: &WordVectors, rounding: Rounding) -> (Vec<Vec<u8>>, Vec<f32>) {
        let dim = stored.dim();
        let kept = rounding.outputs.min(self.foretold) * dim;
        let (output, units) = (&self.parts.output[..kept], &stored.units()[..kept]);
        let mut in_steps = output.to_vec();
        for row in in_steps.chunks_mut(dim) {
            let step = rounding.output_step * level(row);
            row.iter_mut().for_each(|x| *x = if step > 0.0 { *x / step } else { 0.0 });
        }
        let map = expected::fit(units, &in_steps, dim);
        let mut told = vec![0.0; kept];
        expected::apply(&map, units, dim, &mut told);
        (pieces(output, &told, dim, |_| rounding.output_step), map)
    }

    /// What the arrays are, the words and their counts.
    fn head(&self, outputs: usize) -> Result<Vec<u8>> {
        let Parts { hidden, layers, exponent, training, .. } = &self.parts;
        let vocabulary = self.vectors.vocabulary();
        let about = About {
            name: self.name.clone(),
            words: vocabulary.len(),
            dim: self.vectors.dim(),
            hidden: *hidden,
            layers: *layers,
            exponent: *exponent,
            outputs: outputs.min(self.foretold),
            training: training.clone(),
        };
        let about = serde_json::to_vec(&about)
            .map_err(|error| Error::Library { library: "serde_json", message: error.to_string() })?;
        let words: String = vocabulary.iter().flat_map(|(_, word, _)| [word, "\n"]).collect();
        let mut to = Vec::new();
        for text in [&about[..], words.as_bytes()] {
            to.extend((text.len() as u32).to_le_bytes());
            to.extend(text);
        }
        vocabulary.counts().iter().for_each(|count| to.extend(count.to_le_bytes()));
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
        let Some((header, body)) = bytes.split_at_checked(HEADER_BYTES) else {
            return Err(damaged("a starter model", format!("{} bytes", bytes.len())));
        };
        if &header[..8] != MAGIC {
            return Err(damaged("a starter model", "another file".to_owned()));
        }
        let word = |at: usize| header[at..].first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let crc = crc32fast::hash(body);
        if crc != word(12) {
            return Err(damaged(&format!("checksum {:08x}", word(12)), format!("{crc:08x}")));
        }
        let unpacked = match word(8) {
            1 if word(20) == 0 && u64::from(word(16)) <= UNPACKED_MAX => {
                first::unpack(body, word(16) as usize)
            }
            VERSION if word(20) == 0 => {
                frames(body, word(16) as usize).and_then(|frames| Self::unpack(&frames))
            }
            version => return Err(damaged(&format!("version 1 or {VERSION}"), format!("version {version}"))),
        };
        unpacked.ok_or_else(|| damaged("the arrays of a starter model", "others".to_owned()))?
    }

    /// `None` if the arrays are not as long as they should be.
    fn unpack(frames: &[Frame<'_>]) -> Option<Result<Self>> {
        let (head, rest) = frames.split_first()?;
        let (last, rows) = rest.split_last()?;
        let (about, words) = read_head(&head.unpacked()?)?;
        let About { dim, hidden, layers, exponent, training, name, outputs, .. } = about;
        let weights = Parts::weights_len(dim, hidden, layers)?;
        let count = words.len();
        let (input, output) = rows.split_at_checked(count.div_ceil(PIECE))?;
        if !are_pieces(input, count, dim) || !are_pieces(output, outputs, dim) {
            return None;
        }
        let read_rows = || {
            let mut matrix = vec![0.0; count * dim];
            let pieces = matrix.par_chunks_mut(PIECE * dim).zip(input);
            let read = pieces.try_for_each_init(Unpacker::default, |unpacker, (rows, frame)| {
                // Memory that is read before it is written is mapped twice, and all threads wait for that.
                rows.fill(0.0);
                add_rows(unpacker.unpack(frame)?, rows, dim)
            });
            read.map(|()| matrix)
        };
        let (vocabulary, matrix) = rayon::join(|| Vocabulary::from_sorted(words), read_rows);
        let matrix = matrix?;
        let vectors = match vocabulary.and_then(|v| WordVectors::new(Arc::new(v), matrix, dim)) {
            Ok(vectors) => Arc::new(vectors),
            Err(error) => return Some(Err(error)),
        };
        let numbers = last.unpacked()?;
        let mut numbers = read_halves(&numbers);
        let mut take = |count: usize| {
            let taken: Vec<f32> = numbers.by_ref().take(count).collect();
            (taken.len() == count && taken.iter().all(|value| value.is_finite())).then_some(taken)
        };
        let weights = take(weights)?;
        let mut whitening = || Some((take(dim)?, take(dim * dim)?));
        let whitenings = [whitening()?, whitening()?];
        let map = take(dim * dim)?;
        if numbers.next().is_some() {
            return None;
        }
        let mut parts =
            Parts { dim, hidden, layers, exponent, weights, output: vec![], whitenings, training };
        parts.output = read_outputs(output, &vectors, &map, outputs)?;
        Some(Ok(Self { name, vectors, parts, foretold: outputs }))
    }
}

/// What is expected of each output vector, and what it is more, in its steps. For words behind stands the mean of the last piece: a 0 would be more probable
/// than most words.
fn read_outputs(frames: &[Frame<'_>], vectors: &WordVectors, map: &[f32], count: usize) -> Option<Vec<f32>> {
    let dim = vectors.dim();
    let mut output = vec![0.0; vectors.len() * dim];
    let own = &mut output[..count * dim];
    let pieces = own.par_chunks_mut(PIECE * dim).zip(vectors.units().par_chunks(PIECE * dim));
    pieces.zip(frames).try_for_each_init(Unpacker::default, |unpacker, ((rows, units), frame)| {
        expected::apply(map, units, dim, rows);
        add_rows(unpacker.unpack(frame)?, rows, dim)?;
        rows.iter().all(|value| value.is_finite()).then_some(())
    })?;
    let (own, others) = output.split_at_mut(count * dim);
    let last = own.chunks(PIECE * dim).last().unwrap_or_default();
    let mut mean = vec![0.0; dim];
    let share = dim as f32 / last.len().max(1) as f32;
    last.chunks_exact(dim).for_each(|row| crate::linalg::add_scaled(&mut mean, share, row));
    others.par_chunks_mut(dim).for_each(|row| row.copy_from_slice(&mean));
    Some(output)
}

/// A packed section.
struct Frame<'a> {
    packed: &'a [u8],
    /// Bytes that it unpacks to.
    length: usize,
}

impl Frame<'_> {
    fn unpacked(&self) -> Option<Vec<u8>> {
        let mut unpacker = Unpacker::default();
        unpacker.unpack(self)?;
        Some(unpacker.bytes)
    }
}

/// Unpacks one section after the other into the same memory: giving it back to the system and taking it again costs more than the unpacking.
#[derive(Default)]
struct Unpacker {
    context: Option<zstd::bulk::Decompressor<'static>>,
    bytes: Vec<u8>,
}

impl Unpacker {
    fn unpack(&mut self, frame: &Frame<'_>) -> Option<&[u8]> {
        if self.context.is_none() {
            self.context = zstd::bulk::Decompressor::new().ok();
        }
        self.bytes.clear();
        self.bytes.reserve_exact(frame.length);
        let length = self.context.as_mut()?.decompress_to_buffer(frame.packed, &mut self.bytes).ok()?;
        (length == frame.length).then_some(&self.bytes)
    }
}

/// The sections behind their table, which fill the file to its end.
fn frames(body: &[u8], count: usize) -> Option<Vec<Frame<'_>>> {
    let (table, mut body) = body.split_at_checked(count.checked_mul(16)?)?;
    let mut left = UNPACKED_MAX;
    let mut frames = Vec::new();
    for [packed, length] in table.as_chunks::<8>().0.as_chunks::<2>().0 {
        let (packed, length) = (u64::from_le_bytes(*packed), u64::from_le_bytes(*length));
        left = left.checked_sub(length)?;
        let (packed, rest) = body.split_at_checked(usize::try_from(packed).ok()?)?;
        frames.push(Frame { packed, length: length as usize });
        body = rest;
    }
    body.is_empty().then_some(frames)
}

fn read_head(mut left: &[u8]) -> Option<(About, Vec<(Box<str>, u64)>)> {
    let mut text = || {
        let (length, rest) = left.split_first_chunk::<4>()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        left = rest;
        Some(text)
    };
    let about: About = serde_json::from_slice(text()?).ok()?;
    let words = std::str::from_utf8(text()?).ok()?;
    let counts = left.as_chunks::<8>().0;
    let is_fit = words.lines().count() == about.words && about.words > 0 && left.len() == 8 * about.words;
    let counted = words.lines().map(Box::from).zip(counts.iter().map(|count| u64::from_le_bytes(*count)));
    (is_fit && about.outputs <= about.words && (1..=MAX_DIM).contains(&about.dim))
        .then(|| (about, counted.collect()))
}

/// Whether frames hold so many rows, [`PIECE`] in each but the last.
fn are_pieces(frames: &[Frame<'_>], rows: usize, dim: usize) -> bool {
    let of = |piece: usize| rows.saturating_sub(piece * PIECE).min(PIECE);
    let is_whole = |(at, frame): (usize, &Frame<'_>)| frame.length == of(at) * (2 + dim);
    frames.len() == rows.div_ceil(PIECE) && frames.iter().enumerate().all(is_whole)
}

/// Each row's step, then all values in steps, less those that are expected. The step is the one that comes nearest to the row.
fn pieces(rows: &[f32], told: &[f32], dim: usize, part: impl Fn(usize) -> f32) -> Vec<Vec<u8>> {
    let (mut steps, mut values) = (Vec::new(), Vec::with_capacity(rows.len()));
    for (at, (row, told)) in rows.chunks_exact(dim).zip(told.chunks_exact(dim)).enumerate() {
        steps.push(write_steps(row, told, part(at) * level(row), &mut values));
    }
    let pieces = steps.chunks(PIECE).zip(values.chunks(PIECE * dim));
    let write = |(steps, values): (&[f32], &[u8])| {
        let mut to = Vec::new();
        write_halves(steps, &mut to);
        to.extend(values);
        to
    };
    pieces.map(write).collect()
}

/// Adds a piece's values to what stands in `rows`, and makes steps into numbers; `None` if it holds other rows.
fn add_rows(piece: &[u8], rows: &mut [f32], dim: usize) -> Option<()> {
    let (steps, values) = piece.split_at_checked(2 * (rows.len() / dim))?;
    if values.len() != rows.len() {
        return None;
    }
    let rows = rows.chunks_exact_mut(dim).zip(values.chunks_exact(dim));
    for ((row, values), step) in rows.zip(read_halves(steps)) {
        let pairs = row.iter_mut().zip(values);
        pairs.for_each(|(x, value)| *x = step * (*x + f32::from(value.cast_signed())));
    }
    Some(())
}
