//! The nearest words of every word, computed once: a table in a mapped file, from which an answer is a copy.
//!
//! Built by the same exact scan as questions, in blocks: a block of rows stays in the first-level cache while a block of
//! queries passes over it. `docs/formats/neighbours.md` draws the file byte by byte.

use super::WordVectors;
use super::codes::{BLOCK, Query};
use super::formats::bytes::{Complaint, Reader};
use super::mapped::Mapped;
use super::questions::{MAX_K, Neighbour};
use super::scan::{Candidate, Lowest, undecided};
use super::stored::{Checked, checksum_of};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::linalg::dot;
use crate::progress::Progress;
use crate::vocab::WordId;
use rayon::prelude::*;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Name of the table's file, in the folder of the vectors.
pub const NEIGHBOURS_FILE: &str = "neighbours.bin";
/// How many neighbours a table keeps unless told otherwise.
pub const DEFAULT_NEIGHBOURS: usize = 32;

const MAGIC: &[u8; 8] = b"sememeNB";
const VERSION: u32 = 1;
const HEADER: usize = 32;
const ENTRY: usize = 8;
const CURE: &str = "delete it and build it again from the vectors";
/// Queries that pass over a block of rows together.
const QUERIES: usize = 64;

/// For each of `V` words its `K` nearest others of those that may answer, best first, ties by id.
#[derive(Debug, Clone)]
pub struct Neighbours {
    words: usize,
    k: usize,
    fingerprint: u64,
    entries: Entries,
}

#[derive(Debug, Clone)]
enum Entries {
    Owned(Arc<Vec<u8>>),
    Mapped(Arc<Mapped>),
}

impl Neighbours {
    /// Finds the `k` nearest words of every word, exactly.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a `k` of 0 or above [`MAX_K`], [`Error::Cancelled`] if `progress` says so.
    pub fn build(vectors: &WordVectors, k: usize, progress: &dyn Progress) -> Result<Self> {
        super::questions::check_k(k)?;
        let (words, k) = (vectors.len(), k.min(vectors.listed_count().saturating_sub(1)));
        let mut entries = vec![0; words * k * ENTRY];
        let done = AtomicU64::new(0);
        if k > 0 {
            entries.par_chunks_mut(QUERIES * k * ENTRY).enumerate().try_for_each(|(block, entries)| {
                let first = block * QUERIES;
                fill(vectors, first..(first + QUERIES).min(words), k, entries);
                let done = done.fetch_add(QUERIES as u64, Ordering::Relaxed) + QUERIES as u64;
                progress.step("finding neighbours", done.min(words as u64), words as u64, "words")
            })?;
        }
        Ok(Self { words, k, fingerprint: vectors.fingerprint(), entries: Entries::Owned(Arc::new(entries)) })
    }

    /// How many neighbours each word has here.
    #[must_use]
    pub fn k(&self) -> usize {
        self.k
    }

    /// Whether the table was built from these vectors.
    #[must_use]
    pub fn belongs_to(&self, vectors: &WordVectors) -> bool {
        self.words == vectors.len() && self.fingerprint == vectors.fingerprint()
    }

    /// Whether the table keeps the `k` nearest words of a word, or all that there are.
    #[must_use]
    pub fn keeps(&self, id: WordId, k: usize) -> bool {
        k.min(self.words.saturating_sub(1)) <= self.k && id.index() < self.words
    }

    /// The `k` nearest words of a word; `None` if the table keeps fewer (and there are more), or does not know the word.
    #[must_use]
    pub fn first(&self, id: WordId, k: usize) -> Option<Vec<Neighbour>> {
        if !self.keeps(id, k) {
            return None;
        }
        let k = k.min(self.words.saturating_sub(1));
        let row = &self.bytes()[id.index() * self.k * ENTRY..][..k * ENTRY];
        let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
        let neighbours = row.as_chunks::<4>().0.as_chunks::<2>().0.iter();
        Some(
            neighbours
                .map(|[id, score]| Neighbour { id: WordId(number(id)), score: f32::from_bits(number(score)) })
                .collect(),
        )
    }

    /// Writes the table to `neighbours.bin` in a folder.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; it is then as it was before.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join(NEIGHBOURS_FILE);
        write_whole(&path, |to| {
            let mut to = Checked::new(to);
            self.write(&mut to).map_err(Error::io("write", &path))
        })
    }

    fn write<W: Write>(&self, to: &mut Checked<W>) -> std::io::Result<()> {
        to.write_all(MAGIC)?;
        to.numbers(&[VERSION, self.k as u32])?;
        to.long(self.words as u64)?;
        to.long(self.fingerprint)?;
        to.write_all(self.bytes())?;
        to.finish()
    }

    /// Maps a table that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Damaged`] if it is not as it was written or of a newer version.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(NEIGHBOURS_FILE);
        let file = Mapped::open(&path)?;
        Self::from_mapped(file).map_err(|(expected, got)| Error::damaged(&path, expected, got, CURE))
    }

    fn from_mapped(file: Mapped) -> Result<Self, Complaint> {
        let mut reader = Reader::new(&file, 0);
        if reader.take(8, "a table of neighbours")? != MAGIC {
            return Err(("a table of neighbours".into(), "another file".into()));
        }
        reader.number(u64::from(VERSION)..=u64::from(VERSION), false, "format version")?;
        let k = reader.number(0..=MAX_K as u64, false, "number of neighbours")?;
        let words = reader.number(0..=u64::from(u32::MAX), true, "number of words")?;
        let fingerprint = reader.u64("fingerprint")?;
        reader.take(words * k * ENTRY as u64, "a table")?;
        let checksum = reader.u32("checksum")?;
        if reader.left() > 0 || checksum_of(&file[..file.len() - 4]) != checksum {
            return Err(("the checksum of the content".into(), "another one".into()));
        }
        let (words, k) = (words as usize, k as usize);
        let known =
            |entry: &[u8; ENTRY]| u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]) < words as u32;
        if !file[HEADER..HEADER + words * k * ENTRY].as_chunks().0.iter().all(known) {
            return Err(("ids of known words".into(), "others".into()));
        }
        Ok(Self { words, k, fingerprint, entries: Entries::Mapped(Arc::new(file)) })
    }

    fn bytes(&self) -> &[u8] {
        match &self.entries {
            Entries::Owned(entries) => entries,
            Entries::Mapped(file) => &file[HEADER..HEADER + self.words * self.k * ENTRY],
        }
    }
}

