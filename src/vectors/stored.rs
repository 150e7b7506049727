//! Word vectors on the disk, as a generation keeps them: `vectors.fifu` and `vocab.bin` in one folder.
//!
//! `vectors.fifu` is a finalfusion file that finalfusion itself opens, followed by what that format has no place for: the
//! rounding of the rows, the checksum of the vocabulary, and a checksum of it all. It is written here and not by
//! finalfusion, which would hold a second copy of the matrix, and opened here by mapping, without building finalfusion's
//! own word table. `docs/formats/vectors.md` draws it byte by byte.

use super::WordVectors;
use super::formats::bytes::{Complaint, Reader};
use super::formats::layout::{self, Layout};
use super::formats::words::{self, WordsChunk};
use super::mapped::Mapped;
use super::neighbours::{NEIGHBOURS_FILE, Neighbours};
use super::rounding::Rounding;
use super::rows::{self, MAX_DIM, Rows};
use super::subwords::{Ngrams, Subwords};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::vocab::{Vocabulary, WordId};
use rayon::prelude::*;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Name of the file of vectors in its folder.
pub const VECTORS_FILE: &str = "vectors.fifu";
/// Name of the file of words and counts beside it.
pub const VOCABULARY_FILE: &str = "vocab.bin";

const MAGIC: &[u8; 8] = b"sememeWV";
const VERSION: u32 = 1;
const FOOTER: usize = 64 + 8;
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
        if footer.vocabulary != vocabulary.checksum() || footer.words != vocabulary.len() {
            let got = format!("those of another one, of {} words", footer.words);
            return Err((format!("vectors of the vocabulary of {} words beside it", vocabulary.len()), got));
        }
        let layout = Layout::read(&file[..footer.chunks_end])?;
        let subwords = match layout.chunk(layout::SIMPLE_VOCAB) {
            Some(_) => None,
            None => subwords_of(&file, &layout)?,
        };
        let norms = rows::floats(&file[footer.norms.clone()]);
        let rounding = footer.rounding(&file)?;
        let units = Rows::of_file(file, footer.units);
        let mut vectors = Self::of_parts(vocabulary, footer.dim, units, norms, rounding);
        vectors.subwords = subwords;
        Ok(vectors)
    }

    /// All of the file: chunks, what finalfusion has no place for, and the footer.
    pub(super) fn write_stored<W: Write>(&self, to: &mut Checked<W>) -> std::io::Result<()> {
        let mut places = self.write_chunks(to)?;
        let chunks_end = to.written;
        if places.is_none() && !self.is_empty() {
            // floret has no place for words: they stand behind, aligned for mapping.
            to.write_all(&[0; 4][..layout::padding(to.written as usize)])?;
            let units = to.written;
            to.floats(&self.units)?;
            places = Some((units, to.written));
            to.floats(&self.norms)?;
        }
        let codes = to.written;
        to.write_all(self.rounding.codes())?;
        for (row, column, value) in &self.rounding.exceptions {
            to.numbers(&[*row, *column, value.to_bits()])?;
        }
        let (units, norms) = places.unwrap_or_default();
        to.write_all(MAGIC)?;
        to.numbers(&[VERSION, self.dim as u32])?;
        to.long(self.len() as u64)?;
        to.long(chunks_end)?;
        to.long(units)?;
        to.long(norms)?;
        to.long(codes)?;
        to.long(self.rounding.exceptions.len() as u64)?;
        to.numbers(&[self.vocabulary.checksum()])?;
        to.finish()
    }

    /// The finalfusion file; returns where units and norms stand, unless it has no place for them.
    fn write_chunks<W: Write>(&self, to: &mut Checked<W>) -> std::io::Result<Option<(u64, u64)>> {
        let ngrams = self.subwords.as_ref().map(Subwords::ngrams);
        let floret = ngrams.is_some_and(Ngrams::is_floret);
        let kind = ngrams.map_or(layout::SIMPLE_VOCAB, words::kind_of);
        let kinds = [kind, layout::ARRAY, layout::NORMS];
        let kinds = &kinds[..if floret { 2 } else { 3 }];
        to.write_all(layout::MAGIC)?;
        to.numbers(&[layout::VERSION, kinds.len() as u32])?;
        to.numbers(kinds)?;
        words::write_words(to, Spellings::new(&self.vocabulary), ngrams)?;
        to.numbers(&[layout::ARRAY])?;
        let buckets = self.subwords.as_ref().map_or(&[][..], Subwords::matrix);
        let own: &[f32] = if floret { &[] } else { &self.units };
        let units = to.values(&[own, buckets], Some(self.dim))?;
        if floret {
            return Ok(None);
        }
        to.numbers(&[layout::NORMS])?;
        let norms = to.values(&[&self.norms], None)?;
        Ok(Some((units, norms)))
    }
}

