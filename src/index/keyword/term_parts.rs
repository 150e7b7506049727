//! What a word's BM25 score in a document is made of.

use super::layout::Searched;
use super::{KeywordIndex, KeywordOptions, failed};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// The parts of a word's BM25 score: `score = idf · tf (k1 + 1) / (tf + k1 (1 − b + b · length / mean_length))`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TermParts {
    /// Occurrences in the document, in every form that counts as the same, each for the weight of its field.
    pub tf: f32,
    /// How rare it is: `ln(1 + (N − n + ½) / (n + ½))` for n of N documents.
    pub idf: f32,
    /// Words of the document, weighed in the same way.
    pub length: f32,
    /// Mean of that over all documents.
    pub mean_length: f32,
    /// What they come to.
    pub score: f32,
}

impl KeywordIndex {
    /// What a word's BM25 score in a document is made of; `None` if the document does not hold it.
    ///
    /// # Errors
    /// [`crate::error::Error::Library`] if the index cannot be read.
    pub fn term_parts(
        &self,
        word: &str,
        seq: u64,
        options: &KeywordOptions<'_>,
    ) -> Result<Option<TermParts>> {
        let Some((part, doc)) = self.address(seq)? else { return Ok(None) };
        let count = |searched: &Searched| -> Result<f32> {
            let term = self.term_in(searched, word, options);
            part.occurrences(&term, doc).map(|tf| tf as f32).map_err(failed(&self.folder))
        };
        let mut tf = count(&self.layout.all)?;
        let (mut length, mut mean_length) = (part.lengths[doc as usize], self.mean_length);
        if let Some(weights) = options.weights.filter(|weights| !weights.are_one()) {
            tf *= weights.text;
            for (field, weight) in self.layout.special.iter().zip(&weights.special) {
                tf += (weight - weights.text) * count(field)?;
            }
            (length, mean_length) = (self.weighted_length(part, doc, options), self.weighted_mean(options));
        }
        if tf <= 1e-6 {
            return Ok(None);
        }
        let (all, n) =
            (self.documents as f64, self.holding(&self.term(word, options))?.min(self.documents) as f64);
        let idf = (1.0 + (all - n + 0.5) / (n + 0.5)).ln() as f32;
        let (k1, b) = (options.bm25.k1, options.bm25.b);
        let relative = if mean_length > 0.0 { length / mean_length } else { 0.0 };
        let score = idf * tf * (k1 + 1.0) / (tf + k1 * (1.0 - b + b * relative));
        Ok(Some(TermParts { tf, idf, length, mean_length, score }))
    }
}
