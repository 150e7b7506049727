//! Here is a token, give me its [`WordId`] and count.
//!
//! Words are numbered by falling count, ties by their bytes, so that the same corpus always gives the same ids and the
//! most frequent words stand together in every table.

pub mod chunk;
pub mod corpus;
pub mod phrases;

use crate::error::{Error, Result};
use std::collections::HashMap;

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
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: Vec<Box<str>>,
    counts: Vec<u64>,
    ids: HashMap<Box<str>, u32>,
    total: u64,
}

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
    /// [`Error::Invalid`] on a duplicate word, or more than `u32::MAX` words.
    pub fn from_sorted(words: Vec<(Box<str>, u64)>) -> Result<Self> {
        if u32::try_from(words.len()).is_err() {
            let cure = "raise the minimum count";
            return Err(Error::invalid("vocabulary size", "less than 2^32 words", words.len(), cure));
        }
        let mut vocabulary = Self::default();
        for (word, count) in words {
            let id = vocabulary.words.len() as u32;
            if vocabulary.ids.insert(word.clone(), id).is_some() {
                let cure = "remove the second occurrence";
                return Err(Error::invalid("vocabulary", "each word once", format!("{word:?} twice"), cure));
            }
            vocabulary.words.push(word);
            vocabulary.counts.push(count);
            vocabulary.total += count;
        }
        Ok(vocabulary)
    }

    /// Number of words, `V`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether no word was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Number of running words in the corpus that are in the vocabulary.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The id of a word, as the analyzer spells it.
    #[must_use]
    pub fn id(&self, word: &str) -> Option<WordId> {
        self.ids.get(word).copied().map(WordId)
    }

    /// The word with this id.
    ///
    /// # Panics
    /// If the id is of another vocabulary and too large for this one.
    #[must_use]
    pub fn word(&self, id: WordId) -> &str {
        &self.words[id.index()]
    }

    /// How often the word occurs in the corpus.
    ///
    /// # Panics
    /// If the id is of another vocabulary and too large for this one.
    #[must_use]
    pub fn count(&self, id: WordId) -> u64 {
        self.counts[id.index()]
    }

    /// All counts, by id.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// All words with id and count, most frequent first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (WordId, &str, u64)> {
        self.words
            .iter()
            .zip(&self.counts)
            .enumerate()
            .map(|(id, (word, count))| (WordId(id as u32), &**word, *count))
    }

    /// The `limit` words spelled most like `word` (Damerau–Levenshtein, then the more frequent), for error messages.
    #[must_use]
    pub fn nearest_spellings(&self, word: &str, limit: usize) -> Vec<String> {
        let length = word.chars().count();
        let reach = (length / 3).max(1);
        let mut near: Vec<(usize, usize)> = self
            .words
            .iter()
            .enumerate()
            .filter(|(_, known)| known.chars().count().abs_diff(length) <= reach)
            .map(|(id, known)| (strsim::damerau_levenshtein(word, known), id))
            .filter(|(distance, _)| *distance <= reach)
            .collect();
        near.sort_unstable();
        near.into_iter().take(limit).map(|(_, id)| self.words[id].to_string()).collect()
    }
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

    #[test]
    fn near_spellings_are_found_and_far_ones_are_not() {
        assert_eq!(sample().nearest_spellings("bnak", 3), ["bank"]);
        assert!(sample().nearest_spellings("zebra", 3).is_empty());
    }
}