fn subwords_of(file: &Arc<Mapped>, layout: &Layout) -> Result<Option<Subwords>, Complaint> {
    let chunk = WordsChunk::read(file, layout)?;
    let array = layout.array(file)?.ok_or_else(|| ("a matrix".to_string(), "none".to_string()))?;
    let Some(ngrams) = chunk.ngrams else { return Ok(None) };
    if array.rows != chunk.words.len() + ngrams.len() {
        let expected = format!("{} rows", chunk.words.len() + ngrams.len());
        return Err((expected, format!("{} rows", array.rows)));
    }
    let rows = array.values.start + 4 * chunk.words.len() * array.dim..array.values.end;
    Ok(Some(Subwords::of_rows(ngrams, Rows::of_file(file.clone(), rows), array.dim)))
}

/// The spellings of a vocabulary, in id order.
#[derive(Clone)]
pub(super) struct Spellings<'a> {
    vocabulary: &'a Vocabulary,
    ids: Range<u32>,
}

impl<'a> Spellings<'a> {
    pub(super) fn new(vocabulary: &'a Vocabulary) -> Self {
        Self { vocabulary, ids: 0..vocabulary.len() as u32 }
    }
}

impl<'a> Iterator for Spellings<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.ids.next().map(|id| self.vocabulary.word(WordId(id)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ids.size_hint()
    }
}

impl ExactSizeIterator for Spellings<'_> {}

/// The last bytes of the file, which say where the rest stands.
pub(super) struct Footer {
    pub(super) dim: usize,
    pub(super) words: usize,
    pub(super) units: Range<usize>,
    pub(super) norms: Range<usize>,
    pub(super) codes: Range<usize>,
    chunks_end: usize,
    vocabulary: u32,
}

