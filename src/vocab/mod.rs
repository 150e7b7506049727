//! Here is a token, give me its [`WordId`] and count.
//!
//! Words are numbered by falling count, ties by their bytes, so that the same corpus always gives the same ids and the
//! most frequent words stand together in every table.

pub mod chunk;
pub mod collocates;
pub mod corpus;
mod file;
mod next;
pub mod phrases;
pub(crate) mod sampling;

pub use chunk::Chunk;
pub use next::{Distribution, Next};

use crate::error::{Error, Result};
use std::hash::{BuildHasher, RandomState};

/// `a` of [`Vocabulary::rarity`].
const SIF_A: f64 = 1e-3;

/// A word's number in its [`Vocabulary`], from 0 for the most frequent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WordId(pub u32);

impl WordId {
    /// As an index into tables with one row a word.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Kept words with their counts in the corpus.
///
/// The spellings stand in one string and the ids in one open table of slots: a vocabulary of 60,000 words opens in about
/// two milliseconds, where a map of boxed strings takes ten times that.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    text: String,
    /// Word `id` is `text[starts[id]..starts[id + 1]]`; empty for an empty vocabulary.
    starts: Vec<u32>,
    counts: Vec<u64>,
    /// Power of two in length, at most half full; `EMPTY` or an id.
    slots: Vec<u32>,
    hasher: RandomState,
    total: u64,
}

const EMPTY: u32 = u32::MAX;

impl Vocabulary {
    /// Keeps the words of `counts` that occur at least `min_count` times.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there are more than `u32::MAX` words.
    pub fn from_counts(
        counts: impl IntoIterator<Item = (impl Into<Box<str>>, u64)>,
        min_count: u64,
    ) -> Result<Self> {
        let mut kept: Vec<(Box<str>, u64)> = counts
            .into_iter()
            .filter(|(_, count)| *count >= min_count.max(1))
            .map(|(word, count)| (word.into(), count))
            .collect();
        kept.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Self::from_sorted(kept)
    }

    /// Takes words in the order given: id 0 first. For stored vocabularies and vector files, which have their own order.
    ///
    /// # Errors
    /// [`Error::Invalid`] on a duplicate word, more than `u32::MAX - 1` words, or 4 GiB of spellings.
    pub fn from_sorted(words: Vec<(Box<str>, u64)>) -> Result<Self> {
        let mut text = String::with_capacity(words.iter().map(|(word, _)| word.len()).sum());
        let mut ends = Vec::with_capacity(words.len());
        let mut counts = Vec::with_capacity(words.len());
        for (word, count) in &words {
            text.push_str(word);
            ends.push(text.len());
            counts.push(*count);
        }
        Self::from_parts(text, &ends, counts)
    }

    /// Words `text[ends[i - 1]..ends[i]]`; the ends rise and lie on character boundaries.
    fn from_parts(text: String, ends: &[usize], counts: Vec<u64>) -> Result<Self> {
        let too_large = ends.len() >= EMPTY as usize || u32::try_from(text.len()).is_err();
        if too_large {
            let got = format!("{} words in {} bytes", ends.len(), text.len());
            let expected = "less than 2^32 words and bytes";
            return Err(Error::invalid("vocabulary size", expected, got, "raise the minimum count"));
        }
        let starts = std::iter::once(0).chain(ends.iter().map(|end| *end as u32)).collect();
        let slots = vec![EMPTY; (ends.len() * 2).next_power_of_two()];
        let total = counts.iter().fold(0, |total: u64, count| total.saturating_add(*count));
        let mut vocabulary = Self { text, starts, counts, slots, hasher: RandomState::new(), total };
        for id in 0..ends.len() as u32 {
            let slot = vocabulary.slot(vocabulary.word(WordId(id)));
            if vocabulary.slots[slot] != EMPTY {
                let got = format!("{:?} twice", vocabulary.word(WordId(id)));
                return Err(Error::invalid(
                    "vocabulary",
                    "each word once",
                    got,
                    "remove the second occurrence",
                ));
            }
            vocabulary.slots[slot] = id;
        }
        Ok(vocabulary)
    }

    /// The slot that holds the word's id, or the empty one where it would stand.
    fn slot(&self, word: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.hasher.hash_one(word) as usize & mask;
        while self.slots[slot] != EMPTY && self.word(WordId(self.slots[slot])) != word {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// The share that it knows of `running` words, which are these with their counts: 0 to 1.
    #[must_use]
    pub fn covers<'w>(&self, words: impl Iterator<Item = (&'w str, u64)>, running: u64) -> f64 {
        let known: u64 = words.filter(|(word, _)| self.id(word).is_some()).map(|(_, count)| count).sum();
        known as f64 / running.max(1) as f64
    }

    /// Number of words, `V`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether no word was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Number of running words in the corpus that are in the vocabulary.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The id of a word, as the analyzer spells it.
    #[must_use]
    pub fn id(&self, word: &str) -> Option<WordId> {
        if self.is_empty() {
            return None;
        }
        let id = self.slots[self.slot(word)];
        (id != EMPTY).then_some(WordId(id))
    }

