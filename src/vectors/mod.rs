//! Here is a word, give me its vector, neighbours and analogies; read and write vector files.
//!
//! [`WordVectors`] is a vocabulary and one row a word. Rows are kept at length 1 with their former lengths beside them, as
//! finalfusion keeps them: every question but export asks for cosines, which are then plain dot products.
//!
//! Not here: how vectors are learned (`word2vec`), and approximate search over many of them (`index::hnsw`).

mod codes;
pub mod formats;
mod mapped;
mod neighbours;
mod plane;
mod questions;
mod rounding;
mod rows;
mod scan;
mod stored;
mod subwords;

pub(crate) use mapped::Mapped;
pub use neighbours::{DEFAULT_NEIGHBOURS, NEIGHBOURS_FILE, Neighbours};
pub use plane::{Plane, PlanePoint};
pub use questions::{
    Analogy, AnalogyMethod, Answer, MAX_K, MAX_WORDS, Nearest, Neighbour, OddOneOut, Restrict, Script,
    Similar,
};
pub use rows::MAX_DIM;
pub(crate) use rows::Rows;
pub use stored::{VECTORS_FILE, VOCABULARY_FILE};
pub use subwords::{MAX_NGRAM, Ngrams, Subwords};

use crate::error::{Error, Result};
use crate::linalg;
use crate::vocab::{Vocabulary, WordId};
use codes::Codes;
use rounding::Rounding;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

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
    /// For unknown words.
    subwords: Option<Subwords>,
    /// For each word whether it may answer a question; all may where this is not known.
    listed: Option<Arc<[bool]>>,
    /// The answers to the most frequent question.
    neighbours: Option<Neighbours>,
    /// A faster way to the nearest rows than comparing with all.
    nearest: Option<Arc<dyn Nearest>>,
    /// The rows in bytes, made when first asked for.
    codes: Arc<OnceLock<Codes>>,
}

