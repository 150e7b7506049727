//! From an encoded corpus to `ngrams.bin`: the longest n-grams are counted first, then each shorter length from the one above.
//!
//! Everything is sorted in chunks and merged from files, so that memory does not grow with the text: 16 bytes for each of `chunk` keys
//! (64 MB; from a billion words on, a 256th of them), 12 for each word of the vocabulary, and 64 kB for each file merged.

use super::discounts::{CountsOfCounts, Discounts};
use super::file::{self, Parts};
use super::keys::Packing;
use super::runs::{Run, RunWriter, Sorter};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::vocab::corpus::Corpus;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Most files that one merge reads.
const RUNS_MAX: u64 = 256;
/// A count from here on stands in a table of its own.
pub(super) const LARGE: u8 = u8::MAX;

/// How n-grams are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Words of the longest n-grams, 2 to 5; default 3.
    pub order: usize,
    /// N-grams sorted in memory at a time, 16 bytes each; default 4,194,304.
    pub chunk: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { order: 3, chunk: 1 << 22 }
    }
}

/// Counts the n-grams of a corpus and writes `ngrams.bin` into a folder, where temporary files stand meanwhile.
///
/// # Errors
/// [`Error::Invalid`] for an order or a vocabulary out of range; [`Error::TooLarge`] for more than 2^32 different n-grams;
/// [`Error::Io`]; [`Error::Cancelled`]; those of reading the corpus.
pub fn build(corpus: &Corpus, folder: &Path, settings: &Settings, progress: &dyn Progress) -> Result<()> {
    let counting = Counting {
        corpus,
        folder: tempfile::tempdir_in(folder).map_err(Error::io("create a folder in", folder))?,
        packing: Packing::new(corpus.vocabulary().len(), settings.order)?,
        order: settings.order,
        chunk: settings.chunk.max(corpus.tokens().div_ceil(RUNS_MAX) as usize),
        progress,
    };
    // The run of length k stands at k - 2.
    let (mut runs, mut discounts) = (Vec::new(), Vec::new());
    for length in (2..=settings.order).rev() {
        let (run, of) = counting.run(length, runs.first_mut())?;
        runs.insert(0, run);
        discounts.insert(0, of.discounts());
    }
    let (unigrams, of) = counting.unigrams(&mut runs[0])?;
    discounts.insert(0, of.discounts());
    counting.write(folder, runs, &unigrams, &discounts)
}

struct Counting<'a> {
    corpus: &'a Corpus,
    folder: tempfile::TempDir,
    packing: Packing,
    order: usize,
    chunk: usize,
    progress: &'a dyn Progress,
}