/// One query of a block, and what it has found so far.
struct Search {
    query: Query,
    lowest: Lowest,
    candidates: Vec<Candidate>,
}

/// Writes the neighbours of the words in `rows`.
fn fill(vectors: &WordVectors, rows: Range<usize>, k: usize, entries: &mut [u8]) {
    let mut searches: Vec<Search> = rows
        .clone()
        .map(|row| Search {
            query: Query::new(vectors.unit(WordId(row as u32))),
            lowest: Lowest::new(k),
            candidates: Vec::new(),
        })
        .collect();
    for first in (0..vectors.len()).step_by(BLOCK) {
        let count = BLOCK.min(vectors.len() - first);
        for (search, row) in searches.iter_mut().zip(rows.clone()) {
            search.pass(vectors, first..first + count, row, k);
        }
    }
    for ((search, row), entries) in searches.into_iter().zip(rows).zip(entries.chunks_exact_mut(k * ENTRY)) {
        let best = search.finish(vectors, row, k);
        for (neighbour, entry) in best.iter().zip(entries.chunks_exact_mut(ENTRY)) {
            entry[..4].copy_from_slice(&neighbour.id.0.to_le_bytes());
            entry[4..].copy_from_slice(&neighbour.score.to_bits().to_le_bytes());
        }
    }
}

impl Search {
    fn pass(&mut self, vectors: &WordVectors, block: Range<usize>, own: usize, k: usize) {
        let (first, count) = (block.start, block.len());
        let (mut cosines, mut errors) = ([0.0; BLOCK], [0.0; BLOCK]);
        let codes = vectors.codes();
        let highest = codes.estimate(&self.query, first, &mut cosines[..count], &mut errors[..count]);
        if highest < self.lowest.threshold {
            return;
        }
        for i in 0..count {
            let at_most = cosines[i] + errors[i];
            let id = WordId((first + i) as u32);
            if at_most >= self.lowest.threshold && first + i != own && vectors.is_listed(id) {
                let at_least = cosines[i] - errors[i];
                self.lowest.push(at_least);
                self.candidates.push(Candidate { id, at_least, at_most });
            }
        }
        if self.candidates.len() > 16 * k + 4096 {
            self.candidates = undecided(std::mem::take(&mut self.candidates), k);
        }
    }

    fn finish(self, vectors: &WordVectors, row: usize, k: usize) -> Vec<Neighbour> {
        let unit = vectors.unit(WordId(row as u32));
        let candidates = undecided(self.candidates, k);
        let exact = |candidate: Candidate| {
            let score = dot(vectors.unit(candidate.id), unit).clamp(-1.0, 1.0);
            Neighbour { id: candidate.id, score }
        };
        let mut best: Vec<Neighbour> = candidates.into_iter().map(exact).collect();
        best.sort_unstable_by(Neighbour::order);
        best.truncate(k);
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::{Go, Silent, Step};
    use crate::vectors::tests::sample;

    #[test]
    fn saved_and_opened_it_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let vectors = sample();
        let table = Neighbours::build(&vectors, 32, &Silent).unwrap();
        assert_eq!(table.k(), 3); // of four words each has three others
        table.save(folder.path()).unwrap();
        let opened = Neighbours::open(folder.path()).unwrap();
        assert!(opened.belongs_to(&vectors));
        for id in 0..4 {
            assert_eq!(opened.first(WordId(id), 2), table.first(WordId(id), 2));
            assert_eq!(opened.first(WordId(id), 32).unwrap().len(), 3);
        }
        assert_eq!(opened.first(WordId(4), 1), None);
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let folder = tempfile::tempdir().unwrap();
        Neighbours::build(&sample(), 2, &Silent).unwrap().save(folder.path()).unwrap();
        let path = folder.path().join(NEIGHBOURS_FILE);
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x08;
            std::fs::remove_file(&path).unwrap(); // ext4 flushes a file that is written over
            std::fs::write(&path, &flipped).unwrap();
            assert!(matches!(Neighbours::open(folder.path()), Err(Error::Damaged { .. })), "byte {at}");
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, &bytes[..at]).unwrap();
            assert!(matches!(Neighbours::open(folder.path()), Err(Error::Damaged { .. })), "cut to {at}");
        }
    }

    #[test]
    fn building_can_be_cancelled() {
        struct Stopper;
        impl Progress for Stopper {
            fn report(&self, _step: &Step<'_>) -> Go {
                Go::Stop
            }
        }
        assert!(matches!(Neighbours::build(&sample(), 2, &Stopper), Err(Error::Cancelled)));
    }
}
