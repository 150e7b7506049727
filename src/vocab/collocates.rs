//! The words that stand near a word more often than chance would put them there.
//!
//! It stands here and not with the vectors because it needs none: only tokens and their counts. One pass over the corpus
//! answers for one word.
//!
//! Source: pointwise mutual information, Church and Hanks 1990; log-likelihood ratio G², Dunning 1993, both over the table
//! of tokens near the word or not, of the collocate or not. Each token is counted once, however many occurrences of the
//! word it stands near, and the word itself is left out.

use super::corpus::Corpus;
use super::{Vocabulary, WordId};
use crate::error::{Error, Result};
use crate::progress::Progress;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// By what collocates are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Association {
    /// G²: how surely more often than by chance; favours frequent words.
    #[default]
    LogLikelihood,
    /// PMI: how many times more often than by chance; favours rare words.
    Pmi,
}

/// Which collocates, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collocation {
    /// Tokens to each side of the word, within the sentence, 1 to 100.
    pub window: usize,
    /// Times that a collocate must stand near the word, at least.
    pub min_together: u64,
    /// By what they are sorted.
    pub association: Association,
    /// How many, 1 to 10,000.
    pub k: usize,
}

impl Default for Collocation {
    /// The ten surest within five tokens, three times at least.
    fn default() -> Self {
        Self { window: 5, min_together: 3, association: Association::default(), k: 10 }
    }
}

/// A word that stands near the word asked about more often than by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Collocate {
    /// The collocate.
    pub id: WordId,
    /// Times that it stands near the word.
    pub together: u64,
    /// Times that it would by chance.
    pub expected: f64,
    /// `log₂(together / expected)`.
    pub pmi: f64,
    /// G², natural logarithms.
    pub log_likelihood: f64,
}

/// Finds the collocates of a word in an encoded corpus. Words that are not in its vocabulary are left out before distances
/// are counted, as in training.
///
/// # Errors
/// As [`collocates`], and those of reading the corpus.
pub fn collocates_in(
    corpus: &Corpus,
    word: WordId,
    options: &Collocation,
    progress: &dyn Progress,
) -> Result<Vec<Collocate>> {
    check(options)?;
    let mut counts = Counts::new(corpus.vocabulary().len());
    let (mut known, mut sentences) = (Vec::new(), 0u64);
    corpus.for_each_sentence(|sentence| {
        known.clear();
        known.extend(sentence.iter().flatten());
        counts.add(&known, word, options.window)?;
        sentences += 1;
        if sentences.is_multiple_of(1 << 16) {
            progress.step("counting collocates", sentences, corpus.sentences(), "sentences")?;
        }
        Ok(())
    })?;
    Ok(counts.best(options))
}

/// Finds the collocates of a word in one pass over sentences.
///
/// # Errors
/// [`Error::Invalid`] for a window or `k` that cannot be, or a sentence with a word that the vocabulary does not have;
/// [`Error::Cancelled`] if `progress` says so.
pub fn collocates<S: AsRef<[WordId]>>(
    vocabulary: &Vocabulary,
    sentences: impl IntoIterator<Item = S>,
    word: WordId,
    options: &Collocation,
    progress: &dyn Progress,
) -> Result<Vec<Collocate>> {
    check(options)?;
    let mut counts = Counts::new(vocabulary.len());
    let total = vocabulary.total();
    for (i, sentence) in sentences.into_iter().enumerate() {
        counts.add(sentence.as_ref(), word, options.window)?;
        if i.is_multiple_of(1 << 16) {
            progress.step("counting collocates", counts.tokens.min(total), total, "words")?;
        }
    }
    Ok(counts.best(options))
}

fn check(options: &Collocation) -> Result<()> {
    if !(1..=100).contains(&options.window) {
        return Err(Error::invalid("window", "1 to 100 tokens", options.window, "5 is usual"));
    }
    if !(1..=10_000).contains(&options.k) {
        return Err(Error::invalid("k", "1 to 10000", options.k, "ask for fewer words, at least one"));
    }
    Ok(())
}

/// Best first, ties by id.
fn order(a: &Collocate, b: &Collocate, association: Association) -> Ordering {
    let score = |collocate: &Collocate| match association {
        Association::LogLikelihood => collocate.log_likelihood,
        Association::Pmi => collocate.pmi,
    };
    score(b).total_cmp(&score(a)).then(a.id.cmp(&b.id))
}

/// Tokens of each word, everywhere and near the word asked about.
struct Counts {
    everywhere: Vec<u64>,
    near: Vec<u64>,
    tokens: u64,
    tokens_near: u64,
}

impl Counts {
    fn new(words: usize) -> Self {
        Self { everywhere: vec![0; words], near: vec![0; words], tokens: 0, tokens_near: 0 }
    }

