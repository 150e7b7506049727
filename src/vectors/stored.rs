//! Word vectors on the disk, as a generation keeps them: `vectors.fifu` and `vocab.bin` in one folder.
//!
//! `vectors.fifu` is a finalfusion file that finalfusion itself opens, followed by what that format has no place for: the
//! rounding of the rows, the checksum of the vocabulary, and a checksum of it all. It is written here and not by
//! finalfusion, which would hold a second copy of the matrix, and opened here by mapping, without building finalfusion's
//! own word table. `docs/formats/vectors.md` draws it byte by byte.

use super::WordVectors;
use super::formats::bytes::{Complaint, Reader};
use super::formats::layout::{self, Layout};
use super::mapped::Mapped;
use super::neighbours::{NEIGHBOURS_FILE, Neighbours};
use super::rounding::Rounding;
use super::rows::{self, MAX_DIM, Rows};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::vocab::Vocabulary;
use rayon::prelude::*;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Name of the file of vectors in its folder.
pub const VECTORS_FILE: &str = "vectors.fifu";
/// Name of the file of words and counts beside it.
pub const VOCABULARY_FILE: &str = "vocab.bin";

const MAGIC: &[u8; 8] = b"sememeWV";
const VERSION: u32 = 1;
const FOOTER: usize = 48;
const EXCEPTION: usize = 12;
const CURE: &str = "train again, or restore the folder from a backup";

impl WordVectors {
    /// Writes `vectors.fifu` and `vocab.bin` into a folder that exists.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be written; each file is then as it was before.
    pub fn save(&self, folder: &Path) -> Result<()> {
        self.vocabulary.save(&folder.join(VOCABULARY_FILE))?;
        let path = folder.join(VECTORS_FILE);
        write_whole(&path, |to| {
            let mut to = Checked::new(to);
            self.write_stored(&mut to).map_err(Error::io("write", &path))
        })
    }

    /// Opens what [`save`](Self::save) wrote: the vocabulary is read, the matrix is mapped, and so is the table of
    /// neighbours if there is one.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read, [`Error::Damaged`] if one is not as it was written, of a newer version, or
    /// if the two do not belong together.
    pub fn open(folder: &Path) -> Result<Self> {
        let vocabulary = Arc::new(Vocabulary::open(&folder.join(VOCABULARY_FILE))?);
        Self::open_with(folder, vocabulary)
    }

    /// As [`open`](Self::open), with a vocabulary that is already in memory.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(folder: &Path, vocabulary: Arc<Vocabulary>) -> Result<Self> {
        let path = folder.join(VECTORS_FILE);
        let file = Arc::new(Mapped::open(&path)?);
        let vectors = Self::from_mapped(file, vocabulary)
            .map_err(|(expected, got)| Error::damaged(&path, expected, got, CURE))?;
        if folder.join(NEIGHBOURS_FILE).exists() {
            return vectors.with_neighbours(Neighbours::open(folder)?);
        }
        Ok(vectors)
    }

    fn from_mapped(file: Arc<Mapped>, vocabulary: Arc<Vocabulary>) -> Result<Self, Complaint> {
        let footer = Footer::read(&file)?;
        if footer.vocabulary != vocabulary.checksum() || footer.words != vocabulary.len() as u64 {
            let got = format!("those of another one, of {} words", footer.words);
            return Err((format!("vectors of the vocabulary of {} words beside it", vocabulary.len()), got));
        }
        let layout = Layout::read(&file[..footer.chunks_end])?;
        let missing = || ("a matrix and its norms".to_string(), "neither".to_string());
        let array = layout.array(&file)?.ok_or_else(missing)?;
        let norms = layout.norms(&file)?.ok_or_else(missing)?;
        let words = vocabulary.len();
        if (array.rows, array.dim, norms.len()) != (words, footer.dim, 4 * words) {
            let got = format!("{} rows of {}, {} norms", array.rows, array.dim, norms.len() / 4);
            return Err((format!("{words} rows of {} and their norms", footer.dim), got));
        }
        let norms = rows::floats(&file[norms]);
        let codes = footer.chunks_end..footer.codes_end;
        let exceptions = exceptions(&file[footer.codes_end..file.len() - FOOTER], words, array.dim)?;
        let rounding = Rounding::mapped(file.clone(), codes, array.dim, exceptions);
        let units = Rows::of_file(file, array.values);
        Ok(Self::of_parts(vocabulary, array.dim, units, norms, rounding))
    }

    fn write_stored<W: Write>(&self, to: &mut Checked<W>) -> std::io::Result<()> {
        let kinds = [layout::SIMPLE_VOCAB, layout::ARRAY, layout::NORMS];
        to.write_all(layout::MAGIC)?;
        to.numbers(&[layout::VERSION, kinds.len() as u32])?;
        to.numbers(&kinds)?;
        self.write_words(to)?;
        to.numbers(&[layout::ARRAY])?;
        to.values(&self.units, Some(self.dim))?;
        to.numbers(&[layout::NORMS])?;
        to.values(&self.norms, None)?;
        let chunks_end = to.written;
        to.write_all(self.rounding.codes())?;
        for (row, column, value) in &self.rounding.exceptions {
            to.numbers(&[*row, *column, value.to_bits()])?;
        }
        to.write_all(MAGIC)?;
        to.numbers(&[VERSION, self.dim as u32])?;
        to.long(self.len() as u64)?;
        to.long(chunks_end)?;
        to.long(self.rounding.exceptions.len() as u64)?;
        to.numbers(&[self.vocabulary.checksum()])?;
        to.finish()
    }

    fn write_words<W: Write>(&self, to: &mut Checked<W>) -> std::io::Result<()> {
        let len: usize = self.vocabulary.iter().map(|(_, word, _)| 4 + word.len()).sum();
        to.numbers(&[layout::SIMPLE_VOCAB])?;
        to.long(8 + len as u64)?;
        to.long(self.len() as u64)?;
        for (_, word, _) in self.vocabulary.iter() {
            to.numbers(&[word.len() as u32])?;
            to.write_all(word.as_bytes())?;
        }
        Ok(())
    }
}

