//! The words most like a word, a vector, or a weighted sum of words.

use super::{Answer, Neighbour, Restrict, check_k};
use crate::error::{Error, Result};
use crate::linalg::{add_scaled, normalize};
use crate::vectors::WordVectors;
use crate::vectors::scan::{Scan, Score};
use crate::vocab::WordId;

/// How many similar words, and which.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// How many, 1 to [`MAX_K`](super::MAX_K).
    pub k: usize,
    /// Which words may answer.
    pub restrict: Restrict,
    /// The part of the exact answer wanted, above 0 up to 1; an answer is exact unless an index over a large vocabulary
    /// serves it, which chooses where nothing is asked.
    pub recall: Option<f32>,
}

impl Default for Similar {
    /// Ten, of all words.
    fn default() -> Self {
        Self { k: 10, restrict: Restrict::default(), recall: None }
    }
}

impl WordVectors {
    /// The words with the highest cosine to `word`, without the word itself. Served from the table of neighbours where
    /// there is one that reaches.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown word without known subwords, [`Error::Invalid`] for a `k` or a restriction that
    /// cannot be.
    pub fn similar(&self, word: &str, options: &Similar) -> Result<Answer> {
        check_k(options.k)?;
        check_recall(options.recall)?;
        let asked = self.ask(&[word], 1)?;
        if let (Some(id), true, Some(table)) =
            (asked.found[0].id, options.restrict.is_none(), self.neighbours())
            && let Some(neighbours) = table.first(id, options.k)
        {
            return Ok(Answer { neighbours, from_subwords: asked.from_subwords });
        }
        let query = asked.found[0].unit.to_vec();
        let neighbours = self.nearest(vec![query], Score::Cosine, options, &asked.known())?;
        Ok(Answer { neighbours, from_subwords: asked.from_subwords })
    }

    /// Whether [`similar`](Self::similar) has this answer in the table of neighbours, and compares nothing.
    #[must_use]
    pub fn is_at_hand(&self, word: &str, options: &Similar) -> bool {
        let kept = |id| self.neighbours().is_some_and(|table| table.keeps(id, options.k));
        options.restrict.is_none() && options.k > 0 && self.vocabulary().id(word).is_some_and(kept)
    }

    /// The words with the highest cosine to a vector of any length.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a vector of another dimension, with values that are not finite or without a direction, and
    /// for a `k` or a restriction that cannot be.
    pub fn similar_to_vector(&self, vector: &[f32], options: &Similar) -> Result<Vec<Neighbour>> {
        self.nearest(vec![self.direction(vector)?], Score::Cosine, options, &[])
    }

    /// The words with the highest cosine to `Σ weight · word`, over words at length 1, without these words themselves.
    ///
    /// # Errors
    /// As [`similar`](Self::similar), and [`Error::Invalid`] if the sum has no direction.
    pub fn similar_to_sum<W: AsRef<str>>(&self, sum: &[(W, f32)], options: &Similar) -> Result<Answer> {
        check_k(options.k)?;
        let words: Vec<&str> = sum.iter().map(|(word, _)| word.as_ref()).collect();
        let asked = self.ask(&words, 1)?;
        let mut total = vec![0.0; self.dim()];
        for (found, (_, weight)) in asked.found.iter().zip(sum) {
            add_scaled(&mut total, *weight, &found.unit);
        }
        let query = self.direction(&total)?;
        let neighbours = self.nearest(vec![query], Score::Cosine, options, &asked.known())?;
        Ok(Answer { neighbours, from_subwords: asked.from_subwords })
    }

    /// The vector at length 1.
    fn direction(&self, vector: &[f32]) -> Result<Vec<f32>> {
        let (expected, cure) = (format!("{} finite values, not all 0", self.dim()), "give another vector");
        if vector.len() != self.dim() {
            return Err(Error::invalid("vector", expected, format!("{} values", vector.len()), cure));
        }
        // Scaled by the largest value first, so that 1e38 does not overflow and 1e-38 does not vanish.
        let largest = vector.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let mut unit: Vec<f32> = vector.iter().map(|value| value / largest).collect();
        let length = normalize(&mut unit);
        if !(largest > 0.0 && largest.is_finite() && length.is_finite()) {
            return Err(Error::invalid("vector", expected, "values without a direction", cure));
        }
        Ok(unit)
    }

    /// The best words by a score of directions, without the `excluded`.
    pub(super) fn nearest(
        &self,
        queries: Vec<Vec<f32>>,
        score: Score,
        options: &Similar,
        excluded: &[WordId],
    ) -> Result<Vec<Neighbour>> {
        check_k(options.k)?;
        options.restrict.check(self.vocabulary())?;
        check_recall(options.recall)?;
        let all_may = options.restrict.is_none() && self.listed.is_none();
        if let ([query], Score::Cosine, true, Some(index)) = (&queries[..], score, all_may, &self.nearest) {
            let wanted = (options.k + excluded.len()).min(self.len());
            let mut found = index.nearest(query, wanted, options.recall)?;
            found.retain(|one| !excluded.contains(&one.id));
            found.truncate(options.k);
            return Ok(found);
        }
        let keep = |id| {
            self.is_listed(id) && !excluded.contains(&id) && options.restrict.allows(self.vocabulary(), id)
        };
        let scan = Scan { queries: &queries, score, k: options.k, rows: 0..self.len(), keep: &keep };
        Ok(scan.run(self))
    }
}

fn check_recall(recall: Option<f32>) -> Result<()> {
    match recall.filter(|recall| !(*recall > 0.0 && *recall <= 1.0)) {
        Some(recall) => {
            Err(Error::invalid("recall", "above 0 up to 1", recall, "0.95 and 0.99 are usual, 1 is exact"))
        }
        None => Ok(()),
    }
}