/// A word's vector, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'a> {
    /// The word, if it is in the vocabulary; otherwise the vector was made from its n-grams.
    pub id: Option<WordId>,
    /// The vector at length 1, `D` values.
    pub unit: Cow<'a, [f32]>,
    /// Length of the vector.
    pub norm: f32,
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
        Ok(Self::of_parts(vocabulary, dim, Rows::owned(matrix), norms, rounding))
    }

    fn of_parts(
        vocabulary: Arc<Vocabulary>,
        dim: usize,
        units: Rows,
        norms: Vec<f32>,
        rounding: Rounding,
    ) -> Self {
        let codes = Arc::default();
        Self {
            vocabulary,
            dim,
            units,
            norms,
            rounding,
            subwords: None,
            listed: None,
            neighbours: None,
            nearest: None,
            codes,
        }
    }

    /// Adds vectors of n-grams, so that unknown words get vectors too.
    ///
    /// # Errors
    /// [`Error::Invalid`] if their dimension is another one.
    pub fn with_subwords(mut self, subwords: Subwords) -> Result<Self> {
        if subwords.dim() != self.dim {
            let cure = "train them together";
            return Err(Error::invalid("dimension of subwords", self.dim.to_string(), subwords.dim(), cure));
        }
        self.subwords = Some(subwords);
        Ok(self)
    }

    /// Lets only those words answer questions of which `is_listed` says so, by spelling and count. All others have their vectors still, and can be
    /// asked about.
    #[must_use]
    pub fn listing(mut self, is_listed: impl Fn(&str, u64) -> bool) -> Self {
        self.listed = Some(self.vocabulary.iter().map(|(_, word, count)| is_listed(word, count)).collect());
        self
    }

    /// Whether a word may answer a question.
    ///
    /// # Panics
    /// If the id is not of this vocabulary.
    #[must_use]
    pub fn is_listed(&self, id: WordId) -> bool {
        self.listed.as_ref().is_none_or(|listed| listed[id.index()])
    }

    /// The id of a word that may answer.
    #[must_use]
    pub fn listed_id(&self, word: &str) -> Option<WordId> {
        self.vocabulary.id(word).filter(|id| self.is_listed(*id))
    }

    /// The counts of the words of a corpus, for those that may answer here.
    pub(crate) fn counted(&self, corpus: &Vocabulary) -> Vec<Option<u64>> {
        corpus.iter().map(|(_, word, count)| self.listed_id(word).map(|_| count)).collect()
    }

    /// How many words may answer.
    fn listed_count(&self) -> usize {
        self.listed.as_ref().map_or(self.len(), |listed| listed.iter().filter(|listed| **listed).count())
    }

    /// Adds a table of neighbours, from which [`similar`](Self::similar) is then answered.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it was built from other vectors.
    pub fn with_neighbours(mut self, neighbours: Neighbours) -> Result<Self> {
        if !neighbours.belongs_to(&self) {
            let cure = "build it again from these vectors";
            return Err(Error::invalid("table of neighbours", "one of these vectors", "one of others", cure));
        }
        self.neighbours = Some(neighbours);
        Ok(self)
    }

    /// Has the words nearest to one direction looked up by `nearest`, an index over these vectors, where no restriction
    /// of the words asked for is in the way.
    #[must_use]
    pub fn with_nearest(mut self, nearest: Arc<dyn Nearest>) -> Self {
        self.nearest = Some(nearest);
        self
    }

    /// Words that did not find themselves when the index over them was built: linked again, and those that still did not.
    #[must_use]
    pub fn lost(&self) -> (usize, usize) {
        self.nearest.as_ref().map_or((0, 0), |nearest| nearest.lost())
    }

    /// The rows at length 1, shared: what an index over them can hold.
    #[must_use]
    pub fn shared_units(&self) -> Arc<dyn AsRef<[f32]> + Send + Sync> {
        Arc::new(self.units.clone())
    }

    /// The vectors of n-grams, if there are any.
    #[must_use]
    pub fn subwords(&self) -> Option<&Subwords> {
        self.subwords.as_ref()
    }

    /// The table of neighbours, if there is one.
    #[must_use]
    pub fn neighbours(&self) -> Option<&Neighbours> {
        self.neighbours.as_ref()
    }

    /// A number that other vectors have with probability 2⁻⁶⁴: what is built from vectors names them by it.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let norms: Vec<u8> = self.norms.iter().flat_map(|norm| norm.to_le_bytes()).collect();
        u64::from(self.vocabulary.checksum()) << 32 | u64::from(crc32fast::hash(&norms))
    }

    /// Makes now what the first question would otherwise wait for: a byte a value, some milliseconds for 60,000 words.
    pub fn prepare(&self) {
        self.codes();
    }

    fn codes(&self) -> &Codes {
        self.codes.get_or_init(|| Codes::new(&self.units, self.dim))
    }

    /// The words, with counts where they are known (all 0 where not).
    #[must_use]
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// The vectors of the words of `vocabulary`, in its order and with its counts: how imported vectors come to serve a
    /// collection. Words without a vector are left out; those made from n-grams have one.
    ///
    /// # Errors
    /// [`Error::NotFound`] if no word has a vector.
    pub fn for_vocabulary(&self, vocabulary: &Vocabulary) -> Result<Self> {
        let mut words = Vec::new();
        let mut matrix = Vec::new();
        for (_, word, count) in vocabulary.iter() {
            let vector = match self.vocabulary.id(word) {
                Some(id) => Some(self.original(id)),
                None => self.subwords.as_ref().and_then(|subwords| subwords.vector(word)),
            };
            if let Some(vector) = vector {
                words.push((word.into(), count));
                matrix.extend(vector);
            }
        }
        if words.is_empty() {
            let name = format!("any of {} words", vocabulary.len());
            return Err(Error::NotFound { kind: "vector", name, nearest: Vec::new() });
        }
        let mut vectors = Self::new(Arc::new(Vocabulary::from_sorted(words)?), matrix, self.dim)?;
        vectors.subwords.clone_from(&self.subwords);
        Ok(vectors)
    }

    /// The same vectors with each word spelled as `spell` says, where it says something. Of words that come to be spelled
    /// alike the one that was spelled so before stays, or else the first.
    ///
    /// # Errors
    /// None that the vocabulary as it was did not have.
    pub fn spelled(self, spell: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut words = Vec::new();
        let mut matrix = Vec::new();
        let mut met = HashSet::new();
        let mut changed = false;
        for (id, word, count) in self.vocabulary.iter() {
            let spelling = spell(word).filter(|spelling| spelling != word);
            let taken = |spelling: &String| self.vocabulary.id(spelling).is_some() || met.contains(spelling);
            changed |= spelling.is_some();
            if spelling.as_ref().is_some_and(taken) {
                continue;
            }
            met.extend(spelling.clone());
            words.push((spelling.map_or_else(|| word.into(), Into::into), count));
            matrix.extend(self.original(id));
        }
        if !changed {
            return Ok(self);
        }
        let mut vectors = Self::new(Arc::new(Vocabulary::from_sorted(words)?), matrix, self.dim)?;
        vectors.subwords = self.subwords;
        Ok(vectors)
    }

    /// The same vectors with other counts: `count` says how often a word occurs. A table of neighbours is left behind.
    ///
    /// # Errors
    /// None that the vocabulary as it was did not have.
    pub fn with_counts(mut self, count: impl Fn(&str) -> u64) -> Result<Self> {
        let words = self.vocabulary.iter().map(|(_, word, _)| (word.into(), count(word))).collect();
        self.vocabulary = Arc::new(Vocabulary::from_sorted(words)?);
        self.neighbours = None;
        self.nearest = None;
        Ok(self)
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

    /// The vector of a word: its own, or else one made from its n-grams where there are any.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the nearest spellings that are known.
    pub fn lookup(&self, word: &str) -> Result<Found<'_>> {
        if let Some(id) = self.vocabulary.id(word) {
            return Ok(Found { id: Some(id), unit: Cow::Borrowed(self.unit(id)), norm: self.norm(id) });
        }
        let made = self.subwords.as_ref().and_then(|subwords| subwords.vector(word));
        let mut unit = made.ok_or_else(|| self.unknown(word))?;
        let norm = linalg::normalize(&mut unit);
        Ok(Found { id: None, unit: Cow::Owned(unit), norm })
    }

    /// The vector of a word as it was given, or the mean of the vectors of its n-grams.
    ///
    /// # Errors
    /// As [`lookup`](Self::lookup).
    pub fn vector(&self, word: &str) -> Result<Vec<f32>> {
        match self.vocabulary.id(word) {
            Some(id) => Ok(self.original(id)),
            None => {
                let made = self.subwords.as_ref().and_then(|subwords| subwords.vector(word));
                made.ok_or_else(|| self.unknown(word))
            }
        }
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

    pub(super) fn sample() -> WordVectors {
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
    fn imported_vectors_take_the_words_and_counts_of_a_collection() {
        let collection = Vocabulary::from_counts([("river", 7), ("zebra", 5), ("bank", 3)], 1).unwrap();
        let vectors = sample().for_vocabulary(&collection).unwrap();
        let words: Vec<_> =
            vectors.vocabulary().iter().map(|(_, word, count)| (word.to_owned(), count)).collect();
        assert_eq!(words, [("river".into(), 7), ("bank".into(), 3)]);
        assert_eq!(vectors.originals(), [0.0, 2.0, 3.0, 4.0]);
        let strangers = Vocabulary::from_counts([("zebra", 5)], 1).unwrap();
        assert!(matches!(sample().for_vocabulary(&strangers), Err(Error::NotFound { .. })));
    }

    #[test]
    fn words_can_be_spelled_anew() {
        let words = ["Berlin", "bank", "Bank", "BERLIN", "the"].map(|word| (word.into(), 1)).to_vec();
        let vocabulary = Arc::new(Vocabulary::from_sorted(words).unwrap());
        let vectors = WordVectors::new(vocabulary, (0..10).map(|i| i as f32).collect(), 2).unwrap();
        let spelled = vectors.spelled(|word| Some(word.to_lowercase())).unwrap();
        let words: Vec<_> = spelled.vocabulary().iter().map(|(_, word, _)| word.to_owned()).collect();
        assert_eq!(
            (&*words.join(" "), spelled.originals()),
            ("berlin bank the", vec![0.0, 1.0, 2.0, 3.0, 8.0, 9.0])
        );
        assert_eq!(spelled.clone().spelled(|_| None).unwrap().originals(), spelled.originals());
    }

    #[test]
    fn counts_can_be_put_in() {
        let vectors = sample().with_counts(|word| word.len() as u64).unwrap();
        assert_eq!(vectors.vocabulary().counts(), [4, 5, 4, 3]);
        assert_eq!(vectors.originals(), sample().originals());
    }

    #[test]
    fn an_unknown_word_is_answered_with_near_spellings() {
        let error = sample().id("rivr").unwrap_err();
        assert_eq!(error.to_string(), "word \"rivr\" not found; nearest: river");
    }
}
