//! BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", section 3.2, and 3.5 for
//! weighted fields), with Lucene's idf, which is never negative.
//!
//! A document's score is the sum over the query's terms of
//! `idf · tf (k1 + 1) / (tf + k1 (1 − b + b · length / mean length))`, with `idf = ln(1 + (N − n + ½) / (n + ½))`.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// The two constants of BM25.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bm25 {
    /// How soon further occurrences stop counting: 0 counts presence alone. 0 to 100, default 1.2.
    pub k1: f32,
    /// How much long documents are held back: 0 not at all, 1 in full. Default 0.75.
    pub b: f32,
}

impl Default for Bm25 {
    fn default() -> Self {
        Self { k1: 1.2, b: 0.75 }
    }
}

impl Bm25 {
    /// Largest `k1`.
    pub const K1_MAX: f32 = 100.0;

    /// Checks both.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a `k1` outside 0 to 100 or a `b` outside 0 to 1.
    pub fn check(&self) -> Result<()> {
        if !(0.0..=Self::K1_MAX).contains(&self.k1) {
            return Err(Error::invalid("keyword/k1", "0 to 100", self.k1, "1.2 and 0.9 are usual"));
        }
        if !(0.0..=1.0).contains(&self.b) {
            return Err(Error::invalid("keyword/b", "0 to 1", self.b, "0.75 and 0.4 are usual"));
        }
        Ok(())
    }
}

/// What a term's occurrences count for, in one collection.
#[derive(Debug, Clone, Copy)]
pub(super) struct TermScorer {
    /// `idf · (k1 + 1)`.
    most: f32,
    /// `k1 (1 − b)`.
    short: f32,
    /// `k1 b / mean length`.
    per_word: f32,
}

impl TermScorer {
    /// For a term that `holding` of `documents` hold.
    pub fn new(bm25: Bm25, documents: u64, holding: u64, mean_length: f32) -> Self {
        let (all, n) = (documents as f64, holding.min(documents) as f64);
        let idf = (1.0 + (all - n + 0.5) / (n + 0.5)).ln() as f32;
        let per_word = if mean_length > 0.0 { bm25.k1 * bm25.b / mean_length } else { 0.0 };
        Self { most: idf * (bm25.k1 + 1.0), short: bm25.k1 * (1.0 - bm25.b), per_word }
    }

    /// What no number of occurrences exceeds.
    pub fn most(&self) -> f32 {
        self.most
    }

    /// The score of `tf` occurrences in a document of `length` words; above 0 where there is one.
    #[inline]
    pub fn score(&self, tf: f32, length: f32) -> f32 {
        self.most * tf / (tf + self.short + self.per_word * length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_checked() {
        assert!(Bm25::default().check().is_ok());
        for (k1, b) in [(-0.1, 0.5), (f32::NAN, 0.5), (101.0, 0.5), (1.0, 1.1), (1.0, f32::NAN)] {
            assert!(Bm25 { k1, b }.check().is_err(), "{k1} {b}");
        }
    }

    #[test]
    fn worked_out_by_hand() {
        // 1 of 3 documents: idf = ln(1 + 2.5 / 1.5) = 0.980829. k1 = 0: presence alone.
        let presence = TermScorer::new(Bm25 { k1: 0.0, b: 0.75 }, 3, 1, 5.0);
        assert!((presence.score(7.0, 50.0) - 0.980_829).abs() < 1e-5);
        // b = 0: length does not count. tf 2, k1 2: idf · 2 · 3 / (2 + 2) = 1.471244.
        let short = TermScorer::new(Bm25 { k1: 2.0, b: 0.0 }, 3, 1, 5.0);
        assert_eq!(short.score(2.0, 1.0), short.score(2.0, 1000.0));
        assert!((short.score(2.0, 9.0) - 1.471_244).abs() < 1e-5);
    }
}
