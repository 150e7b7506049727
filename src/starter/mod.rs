//! A starter model: word vectors and a contextual model learned from much text, small enough to travel with the program, from which a
//! collection's own model goes on.
//!
//! Values are rounded to a part of each row's own mean square, weights to 16 bits; output vectors are stored as what they are more than
//! their words' vectors let expect; the whole is packed by zstd, in pieces that several threads unpack at once.

mod expected;
mod file;
mod first;
mod rows;

pub use file::Rounding;

use crate::bilm::{Model, Parts};
use crate::error::{Error, Result};
use crate::vectors::WordVectors;
use crate::vocab::{Vocabulary, WordId};
use std::sync::Arc;

/// A starter model, read.
#[derive(Debug, Clone)]
pub struct Starter {
    name: String,
    vectors: Arc<WordVectors>,
    parts: Parts,
    /// So many of the first words have an output vector of their own.
    foretold: usize,
}

impl Starter {
    /// The `words` most frequent words of a model, or all if there are fewer.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is empty or longer than 64 bytes, or no words.
    pub fn of(name: &str, model: &Model, words: usize) -> Result<Self> {
        Error::unless_within("length of the starter's name", name.len(), 1, 64)?;
        let vectors = model.vectors();
        let words = words.min(vectors.len());
        Error::unless_within("words", words, 1, usize::MAX)?;
        let dim = vectors.dim();
        let kept = vectors.vocabulary().iter().take(words).map(|(_, word, count)| (word.into(), count));
        let vocabulary = Vocabulary::from_sorted(kept.collect())?;
        let rows = (0..words).flat_map(|id| vectors.original(WordId(id as u32))).collect();
        let mut parts = model.parts();
        parts.output.truncate(words * dim);
        let vectors = WordVectors::new(Arc::new(vocabulary), rows, dim)?;
        Ok(Self { name: name.to_owned(), vectors: Arc::new(vectors), parts, foretold: words })
    }

    /// The same without words that a vocabulary lacks, but for the `others` most frequent ones of these.
    ///
    /// # Errors
    /// None for a starter that was read.
    pub fn of_corpus(&self, corpus: &Vocabulary, others: usize) -> Result<Self> {
        let mut left = others;
        let mut is_kept = |word: &str| {
            let is_lacking = corpus.id(word).is_none();
            let is_kept = !is_lacking || left > 0;
            left -= usize::from(is_lacking && is_kept);
            is_kept
        };
        let kept: Vec<_> = self.vectors.vocabulary().iter().filter(|(_, word, _)| is_kept(word)).collect();
        let words = kept.iter().map(|(_, word, count)| ((*word).into(), *count)).collect();
        let dim = self.vectors.dim();
        let rows = kept.iter().flat_map(|(id, ..)| self.vectors.original(*id)).collect();
        let output = kept.iter().flat_map(|(id, ..)| &self.parts.output[id.index() * dim..][..dim]);
        let parts = Parts { output: output.copied().collect(), ..self.parts.clone() };
        let vectors = WordVectors::new(Arc::new(Vocabulary::from_sorted(words)?), rows, dim)?;
        let foretold = kept.iter().filter(|(id, ..)| id.index() < self.foretold).count();
        Ok(Self { name: self.name.clone(), vectors: Arc::new(vectors), parts, foretold })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its word vectors, most frequent words first, with the counts of the text that they were learned from.
    #[must_use]
    pub fn vectors(&self) -> &Arc<WordVectors> {
        &self.vectors
    }

    /// Its contextual model, but for the word vectors.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The word's output vector, if it has one of its own: those of rare words are not stored, and their mean stands for each.
    #[must_use]
    pub fn output(&self, word: &str) -> Option<&[f32]> {
        let id = self.vectors.vocabulary().id(word).filter(|id| id.index() < self.foretold)?;
        Some(&self.parts.output[id.index() * self.vectors.dim()..][..self.vectors.dim()])
    }

    /// The model as it is, over its own words.
    ///
    /// # Errors
    /// None for a starter that was read.
    pub fn model(&self) -> Result<Model> {
        Model::of_parts(self.parts.clone(), Arc::clone(&self.vectors))
    }
}
