//! Here is a word, give me its vector, neighbours and analogies; read and write vector files.
//!
//! [`WordVectors`] is a vocabulary and one row a word. Rows are kept at length 1 with their former lengths beside them, as
//! finalfusion keeps them: every question but export asks for cosines, which are then plain dot products.
//!
//! Not here: how vectors are learned (`word2vec`), and approximate search over many of them (`index::hnsw`).

pub mod formats;
mod mapped;
mod rounding;
mod rows;
mod stored;

pub use rows::MAX_DIM;
pub use stored::{VECTORS_FILE, VOCABULARY_FILE};

use crate::error::{Error, Result};
use crate::linalg;
use crate::vocab::{Vocabulary, WordId};
use rounding::Rounding;
use rows::Rows;
use std::sync::Arc;

/// Static word vectors: a vocabulary of `V` words and a `V` x `D` matrix.
#[derive(Debug, Clone)]
pub struct WordVectors {
    vocabulary: Arc<Vocabulary>,
    dim: usize,
    /// `V` rows of length 1 (or all 0).
    units: Rows,
    /// Former lengths of the rows, `V`.
    norms: Vec<f32>,
    /// What rows times norms lack of the vectors as given.
    rounding: Rounding,
}

impl WordVectors {
    /// Takes one row a word, in id order: `matrix` is `V` x `dim`, row-major. For trainers and readers.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `dim` is 0 or above [`MAX_DIM`], if the matrix is not `V` x `dim`, or if a row holds a NaN or
    /// an infinity, or is so long that its length is infinite.
    pub fn new(vocabulary: Arc<Vocabulary>, mut matrix: Vec<f32>, dim: usize) -> Result<Self> {
        rows::check_shape(vocabulary.len(), dim, matrix.len())?;
        let mut rounding = Rounding::room_for(vocabulary.len(), dim);
        let norms = rounding.split(&mut matrix, dim).map_err(|row| {
            let word = vocabulary.word(WordId(row as u32));
            let got = format!("other values for {word:?}");
            Error::invalid(
                "vectors",
                "finite values and lengths",
                got,
                "leave the word out, or train at a lower rate",
            )
        })?;
        Ok(Self { vocabulary, dim, units: Rows::owned(matrix), norms, rounding })
    }

    /// The words, with counts where they are known (all 0 where not).
    #[must_use]
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// Number of words, `V`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.vocabulary.len()
    }

    /// Whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vocabulary.is_empty()
    }

    /// Number of values of a vector, `D`.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The word's vector at length 1 (all 0 if it has no direction), `D` values.
    ///
    /// # Panics
    /// If the id is of another vocabulary and too large for this one.
    #[must_use]
    pub fn unit(&self, id: WordId) -> &[f32] {
        &self.units[id.index() * self.dim..][..self.dim]
    }

    /// All vectors at length 1, `V` x `D`, row-major.
    #[must_use]
    pub fn units(&self) -> &[f32] {
        &self.units
    }

    /// Length of the word's vector as it was given.
    ///
    /// # Panics
    /// If the id is of another vocabulary and too large for this one.
    #[must_use]
    pub fn norm(&self, id: WordId) -> f32 {
        self.norms[id.index()]
    }

    /// The word's vector as it was given, to the last bit, `D` values.
    ///
    /// # Panics
    /// If the id is of another vocabulary and too large for this one.
    #[must_use]
    pub fn original(&self, id: WordId) -> Vec<f32> {
        let mut row = self.unit(id).to_vec();
        self.rounding.restore(id.index(), self.norm(id), &mut row);
        row
    }

    /// All vectors as they were given, to the last bit, `V` x `D`, row-major. For training on, and for export.
    #[must_use]
    pub fn originals(&self) -> Vec<f32> {
        let mut matrix = self.units.to_vec();
        for (row, values) in matrix.chunks_exact_mut(self.dim).enumerate() {
            self.rounding.restore(row, self.norms[row], values);
        }
        matrix
    }

    /// Cosine of two words.
    ///
    /// # Panics
    /// If an id is of another vocabulary and too large for this one.
    #[must_use]
    pub fn cosine(&self, a: WordId, b: WordId) -> f32 {
        linalg::dot(self.unit(a), self.unit(b)).clamp(-1.0, 1.0)
    }

    /// The id of a word, as the analyzer spells it.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the nearest spellings that are known.
    pub fn id(&self, word: &str) -> Result<WordId> {
        self.vocabulary.id(word).ok_or_else(|| self.unknown(word))
    }

    fn unknown(&self, word: &str) -> Error {
        Error::NotFound {
            kind: "word",
            name: word.chars().take(80).collect(),
            nearest: self.vocabulary.nearest_spellings(word, 5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn sample() -> WordVectors {
        let words = ["bank", "river", "loan", "the"].map(|word| (word.into(), 1)).to_vec();
        let vocabulary = Arc::new(Vocabulary::from_sorted(words).unwrap());
        WordVectors::new(vocabulary, vec![3.0, 4.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0], 2).unwrap()
    }

    #[test]
    fn units_norms_and_cosines_of_small_vectors() {
        // |(3, 4)| = 5; cos((3, 4), (0, 2)) = 8 / (5 · 2) = 0.8; a zero vector has no direction.
        let vectors = sample();
        let [bank, river, loan, the] = [0, 1, 2, 3].map(WordId);
        assert_eq!((vectors.unit(bank), vectors.norm(bank)), (&[0.6, 0.8][..], 5.0));
        assert!((vectors.cosine(bank, river) - 0.8).abs() < 1e-7);
        assert!((vectors.cosine(bank, loan) - 0.6).abs() < 1e-7);
        assert_eq!((vectors.norm(the), vectors.cosine(bank, the)), (0.0, 0.0));
        assert_eq!(vectors.original(bank), [3.0, 4.0]);
    }

    #[test]
    fn shapes_and_values_that_cannot_be_are_refused() {
        let vocabulary = sample().vocabulary().clone();
        for (values, dim) in [(8, 0), (7, 2), (0, MAX_DIM + 1), (4 * (MAX_DIM + 1), MAX_DIM + 1)] {
            assert!(
                WordVectors::new(vocabulary.clone(), vec![1.0; values], dim).is_err(),
                "{values} / {dim}"
            );
        }
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            let error = WordVectors::new(vocabulary.clone(), vec![value; 8], 2).unwrap_err();
            assert!(error.to_string().contains("\"bank\""), "{error}");
        }
    }

    #[test]
    fn an_unknown_word_is_answered_with_near_spellings() {
        let error = sample().id("rivr").unwrap_err();
        assert_eq!(error.to_string(), "word \"rivr\" not found; nearest: river");
    }
}