/// The last bytes of the file, which say where the rest stands.
struct Footer {
    dim: usize,
    words: u64,
    chunks_end: usize,
    codes_end: usize,
    vocabulary: u32,
}

impl Footer {
    fn read(bytes: &[u8]) -> Result<Self, Complaint> {
        let start = bytes
            .len()
            .checked_sub(FOOTER)
            .ok_or_else(|| ("a file of stored vectors".to_string(), format!("{} bytes", bytes.len())))?;
        let mut reader = Reader::new(bytes, start);
        if reader.take(8, "magic")? != MAGIC {
            return Err(("a file that ends as stored vectors do".into(), "another end".into()));
        }
        reader.number(u64::from(VERSION)..=u64::from(VERSION), false, "format version")?;
        let dim = reader.number(1..=MAX_DIM as u64, false, "dimension")? as usize;
        let words = reader.number(0..=u64::from(u32::MAX), true, "number of words")?;
        let chunks_end = reader.number(0..=start as u64, true, "end of chunks")? as usize;
        let exceptions = reader.number(0..=(start / EXCEPTION) as u64, true, "exceptions")? as usize;
        let vocabulary = reader.u32("vocabulary")?;
        let checksum = reader.u32("checksum")?;
        let codes = words.checked_mul(Rounding::stride(dim) as u64);
        let codes_end = codes.and_then(|codes| codes.checked_add(chunks_end as u64));
        let listed = (exceptions * EXCEPTION) as u64;
        if codes_end.and_then(|end| end.checked_add(listed)) != Some(start as u64) {
            return Err(("the length that the footer names".into(), format!("{} bytes", bytes.len())));
        }
        if checksum_of(&bytes[..bytes.len() - 4]) != checksum {
            return Err(("the checksum of the content".into(), "another one".into()));
        }
        let codes_end = start - exceptions * EXCEPTION;
        Ok(Self { dim, words, chunks_end, codes_end, vocabulary })
    }
}

/// CRC-32, in blocks on all threads.
pub(super) fn checksum_of(bytes: &[u8]) -> u32 {
    let hash = |block: &[u8]| {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(block);
        hasher
    };
    let blocks: Vec<_> = bytes.par_chunks(1 << 22).map(hash).collect();
    let mut whole = crc32fast::Hasher::new();
    blocks.iter().for_each(|block| whole.combine(block));
    whole.finalize()
}

