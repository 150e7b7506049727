//! Everything that words can be asked: each question is a method of [`WordVectors`], its choices a struct.
//!
//! Answers are sorted by falling score, ties by [`WordId`], and exact, unless an index over a large vocabulary was put in
//! ([`Nearest`]).

mod analogy;
mod pairs;
mod restrict;
mod similar;

pub use analogy::{Analogy, AnalogyMethod};
pub use pairs::OddOneOut;
pub use restrict::{Restrict, Script};
pub use similar::Similar;

use super::{Found, WordVectors};
use crate::error::{Error, Result};
use crate::vocab::WordId;
use std::cmp::Ordering;

/// The most words that a question may ask for.
pub const MAX_K: usize = 10_000;
/// The most words that one question may name.
pub const MAX_WORDS: usize = 1_000;

/// A word, and how well it answers: higher is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// The word.
    pub id: WordId,
    /// A cosine in -1..1, or for 3CosMul a quotient of 0 or more.
    pub score: f32,
}

impl Neighbour {
    /// Best first, ties by id.
    pub(crate) fn order(a: &Self, b: &Self) -> Ordering {
        b.score.total_cmp(&a.score).then(a.id.cmp(&b.id))
    }
}

/// An index over the rows of [`WordVectors`].
pub trait Nearest: std::fmt::Debug + Send + Sync {
    /// The `k` words with the highest cosine to a direction of length 1, best first. `recall`: the part of the exact answer
    /// wanted, above 0 up to 1, which is exact; where it is not given, the index chooses.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a `recall` that cannot be.
    fn nearest(&self, unit: &[f32], k: usize, recall: Option<f32>) -> Result<Vec<Neighbour>>;

    /// Words that did not find themselves when the index was built: linked again, and those that still did not.
    fn lost(&self) -> (usize, usize) {
        (0, 0)
    }
}

/// The words that answer a question, and which of the words asked about were unknown and stood for by their subwords.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Best first.
    pub neighbours: Vec<Neighbour>,
    /// Words of the question that are not in the vocabulary and whose vectors were made from their n-grams.
    pub from_subwords: Vec<String>,
}

pub(crate) fn check_k(k: usize) -> Result<()> {
    if (1..=MAX_K).contains(&k) {
        Ok(())
    } else {
        Err(Error::invalid("k", format!("1 to {MAX_K}"), k, "ask for fewer words, at least one"))
    }
}

/// The words of a question, looked up.
struct Asked<'a> {
    found: Vec<Found<'a>>,
    from_subwords: Vec<String>,
}

impl WordVectors {
    fn ask<W: AsRef<str>>(&self, words: &[W], least: usize) -> Result<Asked<'_>> {
        if !(least..=MAX_WORDS).contains(&words.len()) {
            let expected = format!("{least} to {MAX_WORDS} words");
            return Err(Error::invalid("words", expected, words.len(), "name that many words"));
        }
        let found = words.iter().map(|word| self.lookup(word.as_ref())).collect::<Result<Vec<_>>>()?;
        let unknown = words.iter().zip(&found).filter(|(_, found)| found.id.is_none());
        let from_subwords = unknown.map(|(word, _)| word.as_ref().to_owned()).collect();
        Ok(Asked { found, from_subwords })
    }
}

impl Asked<'_> {
    /// The ids of the words that are known: they do not answer their own question.
    fn known(&self) -> Vec<WordId> {
        self.found.iter().filter_map(|found| found.id).collect()
    }
}

#[cfg(test)]
mod tests;
