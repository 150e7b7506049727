//! Vectors of character n-grams, from which the vector of an unknown word is made.
//!
//! Source: Bojanowski et al. 2017 (fastText), section 3.2; which n-gram stands in which row is finalfusion's to say.

use super::rows::{self, Rows};
use crate::error::{Error, Result};
use crate::linalg::add_scaled;
use finalfusion::compat::fasttext::FastTextIndexer;
use finalfusion::compat::floret::FloretIndexer;
use finalfusion::subword::{BucketIndexer, ExplicitIndexer, FinalfusionHashIndexer};
use finalfusion::vocab::{SubwordIndices, SubwordVocab, Vocab};

/// The longest n-gram, in characters; fastText's usual largest is 6.
pub const MAX_NGRAM: u32 = 64;
/// The longest word, in characters, whose n-grams are looked at.
const MAX_WORD: usize = 200;

/// Which rows the n-grams of a word stand in. It knows no words: those stand in the vocabulary.
#[derive(Debug, Clone)]
pub(crate) enum Index {
    /// finalfusion's own hash into `2^e` rows.
    Bucket(SubwordVocab<FinalfusionHashIndexer>),
    /// fastText's hash.
    FastText(SubwordVocab<FastTextIndexer>),
    /// floret's one to four hashes, of the word too.
    Floret(SubwordVocab<FloretIndexer>),
    /// A list of n-grams, each with its row.
    Explicit(SubwordVocab<ExplicitIndexer>),
}

/// Applies one expression to whichever index it is.
macro_rules! with_index {
    ($index:expr, $vocab:ident => $then:expr) => {
        match $index {
            Index::Bucket($vocab) => $then,
            Index::FastText($vocab) => $then,
            Index::Floret($vocab) => $then,
            Index::Explicit($vocab) => $then,
        }
    };
}

/// Where the n-grams of a word stand, of `len()` rows.
#[derive(Debug, Clone)]
pub struct Ngrams(pub(crate) Index);

impl Ngrams {
    /// finalfusion's buckets: n-grams of `min_n` to `max_n` characters of `<word>`, hashed into `2^exponent` rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless `1 <= min_n <= max_n <=` [`MAX_NGRAM`] and `exponent <= 30`.
    pub fn buckets(min_n: u32, max_n: u32, exponent: u32) -> Result<Self> {
        check_lengths(min_n, max_n)?;
        if exponent > 30 {
            return Err(Error::invalid("bucket exponent", "0 to 30", exponent, "21 is usual"));
        }
        let indexer = FinalfusionHashIndexer::new(exponent as usize);
        Ok(Self(Index::Bucket(SubwordVocab::new(Vec::new(), min_n, max_n, indexer))))
    }

