//! *a* is to *b* as *c* is to which word?
//!
//! Source: 3CosAdd, Mikolov et al. 2013 (NAACL); 3CosMul, Levy and Goldberg 2014 (CoNLL), equations 3 and 4.

use super::{Answer, Neighbour, Restrict, Similar};
use crate::error::{Error, Result};
use crate::linalg::{add_scaled, normalize};
use crate::vectors::WordVectors;
use crate::vectors::scan::{Scan, Score};
use crate::vocab::WordId;
use serde::{Deserialize, Serialize};

/// An analogy: words to be near to, and words to be far from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analogy {
    /// *b* and *c*: "woman", "king".
    pub positive: Vec<String>,
    /// *a*: "man".
    pub negative: Vec<String>,
    /// How the cosines become one score.
    pub method: AnalogyMethod,
    /// Which words may answer.
    pub restrict: Restrict,
    /// How many, 1 to [`MAX_K`](super::MAX_K).
    pub k: usize,
}

/// How the cosines with the words of an analogy become one score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnalogyMethod {
    /// The cosine with `b - a + c`, over words at length 1.
    #[default]
    Add,
    /// `cos(d, b) · cos(d, c) / (cos(d, a) + 0.001)`, each cosine moved from -1..1 to 0..1.
    Mul,
}

impl Analogy {
    /// *a* is to *b* as *c* is to …, by 3CosAdd, ten answers.
    #[must_use]
    pub fn new(a: impl Into<String>, b: impl Into<String>, c: impl Into<String>) -> Self {
        Self { positive: vec![b.into(), c.into()], negative: vec![a.into()], k: 10, ..Self::default() }
    }
}

impl WordVectors {
    /// The words that complete the analogy best; its own words are not among them.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown word without known subwords; [`Error::Invalid`] without positive words, for a sum
    /// without a direction, and for a `k` or a restriction that cannot be.
    pub fn analogy(&self, analogy: &Analogy) -> Result<Answer> {
        if analogy.positive.is_empty() {
            let cure = "name the words to be near to";
            return Err(Error::invalid("positive", "at least one word", "none", cure));
        }
        let words: Vec<&String> = analogy.positive.iter().chain(&analogy.negative).collect();
        let asked = self.ask(&words, 1)?;
        let units: Vec<&[f32]> = asked.found.iter().map(|found| &*found.unit).collect();
        let above = analogy.positive.len();
        let (queries, score) = match analogy.method {
            AnalogyMethod::Add => (vec![self.offset(&units, above)?], Score::Cosine),
            AnalogyMethod::Mul => {
                (units.iter().map(|unit| unit.to_vec()).collect(), Score::Quotient { above })
            }
        };
        let options = Similar { k: analogy.k, restrict: analogy.restrict.clone(), recall: None };
        let neighbours = self.nearest(queries, score, &options, &asked.known())?;
        Ok(Answer { neighbours, from_subwords: asked.from_subwords })
    }

    /// The best completion of *a* is to *b* as *c* is to … among the first `among` words, for evaluation; `None` if they
    /// are all words of the question.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the words cancel out.
    ///
    /// # Panics
    /// If an id is of another vocabulary and too large for this one.
    pub fn complete(
        &self,
        [a, b, c]: [WordId; 3],
        method: AnalogyMethod,
        among: usize,
    ) -> Result<Option<Neighbour>> {
        let units = [self.unit(b), self.unit(c), self.unit(a)];
        let (queries, score) = match method {
            AnalogyMethod::Add => (vec![self.offset(&units, 2)?], Score::Cosine),
            AnalogyMethod::Mul => {
                (units.iter().map(|unit| unit.to_vec()).collect(), Score::Quotient { above: 2 })
            }
        };
        let keep = |id| ![a, b, c].contains(&id);
        let rows = 0..among.min(self.len());
        Ok(Scan { queries: &queries, score, k: 1, rows, keep: &keep }.run(self).first().copied())
    }

    /// The first `above` minus the others, at length 1.
    pub(crate) fn offset(&self, units: &[&[f32]], above: usize) -> Result<Vec<f32>> {
        let mut sum = vec![0.0; self.dim()];
        for (i, unit) in units.iter().enumerate() {
            add_scaled(&mut sum, if i < above { 1.0 } else { -1.0 }, unit);
        }
        if normalize(&mut sum) > 1e-6 {
            Ok(sum)
        } else {
            let cure = "name different words to be near to and far from";
            Err(Error::invalid("analogy", "words that differ", "words that cancel out", cure))
        }
    }
}
