//! Here are tokens, give me vectors: the same for a word wherever it stands, or another one in each sentence.
//!
//! The static encoder: every word has one vector wherever it stands, and a text is the weighted mean of its words with the
//! direction that all texts share removed (smooth inverse frequency; Arora, Liang & Ma 2017, algorithm 1).

mod contextual;

pub use contextual::{ContextualEncoder, Mix};

use crate::linalg;
use crate::vectors::WordVectors;
use crate::vocab::{Vocabulary, WordId};
use std::sync::Arc;

/// Part of a word's frequency that is the language's, where that is known; the corpus has the rest.
const LANGUAGE_SHARE: f64 = 0.8;
/// `a` of a weight over such a frequency: a small corpus says little about it, a language much, so that frequent words can count for less.
const LANGUAGE_A: f64 = 0.0003;

/// One vector for each token of a sentence, `None` for one of which nothing is known.
pub type TokenVectors = Vec<Option<Vec<f32>>>;

/// What gives each token of a sentence a vector. The same sentence has the same vectors always, alone or among others.
pub trait Encoder: Send + Sync {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Number of values of a token's vector.
    fn dim(&self) -> usize;

    /// The vectors of many sentences' tokens, as the analyzer writes them.
    fn sentences(&self, sentences: &[Vec<&str>]) -> Vec<TokenVectors>;

    /// The vectors of one sentence's tokens.
    fn sentence(&self, tokens: &[&str]) -> TokenVectors {
        self.sentences(&[tokens.to_vec()]).pop().unwrap_or_default()
    }
}

impl Encoder for StaticEncoder {
    fn name(&self) -> &'static str {
        "static"
    }

    fn dim(&self) -> usize {
        self.direction.len()
    }

    fn sentences(&self, sentences: &[Vec<&str>]) -> Vec<TokenVectors> {
        let vector = |token: &&str| match self.vectors.vocabulary().id(token) {
            Some(id) => Some(self.vectors.unit(id).to_vec()),
            None => {
                let mut made = self.vectors.subwords()?.vector(token)?;
                linalg::normalize(&mut made);
                Some(made)
            }
        };
        sentences.iter().map(|tokens| tokens.iter().map(vector).collect()).collect()
    }
}

/// Texts to vectors, word by word.
#[derive(Debug, Clone)]
pub struct StaticEncoder {
    vectors: Arc<WordVectors>,
    /// The common direction, `D` values of length 1, or all 0 for none.
    direction: Vec<f32>,
    /// Weight of each word, where it is not its rarity in the corpus.
    weights: Option<Arc<[f32]>>,
    /// Whether words that answer no question are passed over.
    listed_only: bool,
}

impl StaticEncoder {
    /// An encoder that removes `direction` (`D` values) from every text.
    ///
    /// # Panics
    /// If the direction is not of the vectors' dimension.
    #[must_use]
    pub fn new(vectors: Arc<WordVectors>, direction: Vec<f32>) -> Self {
        assert_eq!(vectors.dim(), direction.len(), "dimension of the common direction");
        Self { vectors, direction, weights: None, listed_only: false }
    }

    /// An encoder that removes nothing: for the texts from which the common direction is found.
    #[must_use]
    pub fn plain(vectors: Arc<WordVectors>) -> Self {
        let direction = vec![0.0; vectors.dim()];
        Self::new(vectors, direction)
    }

    /// Passes over words that answer no question, see [`WordVectors::listing`]: what one occurrence has taught of a word is what stood around it there.
    #[must_use]
    pub fn listed_only(self) -> Self {
        Self { listed_only: true, ..self }
    }

    /// Weighs words by how frequent they are in the language at large, and only to a fifth by the corpus: in three hundred documents
    /// *house* may stand twice and *getting* never. `language` counts its frequent words.
    #[must_use]
    pub fn weighed_by(self, language: &Vocabulary) -> Self {
        let own = self.vectors.vocabulary();
        let (all_own, all) = (own.total().max(1) as f64, language.total().max(1) as f64);
        let weight = |(_, word, count): (WordId, &str, u64)| {
            let there = language.id(word).map_or(0, |id| language.count(id)) as f64 / all;
            let share = LANGUAGE_SHARE * there + (1.0 - LANGUAGE_SHARE) * count as f64 / all_own;
            (LANGUAGE_A / (LANGUAGE_A + share)) as f32
        };
        let weights = own.iter().map(weight).collect();
        Self { weights: Some(weights), ..self }
    }