    /// fastText's buckets: n-grams of `min_n` to `max_n` characters of `<word>`, hashed into `buckets` rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless `1 <= min_n <= max_n <=` [`MAX_NGRAM`] and `1 <= buckets <= 2^30`.
    pub fn fasttext(min_n: u32, max_n: u32, buckets: u32) -> Result<Self> {
        check_lengths(min_n, max_n)?;
        if !(1..=1 << 30).contains(&buckets) {
            return Err(Error::invalid("buckets", "1 to 2^30", buckets, "2,000,000 is usual"));
        }
        let indexer = FastTextIndexer::new(buckets as usize);
        Ok(Self(Index::FastText(SubwordVocab::new(Vec::new(), min_n, max_n, indexer))))
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        with_index!(&self.0, vocab => vocab.vocab_len() - vocab.words_len())
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shortest and longest n-gram, in characters.
    #[must_use]
    pub fn lengths(&self) -> (u32, u32) {
        with_index!(&self.0, vocab => (vocab.min_n(), vocab.max_n()))
    }

    /// Whether a word is one of its own n-grams: floret keeps no rows for words.
    pub(crate) fn is_floret(&self) -> bool {
        matches!(self.0, Index::Floret(_))
    }

    /// The rows of a word's n-grams; none for a word without n-grams, or longer than 200 characters.
    #[must_use]
    pub fn rows(&self, word: &str) -> Vec<usize> {
        if word.chars().nth(MAX_WORD).is_some() {
            return Vec::new();
        }
        with_index!(&self.0, vocab => vocab.subword_indices(word).unwrap_or_default())
    }
}

pub(crate) fn check_lengths(min_n: u32, max_n: u32) -> Result<()> {
    if min_n >= 1 && min_n <= max_n && max_n <= MAX_NGRAM {
        return Ok(());
    }
    let expected = format!("1 <= shortest <= longest <= {MAX_NGRAM}");
    Err(Error::invalid("n-gram lengths", expected, format!("{min_n} and {max_n}"), "3 and 6 are usual"))
}

/// N-grams and their vectors, `B` x `D`.
#[derive(Debug, Clone)]
pub struct Subwords {
    ngrams: Ngrams,
    rows: Rows,
    dim: usize,
}

impl Subwords {
    /// Takes one row a bucket: `matrix` is `ngrams.len()` x `dim`, row-major.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the shapes do not fit or a value is not finite.
    pub fn new(ngrams: Ngrams, matrix: Vec<f32>, dim: usize) -> Result<Self> {
        rows::check_shape(ngrams.len(), dim, matrix.len())?;
        if !matrix.iter().all(|value| value.is_finite()) {
            let cure = "leave the subwords out, or train at a lower rate";
            return Err(Error::invalid("vectors of n-grams", "finite values", "others", cure));
        }
        Ok(Self { ngrams, rows: Rows::owned(matrix), dim })
    }

    pub(crate) fn of_rows(ngrams: Ngrams, rows: Rows, dim: usize) -> Self {
        Self { ngrams, rows, dim }
    }

    /// Where n-grams stand.
    #[must_use]
    pub fn ngrams(&self) -> &Ngrams {
        &self.ngrams
    }

    /// Number of values of a vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The vectors of the n-grams, row-major.
    #[must_use]
    pub fn matrix(&self) -> &[f32] {
        &self.rows
    }

    /// The mean of the vectors of a word's n-grams; `None` for a word without n-grams, or whose mean is 0.
    #[must_use]
    pub fn vector(&self, word: &str) -> Option<Vec<f32>> {
        let rows = self.ngrams.rows(word);
        let mut mean = vec![0.0; self.dim];
        for row in &rows {
            add_scaled(&mut mean, 1.0 / rows.len() as f32, &self.rows[row * self.dim..][..self.dim]);
        }
        mean.iter().any(|value| *value != 0.0).then_some(mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_the_mean_of_its_ngrams() {
        // "<ab>" has the 3-grams "<ab" and "ab>": the mean of their two rows, whichever these are.
        let ngrams = Ngrams::buckets(3, 3, 4).unwrap();
        assert_eq!(ngrams.len(), 16);
        let rows = ngrams.rows("ab");
        assert_eq!(rows.len(), 2);
        let subwords = Subwords::new(ngrams, (0..16).map(|i| i as f32).collect(), 1).unwrap();
        let expected = (rows[0] as f32 + rows[1] as f32) / 2.0;
        assert_eq!(subwords.vector("ab").unwrap(), [expected]);
        assert_eq!(subwords.vector(""), None); // "<>" has no 3-gram
        assert_eq!(subwords.vector(&"a".repeat(1_000_000)), None);
    }

    #[test]
    fn lengths_and_counts_that_cannot_be_are_refused() {
        assert!(Ngrams::buckets(0, 3, 4).is_err());
        assert!(Ngrams::buckets(4, 3, 4).is_err());
        assert!(Ngrams::buckets(3, 6, 31).is_err());
        assert!(Ngrams::fasttext(3, 6, 0).is_err());
        assert!(Ngrams::fasttext(3, 6, 1 << 31).is_err());
    }
}