impl Footer {
    /// Whether the file ends as [`WordVectors::save`] ends it.
    pub(super) fn is_there(bytes: &[u8]) -> bool {
        bytes.len() >= FOOTER && &bytes[bytes.len() - FOOTER..][..8] == MAGIC
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Complaint> {
        if !Self::is_there(bytes) {
            return Err(("a file that ends as stored vectors do".into(), "another end".into()));
        }
        let start = bytes.len() - FOOTER;
        let mut reader = Reader::new(bytes, start + 8);
        reader.number(u64::from(VERSION)..=u64::from(VERSION), false, "format version")?;
        let dim = reader.number(1..=MAX_DIM as u64, false, "dimension")? as usize;
        let words = reader.number(0..=u64::from(u32::MAX), true, "number of words")? as usize;
        let mut place = || reader.number(0..=start as u64, true, "place in the file").map(|at| at as usize);
        let (chunks_end, units, norms, codes) = (place()?, place()?, place()?, place()?);
        let exceptions = reader.number(0..=(start / EXCEPTION) as u64, true, "exceptions")? as usize;
        let vocabulary = reader.u32("vocabulary")?;
        if checksum_of(&bytes[..bytes.len() - 4]) != reader.u32("checksum")? {
            return Err(("the checksum of the content".into(), "another one".into()));
        }
        let within = |at: usize, len: usize| {
            let end = at.checked_add(words.checked_mul(len)?)?;
            (end <= start).then_some(at..end)
        };
        let places = (within(units, 4 * dim), within(norms, 4), within(codes, Rounding::stride(dim)));
        let (Some(units), Some(norms), Some(codes)) = places else {
            return Err(("places inside the file".into(), "places outside".into()));
        };
        if codes.end + exceptions * EXCEPTION != start || !units.start.is_multiple_of(4) {
            return Err(("the length that the footer names".into(), format!("{} bytes", bytes.len())));
        }
        Ok(Self { dim, words, units, norms, codes, chunks_end, vocabulary })
    }

    /// What the rows lack of the vectors as given.
    pub(super) fn rounding(&self, file: &Arc<Mapped>) -> Result<Rounding, Complaint> {
        let exceptions = exceptions(&file[self.codes.end..file.len() - FOOTER], self.words, self.dim)?;
        Ok(Rounding::mapped(file.clone(), self.codes.clone(), self.dim, exceptions))
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

    fn floats(&mut self, values: &[f32]) -> std::io::Result<()> {
        let mut buffer = Vec::with_capacity(1 << 16);
        for block in values.chunks(1 << 14) {
            buffer.clear();
            buffer.extend(block.iter().flat_map(|value| value.to_le_bytes()));
            self.write_all(&buffer)?;
        }
        Ok(())
    }

    /// Chunk length, shape, type, padding and values; a matrix has a dimension, a vector has none. Returns where the
    /// values stand.
    fn values(&mut self, parts: &[&[f32]], dim: Option<usize>) -> std::io::Result<u64> {
        let shape = if dim.is_some() { 12 } else { 8 };
        let padding = layout::padding(self.written as usize + 8 + shape + 4);
        let len: usize = parts.iter().map(|values| values.len()).sum();
        self.long((shape + 4 + padding + 4 * len) as u64)?;
        self.long((len / dim.unwrap_or(1)) as u64)?;
        if let Some(dim) = dim {
            self.numbers(&[dim as u32])?;
        }
        self.numbers(&[layout::F32])?;
        self.write_all(&[0; 4][..padding])?;
        let start = self.written;
        parts.iter().try_for_each(|values| self.floats(values))?;
        Ok(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::subwords::Index;
    use crate::vectors::tests::sample;
    use finalfusion::compat::floret::FloretIndexer;
    use finalfusion::prelude::*;
    use finalfusion::subword::ExplicitIndexer;
    use finalfusion::vocab::SubwordVocab;

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

    /// With subwords of each kind; words and n-grams are found again, and finalfusion finds the same.
    #[test]
    fn subwords_are_kept_and_finalfusion_agrees() {
        let folder = tempfile::tempdir().unwrap();
        let explicit = ExplicitIndexer::new(vec!["<ba".to_string(), "ank".to_string(), "nks".to_string()]);
        let floret = FloretIndexer::new(16, 2, 7);
        let kinds = [
            Ngrams::buckets(3, 6, 4).unwrap(),
            Ngrams::fasttext(3, 5, 19).unwrap(),
            Ngrams(Index::Explicit(SubwordVocab::new(Vec::new(), 3, 3, explicit))),
            Ngrams(Index::Floret(SubwordVocab::new_with_boundaries(Vec::new(), 2, 3, floret, "[", "]"))),
        ];
        for ngrams in kinds {
            let matrix: Vec<f32> = (0..2 * ngrams.len()).map(|i| i as f32 - 5.0).collect();
            let is_floret = ngrams.is_floret();
            let vectors = sample().with_subwords(Subwords::new(ngrams, matrix, 2).unwrap()).unwrap();
            vectors.save(folder.path()).unwrap();
            let opened = WordVectors::open(folder.path()).unwrap();
            assert_eq!(opened.originals(), vectors.originals());
            let expected = vectors.lookup("banks").unwrap();
            assert_eq!(opened.lookup("banks").unwrap(), expected);

            let file = std::fs::File::open(folder.path().join(VECTORS_FILE)).unwrap();
            let theirs: Embeddings<VocabWrap, StorageViewWrap> =
                Embeddings::mmap_embeddings(&mut std::io::BufReader::new(file)).unwrap();
            let unknown = theirs.embedding("banks").unwrap().to_vec();
            assert!(unknown.iter().zip(&*expected.unit).all(|(a, b)| (a - b).abs() < 1e-6));
            assert_eq!(theirs.len(), if is_floret { 0 } else { 4 });
        }
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
            std::fs::remove_file(&path).unwrap(); // ext4 flushes a file that is written over
            std::fs::write(&path, &flipped).unwrap();
            assert!(matches!(WordVectors::open(folder.path()), Err(Error::Damaged { .. })), "byte {at}");
            std::fs::remove_file(&path).unwrap();
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