fn exceptions(bytes: &[u8], words: usize, dim: usize) -> Result<Vec<(u32, u32, f32)>, Complaint> {
    let mut reader = Reader::new(bytes, 0);
    let mut list = Vec::with_capacity(bytes.len() / EXCEPTION);
    while reader.left() > 0 {
        let row = reader.number(0..=words as u64, false, "row")? as u32;
        let column = reader.number(0..=dim as u64 - 1, false, "column")? as u32;
        list.push((row, column, f32::from_bits(reader.u32("value")?)));
    }
    Ok(list)
}

/// Counts and hashes what goes through.
pub(super) struct Checked<W> {
    to: W,
    hasher: crc32fast::Hasher,
    written: u64,
}

impl<W: Write> Write for Checked<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let len = self.to.write(bytes)?;
        self.hasher.update(&bytes[..len]);
        self.written += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

impl<W: Write> Checked<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, hasher: crc32fast::Hasher::new(), written: 0 }
    }

    /// Writes the checksum of all before it.
    pub(super) fn finish(&mut self) -> std::io::Result<()> {
        let checksum = self.hasher.clone().finalize();
        self.numbers(&[checksum])
    }

    pub(super) fn numbers(&mut self, numbers: &[u32]) -> std::io::Result<()> {
        numbers.iter().try_for_each(|number| self.write_all(&number.to_le_bytes()))
    }

    pub(super) fn long(&mut self, number: u64) -> std::io::Result<()> {
        self.write_all(&number.to_le_bytes())
    }

    /// Chunk length, shape, type, padding and values; a matrix has a dimension, a vector has none.
    fn values(&mut self, values: &[f32], dim: Option<usize>) -> std::io::Result<()> {
        let shape = if dim.is_some() { 12 } else { 8 };
        let padding = layout::padding(self.written as usize + 8 + shape + 4);
        self.long((shape + 4 + padding + 4 * values.len()) as u64)?;
        self.long((values.len() / dim.unwrap_or(1)) as u64)?;
        if let Some(dim) = dim {
            self.numbers(&[dim as u32])?;
        }
        self.numbers(&[layout::F32])?;
        self.write_all(&[0; 4][..padding])?;
        let mut buffer = Vec::with_capacity(1 << 16);
        for block in values.chunks(1 << 14) {
            buffer.clear();
            buffer.extend(block.iter().flat_map(|value| value.to_le_bytes()));
            self.write_all(&buffer)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::tests::sample;
    use finalfusion::prelude::*;

    #[test]
    fn saved_and_opened_they_are_the_same_and_finalfusion_agrees() {
        let folder = tempfile::tempdir().unwrap();
        let vectors = sample();
        vectors.save(folder.path()).unwrap();
        let opened = WordVectors::open(folder.path()).unwrap();
        assert_eq!((opened.units(), opened.dim()), (vectors.units(), 2));
        assert_eq!(opened.originals(), [3.0, 4.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0]);
        assert!(opened.vocabulary().iter().eq(vectors.vocabulary().iter()));

        let file = std::fs::File::open(folder.path().join(VECTORS_FILE)).unwrap();
        let theirs: Embeddings<VocabWrap, StorageViewWrap> =
            Embeddings::mmap_embeddings(&mut std::io::BufReader::new(file)).unwrap();
        assert_eq!((theirs.len(), theirs.dims()), (4, 2));
        let bank = theirs.embedding_with_norm("bank").unwrap();
        assert_eq!((bank.embedding.to_vec(), bank.norm), (vec![0.6, 0.8], 5.0));
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let folder = tempfile::tempdir().unwrap();
        sample().save(folder.path()).unwrap();
        let path = folder.path().join(VECTORS_FILE);
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x20;
            std::fs::write(&path, &flipped).unwrap();
            assert!(matches!(WordVectors::open(folder.path()), Err(Error::Damaged { .. })), "byte {at}");
            std::fs::write(&path, &bytes[..at]).unwrap();
            assert!(matches!(WordVectors::open(folder.path()), Err(Error::Damaged { .. })), "cut to {at}");
        }
    }

    #[test]
    fn vectors_of_another_vocabulary_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        sample().save(folder.path()).unwrap();
        let others = ["bank", "river", "loan", "a"].map(|word| (word.into(), 1)).to_vec();
        Vocabulary::from_sorted(others).unwrap().save(&folder.path().join(VOCABULARY_FILE)).unwrap();
        let error = WordVectors::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("vectors of the vocabulary of 4 words beside it"), "{error}");
    }
}
