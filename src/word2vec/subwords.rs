//! Words as sums of their character n-grams, so that unknown words get vectors too (Bojanowski et al. 2017).
//!
//! N-grams are hashed to buckets exactly as fastText does (FNV-1a of 32 bits over the UTF-8 bytes, each taken
//! as signed), so that finalfusion's `FastTextSubwordVocab` with the same bounds and buckets finds the same
//! rows.

use crate::error::{Error, Result};
use crate::vocab::Vocabulary;

/// Which n-grams, and how many rows for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subwords {
    /// Shortest n-gram, in characters of `<word>`; 2 to `max_n`, default 3.
    pub min_n: usize,
    /// Longest n-gram, in characters; up to 16, default 6.
    pub max_n: usize,
    /// Rows that n-grams are hashed to; 1 to 2^27, default 200,000 (fastText's 2 million suit corpora of
    /// billions of words).
    pub buckets: usize,
}

impl Default for Subwords {
    fn default() -> Self {
        Self { min_n: 3, max_n: 6, buckets: 200_000 }
    }
}

impl Subwords {
    pub(crate) fn check(&self) -> Result<()> {
        if self.min_n < 2 || self.max_n > 16 || self.min_n > self.max_n {
            let got = format!("{} to {}", self.min_n, self.max_n);
            return Err(Error::invalid("subword length", "a range within 2 to 16", got, "3 to 6 is usual"));
        }
        if !(1..=1 << 27).contains(&self.buckets) {
            let cure = "200000 is the default";
            return Err(Error::invalid("subword buckets", "1 to 134217728", self.buckets, cure));
        }
        Ok(())
    }

    /// The bucket of each n-gram of `<word>`, in the order in which they start.
    #[must_use]
    pub fn buckets_of(&self, word: &str) -> Vec<u32> {
        let marked = format!("<{word}>");
        let starts: Vec<usize> = marked.char_indices().map(|(at, _)| at).chain([marked.len()]).collect();
        let mut buckets = Vec::new();
        for first in 0..starts.len() - 1 {
            for n in self.min_n..=self.max_n {
                let Some(&end) = starts.get(first + n) else { break };
                let ngram = &marked.as_bytes()[starts[first]..end];
                buckets.push(fnv1a(ngram) % self.buckets as u32);
            }
        }
        buckets
    }
}

/// FNV-1a as fastText has it: bytes above 127 are sign-extended before they are mixed in.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(2_166_136_261, |hash: u32, &byte| (hash ^ byte as i8 as u32).wrapping_mul(16_777_619))
}

/// For each word, the rows of the input matrix that make it up: its own, then those of its n-grams.
#[derive(Debug)]
pub(crate) struct Parts {
    ends: Vec<usize>,
    rows: Vec<u32>,
}

impl Parts {
    pub(crate) fn new(vocabulary: &Vocabulary, subwords: &Subwords) -> Self {
        let mut parts = Self { ends: Vec::with_capacity(vocabulary.len()), rows: Vec::new() };
        for (id, word, _) in vocabulary.iter() {
            parts.rows.push(id.0);
            let first = vocabulary.len() as u32;
            parts.rows.extend(subwords.buckets_of(word).into_iter().map(|bucket| first + bucket));
            parts.ends.push(parts.rows.len());
        }
        parts
    }

    pub(crate) fn of(&self, id: u32) -> &[u32] {
        let start = if id == 0 { 0 } else { self.ends[id as usize - 1] };
        &self.rows[start..self.ends[id as usize]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_fasttext() {
        // FNV-1a test vectors of 32 bits: "" and "a" and "foobar".
        assert_eq!([fnv1a(b""), fnv1a(b"a"), fnv1a(b"foobar")], [0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968]);
    }

    #[test]
    fn ngrams_are_those_between_the_marks() {
        let subwords = Subwords { min_n: 3, max_n: 4, buckets: 1 << 20 };
        let ngrams = ["<ab", "<abc", "abc", "abc>", "bc>"]; // of "<abc>"
        let expected: Vec<u32> = ngrams.iter().map(|ngram| fnv1a(ngram.as_bytes()) % (1 << 20)).collect();
        assert_eq!(subwords.buckets_of("abc"), expected);
        assert_eq!(subwords.buckets_of("学").len(), 1); // "<学>" has three characters
        assert!(Subwords { min_n: 5, max_n: 6, buckets: 9 }.buckets_of("学").is_empty());
    }
}