    fn add(&mut self, sentence: &[WordId], word: WordId, window: usize) -> Result<()> {
        if let Some(id) = sentence.iter().find(|id| id.index() >= self.everywhere.len()) {
            let cure = "encode the corpus again with this vocabulary";
            return Err(Error::invalid("corpus", "words of the vocabulary", format!("word {}", id.0), cure));
        }
        let mut done = 0; // tokens before this one are known to be near, or have been passed
        for (at, id) in sentence.iter().enumerate() {
            if *id != word {
                self.everywhere[id.index()] += 1;
                self.tokens += 1;
                continue;
            }
            let first = at.saturating_sub(window).max(done);
            let last = (at + window + 1).min(sentence.len());
            for near in sentence[first.min(last)..last].iter().filter(|near| **near != word) {
                self.near[near.index()] += 1;
                self.tokens_near += 1;
            }
            done = last;
        }
        Ok(())
    }

    /// The `k` best of all words.
    fn best(&self, options: &Collocation) -> Vec<Collocate> {
        let mut found: Vec<Collocate> = (0..self.everywhere.len() as u32)
            .filter_map(|id| self.collocate(WordId(id)))
            .filter(|collocate| collocate.together >= options.min_together.max(1))
            .collect();
        found.sort_unstable_by(|a, b| order(a, b, options.association));
        found.truncate(options.k);
        found
    }

    /// The word's association, if it stands near more often than by chance.
    fn collocate(&self, id: WordId) -> Option<Collocate> {
        let (together, all) = (self.near[id.index()], self.everywhere[id.index()]);
        let (tokens, near) = (self.tokens as f64, self.tokens_near as f64);
        let expected = near * all as f64 / tokens;
        if together == 0 || together as f64 <= expected {
            return None;
        }
        let pmi = (together as f64 / expected).log2();
        Some(Collocate { id, together, expected, pmi, log_likelihood: self.log_likelihood(together, all) })
    }

    /// `2 Σ O ln(O / E)` over the four cells of near or not, this word or not.
    fn log_likelihood(&self, together: u64, all: u64) -> f64 {
        let (tokens, near) = (self.tokens as f64, self.tokens_near as f64);
        let (together, all) = (together as f64, all as f64);
        let cell = |observed: f64, row: f64, column: f64| {
            if observed > 0.0 { observed * (observed * tokens / (row * column)).ln() } else { 0.0 }
        };
        let far = tokens - near;
        2.0 * (cell(together, near, all)
            + cell(near - together, near, tokens - all)
            + cell(all - together, far, all)
            + cell(far - all + together, far, tokens - all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    fn encode(vocabulary: &Vocabulary, text: &str) -> Vec<Vec<WordId>> {
        let sentence = |line: &str| line.split(' ').map(|word| vocabulary.id(word).unwrap()).collect();
        text.split('\n').map(sentence).collect()
    }

    fn vocabulary() -> Vocabulary {
        Vocabulary::from_counts([("bank", 4), ("river", 3), ("the", 9), ("a", 5), ("money", 1)], 1).unwrap()
    }

    #[test]
    fn association_by_hand() {
        // Near "bank" within 1: river, the | river, a. Near: river 2, the 1, a 1, 4 tokens in all.
        // Everywhere without "bank": river 2, the 4, a 2, 8 tokens.
        let vocabulary = vocabulary();
        let corpus = encode(&vocabulary, "the the river bank the\na bank river a the");
        let options = Collocation { window: 1, min_together: 1, ..Collocation::default() };
        let bank = vocabulary.id("bank").unwrap();
        let found = collocates(&vocabulary, &corpus, bank, &options, &Silent).unwrap();
        assert_eq!(found.len(), 1, "{found:?}"); // "a" and "the": no more than by chance
        let river = found[0];
        assert_eq!((vocabulary.word(river.id), river.together, river.expected), ("river", 2, 1.0));
        assert!((river.pmi - 1.0).abs() < 1e-12);
        // 2 · (2 ln 2 + 2 ln(2·8/(4·6)) + 0 + 4 ln(4·8/(4·6))) = 2 · (1.3863 - 0.8109 + 1.1507) = 3.4522
        assert!((river.log_likelihood - 3.4522).abs() < 1e-4, "{}", river.log_likelihood);
    }

    #[test]
    fn a_token_near_two_occurrences_counts_once() {
        let vocabulary = vocabulary();
        let corpus = encode(&vocabulary, "bank river bank a\nthe the the the the the");
        let options = Collocation { min_together: 1, ..Collocation::default() };
        let bank = vocabulary.id("bank").unwrap();
        let found = collocates(&vocabulary, corpus, bank, &options, &Silent).unwrap();
        assert_eq!(found.iter().map(|c| c.together).collect::<Vec<_>>(), [1, 1]);
        assert!(found[0].id < found[1].id); // equal scores: by id
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let vocabulary = vocabulary();
        let ask = |options: Collocation, corpus: &[Vec<WordId>]| {
            collocates(&vocabulary, corpus, WordId(0), &options, &Silent).is_err()
        };
        assert!(ask(Collocation { window: 0, ..Collocation::default() }, &[]));
        assert!(ask(Collocation { k: 0, ..Collocation::default() }, &[]));
        assert!(ask(Collocation::default(), &[vec![WordId(5)]]));
        assert!(!ask(Collocation::default(), &[]));
    }
}
