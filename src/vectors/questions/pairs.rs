//! How words of a list are to each other.

use crate::error::Result;
use crate::linalg::{add_scaled, dot, normalize};
use crate::vectors::WordVectors;

/// The word that fits least among others.
#[derive(Debug, Clone, PartialEq)]
pub struct OddOneOut {
    /// Its place in the list.
    pub index: usize,
    /// For each word of the list, the cosine to the mean of all words at length 1; the odd one has the lowest.
    pub scores: Vec<f32>,
    /// Words whose vectors were made from their n-grams.
    pub from_subwords: Vec<String>,
}

impl WordVectors {
    /// Cosine of two words, in -1..1.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::error::Error::NotFound) for an unknown word without known subwords.
    pub fn similarity(&self, a: &str, b: &str) -> Result<f32> {
        Ok(cosine(&self.lookup(a)?.unit, &self.lookup(b)?.unit))
    }

    /// Cosines of all pairs of a list: row by row, symmetric, 1 on the diagonal (0 for a word without direction).
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::error::Error::NotFound) for an unknown word without known subwords,
    /// [`Error::Invalid`](crate::error::Error::Invalid) for no words or more than [`MAX_WORDS`](super::MAX_WORDS).
    pub fn similarity_matrix<W: AsRef<str>>(&self, words: &[W]) -> Result<Vec<Vec<f32>>> {
        let asked = self.ask(words, 1)?;
        let row = |a: &[f32]| asked.found.iter().map(|b| cosine(a, &b.unit)).collect();
        Ok(asked.found.iter().map(|a| row(&a.unit)).collect())
    }

    /// The word that is least like the mean of all of them; of equals the first.
    ///
    /// # Errors
    /// As [`similarity_matrix`](Self::similarity_matrix), and for fewer than three words.
    pub fn odd_one_out<W: AsRef<str>>(&self, words: &[W]) -> Result<OddOneOut> {
        let asked = self.ask(words, 3)?;
        let mut mean = vec![0.0; self.dim()];
        for found in &asked.found {
            add_scaled(&mut mean, 1.0, &found.unit);
        }
        normalize(&mut mean);
        let scores: Vec<f32> = asked.found.iter().map(|found| cosine(&mean, &found.unit)).collect();
        let index = (1..scores.len()).fold(0, |odd, i| if scores[i] < scores[odd] { i } else { odd });
        Ok(OddOneOut { index, scores, from_subwords: asked.from_subwords })
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    dot(a, b).clamp(-1.0, 1.0)
}