    /// The word with this id.
    ///
    /// # Panics
    /// If the id is of another vocabulary and too large for this one.
    #[must_use]
    pub fn word(&self, id: WordId) -> &str {
        &self.text[self.starts[id.index()] as usize..self.starts[id.index() + 1] as usize]
    }

    /// How often the word occurs in the corpus.
    ///
    /// # Panics
    /// If the id is of another vocabulary and too large for this one.
    #[must_use]
    pub fn count(&self, id: WordId) -> u64 {
        self.counts[id.index()]
    }

    /// Smooth inverse frequency (Arora, Liang & Ma 2017): `a / (a + p)` for a word that makes up the share `p` of the corpus, with
    /// the paper's `a` of 0.001. The weight of a word in the mean of a text.
    ///
    /// # Panics
    /// If the id is of another vocabulary and too large for this one.
    #[must_use]
    pub fn rarity(&self, id: WordId) -> f32 {
        let share = self.count(id) as f64 / self.total().max(1) as f64;
        (SIF_A / (SIF_A + share)) as f32
    }

    /// All counts, by id.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// All words with id and count, most frequent first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (WordId, &str, u64)> {
        self.counts.iter().enumerate().map(|(id, count)| {
            let id = WordId(id as u32);
            (id, self.word(id), *count)
        })
    }

    /// The `limit` words spelled most like `word` (Damerau–Levenshtein, then the more frequent), for error messages.
    #[must_use]
    pub fn nearest_spellings(&self, word: &str, limit: usize) -> Vec<String> {
        let (length, letters) = shape_of(word);
        let reach = (length / 3).max(1);
        let near_enough = |known: &str| {
            // One edit changes the length by at most one, and the set of letters by at most two.
            let (known_length, known_letters) = shape_of(known);
            known_length.abs_diff(length) <= reach
                && (letters ^ known_letters).count_ones() as usize <= 2 * reach
        };
        let mut near: Vec<(usize, WordId)> = self
            .iter()
            .filter(|(_, known, _)| near_enough(known))
            .map(|(id, known, _)| (strsim::damerau_levenshtein(word, known), id))
            .filter(|(distance, _)| *distance <= reach)
            .collect();
        near.sort_unstable();
        near.into_iter().take(limit).map(|(_, id)| self.word(id).to_owned()).collect()
    }
}

/// Number of characters, and the set of them in 64 bits, where different ones may share a bit.
fn shape_of(word: &str) -> (usize, u64) {
    word.chars().fold((0, 0), |(length, letters), c| (length + 1, letters | 1 << (u32::from(c) % 64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vocabulary {
        Vocabulary::from_counts([("bank", 3), ("river", 5), ("loan", 3), ("rare", 1)], 2).unwrap()
    }

    #[test]
    fn ids_fall_with_count_and_ties_follow_spelling() {
        let vocabulary = sample();
        let words: Vec<_> = vocabulary.iter().map(|(id, word, count)| (id.0, word, count)).collect();
        assert_eq!(words, [(0, "river", 5), (1, "bank", 3), (2, "loan", 3)]);
        assert_eq!(vocabulary.id("loan"), Some(WordId(2)));
        assert_eq!(vocabulary.id("rare"), None);
        assert_eq!(vocabulary.total(), 11);
    }

    #[test]
    fn a_duplicate_is_refused() {
        let twice = vec![("a".into(), 1), ("a".into(), 2)];
        assert!(Vocabulary::from_sorted(twice).unwrap_err().to_string().contains("\"a\" twice"));
    }

    /// The quick look at lengths and letters leaves out none that the slow comparison would find.
    #[test]
    fn near_spellings_are_those_of_a_full_comparison() {
        let words = (0..2000u32).map(|i| (format!("{:x}w{}", i * 7919 % 65_521, i % 13), 1));
        let vocabulary = Vocabulary::from_counts(words, 1).unwrap();
        for asked in ["1f3w4", "w", "abcdefw12", "9a2fw", "银行"] {
            let reach = (asked.chars().count() / 3).max(1);
            let mut expected: Vec<(usize, WordId)> = vocabulary
                .iter()
                .map(|(id, word, _)| (strsim::damerau_levenshtein(asked, word), id))
                .filter(|(distance, _)| *distance <= reach)
                .collect();
            expected.sort_unstable();
            let expected: Vec<&str> = expected.iter().map(|(_, id)| vocabulary.word(*id)).collect();
            assert_eq!(vocabulary.nearest_spellings(asked, 2000), expected, "{asked}");
        }
    }

    #[test]
    fn near_spellings_are_found_and_far_ones_are_not() {
        assert_eq!(sample().nearest_spellings("bnak", 3), ["bank"]);
        assert!(sample().nearest_spellings("zebra", 3).is_empty());
    }
}