impl Counting<'_> {
    /// The n-grams of one length of two or more. Those of the highest order count how often they occur; shorter ones how many different
    /// tokens stand before them, which are the n-grams one longer that end in them. Before `<s>` nothing can stand: those that begin
    /// with it count how often they occur.
    fn run(&self, length: usize, above: Option<&mut Run>) -> Result<(Run, CountsOfCounts)> {
        let phase = format!("counting {length}-grams");
        let mut sorter = Sorter::new(self.folder.path(), self.chunk, phase, self.progress);
        self.for_each_begun(length, length == self.order, |key| sorter.push(key))?;
        if let Some(above) = above {
            let mut reader = above.read()?;
            while let Some((key, _)) = reader.next()? {
                sorter.push(self.packing.last(key, length))?;
            }
        }
        let mut counts = CountsOfCounts::default();
        let mut run = RunWriter::create(self.folder.path())?;
        sorter.finish(|key, count| {
            counts.add(count);
            run.push(key, count)
        })?;
        Ok((run.finish()?, counts))
    }

    /// How many different tokens stand before each token.
    fn unigrams(&self, bigrams: &mut Run) -> Result<(Vec<u32>, CountsOfCounts)> {
        let mut unigrams = vec![0u32; self.packing.begin() as usize];
        let mut reader = bigrams.read()?;
        while let Some((key, _)) = reader.next()? {
            unigrams[self.packing.token(key) as usize] += 1;
        }
        let mut counts = CountsOfCounts::default();
        unigrams.iter().for_each(|count| counts.add(u64::from(*count)));
        Ok((unigrams, counts))
    }

    /// N-grams of whole sentences: the first of each, or `all`.
    fn for_each_begun(
        &self,
        length: usize,
        all: bool,
        mut each: impl FnMut(u128) -> Result<()>,
    ) -> Result<()> {
        let packing = self.packing;
        self.corpus.for_each_sentence(|sentence| {
            let words = sentence.iter().map(|word| word.map_or(packing.unknown(), |word| word.0));
            let mut key = u128::from(packing.begin());
            for (at, token) in words.chain([packing.end()]).enumerate() {
                key = packing.push(key, token, length);
                if at + 2 == length || (all && at + 2 > length) {
                    each(key)?;
                } else if at + 2 > length {
                    break;
                }
            }
            Ok(())
        })
    }

    fn write(
        &self,
        folder: &Path,
        mut runs: Vec<Run>,
        unigrams: &[u32],
        discounts: &[Discounts],
    ) -> Result<()> {
        let total: u64 = runs.iter().map(|run| run.len).sum();
        if total >= u64::from(u32::MAX) {
            return Err(Error::TooLarge {
                what: format!("a table of {total} n-grams"),
                needed_bytes: 4 * total,
                budget_bytes: 4 * u64::from(u32::MAX),
                cure: "raise the minimum count, or lower the order".into(),
            });
        }
        let width = file::width(self.packing);
        let [mut words, mut counts, mut starts] =
            ["words", "counts", "starts"].map(|name| Column::create(self.folder.path().join(name)));
        let mut large = [Vec::new(), Vec::new()];
        let mut position = 0u32;
        for run in &mut runs {
            let mut reader = run.read()?;
            while let Some((key, count)) = reader.next()? {
                words.push(&self.packing.token(key).to_le_bytes()[..width])?;
                counts.push(&[count.min(u64::from(LARGE)) as u8])?;
                if count >= u64::from(LARGE) {
                    large[0].push(position);
                    large[1].push(u32::try_from(count).unwrap_or(u32::MAX));
                }
                position += 1;
            }
        }
        let contexts = 0..=u128::from(self.packing.begin());
        self.starts(contexts.map(|token| Ok(Some(token))), &mut runs[0], 0, &mut starts)?;
        let mut first = 0;
        for length in 2..self.order {
            first += runs[length - 2].len as u32;
            let [contexts, children] = &mut runs[length - 2..length] else { continue };
            let mut contexts = contexts.read()?;
            let contexts = std::iter::from_fn(|| Some(contexts.next().map(|next| next.map(|(key, _)| key))));
            self.starts(contexts, children, first, &mut starts)?;
        }
        let lens: Vec<u64> = runs.iter().map(|run| run.len).collect();
        let columns = [words.finish()?, counts.finish()?, starts.finish()?];
        let parts = Parts { packing: self.packing, lens: &lens, discounts, unigrams, large: &large, columns };
        file::write(folder, u64::from(self.corpus.checksum()), &parts)
    }

    /// For each context where its n-grams begin among all, and at last where they end.
    fn starts(
        &self,
        contexts: impl Iterator<Item = Result<Option<u128>>>,
        children: &mut Run,
        first: u32,
        to: &mut Column,
    ) -> Result<()> {
        let (mut reader, mut position) = (children.read()?, first);
        let mut child = reader.next()?;
        for context in contexts {
            let Some(context) = context? else { break };
            to.push(&position.to_le_bytes())?;
            while child.is_some_and(|(key, _)| self.packing.context(key) <= context) {
                position += 1;
                child = reader.next()?;
            }
        }
        to.push(&position.to_le_bytes())
    }
}

/// A section of the file to be, in a file of its own; created with the first bytes.
struct Column {
    path: PathBuf,
    to: Option<BufWriter<File>>,
}

impl Column {
    fn create(path: PathBuf) -> Self {
        Self { path, to: None }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let to = match &mut self.to {
            Some(to) => to,
            none => {
                let file = File::create(&self.path).map_err(Error::io("create", &self.path))?;
                none.insert(BufWriter::with_capacity(1 << 16, file))
            }
        };
        to.write_all(bytes).map_err(Error::io("write", &self.path))
    }

    fn finish(mut self) -> Result<PathBuf> {
        self.push(&[])?;
        self.to.iter_mut().try_for_each(|to| to.flush()).map_err(Error::io("write", &self.path))?;
        Ok(self.path)
    }
}