    /// The word vectors that it stands on.
    #[must_use]
    pub fn vectors(&self) -> &Arc<WordVectors> {
        &self.vectors
    }

    /// Number of values of a vector, `D`.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.direction.len()
    }

    /// The vector of a text, of length 1; `None` if no word of it has one.
    #[must_use]
    pub fn text<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Option<Vec<f32>> {
        let mut sum = self.sum(words.into_iter().filter_map(|word| self.word(word)));
        (linalg::normalize(&mut sum) > 0.0).then_some(sum)
    }

    /// A word with its weight in a text, if it has a vector.
    #[must_use]
    pub fn word(&self, word: &str) -> Option<(WordId, f32)> {
        let id = self.vectors.vocabulary().id(word)?;
        let is_read = !self.listed_only || self.vectors.is_listed(id);
        is_read.then(|| (id, self.weight(id)))
    }

    /// The weighted sum of words' vectors of length 1, without the common direction: what [`text`](Self::text) gives, before it is scaled.
    #[must_use]
    pub fn sum(&self, words: impl IntoIterator<Item = (WordId, f32)>) -> Vec<f32> {
        let mut sum = vec![0.0; self.dim()];
        for (id, weight) in words {
            linalg::add_scaled(&mut sum, weight, self.vectors.unit(id));
        }
        linalg::remove_direction(&mut sum, &self.direction);
        sum
    }

    /// `a / (a + p)` for a word of share `p`. Words count at length 1: with the lengths that training gives them, judged queries of the bundled
    /// collections lost a third of their nDCG@10.
    fn weight(&self, id: WordId) -> f32 {
        match &self.weights {
            Some(weights) => weights[id.index()],
            None => self.vectors.vocabulary().rarity(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::Vocabulary;

    fn vectors() -> Arc<WordVectors> {
        let counts = [("the", 96), ("bank", 3), ("river", 1)];
        let vocabulary = Arc::new(Vocabulary::from_counts(counts, 1).unwrap());
        Arc::new(WordVectors::new(vocabulary, vec![0.0, 5.0, 3.0, 4.0, 1.0, 0.0], 2).unwrap())
    }

    #[test]
    fn a_text_is_the_weighted_mean_of_its_words() {
        // bank: p = .03, weight .001/.031; river: p = .01, weight .001/.011. Sum: (.6, .8)/31 + (1, 0)/11.
        let (x, y) = (0.6 / 31.0 + 1.0 / 11.0, 0.8f32 / 31.0);
        let length = (x * x + y * y).sqrt();
        let text = StaticEncoder::plain(vectors()).text(["bank", "unknown", "river"]).unwrap();
        assert!((text[0] - x / length).abs() < 1e-6 && (text[1] - y / length).abs() < 1e-6, "{text:?}");
    }

    #[test]
    fn the_language_says_how_rare_a_word_is() {
        // bank: p = .8 · .25 + .2 · .03 = .206; river, which the language lacks: p = .2 · .01 = .002.
        let language = Vocabulary::from_counts([("the", 3), ("bank", 1)], 1).unwrap();
        let encoder = StaticEncoder::plain(vectors()).weighed_by(&language);
        let weight = |word| encoder.word(word).unwrap().1;
        assert!((weight("bank") - 0.0003 / 0.2063).abs() < 1e-6);
        assert!((weight("river") - 0.0003 / 0.0023).abs() < 1e-6);
    }

    #[test]
    fn the_common_direction_is_gone() {
        let encoder = StaticEncoder::new(vectors(), vec![0.0, 1.0]);
        assert_eq!(encoder.text(["bank", "river"]), Some(vec![1.0, 0.0]));
        assert_eq!(encoder.text(["the"]), None); // nothing is left of it
    }

    #[test]
    fn the_parts_of_words_add_up_to_the_text() {
        let encoder = StaticEncoder::new(vectors(), vec![0.6, 0.8]);
        let words = ["the", "bank", "river"];
        let mut sum = vec![0.0; 2];
        let part = |word: &&str| encoder.sum(encoder.word(word));
        words.iter().for_each(|word| linalg::add_scaled(&mut sum, 1.0, &part(word)));
        linalg::normalize(&mut sum);
        let text = encoder.text(words).unwrap();
        assert!(sum.iter().zip(&text).all(|(a, b)| (a - b).abs() < 1e-6), "{sum:?} {text:?}");
    }

    #[test]
    fn unknown_words_have_no_vector() {
        assert_eq!(StaticEncoder::plain(vectors()).text(["nothing", "known"]), None);
    }
}
